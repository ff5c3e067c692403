"""The format avro in Spark: files that differ, damage, the two versions, what is written."""

from __future__ import annotations

import io
import json
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import fastavro
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from glue_etl.engine.frame.core import Frame, Plan
from glue_etl.engine.io.avro_codecs import check_codec
from glue_etl.engine.types import tree as g
from glue_etl.engine.types.spark import to_spark
from glue_etl.errors import FieldError, MissingExtraError, OptionError, SourceError, UnsupportedError
from glue_etl.testing.buckets import Bucket


def avro(fields: dict[str, Any], records: list[Any], codec: str = "null", block: int = 16_000) -> bytes:
    listed = [{"name": name, "type": kind} for name, kind in fields.items()]
    stream = io.BytesIO()
    schema = {"type": "record", "name": "R", "fields": listed}
    fastavro.writer(stream, schema, records, codec=codec, sync_interval=block)
    return stream.getvalue()


def rows_of(frame: Frame) -> list[dict[str, Any]]:
    rows = [row.asDict(recursive=True) for row in frame.plan.df.collect()]
    return sorted(rows, key=lambda row: json.dumps(row, default=str))


def errors_of(frame: Frame) -> list[dict[str, Any]]:
    (source,) = frame.stage_errors
    rows = [row.asDict() for row in source.records().collect()]
    assert source.count() == len(rows)
    return rows


def test_files_that_differ_are_one_frame(lake: Bucket, read: Any) -> None:
    lake.write("in/a.avro", avro({"id": "int", "v": ["null", "string"]}, [{"id": 1, "v": "x"}], "snappy"))
    lake.write("in/b.avro", avro({"id": "int", "v": "double", "More.of it": "boolean"} | {}, [], "null"))
    lake.write("in/c.avro", avro({"ID": "int", "v": "double", "more": "boolean"}, [{"ID": 2, "v": 2.5, "more": True}]))
    lake.write("in/_hidden.avro", b"")
    frame = read(lake.uri("in/"), "avro", attachFilename="file", attachTimestamp="at")
    assert frame.plan.type == g.StructType.of(
        [
            ("id", g.INT),
            ("v", g.ChoiceType((g.DOUBLE, g.STRING))),
            ("More.of it", g.BOOLEAN),
            ("more", g.BOOLEAN),
            ("file", g.STRING),
            ("at", g.TIMESTAMP),
        ]
    )
    assert frame.plan.df.schema == to_spark(frame.plan.type)
    shown = [{name: value for name, value in row.items() if name != "at"} for row in rows_of(frame)]
    assert shown == [
        {
            "id": 1,
            "v": {"double": None, "string": "x"},
            "More.of it": None,
            "more": None,
            "file": lake.uri("in/a.avro"),
        },
        {
            "id": 2,
            "v": {"double": 2.5, "string": None},
            "More.of it": None,
            "more": True,
            "file": lake.uri("in/c.avro"),
        },
    ]
    assert all(row["at"] is not None for row in rows_of(frame))


def test_a_large_file_is_shared_out(lake: Bucket, spark: SparkSession, read: Any) -> None:
    records = [{"id": number, "text": f"{number:09d}" * 20} for number in range(110_000)]
    lake.write("in/big.avro", avro({"id": "long", "text": "string"}, records))
    df = read(lake.uri("in/"), "avro").plan.df
    assert df.rdd.getNumPartitions() > 1
    assert df.selectExpr("count(*)", "count(distinct id)", "sum(id)").first() == (110_000, 110_000, 6049945000)
    assert read(lake.uri("in/"), "avro", {"groupFiles": "none"}).plan.df.filter("id = 77").count() == 1


def test_a_damaged_block_is_an_error_record(lake: Bucket, read: Any) -> None:
    whole = avro({"id": "int"}, [{"id": number} for number in range(1000)], "deflate", block=200)
    uri = lake.write("in/cut.avro", whole[:-10])
    lake.write("in/good.avro", whole)
    frame = read(lake.uri("in/"), "avro")
    assert 1800 < frame.plan.df.count() < 2000
    (error,) = errors_of(frame)
    assert error["source"] == uri
    assert error["site"] == "script.py:7"
    assert error["msg"].startswith(f"{uri}: the block at byte {error['bytesread']} (")
    assert "cut short" in error["msg"]


def test_fail_fast(lake: Bucket, read: Any) -> None:
    lake.write("in/cut.avro", avro({"id": "int"}, [{"id": 1}])[:-1])
    with pytest.raises(Exception, match="isFailFast"):
        read(lake.uri("in/"), "avro", {"isFailFast": True}).assert_thresholds()


