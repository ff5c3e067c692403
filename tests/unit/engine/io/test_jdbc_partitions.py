"""Every row is in exactly one partition, whatever its column holds; compound keys compare as tuples do."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glue_etl.engine.io.jdbc_bookmarks import after, literal, up_to
from glue_etl.engine.io.jdbc_partitions import all_of, appended, by_expression, by_field, column_named, table_parts
from glue_etl.engine.io.jdbc_types import JDBC_TYPES, DbColumn
from glue_etl.engine.io.jdbc_vendors import VENDORS, generic
from glue_etl.errors import OptionError, UnsupportedError

POSTGRESQL = VENDORS["postgresql"]
ID = DbColumn("id", JDBC_TYPES["BIGINT"], "int8")
NAME = DbColumn("name", JDBC_TYPES["VARCHAR"], "text")


@pytest.fixture(scope="module")
def sqlite() -> Iterator[sqlite3.Connection]:
    """Judges conditions by a remainder that keeps the number's sign, as the five databases have it."""
    connection = sqlite3.connect(":memory:")

    def mod(value: float | None, count: int) -> float | None:
        return None if value is None else math.fmod(value, count)

    connection.create_function("MOD", 2, mod)
    yield connection
    connection.close()


def _places(sqlite: sqlite3.Connection, conditions: list[str], value: object) -> list[int]:
    """The partitions that take a row."""
    sql = 'SELECT {} FROM (SELECT ? AS "id", ? AS bucket)'
    found = sqlite.execute(sql.format(", ".join(f"({each})" for each in conditions)), (value, value)).fetchone()
    return [at for at, taken in enumerate(found) if taken]


NUMBERS = st.none() | st.integers(-(2**53), 2**53) | st.sampled_from([0, -1, 1, 7, -7, 8, -8])


@given(value=NUMBERS, count=st.integers(2, 40))
def test_a_whole_number_is_in_one_partition(sqlite: sqlite3.Connection, value: int | None, count: int) -> None:
    places = _places(sqlite, by_field(POSTGRESQL, ID, count), value)
    assert places == [0 if value is None else value % count]


@given(value=NUMBERS | st.floats(allow_infinity=False, allow_nan=False, width=32), count=st.integers(2, 40))
def test_what_an_expression_gives_is_in_one_partition(
    sqlite: sqlite3.Connection, value: float | None, count: int
) -> None:
    """Fractions too, though AWS asks for whole numbers: a row is never left out."""
    assert len(_places(sqlite, by_expression(POSTGRESQL, "bucket", count), value)) == 1


def test_one_partition_needs_no_condition() -> None:
    assert by_field(POSTGRESQL, ID, 1) == by_expression(POSTGRESQL, "id", 1) == []


HASHES = {
    "postgresql": 'hashtext("name"::text)',
    "mysql": "CRC32(`name`)",
    "sqlserver": "CHECKSUM([name])",
    "oracle": 'ORA_HASH("name", 2147483647)',
}


@pytest.mark.parametrize(("vendor", "sql"), HASHES.items(), ids=HASHES.keys())
def test_a_text_is_hashed_by_the_database(vendor: str, sql: str) -> None:
    conditions = by_field(VENDORS[vendor], NAME, 3)
    assert len(conditions) == 3
    assert all(sql in condition for condition in conditions)


def test_an_unknown_database_has_no_hash() -> None:
    with pytest.raises(UnsupportedError, match=r"hashfield 'name'.*h2"):
        by_field(generic("h2", "org.h2.Driver"), NAME, 3)
    assert len(by_field(generic("h2", "org.h2.Driver"), ID, 3)) == 3


QUERIES = {
    "no condition yet": ("SELECT a FROM t", "SELECT a FROM t WHERE (b = 1)"),
    "a condition": ("SELECT a FROM t WHERE c = 2", "SELECT a FROM t WHERE c = 2 AND (b = 1)"),
    "the word in a text": ("SELECT 'where' FROM t", "SELECT 'where' FROM t WHERE (b = 1)"),
    "the word in a name": ('SELECT "where" FROM t', 'SELECT "where" FROM t WHERE (b = 1)'),
    "in brackets": (
        "SELECT a FROM (SELECT a FROM t WHERE x) u",
        "SELECT a FROM (SELECT a FROM t WHERE x) u WHERE (b = 1)",
    ),
    "a word like it": ("SELECT a FROM nowhere", "SELECT a FROM nowhere WHERE (b = 1)"),
}


@pytest.mark.parametrize(("query", "expected"), QUERIES.values(), ids=QUERIES.keys())
def test_a_filter_is_put_behind_a_query(query: str, expected: str) -> None:
    assert appended(query, "b = 1") == expected
    assert appended(query, "") == query


def test_conditions_are_joined() -> None:
    assert (all_of("", ""), all_of("a", ""), all_of("a", "", "b OR c")) == ("", "a", "(a) AND (b OR c)")


