"""What Spark SQL makes, changes and drops is in the Data Catalog afterwards."""

from __future__ import annotations

from typing import Any

import pytest
from pyspark.errors import AnalysisException
from pyspark.sql import SparkSession

from glue_etl.engine.compat import SPARK_MAJOR
from glue_etl.errors import UnsupportedError
from glue_etl.testing.buckets import Bucket

Enter = Any


def rows(df: Any) -> list[tuple[Any, ...]]:
    return sorted(tuple(row) for row in df.collect())


def table(glue: Any, name: str) -> dict[str, Any]:
    found: dict[str, Any] = glue.get_table(DatabaseName="shop", Name=name)["Table"]
    return found


def columns(said: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each["Name"], each["Type"]) for each in said["StorageDescriptor"]["Columns"]]


def partitions(glue: Any, name: str) -> dict[tuple[str, ...], str]:
    found = glue.get_partitions(DatabaseName="shop", TableName=name)["Partitions"]
    return {tuple(each["Values"]): each["StorageDescriptor"]["Location"] for each in found}


@pytest.fixture
def shop(glue: Any, spark: SparkSession, lake: Bucket) -> str:
    spark.sql(f"create database shop comment 'all of it' location '{lake.uri('shop.db')}'")
    return lake.uri("shop.db")


def test_databases(glue: Any, spark: SparkSession, shop: str, lake: Bucket) -> None:
    found = glue.get_database(Name="shop")["Database"]
    assert (found["LocationUri"], found["Description"]) == (shop, "all of it")
    spark.sql("create database if not exists shop")
    spark.sql("alter database shop set dbproperties ('team' = 'me')")
    assert glue.get_database(Name="shop")["Database"]["Parameters"]["team"] == "me"
    spark.sql("create table shop.t using json as select 1 as a")
    with pytest.raises(AnalysisException, match="SCHEMA_NOT_EMPTY"):
        spark.sql("drop database shop")
    assert spark.catalog.tableExists("shop.t") and lake.keys("shop.db/t/")
    spark.sql("drop database shop cascade")
    with pytest.raises(glue.exceptions.EntityNotFoundException):
        glue.get_database(Name="shop")
    # Spark owned the table's files; the database's folder stays.
    assert lake.keys("shop.db/t/") == []


def test_a_database_that_is_dropped_keeps_what_it_does_not_own(
    glue: Any, spark: SparkSession, enter: Enter, lake: Bucket
) -> None:
    enter("t", "csv", "id int", {"a": "1\n"})
    lake.write("shop.db/mine.txt", "1")
    spark.sql("drop database shop cascade")
    assert lake.keys() == ["shop.db/mine.txt", "t/a"]
    assert [each["Name"] for each in glue.get_databases()["DatabaseList"]] == ["default"]


def test_a_table_that_is_made_and_dropped(glue: Any, spark: SparkSession, shop: str, lake: Bucket) -> None:
    spark.sql(
        "create table shop.Orders (Id bigint comment 'key', tags array<string>, y int) using parquet partitioned by (y)"
    )
    said = table(glue, "orders")
    assert columns(said) == [("id", "bigint"), ("tags", "array<string>")]
    assert said["PartitionKeys"] == [{"Name": "y", "Type": "int"}]
    assert (said["TableType"], said["StorageDescriptor"]["Location"]) == ("MANAGED_TABLE", f"{shop}/orders")
    assert said["Parameters"]["spark.sql.sources.provider"] == "parquet"
    assert "ParquetHiveSerDe" in said["StorageDescriptor"]["SerdeInfo"]["SerializationLibrary"]
    spark.sql("insert into shop.orders values (1, array('a'), 2023), (2, null, 2024)")
    assert partitions(glue, "orders") == {("2023",): f"{shop}/orders/y=2023", ("2024",): f"{shop}/orders/y=2024"}
    assert rows(spark.sql("select Id, y from shop.orders")) == [(1, 2023), (2, 2024)]
    with pytest.raises(AnalysisException, match="TABLE_OR_VIEW_ALREADY_EXISTS"):
        spark.sql("create table shop.orders (a int) using csv")
    spark.sql("drop table shop.orders")
    with pytest.raises(glue.exceptions.EntityNotFoundException):
        table(glue, "orders")
    assert lake.keys("shop.db/orders/") == []


@pytest.mark.parametrize("kind", ["csv", "json", "orc", "parquet"])
def test_a_table_from_a_query_can_be_read_by_glue_too(
    glue: Any, spark: SparkSession, enter: Enter, lake: Bucket, glue_settings: Any, kind: str
) -> None:
    enter("t", "csv", "id int; name string", {"a": "1,a\n2,b\n"})
    spark.sql(
        f"create table shop.n using {kind} location '{lake.uri('n')}' as select id, name from shop.t where id > 1"
    )
    said = table(glue, "n")
    assert said["TableType"] == "EXTERNAL_TABLE" and columns(said) == [("id", "int"), ("name", "string")]
    assert rows(spark.table("shop.n")) == [(2, "b")]
    spark.table("shop.t").write.mode("append").saveAsTable("shop.n", format=kind)
    spark.table("shop.t").filter("id = 1").write.insertInto("shop.n")
    assert rows(spark.table("shop.n")) == [(1, "a"), (1, "a"), (2, "b"), (2, "b")]
    spark.sql("drop table shop.n")
    assert lake.keys("n/") != []


