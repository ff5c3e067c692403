"""Python functions over a frame's records, on Spark."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pyspark.errors import PythonException
from pyspark.sql import DataFrame, Row, SparkSession

from glue_etl.engine.frame import errors
from glue_etl.engine.frame.core import Frame, Plan, Stage
from glue_etl.engine.frame.records import MapRun, python_stage
from glue_etl.engine.frame.records_function import PythonFunction
from glue_etl.engine.types import tree as g
from glue_etl.engine.types.spark import to_spark

SCHEMA = (
    "id long, small short, `dot.ted` string, amount decimal(10,2), day date, at timestamp, f float, "
    "s struct<x:int,y:array<long>>, m map<string,long>, never string"
)
ROWS: list[tuple[Any, ...]] = [
    (1, 2, "a", Decimal("1.50"), date(2020, 1, 2), datetime(2020, 1, 2, 3), 0.1, (1, [1, 2]), {"k": 1}, None),
    (1 << 40, None, None, None, None, None, None, None, None, None),
    (3, 4, "c", Decimal("0.05"), date(1950, 1, 2), datetime(1950, 1, 2, 3), 2.0, (None, []), {}, None),
]


@pytest.fixture
def data(spark: SparkSession) -> DataFrame:
    return spark.createDataFrame(ROWS, SCHEMA)


def applied(frame: Frame | DataFrame, function: Any, spark: SparkSession, stage: Stage | None = None) -> Frame:
    given = frame if isinstance(frame, Frame) else Frame.of(frame)
    return python_stage(given, PythonFunction.of(function), stage or Stage(), spark)


def mapped(function: Any) -> Any:
    """The envelopes' function that awsglue's `map` makes of a record's function."""

    def over(_: int, envelopes: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for envelope in envelopes:
            try:
                envelope["record"] = function(dict(envelope["record"]))
            except Exception as error:
                envelope["isError"] = True
                envelope["errorMessage"] = str(error)
            yield envelope

    return over


def rows(frame: Frame) -> list[Row]:
    return frame.plan.df.collect()


def test_records_left_alone_keep_their_rows_and_types(spark: SparkSession, data: DataFrame) -> None:
    out = applied(data, lambda _, envelopes: envelopes, spark)
    assert out.plan.type == Plan.of(data).type
    assert out.plan.df.schema == to_spark(out.plan.type)
    assert rows(out) == data.collect()


def test_the_function_sees_plain_python_values(spark: SparkSession, data: DataFrame) -> None:
    out = applied(data.limit(1), mapped(lambda record: {name: repr(value) for name, value in record.items()}), spark)
    seen = rows(out)[0].asDict()
    assert seen.pop("f").startswith("0.1000000014")
    assert seen == {
        "id": "1",
        "small": "2",
        "dot.ted": "'a'",
        "amount": "Decimal('1.50')",
        "day": "datetime.date(2020, 1, 2)",
        "at": "datetime.datetime(2020, 1, 2, 3, 0)",
        "s": "{'x': 1, 'y': [1, 2]}",
        "m": "{'k': 1}",
        "never": "None",
    }


def test_kinds_that_differ_between_partitions_make_a_choice(spark: SparkSession) -> None:
    def mixed(record: dict[str, Any]) -> dict[str, Any]:
        return {"v": record["id"] if record["id"] < 2 else f"n{record['id']}", "w": [{"x": 1}, 2]}

    out = applied(spark.range(0, 4, 1, 4), mapped(mixed), spark)
    choice = g.ChoiceType((g.INT, g.STRING))
    inner = g.ChoiceType((g.INT, g.StructType.of([("x", g.INT)])))
    assert out.plan.type == g.StructType.of([("v", choice), ("w", g.ArrayType(inner))])
    assert [tuple(row.v) for row in rows(out)] == [(0, None), (1, None), (None, "n2"), (None, "n3")]
    again = applied(out, mapped(lambda record: {"v": str(record["v"]), "w": record["w"][1]}), spark)
    assert [tuple(row) for row in rows(again)] == [("0", 2), ("1", 2), ("n2", 2), ("n3", 2)]


def test_nothing_runs_before_it_is_asked_for_and_then_once(spark: SparkSession, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    seen.mkdir()

    def touch(record: dict[str, Any]) -> dict[str, Any]:
        import uuid

        (seen / uuid.uuid4().hex).touch()
        if record["id"] == 1:
            raise ValueError("one")
        return {"v": record["id"]}

    out = applied(spark.range(3), mapped(touch), spark)
    assert not list(seen.iterdir())
    assert errors.count(out.errors) == 1
    assert out.plan.df.count() == 2
    assert len(rows(out)) == 2
    assert out.stage_errors[0].records().count() == 1
    assert len(list(seen.iterdir())) == 3


def test_chunks_go_when_no_dataframe_needs_them(spark: SparkSession) -> None:
    context: Any = spark.sparkContext
    # Of RDDs that nothing else holds the map forgets the entries. Its `contains` hands no RDD to Python; a snapshot of
    # the map would hold them all, until py4j's finalizer wakes up and says that Python let go of it.
    standing = context._jsc.sc().persistentRdds()
    before = set(context._jsc.getPersistentRDDs().keys())
    out = applied(spark.range(3), mapped(lambda record: {"v": 1}), spark)
    df = out.plan.df.where("v = 1")
    del out
    gc.collect()
    chunks = set(context._jsc.getPersistentRDDs().keys()) - before
    assert [standing.contains(chunk) for chunk in chunks] == [True]
    assert df.count() == 3
    del df
    until = time.monotonic() + 60
    while any(standing.contains(chunk) for chunk in chunks) and time.monotonic() < until:
        gc.collect()
        context._jvm.System.gc()
        time.sleep(0.2)
    assert not [chunk for chunk in chunks if standing.contains(chunk)]


def test_an_empty_result_has_no_fields(spark: SparkSession) -> None:
    out = applied(spark.range(3), lambda _, envelopes: iter(()), spark)
    assert out.plan.type == g.StructType()
    assert out.plan.df.columns == []
    assert out.plan.df.count() == 0
    assert applied(out, mapped(lambda record: {"a": 1}), spark).plan.df.count() == 0


def test_records_without_fields_are_records(spark: SparkSession) -> None:
    out = applied(spark.range(3), mapped(lambda record: {}), spark)
    assert (out.plan.type, out.plan.df.count()) == (g.StructType(), 3)
    filled = applied(out, mapped(lambda record: {"a": 1}), spark)
    assert filled.plan.df.count() == 3


def test_a_value_no_record_can_hold_makes_an_error_record(spark: SparkSession) -> None:
    def odd(record: dict[str, Any]) -> dict[str, Any]:
        return {"v": {"w": [1j]} if record["id"] == 1 else {"w": [2]}}

    out = applied(spark.range(3), mapped(odd), spark, Stage(site="line 3", info="odd"))
    assert [row.v.w for row in rows(out)] == [[2], [2]]
    found = out.stage_errors[0].records().collect()
    assert [(row.site, row.info, row.msg) for row in found] == [
        ("line 3", "odd", "field 'v.w[]': a record cannot hold the value 1j of type 'complex'")
    ]


def test_messages_of_any_kind(spark: SparkSession) -> None:
    def all_errors(_: int, envelopes: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for envelope, message in zip(envelopes, (None, 5, "\ud800"), strict=False):
            yield {"record": envelope["record"], "isError": True, "errorMessage": message}

    out = applied(spark.range(0, 3, 1, 1), all_errors, spark)
    assert [row.msg for row in out.stage_errors[0].records().collect()] == [None, "5", "?"]


def test_rows_and_missing_times_are_what_they_mean(spark: SparkSession) -> None:
    def odd(record: dict[str, Any]) -> dict[str, Any]:
        import pandas as pd

        return {"row": Row(x=1, y="z"), "t": pd.NaT if record["id"] else pd.Timestamp("2020-01-02")}

    out = applied(spark.range(0, 2, 1, 1), mapped(odd), spark)
    assert [(row.row.asDict(), row.t) for row in rows(out)] == [
        ({"x": 1, "y": "z"}, datetime(2020, 1, 2)),
        ({"x": 1, "y": "z"}, None),
    ]


def test_a_filter_of_records_without_fields(spark: SparkSession) -> None:
    bare_filter = PythonFunction.of(lambda _, envelopes: filter(lambda envelope: envelope["record"], envelopes))
    bare_filter.keeps_records = True
    out = python_stage(Frame.of(spark.range(3).select()), bare_filter, Stage(), spark)
    assert out.plan.df.count() == 0


def test_numpy_values_are_python_values(spark: SparkSession) -> None:
    def with_numpy(record: dict[str, Any]) -> dict[str, Any]:
        import numpy as np

        return {"i": np.int64(5), "f": np.float32(0.5), "a": np.array([1, 2]), "t": (np.bool_(True), None)}

    out = applied(spark.range(1), mapped(with_numpy), spark)
    assert [tuple(row) for row in rows(out)] == [(5, 0.5, [1, 2], [True, None])]


def test_a_function_that_fails_itself_shows_the_scripts_traceback_first(spark: SparkSession) -> None:
    def broken(_: int, envelopes: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        next(envelopes)
        raise RuntimeError("broken on purpose")

    with pytest.raises(PythonException, match="broken on purpose") as caught:
        rows(applied(spark.range(1), broken, spark))
    text = str(caught.value)
    assert "test_records.py" in text
    assert "at org.apache" not in text


def test_a_function_may_look_at_the_whole_partition(spark: SparkSession) -> None:
    def numbered(split: int, envelopes: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        everything = list(envelopes)
        yield {"record": {"split": split, "count": len(everything)}, "isError": False, "errorMessage": None}

    out = applied(spark.range(0, 25_000, 1, 2), numbered, spark)
    assert sorted(tuple(row) for row in rows(out)) == [(0, 12_500), (1, 12_500)]


def test_many_chunks(spark: SparkSession) -> None:
    run = MapRun(
        lambda: Plan.of(spark.range(0, 30_000, 1, 1)), PythonFunction.of(mapped(lambda r: {"v": r["id"] % 7})), spark
    )
    assert run.plan.df.where("v = 3").count() == len(range(3, 30_000, 7))
    assert run.error_count == 0