NAMES = {
    "as it is": ("id", "id"),
    "another case": ("ID", "id"),
    "quoted": ('"Total"', "Total"),
    "back-ticks": ("`name`", "name"),
    "exact before near": ("x", "x"),
}
COLUMNS = [ID, NAME, *(DbColumn(name, 4, "int4") for name in ("Total", "x", "X", "y", "Y"))]


@pytest.mark.parametrize(("written", "name"), NAMES.values(), ids=NAMES.keys())
def test_a_column_is_found(written: str, name: str) -> None:
    assert column_named([*COLUMNS], written, "hashfield").name == name


@pytest.mark.parametrize("written", ["nope", "", "a.b"])
def test_a_column_that_is_not_there(written: str) -> None:
    with pytest.raises(OptionError, match=r"hashfield names the column.*Available: id, name"):
        column_named(COLUMNS, written, "hashfield")


def test_a_column_in_two_spellings() -> None:
    columns = [DbColumn("Ab", 4, "int4"), DbColumn("aB", 4, "int4")]
    with pytest.raises(OptionError, match="several spellings"):
        column_named(columns, "ab", "hashfield")


def test_parts_of_a_table() -> None:
    assert table_parts('shop."My Table"') == ["shop", "My Table"]
    assert table_parts("a.b.c") == ["a", "b", "c"]
    assert table_parts("[dbo].[orders]") == ["dbo", "orders"]


# --- keys of bookmarks


def _met(sqlite: sqlite3.Connection, condition: str, row: tuple[object, ...], names: list[str]) -> bool:
    columns = ", ".join(f'? AS "{name}"' for name in names)
    return bool(sqlite.execute(f"SELECT {condition} FROM (SELECT {columns})", row).fetchone()[0])


@st.composite
def _compound(draw: st.DrawFn) -> tuple[list[DbColumn], tuple[object, ...], tuple[object, ...]]:
    kinds = draw(st.lists(st.sampled_from(["int", "text"]), min_size=1, max_size=3))
    values = {"int": st.integers(-2, 2), "text": st.sampled_from(["", "a", "b", "it's", "\\", "ab"])}
    keys = [DbColumn(f"k{at}", ID.code if kind == "int" else NAME.code, kind) for at, kind in enumerate(kinds)]
    left, right = (tuple(draw(values[kind]) for kind in kinds) for _ in range(2))
    return keys, left, right


@given(_compound())
def test_compound_keys_compare_as_tuples(
    sqlite: sqlite3.Connection, drawn: tuple[list[DbColumn], tuple[object, ...], tuple[object, ...]]
) -> None:
    keys, row, last = drawn
    names = [key.name for key in keys]
    assert _met(sqlite, after(POSTGRESQL, keys, last), row, names) == (row > last)
    assert _met(sqlite, up_to(POSTGRESQL, keys, last), row, names) == (row <= last)
    assert _met(sqlite, after(POSTGRESQL, keys, last, descending=True), row, names) == (row < last)
    assert _met(sqlite, up_to(POSTGRESQL, keys, last, descending=True), row, names) == (row >= last)


LITERALS = {
    "a number": ("postgresql", "BIGINT", "int8", 7, "7"),
    "a decimal": ("postgresql", "NUMERIC", "numeric", "-1.50", "-1.50"),
    "a text": ("postgresql", "VARCHAR", "text", "it's", "'it''s'"),
    "a backslash in MySQL": ("mysql", "VARCHAR", "VARCHAR", "a\\' OR 1=1", "'a\\\\'' OR 1=1'"),
    "a date": ("postgresql", "DATE", "date", "2024-01-31", "'2024-01-31'"),
    "a timestamp": (
        "postgresql",
        "TIMESTAMP",
        "timestamp",
        "2024-01-31 00:00:00.000001",
        "'2024-01-31 00:00:00.000001'::timestamp",
    ),
    "a timestamp with a zone": (
        "postgresql",
        "TIMESTAMP",
        "timestamptz",
        "2024-01-31 00:00:00+00",
        "'2024-01-31 00:00:00+00'::timestamptz",
    ),
    "a date in Oracle": ("oracle", "TIMESTAMP", "DATE", "2024-01-31 00:00:00", "TIMESTAMP '2024-01-31 00:00:00'"),
}


@pytest.mark.parametrize(("vendor", "kind", "type_name", "value", "sql"), LITERALS.values(), ids=LITERALS.keys())
def test_a_key_as_sql(vendor: str, kind: str, type_name: str, value: object, sql: str) -> None:
    assert literal(VENDORS[vendor], DbColumn("k", JDBC_TYPES[kind], type_name), value) == sql


@pytest.mark.parametrize("value", ["1; DROP TABLE t", "NaN", "", "Infinity"])
def test_a_number_that_is_none_never_reaches_the_database(value: str) -> None:
    with pytest.raises(OptionError, match=r"bookmark key 'id'.*no number"):
        literal(POSTGRESQL, ID, value)