def test_save_as_table_replaces_a_table(glue: Any, spark: SparkSession, shop: str) -> None:
    spark.range(2).write.saveAsTable("shop.t")
    assert columns(table(glue, "t")) == [("id", "bigint")]
    frame = spark.sql("select 'a' as name, 1 as y union all select 'b', 2")
    frame.write.mode("overwrite").partitionBy("y").option("header", True).saveAsTable("shop.t", format="csv")
    said = table(glue, "t")
    assert columns(said) == [("name", "string")] and set(partitions(glue, "t")) == {("1",), ("2",)}
    assert said["Parameters"]["spark.sql.sources.provider"] == "csv"
    assert rows(spark.table("shop.t")) == [("a", 1), ("b", 2)]
    with pytest.raises(AnalysisException, match="TABLE_OR_VIEW_ALREADY_EXISTS"):
        frame.write.saveAsTable("shop.t")


def test_inserts_enter_partitions_and_overwrites_take_them_out(
    glue: Any, spark: SparkSession, enter: Enter, lake: Bucket
) -> None:
    parts = {("a",): "t/y=a", ("b",): "elsewhere"}
    enter("t", "csv", "id int", {"y=a/f": "1\n"}, keys="y string", partitions=parts)
    lake.write("elsewhere/f", "2\n")
    spark.sql("insert into shop.t partition (y = 'x y/%') values (3)")
    assert set(partitions(glue, "t")) == {("a",), ("b",), ("x y/%",)}
    spark.sql("insert overwrite shop.t partition (y = 'b') values (22)")
    assert rows(spark.table("shop.t")) == [(1, "a"), (3, "x y/%"), (22, "b")]
    spark.conf.set("spark.sql.sources.partitionOverwriteMode", "dynamic")
    try:
        spark.sql("insert overwrite shop.t values (11, 'a'), (44, 'd')")
    finally:
        spark.conf.unset("spark.sql.sources.partitionOverwriteMode")
    assert rows(spark.table("shop.t")) == [(3, "x y/%"), (11, "a"), (22, "b"), (44, "d")]
    spark.sql("insert overwrite shop.t values (5, null)")
    assert list(partitions(glue, "t")) == [("__HIVE_DEFAULT_PARTITION__",)]
    assert rows(spark.sql("select id from shop.t where y is null")) == [(5,)]


def test_partitions_by_hand(glue: Any, spark: SparkSession, enter: Enter, lake: Bucket) -> None:
    enter("t", "csv", "id int", {"y=1/f": "1\n", "y=2/f": "2\n"}, keys="y int")
    spark.sql("msck repair table shop.t")
    assert set(partitions(glue, "t")) == {("1",), ("2",)}
    lake.write("o/f", "3\n")
    spark.sql(f"alter table shop.t add if not exists partition (y = 3) location '{lake.uri('o')}' partition (y = 1)")
    assert partitions(glue, "t")["3",] == lake.uri("o")
    spark.sql("alter table shop.t drop partition (y = 1)")
    assert rows(spark.table("shop.t")) == [(2, 2), (3, 3)] and lake.keys("t/y=1/") == ["t/y=1/f"]
    spark.sql(f"alter table shop.t partition (y = 2) set location '{lake.uri('t/y=1')}'")
    assert rows(spark.table("shop.t")) == [(1, 2), (3, 3)]
    assert partitions(glue, "t")["2",] == lake.uri("t/y=1")


def test_a_changed_table_keeps_what_the_statement_did_not_touch(glue: Any, spark: SparkSession, enter: Enter) -> None:
    enter("t", "csv", "id int", {"a": "1|x\n"}, separator="|")
    before = table(glue, "t")
    spark.sql("alter table shop.t add columns (name string comment 'new')")
    spark.sql("alter table shop.t set tblproperties ('team' = 'a', 'gone' = '1')")
    spark.sql("alter table shop.t unset tblproperties ('gone')")
    spark.sql("comment on table shop.t is 'about it'")
    after = table(glue, "t")
    assert columns(after) == [("id", "int"), ("name", "string")]
    assert after["StorageDescriptor"]["SerdeInfo"] == before["StorageDescriptor"]["SerdeInfo"]
    assert {**before["Parameters"], "team": "a", "comment": "about it"} == after["Parameters"]
    assert rows(spark.table("shop.t")) == [(1, "x")]
    with pytest.raises(UnsupportedError, match="RENAME"):
        spark.sql("alter table shop.t rename to shop.u")


