"""Writes to tables of the Data Catalog: files, table, schema and partitions, each test over a catalog of its own."""

from __future__ import annotations

import itertools
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from glue_etl.engine.catalog.client import LocalGlueClient
from glue_etl.engine.catalog.serde import table_input
from glue_etl.engine.context import EngineContext
from glue_etl.engine.frame.core import Frame
from glue_etl.engine.io import catalog_sink, staging
from glue_etl.engine.io.catalog_entries import Target
from glue_etl.engine.io.catalog_sink import write_and_update, write_table
from glue_etl.engine.io.sinks import write_frame
from glue_etl.errors import FieldError, GlueEtlError, OptionError, SourceError, UnsupportedError
from glue_etl.testing.buckets import Bucket

ROWS = "select 1 id, 'a' type union all select 2, 'b'"
_numbers = itertools.count()
WIDER = "select 1 id, 'more' extra, 'a' type"


class Shop:
    """A catalog with the database `db`, a bucket, and short ways to write to both."""

    def __init__(self, ctx: EngineContext, lake: Bucket, folder: Path) -> None:
        self.ctx, self.lake = ctx, lake
        self.client: Any = LocalGlueClient(folder)
        self.client.create_database(DatabaseInput={"Name": "db"})

    def target(self, name: str) -> Target:
        return Target(self.client, "db", name)

    def frame(self, query: str) -> Frame:
        return Frame.of(self.ctx.session.sql(query).coalesce(1))

    def make(
        self, name: str, fmt: str = "json", columns: str = "id int", keys: str = "type string", **more: Any
    ) -> None:
        """A table at `<name>/`."""
        document = table_input(
            name, fmt, _columns(columns), self.lake.uri(f"{name}/"), partition_keys=_columns(keys), **more
        )
        self.client.create_table(DatabaseName="db", TableInput=document)

    def sink(self, query: str, name: str, fmt: str, keys: list[str] | None, **options: Any) -> Any:
        """A write through getSink, setCatalogInfo and setFormat; to `<name>/` if no path is given."""
        given = {"path": self.lake.uri(f"{name}/"), "enableUpdateCatalog": True, **options}
        format_options = given.pop("format_options", {})
        if keys is not None:
            given["partitionKeys"] = keys
        return write_and_update(self.ctx, self.frame(query), "s3", given, fmt, format_options, self.target(name))

    def into(self, query: str, name: str, **options: Any) -> Any:
        """A write through from_catalog."""
        return write_table(self.ctx, self.frame(query), self.target(name), options)

    def table(self, name: str) -> Any:
        return self.client.get_table(DatabaseName="db", Name=name)["Table"]

    def columns(self, name: str) -> str:
        return _shown(self.table(name)["StorageDescriptor"]["Columns"])

    def partitions(self, name: str) -> dict[str, str]:
        """Values, and the folder below the bucket."""
        found = self.client.get_partitions(DatabaseName="db", TableName=name)["Partitions"]
        base = self.lake.uri("")
        return {"/".join(p["Values"]): p["StorageDescriptor"]["Location"].removeprefix(base) for p in found}

    def records(self, key: str) -> list[Any]:
        return [json.loads(line) for line in (self.lake.path / key).read_text(encoding="utf-8").splitlines()]


def _columns(text: str) -> list[dict[str, str]]:
    return [dict(zip(("Name", "Type"), each.split(), strict=True)) for each in text.split(", ") if each]


def _shown(columns: Any) -> str:
    return ", ".join(f"{column['Name']} {column['Type']}" for column in columns)


@pytest.fixture
def shop(ctx: EngineContext, lake: Bucket, tmp_path: Path) -> Shop:
    return Shop(ctx, lake, tmp_path)


def test_a_sink_makes_a_table_with_its_partitions(shop: Shop) -> None:
    shop.sink(ROWS, "t", "json", ["type"])
    table = shop.table("t")
    assert (shop.columns("t"), _shown(table["PartitionKeys"])) == ("id int", "type string")
    storage = table["StorageDescriptor"]
    assert storage["SerdeInfo"]["SerializationLibrary"] == "org.openx.data.jsonserde.JsonSerDe"
    assert storage["Location"] == shop.lake.uri("t/")
    assert table["Parameters"] == {"classification": "json"}
    assert storage["SerdeInfo"]["Parameters"] == {}
    assert table["TableType"] == "EXTERNAL_TABLE"
    assert shop.partitions("t") == {"a": "t/type=a/", "b": "t/type=b/"}
    (key,) = shop.lake.keys("t/type=a/")
    assert shop.records(key) == [{"id": 1}]


