"""Tables of the Data Catalog in Spark SQL: what is read, what is seen of a change, what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pyspark.errors import AnalysisException
from pyspark.sql import SparkSession

from glue_etl.engine.catalog.clients import Clients
from glue_etl.engine.install import installed
from glue_etl.errors import UnsupportedError
from glue_etl.settings import Settings
from glue_etl.testing.buckets import Bucket

Enter = Any


def rows(df: Any) -> list[tuple[Any, ...]]:
    return sorted(tuple(row) for row in df.collect())


TEXTS = {
    "csv": ("csv", "id int; name string", "1,a\n2,b\n", {}),
    "csv with a header": ("csv", "id int; name string", "id,name\n1,a\n2,b\n", {"withHeader": True}),
    "csv with another separator": ("csv", "id int; name string", "1|a\n2|b\n", {"separator": "|"}),
    "json lines": ("json", "id int; name string", '{"id":1,"name":"a"}\n{"id":2,"name":"b"}\n', {}),
}


@pytest.mark.parametrize(("kind", "columns", "text", "options"), TEXTS.values(), ids=TEXTS.keys())
def test_a_table_of_texts(
    spark: SparkSession, enter: Enter, kind: str, columns: str, text: str, options: dict[str, Any]
) -> None:
    enter("t", kind, columns, {"part-0": text}, **options)
    assert rows(spark.sql("select id + 1, name from shop.t where id = 2")) == [(3, "b")]


@pytest.mark.parametrize("kind", ["parquet", "orc"])
def test_a_table_of_columns(spark: SparkSession, enter: Enter, lake: Bucket, kind: str) -> None:
    getattr(spark.range(2).selectExpr("id", "array(id) as Tags").coalesce(1).write, kind)(lake.uri("t"))
    enter("t", kind, "id bigint; tags array<bigint>")
    assert rows(spark.table("shop.t").selectExpr("id", "tags[0]")) == [(0, 0), (1, 1)]


def test_partitions_are_those_of_the_catalog_wherever_they_lie(
    spark: SparkSession, glue: Any, enter: Enter, lake: Bucket
) -> None:
    files = {"y=1/a": "1\n", "y=2/a": "2\n", "y=9/not-entered": "9\n"}
    parts = {("1",): "t/y=1/", ("2",): "t/y=2/", ("03",): "elsewhere/with space %25/"}
    lake.write("elsewhere/with space %25/a", "3\n")
    enter("t", "csv", "id int", files, keys="y int", partitions=parts)
    assert rows(spark.sql("select id, y from shop.t")) == [(1, 1), (2, 2), (3, 3)]
    assert rows(spark.sql("select id from shop.t where y >= 2")) == [(2,), (3,)]
    # What comes and goes between two statements is seen.
    glue.delete_partition(DatabaseName="shop", TableName="t", PartitionValues=["1"])
    lake.write("t/y=2/b", "22\n")
    assert rows(spark.table("shop.t")) == [(2, 2), (3, 3), (22, 2)]
    assert lake.keys("t/y=1/") == ["t/y=1/a"]


def test_a_changed_table_is_seen_and_a_dropped_one_is_gone(spark: SparkSession, glue: Any, enter: Enter) -> None:
    enter("t", "csv", "id int", {"a": "1,x\n"})
    assert rows(spark.table("shop.t")) == [(1,)]
    said = glue.get_table(DatabaseName="shop", Name="t")["Table"]
    descriptor = said["StorageDescriptor"]
    descriptor["Columns"].append({"Name": "name", "Type": "string"})
    changed = {"Name": "t", "StorageDescriptor": descriptor, "Parameters": said["Parameters"]}
    glue.update_table(DatabaseName="shop", TableInput=changed)
    assert rows(spark.sql("select * from shop.t")) == [(1, "x")]
    glue.delete_table(DatabaseName="shop", Name="t")
    with pytest.raises(AnalysisException, match="TABLE_OR_VIEW_NOT_FOUND"):
        spark.sql("select * from shop.t")
    glue.delete_database(Name="shop")
    assert [each.name for each in spark.catalog.listDatabases()] == ["default"]


def test_temporary_views_and_common_tables_come_first(spark: SparkSession, enter: Enter) -> None:
    enter("t", "csv", "id int", {"a": "1\n"})
    spark.sql("use shop")
    spark.range(7, 8).createOrReplaceTempView("t")
    assert rows(spark.sql("select * from t")) == [(7,)]
    assert rows(spark.sql("with u as (select id + 1 as id from shop.t) select * from u")) == [(2,)]
    spark.catalog.dropTempView("t")
    assert rows(spark.sql("select * from T")) == [(1,)]
    spark.sql("create temporary view v as select id * 10 from t")
    spark.sql("use default")
    assert rows(spark.sql("select * from v")) == [(10,)]


def test_what_spark_has_no_source_for_is_read_by_the_engine(spark: SparkSession, enter: Enter) -> None:
    enter("x", "xml", "id bigint; name string", {"a": "<r><row><id>1</id><name>a</name></row></r>"}, rowTag="row")
    assert rows(spark.sql("select id + 1, name from shop.x")) == [(2, "a")]
    with pytest.raises(UnsupportedError, match=r"'shop\.x'"):
        spark.sql("insert into shop.x select 1, 'a'")


def test_fields_of_json_are_found_in_any_letter_case(spark: SparkSession, enter: Enter) -> None:
    text = '{"userId":1,"Address":{"zipCode":"x"}}\n{"userId":2}\n'
    enter("j", "json", "userid int; address struct<zipcode:string>", {"a": text})
    assert spark.table("shop.j").columns == ["userid", "address"]
    assert rows(spark.sql("select userid, address.zipcode from shop.j")) == [(1, "x"), (2, None)]


def test_an_empty_cell_of_text_is_the_empty_text(spark: SparkSession, enter: Enter, lake: Bucket) -> None:
    parts = {("1",): "t/y=1/"}
    enter("t", "csv", "id int; name string", {"y=1/a": "1,\n,b\n3,\\N\n"}, keys="y int", partitions=parts)
    assert rows(spark.sql("select id, name, y from shop.t where id is not null")) == [(1, "", 1), (3, None, 1)]
    frame = spark.table("shop.t").filter("name = 'b'")
    spark.sql("insert into shop.t partition (y = 2) values (4, 'b'), (5, '')")
    assert rows(frame.select("y")) == [(1,)]
    assert rows(spark.sql("select name, count(*) from shop.t where y = 2 group by name")) == [("", 1), ("b", 1)]
    assert [row[0] for row in spark.sql("show partitions shop.t").collect()] == ["y=1", "y=2"]
    assert [row[0] for row in spark.sql("show databases").collect()] == ["default", "shop"]
    assert [each.name for each in spark.catalog.listDatabases()] == ["default", "shop"]
    assert [each.name for each in spark.catalog.listTables("shop")] == ["t"]


def test_views_of_the_catalog(spark: SparkSession, glue: Any, enter: Enter) -> None:
    enter("t", "csv", "id int", {"a": "1\n"})
    columns = {"Columns": [{"Name": "twice", "Type": "int"}]}
    for name, text in (("v", "select id * 2 as twice from t"), ("p", "/* Presto View: e30= */")):
        view = {"Name": name, "TableType": "VIRTUAL_VIEW", "ViewOriginalText": text, "StorageDescriptor": columns}
        glue.create_table(DatabaseName="shop", TableInput=view)
    assert rows(spark.sql("select * from shop.v")) == [(2,)]
    with pytest.raises(UnsupportedError, match=r"'shop\.p'"):
        spark.sql("select * from shop.p")


def test_parameters_and_formatted_queries(spark: SparkSession, enter: Enter) -> None:
    enter("t", "csv", "id int", {"a": "1\n2\n"})
    assert rows(spark.sql("select * from shop.t where id > :low", {"low": 1})) == [(2,)]
    assert rows(spark.sql("select * from {df} where id < {high}", df=spark.table("shop.t"), high=2)) == [(1,)]
    assert rows(spark.read.table("shop.t")) == [(1,), (2,)]


def test_the_catalog_of_the_session(spark: SparkSession, glue: Any, enter: Enter) -> None:
    enter("t", "csv", "id int")
    enter("x", "xml", "id bigint", rowTag="row")
    assert "shop" in [each.name for each in spark.catalog.listDatabases()]
    assert [each.name for each in spark.catalog.listTables("shop")] == ["t", "x"]
    assert [row[1] for row in spark.sql("show tables in shop").collect()] == ["t", "x"]
    assert spark.catalog.tableExists("shop.t") and not spark.catalog.tableExists("shop.u")
    assert spark.catalog.databaseExists("shop") and not spark.catalog.databaseExists("none")
    assert [each.name for each in spark.catalog.listColumns("shop.t")] == ["id"]
    spark.catalog.setCurrentDatabase("shop")
    assert spark.catalog.currentDatabase() == "shop" and spark.catalog.tableExists("t")
    # A job makes the database `default` where it is missing.
    assert glue.get_database(Name="default")["Database"]["Name"] == "default"
    glue.create_table(DatabaseName="shop", TableInput={"Name": "odd", "Parameters": {"classification": "wobble"}})
    assert spark.catalog.tableExists("shop.t")
    assert [each.name for each in spark.catalog.listTables("shop")] == ["odd", "t", "x"]
    with pytest.raises(UnsupportedError, match="wobble"):
        spark.table("shop.odd")


MISSING = {
    "a table": ("select * from shop.none", "TABLE_OR_VIEW_NOT_FOUND"),
    "a database": ("select * from none.t", "TABLE_OR_VIEW_NOT_FOUND"),
    "a current database": ("use none", "SCHEMA_NOT_FOUND"),
    "syntax": ("selec * from shop.t", "PARSE_SYNTAX_ERROR"),
}


@pytest.mark.parametrize(("text", "word"), MISSING.values(), ids=MISSING.keys())
def test_errors_are_sparks_own(spark: SparkSession, glue: Any, text: str, word: str) -> None:
    with pytest.raises(AnalysisException, match=word):
        spark.sql(text)


def test_hive_support_needs_no_metastore(glue: Any, spark: SparkSession) -> None:
    again = SparkSession.builder.enableHiveSupport().getOrCreate()
    assert again is spark and again.conf.get("spark.sql.catalogImplementation") == "in-memory"


def test_without_the_setting_sparks_own_catalog_is_alone(glue_context: Any, spark: SparkSession) -> None:
    spark.sql("create table t (a int) using parquet")
    assert spark.catalog.tableExists("t")


def test_nothing_is_left_when_the_engine_goes(spark: SparkSession, glue_settings: Settings, lake: Bucket) -> None:
    settings = replace(glue_settings, sql_catalog=True)
    client = Clients(settings).glue()
    with installed(settings):
        spark.sql(f"create database shop location '{lake.uri('shop.db')}'")
        spark.sql("create table shop.t using json as select 1 as a")
    assert not spark.catalog.databaseExists("shop")
    with pytest.raises(AnalysisException, match="TABLE_OR_VIEW_NOT_FOUND"):
        spark.table("shop.t")
    # The files and what the Data Catalog says of them stay.
    assert lake.keys("shop.db/t/") and client.get_table(DatabaseName="shop", Name="t")["Table"]["Name"] == "t"
    for name in ("default", "shop"):
        client.delete_database(Name=name)