def test_other_ways_to_make_a_table(glue: Any, spark: SparkSession, shop: str, lake: Bucket) -> None:
    frame = spark.sql("select 1 as a")
    spark.catalog.createTable("shop.c", source="parquet", schema=frame.schema)
    frame.writeTo("shop.w").using("json").create()
    spark.sql(f"create table shop.l like shop.c using orc location '{lake.uri('l')}'")
    found = {each["Name"]: each for each in glue.get_tables(DatabaseName="shop")["TableList"]}
    providers = {name: each["Parameters"]["spark.sql.sources.provider"] for name, each in found.items()}
    assert providers == {"c": "parquet", "l": "orc", "w": "json"}
    assert [columns(each) for each in found.values()] == [[("a", "int")]] * 3
    assert rows(spark.table("shop.w")) == [(1,)]


def test_views(glue: Any, spark: SparkSession, enter: Enter) -> None:
    enter("t", "csv", "id int", {"a": "1\n"})
    spark.sql("create view shop.v as select id + 1 as next from shop.t")
    said = table(glue, "v")
    assert (said["TableType"], said["ViewOriginalText"]) == ("VIRTUAL_VIEW", "select id + 1 as next from shop.t")
    assert rows(spark.table("shop.v")) == [(2,)]
    spark.sql("alter view shop.v as select id + 2 as next from shop.t")
    assert rows(spark.table("shop.v")) == [(3,)]
    spark.sql("drop view shop.v")
    assert [each["Name"] for each in glue.get_tables(DatabaseName="shop")["TableList"]] == ["t"]


HIVE = {
    "parquet": ("stored as parquet", "ParquetHiveSerDe"),
    "orc": ("stored as orc", "OrcSerde"),
    "text": ("row format delimited fields terminated by '|' stored as textfile", "LazySimpleSerDe"),
    "hive's default text": ("stored as textfile", "LazySimpleSerDe"),
    "json": ("row format serde 'org.openx.data.jsonserde.JsonSerDe' stored as textfile", "JsonSerDe"),
}


@pytest.mark.parametrize(("words", "library"), HIVE.values(), ids=HIVE.keys())
def test_hives_syntax(glue: Any, spark: SparkSession, shop: str, lake: Bucket, words: str, library: str) -> None:
    spark.sql(
        f"create external table if not exists shop.t (id int, name string) partitioned by (y string) {words} "
        f"location '{lake.uri('t')}'"
    )
    said = table(glue, "t")
    assert said["StorageDescriptor"]["SerdeInfo"]["SerializationLibrary"].endswith(library)
    assert columns(said) == [("id", "int"), ("name", "string")] and said["TableType"] == "EXTERNAL_TABLE"
    assert not [key for key in said["Parameters"] if key.startswith("spark.")]
    spark.sql("insert into shop.t partition (y = 'a') values (1, 'x'), (2, null)")
    assert set(rows(spark.sql("select id, coalesce(name, '-'), y from shop.t"))) == {(1, "x", "a"), (2, "-", "a")}
    if "|" in words:
        assert any(lake.read(key) == "1|x\n2|\\N\n" or "1|x" in lake.read(key) for key in lake.keys("t/"))


def test_hives_syntax_as_select(glue: Any, spark: SparkSession, shop: str) -> None:
    spark.sql("create table shop.t stored as parquet as select 1 as a")
    spark.sql("create table shop.u as select a + 1 as b from shop.t")
    assert rows(spark.sql("select * from shop.t join shop.u")) == [(1, 2)]
    library = table(glue, "u")["StorageDescriptor"]["SerdeInfo"]["SerializationLibrary"]
    # Without a word Glue 5 makes a table of Hive's text, Glue 6 one of Spark's default.
    assert library.endswith("LazySimpleSerDe" if SPARK_MAJOR < 4 else "ParquetHiveSerDe")


REFUSED = {
    "avro by hive's syntax": "create table shop.t (a int) stored as avro",
    "rcfile": "create table shop.t (a int) stored as rcfile",
    "an unknown serde": "create table shop.t (a int) row format serde 'com.example.Odd'",
    "delta": "create table shop.t (a int) using delta",
    "iceberg": "create table shop.t using iceberg as select 1 as a",
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_kept_is_refused_before_it_is_made(glue: Any, spark: SparkSession, shop: str, text: str) -> None:
    with pytest.raises(UnsupportedError):
        spark.sql(text)
    assert glue.get_tables(DatabaseName="shop")["TableList"] == []


def test_a_statement_that_fails_leaves_nothing(glue: Any, spark: SparkSession, shop: str) -> None:
    with pytest.raises(Exception, match="boom"):
        spark.sql("create table shop.t using parquet as select cast(raise_error('boom') as int) as a")
    assert glue.get_tables(DatabaseName="shop")["TableList"] == []
    assert not spark.catalog.tableExists("shop.t")