PARQUET = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
FORMATS = [
    pytest.param("glueparquet", {}, PARQUET, {"classification": "parquet"}, id="glueparquet"),
    pytest.param("parquet", {"useGlueParquetWriter": True}, PARQUET, {"useGlueParquetWriter": "true"}, id="parquet"),
    pytest.param(
        "csv",
        {"separator": "|"},
        "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
        {"classification": "csv", "skip.header.line.count": "1", "delimiter": "|"},
        id="csv",
    ),
    pytest.param(
        "avro", {}, "org.apache.hadoop.hive.serde2.avro.AvroSerDe", {"classification": "avro"}, id="avro"
    ),
]  # fmt: skip


@pytest.mark.parametrize(("fmt", "options", "library", "parameters"), FORMATS)
def test_tables_of_other_formats(shop: Shop, fmt: str, options: Any, library: str, parameters: Any) -> None:
    shop.sink("select 1 ID, cast(1.5 as decimal(10,2)) Price", "t", fmt, None, format_options=options)
    table = shop.table("t")
    assert shop.columns("t") == "id int, price decimal(10,2)"
    assert table["PartitionKeys"] == []
    assert table["StorageDescriptor"]["SerdeInfo"]["SerializationLibrary"] == library
    assert parameters.items() <= table["Parameters"].items()
    # A second write goes with the table that the first has made.
    shop.sink("select 2 id, cast(2.5 as decimal(10,2)) price", "t", fmt, [], format_options=options)
    assert len(shop.lake.keys("t/")) == 2


def test_a_schema_is_overwritten_and_the_table_keeps_the_rest(shop: Shop) -> None:
    shop.make("t", columns="id bigint, gone date", parameters={"own": "yes"})
    shop.into(WIDER, "t", enableUpdateCatalog=True, partitionKeys=["type"])
    assert shop.columns("t") == "id int, extra string"
    assert shop.table("t")["Parameters"]["own"] == "yes"
    assert shop.table("t")["StorageDescriptor"]["SerdeInfo"]["Parameters"]["paths"] == "extra,id"
    assert shop.partitions("t") == {"a": "t/type=a/"}
    version = shop.table("t")["VersionId"]
    shop.into(WIDER, "t", enableUpdateCatalog="true", updateBehavior="UPDATE_IN_DATABASE")
    assert shop.table("t")["VersionId"] == version


LOGGED = [
    pytest.param("id int", ROWS, ["a", "b"], id="equal"),
    pytest.param("id bigint, other string", ROWS, ["a", "b"], id="a subset"),
    pytest.param("id int", WIDER, [], id="wider"),
    pytest.param("id date", ROWS, [], id="other type"),
]


@pytest.mark.parametrize(("columns", "query", "entered"), LOGGED)
def test_log_keeps_the_schema(shop: Shop, caplog: Any, columns: str, query: str, entered: list[str]) -> None:
    shop.make("t", columns=columns)
    with caplog.at_level(logging.WARNING):
        shop.into(query, "t", enableUpdateCatalog=True, updateBehavior="LOG", partitionKeys=["type"])
    assert shop.columns("t") == columns
    assert list(shop.partitions("t")) == entered
    assert ("no partition is added" in caplog.text) is (not entered)
    assert shop.lake.keys("t/")


def test_without_the_option_the_catalog_stays_as_it_is(shop: Shop) -> None:
    shop.make("t")
    shop.into(WIDER, "t", updateBehavior="UPDATE_IN_DATABASE", partitionKeys=["type"])
    shop.sink(WIDER, "new", "json", ["type"], enableUpdateCatalog=False)
    assert (shop.columns("t"), shop.partitions("t")) == ("id int", {})
    assert [table["Name"] for table in shop.client.get_tables(DatabaseName="db")["TableList"]] == ["t"]
    assert [key.split("/")[:2] for key in shop.lake.keys("")] == [["new", "type=a"], ["t", "type=a"]]


def test_the_schema_of_a_table_without_partition_keys_stays(shop: Shop, caplog: Any) -> None:
    shop.make("t", keys="")
    with caplog.at_level(logging.WARNING):
        shop.into(WIDER, "t", enableUpdateCatalog=True)
    assert shop.columns("t") == "id int"
    assert "it has no partition keys" in caplog.text


def test_a_frame_without_records_makes_a_table_and_changes_none(shop: Shop) -> None:
    shop.sink(f"select * from ({ROWS}) where id > 5", "fresh", "json", ["type"])
    assert (shop.columns("fresh"), shop.partitions("fresh")) == ("id int", {})
    shop.make("t")
    shop.into(f"select * from ({WIDER}) where id > 5", "t", enableUpdateCatalog=True)
    assert (shop.columns("t"), shop.partitions("t")) == ("id int", {})


