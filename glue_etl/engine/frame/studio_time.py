"""Glue Studio's transforms of timestamps, and the patterns they understand."""

from __future__ import annotations

import re

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as f
from pyspark.sql import types as s

from glue_etl.engine.compat import try_cast
from glue_etl.engine.frame.studio_names import column, put
from glue_etl.errors import OptionError

__all__ = ["format_timestamp", "now", "spark_pattern", "to_timestamp"]

_MICROSECONDS = {"seconds": 1_000_000, "milliseconds": 1_000, "microseconds": 1}
_COLUMN_TYPES = (*_MICROSECONDS, "iso", "autodetect")
# Numbers below are taken for seconds (until the year 5138), those below the next for milliseconds.
_LARGEST_SECONDS = 10**11
_LARGEST_MILLISECONDS = 10**14

# Python's date codes in Spark's pattern letters; those without a counterpart are refused.
# https://spark.apache.org/docs/latest/sql-ref-datetime-pattern.html
_CODES = {
    "a": "EEE",
    "A": "EEEE",
    "b": "MMM",
    "B": "MMMM",
    "c": "EEE MMM d HH:mm:ss yyyy",
    "d": "dd",
    "D": "MM/dd/yy",
    "f": "SSSSSS",
    "F": "yyyy-MM-dd",
    "h": "MMM",
    "H": "HH",
    "I": "hh",
    "j": "DDD",
    "m": "MM",
    "M": "mm",
    "p": "a",
    "S": "ss",
    "T": "HH:mm:ss",
    "x": "MM/dd/yy",
    "X": "HH:mm:ss",
    "y": "yy",
    "Y": "yyyy",
    "z": "xx",
    "Z": "z",
    "%": "%",
}


def now(df: DataFrame, colName: str = "timestamp", dateFormat: str | None = None) -> DataFrame:
    """A column with the time of processing.

    Args:
        df: The data.
        colName: The new column.
        dateFormat: Spark's or Python's pattern for a string; by default the column is a timestamp.

    Source: https://docs.aws.amazon.com/glue/latest/dg/transforms-add-current-timestamp.html
    """
    value = f.current_timestamp()
    return put(df, colName, f.date_format(value, spark_pattern(dateFormat)) if dateFormat else value)


def format_timestamp(df: DataFrame, colName: str, dateFormat: str, newColName: str | None = None) -> DataFrame:
    """Write a timestamp as a string.

    Args:
        df: The data.
        colName: A timestamp or date column, or a string that Spark can cast; what it cannot cast becomes null.
        dateFormat: Spark's or Python's pattern.
        newColName: The string's column; by default it replaces the timestamp.

    Raises:
        OptionError: A Python date code that Spark has no counterpart for.

    Source: https://docs.aws.amazon.com/glue/latest/dg/transforms-format-timestamp.html
    """
    source = column(df, colName)
    if isinstance(df.select(source).schema[0].dataType, s.StringType):
        source = try_cast(source, "timestamp")
    return put(df, newColName or colName, f.date_format(source, spark_pattern(dateFormat)))


def to_timestamp(df: DataFrame, colName: str, colType: str = "autodetect", newColName: str | None = None) -> DataFrame:
    """Read a number or a string as a timestamp.

    Args:
        df: The data.
        colName: The column.
        colType: What a value is: `seconds`, `milliseconds` or `microseconds` since 1970, an `iso` string, or
            `autodetect` for each value by itself.
        newColName: The timestamp's column; by default it replaces the source.

    Returns:
        The data with a timestamp, null where a value cannot be read.

    Raises:
        OptionError: Another `colType`.

    Source: https://docs.aws.amazon.com/glue/latest/dg/transforms-to-timestamp.html
    """
    if colType not in _COLUMN_TYPES:
        raise OptionError(f"The parameter 'colType' is {colType!r}.", available=_COLUMN_TYPES)
    source = column(df, colName)
    kind = df.select(source).schema[0].dataType
    return put(df, newColName or colName, _timestamp(source, kind, colType))


def _timestamp(source: Column, kind: s.DataType, unit: str) -> Column:
    if isinstance(kind, (s.DateType, s.TimestampType, s.TimestampNTZType)):
        return source.cast("timestamp")
    text = not isinstance(kind, s.NumericType)
    if unit == "iso":
        # As text also where it is a number: 2024 is a year then.
        return try_cast(source.cast("string"), "timestamp")
    number = try_cast(source.cast("string"), "double") if text else source
    if unit != "autodetect":
        return _from_epoch(number, kind, _MICROSECONDS[unit])
    size = f.abs(number)
    by_size = (
        f.when(size < _LARGEST_SECONDS, _from_epoch(number, kind, _MICROSECONDS["seconds"]))
        .when(size < _LARGEST_MILLISECONDS, _from_epoch(number, kind, _MICROSECONDS["milliseconds"]))
        .when(size.isNotNull(), _from_epoch(number, kind, 1))
    )
    if not text:
        return by_size
    # A short number is a year, as 2024 or 202401 are no seconds that anybody means.
    plain = source.cast("string")
    return f.when(number.isNull() | (f.length(f.trim(plain)) <= 4), try_cast(plain, "timestamp")).otherwise(by_size)


def _from_epoch(number: Column, kind: s.DataType, factor: int) -> Column:
    if isinstance(kind, s.IntegralType):
        micros = f.call_function("try_multiply", number.cast("bigint"), f.lit(factor).cast("bigint"))
    else:
        micros = try_cast(f.round(number.cast("double") * f.lit(float(factor))), "bigint")
    return f.timestamp_micros(micros)


def spark_pattern(pattern: str) -> str:
    """A pattern with Python's date codes as Spark writes it; one without them stays as it is.

    Args:
        pattern: Such as `yyyy-MM-dd` or `%Y-%m-%dT%H:%M`.

    Raises:
        OptionError: A code that Spark has no counterpart for.
    """
    if not re.search(r"%[A-Za-z]", pattern):
        return pattern
    parts: list[str] = []
    for code, plain in re.findall(r"%(.)|([^%]+|%$)", pattern, re.DOTALL):
        if plain:
            # Spark would take plain letters for its own.
            parts.append("'" + plain.replace("'", "''") + "'" if re.search(r"[A-Za-z\[\]{}#']", plain) else plain)
        elif code in _CODES:
            parts.append(_CODES[code])
        else:
            raise OptionError(
                f"The date code '%{code}' of {pattern!r} has no counterpart in Spark's patterns.",
                available=[f"%{name}" for name in _CODES],
            )
    return "".join(parts)
