"""Avro schemas as Glue types, by the reader's table of "Using the Avro format in AWS Glue"."""

from __future__ import annotations

import json
from typing import Any

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glue_etl.engine.io.avro_schema import glue_type, knows_logical_types, parse_schema, plain_schema
from glue_etl.engine.types import tree as g
from glue_etl.errors import GlueEtlError, OptionError, SourceError, UnsupportedError


def typed(schema: Any, *, logical: bool = False) -> g.GlueType:
    return glue_type(parse_schema(json.dumps(schema), "file.avro", logical=logical))


def record(title: str, /, **fields: Any) -> dict[str, Any]:
    listed = [{"name": key, "type": kind} for key, kind in fields.items()]
    return {"type": "record", "name": title, "fields": listed}


def logical(kind: Any, word: str, /, **more: Any) -> dict[str, Any]:
    return {"type": kind, "logicalType": word, **more}


# The documentation's table: schema, type by reader 1.7, type by reader 1.8.
TABLE = [
    pytest.param(logical("bytes", "decimal", precision=9, scale=2), g.BINARY, g.DecimalType(9, 2), id="decimal bytes"),
    pytest.param(
        logical("fixed", "decimal", name="F", size=4, precision=9), g.BINARY, g.DecimalType(9, 0), id="decimal fixed"
    ),
    pytest.param(logical("int", "date"), g.INT, g.DATE, id="date"),
    pytest.param(logical("int", "time-millis"), g.INT, g.INT, id="time-millis"),
    pytest.param(logical("long", "time-micros"), g.LONG, g.LONG, id="time-micros"),
    pytest.param(logical("long", "timestamp-millis"), g.LONG, g.TIMESTAMP, id="timestamp-millis"),
    pytest.param(logical("long", "timestamp-micros"), g.LONG, g.LONG, id="timestamp-micros"),
    pytest.param(logical("fixed", "duration", name="F", size=12), g.BINARY, g.BINARY, id="duration"),
    pytest.param(logical("string", "uuid"), g.STRING, g.STRING, id="uuid"),
    pytest.param(logical("string", "date"), g.STRING, g.STRING, id="date that is no int"),
    pytest.param(logical("long", "date"), g.LONG, g.LONG, id="date that is a long"),
    pytest.param(logical("bytes", "decimal", precision=2, scale=5), g.BINARY, g.BINARY, id="decimal all fraction"),
    pytest.param(logical("bytes", "decimal"), g.BINARY, g.BINARY, id="decimal without digits"),
]


@pytest.mark.parametrize(("schema", "plain", "known"), TABLE)
def test_logical_types(schema: Any, plain: g.GlueType, known: g.GlueType) -> None:
    assert typed(schema) == plain
    assert typed(schema, logical=True) == known


def choice(*kinds: g.GlueType) -> g.ChoiceType:
    return g.ChoiceType(kinds)


TYPES = [
    pytest.param("null", g.NULL, id="null"),
    pytest.param("boolean", g.BOOLEAN, id="boolean"),
    pytest.param({"type": "float"}, g.FLOAT, id="float as an object"),
    pytest.param({"type": "enum", "name": "E", "symbols": ["A"]}, g.STRING, id="enum"),
    pytest.param({"type": "fixed", "name": "F", "size": 3}, g.BINARY, id="fixed"),
    pytest.param({"type": "array", "items": ["null", "int"]}, g.ArrayType(g.INT), id="array"),
    pytest.param({"type": "map", "values": "bytes"}, g.MapType(g.BINARY), id="map"),
    pytest.param(["null", "string"], g.STRING, id="nullable"),
    pytest.param(["null"], g.NULL, id="union of null"),
    pytest.param([], g.NULL, id="union of nothing"),
    pytest.param(["int"], g.INT, id="union of one"),
    pytest.param(["int", "null", "string"], choice(g.INT, g.STRING), id="choice"),
    pytest.param(["int", "long"], choice(g.INT, g.LONG), id="nothing is widened"),
    pytest.param(["string", {"type": "enum", "name": "E", "symbols": ["A"]}], g.STRING, id="two of one type"),
    pytest.param(
        [record("A", x="int"), record("B", y="int")], g.StructType.of([("x", g.INT), ("y", g.INT)]), id="two records"
    ),
    pytest.param({"type": {"type": "array", "items": "int"}}, g.ArrayType(g.INT), id="type within a type"),
    pytest.param(
        record("A", x=record("B", z="int"), y="B"),
        g.StructType.of([("x", g.StructType.of([("z", g.INT)])), ("y", g.StructType.of([("z", g.INT)]))]),
        id="reference",
    ),
    pytest.param(
        {**record("A", x={**record("B", z="int"), "namespace": "p.q"}, y="p.q.B"), "namespace": "n"},
        g.StructType.of([("x", g.StructType.of([("z", g.INT)])), ("y", g.StructType.of([("z", g.INT)]))]),
        id="reference into another namespace",
    ),
    pytest.param(
        {**record("n.A", x=record("B", z="int"), y="B", w="n.B")},
        g.StructType.of([(name, g.StructType.of([("z", g.INT)])) for name in ("x", "y", "w")]),
        id="names in the namespace around them",
    ),
]


