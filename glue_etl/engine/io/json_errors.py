"""Error records of JSON sources: lines and documents that are no records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from glue_etl.engine.frame.core import Stage
from glue_etl.engine.frame.errors import ERROR_RECORD
from glue_etl.engine.types.json_strict import dumps, prefix, records_of

__all__ = ["JsonErrors", "bad_lines", "error_records"]

_FOUND = "file string, error string, input string, position long, partial string"


@dataclass(frozen=True, eq=False)
class JsonErrors:
    """The error records of one JSON source.

    Attributes:
        make_records: Gives them.
        known_count: Gives their number where it is known without another pass, else None.
    """

    make_records: Callable[[], DataFrame]
    known_count: Callable[[], int | None]

    def count(self) -> int:
        """How many there are."""
        known = self.known_count()
        return self.make_records().count() if known is None else known

    def records(self) -> DataFrame:
        """The records, in the columns of `ERROR_RECORD`."""
        return self.make_records()


def bad_lines(lines: DataFrame) -> DataFrame:
    """What is wrong, from lines (value, file)."""
    binary = lines.select(F.col("value").cast("binary").alias("value"), "file")
    return binary.mapInArrow(_bad, _FOUND)


def _bad(batches: Iterable[Any]) -> Iterator[Any]:
    for batch in batches:
        rows: list[tuple[str | None, str, str, None, str]] = []
        for line, file in zip(batch.column(0).to_pylist(), batch.column(1).to_pylist(), strict=True):
            try:
                records_of(line)
            except ValueError as error:
                text = line.decode("utf-8", "backslashreplace")
                rows.append((file, str(error), text, None, _partial(text)))
        columns: list[Any] = list(zip(*rows, strict=True)) or [()] * 5
        kinds = (pa.string(), pa.string(), pa.string(), pa.int64(), pa.string())
        names = ["file", "error", "input", "position", "partial"]
        yield pa.RecordBatch.from_arrays([pa.array(c, k) for c, k in zip(columns, kinds, strict=True)], names)


def _partial(text: str) -> str:
    try:
        return dumps(prefix(text)).decode("utf-8")
    except (ValueError, TypeError):  # a lone surrogate, which no UTF-8 can hold
        return "{}"


def error_records(found: DataFrame, stage: Stage) -> DataFrame:
    """`ERROR_RECORD` rows from (file, error, input, position, partial)."""
    message = F.concat(F.coalesce("file", F.lit("")), F.lit(": "), "error")
    columns: dict[str, Column] = {
        "site": F.lit(stage.site),
        "info": F.lit(stage.info),
        "msg": message,
        "stackTrace": message,
        "input": F.col("input"),
        "bytesread": F.col("position").cast("string"),
        "source": F.col("file"),
        "dynamicRecord": F.col("partial"),
    }
    return found.select(*[columns[member.name].cast(member.dataType).alias(member.name) for member in ERROR_RECORD])
