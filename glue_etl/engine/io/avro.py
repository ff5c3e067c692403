"""Reading Avro as a DynamicFrame: each file by its own schema, by fastavro in the workers.

The driver reads the files' headers alone: they give the type, a field of two types in two files becomes a choice, and
no pass over the data is needed. A file without a header (empty, cut short in it, of another format) ends the read with
its name; a block that is damaged is an error record, and the others are read. Files may lie in gzip or bzip2 archives,
told by how they begin. Source: "Using the Avro format in AWS Glue"
(https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-format-avro-home.html).
"""

from __future__ import annotations

import bz2
import gzip
import os
import threading
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as s

from glue_etl.engine.frame.core import Frame, Plan, Stage
from glue_etl.engine.frame.errors import ERROR_RECORD
from glue_etl.engine.io.avro_codecs import check_codec
from glue_etl.engine.io.avro_container import NotAvroError, Readable, read_header
from glue_etl.engine.io.avro_schema import Node, glue_type, knows_logical_types, parse_schema, rename_fields
from glue_etl.engine.io.avro_worker import AvroFile, FilePiece, ReadPieces, archive_of
from glue_etl.engine.io.combine import case_sensitive, same_spelling
from glue_etl.engine.io.csv_heads import each
from glue_etl.engine.io.json_errors import error_records
from glue_etl.engine.io.listing import Listing, SourceFile
from glue_etl.engine.io.request import ReadRequest
from glue_etl.engine.types import tree as g
from glue_etl.engine.types.inference_files import LocalFile, cut
from glue_etl.engine.types.spark import to_spark
from glue_etl.errors import FieldError, MissingExtraError, SourceError, UnsupportedError

__all__ = ["facts_of", "read_avro"]

_FOUND = "file string, error string, input string, position long, partial string"
_ATTACHED = {"attachFilename": ("file", g.STRING), "attachTimestamp": ("modified", g.TIMESTAMP)}


def read_avro(session: SparkSession, request: ReadRequest, listing: Listing, stage: Stage) -> Frame:
    """The frame of Avro files; nothing is read before its plan or its errors are asked for.

    Args:
        session: The session that reads.
        request: Its option `version` is `1.7` or `1.8`.
        listing: The files.
        stage: What the script said of this source.

    Returns:
        A frame whose plan raises SourceError for a file that is no Avro file, and UnsupportedError for a schema that
        contains itself. Blocks that cannot be read are its error records.

    Raises:
        OptionError: There is no such version.
        MissingExtraError: fastavro is not installed.
    """
    try:
        import fastavro  # noqa: F401 the workers need it, but here it is known what it is missing for
    except ImportError:
        raise MissingExtraError.of("Reading Avro", "fastavro", "local") from None
    source = _AvroSource(session, request, listing, stage, knows_logical_types(request.options["version"]))
    return Frame(source.plan, "", (_AvroErrors(source),))


@dataclass(frozen=True)
class _Found:
    """What the headers say: the files, their distinct schemas, and the type that holds all records."""

    files: tuple[AvroFile, ...]
    schemas: tuple[Node, ...]
    type: g.StructType


@dataclass(eq=False)
class _AvroSource:
    session: SparkSession
    request: ReadRequest
    listing: Listing
    stage: Stage
    logical: bool
    _found: _Found | None = None
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def plan(self) -> Plan:
        """The records."""
        found = self.found()
        if not found.type.fields:
            return Plan.of(self.session.createDataFrame([], s.StructType([])))
        attach = [(str(name), *how) for option, how in _ATTACHED.items() if (name := self.request.options.get(option))]
        fields = [*found.type.fields, *(g.Field(name, kind) for name, _, kind in attach)]
        names = [member.name for member in fields]
        _check_names(names, self.request, sensitive=case_sensitive(self.session))
        kind = g.StructType(tuple(fields))
        reader = self._reader(found, tuple((name, what) for name, what, _ in attach))
        schema = to_spark(kind)
        assert isinstance(schema, s.StructType)
        return Plan(self._run(reader, schema), kind)

    def errors(self) -> DataFrame:
        """The error records."""
        found = self.found()
        if not found.files:
            return self.session.createDataFrame([], ERROR_RECORD)
        return error_records(self._run(replace(self._reader(found, ()), errors=True), _FOUND), self.stage)

    def found(self) -> _Found:
        """What the headers say, read once."""
        with self._lock:
            if self._found is None:
                self._found = self._read_headers()
            return self._found

    def _read_headers(self) -> _Found:
        numbers: dict[str, int] = {}
        files = []
        for opened, text in each(facts_of, self.listing.files):
            files.append(replace(opened, schema=numbers.setdefault(text, len(numbers))))
        first = {file.schema: file.uri for file in reversed(files)}
        nodes = [parse_schema(text, first[at], logical=self.logical) for text, at in numbers.items()]
        for at, node in enumerate(nodes):
            _check_record(node, first[at])
        spelled = _spelled(nodes, sensitive=case_sensitive(self.session))
        merged = g.merge_all(glue_type(node) for node in spelled)
        if merged == g.UNKNOWN:
            merged = g.StructType()
        assert isinstance(merged, g.StructType)
        return _Found(tuple(files), tuple(spelled), merged)

    def _reader(self, found: _Found, attach: tuple[tuple[str, str], ...]) -> ReadPieces:
        tasks = _tasks(found.files, self.session.sparkContext.defaultParallelism)
        zone = str(self.session.conf.get("spark.sql.session.timeZone"))
        return ReadPieces(tasks, found.schemas, found.type, zone, attach)

    def _run(self, reader: ReadPieces, schema: s.StructType | str) -> DataFrame:
        count = len(reader.tasks)
        return self.session.range(0, count, 1, count).mapInArrow(reader, schema)


