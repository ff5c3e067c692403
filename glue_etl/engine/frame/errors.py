"""Error records: what could not be processed is counted and kept, and shown as a frame with one struct, `error`.

Source: "ErrorsAsDynamicFrame class" in the AWS Glue guide (the fields of the struct).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import reduce
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as s

from glue_etl.engine.frame.core import ErrorSource, Frame, Plan
from glue_etl.engine.frame.records import MapRun, spark_struct
from glue_etl.engine.frame.records_function import PythonFunction
from glue_etl.engine.types import tree as g

__all__ = ["ERROR_RECORD", "CountedErrors", "as_dynamic_frame", "count", "union_of"]

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
    """An error source over a DataFrame of error records.

    Attributes:
        make_records: The error records.
        known_none: Whether it is known already that there are none.
    """

    make_records: Callable[[], DataFrame]
    known_none: Callable[[], bool] = lambda: False

    def count(self) -> int:
        """Count by a Spark job, unless there is nothing to count."""
        return 0 if self.known_none() else self.make_records().count()

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


_SHAPE = g.StructType.of(
    [
        (
            "error",
            g.StructType.of(
                [
                    ("callsite", g.StructType.of([("site", g.STRING), ("info", g.STRING)])),
                    ("msg", g.STRING),
                    ("stackTrace", g.STRING),
                    ("input", g.STRING),
                    ("bytesread", g.STRING),
                    ("source", g.STRING),
                    ("dynamicRecord", g.StructType()),
                ]
            ),
        )
    ]
)


def as_dynamic_frame(frame: Frame, session: SparkSession) -> Frame:
    """The error records as a frame with one struct column, `error`.

    `dynamicRecord` is a struct of the fields that the records with errors have, of whatever types they have there
    (choices where they differ); it is null for a record of which nothing could be read.

    Args:
        frame: The frame whose errors are asked for, earlier ones included.
        session: The session everything runs in.

    Returns:
        A frame that finds the records when it is used; it has none of its own errors.
    """
    run = MapRun(lambda: Plan.of(union_of(frame, session)), PythonFunction.of(_shown_all), session, _SHAPE)

    def plan() -> Plan:
        found = run.plan
        if found.type.fields:
            return found
        return Plan(session.createDataFrame([], spark_struct(_SHAPE)), _SHAPE)

    return Frame(plan, frame.name)


def _shown_all(_: int, envelopes: Iterator[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    for envelope in envelopes:
        yield {**envelope, "record": {"error": _shown(envelope["record"])}}


def _shown(record: dict[str, Any]) -> dict[str, Any]:
    read = _read(record["dynamicRecord"])
    return {
        "callsite": {"site": record["site"], "info": record["info"]},
        "msg": record["msg"],
        "stackTrace": record["stackTrace"],
        "input": record["input"],
        "bytesread": record["bytesread"],
        "source": record["source"],
        "dynamicRecord": read if isinstance(read, dict) else None,
    }


def _read(text: str | None) -> Any:
    """The value that JSON text says, None if it is none; what no field can hold is kept as text."""
    try:
        read = None if text is None else json.loads(text, parse_int=_integer)
        if text is not None and "\\ud" in text.lower():
            # Half a surrogate pair, if it is one, is no text to Spark.
            whole = json.dumps(read, ensure_ascii=False).encode("utf-8", "replace")
            read = json.loads(whole, parse_int=_integer)
    except (ValueError, RecursionError):
        return None
    return read


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) < 19 or -(1 << 63) <= int(digits) < 1 << 63 else digits
