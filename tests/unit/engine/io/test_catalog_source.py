"""Tables of the Data Catalog, read by `create_dynamic_frame.from_catalog`: partitions, options, bad input."""

from __future__ import annotations

import json
import logging
import os
import shutil
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import pytest

from glue_etl.errors import NoSuchBucketError, OptionError, PathNotFoundError, SourceError, UnsupportedError
from glue_etl.testing.buckets import Bucket

if TYPE_CHECKING:
    from awsglue.context import GlueContext
    from awsglue.dynamicframe import DynamicFrame

Columns = Sequence[tuple[str, str]]
Enter = Callable[..., dict[str, str]]
ReadTable = Callable[..., "DynamicFrame"]


def _rows(frame: DynamicFrame) -> list[Any]:
    return sorted((json.loads(line) for line in frame.toDF().toJSON().collect()), key=json.dumps)


def _schema(frame: DynamicFrame) -> str:
    return frame.toDF().schema.simpleString().removeprefix("struct<").removesuffix(">")


LOGS = [("v", "int")]
MONTHS = [("year", "string"), ("month", "string")]
FOLDERS = {("2017", "04"): "t/a/", ("2017", "05"): "elsewhere/b/", ("2018", "04"): "t/year=2017/month=12/"}


@pytest.fixture
def logs(enter: Enter, lake: Bucket) -> dict[str, str]:
    """Three partitions whose folders say nothing, or something else."""
    for number, folder in enumerate(FOLDERS.values(), 1):
        lake.write(f"{folder}x.json", json.dumps({"v": number}) + "\n")
    return enter("json", LOGS, MONTHS, FOLDERS)


# --- partitions ------------------------------------------------------------------------------------------------------


def test_partition_keys_come_from_the_catalog(logs: dict[str, str], read_table: ReadTable) -> None:
    frame = read_table(logs)
    assert frame.toDF().columns == ["v", "year", "month"]
    assert _rows(frame) == [
        {"v": 1, "year": "2017", "month": "04"},
        {"v": 2, "year": "2017", "month": "05"},
        {"v": 3, "year": "2018", "month": "04"},
    ]


def test_only_the_partitions_that_both_predicates_keep_are_looked_at(
    logs: dict[str, str], read_table: ReadTable, lake: Bucket
) -> None:
    lake.write("elsewhere/b/x.json", "{{{")
    shutil.rmtree(lake.path / "t/year=2017")
    frame = read_table(
        logs, push_down_predicate="month < 5", additional_options={"catalogPartitionPredicate": "year='2017'"}
    )
    assert _rows(frame) == [{"v": 1, "year": "2017", "month": "04"}]
    assert frame.errorsCount() == 0


def test_no_partition_left_is_an_empty_frame_of_the_tables_schema(logs: dict[str, str], read_table: ReadTable) -> None:
    frame = read_table(logs, push_down_predicate="year == '1999'")
    assert (frame.count(), _schema(frame)) == (0, "v:int,year:string,month:string")


FORMATS: dict[str, tuple[str, dict[str, Any]]] = {
    "parquet": ("parquet", {}),
    "orc": ("orc", {}),
    "avro": ("avro", {}),
    "csv": ("csv", {"withHeader": True}),
}


