"""Error records: what could not be processed is counted and kept, and shown as a frame with one struct, `error`.

Source: "ErrorsAsDynamicFrame class" in the AWS Glue guide (the fields of the struct).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as s

from glue_etl.engine.frame.core import ErrorSource, Frame

__all__ = ["ERROR_RECORD", "CountedErrors", "count", "union_of"]

ERROR_RECORD = s.StructType(
    [
        s.StructField("site", s.StringType()),
        s.StructField("info", s.StringType()),
        s.StructField("msg", s.StringType()),
        s.StructField("stackTrace", s.StringType()),
        s.StructField("input", s.StringType()),
        s.StructField("bytesread", s.StringType()),
        s.StructField("source", s.StringType()),
        s.StructField("dynamicRecord", s.StringType()),
    ]
)
"""How sources and transforms hand over error records; `dynamicRecord` is the record, or what is known of it, as JSON
text (null: nothing is known). `errorsAsDynamicFrame` turns it into a struct."""


@dataclass(frozen=True, eq=False)
class CountedErrors:
    """An error source over a DataFrame of error records."""

    make_records: Callable[[], DataFrame]

    def count(self) -> int:
        """Count by a Spark job."""
        return self.make_records().count()

    def records(self) -> DataFrame:
        """The records as they are."""
        return self.make_records()


def count(sources: tuple[ErrorSource, ...]) -> int:
    """The number of error records of several sources."""
    return sum(source.count() for source in sources)


def union_of(frame: Frame, session: SparkSession) -> DataFrame:
    """All error records of a frame, in the columns of `ERROR_RECORD`."""
    frames = [source.records() for source in frame.errors]
    if not frames:
        return session.createDataFrame([], ERROR_RECORD)
    return reduce(DataFrame.union, frames)
