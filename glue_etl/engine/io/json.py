"""Reading JSON as a DynamicFrame: lines or whole documents, choices inferred, malformed records set aside.

Source: "Using the JSON format in AWS Glue" in the AWS Glue guide (multiLine, jsonPath, attachFilename, withSchema).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as s

from glue_etl.engine.frame.core import Frame, Plan, Stage
from glue_etl.engine.frame.errors import ERROR_RECORD
from glue_etl.engine.io.attached import decoded, file_path
from glue_etl.engine.io.compression import SUFFIXES
from glue_etl.engine.io.json_documents import DOCUMENT, document_lines
from glue_etl.engine.io.json_errors import JsonErrors, bad_lines, error_records
from glue_etl.engine.io.json_local import local_files
from glue_etl.engine.io.json_path import Steps, parse_json_path
from glue_etl.engine.types import tree as g
from glue_etl.engine.types.inference import Survey, survey, survey_files
from glue_etl.engine.types.inference_files import LocalFile
from glue_etl.engine.types.inference_worker import clean_lines
from glue_etl.engine.types.json_split import STRICT, lift, read_schema, split, string_choices
from glue_etl.errors import FieldError, SourceError

__all__ = ["read_json"]

_T = TypeVar("_T")


def read_json(
    session: SparkSession,
    paths: list[str],
    *,
    multiline: bool = False,
    json_path: str | None = None,
    stage: Stage | None = None,
    schema: g.StructType | None = None,
    attach_filename: str | None = None,
    attach_timestamp: str | None = None,
    reader_options: Mapping[str, str] | None = None,
    shown: Sequence[tuple[str, str]] = (),
    name: str = "",
) -> Frame:
    """Read JSON files; nothing is read before the frame's plan or its errors are asked for.

    Args:
        session: The Spark session.
        paths: Hadoop-readable URIs of files or folders that exist.
        multiline: Whether a record may span lines; each file is then parsed as a whole.
        json_path: Which part of each document holds the records, such as `$.records[*]`.
        stage: What the script said of this source.
        schema: The type of the records where it is given (`withSchema`); nothing is inferred then.
        attach_filename: The name of a further column for each record's file.
        attach_timestamp: The name of a further column for the time its file was changed.
        reader_options: Further options of Spark's file reader, such as `recursiveFileLookup`.
        shown: Where files go by other names, as `Listing.shown` tells.
        name: The frame's name.

    Returns:
        The frame. Lines or documents that are no JSON objects are its error records.

    Raises:
        UnsupportedError: The JsonPath has a function.
        OptionError: It is no JsonPath.
    """
    steps = parse_json_path(json_path) if json_path else None
    source = _JsonSource(
        session,
        list(paths),
        steps if steps is not None else () if multiline else None,
        stage or Stage(),
        schema,
        dict(reader_options or {}),
        tuple(shown),
        attach_filename,
        attach_timestamp,
    )
    frame = Frame(source.plan, name, (JsonErrors(source.errors, source.known_errors),))
    if schema is None:
        frame.read_as = source.plan_as
    return frame


@dataclass
class _JsonSource:
    session: SparkSession
    paths: list[str]
    steps: Steps | None
    stage: Stage
    schema: g.StructType | None
    options: dict[str, str]
    shown: tuple[tuple[str, str], ...] = ()
    attach_filename: str | None = None
    attach_timestamp: str | None = None
    _survey: Survey | None = None
    _opened: tuple[Sequence[LocalFile] | None] | None = None
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def plan(self) -> Plan:
        """The records."""
        if not self.paths:
            return Plan.of(self.session.createDataFrame([], s.StructType()))
        kind = self.schema if self.schema is not None else self._seen().type
        self._check_names(kind)
        if self.schema is None and self._seen().records == 0:
            return Plan.of(self.session.createDataFrame([], s.StructType()))
        df = self._parsed(kind)
        return Plan(df, g.StructType((*kind.fields, *self._attached_fields())))

    def _attached_fields(self) -> list[g.Field]:
        wished = ((self.attach_filename, g.STRING), (self.attach_timestamp, g.TIMESTAMP))
        return [g.Field(name, kind) for name, kind in wished if name]

    def _attached(self, file: str, modified: str) -> list[Column]:
        """The columns of `_attached_fields`, from SQL of the path and the time."""
        wished = ((self.attach_filename, file), (self.attach_timestamp, modified))
        return [F.expr(sql).alias(name) for name, sql in wished if name]

    def _file(self, sql: str) -> str:
        """SQL of a file's path as the user would write it; Spark's text source gives it percent-encoded."""
        return file_path(self.shown, sql if self.steps is not None else decoded(sql))

    def plan_as(self, kind: g.StructType) -> Plan:
        """The records in a type that is given."""
        return replace(self, schema=kind, _lock=threading.RLock()).plan()

    def errors(self) -> DataFrame:
        """The error records."""
        if not self.paths or self.known_errors() == 0:
            return self.session.createDataFrame([], ERROR_RECORD)
        if self.steps is None:
            found = bad_lines(self._text())
        else:
            found = self._documents().where(F.col("error").isNotNull())
            found = found.withColumn("partial", F.lit(None).cast("string"))
        return error_records(found.withColumn("file", F.expr(self._file("file"))), self.stage)

    def known_errors(self) -> int | None:
        """Their number, if one pass told it; that pass is made where the plan needs it anyway."""
        if not self.paths:
            return 0
        if self.steps is None and (self.schema is None or self._local() is not None):
            return self._seen().bad
        return None

    def _seen(self) -> Survey:
        with self._lock:
            if self._survey is None:
                self._survey = self._guarded(self._surveyed)
            return self._survey

    def _surveyed(self) -> Survey:
        files = self._local()
        return survey(self._lines(), "value") if files is None else survey_files(self.session, files)

    def _local(self) -> Sequence[LocalFile] | None:
        """The files, where they are lines that workers can open themselves: there a survey costs little."""
        with self._lock:
            if self._opened is None:
                lines = self.steps is None
                self._opened = (local_files(self.session, self._text().inputFiles(), self.options) if lines else None,)
            return self._opened[0]

    def _text(self) -> DataFrame:
        text = self.session.read.options(**self.options).text(self.paths)
        more = [F.col("_metadata.file_modification_time").alias("modified")] if self.attach_timestamp else []
        return text.select("value", F.input_file_name().alias("file"), *more)

    def _documents(self) -> DataFrame:
        files = self.session.read.format("binaryFile").options(**self.options).load(self.paths)
        return files.select("path", "content", "modificationTime").mapInArrow(
            document_lines(self.steps or ()), DOCUMENT
        )

    def _lines(self) -> DataFrame:
        if self.steps is None:
            return self._text()
        more = ["modified"] if self.attach_timestamp else []
        return self._documents().where(F.col("error").isNull()).select("value", "file", *more)

    def _parsed(self, kind: g.StructType) -> DataFrame:
        attached = self._attached(self._file("file"), "modified")
        murky, tidy, sound = string_choices(kind), False, False
        if self.schema is None:
            seen = self._seen()
            murky, tidy, sound = seen.murky, seen.tidy, not seen.bad
        elif not murky and kind.fields and self._local() is not None:
            # One look at the lines costs less than parsing them as text, record by record.
            sound = not self._seen().bad
        if self.steps is None and sound and not murky and kind.fields:
            return self._scanned(kind)
        lines = self._lines()
        if self.steps is None and not tidy:
            more = lines.columns[1:]
            binary = lines.select(F.col("value").cast("binary").alias("value"), *more)
            types = ", ".join(f"{name} {'timestamp' if name == 'modified' else 'string'}" for name in more)
            lines = binary.mapInArrow(clean_lines, f"value string, {types}")
        return split(lines, "value", kind, frozenset(murky), attached)

    def _scanned(self, kind: g.StructType) -> DataFrame:
        """By Spark's JSON source alone: every line is known to be what the type says."""
        schema = read_schema(kind)
        assert isinstance(schema, s.StructType)
        df = self.session.read.schema(schema).options(**{**self.options, **STRICT}).json(self.paths)
        columns = [lift(_column(member.name), member.type).alias(member.name) for member in kind]
        attached = self._attached(self._file("_metadata.file_path"), "_metadata.file_modification_time")
        return df.select(*columns, *attached) if attached or g.contains_choice(kind) else df

    def _check_names(self, kind: g.StructType) -> None:
        if self.session.conf.get("spark.sql.caseSensitive", "false") == "true":
            return
        names = [*kind.names, *[field.name for field in self._attached_fields()]]
        seen: dict[str, str] = {}
        for column in names:
            other = seen.setdefault(column.lower(), column)
            if other != column:
                raise FieldError(
                    f"The fields {other!r} and {column!r} of {self.paths[0]!r} differ in nothing but case.",
                    hint="set spark.sql.caseSensitive=true to keep both",
                )

    def _guarded(self, action: Callable[[], _T]) -> _T:
        try:
            return action()
        except (PySparkException, Py4JJavaError):
            broken = self._broken_file()
            if broken is None:
                raise
            raise SourceError(
                f"The file {broken!r} cannot be decompressed: it is cut short or damaged.",
                hint="write or download it again",
            ) from None

    def _broken_file(self) -> str | None:
        files = self.session.read.options(**self.options).text(self.paths).inputFiles()
        for file in sorted(file for file in files if file.endswith(SUFFIXES)):
            try:
                self.session.read.text(file).count()
            except (PySparkException, Py4JJavaError):
                return file
        return None


def _column(name: str) -> Column:
    return F.col("`" + name.replace("`", "``") + "`")
