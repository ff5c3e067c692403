"""Error records as a frame."""

from __future__ import annotations

from typing import Any

from pyspark.sql import DataFrame, SparkSession

from glue_etl.engine.frame.core import Frame
from glue_etl.engine.frame.errors import ERROR_RECORD, CountedErrors, as_dynamic_frame, count, union_of
from glue_etl.engine.types import tree as g


def records(spark: SparkSession, *texts: str | None) -> DataFrame:
    rows = [("line 1", "info", "message", None, "input", "12", "s3://b/k", text) for text in texts]
    return spark.createDataFrame(rows, ERROR_RECORD)


def with_errors(spark: SparkSession, *frames: DataFrame) -> Frame:
    frame = Frame.of(spark.range(1), "name")
    frame.stage_errors = tuple(CountedErrors(lambda df=df: df) for df in frames)  # type: ignore[misc]
    return frame


def error_type(frame: Frame) -> g.StructType:
    kind = frame.plan.type.get("error")
    assert isinstance(kind, g.StructType)
    return kind


def test_one_struct_with_the_documented_fields(spark: SparkSession) -> None:
    frame = with_errors(spark, records(spark, '{"id": 2, "name": "benjamin", "inner": {"a": [1]}}'))
    shown = as_dynamic_frame(frame, spark)
    assert error_type(shown).names == ["callsite", "msg", "stackTrace", "input", "bytesread", "source", "dynamicRecord"]
    row: Any = shown.plan.df.collect()[0].error.asDict(True)
    assert row == {
        "callsite": {"site": "line 1", "info": "info"},
        "msg": "message",
        "stackTrace": None,
        "input": "input",
        "bytesread": "12",
        "source": "s3://b/k",
        "dynamicRecord": {"id": 2, "name": "benjamin", "inner": {"a": [1]}},
    }
    assert error_type(shown).get("stackTrace") == g.STRING


def test_what_is_known_to_have_no_errors_is_not_counted(spark: SparkSession) -> None:
    made: list[str] = []

    def make() -> DataFrame:
        made.append("asked")
        return records(spark, None)

    assert (CountedErrors(make, lambda: True).count(), made) == (0, [])
    assert (CountedErrors(make, lambda: False).count(), made) == (1, ["asked"])


def test_records_of_several_sources_are_merged_with_choices(spark: SparkSession) -> None:
    one = records(spark, '{"v": 1}', None, "no json", "[1]")
    shown = as_dynamic_frame(with_errors(spark, one, records(spark, '{"v": "x", "w": true}')), spark)
    assert error_type(shown).get("dynamicRecord") == g.StructType.of(
        [("v", g.ChoiceType((g.INT, g.STRING))), ("w", g.BOOLEAN)]
    )
    read = [row.error.dynamicRecord for row in shown.plan.df.collect()]
    assert [None if record is None else (tuple(record.v), record.w) for record in read] == [
        ((1, None), None),
        None,
        None,
        None,
        ((None, "x"), True),
    ]


def test_no_record_is_lost_for_a_value_that_spark_cannot_hold(spark: SparkSession) -> None:
    one = records(spark, '{"v": 123456789012345678901234567890}', '{"v": "\\ud83d"}', '{"v": "\\ud83d\\ude00"}')
    shown = as_dynamic_frame(with_errors(spark, one), spark)
    read = [row.error.dynamicRecord.v for row in shown.plan.df.collect()]
    assert read == ["123456789012345678901234567890", "?", "\U0001f600"]


def test_no_errors_give_an_empty_frame_of_the_same_fields(spark: SparkSession) -> None:
    shown = as_dynamic_frame(with_errors(spark), spark)
    assert shown.plan.df.count() == 0
    assert error_type(shown).names[0] == "callsite"
    assert error_type(shown).get("dynamicRecord") == g.StructType()
    assert as_dynamic_frame(shown, spark).plan.df.count() == 0


def test_counting(spark: SparkSession) -> None:
    frame = with_errors(spark, records(spark, None, None), records(spark, None))
    assert count(frame.errors) == 3
    assert union_of(frame, spark).count() == 3
