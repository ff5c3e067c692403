"""Avro's container files as the workers read them, without Spark: pieces, damage, archives, values."""

from __future__ import annotations

import bz2
import gzip
import io
import os
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import fastavro
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from glue_etl.engine.io.avro import facts_of
from glue_etl.engine.io.avro_codecs import compressor, decompressor
from glue_etl.engine.io.avro_container import MAGIC, NotAvroError, header_bytes, number_bytes, read_header
from glue_etl.engine.io.avro_schema import glue_type, parse_schema
from glue_etl.engine.io.avro_worker import FilePiece, ReadPieces
from glue_etl.engine.io.listing import SourceFile
from glue_etl.engine.types import tree as g
from glue_etl.errors import SourceError, UnsupportedError

SYNC = bytes(range(100, 116))
FIELDS = [{"name": "id", "type": "long"}, {"name": "text", "type": ["null", "string"]}]
RECORDS = [{"id": number, "text": f"text {number}" * 3 if number % 7 else None} for number in range(300)]

Read = tuple[list[dict[str, Any]], list[tuple[int, str]]]


def avro_bytes(fields: Any, records: list[Any], codec: str = "null", block: int = 500) -> bytes:
    """A file that fastavro writes; `fields` are a record's, or a whole schema."""
    schema = {"type": "record", "name": "R", "fields": fields} if isinstance(fields, list) else fields
    stream = io.BytesIO()
    fastavro.writer(stream, schema, records, codec=codec, sync_interval=block, sync_marker=SYNC)
    return stream.getvalue()


def read_file(path: Path, step: int | None = None, *, logical: bool = False, want: g.StructType | None = None) -> Read:
    """The records as Arrow has them, and the faults; read in pieces of `step` bytes."""
    facts, text = facts_of(SourceFile("s3://b/f.avro", os.path.getsize(path), "s3://b/", path))
    node = parse_schema(text, "f.avro", logical=logical)
    kind = want or glue_type(node)
    assert isinstance(kind, g.StructType)
    step = step or facts.size
    pieces = [FilePiece(facts, at, at + step) for at in range(0, facts.size, step)]
    task = [pa.record_batch([pa.array([0])], ["id"])]
    rows = [row for batch in ReadPieces([pieces], [node], kind, "UTC")(task) for row in batch.to_pylist()]
    errors = ReadPieces([pieces], [node], kind, "UTC", errors=True)(task)
    return rows, [(row["position"], row["error"]) for batch in errors for row in batch.to_pylist()]


@pytest.fixture
def put(tmp_path: Path) -> Callable[[bytes], Path]:
    def put(content: bytes) -> Path:
        path = tmp_path / "f.avro"
        path.write_bytes(content)
        return path

    return put


@pytest.mark.parametrize("codec", ["null", "deflate", "bzip2", "xz"])
@pytest.mark.parametrize("step", [None, 1000, 37])
def test_pieces_give_each_record_once(codec: str, step: int | None, put: Callable[[bytes], Path]) -> None:
    assert read_file(put(avro_bytes(FIELDS, RECORDS, codec)), step) == (RECORDS, [])


@pytest.mark.parametrize("codec", ["null", "deflate", "snappy", "bzip2", "xz", "zstandard"])
def test_codecs_are_undone(codec: str) -> None:
    data = b"ab" * 5000 + os.urandom(100)
    packed = compressor(codec)(data)
    assert decompressor(codec)(packed) == data
    assert decompressor(codec)(compressor(codec)(b"")) == b""
    if codec not in ("null", "bzip2"):
        with pytest.raises(Exception):  # noqa: B017 each library has its own
            decompressor(codec)(packed[:-5])


def test_a_snappy_block_with_another_checksum() -> None:
    packed = compressor("snappy")(b"abc" * 100)
    with pytest.raises(ValueError, match="checksum"):
        decompressor("snappy")(packed[:-1] + bytes([packed[-1] ^ 1]))


def block_starts(content: bytes) -> list[int]:
    starts, at = [], content.find(SYNC)
    while at >= 0:
        starts.append(at + len(SYNC))
        at = content.find(SYNC, at + 1)
    return starts[:-1]


WHOLE = avro_bytes(FIELDS, RECORDS, "deflate")
STARTS = block_starts(WHOLE)
_, FIRST, *_, LAST = STARTS

# name: (the file, how many blocks are lost, where the first fault is, what it says)
DAMAGE: dict[str, tuple[bytes, int, int, str]] = {
    "cut in the last block": (WHOLE[:-30], 1, LAST, "cut short"),
    "cut in the last marker": (WHOLE[:-1], 1, LAST, "cut short"),
    "cut right after a block's count": (WHOLE[: LAST + 1], 1, LAST, "cut short"),
    "compressed data damaged": (WHOLE[: FIRST + 4] + b"\xff" * 9 + WHOLE[FIRST + 13 :], 1, FIRST, "no deflate data"),
    "length too large": (WHOLE[: FIRST + 1] + b"\xfe\xff\x7f" + WHOLE[FIRST + 4 :], 1, FIRST, "beyond the end"),
    "negative count": (WHOLE[:FIRST] + b"\x01" + WHOLE[FIRST + 1 :], 1, FIRST, "-1 records"),
    "number without an end": (WHOLE[:FIRST] + b"\xff" * 12 + WHOLE[FIRST + 12 :], 1, FIRST, "more than 64 bits"),
    "bytes lost in a block": (WHOLE[: FIRST + 5] + WHOLE[FIRST + 9 :], 1, FIRST, "sync marker"),
    "more records than bytes": (
        WHOLE[:FIRST] + number_bytes(1 << 40) + WHOLE[FIRST + 1 :],
        1,
        FIRST,
        "no more than",
    ),
    "something after the end": (WHOLE + b"xyz", 0, len(WHOLE), "block at byte"),
}