@pytest.mark.parametrize(("fmt", "options"), FORMATS.values(), ids=FORMATS.keys())
@pytest.mark.parametrize("folders", ["named", "odd"])
def test_typed_keys_in_every_format(
    enter: Enter,
    read_table: ReadTable,
    lake: Bucket,
    glue_context: GlueContext,
    fmt: str,
    options: dict[str, Any],
    folders: str,
) -> None:
    from awsglue.dynamicframe import DynamicFrame

    def place(n: str, city: str) -> str:
        return f"t/n={n}/city={city.replace('/', '%2F')}/" if folders == "named" else f"t/odd-{n}/"

    partitions = {(n, city): place(n, city) for n, city in (("1", "a/b"), ("02", "é"))}
    spark = glue_context.spark_session
    for number, folder in enumerate(partitions.values()):
        df = spark.createDataFrame([(number, "x")], "id int, text string").coalesce(1)
        glue_context.write_dynamic_frame.from_options(
            DynamicFrame.fromDF(df, glue_context, "f"), "s3", {"path": lake.uri(folder)}, fmt,
        )  # fmt: skip
    table = enter(
        fmt, [("id", "int"), ("text", "string")], [("n", "int"), ("city", "string")], partitions, format_options=options
    )
    frame = read_table(table)
    assert _schema(frame) == "id:int,text:string,n:int,city:string"
    assert _rows(frame) == [
        {"id": 0, "text": "x", "n": 1, "city": "a/b"},
        {"id": 1, "text": "x", "n": 2, "city": "é"},
    ]
    assert _rows(read_table(table, push_down_predicate="n = 2")) == [{"id": 1, "text": "x", "n": 2, "city": "é"}]


def test_many_partitions(enter: Enter, read_table: ReadTable, lake: Bucket) -> None:
    partitions = {(str(n), "x" if n else "__HIVE_DEFAULT_PARTITION__"): f"t/{n}/" for n in range(80)}
    for (value, _), folder in partitions.items():
        lake.write(f"{folder}x.csv", f"{value}\n")
    frame = read_table(enter("csv", [("v", "bigint")], [("n", "bigint"), ("s", "string")], partitions))
    assert _schema(frame) == "v:bigint,n:bigint,s:string"
    rows = sorted((row["v"], row["n"], row.get("s")) for row in _rows(frame))
    assert rows == [(n, n, "x" if n else None) for n in range(80)]


def test_a_null_partition_and_a_field_named_as_a_key(enter: Enter, read_table: ReadTable, lake: Bucket) -> None:
    lake.write("t/a/x.json", '{"v": 1, "Year": 7}\n')
    lake.write("t/b/x.json", '{"v": 2}\n')
    partitions = {("2017",): "t/a/", ("__HIVE_DEFAULT_PARTITION__",): "t/b/"}
    frame = read_table(enter("json", LOGS, [("year", "int")], partitions))
    assert _rows(frame) == [{"v": 1, "year": 2017}, {"v": 2}]
    assert _schema(frame) == "v:int,year:int"


def test_a_partition_may_be_of_another_format_and_other_columns(
    enter: Enter, read_table: ReadTable, lake: Bucket, catalog_client: Any
) -> None:
    lake.write("t/a/x.csv", "1;x\n")
    own = {
        "Columns": [{"Name": "b", "Type": "string"}, {"Name": "a", "Type": "bigint"}],
        "SerdeInfo": {
            "SerializationLibrary": "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
            "Parameters": {"field.delim": "|"},
        },
    }
    lake.write("t/b/x.csv", "y|2\n")
    table = enter(
        "csv", [("a", "bigint"), ("b", "string")], [("k", "string")], {("1",): "t/a/"},
        format_options={"separator": ";"},
    )  # fmt: skip
    descriptor = catalog_client.get_table(DatabaseName=table["database"], Name="t")["Table"]["StorageDescriptor"]
    catalog_client.create_partition(
        DatabaseName=table["database"], TableName="t",
        PartitionInput={"Values": ["2"], "StorageDescriptor": {**descriptor, **own, "Location": lake.uri("t/b/")}},
    )  # fmt: skip
    assert _rows(read_table(table)) == [{"a": 1, "b": "x", "k": "1"}, {"a": 2, "b": "y", "k": "2"}]


# --- options ---------------------------------------------------------------------------------------------------------