def test_special_values_name_the_partitions_that_hold_them(shop: Shop) -> None:
    query = "select 1 id, 'a/b=c %' k, date'2024-01-02' d union all select 2, null, null union all select 3, '', null"
    shop.sink(query, "t", "json", ["k", "d"])
    null = "__HIVE_DEFAULT_PARTITION__"
    assert shop.partitions("t") == {
        f"{null}/{null}": f"t/k={null}/d={null}/",
        "a/b=c %/2024-01-02": "t/k=a%2Fb%3Dc %25/d=2024-01-02/",
    }
    assert _shown(shop.table("t")["PartitionKeys"]) == "k string, d date"


# name: (table, query, keys, format, options, error, message)
Make = Callable[[Shop], None]
EARLY: dict[str, tuple[Make | None, str, str, list[str] | None, dict[str, Any], type[GlueEtlError], str]] = {
    "format": (None, ROWS, "orc", [], {}, OptionError, "format is 'orc', for which AWS Glue does not update"),
    "plain parquet": (None, ROWS, "parquet", [], {}, OptionError, "useGlueParquetWriter=True"),
    "behavior": (None, ROWS, "json", [], {"updateBehavior": "UPDATE"}, OptionError, "'updateBehavior' is 'UPDATE'"),
    "switch": (None, ROWS, "json", [], {"enableUpdateCatalog": "yes"}, OptionError, "neither true nor false"),
    "keys": (lambda s: s.make("t"), ROWS, "json", ["id"], {}, OptionError, r"\['id'\] are not those of .*\['type'\]"),
    "no keys": (lambda s: s.make("t"), ROWS, "json", [], {}, OptionError, r"partitionKeys=\['type'\]"),
    "other format": (lambda s: s.make("t"), ROWS, "csv", ["type"], {}, OptionError, "db.t is of json files"),
    "other place": (
        lambda s: s.make("t", keys=""),
        ROWS,
        "json",
        [],
        {"path": "s3://{bucket}/x/"},
        OptionError,
        "would not be the table's",
    ),
    "key that is no field": (None, ROWS, "json", ["month"], {}, FieldError, "'month' is not a field"),
    "nested": (None, "select array(array(1)) deep, 1 id", "json", [], {}, UnsupportedError, "'deep' of the type array"),
    "names": (None, "select 1 a, 2 A", "json", [], {}, FieldError, "would be one column"),
}


@pytest.mark.parametrize("name", EARLY)
def test_what_does_not_go_is_told_before_anything_is_written(shop: Shop, name: str) -> None:
    make, query, fmt, keys, options, error, message = EARLY[name]
    if make:
        make(shop)
    given = {key: str(value).format(bucket=shop.lake.name) for key, value in options.items()}
    case_sensitive = "spark.sql.caseSensitive"
    shop.ctx.session.conf.set(case_sensitive, "true")
    try:
        with pytest.raises(error, match=message):
            shop.sink(query, "t", fmt, keys, **given)
    finally:
        shop.ctx.session.conf.unset(case_sensitive)
    assert shop.lake.keys("") == []
    assert len(shop.client.get_tables(DatabaseName="db")["TableList"]) == (make is not None)


def test_a_sink_without_a_table_and_tables_that_are_not_there(shop: Shop) -> None:
    options = {"path": shop.lake.uri("x/"), "enableUpdateCatalog": True}
    with pytest.raises(OptionError, match=r"no table of the Data Catalog is named.*setCatalogInfo"):
        write_frame(shop.ctx, shop.frame(ROWS), "s3", options, "json", {})
    with pytest.raises(SourceError, match=r"EntityNotFoundException: the table 'db\.t'"):
        shop.into(ROWS, "t")
    with pytest.raises(SourceError, match="EntityNotFoundException: the database 'none'"):
        write_table(shop.ctx, shop.frame(ROWS), Target(shop.client, "none", "t"), {})
    assert shop.lake.keys("") == []


def test_parquet_tables_need_the_property_to_be_updated(shop: Shop) -> None:
    shop.make("t", "parquet")
    with pytest.raises(OptionError, match="table parameter useGlueParquetWriter = true"):
        shop.into(ROWS, "t", enableUpdateCatalog=True)
    shop.into(ROWS, "t")
    shop.make("u", "parquet", parameters={"useGlueParquetWriter": "true"})
    shop.into(WIDER, "u", enableUpdateCatalog=True)
    assert (shop.columns("u"), list(shop.partitions("u"))) == ("id int, extra string", ["a"])


def test_the_table_says_how_files_are_written(shop: Shop) -> None:
    shop.make("t", "csv", "id int, name string, more int", "type string", format_options={"separator": ";"})
    shop.into("select 'x;y' Name, 'a' Type, 7 id", "t")
    (key,) = shop.lake.keys("t/")
    assert key.startswith("t/Type=a/")
    assert (shop.lake.path / key).read_text(encoding="utf-8") == '7;"x;y";\n'
    with pytest.raises(FieldError, match=r"'type' of the table db\.t is not a field of the frame"):
        shop.into("select 1 id", "t")
    with pytest.raises(OptionError, match=r"'path' is 's3://other/'.*db\.t"):
        shop.into(ROWS, "t", path="s3://other/")


