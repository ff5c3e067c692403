"""Opening compressed files in Python."""

from __future__ import annotations

import bz2
import gzip
import zlib
from collections.abc import Callable
from pathlib import Path

import cramjam
import pytest

from glue_etl.engine.io.compression import CODECS, codec_of, named_codec, open_bytes


def hadoop_snappy(content: bytes) -> bytes:
    """Blocks of two chunks, as Hadoop's codec may write them."""
    found = b""
    for start in range(0, len(content), 1000):
        block = content[start : start + 1000]
        found += len(block).to_bytes(4, "big")
        for part in (block[:600], block[600:]):
            if part:
                raw = bytes(cramjam.snappy.compress_raw(part))
                found += len(raw).to_bytes(4, "big") + raw
    return found


COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "snappy": hadoop_snappy,
    "zstd": lambda content: bytes(cramjam.zstd.compress(content)),
    "deflate": zlib.compress,
}
CONTENT = b"".join(b"line %d\n" % i for i in range(100_000))
# Several streams one behind another are one file to gzip, bzip2 and zstd.
JOINED = ["gzip", "bzip2", "zstd"]


@pytest.mark.parametrize("name", CODECS)
def test_open(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{CODECS[name].suffix}"
    path.write_bytes(COMPRESS[name](CONTENT))
    with open_bytes(path) as stream:
        assert stream.readline() == b"line 0\n"
        assert stream.read(7) == b"line 1\n"
        assert stream.read() == CONTENT[14:]


@pytest.mark.parametrize("name", JOINED)
def test_streams_one_behind_another(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{CODECS[name].suffix}"
    path.write_bytes(COMPRESS[name](CONTENT) + COMPRESS[name](b"more\n"))
    with open_bytes(path) as stream:
        assert stream.read() == CONTENT + b"more\n"


@pytest.mark.parametrize("name", CODECS)
@pytest.mark.parametrize("damage", ["cut short", "not compressed"])
def test_damage(damage: str, name: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{CODECS[name].suffix}"
    path.write_bytes(COMPRESS[name](CONTENT)[:-20] if damage == "cut short" else CONTENT)
    with pytest.raises((OSError, EOFError)), open_bytes(path) as stream:
        stream.read()


@pytest.mark.parametrize("name", CODECS)
def test_an_empty_file_holds_nothing(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{CODECS[name].suffix}"
    path.write_bytes(COMPRESS[name](b""))
    with open_bytes(path) as stream:
        assert stream.read() == b""


def test_a_plain_file(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"a\n")
    with open_bytes(tmp_path / "a.csv") as stream:
        assert stream.read() == b"a\n"


def test_names() -> None:
    assert {word: named_codec(word) for word in ("gz", "bzip", "zstandard")} == {
        "gz": CODECS["gzip"],
        "bzip": CODECS["bzip2"],
        "zstandard": CODECS["zstd"],
    }
    assert named_codec("lzo") is None
    assert codec_of("a.csv") is None