def test_options_of_sources_count_for_tables(enter: Enter, read_table: ReadTable, lake: Bucket) -> None:
    for number, key in enumerate(["a.json", "b.json", "sub/c.json", "d.txt"]):
        path = lake.store.path_of(lake.write(f"t/{key}", json.dumps({"v": number}) + "\n"))
        os.utime(path, (1_700_000_000 + number, 1_700_000_000 + number))
    table = enter("json", LOGS)

    def values(**options: Any) -> list[int]:
        return [row["v"] for row in _rows(read_table(table, additional_options=options))]

    assert values() == [0, 1, 3]
    assert values(recurse=True) == [0, 1, 2, 3]
    assert values(exclusions='["**.txt"]') == [0, 1]
    assert values(boundedFiles="1") == [0]
    assert values(groupFiles="inPartition", groupSize="1048576", useS3ListImplementation=True) == [0, 1, 3]
    assert values(excludeStorageClasses=["STANDARD"]) == []
    files = [row["src"] for row in _rows(read_table(table, additional_options={"attachFilename": "src"}))]
    assert files == [lake.uri(f"t/{name}") for name in ("a.json", "b.json", "d.txt")]


def test_what_a_crawler_left_out_stays_out(enter: Enter, read_table: ReadTable, lake: Bucket) -> None:
    lake.write("t/a.json", '{"v": 1}\n')
    lake.write("t/a.tmp", "{{{")
    table = enter("json", LOGS, parameters={"exclusions": json.dumps([lake.uri("t/*.tmp")])})
    frame = read_table(table)
    assert (_rows(frame), frame.errorsCount()) == ([{"v": 1}], 0)


def test_a_sample_and_a_data_frame(logs: dict[str, str], glue_context: GlueContext) -> None:
    sample = glue_context.create_sample_dynamic_frame_from_catalog(**logs, num=2)
    assert sample.count() == 2
    df = glue_context.create_data_frame.from_catalog(**logs, push_down_predicate="year = '2018'")
    assert [row.asDict() for row in df.collect()] == [{"v": 3, "year": "2018", "month": "04"}]


def test_the_schema_that_a_table_declares(enter: Enter, glue_context: GlueContext) -> None:
    table = enter("json", [("a", "struct<x:int>"), ("b", "decimal(5,2)")], [("year", "int")])
    schema = glue_context.get_catalog_schema_as_spark_schema(**table)
    assert schema.simpleString() == "struct<a:struct<x:int>,b:decimal(5,2),year:int>"


def test_match_catalog_takes_the_types_of_a_table(enter: Enter, read_table: ReadTable, lake: Bucket) -> None:
    lake.write("t/a.json", '{"Price": 1, "code": 7}\n{"Price": "2.5", "code": "x"}\n')
    mixed = read_table(enter("json", [("price", "string"), ("code", "string")]))
    declared = enter("parquet", [("price", "double")], name="declared")
    frame = mixed.resolveChoice(choice="match_catalog", **declared)
    assert _schema(frame) == "Price:double,code:struct<int:int,string:string>"
    assert [row["Price"] for row in _rows(frame)] == [1.0, 2.5]


# --- bad input -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("keys", [[], [("k", "int")]], ids=["no keys", "keys"])
def test_a_table_without_files_is_empty_and_told(
    enter: Enter, read_table: ReadTable, caplog: pytest.LogCaptureFixture, keys: Columns
) -> None:
    table = enter("csv", [("a", "bigint")], keys, {("1",): "t/gone/"} if keys else None)
    with caplog.at_level(logging.WARNING, logger="glue_etl"):
        frame = read_table(table)
    assert (frame.count(), _schema(frame)) == (0, "a:bigint" + (",k:int" if keys else ""))
    assert "Nothing is at 1 of the 1 locations" in caplog.text


