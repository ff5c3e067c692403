"""Single Avro values, as Unbox opens them."""

from __future__ import annotations

import io
import json
import pickle
from datetime import date
from typing import Any

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glue_etl.engine.io.avro_values import AvroValues, decode_avro_value
from glue_etl.engine.types import tree as g
from glue_etl.errors import OptionError, SourceError

SCHEMA = {
    "type": "record",
    "name": "R",
    "fields": [
        {"name": "id", "type": "int"},
        {"name": "v", "type": ["null", "string", "double", {"type": "array", "items": ["null", "int", "string"]}]},
        {"name": "d", "type": {"type": "int", "logicalType": "date"}},
        {"name": "m", "type": {"type": "map", "values": "boolean"}},
    ],
}
TEXT = json.dumps(SCHEMA)


def encoded(value: Any) -> bytes:
    stream = io.BytesIO()
    fastavro.schemaless_writer(stream, SCHEMA, value)
    return stream.getvalue()


VALUE: dict[str, Any] = {"id": 1, "v": [1, "x", None], "d": date(2020, 1, 2), "m": {"k": True}}


@pytest.mark.parametrize(
    ("value", "version", "expected"),
    [
        pytest.param(VALUE, "1.8", VALUE, id="logical types"),
        pytest.param(VALUE, "1.7", {**VALUE, "d": 18263}, id="plain types"),
        pytest.param({**VALUE, "v": None}, "1.8", {**VALUE, "v": None}, id="null"),
        pytest.param({**VALUE, "v": 2.5}, "1.8", {**VALUE, "v": 2.5}, id="another branch"),
    ],
)
def test_one_value(value: Any, version: str, expected: Any) -> None:
    assert decode_avro_value(TEXT, encoded(value), version) == expected


def test_a_column_with_wrong_values() -> None:
    values = pickle.loads(pickle.dumps(AvroValues(TEXT, "1.8")))
    whole = encoded(VALUE)
    array, wrong = values.column([whole, None, whole[:-2], whole + b"!", b""], "UTC")
    assert array.is_valid().to_pylist() == [True, False, False, False, False]
    assert array[0].as_py()["d"] == date(2020, 1, 2)
    assert wrong[:2] == [None, None]
    assert all("no value of the schema" in str(wrong[at]) for at in (2, 4))
    assert wrong[3] == "1 bytes follow the value"
    assert values.type.get("d") == g.DATE


def test_a_value_that_its_type_cannot_hold() -> None:
    schema = json.dumps({"type": "bytes", "logicalType": "decimal", "precision": 2, "scale": 0})
    array, wrong = AvroValues(schema, "1.8").column([b"\x02\x05", b"\x04\x7f\xff", None], "UTC")
    assert [None if value is None else int(value) for value in array.to_pylist()] == [5, None, None]
    assert wrong[0] is None
    assert wrong[1] is not None


def test_what_cannot_be_a_schema() -> None:
    with pytest.raises(SourceError, match="'schema' cannot be used"):
        AvroValues("{}")
    with pytest.raises(OptionError, match=r"'2\.0'"):
        AvroValues(TEXT, "2.0")
    with pytest.raises(ValueError, match="no value"):
        decode_avro_value(TEXT, b"\x02")


@given(st.binary(max_size=40))
def test_any_bytes_are_a_value_or_wrong(data: bytes) -> None:
    array, (wrong,) = AvroValues(TEXT).column([data], "UTC")
    assert array[0].is_valid == (wrong is None)
