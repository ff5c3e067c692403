"""How blocks of an Avro file are compressed.

Source: "Object Container Files" in the Avro specification (https://avro.apache.org/docs/1.11.1/specification/).
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable

from glue_etl.errors import MissingExtraError, UnsupportedError

__all__ = ["check_codec", "compressor", "decompressor"]

_Bytes = Callable[[bytes], bytes]


def check_codec(codec: str, where: str) -> None:
    """See to it that a codec can be used.

    Args:
        codec: Its name in a file's header.
        where: The file, for messages.

    Raises:
        UnsupportedError: It is none of the specification.
        MissingExtraError: The package it needs is not installed.
    """
    if codec not in _CODECS:
        raise UnsupportedError.of(
            f"The codec {codec!r} of {where!r}", f"write it with one of {', '.join(sorted(_CODECS))}"
        )
    if codec in ("snappy", "zstandard"):
        try:
            import cramjam  # noqa: F401
        except ImportError:
            raise MissingExtraError.of(f"Avro's codec {codec!r}", "cramjam", "local") from None


def compressor(codec: str) -> _Bytes:
    """From a block's bytes to what is stored."""
    return _CODECS[codec][0]


def decompressor(codec: str) -> _Bytes:
    """From what is stored to a block's bytes; the function raises whatever its library does for what it cannot read."""
    return _CODECS[codec][1]


def _deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


def _inflate(data: bytes) -> bytes:
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    plain = unpacker.decompress(data)
    if not unpacker.eof:
        raise ValueError("the compressed data is cut short")
    return plain


def _snappy(data: bytes) -> bytes:
    import cramjam

    return bytes(cramjam.snappy.compress_raw(data)) + zlib.crc32(data).to_bytes(4, "big")


def _unsnappy(data: bytes) -> bytes:
    import cramjam

    plain = bytes(cramjam.snappy.decompress_raw(data[:-4]))
    if zlib.crc32(plain) != int.from_bytes(data[-4:], "big"):
        raise ValueError("the checksum is another one")
    return plain


def _zstandard(data: bytes) -> bytes:
    import cramjam

    return bytes(cramjam.zstd.compress(data))


def _unzstandard(data: bytes) -> bytes:
    import cramjam

    return bytes(cramjam.zstd.decompress(data))


def _as_is(data: bytes) -> bytes:
    return data


_CODECS: dict[str, tuple[_Bytes, _Bytes]] = {
    "null": (_as_is, _as_is),
    "deflate": (_deflate, _inflate),
    "bzip2": (bz2.compress, bz2.decompress),
    "snappy": (_snappy, _unsnappy),
    "xz": (lzma.compress, lzma.decompress),
    "zstandard": (_zstandard, _unzstandard),
}
