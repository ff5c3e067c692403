"""The contract that every format keeps, whatever it is: one suite, run for each."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from typing import Any

import pytest
from pyspark.sql import SparkSession

from glue_etl.engine.frame.core import Frame
from glue_etl.engine.io.registry import FORMATS, READ_ONLY_FORMATS
from glue_etl.errors import (
    FieldError,
    GlueEtlError,
    NoSuchBucketError,
    OptionError,
    PathNotFoundError,
    SourceError,
    UnsupportedError,
)
from glue_etl.testing.buckets import Bucket

READ_OPTIONS: dict[str, dict[str, Any]] = {"csv": {"withHeader": True}}
SCHEMA = "id int, `a name` string, k string, day date"
ROWS = [(1, 'x,"y"', "u", date(2020, 1, 2)), (2, " é ", "v", None), (3, "z", None, date(2021, 1, 1))]


@pytest.fixture(params=sorted(set(FORMATS) - READ_ONLY_FORMATS))
def fmt(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def name_in(fmt: str) -> str:
    """The name of the second field; Avro allows no spaces."""
    return "a_name" if fmt == "avro" else "a name"


@pytest.fixture
def frame(spark: SparkSession, fmt: str) -> Frame:
    return Frame.of(spark.createDataFrame(ROWS, SCHEMA).withColumnRenamed("a name", name_in(fmt)).coalesce(1))


def rows_of(frame: Frame) -> list[tuple[str, ...]]:
    """Values as text, for CSV has no other; its missing values are empty."""
    df = frame.plan.df
    columns = [name for name in ("id", "a name", "a_name", "k", "day") if name in df.columns]
    texts = df.selectExpr(*[f"cast(`{name}` as string)" for name in columns]).collect()
    return sorted(tuple(value or "" for value in row) for row in texts)


WRITTEN = [tuple("" if value is None else str(value) for value in row) for row in ROWS]


def test_round_trip(fmt: str, frame: Frame, lake: Bucket, read: Any, write: Any) -> None:
    write(frame, lake.uri("deep/out/"), fmt)
    back = read(lake.uri("deep/out/"), fmt, **READ_OPTIONS.get(fmt, {}))
    assert rows_of(back) == WRITTEN
    assert sum(source.count() for source in back.errors) == 0


def test_a_write_leaves_nothing_but_data(fmt: str, frame: Frame, lake: Bucket, write: Any) -> None:
    write(frame, lake.uri("out"), fmt)
    files = list((lake.path / "out").rglob("*"))
    assert len(files) == 1
    assert files[0].name.startswith("part-")


def test_a_write_adds(fmt: str, frame: Frame, lake: Bucket, read: Any, write: Any) -> None:
    write(frame, lake.uri("out/"), fmt)
    before = {path: path.read_bytes() for path in (lake.path / "out").iterdir()}
    write(frame, lake.uri("out/"), fmt)
    assert {path: path.read_bytes() for path in before} == before
    assert rows_of(read(lake.uri("out/"), fmt, **READ_OPTIONS.get(fmt, {}))) == sorted(WRITTEN * 2)


def test_partition_keys(fmt: str, frame: Frame, lake: Bucket, read: Any, write: Any) -> None:
    write(frame, lake.uri("out/"), fmt, {"partitionKeys": ["k", "id"]})
    folders = sorted(key.rpartition("/")[0] for key in lake.keys("out/"))
    assert folders == ["out/k=__HIVE_DEFAULT_PARTITION__/id=3", "out/k=u/id=1", "out/k=v/id=2"]
    back = read(lake.uri("out/"), fmt, {"recurse": True}, **READ_OPTIONS.get(fmt, {}))
    by_spark = fmt in ("parquet", "orc")
    assert set(back.plan.type.names) == {name_in(fmt), "day", *(["k", "id"] if by_spark else [])}
    if by_spark:
        assert rows_of(back) == WRITTEN
        # Spark's own sources need no recurse for that.
        assert rows_of(read(lake.uri("out/"), fmt)) == WRITTEN


def test_a_frame_without_records_writes_nothing(fmt: str, spark: SparkSession, lake: Bucket, write: Any) -> None:
    df = spark.createDataFrame(ROWS, SCHEMA.replace("a name", name_in(fmt)))
    write(Frame.of(spark.createDataFrame([], df.schema)), lake.uri("out/deep/"), fmt)
    write(Frame.of(df.filter("id > 9")), lake.uri("out/"), fmt)
    write(Frame.of(spark.range(3).select()), lake.uri("out/"), fmt)
    assert list(lake.path.iterdir()) == []


def test_an_empty_folder_reads_as_no_records(fmt: str, lake: Bucket, read: Any) -> None:
    (lake.path / "in").mkdir()
    back = read(lake.uri("in/"), fmt, **READ_OPTIONS.get(fmt, {}))
    assert (back.plan.df.count(), back.plan.type.names) == (0, [])


def test_a_missing_path_is_named(fmt: str, lake: Bucket, read: Any) -> None:
    with pytest.raises(PathNotFoundError, match=lake.uri("nowhere")):
        read(lake.uri("nowhere/"), fmt)


def test_a_missing_bucket_is_named(fmt: str, frame: Frame, read: Any, write: Any) -> None:
    for use in (lambda: read("s3://no-bucket/in/", fmt), lambda: write(frame, "s3://no-bucket/out/", fmt)):
        with pytest.raises(NoSuchBucketError, match="'no-bucket'"):
            use()


def test_outside_the_lake_nothing_is_written(fmt: str, frame: Frame, lake: Bucket, write: Any) -> None:
    with pytest.raises(PathNotFoundError):
        write(frame, lake.uri("../../out/"), fmt)


def test_an_unknown_option_is_named_with_those_there_are(fmt: str, frame: Frame, lake: Bucket, read: Any) -> None:
    lake.write("in/a", "x")
    with pytest.raises(OptionError, match=r"'recursive' is not an option .*recurse"):
        read(lake.uri("in/"), fmt, {"recursive": True})
    for option in ("samplePath", "partitionPredicate", "catalogPartitionPredicate"):
        with pytest.raises(UnsupportedError, match=option):
            read(lake.uri("in/"), fmt, {option: "1"})


def test_an_unknown_option_of_a_sink(fmt: str, frame: Frame, lake: Bucket, write: Any) -> None:
    with pytest.raises(OptionError, match=r"'partitionkeys' is not an option .*partitionKeys"):
        write(frame, lake.uri("out/"), fmt, {"partitionkeys": ["k"]})
    with pytest.raises(UnsupportedError, match="brotli"):
        write(frame, lake.uri("out/"), fmt, {"compression": "brotli"})
    with pytest.raises(OptionError, match="enableUpdateCatalog is on, and no table"):
        write(frame, lake.uri("out/"), fmt, {"enableUpdateCatalog": True})
    assert list(lake.path.iterdir()) == []


def test_wrong_partition_keys(fmt: str, frame: Frame, lake: Bucket, write: Any) -> None:
    everything = ["id", name_in(fmt), "k", "day"]
    for keys, message in ((["no"], f"Available: id, {name_in(fmt)}"), (["k", "k"], "twice"), (everything, "all")):
        with pytest.raises(FieldError, match=message):
            write(frame, lake.uri("out/"), fmt, {"partitionKeys": keys})


@pytest.mark.parametrize("codec", sorted({name for entry in FORMATS.values() for name in entry.compressions}))
def test_compressions(codec: str, lake: Bucket, spark: SparkSession, read: Any, write: Any) -> None:
    frame = Frame.of(spark.range(3).coalesce(1))
    for name, entry in FORMATS.items():
        if codec in entry.compressions and name not in ("json", "glueparquet"):
            write(frame, lake.uri(name), name, {"compression": codec})
            assert read(lake.uri(name), name, **READ_OPTIONS.get(name, {})).plan.df.count() == 3, name


def test_a_failing_write_leaves_nothing(fmt: str, spark: SparkSession, lake: Bucket, write: Any) -> None:
    df = spark.range(2).selectExpr("id", "if(id = 1, raise_error('broken'), 'x') as text")
    with pytest.raises(Exception, match="broken"):
        write(Frame.of(df), lake.uri("out/"), fmt)
    assert list(lake.path.iterdir()) == []


def test_leftovers_of_a_killed_write_are_hidden_then_removed(
    fmt: str, frame: Frame, lake: Bucket, read: Any, write: Any
) -> None:
    write(frame, lake.uri("out/"), fmt)
    code = (
        "import os, signal, sys, pathlib; from glue_etl.engine.io.staging import staging\n"
        "with staging(pathlib.Path(sys.argv[1])) as stage:\n"
        "    stage.data.mkdir(); (stage.data / 'part-0').write_text('half a fi'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code, str(lake.path / "out")], check=False)
    left = [path.name for path in (lake.path / "out").iterdir() if path.is_dir()]
    assert [name[:10] for name in left] == ["_glue_etl_"]
    assert rows_of(read(lake.uri("out/"), fmt, {"recurse": True}, **READ_OPTIONS.get(fmt, {}))) == WRITTEN
    write(frame, lake.uri("out/"), fmt)
    assert not any(path.is_dir() for path in (lake.path / "out").iterdir())


@pytest.mark.parametrize("damage", ["cut short", "empty", "another format"])
def test_a_damaged_columnar_file_is_named(
    damage: str, fmt: str, frame: Frame, lake: Bucket, read: Any, write: Any
) -> None:
    if fmt in ("csv", "json"):
        pytest.skip("text has no form that could be broken as a whole; see its own tests")
    if fmt == "avro" and damage == "cut short":
        pytest.skip("the blocks before are read; see its own tests")
    write(frame, lake.uri("in/"), fmt)
    whole = next(iter((lake.path / "in").iterdir())).read_bytes()
    content = {"cut short": whole[:-20], "empty": b"", "another format": b"a,b\n1,2\n" * 100}[damage]
    uri = lake.write("in/zz-broken", content)
    with pytest.raises(SourceError, match=uri):
        _ = read(lake.uri("in/"), fmt).plan


# name: (connection type, options, format, format options)
REFUSED: dict[str, tuple[tuple[Any, ...], type[GlueEtlError], str]] = {
    "no connection type": (("s4", {"paths": ["x"]}, "csv", {}), OptionError, "'s4'.*Available: .*file"),
    "a database": (("mongodb", {"collection": "x"}, None, {}), UnsupportedError, "'mongodb'"),
    "no format": (("s3", {"paths": ["x"]}, None, {}), OptionError, "No format is given"),
    "unknown format": (("s3", {"paths": ["x"]}, "tsv", {}), OptionError, "'tsv'.*Available: avro"),
    "later format": (("s3", {"paths": ["x"]}, "hudi", {}), UnsupportedError, "'hudi'"),
    "no paths": (("s3", {}, "csv", {}), OptionError, "paths"),
    "groupFiles": (("s3", {"paths": ["x"], "groupFiles": "all"}, "csv", {}), OptionError, "Available: inPartition"),
    "groupSize": (("s3", {"paths": ["x"], "groupSize": "1MB"}, "csv", {}), OptionError, "'1MB'"),
    "compressionType": (("s3", {"paths": ["x"], "compressionType": "lzo"}, "csv", {}), UnsupportedError, "lzo"),
    "no bytes": (("s3", {"paths": ["x"], "boundedSize": "0"}, "csv", {}), OptionError, "boundedSize is 0"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str, ctx: Any) -> None:
    from glue_etl.engine.frame.core import Stage
    from glue_etl.engine.io.sources import open_source

    given, kind, message = REFUSED[name]
    with pytest.raises(kind, match=message):
        open_source(ctx, *given, Stage())
