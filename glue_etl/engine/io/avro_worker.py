"""What reads Avro files in Python workers, as a function for `DataFrame.mapInArrow`. Imports nothing of pyspark."""

from __future__ import annotations

import bz2
import gc
import gzip
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import IO, Any, cast

import pyarrow as pa

from glue_etl.engine.io.avro_container import SYNC_BYTES, Block, Fault, Header, blocks, header_bytes, number_bytes
from glue_etl.engine.io.avro_decode import UNFIT, arrow_column
from glue_etl.engine.io.avro_schema import Node, plain_schema, smallest
from glue_etl.engine.types import tree as g

__all__ = ["ARCHIVES", "AvroFile", "FilePiece", "ReadPieces", "archive_of"]

ARCHIVES: dict[str, bytes] = {"gzip": b"\x1f\x8b", "bzip2": b"BZh"}
"""Archives that a whole Avro file may lie in, and how they begin."""

_MOST_ROWS = 8192
_BATCH_BYTES = 4 << 20
_COPIED = 1 << 20
_FAULT = ("file", "error", "input", "position", "partial")


@dataclass(frozen=True, slots=True)
class AvroFile:
    """A file whose header was read.

    Attributes:
        uri: As the user would write it.
        path: On this machine.
        size: In bytes, as stored.
        modified: Seconds since 1970.
        header: Its header; the schema's text is left out.
        schema: Which of the schemas it has.
        archive: A key of `ARCHIVES`, empty if it is a plain Avro file.
    """

    uri: str
    path: str
    size: int
    modified: float
    header: Header
    schema: int
    archive: str = ""


@dataclass(frozen=True, slots=True)
class FilePiece:
    """The blocks of a file that begin in a range of bytes."""

    file: AvroFile
    start: int
    end: int


def archive_of(head: bytes) -> str:
    """The archive that a file's first bytes tell; empty if it is none."""
    return next((name for name, begin in ARCHIVES.items() if head.startswith(begin)), "")


