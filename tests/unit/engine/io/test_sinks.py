"""What sinks write, byte by byte where a format is text."""

from __future__ import annotations

import gzip
from datetime import datetime
from typing import Any

import pytest
from pyspark.sql import SparkSession

from glue_etl.engine.frame.core import Frame, Plan
from glue_etl.engine.io.staging import staging
from glue_etl.engine.types import tree as g
from glue_etl.errors import ErrorThresholdExceeded, FieldError, GlueEtlError, OptionError, SourceError
from glue_etl.testing.buckets import Bucket

ROW = "select 1 a, 'x,y' b, cast(null as string) c, '' d, 'say \"hi\"' e"

# name: (query, options, text)
CSV: dict[str, tuple[str, dict[str, Any], str]] = {
    "default": (ROW, {}, 'a,b,c,d,e\n1,"x,y",,"","say ""hi"""\n'),
    "no header": (ROW, {"writeHeader": False}, '1,"x,y",,"","say ""hi"""\n'),
    "separator": ("select 1 a, 'x,y' b", {"separator": "|"}, "a|b\n1|x,y\n"),
    "other quote": ("select 'x,y' a, \"it's\" b", {"quoteChar": "'"}, "a,b\n'x,y','it''s'\n"),
    "escaper": ("select 'say \"hi\", x' a", {"escaper": "\\"}, 'a\n"say \\"hi\\", x"\n'),
    "quoting off": (ROW, {"quoteChar": -1}, 'a,b,c,d,e\n1,x,y,,,say "hi"\n'),
    "quoting off, no header": (ROW, {"quoteChar": "-1", "writeHeader": "false"}, '1,x,y,,,say "hi"\n'),
    "spaces stay": ("select ' x ' a, 'y' `b c`", {}, "a,b c\n x ,y\n"),
    "types": (
        "select timestamp'2020-01-02 03:04:05' t, date'2020-01-02' d, true b, 1.50BD n, null v, X'4142' x",
        {},
        "t,d,b,n,v,x\n2020-01-02 03:04:05,2020-01-02,true,1.50,,QUI=\n",
    ),
    "accepted without effect": ("select 1 a", {"strictCheckForQuoting": True, "optimizePerformance": True}, "a\n1\n"),
}


def text_of(lake: Bucket, folder: str) -> str:
    (file,) = [path for path in (lake.path / folder).rglob("*") if path.is_file()]
    return file.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", CSV)
def test_csv_text(name: str, spark: SparkSession, lake: Bucket, write: Any) -> None:
    query, options, text = CSV[name]
    write(Frame.of(spark.sql(query)), lake.uri("out/"), "csv", **options)
    assert text_of(lake, "out") == text


def test_json_text(spark: SparkSession, lake: Bucket, write: Any) -> None:
    write(Frame.of(spark.sql("select 1 a, null b, named_struct('x', array(1), 'y', 'ü') s")), lake.uri("out"), "json")
    assert text_of(lake, "out") == '{"a":1,"s":{"x":[1],"y":"ü"}}\n'


def test_json_choices_are_their_bare_values(spark: SparkSession, lake: Bucket, write: Any) -> None:
    schema = "id int, c struct<int:int,string:string>, k string"
    df = spark.createDataFrame([(1, (None, "x"), "p"), (2, (5, None), "p"), (3, None, "p")], schema)
    kind = g.StructType.of([("id", g.INT), ("c", g.ChoiceType((g.INT, g.STRING))), ("k", g.STRING)])
    frame = Frame(lambda: Plan(df.coalesce(1), kind))
    write(frame, lake.uri("out"), "json")
    lines = ['{"id":1,"c":"x","k":"p"}', '{"id":2,"c":5,"k":"p"}', '{"id":3,"k":"p"}']
    assert text_of(lake, "out").splitlines() == lines
    write(frame, lake.uri("by"), "json", {"partitionKeys": ["k"]})
    assert text_of(lake, "by").splitlines() == ['{"id":1,"c":"x"}', '{"id":2,"c":5}', '{"id":3}']
    with pytest.raises(FieldError, match=r"'c' is int or string.*resolveChoice"):
        write(frame, lake.uri("csv"), "csv")
    with pytest.raises(FieldError, match=r"'c' is a choice"):
        write(frame, lake.uri("csv"), "json", {"partitionKeys": ["c"]})


def test_nested_fields_are_refused_by_csv(spark: SparkSession, lake: Bucket, write: Any) -> None:
    with pytest.raises(FieldError, match=r"'deep' is of the type array.*relationalize"):
        write(Frame.of(spark.sql("select array(1) deep")), lake.uri("out"), "csv")


def test_compression_of_text(spark: SparkSession, lake: Bucket, write: Any) -> None:
    write(Frame.of(spark.range(2).coalesce(1)), lake.uri("out"), "csv", {"compression": "gzip"})
    (key,) = lake.keys("out/")
    assert key.endswith(".csv.gz")
    assert gzip.decompress((lake.path / key).read_bytes()) == b"id\n0\n1\n"


def test_use_frame_name(spark: SparkSession, lake: Bucket, write: Any) -> None:
    write(Frame.of(spark.range(1), "root_a"), lake.uri("out/"), "json", {"useFrameName": True})
    assert [key.rpartition("/")[0] for key in lake.keys("")] == ["out/root_a"]
    for name in ("", "..", "a/b"):
        with pytest.raises(OptionError, match="names no folder"):
            write(Frame.of(spark.range(1), name), lake.uri("out/"), "json", {"useFrameName": True})


def test_thresholds_are_checked_before_anything_is_written(lake: Bucket, read: Any, write: Any) -> None:
    lake.write("in/a.csv", "a\n1\n2,3\n")
    frame = read(lake.uri("in/"), "csv", {"isFailFast": "true"}, withHeader=True)
    with pytest.raises(ErrorThresholdExceeded):
        write(frame, lake.uri("out/"), "json")
    assert lake.keys("out/") == []


# name: (options, error, message)
REFUSED: dict[str, tuple[dict[str, Any], type[GlueEtlError], str]] = {
    "no path": ({"path": None}, OptionError, "no 'path'"),
    "two paths": ({"path": None, "paths": ["a", "b"]}, OptionError, "no 'path'"),
    "a file": ({}, SourceError, "is a file"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str, spark: SparkSession, lake: Bucket, write: Any) -> None:
    options, kind, message = REFUSED[name]
    uri = lake.write("file.csv", "x")
    with pytest.raises(kind, match=message):
        write(Frame.of(spark.range(1)), uri, "csv", options)


def test_files_appear_only_when_all_are_written(lake: Bucket) -> None:
    destination = lake.path / "out"
    with staging(destination) as first:
        first.data.mkdir()
        (first.data / "part-0").write_text("x")
        (first.data / "_SUCCESS").write_text("")
        assert [path.name for path in lake.path.iterdir()] == [first.folder.name]
        # A write at the same time takes the first one's files for no leftovers.
        with staging(destination) as second:
            assert second.folder != first.folder
        assert first.files() != []
        first.publish()
    assert [path.name for path in destination.iterdir()] == ["part-0"]


def test_datetime_round_trip_through_csv(spark: SparkSession, lake: Bucket, read: Any, write: Any) -> None:
    moment = datetime(2020, 1, 2, 3, 4, 5, 678000)
    write(Frame.of(spark.createDataFrame([(moment,)], "t timestamp")), lake.uri("out/"), "csv")
    assert read(lake.uri("out/"), "csv", withHeader=True).plan.df.first().t == "2020-01-02 03:04:05.678"