@pytest.mark.parametrize(("schema", "kind"), TYPES)
def test_types(schema: Any, kind: g.GlueType) -> None:
    assert typed(schema) == kind
    # What records are decoded by is a schema that fastavro takes, whatever the names are.
    fastavro.parse_schema(plain_schema(parse_schema(json.dumps(schema), "f", logical=True)))


REFUSED = [
    pytest.param(record("A", a="int", next=["null", "A"]), UnsupportedError, "'A' .*contains itself", id="recursive"),
    pytest.param(
        record("A", a={"type": "array", "items": record("B", up={"type": "map", "values": "A"})}),
        UnsupportedError,
        "contains itself",
        id="recursive by a detour",
    ),
    pytest.param(
        record("A", **{f"f{i}": [f"T{i - 1}", "null"] if i else record("T0", x="int") for i in range(2)}, z="Q"),
        SourceError,
        "no type 'Q'",
        id="unknown name",
    ),
    pytest.param("fixed", SourceError, "no type 'fixed'", id="a fixed without a size"),
    pytest.param({"type": "record", "name": "A"}, SourceError, "'fields'", id="no fields"),
    pytest.param({"type": "record", "fields": []}, SourceError, "'name'", id="no name"),
    pytest.param(record("A") | {"fields": [{"name": "a", "type": "int"}] * 2}, SourceError, "twice", id="field twice"),
    pytest.param(5, SourceError, "5 is no type", id="a number"),
    pytest.param(None, SourceError, "None is no type", id="null itself"),
]


@pytest.mark.parametrize(("schema", "error", "message"), REFUSED)
def test_refused(schema: Any, error: type[GlueEtlError], message: str) -> None:
    with pytest.raises(error, match=message) as raised:
        typed(schema)
    assert "file.avro" in str(raised.value)


def test_a_decimal_of_more_digits_than_spark_has() -> None:
    wide = logical("bytes", "decimal", precision=39, scale=1)
    with pytest.raises(UnsupportedError, match=r"39 digits.*'1\.7'"):
        typed(wide, logical=True)
    assert typed(wide) == g.BINARY


def test_a_schema_that_doubles_at_each_name_is_refused() -> None:
    fields: Any = record("T0", x="int")
    for depth in range(1, 40):
        fields = record(f"T{depth}", a=fields, b=f"T{depth - 1}")
    with pytest.raises(UnsupportedError, match="types"):
        typed(fields)


def test_text_that_is_no_json() -> None:
    with pytest.raises(SourceError, match=r"'f\.avro'"):
        parse_schema('{"type": ', "f.avro", logical=False)


@pytest.mark.parametrize(("version", "known"), [("1.7", False), ("1.8", True)])
def test_versions(version: str, known: bool) -> None:
    assert knows_logical_types(version) is known


def test_a_version_that_does_not_exist() -> None:
    with pytest.raises(OptionError, match=r"'1\.9'.*Available: 1\.7, 1\.8"):
        knows_logical_types("1.9")


LEAVES = st.sampled_from(["null", "int", "string", "fixed", "T0", "nope"]) | st.integers() | st.none()
FORMS = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.fixed_dictionaries({"type": inner})
        | st.fixed_dictionaries({"type": st.just("array"), "items": inner})
        | st.builds(lambda kind: record("T0", a=kind), inner)
    ),
    max_leaves=8,
)


@given(FORMS)
def test_any_json_is_a_schema_or_refused(form: Any) -> None:
    try:
        kind = typed(form, logical=True)
    except GlueEtlError:
        return
    assert isinstance(kind, g.GlueType)
