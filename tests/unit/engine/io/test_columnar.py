"""Parquet and ORC: files that differ, columns without a type, partition folders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet
from pyspark.sql import SparkSession

from glue_etl.engine.frame.core import Frame
from glue_etl.engine.types import tree as g
from glue_etl.errors import FieldError
from glue_etl.testing.buckets import Bucket


def put(lake: Bucket, key: str, **columns: Any) -> None:
    path = lake.path / key
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(pa.table(columns), path)


def test_files_that_differ_are_one_frame(lake: Bucket, read: Any) -> None:
    put(lake, "in/1.parquet", id=pa.array([1], pa.int64()), fee=pa.array([None], pa.null()), Extra=["x"])
    put(lake, "in/2.parquet", id=pa.array([2.5]), fee=pa.array([1.5]), extra=["y"], new=[True])
    frame = read(lake.uri("in/"), "parquet")
    assert frame.plan.type == g.StructType.of(
        [("id", g.ChoiceType((g.DOUBLE, g.LONG))), ("fee", g.DOUBLE), ("Extra", g.STRING), ("new", g.BOOLEAN)]
    )
    rows = sorted((row.asDict(recursive=True) for row in frame.plan.df.collect()), key=lambda row: row["Extra"])
    assert rows == [
        {"id": {"double": None, "long": 1}, "fee": None, "Extra": "x", "new": None},
        {"id": {"double": 2.5, "long": None}, "fee": 1.5, "Extra": "y", "new": True},
    ]


def test_structs_that_differ_have_all_members(lake: Bucket, read: Any) -> None:
    put(lake, "in/1.parquet", s=[{"a": 1}])
    put(lake, "in/2.parquet", s=[{"b": "x"}, None])
    frame = read(lake.uri("in/"), "glueparquet")
    assert frame.plan.type == g.StructType.of([("s", g.StructType.of([("a", g.LONG), ("b", g.STRING)]))])
    found = [row.s and row.s.asDict() for row in frame.plan.df.collect()]
    assert sorted(found, key=str) == sorted([{"a": 1, "b": None}, {"a": None, "b": "x"}, None], key=str)


def test_a_column_without_a_type_is_null(lake: Bucket, read: Any) -> None:
    put(lake, "in/1.parquet", id=[1], nothing=pa.array([None], pa.null()))
    frame = read(lake.uri("in/"), "parquet")
    assert frame.plan.type.get("nothing") == g.NULL
    assert [tuple(row) for row in frame.plan.df.collect()] == [(1, None)]


def test_files_alike_are_one_scan(lake: Bucket, read: Any) -> None:
    for i in range(3):
        put(lake, f"in/{i}.parquet", id=[i], **{"odd,;{}()=.`name": ["x"]})
    df = read(lake.uri("in/"), "parquet").plan.df
    assert df._jdf.queryExecution().toString().count("FileScan parquet") == 1
    assert df.count() == 3


def test_partition_folders(lake: Bucket, read: Any) -> None:
    put(lake, "t/year=2017/k=a b/1.parquet", id=[1])
    put(lake, "t/year=2018/k=c/1.parquet", id=[2.0])
    put(lake, "t/year=2018/k=d/1.parquet", id=[3])
    frame = read(lake.uri("t/"), "parquet")
    assert [(field.name, field.type.name) for field in frame.plan.type] == [
        ("id", "choice"), ("year", "int"), ("k", "string"),
    ]  # fmt: skip
    assert sorted((row.year, row.k) for row in frame.plan.df.collect()) == [(2017, "a b"), (2018, "c"), (2018, "d")]
    below = read([lake.uri("t/year=2017/"), lake.uri("t/year=2018/")], "parquet")
    assert sorted(row.k for row in below.plan.df.collect()) == ["a b", "c", "d"]
    assert below.plan.type.get("year") is None
    some = read(lake.uri("t/"), "parquet", {"exclusions": ["**/k=c/**"]})
    assert sorted((row.year, row.id) for row in some.plan.df.collect()) == [(2017, 1), (2018, 3)]
    assert read(lake.uri("t/"), "glueparquet", {"recurse": True}).plan.type.names == ["id"]


def test_attach_filename(lake: Bucket, read: Any) -> None:
    put(lake, "in/1 a.parquet", id=[1])
    frame = read(lake.uri("in/"), "glueparquet", attachFilename="src", attachTimestamp="at")
    row = frame.plan.df.first()
    assert row.src == lake.uri("in/1 a.parquet")
    assert frame.plan.type.get("at") == g.TIMESTAMP


@pytest.mark.parametrize("fmt", ["parquet", "orc"])
def test_what_has_no_type_cannot_be_written(fmt: str, spark: SparkSession, lake: Bucket, write: Any) -> None:
    frame = Frame.of(spark.sql("select 1 id, named_struct('x', array(null)) deep"))
    with pytest.raises(FieldError, match=r"deep\.x\[\].*DropNullFields"):
        write(frame, lake.uri("out/"), fmt)


def test_writer_options(spark: SparkSession, lake: Bucket, write: Any) -> None:
    frame = Frame.of(spark.range(20000).coalesce(1))
    options = {"compression": "gzip", "blockSize": "1024", "pageSize": 1024, "useGlueParquetWriter": True}
    write(frame, lake.uri("out/"), "parquet", options)
    file: Path = next((lake.path / "out").iterdir())
    metadata = parquet.read_metadata(file)
    assert metadata.row_group(0).column(0).compression == "GZIP"
    assert metadata.num_row_groups > 1
