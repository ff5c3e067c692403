"""Avro files as they are written, without Spark: read back by fastavro alone, which knows nothing of ours."""

from __future__ import annotations

import gzip
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import fastavro
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from glue_etl.engine.frame.records_shape import arrow_type
from glue_etl.engine.io.avro_write import AvroOpener
from glue_etl.engine.io.avro_write_schema import Branches, decimal_bytes, write_schema
from glue_etl.engine.types import tree as g
from glue_etl.errors import FieldError

ATOMS: dict[g.GlueType, st.SearchStrategy[Any]] = {
    g.BINARY: st.binary(max_size=200),
    g.BOOLEAN: st.booleans(),
    g.BYTE: st.integers(-(1 << 7), (1 << 7) - 1),
    g.DATE: st.dates(),
    g.DOUBLE: st.floats(allow_nan=False),
    g.FLOAT: st.floats(allow_nan=False, width=32),
    g.INT: st.integers(-(1 << 31), (1 << 31) - 1),
    g.LONG: st.integers(-(1 << 63), (1 << 63) - 1),
    g.NULL: st.none(),
    g.SHORT: st.integers(-(1 << 15), (1 << 15) - 1),
    g.STRING: st.text(st.characters(codec="utf-8"), max_size=100),
    g.TIMESTAMP: st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC)),
    g.DecimalType(12, 3): st.decimals(-(10**8), 10**8, places=3),
    g.DecimalType(38, 0): st.decimals(-(10**37), 10**37, places=0),
}
TYPES = st.recursive(
    st.sampled_from(list(ATOMS)),
    lambda inner: (
        st.builds(g.ArrayType, inner)
        | st.builds(g.MapType, inner)
        | st.lists(inner, max_size=3).map(lambda kinds: struct(*kinds))
        | inner.filter(lambda kind: kind not in (g.NULL, g.INT) and not isinstance(kind, g.ChoiceType)).map(
            lambda kind: g.ChoiceType((kind, g.INT)) if kind not in (g.DATE, g.BYTE, g.SHORT) else kind
        )
    ),
    max_leaves=5,
)


def struct(*kinds: g.GlueType) -> g.StructType:
    return g.StructType.of([(f"f{at}", kind) for at, kind in enumerate(kinds)])


def values_of(kind: g.GlueType) -> st.SearchStrategy[Any]:
    """Values as Arrow takes them; a choice is a dict of one alternative."""
    if isinstance(kind, g.StructType):
        made = st.fixed_dictionaries({member.name: values_of(member.type) for member in kind})
    elif isinstance(kind, g.ArrayType):
        made = st.lists(values_of(kind.element), max_size=3)
    elif isinstance(kind, g.MapType):
        made = st.dictionaries(ATOMS[g.STRING], values_of(kind.value), max_size=3).map(lambda d: list(d.items()))
    elif isinstance(kind, g.ChoiceType):
        made = st.one_of(
            *[
                values_of(each).filter(lambda v: v is not None).map(lambda v, name=each.name: {name: v})
                for each in kind.choices
            ]
        )
    else:
        return ATOMS[kind] | st.none()
    return st.none() | made


def bare(value: Any, kind: g.GlueType) -> Any:
    """What fastavro gives for it."""
    if value is None:
        return None
    if isinstance(kind, g.ChoiceType):
        ((name, inner),) = value.items()
        return bare(inner, kind.get(name) or g.UNKNOWN)
    if isinstance(kind, g.StructType):
        return {member.name: bare(value[member.name], member.type) for member in kind}
    if isinstance(kind, g.ArrayType):
        return [bare(inner, kind.element) for inner in value]
    if isinstance(kind, g.MapType):
        return {name: bare(inner, kind.value) for name, inner in value}
    return value


def write(path: Path, kind: g.StructType, rows: list[Any], codec: str = "null", cuts: tuple[int, ...] = ()) -> None:
    opener = AvroOpener(kind, write_schema(kind, logical=True), codec, False, True)
    batch = pa.RecordBatch.from_struct_array(pa.array(rows, arrow_type(kind, "UTC")))
    writer = opener(path)
    for start, end in zip([0, *cuts], [*cuts, len(rows)], strict=True):
        writer.write(batch.slice(start, end - start))
    writer.close()


def read(path: Path) -> list[Any]:
    with path.open("rb") as stream:
        return list(fastavro.reader(stream))


@st.composite
def frames(draw: st.DrawFn) -> tuple[g.StructType, list[Any]]:
    kind = struct(*draw(st.lists(TYPES, min_size=1, max_size=3)))
    record = st.fixed_dictionaries({member.name: values_of(member.type) for member in kind})
    return kind, draw(st.lists(record, min_size=1, max_size=6))


@given(frame=frames(), cut=st.integers(0, 6))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_is_what_fastavro_reads(
    frame: tuple[g.StructType, list[Any]], cut: int, tmp_path: Path
) -> None:
    kind, rows = frame
    write(tmp_path / "f.avro", kind, rows, cuts=(min(cut, len(rows)),))
    assert read(tmp_path / "f.avro") == [bare(row, kind) for row in rows]


LINES = struct(g.LONG, g.STRING)


@pytest.mark.parametrize("codec", ["null", "deflate", "bzip2", "xz"])
def test_codecs_and_blocks(codec: str, tmp_path: Path) -> None:
    rows = [{"f0": number, "f1": f"text {number}" * 3} for number in range(9000)]
    write(tmp_path / "f.avro", LINES, rows, codec, cuts=(1, 1, 5000))
    assert read(tmp_path / "f.avro") == rows
    with (tmp_path / "f.avro").open("rb") as stream:
        blocks = list(fastavro.block_reader(stream))
    assert {block.codec for block in blocks} == {codec}
    assert sum(block.num_records for block in blocks) == 9000
    assert len(blocks) == 5


