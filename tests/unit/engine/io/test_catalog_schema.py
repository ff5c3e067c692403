"""What a write makes of a table's columns, without Spark and without a catalog."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glue_etl.engine.io.catalog_schema import (
    columns_written,
    is_covered,
    merged_columns,
    refuse_nested,
    same_columns,
)
from glue_etl.engine.types import tree as g
from glue_etl.errors import FieldError, UnsupportedError

CHOICE = g.ChoiceType((g.INT, g.STRING))
DEEP = g.StructType.of([("a", g.ArrayType(g.INT))])


def columns(**types: str) -> list[dict[str, Any]]:
    return [{"Name": name, "Type": kind} for name, kind in types.items()]


WRITTEN = [
    pytest.param({"id": g.INT, "y": g.STRING}, ["y"], "json", {"id": "int"}, {"y": "string"}, id="keys are no columns"),
    pytest.param({"Id": g.LONG, "Day": g.DATE}, ["Day"], "csv", {"id": "bigint"}, {"day": "date"}, id="lower case"),
    pytest.param({"a": g.INT, "b": g.LONG}, ["b", "a"], "json", {}, {"b": "bigint", "a": "int"}, id="order of keys"),
    pytest.param({"a": g.NULL, "b": g.INT}, [], "json", {"a": "string", "b": "int"}, {}, id="null everywhere is text"),
    pytest.param({"a": g.NULL, "b": g.INT}, [], "glueparquet", {"b": "int"}, {}, id="which Parquet leaves out"),
    pytest.param({"a": CHOICE}, [], "json", {"a": "string"}, {}, id="choice in JSON is text"),
    pytest.param(
        {"a": CHOICE}, [], "parquet", {"a": "struct<int:int,string:string>"}, {}, id="and a struct in Parquet"
    ),
    pytest.param({"a": g.MapType(g.SHORT)}, [], "avro", {"a": "map<string,smallint>"}, {}, id="nested"),
]


@pytest.mark.parametrize(("record", "keys", "fmt", "data", "folders"), WRITTEN)
def test_columns_of_what_is_written(record: Any, keys: Any, fmt: str, data: Any, folders: Any) -> None:
    written = columns_written(g.StructType.of(record.items()), keys, fmt)
    assert written == (columns(**data), columns(**folders))


REFUSED = [
    pytest.param({"a": g.INT, "A": g.INT}, "json", "'a' and 'A' would be one column", id="differ by case alone"),
    pytest.param({"a": CHOICE}, "avro", "'a' has a choice", id="choice in Avro"),
    pytest.param({"a": g.ArrayType(CHOICE)}, "json", "'a' has a choice", id="choice within"),
]


@pytest.mark.parametrize(("record", "fmt", "message"), REFUSED)
def test_records_that_no_columns_can_be_made_of(record: Any, fmt: str, message: str) -> None:
    with pytest.raises(FieldError, match=message):
        columns_written(g.StructType.of(record.items()), [], fmt)


COVERED = [
    pytest.param({"a": "int"}, {"a": "int", "b": "string"}, True, id="subset"),
    pytest.param({"b": "string", "a": "int"}, {"a": "int", "b": "string"}, True, id="order does not count"),
    pytest.param({}, {"a": "int"}, True, id="nothing"),
    pytest.param({"a": "int"}, {"A": "INT"}, True, id="letter case"),
    pytest.param({"a": "int", "b": "float"}, {"a": "bigint", "b": "double"}, True, id="the table's types are wider"),
    pytest.param({"a": "bigint"}, {"a": "int"}, False, id="the table's types are narrower"),
    pytest.param({"a": "string"}, {"a": "int"}, False, id="other type"),
    pytest.param({"a": "int", "c": "int"}, {"a": "int"}, False, id="one more"),
    pytest.param({"a": "struct<x:int>"}, {"a": "struct< x : int >"}, True, id="spelling"),
    pytest.param({"a": "int"}, {"a": "no type"}, False, id="a table with a bad type"),
]


@pytest.mark.parametrize(("frame", "table", "expected"), COVERED)
def test_a_table_covers_a_frame(frame: Any, table: Any, expected: bool) -> None:
    assert is_covered(columns(**frame), columns(**table)) is expected


def test_nested_schemas_are_refused_where_they_would_be_entered() -> None:
    record = g.StructType.of([("d", DEEP), ("e", g.ArrayType(g.INT))])
    written, _ = columns_written(record, [], "json")
    with pytest.raises(UnsupportedError, match=r"'d' of the type struct<a:array<int>> .*db\.t.*relationalize"):
        refuse_nested(written, columns(d="struct<a:array<string>>"), "db.t")
    refuse_nested(written, columns(d="struct<a: array<INT>>"), "db.t")
    refuse_nested(written[1:], [], "db.t")


def test_a_schema_is_overwritten_but_what_others_added_meanwhile_stays() -> None:
    base = columns(a="int", b="string", gone="date")
    now = [{"Name": "a", "Type": "int", "Comment": "kept"}, *columns(b="string", gone="date", theirs="double")]
    written = columns(b="bigint", a="int", mine="string")
    merged = merged_columns(written, base, now)
    assert merged == [
        {"Name": "b", "Type": "bigint"},
        {"Name": "a", "Type": "int", "Comment": "kept"},
        *columns(mine="string", theirs="double"),
    ]


NAMES = st.lists(st.sampled_from("abcdefg"), unique=True)


@given(NAMES, NAMES, NAMES, st.booleans())
def test_two_jobs_lose_nothing_of_each_other(base: Any, first: Any, second: Any, swapped: bool) -> None:
    """Whoever is later: all columns of both frames are there, each once, and no other is but what a frame has."""
    start = columns(**dict.fromkeys(base, "int"))
    schemas = [columns(**dict.fromkeys(names, "int")) for names in (first, second)]
    if swapped:
        schemas.reverse()
    once = merged_columns(schemas[0], start, start)
    assert same_columns(once, schemas[0])
    both = merged_columns(schemas[1], start, once)
    names = [column["Name"] for column in both]
    assert len(names) == len(set(names))
    wanted = {column["Name"] for column in schemas[1]} | ({column["Name"] for column in schemas[0]} - set(base))
    assert set(names) == wanted