def test_folders_are_spelled_as_those_of_the_table_are(shop: Shop) -> None:
    shop.sink("select 1 id, 'a' Type, 'x' Kind", "t", "json", ["Kind", "Type"])
    shop.into("select 'y' kind, 2 id, 'a' TYPE union all select 'x', 3, 'a'", "t", enableUpdateCatalog=True)
    assert shop.partitions("t") == {"x/a": "t/Kind=x/Type=a/", "y/a": "t/Kind=y/Type=a/"}
    assert [record["id"] for key in shop.lake.keys("t/Kind=x/Type=a/") for record in shop.records(key)] in (
        [1, 3],
        [3, 1],
    )


def test_new_columns_of_a_csv_table_come_last(shop: Shop) -> None:
    shop.make("t", "csv", "id int, name string")
    shop.into("select 9 zip, 'n' name, 'a' type, 7 id", "t", enableUpdateCatalog=True)
    (key,) = shop.lake.keys("t/")
    assert (shop.lake.path / key).read_text(encoding="utf-8") == "7,n,9\n"
    assert shop.columns("t") == "id int, name string, zip int"


def test_a_write_that_fails_leaves_no_partition(shop: Shop, monkeypatch: Any) -> None:
    def fails(self: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(staging.Staging, "publish", fails)
    with pytest.raises(OSError, match="disk full"):
        shop.sink(ROWS, "t", "json", ["type"])
    assert shop.client.get_tables(DatabaseName="db")["TableList"] == []


def test_a_table_that_another_job_made_meanwhile_is_joined(shop: Shop, monkeypatch: Any) -> None:
    real = staging.Staging.publish

    def faster(self: Any) -> Any:
        if not shop.client.get_tables(DatabaseName="db")["TableList"]:
            shop.make("t", columns="id int, theirs string")
        return real(self)

    monkeypatch.setattr(staging.Staging, "publish", faster)
    shop.sink(WIDER, "t", "json", ["type"])
    assert shop.columns("t") == "id int, extra string, theirs string"
    assert list(shop.partitions("t")) == ["a"]


def test_a_table_of_a_database_is_written_by_its_connection(shop: Shop, monkeypatch: Any) -> None:
    document = {
        "Name": "t",
        "StorageDescriptor": {"Location": "shop.public.orders", "Columns": _columns("id int")},
        "Parameters": {"classification": "postgresql", "connectionName": "pg", "hashfield": "id"},
    }
    shop.client.create_table(DatabaseName="db", TableInput=document)
    written: list[Any] = []
    monkeypatch.setattr(catalog_sink, "write_jdbc", lambda ctx, frame, *rest: written.append(rest))
    shop.into(ROWS, "t", bulkSize="10")
    named = {"dbtable": "public.orders", "connectionName": "pg", "useConnectionProperties": "true"}
    assert written == [("postgresql", {"bulkSize": "10", **named}, None)]


KEY = st.none() | st.text(st.sampled_from("aZ /=%:?é_.'\"\\-"), min_size=1, max_size=4).filter(lambda t: t.strip(" ."))


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(writes=st.lists(st.lists(st.tuples(KEY, st.integers(0, 2)), min_size=1, max_size=6), min_size=1, max_size=2))
def test_every_row_is_in_exactly_one_partition(spark: SparkSession, shop: Shop, writes: Any) -> None:
    """Whatever the values: a partition's folder has the rows of its values, and all rows are in some partition."""
    name, expected = f"t{next(_numbers)}", {}
    for number, rows in enumerate(writes):
        data = [(f"{number}-{at}", key, part) for at, (key, part) in enumerate(rows)]
        df = spark.createDataFrame(data, "row string, k string, n int")
        options = {"path": shop.lake.uri(f"{name}/"), "enableUpdateCatalog": True, "partitionKeys": ["k", "n"]}
        write_and_update(shop.ctx, Frame.of(df), "s3", options, "json", {}, shop.target(name))
        expected.update({row: (key, str(part)) for row, key, part in data})
    found: dict[str, tuple[str | None, str]] = {}
    for partition in shop.client.get_partitions(DatabaseName="db", TableName=name)["Partitions"]:
        key, part = partition["Values"]
        prefix = partition["StorageDescriptor"]["Location"].removeprefix(shop.lake.uri(""))
        for file in shop.lake.keys(prefix):
            for record in shop.records(file):
                assert record["row"] not in found
                found[record["row"]] = (None if key == "__HIVE_DEFAULT_PARTITION__" else key, part)
    assert found == expected
