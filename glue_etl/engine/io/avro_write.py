"""Writing Avro: one file per task and folder, records encoded in the workers.

Of the compressions that AWS names, deflate, snappy, bzip2 and xz are codecs of Avro's blocks, which every reader of
Avro takes; gzip, which is none, is an archive of the whole file. Source: "Using the Avro format in AWS Glue"
(https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-format-avro-home.html).
"""

from __future__ import annotations

import gzip
import os
from dataclasses import dataclass
from io import BufferedWriter
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyspark.sql import Column
from pyspark.sql import functions as f

from glue_etl.engine.frame.conform import top
from glue_etl.engine.frame.core import Plan
from glue_etl.engine.io.avro_codecs import check_codec, compressor
from glue_etl.engine.io.avro_container import SYNC_BYTES, header_bytes, number_bytes
from glue_etl.engine.io.avro_encode import encode_records
from glue_etl.engine.io.avro_schema import knows_logical_types
from glue_etl.engine.io.avro_write_schema import write_schema
from glue_etl.engine.io.request import WriteRequest
from glue_etl.engine.io.task_files import write_task_files
from glue_etl.engine.types import tree as g

__all__ = ["AvroOpener", "write_avro"]

_BLOCK_BYTES = 64_000
_SLICE_BYTES = 16 << 20
_GZIP = "gzip"


def write_avro(plan: Plan, request: WriteRequest, folder: Path) -> None:
    """Write a frame's records to files in a folder; none for a frame without records.

    Args:
        plan: The frame.
        request: Its option `version` is `1.7` or `1.8`; its compression is a codec of `avro_codecs`, or `gzip`.
        folder: On this machine.

    Raises:
        OptionError: There is no such version.
        FieldError: A field that Avro cannot name, or a choice that it cannot hold.
        MissingExtraError: The codec's package is not installed.
    """
    logical = knows_logical_types(request.options["version"])
    archived = request.compression == _GZIP
    codec = "null" if archived else request.compression
    check_codec(codec, request.path)
    kind = g.StructType(tuple(member for member in plan.type if member.name not in request.partition_keys))
    opener = AvroOpener(kind, write_schema(kind, logical=logical), codec, archived, logical)
    columns = [top(member.name) if logical else _as_texts(top(member.name), member.type) for member in kind]
    write_task_files(plan.df, columns, request.partition_keys, folder, ".avro.gz" if archived else ".avro", opener)


def _as_texts(column: Column, kind: g.GlueType) -> Column:
    """The column with texts in the place of decimals, dates and instants."""
    if isinstance(kind, g.DecimalType) or kind in (g.DATE, g.TIMESTAMP, g.TIMESTAMP_NTZ):
        return column.cast("string")
    if not _has_texts(kind):
        return column
    if isinstance(kind, g.StructType):
        parts = [(member.name, member.type) for member in kind]
    elif isinstance(kind, g.ChoiceType):
        parts = [(choice.name, choice) for choice in kind.choices]
    elif isinstance(kind, (g.ArrayType, g.SetType)):
        element = kind.element
        return f.transform(column, lambda item: _as_texts(item, element))
    else:
        assert isinstance(kind, g.MapType)
        value_type = kind.value
        return f.transform_values(column, lambda _, value: _as_texts(value, value_type))
    members = [_as_texts(column.getField(name), part).alias(name) for name, part in parts]
    return f.when(column.isNotNull(), f.struct(*members))


def _has_texts(kind: g.GlueType) -> bool:
    if isinstance(kind, g.StructType):
        return any(_has_texts(member.type) for member in kind)
    if isinstance(kind, g.ChoiceType):
        return any(map(_has_texts, kind.choices))
    if isinstance(kind, (g.ArrayType, g.SetType)):
        return _has_texts(kind.element)
    if isinstance(kind, g.MapType):
        return _has_texts(kind.value)
    return isinstance(kind, g.DecimalType) or kind in (g.DATE, g.TIMESTAMP, g.TIMESTAMP_NTZ)


@dataclass(frozen=True)
class AvroOpener:
    """Opens Avro files for writing; goes to the workers."""

    kind: g.StructType
    schema: dict[str, Any]
    codec: str
    archived: bool
    logical: bool

    def __call__(self, path: Path) -> _AvroWriter:
        """Open a file and write its header."""
        # The writer closes it.
        file = gzip.open(path, "wb") if self.archived else open(path, "wb")  # noqa: SIM115
        return _AvroWriter(file, self)


class _AvroWriter:
    """One file; a block is written when it is full."""

    def __init__(self, file: gzip.GzipFile | BufferedWriter, opener: AvroOpener) -> None:
        self._file = file
        self._kind = opener.kind
        self._logical = opener.logical
        self._pack = compressor(opener.codec)
        self._sync = os.urandom(SYNC_BYTES)
        self._count = 0
        self._size = 0
        self._parts: list[memoryview] = []
        file.write(header_bytes(opener.schema, opener.codec, self._sync))

    def write(self, rows: pa.RecordBatch) -> None:
        """Add rows."""
        # What is joined must stay below Arrow's 2 GB, and the copies small.
        step = max(1, _SLICE_BYTES * rows.num_rows // max(1, rows.nbytes))
        for start in range(0, rows.num_rows, step):
            part = rows.slice(start, step)
            self._add(encode_records(part.columns, self._kind, logical=self._logical))

    def _add(self, records: pa.Array) -> None:
        _, offsets, data_buffer = records.buffers()
        ends = pa.Array.from_buffers(pa.int32(), len(records) + 1, [None, offsets], offset=records.offset).to_numpy()
        data = memoryview(data_buffer or b"")
        at = 0
        while at < len(records):
            room = _BLOCK_BYTES - self._size
            # As many as fit, but one at least.
            upto = max(at + 1, int(ends.searchsorted(ends[at] + room, side="right")) - 1)
            self._parts.append(data[ends[at] : ends[upto]])
            self._size += int(ends[upto] - ends[at])
            self._count += upto - at
            at = upto
            if self._size >= _BLOCK_BYTES or at < len(records):
                self._flush()
        # Else they would keep the whole batch alive.
        self._parts = [memoryview(b"".join(self._parts))] if self._parts else []

    def _flush(self) -> None:
        if self._count:
            data = self._pack(b"".join(self._parts))
            self._file.write(b"".join([number_bytes(self._count), number_bytes(len(data)), data, self._sync]))
        self._parts, self._size, self._count = [], 0, 0

    def close(self) -> None:
        """Finish the file."""
        try:
            self._flush()
        finally:
            self._file.close()