def test_a_record_larger_than_a_block(tmp_path: Path) -> None:
    rows = [{"f0": 1, "f1": "a"}, {"f0": 2, "f1": "x" * 300_000}, {"f0": 3, "f1": "b"}]
    write(tmp_path / "f.avro", LINES, rows)
    assert read(tmp_path / "f.avro") == rows


def test_gzip_is_an_archive_of_the_file(tmp_path: Path) -> None:
    opener = AvroOpener(LINES, write_schema(LINES, logical=True), "null", True, True)
    writer = opener(tmp_path / "f.avro.gz")
    writer.write(pa.record_batch({"f0": pa.array([7]), "f1": pa.array(["x"])}))
    writer.close()
    with gzip.open(tmp_path / "f.avro.gz", "rb") as stream:
        assert list(fastavro.reader(stream)) == [{"f0": 7, "f1": "x"}]


# The documentation's table: Glue type, schema by writer 1.7, schema by writer 1.8.
TABLE = [
    pytest.param(g.DATE, "string", {"type": "int", "logicalType": "date"}, id="date"),
    pytest.param(g.TIMESTAMP, "string", {"type": "long", "logicalType": "timestamp-micros"}, id="timestamp"),
    pytest.param(
        g.DecimalType(9, 2),
        "string",
        {
            "type": "fixed",
            "name": "v",
            "namespace": "topLevelRecord",
            "size": 4,
            "logicalType": "decimal",
            "precision": 9,
            "scale": 2,
        },
        id="decimal",
    ),
    pytest.param(g.SHORT, "int", "int", id="short"),
    pytest.param(g.BINARY, "bytes", "bytes", id="binary"),
]


@pytest.mark.parametrize(("kind", "plain", "logical"), TABLE)
def test_types_of_the_two_versions(kind: g.GlueType, plain: Any, logical: Any) -> None:
    for known, expected in ((False, plain), (True, logical)):
        schema = write_schema(g.StructType.of([("v", kind)]), logical=known)
        assert schema["name"] == "topLevelRecord"
        assert schema["fields"] == [{"name": "v", "type": ["null", expected]}]


@pytest.mark.parametrize("digits", range(1, 39))
def test_decimals_take_the_least_bytes(digits: int) -> None:
    size = decimal_bytes(digits)
    assert -(1 << (8 * size - 1)) <= -(10**digits) + 1
    assert size == 1 or 10**digits - 1 >= 1 << (8 * (size - 1) - 1)


def test_choices_of_one_avro_type_share_a_branch() -> None:
    kind = g.ChoiceType((g.DATE, g.STRING, g.INT))
    assert Branches.of(kind, logical=False).positions == (1, 2, 1)
    schema = write_schema(g.StructType.of([("c", kind)]), logical=False)
    assert schema["fields"][0]["type"] == ["null", "string", "int"]


REFUSED = [
    pytest.param([("a b", g.INT)], r"'a b' has a name", id="space"),
    pytest.param([("1a", g.INT)], r"'1a' has a name", id="digit first"),
    pytest.param([("a.b", g.INT)], r"'a\.b' has a name", id="dot"),
    pytest.param([("s", g.StructType.of([("é", g.INT)]))], r"'s\.é' has a name", id="nested"),
    pytest.param([("", g.INT)], r"'' has a name", id="empty"),
    pytest.param([("c", g.ChoiceType((g.DATE, g.INT)))], r"'c' is date or int.*resolveChoice", id="date or int"),
    pytest.param(
        [("c", g.ArrayType(g.ChoiceType((g.ArrayType(g.INT), g.SetType(g.INT)))))], r"'c\[\]' is array or set", id="set"
    ),
]


@pytest.mark.parametrize(("fields", "message"), REFUSED)
def test_refused(fields: list[tuple[str, g.GlueType]], message: str) -> None:
    with pytest.raises(FieldError, match=message):
        write_schema(g.StructType.of(fields), logical=True)


def test_records_of_one_name_are_told_apart(tmp_path: Path) -> None:
    inner = g.StructType.of([("x", g.INT)])
    kind = g.StructType.of([("a", g.ChoiceType((inner, g.ArrayType(inner)))), ("x", g.StructType.of([("a", inner)]))])
    rows = [{"a": {"array": [{"x": 1}], "struct": None}, "x": {"a": {"x": 2}}}]
    write(tmp_path / "f.avro", kind, rows)
    assert read(tmp_path / "f.avro") == [{"a": [{"x": 1}], "x": {"a": {"x": 2}}}]


EXTREMES: list[tuple[g.GlueType, list[Any]]] = [
    (g.LONG, [0, -1, 63, 64, -64, -65, (1 << 63) - 1, -(1 << 63), None]),
    (g.DecimalType(38, 10), [Decimal("9" * 28 + "." + "9" * 10), Decimal("-" + "9" * 28 + "." + "9" * 10), None]),
    (g.TIMESTAMP, [datetime(1970, 1, 1, tzinfo=UTC) - timedelta(microseconds=1), None]),
    (g.DATE, [date(1, 1, 1), date(9999, 12, 31), None]),
]


@pytest.mark.parametrize(("kind", "values"), EXTREMES, ids=[kind.name for kind, _ in EXTREMES])
def test_extremes(kind: g.GlueType, values: list[Any], tmp_path: Path) -> None:
    write(tmp_path / "f.avro", g.StructType.of([("v", kind)]), [{"v": value} for value in values])
    assert [row["v"] for row in read(tmp_path / "f.avro")] == values
