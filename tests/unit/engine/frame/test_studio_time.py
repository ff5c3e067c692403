"""Glue Studio's transforms of timestamps, and the patterns they understand."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import DataFrame, SparkSession

from glue_etl.engine.frame import studio
from glue_etl.engine.frame.studio_time import spark_pattern
from glue_etl.errors import OptionError


def call(df: DataFrame, name: str, **parameters: Any) -> DataFrame:
    return studio.transform_of(name)(df, **parameters)


SECONDS = 1667400059
TIMES: dict[str, tuple[str, str, str | None]] = {
    "seconds": (f"bigint({SECONDS})", "seconds", "2022-11-02 14:40:59"),
    "seconds with a fraction": (f"double({SECONDS}.5)", "seconds", "2022-11-02 14:40:59.5"),
    "seconds of a decimal": (f"decimal({SECONDS}.25)", "seconds", "2022-11-02 14:40:59"),
    "seconds as text": (f"'{SECONDS}'", "seconds", "2022-11-02 14:40:59"),
    "too many seconds": ("9223372036854775807", "seconds", None),
    "milliseconds": (f"bigint({SECONDS}915)", "milliseconds", "2022-11-02 14:40:59.915"),
    "microseconds": (f"bigint({SECONDS}915123)", "microseconds", "2022-11-02 14:40:59.915123"),
    "before 1970": ("bigint(-1)", "seconds", "1969-12-31 23:59:59"),
    "iso": ("'2022-11-02T14:40:59.915Z'", "iso", "2022-11-02 14:40:59.915"),
    "iso with an offset": ("'2022-11-02T14:40:59+02:00'", "iso", "2022-11-02 12:40:59"),
    "iso day": ("'2022-11-02'", "iso", "2022-11-02 00:00:00"),
    "no iso": ("'yesterday'", "iso", None),
    "autodetect iso": ("'2022-11-02T14:40:59Z'", "autodetect", "2022-11-02 14:40:59"),
    "autodetect seconds": (f"bigint({SECONDS})", "autodetect", "2022-11-02 14:40:59"),
    "autodetect milliseconds": (f"bigint({SECONDS}915)", "autodetect", "2022-11-02 14:40:59.915"),
    "autodetect microseconds as text": (f"'{SECONDS}915123'", "autodetect", "2022-11-02 14:40:59.915123"),
    "autodetect a year": ("'2024'", "autodetect", "2024-01-01 00:00:00"),
    "autodetect nothing": ("'soon'", "autodetect", None),
    "autodetect null": ("bigint(null)", "autodetect", None),
    "a date": ("date'2022-11-02'", "iso", "2022-11-02 00:00:00"),
    "a timestamp": ("timestamp'2022-11-02 01:02:03'", "seconds", "2022-11-02 01:02:03"),
}


def test_timestamps(spark: SparkSession) -> None:
    # One job for the whole table: each row's value is a column of its own.
    df = spark.sql("select " + ", ".join(f"{sql} as c{at}" for at, (sql, _, _) in enumerate(TIMES.values())))
    for at, (_, kind, _) in enumerate(TIMES.values()):
        df = call(df, "gs_to_timestamp", colName=f"c{at}", colType=kind)
    assert {field.dataType.simpleString() for field in df.schema} == {"timestamp"}
    (row,) = df.selectExpr(*[f"string({name}) as {name}" for name in df.columns]).collect()
    found = dict(zip(TIMES, row, strict=True))
    assert found == {name: expected for name, (_, _, expected) in TIMES.items()}


def test_a_timestamp_beside_its_source(spark: SparkSession) -> None:
    df = call(spark.sql("select '2024' t"), "gs_to_timestamp", colName="t", colType="iso", newColName="at")
    assert df.columns == ["t", "at"]


FORMATS: dict[str, tuple[str, str, str | None]] = {
    "Spark's pattern": ("timestamp'2023-01-02 03:04:05'", "yyyy-MM-dd HH:mm", "2023-01-02 03:04"),
    "Python's codes": (
        "timestamp'2023-01-02 15:04:05'",
        "%Y-%m-%dT%H:%M %j %A %I%p",
        "2023-01-02T15:04 002 Monday 03PM",
    ),
    "a date": ("date'2023-01-02'", "dd.MM.yy", "02.01.23"),
    "a text": ("'2023-01-02'", "dd.MM.yy", "02.01.23"),
    "a text that is no time": ("'none'", "dd.MM.yy", None),
}


def test_formats(spark: SparkSession) -> None:
    df = spark.sql("select " + ", ".join(f"{sql} as c{at}" for at, (sql, _, _) in enumerate(FORMATS.values())))
    for at, (_, pattern, _) in enumerate(FORMATS.values()):
        df = call(df, "gs_format_timestamp", colName=f"c{at}", dateFormat=pattern)
    (row,) = df.collect()
    assert dict(zip(FORMATS, row, strict=True)) == {name: expected for name, (_, _, expected) in FORMATS.items()}


def test_a_format_beside_its_source(spark: SparkSession) -> None:
    df = call(
        spark.sql("select date'2024-05-06' t"), "gs_format_timestamp", colName="t", dateFormat="d", newColName="s"
    )
    assert df.columns == ["t", "s"]


def test_now(spark: SparkSession) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    df = call(call(spark.range(1), "gs_now"), "gs_now", colName="s", dateFormat="%Y%m%d%H%M%S")
    assert df.dtypes[1:] == [("timestamp", "timestamp"), ("s", "string")]
    (row,) = df.selectExpr("date_format(timestamp, 'yyyyMMddHHmmss') t", "s").collect()
    assert row.t == row.s >= before.strftime("%Y%m%d%H%M%S")


PATTERNS = {
    "Spark's own": ("yyyy-MM-dd'T'HH", "yyyy-MM-dd'T'HH"),
    "Python's": ("%d/%m/%y %H:%M:%S.%f", "dd/MM/yy HH:mm:ss.SSSSSS"),
    "words in between": ("%Y o'clock %%", "yyyy' o''clock '%"),
    "a percent sign that is none": ("100%", "100%"),
}


@pytest.mark.parametrize(("pattern", "expected"), PATTERNS.values(), ids=PATTERNS.keys())
def test_patterns(pattern: str, expected: str) -> None:
    assert spark_pattern(pattern) == expected


@given(st.text())
def test_any_pattern_is_turned_or_refused(pattern: str) -> None:
    try:
        spark_pattern(pattern)
    except OptionError as error:
        assert "date code" in str(error)
