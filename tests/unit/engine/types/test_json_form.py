"""Schemas as awsglue.gluetypes writes and reads them, every type of it; and texts that are no schemas."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from awsglue import gluetypes as a
from hypothesis import given
from hypothesis import strategies as st

from glue_etl.engine.types import json_form, printed
from glue_etl.engine.types import tree as g
from glue_etl.errors import OptionError

# awsglue's type, ours, and what printSchema shows of a field `f` of it.
TYPES: dict[str, tuple[Any, g.GlueType, str]] = {
    "binary": (a.BinaryType(), g.BINARY, "|-- f: binary"),
    "boolean": (a.BooleanType(), g.BOOLEAN, "|-- f: boolean"),
    "byte": (a.ByteType(), g.BYTE, "|-- f: byte"),
    "date": (a.DateType(), g.DATE, "|-- f: date"),
    "decimal": (a.DecimalType(12, 3), g.DecimalType(12, 3), "|-- f: decimal(12,3)"),
    "decimal by default": (a.DecimalType(), g.DecimalType(10, 2), "|-- f: decimal(10,2)"),
    "double": (a.DoubleType(), g.DOUBLE, "|-- f: double"),
    "float": (a.FloatType(), g.FLOAT, "|-- f: float"),
    "int": (a.IntegerType(), g.INT, "|-- f: int"),
    "long": (a.LongType(), g.LONG, "|-- f: long"),
    "null": (a.NullType(), g.NULL, "|-- f: null"),
    "short": (a.ShortType(), g.SHORT, "|-- f: short"),
    "string": (a.StringType(), g.STRING, "|-- f: string"),
    "timestamp": (a.TimestampType(), g.TIMESTAMP, "|-- f: timestamp"),
    "timestampntz": (a.TimestampNTZType(), g.TIMESTAMP_NTZ, "|-- f: timestampntz"),
    "unknown": (a.UnknownType(), g.UNKNOWN, "|-- f: unknown"),
    "array": (a.ArrayType(a.IntegerType()), g.ArrayType(g.INT), "|-- f: array\n|    |-- element: int"),
    "set": (a.SetType(a.StringType()), g.SetType(g.STRING), "|-- f: set\n|    |-- element: string"),
    "map": (
        a.MapType(a.LongType()),
        g.MapType(g.LONG),
        "|-- f: map\n|    |-- keyType: string\n|    |-- valueType: long",
    ),
    "choice": (
        a.ChoiceType([a.StringType(), a.IntegerType()]),
        g.ChoiceType((g.INT, g.STRING)),
        "|-- f: choice\n|    |-- int\n|    |-- string",
    ),
    "struct": (
        a.StructType([a.Field("x.y", a.DoubleType())]),
        g.StructType.of([("x.y", g.DOUBLE)]),
        "|-- f: struct\n|    |-- x.y: double",
    ),
}


@pytest.mark.parametrize(("theirs", "ours", "shown"), TYPES.values(), ids=TYPES.keys())
def test_each_type_of_awsglue(theirs: Any, ours: g.GlueType, shown: str) -> None:
    schema = a.StructType([a.Field("f", theirs)])
    root = g.StructType.of([("f", ours)])
    assert json_form.loads(json.dumps(schema.jsonValue())) == root
    assert a._deserialize_json_string(json_form.dumps(root)) == schema
    assert a._deserialize_json_string(json_form.dumps(root)).jsonValue() == schema.jsonValue() or "choice" in shown
    assert printed.tree_string(root) == f"root\n{shown}\n"


def test_no_type_of_awsglue_is_left_out() -> None:
    assert set(a._all_type_map) - {"enum"} == {theirs.typeName() for theirs, _, _ in TYPES.values()}


def test_an_enum_is_text() -> None:
    # awsglue's EnumType.jsonValue() gives None: that is what arrives for a field that is one.
    schema = a.StructType([a.Field("f", a.EnumType(["x", "y"])), a.Field("l", a.ArrayType(a.EnumType(["z"])))])
    assert json_form.loads(json.dumps(schema.jsonValue())) == g.StructType.of(
        [("f", g.STRING), ("l", g.ArrayType(g.STRING))]
    )
    assert json_form.loads('{"dataType": "enum", "options": ["x"]}') == g.STRING


WRONG = {
    "no JSON": "{",
    "a number": "1",
    "no type": "{}",
    "an unknown type": '{"dataType": "wobble"}',
    "a type that is no text": '{"dataType": ["int"]}',
    "a struct without fields": '{"dataType": "struct"}',
    "a field without a type": '{"dataType": "struct", "fields": [{"name": "a"}]}',
    "a field without a name": '{"dataType": "struct", "fields": [{"container": {"dataType": "int"}}]}',
    "an array of nothing": '{"dataType": "array"}',
    "a choice of equals": '{"dataType": "choice", "choices": [{"dataType": "int"}, {"dataType": "int"}]}',
    "a decimal with text": '{"dataType": "decimal", "precision": "x"}',
    "a decimal with too many digits": '{"dataType": "decimal", "precision": 39, "scale": 0}',
    "a hundred thousand levels": "[" * 100_000,
    "ten thousand arrays": '{"dataType": "array", "elementType": ' * 10_000 + '{"dataType": "int"}' + "}" * 10_000,
}


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG.keys())
def test_what_is_no_schema_is_an_option_error(text: str) -> None:
    with pytest.raises(OptionError, match=r"JSON|schema"):
        json_form.loads(text)


_KEYS = st.sampled_from(["dataType", "fields", "container", "name", "choices", "elementType", "valueType", "precision"])
_LEAVES = st.sampled_from([*a._all_type_map, None, 1, -1, True, "", "f"]) | st.text(max_size=3)
_FORMS = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=4), max_leaves=12
)


@given(_FORMS)
def test_any_json_is_a_type_or_an_option_error(form: Any) -> None:
    with contextlib.suppress(OptionError):
        assert isinstance(json_form.loads(json.dumps(form)), g.GlueType)