@pytest.mark.parametrize(("content", "reason"), [(b"", "empty"), (b"PAR1" * 9, "does not begin with"), (b"Obj\1", "")])
def test_what_is_no_avro_file_ends_the_read(content: bytes, reason: str, lake: Bucket, read: Any) -> None:
    lake.write("in/a.avro", avro({"id": "int"}, [{"id": 1}]))
    uri = lake.write("in/b.avro", content)
    frame = read(lake.uri("in/"), "avro")
    with pytest.raises(SourceError, match=rf"'{uri}' cannot be read as avro.*{reason}"):
        _ = frame.plan
    assert read(lake.uri("in/"), "avro", {"exclusions": ["b.*"]}).plan.df.count() == 1


REFUSED = [
    pytest.param("string", SourceError, "Avro type 'string', not records", id="no records"),
    pytest.param(["null"], SourceError, "'null', not records", id="nothing"),
    pytest.param(
        {"type": "record", "name": "N", "fields": [{"name": "next", "type": ["null", "N"]}]},
        UnsupportedError,
        "'N'.*contains itself",
        id="recursive",
    ),
    pytest.param(
        {"type": "record", "name": "N", "fields": [{"name": n, "type": "int"} for n in ("a", "A")]},
        FieldError,
        "'a' and 'A'",
        id="case alone",
    ),
]


@pytest.mark.parametrize(("schema", "error", "message"), REFUSED)
def test_refused_schemas(schema: Any, error: type[Exception], message: str, lake: Bucket, read: Any) -> None:
    stream = io.BytesIO()
    fastavro.writer(stream, schema, [])
    lake.write("in/a.avro", stream.getvalue())
    with pytest.raises(error, match=message):
        _ = read(lake.uri("in/"), "avro").plan


def test_an_unknown_version_is_refused_at_once(lake: Bucket, spark: SparkSession, read: Any, write: Any) -> None:
    lake.write("in/a.avro", avro({"id": "int"}, []))
    for use in (
        lambda: read(lake.uri("in/"), "avro", version="1.9"),
        lambda: write(Frame.of(spark.range(1)), lake.uri("out/"), "avro", version="1.9"),
    ):
        with pytest.raises(OptionError, match=r"'1\.9'.*Available: 1\.7, 1\.8"):
            use()


