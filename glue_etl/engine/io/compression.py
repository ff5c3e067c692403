"""Compressed text files: what Spark reads and writes them with, and how Python opens the same bytes.

Spark finds the codec of a file by its name. Hadoop's own zstd codec needs a native library that no wheel carries; the
aircompressor library, which Spark brings for ORC, has one in plain Java that reads and writes the same files. Source:
"Amazon S3 connections" (`compressionType`, `compression`) in the AWS Glue guide; it names gzip and bzip2.
"""

from __future__ import annotations

import bz2
import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

__all__ = [
    "CODECS",
    "HADOOP_CODECS",
    "SUFFIXES",
    "Codec",
    "codec_of",
    "decompressed",
    "named_codec",
    "open_bytes",
]

_CHUNK = 1 << 18
_ZSTD = "io.airlift.compress.zstd.ZstdCodec"

HADOOP_CODECS = _ZSTD
"""The Hadoop setting `io.compression.codecs`: added to those that Hadoop finds by itself, and wins over them."""


@dataclass(frozen=True)
class Codec:
    """One compression of whole files.

    Attributes:
        name: Glue's name of it.
        suffix: What Spark knows it by at the end of a file's name.
        writer: What Spark's option `compression` calls it.
        aliases: Other names that scripts use.
    """

    name: str
    suffix: str
    writer: str
    aliases: tuple[str, ...] = ()


CODECS: dict[str, Codec] = {
    codec.name: codec
    for codec in (
        Codec("gzip", ".gz", "gzip", ("gz",)),
        Codec("bzip2", ".bz2", "bzip2", ("bzip", "bz2")),
        Codec("snappy", ".snappy", "snappy"),
        Codec("zstd", ".zst", _ZSTD, ("zstandard",)),
        Codec("deflate", ".deflate", "deflate", ("zlib",)),
    )
}
"""Every compression that text is read and written with."""

SUFFIXES = (*(codec.suffix for codec in CODECS.values()), ".lz4")
"""Names by which Spark takes a file for compressed."""


def named_codec(word: str) -> Codec | None:
    """The codec of a name in lower case, as scripts write it; None if there is none."""
    return next((codec for codec in CODECS.values() if word in (codec.name, *codec.aliases)), None)


def codec_of(name: str) -> Codec | None:
    """The codec of a file by the end of its name."""
    return next((codec for codec in CODECS.values() if name.endswith(codec.suffix)), None)


def open_bytes(path: Path) -> IO[bytes]:
    """A file's content, decompressed as its name says.

    Raises:
        OSError: It cannot be opened. Reading raises OSError (EOFError where it is cut short) if it is damaged.
    """
    return decompressed(open(path, "rb"), path.name)


def decompressed(stream: IO[bytes], name: str) -> IO[bytes]:
    """The content of a stream, decompressed as a file's name says; closing it closes the stream."""
    codec = codec_of(name)
    return stream if codec is None else io.BufferedReader(_Blocks(stream, _READERS[codec.name](stream)), _CHUNK)


class _Blocks(io.RawIOBase):
    """Pieces of bytes as a stream."""

    def __init__(self, stream: IO[bytes], blocks: Iterator[bytes]) -> None:
        self._stream = stream
        self._blocks = blocks
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any) -> int:
        while not self._rest:
            block = next(self._blocks, None)
            if block is None:
                return 0
            self._rest = memoryview(block)
        count = min(len(target), len(self._rest))
        target[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def close(self) -> None:
        self._stream.close()
        super().close()


def _gzip(stream: IO[bytes]) -> Iterator[bytes]:
    try:
        with gzip.GzipFile(fileobj=cast("Any", stream), mode="rb") as reader:
            while block := reader.read(_CHUNK):
                yield block
    except zlib.error as error:
        raise OSError(f"not gzip: {error}") from error


def _bzip2(stream: IO[bytes]) -> Iterator[bytes]:
    with bz2.BZ2File(stream, "rb") as reader:
        while block := reader.read(_CHUNK):
            yield block


def _zstd(stream: IO[bytes]) -> Iterator[bytes]:
    import pyarrow as pa

    with pa.CompressedInputStream(pa.PythonFile(stream, mode="r"), "zstd") as reader:
        while block := reader.read(_CHUNK):
            yield block


def _deflate(stream: IO[bytes]) -> Iterator[bytes]:
    """The zlib form (RFC 1950), which Hadoop calls deflate."""
    reader = zlib.decompressobj()
    try:
        while not reader.eof and (block := stream.read(_CHUNK)):
            yield reader.decompress(block)
        yield reader.flush()
    except zlib.error as error:
        raise OSError(f"not deflate: {error}") from error
    if not reader.eof:
        raise EOFError("the file is cut short")


def _snappy(stream: IO[bytes]) -> Iterator[bytes]:
    """Hadoop's form: blocks of a length, then chunks of a length and raw Snappy until the block is full."""
    import cramjam

    while head := stream.read(4):
        missing = int.from_bytes(_whole(head, 4), "big")
        while missing > 0:
            size = int.from_bytes(_whole(stream.read(4), 4), "big")
            try:
                block = bytes(cramjam.snappy.decompress_raw(_whole(stream.read(size), size)))
            except cramjam.DecompressionError as error:
                raise OSError(f"not Hadoop's snappy: {error}") from error
            missing -= len(block)
            yield block


def _whole(data: bytes, size: int) -> bytes:
    if len(data) < size:
        raise EOFError("the file is cut short")
    return data


_READERS: dict[str, Callable[[IO[bytes]], Iterator[bytes]]] = {
    "gzip": _gzip,
    "bzip2": _bzip2,
    "zstd": _zstd,
    "snappy": _snappy,
    "deflate": _deflate,
}
