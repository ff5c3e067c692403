"""Byte streams of files that Python libraries decode, opened in the workers and decompressed block by block.

Source: `compressionType` in "Amazon S3 connections" of the AWS Glue guide; where that is not given a file's name
counts, as it does for Hadoop.
"""

from __future__ import annotations

import bz2
import gzip
import io
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, cast

from glue_etl.errors import SourceError, UnsupportedError

__all__ = ["CountedStream", "codec_of", "open_stream"]

_BLOCK = 1 << 18
_FRAMED_SNAPPY = b"\xff\x06\x00\x00sNaPpY"
_JAVA_SNAPPY = b"\x82SNAPPY\x00"
_LONGEST_SNAPPY = 1 << 27
"""No writer makes a block of Hadoop's format larger than this; other bytes taken for one mostly say more."""

_BY_NAME = {
    ".gz": "gzip",
    ".gzip": "gzip",
    ".bz2": "bzip2",
    ".bzip2": "bzip2",
    ".zst": "zstd",
    ".zstd": "zstd",
    ".snappy": "snappy",
    ".sz": "snappy",
    ".deflate": "deflate",
    ".lz4": "lz4",
    ".lzo": "lzo",
}


def codec_of(uri: str, compression: str) -> str:
    """How a file is compressed: by the script's word if it has one, else by the file's name.

    Args:
        uri: The file's name.
        compression: The canonical name of the script's `compressionType`; empty if it gave none.

    Returns:
        A codec's name, empty for none.

    Raises:
        UnsupportedError: It is compressed with lz4 or lzo.
    """
    codec = compression or next((codec for end, codec in _BY_NAME.items() if uri.lower().endswith(end)), "")
    if codec and codec not in _OPENERS:
        raise UnsupportedError.of(
            f"Decompressing {uri!r} ({codec})", f"compress it with one of {', '.join(sorted(_OPENERS))}"
        )
    return codec