@dataclass(eq=False)
class _AvroErrors:
    """Error records of one Avro source; a pass over the data finds them, one more for their number, which is kept."""

    source: _AvroSource
    _count: int | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self) -> int:
        """How many there are."""
        with self._lock:
            if self._count is None:
                self._count = self.source.errors().count()
            return self._count

    def records(self) -> DataFrame:
        """The records, in the columns of `ERROR_RECORD`."""
        return self.source.errors()


def facts_of(file: SourceFile) -> tuple[AvroFile, str]:
    """What the head of a file says, and the text of its schema.

    Raises:
        SourceError: It is no Avro file, or cannot be read.
        UnsupportedError: It is not on this machine, or its codec is none of Avro's.
        MissingExtraError: The codec's package is not installed.
    """
    if file.local is None:
        raise UnsupportedError.of(f"Reading Avro from {file.uri!r}", "copy the files to s3:// or to a local folder")
    try:
        archive = _archive(file.local)
        with _stream(file.local, archive) as stream:
            header = read_header(stream)
        modified = file.local.stat().st_mtime
    except NotAvroError as error:
        raise SourceError(
            f"{file.uri!r} cannot be read as avro: {error}.",
            hint="a file was cut short or is of another format: copy it again, or name it in 'exclusions'",
        ) from None
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError(f"The file {file.uri!r} cannot be read: {error}.") from error
    check_codec(header.codec, file.uri)
    facts = AvroFile(file.uri, os.path.abspath(file.local), file.size, modified, replace(header, schema=""), 0, archive)
    return facts, header.schema


def _archive(path: Path) -> str:
    with open(path, "rb") as stream:
        return archive_of(stream.read(4))


@contextmanager
def _stream(path: Path, archive: str) -> Iterator[Readable]:
    if archive == "gzip":
        with gzip.open(path, "rb") as stream:
            yield stream
    elif archive == "bzip2":
        with bz2.open(path, "rb") as stream:
            yield stream
    else:
        with open(path, "rb") as stream:
            yield stream


def _check_record(node: Node, where: str) -> None:
    parts = node.parts if node.kind == "union" else (node,)
    other = next((part.kind for part in parts if part.kind not in ("record", "null")), None)
    if other is not None or not any(part.kind == "record" for part in parts):
        raise SourceError(
            f"The values of {where!r} are of the Avro type {other or 'null'!r}, not records.",
            hint="a frame has records: write each value as a record of one field",
        )


def _spelled(nodes: Sequence[Node], *, sensitive: bool) -> list[Node]:
    """The schemas with one spelling of each field's name; Spark could refer to neither of two that differ in case."""
    names = [_record_names(node) for node in nodes]
    spelled = same_spelling(names, sensitive=sensitive)
    return [
        node if old == new or len(set(new)) < len(new) else rename_fields(node, dict(zip(old, new, strict=True)))
        for node, old, new in zip(nodes, names, spelled, strict=True)
    ]


def _record_names(node: Node) -> list[str]:
    if node.kind == "union":
        return list(dict.fromkeys(name for part in node.parts for name in _record_names(part)))
    return list(node.names)


def _check_names(names: Sequence[str], request: ReadRequest, *, sensitive: bool) -> None:
    seen: dict[str, str] = {}
    for name in names:
        other = seen.get(name if sensitive else name.lower())
        if other == name:
            raise FieldError(f"The field {name!r} is attached, but the records have one of that name.")
        if other is not None:
            raise FieldError(
                f"The fields {other!r} and {name!r} of {request.paths[0]!r} differ in nothing but case.",
                hint="set spark.sql.caseSensitive=true to keep both",
            )
        seen[name if sensitive else name.lower()] = name


def _tasks(files: Sequence[AvroFile], cores: int) -> list[list[FilePiece]]:
    """Share the files out; an archive cannot be cut, so that it goes to the task of its first byte as a whole."""
    by_uri = {file.uri: file for file in files}
    pieces = cut([LocalFile(file.uri, file.path, file.size) for file in files], cores)
    tasks = [
        [
            FilePiece(by_uri[piece.file.name], piece.start, piece.end)
            for piece in task
            if piece.start == 0 or not by_uri[piece.file.name].archive
        ]
        for task in pieces
    ]
    return [task for task in tasks if task]
