"""Files decoded by a Python function: tasks, batches, types, error records."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from glue_etl.engine.frame.core import Stage
from glue_etl.engine.frame.errors import as_dynamic_frame
from glue_etl.engine.io import decoded_files, decoded_worker
from glue_etl.engine.io.decoded import BadRecord, read_decoded
from glue_etl.engine.io.decoded_files import Part, Parts
from glue_etl.engine.io.decoded_worker import DecodeChunks, DecodedFiles, DecodeRows, fits
from glue_etl.engine.io.listing import Listing, SourceFile
from glue_etl.engine.types import tree as g
from glue_etl.errors import FieldError, SourceError

TASK = [pa.RecordBatch.from_arrays([pa.array([0])], names=["task"])]
STAGE = Stage(site="script.py:7", info="mine")


def decode_lines(stream: BinaryIO, uri: str) -> Iterator[dict[str, Any] | BadRecord]:
    """A little format: each line is a JSON object, or bad; `!` is a bug of the decoder."""
    at = 0
    for line in stream:
        if line.startswith(b"{"):
            yield json.loads(line)
        elif line.startswith(b"!"):
            raise KeyError("a bug")
        elif line.strip():
            yield BadRecord("no object", line.decode("utf-8", "replace").rstrip("\n"), at, '{"n": 0}')
        at += len(line)


def decode_range(file: BinaryIO, uri: str, start: int, end: int) -> Iterator[dict[str, Any] | BadRecord]:
    file.seek(max(0, start - 1))
    if start:
        file.readline()
    while file.tell() < end and (line := file.readline()):
        yield json.loads(line)


def listing_of(folder: Path) -> Listing:
    files = tuple(
        SourceFile(f"s3://b/{path.name}", path.stat().st_size, "s3://b/", path) for path in sorted(folder.iterdir())
    )
    return Listing(files, ("s3://b/",), True, False)


def worker(*contents: bytes, **more: Any) -> DecodedFiles:
    parts = tuple(Part(f"s3://b/{at}", content, "") for at, content in enumerate(contents))
    return DecodedFiles(Parts((parts,), ""), decode_lines, **more)


def lines(*records: Any) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


# --- tasks -----------------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 12 << 20), min_size=1, max_size=8), st.integers(1, 16), st.booleans())
def test_tasks_hold_every_byte_once(sizes: list[int], cores: int, ranges: bool) -> None:
    files = [SourceFile(f"s3://b/{at}", size, "s3://b/", Path(f"/nowhere/{at}")) for at, size in enumerate(sizes)]
    tasks = decoded_files._shared_out(files, ["gzip" if at == 1 else "" for at in range(len(files))], cores, ranges)
    parts = [part for task in tasks for part in task]
    assert [uri for uri in dict.fromkeys(part.uri for part in parts)] == [file.uri for file in files]
    for file in files:
        mine = [part for part in parts if part.uri == file.uri]
        bounds = [(part.start, file.size if part.end is None else part.end) for part in mine]
        assert bounds[0][0] == 0
        assert bounds[-1][1] == file.size
        assert all(before[1] == after[0] for before, after in pairwise(bounds))
        if not ranges or file.uri == "s3://b/1":
            assert len(mine) == 1
    assert all(tasks)


# --- batches ---------------------------------------------------------------------------------------------------------


def test_a_batch_is_bounded_by_bytes_and_by_records(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoded_worker, "_BATCH", 10)
    small = [len(records) for records, _, _ in worker(lines(*[{"n": n} for n in range(25)])).batches(TASK)]
    assert small == [10, 10, 5]
    monkeypatch.setattr(decoded_worker, "_BATCH_BYTES", 1 << 20)
    large = [len(records) for records, _, _ in worker(lines(*[{"t": "x" * 700_000} for _ in range(4)])).batches(TASK)]
    assert max(large) <= 2
    assert sum(large) == 4


def test_small_files_share_a_batch_and_errors_know_their_file() -> None:
    contents = [lines({"n": 1}), b"bad\n", lines({"n": 1 << 70}), lines({"n": 3}), b"{\n", b""]
    (batch,) = DecodeChunks(worker(*contents), "UTC")(TASK)
    (row,) = batch.to_pylist()
    assert (row["row_count"], row["error_count"]) == (2, 3)
    assert [(error["file"], error["position"]) for error in row["errors"]] == [
        ("s3://b/1", 0), ("s3://b/4", 2), ("s3://b/2", None),
    ]  # fmt: skip
    assert "the rest of the file cannot be decoded: JSONDecodeError" in row["errors"][1]["msg"]


KIND = g.StructType.of([("n", g.INT), ("c", g.ChoiceType((g.INT, g.STRING))), ("l", g.ArrayType(g.LONG))])


def test_a_given_type_streams_and_what_does_not_fit_is_set_aside() -> None:
    records = [
        {"n": 1, "c": "x", "l": [1]}, {"n": "one"}, {"c": 2, "more": True}, {"n": 1 << 40}, {"l": ["x"]},
        {"c": 1.5}, {},
    ]  # fmt: skip
    files = worker(lines(*records), attach_filename="src")
    kind = g.StructType((*KIND.fields, g.Field("src", g.STRING)))
    (batch,) = DecodeRows(files, kind, "UTC")(TASK)
    nothing = {"n": None, "c": None, "l": None, "src": "s3://b/0"}
    assert batch.to_pylist() == [
        {"n": 1, "c": {"int": None, "string": "x"}, "l": [1], "src": "s3://b/0"},
        {**nothing, "c": {"int": 2, "string": None}},
        nothing,
    ]
    (errors,) = DecodeRows(files, kind, "UTC", errors_only=True)(TASK)
    assert [error["msg"].partition(":")[0] for error in errors.to_pylist()] == ["field 'n'"] * 2 + [
        "field 'l'",
        "field 'c'",
    ]
    assert json.loads(errors.to_pylist()[0]["partial"])["n"] == "one"


@pytest.mark.parametrize(
    ("found", "wanted", "expected"),
    [
        pytest.param(g.NULL, g.INT, True, id="nothing seen"),
        pytest.param(g.INT, g.STRING, False, id="another type"),
        pytest.param(g.ArrayType(g.NULL), g.ArrayType(g.INT), True, id="empty array"),
        pytest.param(g.StructType.of([("x", g.INT)]), g.StructType.of([("y", g.INT)]), True, id="other fields"),
        pytest.param(
            g.StructType.of([("x", g.INT)]), g.StructType.of([("x", g.STRING)]), False, id="field of a struct"
        ),
        pytest.param(g.MapType(g.INT), g.MapType(g.STRING), False, id="map"),
        pytest.param(g.DecimalType(5, 2), g.DecimalType(10, 2), False, id="decimal that was not widened"),
        pytest.param(g.ChoiceType((g.INT, g.STRING)), g.INT, False, id="choice for one type"),
    ],
)
def test_fits(found: g.GlueType, wanted: g.GlueType, expected: bool) -> None:
    assert fits(found, wanted) is expected


# --- through Spark ---------------------------------------------------------------------------------------------------


def test_types_are_inferred_and_errors_counted_once(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(lines({"n": 1, "s": {"x": 1}}, {"n": "two"}) + b"bad\n")
    (tmp_path / "b.gz").write_bytes(gzip.compress(lines({"n": 1 << 40, "s": {"y": [1]}})))
    frame = read_decoded(
        spark, listing_of(tmp_path), decode_lines, STAGE, attach_filename="src", attach_timestamp="at", name="mine"
    )
    assert frame.name == "mine"
    assert frame.plan.type == g.StructType.of(
        [
            ("n", g.ChoiceType((g.INT, g.LONG, g.STRING))),
            ("s", g.StructType.of([("x", g.INT), ("y", g.ArrayType(g.INT))])),
            ("src", g.STRING),
            ("at", g.TIMESTAMP),
        ]
    )
    rows = [row.asDict(True) for row in frame.plan.df.collect()]
    assert [row["src"] for row in rows] == ["s3://b/a", "s3://b/a", "s3://b/b.gz"]
    assert all(abs(row["at"].timestamp() - (tmp_path / "a").stat().st_mtime) < 60 for row in rows)
    assert frame.stage_errors[0].count() == 1
    (error,) = as_dynamic_frame(frame, spark).plan.df.select("error.*").collect()
    assert error["msg"] == "s3://b/a: no object"
    assert (error["input"], error["bytesread"], error["source"]) == (
        "bad",
        str(len(lines({"n": 1, "s": {"x": 1}}, {"n": "two"}))),
        "s3://b/a",
    )
    assert error["callsite"]["site"] == "script.py:7"
    assert error["dynamicRecord"]["n"] == 0


def test_nothing_is_read_before_it_is_needed(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(lines({"n": 1}))[:-4])
    frame = read_decoded(spark, listing_of(tmp_path), decode_lines, STAGE)
    streamed = read_decoded(spark, listing_of(tmp_path), decode_lines, STAGE, kind=KIND)
    assert streamed.plan.type == KIND
    with pytest.raises(SourceError, match=r"'s3://b/a\.gz' cannot be decompressed"):
        _ = frame.plan
    with pytest.raises(SourceError, match=r"'s3://b/a\.gz' cannot be decompressed"):
        streamed.stage_errors[0].count()


def test_a_large_file_is_read_in_ranges(spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoded_files, "_SMALLEST", 1000)
    monkeypatch.setattr(decoded_files, "_OPENING", 10)
    (tmp_path / "a").write_bytes(lines(*[{"n": n} for n in range(1000)]))
    kind = g.StructType.of([("n", g.INT)])
    frame = read_decoded(spark, listing_of(tmp_path), decode_lines, STAGE, kind=kind, decode_range=decode_range)
    assert frame.plan.df.rdd.getNumPartitions() > 1
    assert [row["n"] for row in frame.plan.df.collect()] == list(range(1000))
    assert frame.stage_errors[0].count() == 0


def test_files_of_another_file_system_come_through_spark(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(lines({"n": 1})))
    (tmp_path / "b").write_bytes(lines({"n": 2}) + b"bad\n")
    files = tuple(
        SourceFile(path.as_uri(), path.stat().st_size, tmp_path.as_uri()) for path in sorted(tmp_path.iterdir())
    )
    frame = read_decoded(spark, Listing(files, (tmp_path.as_uri(),), True, False), decode_lines, STAGE)
    assert sorted(row["n"] for row in frame.plan.df.collect()) == [1, 2]
    assert frame.stage_errors[0].count() == 1


def test_fields_that_differ_in_case_alone_are_refused(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(lines({"n": 1, "N": 2}))
    frame = read_decoded(spark, listing_of(tmp_path), decode_lines, STAGE)
    with pytest.raises(FieldError, match="'n' and 'N' differ in nothing but case"):
        _ = frame.plan


def test_files_without_records_give_an_empty_frame(spark: SparkSession, tmp_path: Path) -> None:
    assert read_decoded(spark, listing_of(tmp_path), decode_lines, STAGE).plan.df.count() == 0
    (tmp_path / "a").write_bytes(b"bad\n")
    frame = read_decoded(spark, listing_of(tmp_path), decode_lines, STAGE)
    assert frame.plan.type == g.StructType()
    assert frame.plan.df.count() == 0
    assert frame.stage_errors[0].count() == 1