@pytest.mark.parametrize("name", DAMAGE)
@pytest.mark.parametrize("step", [None, 400])
def test_damage_is_told_and_the_other_blocks_are_read(
    name: str, step: int | None, put: Callable[[bytes], Path]
) -> None:
    content, lost, position, message = DAMAGE[name]
    rows, faults = read_file(put(content), step)
    assert len(faults) == 1
    assert faults[0][0] == position
    assert message in faults[0][1]
    per_block = [record for record in RECORDS if record not in rows]
    assert all(row in RECORDS for row in rows)
    assert (len(per_block) > 0) == (lost > 0)
    assert len(per_block) < 60
    if message != "no more than":
        assert f"byte {position}" in faults[0][1]


def test_records_before_one_that_cannot_be_decoded_stay(put: Callable[[bytes], Path]) -> None:
    content = bytearray(avro_bytes(FIELDS, RECORDS))
    at = content.find(b"text 10text 10")
    # A length of -1.
    content[at - 1] = 0x01
    rows, faults = read_file(put(bytes(content)))
    ids = [row["id"] for row in rows]
    assert ids[:10] == list(range(10))
    assert 10 not in ids
    assert ids[-1] == 299
    assert len(faults) == 1
    assert "cannot be decoded from some record on" in faults[0][1]


def test_records_that_a_wrong_count_hides_are_told(put: Callable[[bytes], Path]) -> None:
    content = avro_bytes(FIELDS, RECORDS, block=1 << 20)
    (start,) = block_starts(content)
    count = number_bytes(len(RECORDS))
    assert content[start:].startswith(count)
    short = content[:start] + number_bytes(len(RECORDS) - 2) + content[start + len(count) :]
    rows, faults = read_file(put(short))
    assert rows == RECORDS[:-2]
    assert [position for position, _ in faults] == [start]
    assert "more bytes after its last record" in faults[0][1]


def test_records_without_fields_take_no_bytes(put: Callable[[bytes], Path]) -> None:
    fields = [{"name": "n", "type": "null"}]
    assert read_file(put(avro_bytes(fields, [{"n": None}] * 20_000))) == ([{"n": None}] * 20_000, [])


HEADS = {
    "empty": (b"", "it is empty"),
    "another format": (b'{"a": 1}\n', "does not begin with"),
    "cut in the header": (WHOLE[:60], "ends inside its header"),
    "text of more than the file": (MAGIC + b"\x02" + number_bytes(1 << 60), "a text of"),
    "negative length": (MAGIC + b"\x02\x01", "a text of -1 bytes"),
    "no schema": (MAGIC + b"\x00" + SYNC, "has no schema"),
    "number without an end": (MAGIC + b"\xff" * 30, "more than 64 bits"),
}


@pytest.mark.parametrize("name", HEADS)
def test_what_is_no_avro_file_is_named(name: str, put: Callable[[bytes], Path]) -> None:
    content, message = HEADS[name]
    with pytest.raises(SourceError, match=rf"'s3://b/f\.avro' cannot be read as avro: .*{message}"):
        read_file(put(content))


def test_a_file_elsewhere_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="hdfs://h/f"):
        facts_of(SourceFile("hdfs://h/f", 5, "hdfs://h/"))


@given(st.binary(max_size=60))
@example(WHOLE[len(MAGIC) : 100])
def test_any_head_is_read_or_refused(tail: bytes) -> None:
    try:
        header = read_header(io.BytesIO(MAGIC + tail))
    except NotAvroError:
        return
    assert header.size <= len(tail) + len(MAGIC)


@given(st.integers(0, 255), st.integers(0, len(WHOLE) - 1), st.booleans())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_one_wrong_byte_loses_little(put: Callable[[bytes], Path], value: int, at: int, packed: bool) -> None:
    content = WHOLE if packed else avro_bytes(FIELDS, RECORDS)
    at %= len(content)
    damaged = put(content[:at] + bytes([value]) + content[at + 1 :])
    try:
        rows, faults = read_file(damaged)
    except (SourceError, UnsupportedError):
        assert at < STARTS[0]
        return
    if at >= STARTS[0] and packed and content[at] != value:
        assert len(rows) > 200
        assert faults or len(rows) == len(RECORDS)


