"""Sinks of the Data Catalog, purges and transitions of tables, through awsglue itself."""

from __future__ import annotations

import itertools
import logging
from typing import Any

import pytest

from glue_etl.errors import OptionError, SourceError
from glue_etl.testing.buckets import Bucket

_numbers = itertools.count(1)


@pytest.fixture
def catalog(glue_context: Any) -> Any:
    """The client of the Data Catalog, and a fresh database in it."""
    client = glue_context._ssql_ctx.engine.clients.glue()
    name = f"sinks{next(_numbers)}"
    client.create_database(DatabaseInput={"Name": name})
    yield client, name
    client.delete_database(Name=name)


def values(client: Any, database: str, table: str) -> list[str]:
    found = client.get_partitions(DatabaseName=database, TableName=table)["Partitions"]
    return ["/".join(partition["Values"]) for partition in found]


def test_a_table_from_its_making_to_its_purge(glue_context: Any, lake: Bucket, catalog: Any, caplog: Any) -> None:
    from awsglue.dynamicframe import DynamicFrame
    from awsglue.job import Job

    client, database = catalog
    session = glue_context.spark_session
    job = Job(glue_context)
    job.init("maker", {"JOB_RUN_ID": "jr_1"})
    frame = DynamicFrame.fromDF(session.sql("select 1 id, '2024' year"), glue_context, "f")
    sink = glue_context.getSink(
        connection_type="s3",
        path=lake.uri("t/"),
        enableUpdateCatalog=True,
        partitionKeys=["year"],
        compression="snappy",
    )
    sink.setFormat("glueparquet")
    sink.setCatalogInfo(catalogDatabase=database.upper(), catalogTableName="T")
    assert sink.writeFrame(frame).count() == 0
    assert values(client, database, "t") == ["2024"]
    job.init("changer", {"JOB_RUN_ID": "jr_2"})

    df = session.sql("select 2 id, 'x' more, '2025' year")
    options = {"enableUpdateCatalog": True, "partitionKeys": ["year"]}
    glue_context.write_data_frame.from_catalog(df, database, "t", additional_options=options)
    glue_context.write_dynamic_frame.from_catalog(frame, name_space=database, table_name="t")
    table = client.get_table(DatabaseName=database, Name="t")["Table"]
    assert table["Parameters"] == {
        "classification": "parquet",
        "useGlueParquetWriter": "true",
        "CreatedByJob": "maker",
        "CreatedByJobRun": "jr_1",
        "UpdatedByJob": "changer",
        "UpdatedByJobRun": "jr_2",
    }
    assert [column["Name"] for column in table["StorageDescriptor"]["Columns"]] == ["id", "more"]
    assert values(client, database, "t") == ["2024", "2025"]
    assert len(lake.keys("t/year=2024/")) == 2

    glue_context.purge_table(database, "t", {"retentionPeriod": 0, "partitionPredicate": "year > 2024"})
    assert values(client, database, "t") == ["2024"]
    with caplog.at_level(logging.WARNING):
        glue_context.transition_table(database, "t", "GLACIER", {"accountId": "1", "roleArn": "r"})
    assert "transition_table to GLACIER has no effect here" in caplog.text
    with pytest.raises(OptionError, match=r"User's pushdown predicate: nope = 1"):
        glue_context.purge_table(database, "t", {"partitionPredicate": "nope = 1"})
    with pytest.raises(SourceError, match="EntityNotFoundException"):
        glue_context.purge_table(database, "other")


ROUND_TRIPS = [
    pytest.param("json", {}, id="json"),
    pytest.param("csv", {"separator": "|"}, id="csv"),
    pytest.param("avro", {}, id="avro"),
    pytest.param("glueparquet", {}, id="parquet"),
]


@pytest.mark.parametrize(("fmt", "options"), ROUND_TRIPS)
def test_what_is_written_is_read_back(
    glue_context: Any, lake: Bucket, catalog: Any, fmt: str, options: dict[str, Any]
) -> None:
    """Two writes, the second with another order of fields and one more, and a key with special values."""
    from awsglue.dynamicframe import DynamicFrame

    _, database = catalog
    session = glue_context.spark_session
    writes = [
        "select 1 id, 'a|b' name, 'x/y=1' k union all select 2, null, 'z'",
        "select 'z' k, 2.5D more, 'c' name, 3 id union all select 'w', null, 'd', 4",
    ]
    for query in writes:
        sink = glue_context.getSink(
            connection_type="s3", path=lake.uri("t/"), enableUpdateCatalog=True, partitionKeys=["k"]
        )
        sink.setFormat(fmt, **options)
        sink.setCatalogInfo(database, "t")
        sink.writeFrame(DynamicFrame.fromDF(session.sql(query), glue_context, "f"))
    read = glue_context.create_dynamic_frame.from_catalog(database, "t").toDF().select("id", "name", "more", "k")
    assert sorted(tuple(row) for row in read.collect()) == [
        (1, "a|b", None, "x/y=1"),
        (2, None, None, "z"),
        (3, "c", 2.5, "z"),
        (4, "d", None, "w"),
    ]
    kept = glue_context.create_dynamic_frame.from_catalog(database, "t", push_down_predicate="k = 'x/y=1'")
    assert [row["id"] for row in kept.toDF().collect()] == [1]