def test_a_missing_library_is_named(lake: Bucket, read: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    lake.write("in/a.avro", avro({"id": "int"}, []))
    monkeypatch.setitem(sys.modules, "fastavro", None)
    with pytest.raises(MissingExtraError, match=r"Reading Avro .*'fastavro'.*pip install"):
        read(lake.uri("in/"), "avro")
    monkeypatch.setitem(sys.modules, "cramjam", None)
    with pytest.raises(MissingExtraError, match=r"'snappy'.*'cramjam'"):
        check_codec("snappy", "f.avro")
    with pytest.raises(UnsupportedError, match=r"'lz4' of 'f\.avro'.*deflate"):
        check_codec("lz4", "f.avro")


def test_top_level_unions_of_records(lake: Bucket, read: Any) -> None:
    parts = [{"type": "record", "name": n, "fields": [{"name": n.lower(), "type": "int"}]} for n in ("A", "B")]
    stream = io.BytesIO()
    fastavro.writer(stream, parts, [("A", {"a": 1}), ("B", {"b": 2})])
    lake.write("in/a.avro", stream.getvalue())
    assert rows_of(read(lake.uri("in/"), "avro")) == [{"a": 1, "b": None}, {"a": None, "b": 2}]


RECORD = g.StructType.of(
    [
        ("i", g.INT),
        ("d", g.DATE),
        ("n", g.DecimalType(9, 2)),
        ("t", g.TIMESTAMP),
        ("s", g.StructType.of([("d", g.DATE), ("x", g.BINARY)])),
        ("a", g.ArrayType(g.DecimalType(5, 1))),
        ("m", g.MapType(g.DATE)),
        ("c", g.ChoiceType((g.DATE, g.STRING))),
        ("z", g.NULL),
    ]
)
VALUES = (
    7,
    date(2020, 1, 2),
    Decimal("1.50"),
    datetime(2020, 1, 2, 3, 4, 5, 670000, UTC),
    (date(2021, 1, 1), b"\x00"),
    [Decimal("0.1"), None],
    {"k": date(2022, 1, 1)},
    (date(2023, 1, 1), None),
    None,
)


def test_logical_types_by_version(lake: Bucket, spark: SparkSession, read: Any, write: Any) -> None:
    df = spark.createDataFrame([VALUES, (None,) * len(VALUES)], to_spark(RECORD))
    for version in ("1.7", "1.8"):
        write(Frame(lambda: Plan(df, RECORD)), lake.uri(f"v{version}/"), "avro", version=version)
    old = rows_of(read(lake.uri("v1.7/"), "avro"))[0]
    assert old == {
        "i": 7,
        "d": "2020-01-02",
        "n": "1.50",
        "t": "2020-01-02 03:04:05.67",
        "s": {"d": "2021-01-01", "x": b"\x00"},
        "a": ["0.1", None],
        "m": {"k": "2022-01-01"},
        "c": "2023-01-01",
        "z": None,
    }
    new = read(lake.uri("v1.8/"), "avro", version="1.8")
    fields = [(m.name, g.LONG if m.name == "t" else m.type) for m in RECORD]
    assert new.plan.type == g.StructType.of(fields)
    row = rows_of(new)[0]
    assert row == {
        "i": 7,
        "d": date(2020, 1, 2),
        "n": Decimal("1.50"),
        "t": 1577934245670000,
        "s": {"d": date(2021, 1, 1), "x": bytearray(b"\x00")},
        "a": [Decimal("0.1"), None],
        "m": {"k": date(2022, 1, 1)},
        "c": {"date": date(2023, 1, 1), "string": None},
        "z": None,
    }
    assert rows_of(new)[1] == dict.fromkeys(RECORD.names)
    raw = read(lake.uri("v1.8/"), "avro").plan.type
    assert [raw.get(name) for name in ("d", "n", "t")] == [g.INT, g.BINARY, g.LONG]


def test_names_that_avro_does_not_allow(lake: Bucket, spark: SparkSession, write: Any) -> None:
    df = spark.createDataFrame([(1,)], "`a b` int")
    with pytest.raises(FieldError, match=r"'a b'.*RenameField"):
        write(Frame.of(df), lake.uri("out/"), "avro")
    assert list(lake.path.iterdir()) == []


def test_compression_of_a_sink(lake: Bucket, spark: SparkSession, read: Any, write: Any) -> None:
    frame = Frame.of(spark.range(50).coalesce(1))
    for codec in ("gzip", "bzip2", "deflate", "snappy", "xz", "zstd", None):
        folder = f"{codec}/"
        write(frame, lake.uri(folder), "avro", {"compression": codec} if codec else {})
        (key,) = lake.keys(folder)
        assert key.endswith(".avro.gz" if codec == "gzip" else ".avro")
        given_ = {"compressionType": codec} if codec in ("gzip", "bzip2") else {}
        assert read(lake.uri(folder), "avro", given_).plan.df.count() == 50
        if codec in ("bzip2", "deflate", "xz", None):
            with (lake.path / key).open("rb") as stream:
                assert fastavro.reader(stream).codec == (codec or "null")


KINDS = st.sampled_from(
    [
        (g.INT, 5),
        (g.LONG, 1 << 40),
        (g.STRING, "é\n"),
        (g.BOOLEAN, True),
        (g.DOUBLE, 0.5),
        (g.FLOAT, 0.25),
        (g.BINARY, bytearray(b"\xff")),
        (g.ArrayType(g.STRING), ["a", None]),
        (g.MapType(g.LONG), {"k": 1, "l": None}),
        (g.StructType.of([("x", g.ArrayType(g.INT))]), {"x": [1]}),
        (g.ChoiceType((g.INT, g.STRING)), {"int": None, "string": "x"}),
        (g.ArrayType(g.ChoiceType((g.INT, g.StructType.of([("q", g.DOUBLE)])))), [{"int": 3, "struct": None}, None]),
    ]
)


@given(kinds=st.lists(KINDS, min_size=1, max_size=6))
@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
def test_rows_in_are_rows_out(
    kinds: list[tuple[g.GlueType, Any]], lake: Bucket, spark: SparkSession, read: Any, write: Any
) -> None:
    record = g.StructType.of([(f"f{at}", kind) for at, (kind, _) in enumerate(kinds)])
    given_ = [{f"f{at}": value for at, (_, value) in enumerate(kinds)}, {f"f{at}": None for at in range(len(kinds))}]
    df = spark.createDataFrame([tuple(row.values()) for row in given_], to_spark(record)).coalesce(1)
    target = lake.uri(f"out/{abs(hash(record))}/")
    write(Frame(lambda: Plan(df, record)), target, "avro", version="1.8")
    back = read(target, "avro", version="1.8")
    assert back.plan.type == record
    assert [row.asDict(recursive=True) for row in back.plan.df.limit(2).collect()] == given_