@dataclass
class ReadPieces:
    """Numbers of tasks to the records of their pieces, or to what is wrong with them.

    Attributes:
        tasks: The pieces of each task.
        schemas: Of the files, as their `AvroFile.schema` counts them.
        type: Of a record in the frame, without what is attached.
        zone: The session's time zone.
        attach: Further columns: a name, and `file` or `modified`.
        errors: Whether the errors are wanted: rows of (file, error, input, position, partial).
    """

    tasks: Sequence[Sequence[FilePiece]]
    schemas: Sequence[Node]
    type: g.StructType
    zone: str
    attach: tuple[tuple[str, str], ...] = ()
    errors: bool = False

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Read the pieces."""
        # Millions of small dicts that hold no cycles: the collector only costs time here.
        gc.disable()
        try:
            for batch in batches:
                for number in batch.column(0).to_pylist():
                    for piece in self.tasks[number]:
                        yield from self._piece(piece)
        finally:
            gc.enable()

    def _piece(self, piece: FilePiece) -> Iterator[pa.RecordBatch]:
        file, faults = piece.file, list[Fault]()
        node = self.schemas[file.schema]
        with _opened(piece, faults) as (stream, size, end):
            feed = _Feed(blocks(stream, file.header, size, piece.start, end), node, faults)
            for rows in _records(feed):
                batch = self._batch(node, rows, feed)
                if not self.errors:
                    yield self._attached(batch, file)
        if self.errors and faults:
            columns: list[list[Any]] = [
                [file.uri] * len(faults),
                [fault.message for fault in faults],
                [None] * len(faults),
                [fault.position for fault in faults],
                [None] * len(faults),
            ]
            kinds = (pa.string(), pa.string(), pa.string(), pa.int64(), pa.string())
            arrays = [pa.array(column, kind) for column, kind in zip(columns, kinds, strict=True)]
            yield pa.RecordBatch.from_arrays(arrays, names=list(_FAULT))

    def _batch(self, node: Node, rows: list[Any], feed: _Feed) -> pa.Array:
        try:
            return arrow_column(node, rows, self.type, self.zone)
        except UNFIT:
            fit = []
            for row in rows:
                try:
                    arrow_column(node, [row], self.type, self.zone)
                    fit.append(row)
                except UNFIT as error:
                    feed.blame(f"has a record that cannot be held: {error}")
            return arrow_column(node, fit, self.type, self.zone)

    def _attached(self, records: pa.StructArray, file: AvroFile) -> pa.RecordBatch:
        names, columns = self.type.names, records.flatten()
        for name, what in self.attach:
            if what == "file":
                scalar = pa.scalar(file.uri, pa.string())
            else:
                scalar = pa.scalar(int(file.modified * 1e6), pa.timestamp("us", tz=self.zone))
            names, columns = [*names, name], [*columns, pa.repeat(scalar, len(records))]
        return pa.RecordBatch.from_arrays(columns, names=names)


@contextmanager
def _opened(piece: FilePiece, faults: list[Fault]) -> Iterator[tuple[IO[bytes], int, int]]:
    """The file, its size and where to stop; an archive is unpacked to a file of its own first."""
    file = piece.file
    if not file.archive:
        with open(file.path, "rb", buffering=_COPIED) as stream:
            yield stream, file.size, piece.end
        return
    packed: gzip.GzipFile | bz2.BZ2File
    with tempfile.TemporaryFile() as plain:
        with gzip.open(file.path, "rb") if file.archive == "gzip" else bz2.open(file.path, "rb") as packed:
            try:
                # What was unpacked before an error is there; `read` would lose it.
                while data := packed.read1(_COPIED):
                    plain.write(data)
            except (EOFError, OSError, zlib.error) as error:
                faults.append(Fault(plain.tell(), f"the {file.archive} archive is damaged or cut short: {error}"))
        size = plain.tell()
        yield plain, size, size


def _records(feed: _Feed) -> Iterator[list[Any]]:
    """The records of the blocks, some at a time."""
    import fastavro

    rows: list[Any] = []
    size = 0
    for found in fastavro.block_reader(cast("IO[bytes]", feed)):
        block = feed.block
        # So many records may be held at once, by what those of this block take.
        step = max(1, min(_MOST_ROWS, _BATCH_BYTES * max(1, block.count) // max(1, len(block.data))))
        records = iter(found)
        try:
            while True:
                start = len(rows)
                # What was decoded before an error stays in the list.
                rows.extend(islice(records, step))
                if len(rows) == start:
                    break
                size += (len(rows) - start) * len(block.data) // block.count
                if len(rows) >= _MOST_ROWS or size >= _BATCH_BYTES:
                    yield rows
                    rows, size = [], 0
            left = len(block.data) - cast(Any, found).bytes_.tell()
        except Exception as error:  # fastavro raises whatever the bytes lead to
            feed.blame(f"cannot be decoded from some record on: {str(error).rstrip('.') or type(error).__name__}")
        else:
            if left:
                feed.blame(f"has {left} more bytes after its last record")
    if rows:
        yield rows


class _Feed:
    """What fastavro takes for a file: a header of our own, then the decompressed blocks one after the other.

    Attributes:
        block: The one that is read now.
    """

    def __init__(self, found: Iterator[Block | Fault], node: Node, faults: list[Fault]) -> None:
        self.block = Block(0, 0, b"")
        self._found = found
        self._faults = faults
        self._smallest = smallest(node)
        self._sync = bytes(SYNC_BYTES)
        self._parts = [header_bytes(plain_schema(node), "null", self._sync)]

    def blame(self, what: str) -> None:
        """Enter a fault of the block that is read now."""
        block = self.block
        message = f"the block at byte {block.position} ({block.count} records) {what}"
        self._faults.append(Fault(block.position, message))

    def tell(self) -> int:
        """Where the block begins in the file; fastavro asks, but goes nowhere by it."""
        return self.block.position

    def read(self, count: int = -1) -> bytes:
        """The next bytes, fewer at the end."""
        if not self._parts and not self._next():
            return b""
        part = self._parts[0]
        if len(part) <= count:
            del self._parts[0]
            return part if len(part) == count or not self._parts else part + self.read(count - len(part))
        self._parts[0] = part[count:]
        return part[:count]

    def _next(self) -> bool:
        for block in self._found:
            if isinstance(block, Fault):
                self._faults.append(block)
                continue
            self.block = block
            if self._smallest and block.count > len(block.data):
                self.blame(f"has no more than {len(block.data)} bytes for them")
                continue
            self._parts = [number_bytes(block.count), number_bytes(len(block.data)), block.data, self._sync]
            return True
        return False
