"""The rest of what awsglue's GlueContext, functions and DataFrame transforms call, through awsglue itself."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as f

from glue_etl.errors import JobError, OptionError

GRANULARITIES = {
    "day": ["ingest_year", "ingest_month", "ingest_day"],
    "hour": ["ingest_year", "ingest_month", "ingest_day", "ingest_hour"],
    "minute": ["ingest_year", "ingest_month", "ingest_day", "ingest_hour", "ingest_minute"],
    "": ["ingest_year", "ingest_month", "ingest_day", "ingest_hour", "ingest_minute"],
}


@pytest.mark.parametrize(("granularity", "names"), GRANULARITIES.items())
def test_ingestion_time_columns(glue_context: Any, granularity: str, names: list[str]) -> None:
    df = glue_context.add_ingestion_time_columns(glue_context.spark_session.range(1), granularity)
    assert df.columns == ["id", *names]
    assert {kind for name, kind in df.dtypes if name != "id"} == {"string"}


def test_ingestion_time_is_now_with_leading_zeros(glue_context: Any) -> None:
    before = datetime.now(UTC)
    (row,) = glue_context.add_ingestion_time_columns(glue_context.spark_session.range(1), "minute").collect()
    after = datetime.now(UTC)
    assert f"{before:%Y%m%d%H%M}" <= "".join(row[1:]) <= f"{after:%Y%m%d%H%M}"
    assert [len(text) for text in row[1:]] == [4, 2, 2, 2, 2]


def test_another_granularity_is_named(glue_context: Any) -> None:
    with pytest.raises(OptionError, match=r"'week'.*day, hour, minute"):
        glue_context.add_ingestion_time_columns(glue_context.spark_session.range(1), "week")


def test_the_column_functions(glue_context: Any) -> None:
    from awsglue.functions import explodeWithIndex, namedStruct, replaceArrayElement

    df = glue_context.spark_session.sql("select explode(array(array(1, 2, 3), array(7), null)) a, 9 n")
    replaced = [row[0] for row in df.select(replaceArrayElement("a", f.col("n") + 1, 1)).collect()]
    assert replaced == [[1, 10, 3], [7], None]
    assert [tuple(row) for row in df.where("n = 9").limit(1).select("n", explodeWithIndex("a")).collect()] == [
        (9, 0, 1),
        (9, 1, 2),
        (9, 2, 3),
    ]
    struct = df.select(namedStruct(f.lit("x"), "n", f.lit("y"), f.size("a")).alias("s"))
    assert struct.first()["s"].asDict() == {"x": 9, "y": 3}
    assert df.select(namedStruct([f.lit("x"), f.col("n")])).first()[0].asDict() == {"x": 9}


def test_apply_mapping_of_a_data_frame(glue_context: Any) -> None:
    from awsglue.dataframe_transforms import ApplyMapping

    df = glue_context.spark_session.sql("select '1' A, struct(2 as b) s")
    mapped = ApplyMapping.apply(df, [("a", "string", "n", "long"), ("s.b", "int", "t.u", "string"), ("A", "raw")])
    assert mapped.dtypes == [("n", "bigint"), ("t", "struct<u:string>"), ("raw", "string")]
    assert mapped.first() == (1, ("2",), "1")
    assert ApplyMapping.apply(df, ("a", "b")).columns == ["b"]


def test_a_purge_and_a_transition_by_path(glue_context: Any, lake: Any, caplog: pytest.LogCaptureFixture) -> None:
    lake.write("d/a.json", "{}")
    role = {"accountId": "123456789012", "roleArn": "arn:aws:iam::123456789012:role/r"}
    assert glue_context.transition_s3_path(lake.uri("d/"), "GLACIER", role) is None
    assert "transition_s3_path to GLACIER has no effect here" in caplog.text
    assert lake.keys() == ["d/a.json"]
    glue_context.purge_s3_path(lake.uri("d/"))
    assert lake.keys() == ["d/a.json"]
    glue_context.purge_s3_path(lake.uri("d/"), {"retentionPeriod": 0}, transformation_ctx="t")
    assert lake.keys() == []


def test_transactions(glue_context: Any) -> None:
    name = glue_context.start_transaction(False)
    assert re.fullmatch(r"[0-9a-f]{32}", name)
    assert glue_context.commit_transaction(name) is True
    with pytest.raises(JobError, match="TransactionCommittedException"):
        glue_context.cancel_transaction(name)


def test_a_data_frame_of_files(glue_context: Any, lake: Any) -> None:
    lake.write("d/a.json", '{"a": 1}\n{"a": 2}\n')
    df = glue_context.create_data_frame.from_options("s3", {"paths": [lake.uri("d/")]}, format="json")
    assert not df.isStreaming
    assert sorted(row.a for row in df.collect()) == [1, 2]


def test_spark_is_reached_beside_it(glue_context: Any, spark: SparkSession) -> None:
    assert glue_context.currentTimeMillis() > 1_700_000_000_000
    assert glue_context.createDataFrame([(1,)], ["a"]).count() == 1
    assert glue_context.tableNames() == []