class CountedStream(io.RawIOBase):
    """A file's decompressed bytes.

    Attributes:
        taken: Bytes read so far, a block or so ahead of what the reader above has handed out.
        on_block: Called before each block is read.
        failure: What went wrong; a library in C may lose an exception that is raised below it.
    """

    def __init__(self, blocks: Iterator[bytes], uri: str, codec: str) -> None:
        super().__init__()
        self.taken = 0
        self.failure: SourceError | None = None
        self.on_block: Callable[[], object] | None = None
        self._blocks = blocks
        self._rest = memoryview(b"")
        self._uri = uri
        self._codec = codec

    def readable(self) -> bool:
        """True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill what of the buffer can be filled.

        Raises:
            SourceError: The file is cut short or damaged.
        """
        if self.failure is not None:
            raise self.failure
        while not self._rest:
            block = self._next()
            if block is None:
                return 0
            self._rest = memoryview(block)
        with memoryview(buffer).cast("B") as view:
            count = min(len(view), len(self._rest))
            view[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        self.taken += count
        return count

    def _next(self) -> bytes | None:
        if self.on_block is not None:
            self.on_block()
        try:
            return next(self._blocks, None)
        except Exception as error:
            # Every codec has errors of its own.
            what = f"decompressed ({self._codec})" if self._codec else "read"
            self.failure = SourceError(
                f"The file {self._uri!r} cannot be {what}: it is cut short or damaged, {_reason(error)}.",
                hint="write or download it again, or leave it out with 'exclusions'",
            )
            raise self.failure from error


def _reason(error: Exception) -> str:
    lines = str(error).splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__


def open_stream(source: str | bytes, uri: str, codec: str) -> tuple[BinaryIO, CountedStream]:
    """Open a file.

    Args:
        source: Its path on this machine, or its content.
        uri: What to call it in errors.
        codec: What `codec_of` said.

    Returns:
        A buffered reader, and the counted stream below it.
    """
    stream = CountedStream(_file_blocks(source, _OPENERS[codec] if codec else _plain), uri, codec)
    return cast("BinaryIO", io.BufferedReader(stream, _BLOCK)), stream


def _file_blocks(source: str | bytes, opener: Callable[[BinaryIO], Iterator[bytes]]) -> Iterator[bytes]:
    # Opened when the first byte is asked for, so that a file that is gone is an error of its stream.
    with io.BytesIO(source) if isinstance(source, bytes) else open(source, "rb") as file:
        yield from opener(cast("BinaryIO", file))


def _plain(file: BinaryIO) -> Iterator[bytes]:
    while block := file.read(_BLOCK):
        yield block


def _gzip(file: BinaryIO) -> Iterator[bytes]:
    with gzip.GzipFile(fileobj=file) as unpacked:
        while block := unpacked.read(_BLOCK):
            yield block


def _bzip2(file: BinaryIO) -> Iterator[bytes]:
    if not file.read(1):
        return
    file.seek(0)
    with bz2.BZ2File(file) as unpacked:
        while block := unpacked.read(_BLOCK):
            yield block


def _zstd(file: BinaryIO) -> Iterator[bytes]:
    import pyarrow as pa

    with pa.CompressedInputStream(pa.PythonFile(file, mode="r"), "zstd") as unpacked:
        while block := unpacked.read(_BLOCK):
            yield block


def _deflate(file: BinaryIO) -> Iterator[bytes]:
    packed = file.read(_BLOCK)
    if not packed:
        return
    # Hadoop writes the two bytes of zlib's head, others leave them out.
    headed = len(packed) > 1 and packed[0] & 15 == 8 and (packed[0] << 8 | packed[1]) % 31 == 0
    unpacked = zlib.decompressobj() if headed else zlib.decompressobj(-zlib.MAX_WBITS)
    while packed and not unpacked.eof:
        block = unpacked.decompress(packed, _BLOCK)
        if block:
            yield block
        packed = unpacked.unconsumed_tail or file.read(_BLOCK)
    if not unpacked.eof:
        raise EOFError("the end is missing")


def _snappy(file: BinaryIO) -> Iterator[bytes]:
    """The four formats that go by this name, told apart by their first bytes."""
    import cramjam

    head = file.read(16)
    if head.startswith(_FRAMED_SNAPPY):
        file.seek(0)
        yield from _framed_snappy(file)
    elif head.startswith(_JAVA_SNAPPY):
        while size := file.read(4):
            yield bytes(cramjam.snappy.decompress_raw(_exactly(file, _length(size))))
    elif _is_hadoop_snappy(head):
        file.seek(0)
        yield from _hadoop_snappy(file)
    elif head:
        # One block without any frame: it can only be unpacked as a whole.
        yield bytes(cramjam.snappy.decompress_raw(head + file.read()))


def _framed_snappy(file: BinaryIO) -> Iterator[bytes]:
    import cramjam

    while head := file.read(4):
        if len(head) < 4:
            raise EOFError("the end is missing")
        chunk = head + _exactly(file, int.from_bytes(head[1:], "little"))
        if head[0] in (0, 1):
            yield bytes(cramjam.snappy.decompress(_FRAMED_SNAPPY + chunk))
        elif 2 <= head[0] <= 0x7F:
            raise ValueError(f"a chunk of the unknown kind {head[0]}")


def _is_hadoop_snappy(head: bytes) -> bool:
    if len(head) < 9:
        return head[:4] == b"\0\0\0\0"
    whole, packed = struct.unpack(">II", head[:8])
    return 0 < packed <= whole + whole // 6 + 32 and whole < _LONGEST_SNAPPY and head[8] > 0


def _hadoop_snappy(file: BinaryIO) -> Iterator[bytes]:
    import cramjam

    while size := file.read(4):
        missing = _length(size)
        while missing > 0:
            block = bytes(cramjam.snappy.decompress_raw(_exactly(file, _length(file.read(4)))))
            missing -= len(block)
            yield block
        if missing < 0:
            raise ValueError("a block is longer than it says")


def _length(size: bytes) -> int:
    if len(size) < 4:
        raise EOFError("the end is missing")
    return int.from_bytes(size, "big")


def _exactly(file: BinaryIO, count: int) -> bytes:
    data = file.read(count)
    if len(data) < count:
        raise EOFError("the end is missing")
    return data


_OPENERS: dict[str, Callable[[BinaryIO], Iterator[bytes]]] = {
    "bzip2": _bzip2,
    "deflate": _deflate,
    "gzip": _gzip,
    "snappy": _snappy,
    "zstd": _zstd,
}
