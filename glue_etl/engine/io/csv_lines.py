"""Records of CSV files as text, cut in Spark's Python workers: for the options that Spark's own parser cannot do.

These are an escape character together with records over several lines, and `skipFirst` together with `withHeader`:
the first line names the fields, and the first line of data after it is left out ("Using the CSV format in AWS Glue":
`skipFirst`, "skip the first data line"). One file at a time, so memory is bounded by the largest file.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

from glue_etl.engine.io.compression import decompressed
from glue_etl.engine.io.csv_heads import Dialect

__all__ = ["parsed", "record_lines", "records_of_text"]

_BATCH = 10_000


def record_lines(session: SparkSession, paths: Sequence[str], lookup: Mapping[str, str], dialect: Dialect) -> DataFrame:
    """The records after a file's header and its first line of data, as far as the dialect leaves them out.

    Returns:
        (line string, path string, modified timestamp)
    """
    files = session.read.format("binaryFile").options(**lookup).load(list(paths))
    known = files.select("path", "content", "modificationTime")
    return known.mapInArrow(_worker(dialect), "line string, path string, modified timestamp")


def _worker(dialect: Dialect) -> Any:
    skipped = int(dialect.header) + int(dialect.skip_first)

    def read(batches: Iterable[Any]) -> Iterator[Any]:
        for batch in batches:
            for row, (path, content) in enumerate(zip(batch.column(0).to_pylist(), batch.column(1), strict=True)):
                with decompressed(io.BytesIO(content.as_py()), path) as stream:
                    text = stream.read().decode("utf-8-sig", "replace")
                records = [record for record in records_of_text(text, dialect) if record.strip()][skipped:]
                for start in range(0, len(records), _BATCH):
                    lines = pa.array(records[start : start + _BATCH], pa.string())
                    same = pa.array([row] * len(lines), pa.int64())
                    columns = [lines, batch.column(0).take(same), batch.column(2).take(same)]
                    yield pa.RecordBatch.from_arrays(columns, ["line", "path", "modified"])

    return read


def records_of_text(text: str, dialect: Dialect) -> list[str]:
    """Cut a text into records; within quotes, a line end belongs to the record where `multiline` is set."""
    stops = r"\r\n|\n|\r"
    if dialect.multiline and dialect.quote:
        stops += "|" + re.escape(dialect.quote)
    if dialect.escaper:
        stops += "|" + re.escape(dialect.escaper) + ("." if dialect.multiline else r"[^\r\n]")
    records: list[str] = []
    start = 0
    is_open = False
    for stop in re.finditer(stops, text, re.DOTALL):
        if stop[0] == dialect.quote:
            is_open = not is_open
        elif stop[0] in ("\n", "\r", "\r\n") and not is_open:
            records.append(text[start : stop.start()])
            start = stop.end()
    return [*records, text[start:]]


def parsed(lines: DataFrame, columns: Sequence[str], raw: str, dialect: Dialect) -> DataFrame:
    """What `record_lines` gives, split by Spark: one column per name, `raw` as in a scan, and where it comes from."""
    schema = ", ".join(f"{name} string" for name in (*columns, raw))
    options = {
        "sep": dialect.separator,
        "quote": dialect.quote,
        "escape": dialect.quote or "\\",
        "columnNameOfCorruptRecord": raw,
        "mode": "PERMISSIVE",
    }
    split = lines.select(f.from_csv(f.col("line"), schema, options).alias("fields"), "path", "modified")
    return split.select("fields.*", "path", "modified")
