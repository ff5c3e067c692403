"""Records as JSON text."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from pyspark.sql import SparkSession

from glue_etl.engine.frame.core import Plan
from glue_etl.engine.frame.json_text import json_lines
from glue_etl.engine.types import tree as g
from glue_etl.engine.types.spark import to_spark

INT_OR_STRING = g.ChoiceType((g.INT, g.STRING))


def texts(spark: SparkSession, kind: g.StructType, *rows: tuple[Any, ...]) -> list[str]:
    plan = Plan(spark.createDataFrame(list(rows), to_spark(kind)), kind)  # type: ignore[arg-type]
    return [row["value"] for row in json_lines(plan).collect()]


CASES: dict[str, tuple[g.GlueType, Any, str]] = {
    "int": (g.INT, 1, '{"c":1}'),
    "null is left out": (g.INT, None, "{}"),
    "null type is left out": (g.NULL, None, "{}"),
    "binary as base64": (g.BINARY, bytearray(b"ab"), '{"c":"YWI="}'),
    "date": (g.DATE, dt.date(2024, 2, 29), '{"c":"2024-02-29"}'),
    "string with quotes": (g.STRING, 'a"b\\', '{"c":"a\\"b\\\\"}'),
    "choice of number": (INT_OR_STRING, (10, None), '{"c":10}'),
    "choice of string": (INT_OR_STRING, (None, '1"0'), '{"c":"1\\"0"}'),
    "null choice": (INT_OR_STRING, None, "{}"),
    "choice without a value": (INT_OR_STRING, (None, None), "{}"),
    "choice of date": (g.ChoiceType((g.DATE, g.INT)), (dt.date(2024, 1, 1), None), '{"c":"2024-01-01"}'),
    "choice of binary": (g.ChoiceType((g.BINARY, g.INT)), (bytearray(b"ab"), None), '{"c":"YWI="}'),
    "choice of struct": (
        g.ChoiceType((g.INT, g.StructType.of([("a", g.INT), ("b", g.STRING)]))),
        (None, (1, None)),
        '{"c":{"a":1}}',
    ),
    "array of choices": (g.ArrayType(INT_OR_STRING), [(1, None), None, (None, "a")], '{"c":[1,null,"a"]}'),
    "empty array of choices": (g.ArrayType(INT_OR_STRING), [], '{"c":[]}'),
    "null array of choices": (g.ArrayType(INT_OR_STRING), None, "{}"),
    "array of arrays of choices": (g.ArrayType(g.ArrayType(INT_OR_STRING)), [[(1, None)], []], '{"c":[[1],[]]}'),
    "map of choices": (g.MapType(INT_OR_STRING), {'k"': (1, None)}, '{"c":{"k\\"":1}}'),
    "map of choices with a null": (g.MapType(INT_OR_STRING), {"n": None}, '{"c":{"n":null}}'),
    "struct with a choice": (
        g.StructType.of([("x", g.INT), ("y", INT_OR_STRING), ("z", g.INT), ("n", g.NULL)]),
        (1, (None, "b"), None, None),
        '{"c":{"x":1,"y":"b"}}',
    ),
    "null struct with a choice": (g.StructType.of([("y", INT_OR_STRING)]), None, "{}"),
    "struct of nothing but nulls": (g.StructType.of([("x", g.INT), ("y", INT_OR_STRING)]), (None, None), '{"c":{}}'),
}


@pytest.mark.parametrize("name", CASES)
def test_a_field_as_text(spark: SparkSession, name: str) -> None:
    kind, value, expected = CASES[name]
    assert texts(spark, g.StructType.of([("c", kind)]), (value,)) == [expected]


def test_field_order_is_kept_round_choices(spark: SparkSession) -> None:
    kind = g.StructType.of([("a", g.INT), ("b", g.STRING), ("c", INT_OR_STRING), ("d", g.INT)])
    assert texts(spark, kind, (1, "x", (2, None), 3), (None, None, None, 3)) == [
        '{"a":1,"b":"x","c":2,"d":3}',
        '{"d":3}',
    ]


@pytest.mark.parametrize("name", ["a.b", 'quo"te', "back`tick", "spa ce", "ünï", "[]", "tab\t"])
def test_field_names_are_escaped(spark: SparkSession, name: str) -> None:
    kind = g.StructType.of([(name, INT_OR_STRING), ("p" + name, g.INT)])
    [text] = texts(spark, kind, ((None, "v"), 1))
    assert json.loads(text) == {name: "v", "p" + name: 1}


def test_records_without_fields(spark: SparkSession) -> None:
    frame = spark.range(2).select()
    assert [row["value"] for row in json_lines(Plan(frame, g.StructType())).collect()] == ["{}", "{}"]
