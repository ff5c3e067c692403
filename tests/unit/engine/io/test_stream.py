"""create_data_frame of files that arrive, and of rows at a rate."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from glue_etl.engine.compat import SPARK_MAJOR
from glue_etl.engine.io.stream import MARKS, wants_stream
from glue_etl.engine.jvm.source_sink import JavaSource
from glue_etl.engine.jvm.values import JsonOptions
from glue_etl.errors import GlueEtlError, OptionError, PathNotFoundError, UnsupportedError

ONCE = {"maxFilesPerTrigger": 1}
WANTS: dict[str, tuple[str, dict[str, Any], bool, bool]] = {
    "files": ("s3", {"paths": ["s3://b/"]}, False, False),
    "files in a streaming job": ("s3", {"paths": ["s3://b/"]}, True, True),
    "a rate": ("rate", {}, False, True),
    "a database": ("postgresql", {}, True, False),
    **{f"files with {mark}": ("file", {mark: "1"}, False, True) for mark in MARKS},
}


@pytest.mark.parametrize(("kind", "options", "streaming_job", "wanted"), WANTS.values(), ids=WANTS)
def test_what_is_a_stream(kind: str, options: dict[str, Any], streaming_job: bool, wanted: bool) -> None:
    assert wants_stream(kind, options, streaming_job=streaming_job) is wanted


def stream(context: Any, lake: Any, options: dict[str, Any], fmt: str = "json", **format_options: Any) -> DataFrame:
    df: DataFrame = context.create_data_frame.from_options(
        "s3", {"path": lake.uri("in/"), **options}, format=fmt, format_options=format_options
    )
    assert df.isStreaming
    return df


def batches(df: DataFrame, lake: Any) -> list[list[tuple[Any, ...]]]:
    """What each batch has until the stream has caught up; the checkpoint goes on from call to call."""
    found: list[list[tuple[Any, ...]]] = []
    writer = df.writeStream.trigger(availableNow=True).option("checkpointLocation", lake.uri("check/"))
    query = writer.foreachBatch(lambda batch, number: found.append(sorted(map(tuple, batch.collect())))).start()
    query.awaitTermination()
    return found


def put(lake: Any, key: str, text: str, age: int) -> None:
    lake.write(key, text)
    os.utime(lake.store.path_of(lake.uri(key)), (1_600_000_000 + age,) * 2)


def test_files_come_once_in_their_order_however_old_they_are(glue_context: Any, lake: Any) -> None:
    options = {"schema": "n int, kind string", **ONCE}
    put(lake, "in/b.json", '{"n": 1, "kind": "x"}\n', 1)
    put(lake, "in/a.json", '{"n": 2}\n{"n": 3}\n', 2)
    assert batches(stream(glue_context, lake, options), lake) == [[(1, "x")], [(2, None), (3, None)]]
    # Older than everything that was read, as a file is that was copied with its time.
    put(lake, "in/c.json", '{"n": 4}\n', -9_000_000)
    assert batches(stream(glue_context, lake, options), lake) == [[(4, None)]]


def test_a_schema_is_inferred_from_what_is_there(glue_context: Any, lake: Any) -> None:
    lake.write("in/2020/a.json", '{"n": 1, "m": 1, "s": {"a": [1.5]}}\n{"n": "one"}\n')
    df = stream(glue_context, lake, {"inferSchema": "true", "recurse": True}, attachFilename="file")
    assert df.dtypes == [("n", "string"), ("m", "int"), ("s", "struct<a:array<double>>"), ("file", "string")]
    path = lake.uri("in/2020/a.json")
    assert [[row[0], row[1], row[3]] for row in batches(df, lake)[0]] == [["1", 1, path], ["one", None, path]]


def test_csv_by_its_header(glue_context: Any, lake: Any) -> None:
    put(lake, "in/a.csv", 'id;name\n1;"a;b"\n', 1)
    options = {"separator": ";", "withHeader": True}
    df = stream(glue_context, lake, ONCE, "csv", **options)
    assert batches(df, lake) == [[("1", "a;b")]]
    put(lake, "in/b.csv", "name;id\nc;2\n", 2)
    with pytest.raises(Exception, match="CSV header does not conform to the schema"):
        batches(stream(glue_context, lake, {**ONCE, "schema": "id string, name string"}, "csv", **options), lake)


def test_parquet_of_two_folders(glue_context: Any, lake: Any, spark: SparkSession) -> None:
    for folder, number in (("x", 1), ("y", 2)):
        spark.range(number, number + 1).write.parquet(lake.uri(f"{folder}/"))
    df = glue_context.create_data_frame.from_options(
        "s3", {"paths": [lake.uri("x/"), lake.uri("y/")], "latestFirst": False}, format="parquet"
    )
    assert batches(df, lake) == [[(1,), (2,)]]


def test_rows_at_a_rate(glue_context: Any, lake: Any) -> None:
    options = {"rowsPerBatch": 5, "numPartitions": 1, "startTimestamp": 0, "advanceMillisPerBatch": "1000"}
    df = glue_context.create_data_frame.from_options("rate-micro-batch", options)
    assert df.isStreaming
    assert [[row[1] for row in batch] for batch in batches(df, lake)] == [[0, 1, 2, 3, 4]]
    assert glue_context.create_data_frame.from_options("rate", {"rowsPerSecond": "3"}).columns == ["timestamp", "value"]


def test_a_prefix_that_nothing_was_written_to_yet(glue_context: Any, lake: Any) -> None:
    df = stream(glue_context, lake, {"schema": '{"type":"struct","fields":[]}'})
    assert df.columns == []
    assert lake.store.path_of(lake.uri("in/")).is_dir()
    with pytest.raises(OptionError, match=r"no schema.*'schema': 'id int, name string'"):
        stream(glue_context, lake, ONCE)


def test_a_streaming_job_streams_without_being_told(glue_context: Any, lake: Any) -> None:
    lake.write("in/a.json", '{"n": 1}\n')
    context = dataclasses.replace(glue_context._ssql_ctx.engine, streaming_job=True)
    source = JavaSource(context, "s3", JsonOptions(f'{{"paths": ["{lake.uri("in/")}"]}}'), "ctx", "")
    source.setFormat("json", JsonOptions("{}"))
    assert source.getDataFrame().isStreaming()


REFUSED: dict[str, tuple[str, dict[str, Any], str, dict[str, Any], type[GlueEtlError], str]] = {
    "kinesis": ("kinesis", {"streamARN": "arn"}, "json", {}, UnsupportedError, r"kinesis stream.*try the job on files"),
    "kafka": ("kafka", {"topicName": "t"}, "json", {}, UnsupportedError, r"kafka stream.*'maxFilesPerTrigger'"),
    "a format": ("s3", ONCE, "xml", {"rowTag": "r"}, UnsupportedError, "A stream of xml files.*csv, glueparquet"),
    "no format": ("s3", ONCE, "", {}, OptionError, "No format is given.*json"),
    "an unknown format": ("s3", ONCE, "toml", {}, OptionError, "no format 'toml'"),
    "an option": ("s3", {**ONCE, "exclusions": ["*"]}, "json", {}, UnsupportedError, "'exclusions'.*leave it out"),
    "a misspelt option": ("s3", {**ONCE, "maxFilePerTrigger": 1}, "json", {}, OptionError, "'maxFilePerTrigger'"),
    "a value": ("s3", {"maxFilesPerTrigger": "few"}, "json", {}, OptionError, "'few', not a whole number"),
    "a schema": ("s3", {"schema": "n int,, m"}, "json", {}, OptionError, "'n int,, m', which is no schema"),
    "a type": ("s3", {"schema": '{"dataType":"int"}'}, "json", {}, OptionError, "not a struct"),
    "jsonPath": ("s3", ONCE, "json", {"jsonPath": "$.a"}, UnsupportedError, "'jsonPath' of a stream"),
    "a rate's option": ("rate", {"rows": 1}, "", {}, OptionError, "'rows' is not an option of the rate source"),
}


@pytest.mark.parametrize(("kind", "options", "fmt", "more", "error", "words"), REFUSED.values(), ids=REFUSED)
def test_what_no_stream_can_be(
    glue_context: Any,
    lake: Any,
    kind: str,
    options: dict[str, Any],
    fmt: str,
    more: dict[str, Any],
    error: type[GlueEtlError],
    words: str,
) -> None:
    path = {"path": lake.uri("in/")} if kind == "s3" else {}
    with pytest.raises(error, match=words):
        glue_context.create_data_frame.from_options(kind, {**path, **options}, format=fmt or None, format_options=more)


@pytest.mark.skipif(SPARK_MAJOR >= 4, reason="Spark 4 has maxBytesPerTrigger")
def test_an_option_that_spark_would_pass_over(glue_context: Any, lake: Any) -> None:
    with pytest.raises(UnsupportedError, match="maxBytesPerTrigger"):
        stream(glue_context, lake, {"maxBytesPerTrigger": "1MB"})


def test_a_local_folder_that_is_not_there(glue_context: Any, tmp_path: Path) -> None:
    options = {"path": str(tmp_path / "none"), "schema": "n int"}
    with pytest.raises(PathNotFoundError, match="make the folder"):
        glue_context.create_data_frame.from_options("file", options, format="json")
