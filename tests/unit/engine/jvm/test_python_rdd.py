"""awsglue's own Map, Filter and mapPartitions over the handles that pass for Java RDDs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pyspark.sql import SparkSession

from glue_etl.engine.frame.core import Frame
from glue_etl.engine.install import installed
from glue_etl.engine.jvm.python_rdd import RecordRdd, bare
from glue_etl.engine.types import tree as g
from glue_etl.settings import Settings

ROWS = [(number, f"s{number}", number / 2) for number in range(6)]


@pytest.fixture
def dynamic(spark: SparkSession, glue_settings: Settings) -> Iterator[Callable[..., Any]]:
    """Rows and a schema to a DynamicFrame."""
    with installed(glue_settings):
        from awsglue.context import GlueContext
        from awsglue.dynamicframe import DynamicFrame

        context = GlueContext(spark.sparkContext)
        yield lambda rows=ROWS, schema="a long, b string, c double": DynamicFrame.fromDF(
            spark.createDataFrame(rows, schema), context, "f"
        )


def rows(frame: Any) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in frame.toDF().collect()]


def test_filter_keeps_rows_and_types(dynamic: Callable[..., Any]) -> None:
    kept = dynamic().filter(lambda record: record.a > 3 and record["b"] != "s4")
    assert rows(kept) == [(5, "s5", 2.5)]
    assert kept.toDF().dtypes == [("a", "bigint"), ("b", "string"), ("c", "double")]
    assert kept.errorsCount() == 0


def test_filter_streams_without_a_pass_for_its_schema(spark: SparkSession, dynamic: Callable[..., Any]) -> None:
    tracker: Any = spark.sparkContext.statusTracker()
    spark.sparkContext.setJobGroup("filter", "nothing should run")
    kept = dynamic().filter(lambda record: 1 / 0)
    kept.schema()
    kept.toDF()
    assert tracker.getJobIdsForGroup("filter") == []
    spark.sparkContext.setJobGroup("", "")


def test_filter_swallows_what_awsglue_swallows_and_counts_the_rest(dynamic: Callable[..., Any]) -> None:
    def wanted(record: Any) -> bool:
        if record["a"] == 1:
            raise KeyError("swallowed")
        if record["a"] == 2:
            raise RuntimeError("counted")
        return bool(record["a"] % 2)

    kept = dynamic().filter(wanted, info="odd ones")
    assert [row[0] for row in rows(kept)] == [3, 5]
    assert (kept.errorsCount(), kept.stageErrorsCount()) == (1, 1)
    error = kept.errorsAsDynamicFrame().toDF().first().error
    assert (error.msg, error.callsite.info, error.dynamicRecord.asDict()) == (
        "counted",
        "odd ones",
        {"a": 2, "b": "s2", "c": 1.0},
    )


def test_filter_does_not_let_changes_through(dynamic: Callable[..., Any]) -> None:
    def change(record: Any) -> bool:
        record["s"]["y"][0]["z"] = "changed"
        record["n"] = 9
        return True

    given = dynamic([(1, {"y": [{"z": "as it was"}]})], "n int, s struct<y:array<struct<z:string>>>")
    assert rows(given.filter(change)) == rows(given)


def test_broadcasts_and_accumulators_work_in_functions(spark: SparkSession, dynamic: Callable[..., Any]) -> None:
    names = spark.sparkContext.broadcast({1: "one"})
    calls = spark.sparkContext.accumulator(0)

    def named(record: Any) -> Any:
        calls.add(1)
        record["name"] = names.value.get(record["a"], "?")
        return record

    out = dynamic().map(named)
    assert [row[3] for row in rows(out)] == ["?", "one", "?", "?", "?", "?"]
    assert out.count() == 6
    assert calls.value == 6
    assert len(rows(dynamic().filter(lambda record: names.value.get(record["a"])))) == 1


def test_functions_too_large_to_send_with_each_task(dynamic: Callable[..., Any]) -> None:
    many = list(range(400_000))
    assert dynamic().map(lambda record: {"n": len(many)}).count() == 6
    kept = dynamic().filter(lambda record: record["a"] == many[2])
    assert kept._jdf.frame.plan.df.dtypes[0] == ("a", "bigint")
    assert rows(kept) == [(2, "s2", 1.0)]


def test_map_partitions_of_a_scripts_own(dynamic: Callable[..., Any]) -> None:
    def every_other(envelopes: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for number, envelope in enumerate(envelopes):
            if number % 2 == 0:
                yield envelope

    frame = dynamic().coalesce(1)
    assert rows(frame.mapPartitions(every_other)) == ROWS[::2]


def test_the_private_rdd_is_a_real_one_where_a_script_uses_it(dynamic: Callable[..., Any]) -> None:
    frame = dynamic()
    assert frame._rdd.first() == {
        "record": {"a": 0, "b": "s0", "c": 0.0},
        "isError": False,
        "errorMessage": None,
    }
    assert frame._rdd.map(lambda envelope: envelope["record"]["a"]).sum() == 15


def test_a_handle_needs_no_rdd(spark: SparkSession) -> None:
    handle = RecordRdd(Frame.of(spark.range(1)))
    assert isinstance(handle.id(), int)
    assert handle.rdd().frame is handle.frame
    assert "_real" not in vars(handle)


def test_rows_are_shown_as_records(spark: SparkSession) -> None:
    kind = g.StructType.of(
        [("v", g.ChoiceType((g.INT, g.STRING))), ("m", g.MapType(g.StructType.of([("x", g.INT)]))), ("l", g.NULL)]
    )
    row = spark.sql(
        "select named_struct('int', cast(null as int), 'string', 'x') v, map('k', named_struct('x', 1)) m, null l"
    ).first()
    assert bare(row, kind) == {"v": "x", "m": {"k": {"x": 1}}, "l": None}
