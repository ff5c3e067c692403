"""Which files the workers open themselves."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from glue_etl.engine.io.json import read_json
from glue_etl.engine.io.json_local import local_files
from glue_etl.testing.buckets import Bucket


@pytest.mark.parametrize("name", ["a b.json", "a%20é.json", "a+b=c.json"])
@pytest.mark.parametrize("place", ["lake", "elsewhere"])
def test_files_of_the_lake_and_elsewhere(
    spark: SparkSession, lake: Bucket, tmp_path: Path, place: str, name: str
) -> None:
    folder, uri = (lake.path / "in", lake.uri("in/")) if place == "lake" else (tmp_path, tmp_path.as_uri())
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes(b'{"a":1}\n{"a":2}\n')
    found = local_files(spark, spark.read.text(uri).inputFiles(), {"recursiveFileLookup": "true"})
    assert found is not None
    assert [(Path(file.path), file.size) for file in found] == [(path, 16)]
    assert read_json(spark, [uri]).plan.df.count() == 2


REFUSED: dict[str, tuple[str, dict[str, str]]] = {
    "compressed": ("a.json.gz", {}),
    "lines of another kind": ("a.json", {"lineSep": ";"}),
    "gone": ("b.json", {}),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_left_to_spark(spark: SparkSession, tmp_path: Path, name: str) -> None:
    file, options = REFUSED[name]
    for each in ("a.json", "a.json.gz"):
        (tmp_path / each).write_bytes(b"{}\n")
    assert local_files(spark, [(tmp_path / file).as_uri()], options) is None


def test_other_file_systems_are_left_to_spark(spark: SparkSession) -> None:
    assert local_files(spark, ["hdfs://host/a.json"], {}) is None
    assert local_files(spark, ["s3://no-such-bucket-here/a.json"], {}) is None
