"""Formats that a Python library decodes, as DynamicFrames: lazy, in parallel, each file decoded once.

A source whose type must be found out keeps its records in chunks while the driver merges what kinds of values they
hold (`frame.records`); one whose type is known streams. A library says what is no record with a `BadRecord`.
"""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f
from pyspark.sql import types as s

from glue_etl.engine.frame.core import Frame, Plan, Stage
from glue_etl.engine.frame.errors import ERROR_RECORD
from glue_etl.engine.frame.records import ChunkRun, in_workers, session_zone, spark_struct
from glue_etl.engine.io.combine import case_sensitive
from glue_etl.engine.io.decoded_files import parts_of
from glue_etl.engine.io.decoded_worker import (
    BadRecord,
    DecodeChunks,
    DecodedFiles,
    Decoder,
    DecodeRows,
    RangeDecoder,
)
from glue_etl.engine.io.json_errors import error_records
from glue_etl.engine.io.listing import Listing
from glue_etl.engine.types import tree as g
from glue_etl.errors import FieldError, SourceError

__all__ = ["ERROR_ROW", "BadRecord", "Decoder", "RangeDecoder", "StreamedErrors", "check_names", "read_decoded"]

ERROR_ROW = s.StructType(
    [
        s.StructField("msg", s.StringType()),
        s.StructField("input", s.StringType()),
        s.StructField("file", s.StringType()),
        s.StructField("position", s.LongType()),
        s.StructField("partial", s.StringType()),
    ]
)
"""`frame.records_worker.ERROR` as Spark names it."""
# As Python's traceback shows it, which is all that comes from a worker.
_CRASHED = "Python worker exited unexpectedly"
_PATIENCE = 60
_FAILED = re.compile(r"SourceError: (The file .*)")


def read_decoded(
    session: SparkSession,
    listing: Listing,
    decode: Decoder,
    stage: Stage,
    *,
    kind: g.StructType | None = None,
    attach_filename: str | None = None,
    attach_timestamp: str | None = None,
    compression: str = "",
    decode_range: RangeDecoder | None = None,
    careful: Decoder | None = None,
    name: str = "",
) -> Frame:
    """Read files by a decoder; nothing is read before the frame's plan or its errors are asked for.

    Args:
        session: The Spark session.
        listing: The files.
        decode: Gives the records of one decompressed stream. Values are those `frame.records_encode` takes; datetimes
            should know their time zone.
        stage: What the script said of this source.
        kind: The type of the records where it is known; records then stream, and those that do not fit it become error
            records. Otherwise it is inferred from all records, choices where kinds of values differ.
        attach_filename: The name of a further field for each record's file.
        attach_timestamp: The name of a further field for the time of the file's last change.
        compression: The script's `compressionType` by its canonical name; empty to go by the files' names.
        decode_range: Reads a range of bytes of a file; large files that are not compressed are then shared out.
        careful: Decodes in the place of `decode` if that brought a worker down, or kept it in a loop; only where the
            type is inferred.
        name: The frame's name.

    Returns:
        The frame. Its plan raises SourceError if a file is cut short or damaged, so that it cannot be decompressed.

    Raises:
        UnsupportedError: A file is compressed in a way that cannot be read.
    """
    if not listing.files:
        return Frame.of(session.createDataFrame([], s.StructType()), name)
    tasks, parts = parts_of(session, listing, compression, ranges=decode_range is not None)
    files = DecodedFiles(parts, decode, decode_range, attach_filename, attach_timestamp)
    if kind is None:
        run = _DecodeRun(session, tasks, files, careful)
        return Frame(lambda: run.plan, name, (_FoundErrors(run, stage),))
    whole = _with_attached(kind, files)
    check_names(session, whole)
    worker = DecodeRows(files, whole, session_zone(session))
    errors = DecodeRows(files, whole, session_zone(session), errors_only=True)
    return Frame(
        lambda: Plan(in_workers(tasks, worker, spark_struct(whole)), whole),
        name,
        (StreamedErrors(lambda: in_workers(tasks, errors, ERROR_ROW), stage),),
    )


def _with_attached(kind: g.StructType, files: DecodedFiles) -> g.StructType:
    more = {files.attach_filename: g.STRING, files.attach_timestamp: g.TIMESTAMP}
    fields = [each for each in kind if each.name not in more]
    return g.StructType((*fields, *[g.Field(name, each) for name, each in more.items() if name]))


def check_names(session: SparkSession, kind: g.StructType) -> None:
    """See that Spark can tell the fields of a record apart.

    Raises:
        FieldError: Two of them differ in nothing but case.
    """
    if case_sensitive(session):
        return
    seen: dict[str, str] = {}
    for name in kind.names:
        other = seen.setdefault(name.lower(), name)
        if other != name:
            raise FieldError(
                f"The fields {other!r} and {name!r} differ in nothing but case.",
                hint="set spark.sql.caseSensitive=true to keep both",
            )


class _DecodeRun(ChunkRun):
    """One decoding of all files."""

    def __init__(
        self, session: SparkSession, tasks: DataFrame, files: DecodedFiles, careful: Decoder | None = None
    ) -> None:
        super().__init__(session)
        self._tasks = tasks
        self._files = files if careful is None else replace(files, patience=_PATIENCE)
        self._careful = careful

    def _start(self, zone: str) -> tuple[DataFrame, Callable[[Iterable[Any]], Iterable[Any]], g.StructType | None]:
        return self._tasks, DecodeChunks(self._files, zone, uuid.uuid4().hex), None

    @property
    def plan(self) -> Plan:
        """The records and their type."""
        plan = super().plan
        check_names(self._session, plan.type)
        return plan

    def _run(self) -> Any:
        try:
            return guarded(super()._run)
        except (PySparkException, Py4JJavaError) as error:
            if self._careful is None or _CRASHED not in str(error):
                raise
        self._files = replace(self._files, decode=self._careful, patience=0)
        return guarded(super()._run)


def guarded(action: Callable[[], Any]) -> Any:
    """Run a Spark job.

    Raises:
        SourceError: A worker raised one.
    """
    try:
        return action()
    except (PySparkException, Py4JJavaError) as error:
        failed = _FAILED.search(str(error))
        if failed is None:
            raise
        raise SourceError(failed[1]) from None


@dataclass(frozen=True, eq=False)
class _FoundErrors:
    """Error records that were found while the records were decoded."""

    run: _DecodeRun
    stage: Stage

    def count(self) -> int:
        """How many there are."""
        return self.run.error_count

    def records(self) -> DataFrame:
        """The records, in the columns of `ERROR_RECORD`."""
        return _error_records(self.run.errors(), self.stage)


@dataclass(eq=False)
class StreamedErrors:
    """Error records of a source that streams: the files are decoded again for them, once for the count.

    Attributes:
        make_rows: Gives rows of `ERROR_ROW`.
        stage: What the script said of the source.
    """

    make_rows: Callable[[], DataFrame]
    stage: Stage
    _count: int | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self) -> int:
        """How many there are; the first use runs a job."""
        with self._lock:
            if self._count is None:
                self._count = int(guarded(lambda: self.make_rows().count()))
            return self._count

    def records(self) -> DataFrame:
        """The records, in the columns of `ERROR_RECORD`."""
        if self._count == 0:
            return self.make_rows().sparkSession.createDataFrame([], ERROR_RECORD)
        return _error_records(self.make_rows(), self.stage)


def _error_records(rows: DataFrame, stage: Stage) -> DataFrame:
    return error_records(rows.select("file", f.col("msg").alias("error"), "input", "position", "partial"), stage)