@pytest.mark.parametrize("name", ["gzip", "bzip2"])
def test_archives(name: str, put: Callable[[bytes], Path]) -> None:
    pack = gzip.compress if name == "gzip" else bz2.compress
    assert read_file(put(pack(WHOLE))) == (RECORDS, [])
    rows, faults = read_file(put(pack(WHOLE) + pack(os.urandom(3000))[:-100]))
    assert rows == RECORDS
    assert any(f"the {name} archive is damaged or cut short" in message for _, message in faults)


def test_a_field_of_many_megabytes(put: Callable[[bytes], Path]) -> None:
    records = [{"id": 1, "text": "x" * 6_000_000}, {"id": 2, "text": "y"}]
    assert read_file(put(avro_bytes(FIELDS, records))) == (records, [])


VALUES = [
    pytest.param("boolean", False, [True, False], [True, False], id="boolean"),
    pytest.param("bytes", False, [b"", b"\x00\xff"], [b"", b"\x00\xff"], id="bytes"),
    pytest.param({"type": "enum", "name": "E", "symbols": ["A", "B"]}, False, ["B", "A"], ["B", "A"], id="enum"),
    pytest.param({"type": "fixed", "name": "F", "size": 2}, False, [b"ab"], [b"ab"], id="fixed"),
    pytest.param(
        ["null", "int", "string"],
        False,
        [1, None, "x"],
        [{"int": 1, "string": None}, None, {"int": None, "string": "x"}],
        id="choice",
    ),
    pytest.param(
        ["int", "long"],
        False,
        [1, 1 << 40],
        [{"int": 1, "long": None}, {"int": None, "long": 1 << 40}],
        id="choice of numbers",
    ),
    pytest.param(
        ["string", {"type": "enum", "name": "E", "symbols": ["A"]}], False, [("E", "A"), "z"], ["A", "z"], id="merged"
    ),
    pytest.param({"type": "map", "values": ["null", "int"]}, False, [{"a": None}, {}], [[("a", None)], []], id="map"),
    pytest.param(
        {"type": "array", "items": {"type": "record", "name": "S", "fields": FIELDS}},
        False,
        [[{"id": 1, "text": None}], []],
        [[{"id": 1, "text": None}], []],
        id="array of records",
    ),
    pytest.param({"type": "int", "logicalType": "date"}, True, [date(1, 1, 1)], [date(1, 1, 1)], id="date"),
    pytest.param(
        {"type": "long", "logicalType": "timestamp-millis"},
        True,
        [datetime(1950, 1, 1, 0, 0, 0, 5000, UTC)],
        [datetime(1950, 1, 1, 0, 0, 0, 5000, UTC)],
        id="timestamp-millis",
    ),
    pytest.param(
        {"type": "bytes", "logicalType": "decimal", "precision": 38, "scale": 2},
        True,
        [Decimal("-1.28"), Decimal(0), Decimal("9" * 36 + ".99")],
        [Decimal("-1.28"), Decimal("0.00"), Decimal("9" * 36 + ".99")],
        id="decimal",
    ),
]


@pytest.mark.parametrize(("schema", "logical", "given_", "expected"), VALUES)
def test_values(schema: Any, logical: bool, given_: Any, expected: Any, put: Callable[[bytes], Path]) -> None:
    path = put(avro_bytes([{"name": "v", "type": schema}], [{"v": value} for value in given_]))
    rows, faults = read_file(path, logical=logical)
    assert ([row["v"] for row in rows], faults) == (expected, [])


def test_text_that_is_no_utf_8_is_read_as_java_reads_it(put: Callable[[bytes], Path]) -> None:
    content = avro_bytes(FIELDS, RECORDS[:3]).replace(b"text 1text", b"te\xff\xfe 1text")
    rows, faults = read_file(put(content))
    assert ([row["text"] for row in rows], faults) == ([None, "te\ufffd\ufffd 1text 1text 1", "text 2" * 3], [])


def test_a_value_that_cannot_be_held_is_a_fault_of_its_record(put: Callable[[bytes], Path]) -> None:
    fields = [{"name": "d", "type": {"type": "bytes", "logicalType": "decimal", "precision": 3, "scale": 0}}]
    plain = [{"name": "d", "type": "bytes"}]
    content = avro_bytes(plain, [{"d": b"\x05"}, {"d": b"\x7f\xff\xff"}, {"d": b"\x06"}])
    header = header_bytes({"type": "record", "name": "R", "fields": fields}, "null", SYNC)
    rows, faults = read_file(put(header + content[block_starts(content + SYNC)[0] :]), logical=True)
    assert [row["d"] for row in rows] == [Decimal(5), Decimal(6)]
    assert len(faults) == 1
    assert "cannot be held" in faults[0][1]


def test_a_wider_type_takes_the_values_of_a_file(put: Callable[[bytes], Path]) -> None:
    want = g.StructType.of([("more", g.DOUBLE), ("id", g.ChoiceType((g.INT, g.LONG))), ("text", g.STRING)])
    rows, _ = read_file(put(avro_bytes(FIELDS, RECORDS[:1])), want=want)
    assert rows == [{"more": None, "id": {"int": None, "long": 0}, "text": None}]