WRONG: dict[str, tuple[dict[str, Any], dict[str, Any], type[Exception], str]] = {
    "no such table": ({}, {"table_name": "tt"}, SourceError, r"EntityNotFoundException.* '.*tt'.*Available: t\."),
    "no such database": ({}, {"database": "nope"}, SourceError, "EntityNotFoundException: the database 'nope'"),
    "unknown SerDe": (
        {"descriptor": {"SerdeInfo": {"SerializationLibrary": "com.example.S"}}}, {}, UnsupportedError,
        r"'com\.example\.S'",
    ),
    "no such option": ({}, {"additional_options": {"recurs": True}}, OptionError, "'recurs' is not an option"),
    "a path": ({}, {"additional_options": {"paths": ["s3://x/"]}}, OptionError, "'paths' is not an option of"),
    "a predicate without keys": ({}, {"push_down_predicate": "a = 1"}, OptionError, "which has none"),
    "no such bucket": ({"descriptor": {"Location": "s3://nope-nope/t/"}}, {}, NoSuchBucketError, "nope-nope"),
    "no such folder": ({"descriptor": {"Location": "file:///nope/t"}}, {}, PathNotFoundError, "file:///nope/t"),
    "a column of no type": ({"columns": [("a", "bigserial")]}, {}, OptionError, "'a' of the table .*'bigserial'"),
    "no columns": ({"columns": []}, {}, OptionError, "has no columns"),
    "texts nested twice": ({"columns": [("a", "array<array<int>>")]}, {}, UnsupportedError, "column 'a' of the table"),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "arguments", "error", "message"), WRONG.values(), ids=WRONG.keys())
def test_what_cannot_be_read_is_told(
    enter: Enter, read_table: ReadTable, lake: Bucket, changes: dict[str, Any], arguments: dict[str, Any],
    error: type[Exception], message: str,
) -> None:  # fmt: skip
    lake.write("t/a.csv", "1\n")
    table = enter("csv", changes.get("columns", [("a", "int")]), descriptor=changes.get("descriptor"))
    with pytest.raises(error, match=message):
        read_table({**table, **{key: arguments[key] for key in table if key in arguments}}, **{
            key: value for key, value in arguments.items() if key not in table
        })  # fmt: skip


def test_a_predicate_that_cannot_be_used_is_told(logs: dict[str, str], read_table: ReadTable) -> None:
    with pytest.raises(OptionError, match=r"pushdown predicate: yaer = '2017' .*Available: year, month\."):
        read_table(logs, push_down_predicate="yaer = '2017'")
    with pytest.raises(OptionError, match=r"catalogPartitionPredicate \"year == '2017'\".*Available: year, month\."):
        read_table(logs, additional_options={"catalogPartitionPredicate": "year == '2017'"})


def test_a_partition_whose_value_is_of_another_type_is_told(enter: Enter, read_table: ReadTable, lake: Bucket) -> None:
    lake.write("t/a/x.json", '{"v": 1}\n')
    table = enter("json", LOGS, [("n", "int")], {("1",): "t/a/", ("x",): "t/a/"})
    with pytest.raises(SourceError, match=r"The partition \['x'\] of the table .* for the partition key 'n'"):
        read_table(table)


def test_two_partitions_at_one_place_are_told(enter: Enter, read_table: ReadTable, lake: Bucket) -> None:
    lake.write("t/a/x.json", '{"v": 1}\n')
    table = enter("json", LOGS, [("n", "int")], {("1",): "t/a/", ("2",): "t/a/"})
    with pytest.raises(SourceError, match=r"The partitions \['1'\] and \['2'\] of the table .* have one location"):
        read_table(table)
    assert read_table(table, push_down_predicate="n = 2").count() == 1


def test_files_that_are_not_the_tables_are_told(
    enter: Enter, read_table: ReadTable, lake: Bucket, glue_context: GlueContext
) -> None:
    lake.write("t/a.csv", "1,2,3\n4,5,6\n")
    frame = read_table(enter("csv", [("a", "int"), ("b", "int")]))
    with pytest.raises(SourceError, match=r"have 3 fields, and the table has 2 columns.*Available: a, b\."):
        frame.count()
    glue_context.spark_session.range(2).write.parquet(lake.uri("p/"))
    table = enter("parquet", [("a", "int")], name="p", descriptor={"Location": lake.uri("p/")})
    with pytest.raises(SourceError, match=r"have none of its columns \['a'\].*Available: id\."):
        read_table(table).count()
