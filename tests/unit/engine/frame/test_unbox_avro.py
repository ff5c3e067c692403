"""Unbox of Avro: whole files in a field, and bare values by a schema that is given."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import fastavro
import pytest
from pyspark.sql import SparkSession

from glue_etl.engine.frame.core import Frame, Plan, Stage
from glue_etl.engine.frame.unbox import unbox
from glue_etl.engine.types import json_form
from glue_etl.engine.types import tree as g
from glue_etl.errors import GlueEtlError, OptionError, SourceError, UnsupportedError

Rows = Callable[[Plan], list[Any]]
ONE = {
    "type": "record",
    "name": "one",
    "fields": [{"name": "a", "type": "int"}, {"name": "b", "type": ["null", "string"]}],
}
TWO = {"type": "record", "name": "two", "fields": [{"name": "a", "type": "string"}, {"name": "c_d", "type": "long"}]}


def file_of(schema: Any, *records: Any, codec: str = "null") -> bytes:
    stream = io.BytesIO()
    fastavro.writer(stream, fastavro.parse_schema(schema), records, codec=codec)
    return stream.getvalue()


def bare(schema: Any, record: Any) -> bytes:
    stream = io.BytesIO()
    fastavro.schemaless_writer(stream, fastavro.parse_schema(schema), record)
    return stream.getvalue()


def boxed(spark: SparkSession, *values: bytes | None) -> Frame:
    rows = [(n, None if value is None else bytearray(value)) for n, value in enumerate(values)]
    return Frame.of(spark.createDataFrame(rows, "`n.m` int, v binary").coalesce(1), "f")


def test_files_bring_their_schemas(spark: SparkSession, rows: Rows) -> None:
    first = file_of(ONE, {"a": 1, "b": "x"})
    values = [
        first,
        file_of(TWO, {"a": "y", "c_d": 5}, codec="deflate"),
        None,
        b"",
        file_of(ONE),
        file_of(ONE, {"a": 1, "b": None}, {"a": 2, "b": None}),
        first[:-20],
        b"no avro",
    ]
    opened = unbox(boxed(spark, *values), "v", "avro", {}, Stage(info="i"), spark)
    assert opened.plan.type.get("v") == g.StructType.of(
        [("a", g.ChoiceType((g.INT, g.STRING))), ("b", g.STRING), ("c_d", g.LONG)]
    )
    assert rows(opened.plan) == [
        {"n.m": 0, "v": {"a": 1, "b": "x"}},
        {"n.m": 1, "v": {"a": "y", "c_d": 5}},
        {"n.m": 2},
        {"n.m": 3},
        {"n.m": 4},
    ]
    wrong = opened.stage_errors[0].records().collect()
    assert [json.loads(row.dynamicRecord)["n.m"] for row in wrong] == [5, 6, 7]
    assert "2 records" in wrong[0].msg
    assert opened.stage_errors[0].count() == 3


def test_bare_values(spark: SparkSession, rows: Rows) -> None:
    value = bare(ONE, {"a": -7, "b": "é"})
    options = {"avroSchema": json.dumps(ONE)}
    opened = unbox(boxed(spark, value, value[:-1], value + b"!", None), "v", "avro", options, Stage(), spark)
    assert rows(opened.plan) == [{"n.m": 0, "v": {"a": -7, "b": "é"}}, {"n.m": 3}]
    assert opened.stage_errors[0].count() == 2


def test_a_schema_of_the_result(spark: SparkSession, rows: Rows) -> None:
    wanted = g.StructType.of([("a", g.STRING)])
    options = {"withSchema": json_form.dumps(wanted)}
    opened = unbox(boxed(spark, file_of(ONE, {"a": 1, "b": None})), "v", "avro", options, Stage(), spark)
    assert opened.plan.type.get("v") == wanted
    assert rows(opened.plan) == [{"n.m": 0, "v": {"a": "1"}}]


def test_nothing_to_read(spark: SparkSession, rows: Rows) -> None:
    opened = unbox(boxed(spark, None, b""), "v", "avro", {}, Stage(), spark)
    assert rows(opened.plan) == [{"n.m": 0}, {"n.m": 1}]


WRONG: dict[str, tuple[dict[str, Any], type[GlueEtlError]]] = {
    "an option of another format": ({"separator": ","}, OptionError),
    "a schema that is none": ({"avroSchema": "{}"}, SourceError),
    "a version that is none": ({"avroSchema": json.dumps(ONE), "version": "2"}, OptionError),
}


@pytest.mark.parametrize(("options", "error"), WRONG.values(), ids=WRONG.keys())
def test_what_cannot_be_opened(spark: SparkSession, options: dict[str, Any], error: type[GlueEtlError]) -> None:
    with pytest.raises(error):
        unbox(boxed(spark, b"x"), "v", "avro", options, Stage(), spark)


def test_too_many_schemas(spark: SparkSession) -> None:
    values = [
        file_of({"type": "record", "name": "r", "fields": [{"name": f"f{n}", "type": "int"}]}, {f"f{n}": n})
        for n in range(21)
    ]
    with pytest.raises(UnsupportedError, match="more than 20"):
        _ = unbox(boxed(spark, *values), "v", "avro", {}, Stage(), spark).plan
