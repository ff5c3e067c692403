"""Decompressed streams: every codec by name and by option, cut short and damaged."""

from __future__ import annotations

import bz2
import gzip
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import cramjam
import pyarrow as pa
import pytest

from glue_etl.engine.io.decoded_stream import codec_of, open_stream
from glue_etl.errors import SourceError, UnsupportedError

TEXT = b"".join(b"line %d of a file that is longer than one block\n" % n for n in range(12_000))


def deflate(data: bytes, *, head: bool = True) -> bytes:
    packer = zlib.compressobj(wbits=zlib.MAX_WBITS if head else -zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


def hadoop_snappy(data: bytes) -> bytes:
    out = b""
    for at in range(0, len(data), 100_000):
        block = data[at : at + 100_000]
        pieces = [bytes(cramjam.snappy.compress_raw(block[i : i + 60_000])) for i in range(0, len(block), 60_000)]
        out += struct.pack(">I", len(block)) + b"".join(struct.pack(">I", len(piece)) + piece for piece in pieces)
    return out


def java_snappy(data: bytes) -> bytes:
    packed = bytes(cramjam.snappy.compress_raw(data))
    return b"\x82SNAPPY\x00" + struct.pack(">III", 1, 1, len(packed)) + packed


def zstd(data: bytes) -> bytes:
    return pa.Codec("zstd").compress(data, asbytes=True)


# name: (end of the file's name, what packs it)
PACKED: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "none": (".txt", bytes),
    "gzip": (".gz", gzip.compress),
    "two gzip members": (".GZ", lambda data: gzip.compress(data[:1000]) + gzip.compress(data[1000:])),
    "bzip2": (".bz2", bz2.compress),
    "two bzip2 streams": (".bz2", lambda data: bz2.compress(data[:1000]) + bz2.compress(data[1000:])),
    "zstd": (".zst", zstd),
    "two zstd frames": (".zstd", lambda data: zstd(data[:1000]) + zstd(data[1000:])),
    "deflate": (".deflate", deflate),
    "deflate without a head": (".deflate", lambda data: deflate(data, head=False)),
    "snappy as Hadoop writes it": (".snappy", hadoop_snappy),
    "snappy frames": (".sz", lambda data: bytes(cramjam.snappy.compress(data))),
    "snappy as Java writes it": (".snappy", java_snappy),
    "one raw block of snappy": (".snappy", lambda data: bytes(cramjam.snappy.compress_raw(data))),
}
CUT = [name for name in PACKED if name != "none"]


def unpacked(source: str | bytes, uri: str, compression: str = "") -> bytes:
    with open_stream(source, uri, codec_of(uri, compression))[0] as stream:
        return stream.read()


@pytest.mark.parametrize("name", PACKED)
@pytest.mark.parametrize("text", [TEXT, b"x", b""], ids=["blocks", "one byte", "empty"])
def test_the_name_says_how_a_file_is_compressed(name: str, text: bytes, tmp_path: Path) -> None:
    end, pack = PACKED[name]
    file = tmp_path / ("a" + end)
    file.write_bytes(pack(text))
    assert unpacked(str(file), file.name) == text
    assert unpacked(file.read_bytes(), file.name) == text


@pytest.mark.parametrize("name", CUT)
def test_a_file_of_no_bytes_holds_nothing(name: str) -> None:
    assert unpacked(b"", "a" + PACKED[name][0]) == b""


@pytest.mark.parametrize(
    ("codec", "pack"),
    [("gzip", gzip.compress), ("bzip2", bz2.compress), ("zstd", zstd), ("deflate", deflate), ("snappy", hadoop_snappy)],
)
def test_the_option_counts_before_the_name(codec: str, pack: Callable[[bytes], bytes]) -> None:
    assert unpacked(pack(TEXT), "a.log", codec) == TEXT


@pytest.mark.parametrize("name", CUT)
def test_a_file_that_was_cut_short_is_named(name: str) -> None:
    end, pack = PACKED[name]
    packed = pack(TEXT)
    with pytest.raises(SourceError, match=rf"'a{end}' cannot be decompressed .*cut short or damaged"):
        unpacked(packed[: len(packed) * 2 // 3], "a" + end)


@pytest.mark.parametrize("name", CUT)
def test_bytes_that_are_something_else_are_named(name: str) -> None:
    end, _ = PACKED[name]
    with pytest.raises(SourceError, match="cannot be decompressed"):
        unpacked(b"\xfe plain text, and no archive of any kind; it goes on and on" * 3, "a" + end)


def test_what_was_read_before_the_damage_is_there() -> None:
    opened, counted = open_stream(gzip.compress(TEXT)[:-20], "a.gz", "gzip")
    with opened as stream:
        assert stream.read(100) == TEXT[:100]
        with pytest.raises(SourceError):
            stream.read()
    assert counted.failure is not None
    assert counted.taken > 0


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"'a\.txt' cannot be read"):
        unpacked(str(tmp_path / "a.txt"), "a.txt")


@pytest.mark.parametrize("uri", ["a.lzo", "b.LZ4"])
def test_what_cannot_be_decompressed_says_so(uri: str) -> None:
    with pytest.raises(UnsupportedError, match=f"Decompressing '{uri}'"):
        codec_of(uri, "")
