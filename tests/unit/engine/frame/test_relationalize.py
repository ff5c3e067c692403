"""Relationalize: keys that agree between tables however the rows are made; rows kept no longer than used."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

from glue_etl.engine.frame import relationalize
from glue_etl.engine.frame.core import Plan


def numbers(spark: SparkSession) -> DataFrame:
    return spark.range(300, numPartitions=3).selectExpr("id as n", "array(named_struct('m', id, 'xs', array(id))) as a")


MADE: dict[str, Callable[[SparkSession], DataFrame]] = {
    "as it is": numbers,
    "repartitioned": lambda spark: numbers(spark).repartition(7),
    "sorted": lambda spark: numbers(spark).orderBy(f.hash("n")),
    "limited": lambda spark: numbers(spark).limit(200),
    "joined": lambda spark: numbers(spark).join(spark.range(250).withColumnRenamed("id", "n"), "n"),
    "grouped": lambda spark: numbers(spark).groupBy("n").agg(f.first("a").alias("a")),
}


@pytest.mark.parametrize("make", MADE.values(), ids=MADE.keys())
def test_keys_lead_to_the_right_rows(spark: SparkSession, make: Callable[[SparkSession], DataFrame]) -> None:
    df = make(spark)
    root, items, leaves = (table.df for table in relationalize.relationalize(Plan.of(df), "r").values())
    items = items.toDF("id", "i", "m", "xs")
    leaves = leaves.toDF("leaf_id", "j", "x")
    joined = root.join(items, root["a"] == items["id"]).join(leaves, items["xs"] == leaves["leaf_id"])
    same = joined.selectExpr("count(*)", "count_if(n = m and m = x)", "count(distinct a)", "count(distinct xs)")
    assert same.first() == (df.count(),) * 4


def kept(spark: SparkSession) -> set[int]:
    """The numbers of the RDDs that Spark keeps."""
    context: Any = spark.sparkContext._jsc
    return set(context.getPersistentRDDs().keys())


def test_rows_are_kept_once_for_all_tables_and_not_for_ever(spark: SparkSession) -> None:
    before = kept(spark)
    tables = relationalize.relationalize(Plan.of(numbers(spark).repartition(3)), "r")
    assert [table.df.count() for table in tables.values()] == [300, 300, 300]
    assert len(kept(spark) - before) == 1
    # The session's cache would hold on to the rows until it is told; an RDD goes when nothing refers to it any more.
    java: Any = spark._jsparkSession
    assert java.sharedState().cacheManager().isEmpty()


def test_rows_that_come_the_same_each_time_are_not_kept(spark: SparkSession) -> None:
    before = kept(spark)
    tables = relationalize.relationalize(Plan.of(numbers(spark)), "r")
    assert tables["r_a"].df.count() == 300
    assert not kept(spark) - before
