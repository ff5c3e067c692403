"""Avro's object container files: the header, and the blocks that begin in a range of a file's bytes.

Each block is followed by the file's own sync marker, by which a reader finds the next block: so a large file is shared
out to several tasks, and what follows a damaged block is still read. Source: "Object Container Files" in the Avro
specification (https://avro.apache.org/docs/1.11.1/specification/).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Protocol

from glue_etl.engine.io.avro_codecs import decompressor

__all__ = [
    "MAGIC",
    "SYNC_BYTES",
    "Block",
    "Fault",
    "Header",
    "NotAvroError",
    "Readable",
    "blocks",
    "header_bytes",
    "number_bytes",
    "read_header",
]

MAGIC = b"Obj\x01"
SYNC_BYTES = 16
_LONGEST_HEADER = 64 << 20
_LONGEST_NUMBER = 10
_SEARCHED = 1 << 20


class Readable(Protocol):
    """What bytes can be read from, one after the other."""

    def read(self, size: int, /) -> bytes:
        """That many bytes, fewer at the end."""


class NotAvroError(Exception):
    """What does not begin as an Avro file; the message says why."""


@dataclass(frozen=True, slots=True)
class Header:
    """What the head of a file says.

    Attributes:
        schema: JSON text.
        codec: `null`, `deflate` ...
        sync: The marker after each block.
        size: Bytes of the header, so the position of the first block.
    """

    schema: str
    codec: str
    sync: bytes
    size: int


@dataclass(frozen=True, slots=True)
class Block:
    """A block as it should be.

    Attributes:
        position: Where it begins in the file.
        count: How many records it says it has.
        data: Their bytes, decompressed.
    """

    position: int
    count: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Fault:
    """What of a file cannot be read, and where that begins."""

    position: int
    message: str


def read_header(stream: Readable) -> Header:
    """The header at the beginning of a stream.

    Raises:
        NotAvroError: It is not the head of an Avro file, or cut short.
    """
    magic = stream.read(len(MAGIC))
    if magic != MAGIC:
        raise NotAvroError("it is empty" if not magic else f"it does not begin with {MAGIC!r}, but with {magic!r}")
    source = _Counted(stream, len(MAGIC))
    meta: dict[str, bytes] = {}
    while count := source.number():
        if count < 0:
            source.number()  # bytes of what follows, for those who skip it
        for _ in range(abs(count)):
            key = source.text().decode("utf-8", "replace")
            meta[key] = source.text()
    sync = source.take(SYNC_BYTES)
    if "avro.schema" not in meta:
        raise NotAvroError("its header has no schema")
    schema, codec = (meta.get(key, b"null").decode("utf-8", "replace") for key in ("avro.schema", "avro.codec"))
    return Header(schema, codec or "null", sync, source.position)


class _Counted:
    """Reads numbers and texts, and knows how far it is."""

    def __init__(self, stream: Readable, position: int) -> None:
        self._stream = stream
        self.position = position

    def take(self, count: int) -> bytes:
        if not 0 <= count <= _LONGEST_HEADER - self.position:
            raise NotAvroError(f"its header has a text of {count} bytes")
        data = self._stream.read(count)
        if len(data) < count:
            raise NotAvroError("it ends inside its header")
        self.position += count
        return data

    def text(self) -> bytes:
        return self.take(self.number())

    def number(self) -> int:
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return (value >> 1) ^ -(value & 1)
            if shift >= 7 * _LONGEST_NUMBER:
                raise NotAvroError("its header has a number of more than 64 bits")


def number_bytes(value: int) -> bytes:
    """A number as Avro writes it: zigzag, seven bits a byte, the lowest first."""
    value = (value << 1) ^ (value >> 63)
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def header_bytes(schema: object, codec: str, sync: bytes) -> bytes:
    """A file's header.

    Args:
        schema: The JSON form of the schema.
        codec: Its blocks' codec.
        sync: The marker, 16 random bytes.
    """
    meta = {b"avro.schema": json.dumps(schema).encode(), b"avro.codec": codec.encode()}
    parts = [MAGIC, number_bytes(len(meta))]
    for key, value in meta.items():
        parts += [number_bytes(len(key)), key, number_bytes(len(value)), value]
    return b"".join([*parts, b"\0", sync])


def blocks(file: IO[bytes], header: Header, size: int, start: int, end: int) -> Iterator[Block | Fault]:
    """The blocks that follow a marker in a range of a file.

    Ranges that touch give each block once.

    Args:
        file: The file, decompressed if it was an archive.
        header: What it begins with.
        size: Bytes of the file.
        start: Where the range begins.
        end: Where it ends.
    """
    unpack = decompressor(header.codec)
    first = header.size - SYNC_BYTES
    marker = first if start <= first else _find(file, header.sync, start)
    while marker is not None and marker < end and marker + SYNC_BYTES < size:
        at = marker + SYNC_BYTES
        file.seek(at)
        try:
            count, data = _stored(file, header.sync, size)
        except ValueError as error:
            marker = _find(file, header.sync, at)
            yield Fault(at, f"the block at byte {at} {error}")
            continue
        marker = file.tell() - SYNC_BYTES
        try:
            plain = unpack(data)
        except Exception as error:  # each library has its own
            reason = str(error).rstrip(".") or type(error).__name__
            yield Fault(at, f"the block at byte {at} ({count} records) is no {header.codec} data: {reason}")
            continue
        yield Block(at, count, plain)


def _stored(file: IO[bytes], sync: bytes, size: int) -> tuple[int, bytes]:
    """A block's count and bytes as stored; the file is then behind its marker."""
    count, length = _number(file), _number(file)
    if count < 0 or length < 0:
        raise ValueError(f"says it has {count} records in {length} bytes")
    if file.tell() + length + SYNC_BYTES > size:
        raise ValueError(f"({count} records in {length} bytes) goes beyond the end of the file, which is cut short")
    data = file.read(length)
    if file.read(SYNC_BYTES) != sync:
        raise ValueError(f"({count} records in {length} bytes) is not followed by the file's sync marker")
    return count, data


def _number(file: IO[bytes]) -> int:
    value = 0
    for place in range(_LONGEST_NUMBER):
        byte = file.read(1)
        if not byte:
            raise ValueError("ends with the file, which is cut short")
        value |= (byte[0] & 0x7F) << 7 * place
        if byte[0] < 0x80:
            return (value >> 1) ^ -(value & 1)
    raise ValueError("begins with a number of more than 64 bits")


def _find(file: IO[bytes], sync: bytes, start: int) -> int | None:
    """Where the first marker at or after a position begins."""
    file.seek(start)
    at, kept = start, b""
    while data := file.read(_SEARCHED):
        window = kept + data
        found = window.find(sync)
        if found >= 0:
            return at - len(kept) + found
        at += len(data)
        kept = window[1 - SYNC_BYTES :]
    return None
