"""The pytest plugin's fixtures."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from glue_etl.settings import Settings
from glue_etl.testing.buckets import Bucket

ROOT = Path(__file__).parents[3]


def leave_things(spark: SparkSession) -> None:
    spark.range(1).createOrReplaceTempView("left_view")
    spark.range(1).createOrReplaceGlobalTempView("left_global")
    spark.sql("CREATE DATABASE left_database")
    spark.sql("CREATE TABLE left_database.left_table (a int) USING parquet")
    spark.range(1).write.saveAsTable("left_in_default")
    spark.sql("USE left_database")


@pytest.mark.parametrize("round_", [1, 2])
def test_what_a_test_leaves_in_the_catalog_is_gone_in_the_next(spark: SparkSession, round_: int) -> None:
    assert spark.catalog.currentDatabase() == "default"
    assert [each.name for each in spark.catalog.listDatabases()] == ["default"]
    assert spark.catalog.listTables() == []
    assert not spark.catalog.tableExists("global_temp.left_global")
    leave_things(spark)


@pytest.mark.parametrize("round_", [1, 2])
def test_a_bucket_is_empty_at_the_start(lake: Bucket, round_: int) -> None:
    assert lake.keys() == []
    uri = lake.write("a/b.txt", "text é")
    assert uri == lake.uri("a/b.txt") == f"s3://{lake.name}/a/b.txt"
    assert lake.read("a/b.txt") == "text é"
    assert (lake.path / "a" / "b.txt").read_bytes() == "text é".encode()
    assert lake.keys("a") == ["a/b.txt"]


def test_spark_reads_the_bucket_and_glue_context_the_session(
    glue_context: object, spark: SparkSession, lake: Bucket, glue_settings: Settings
) -> None:
    assert glue_context.spark_session.sparkContext is spark.sparkContext  # type: ignore[attr-defined]
    assert spark.read.text(lake.write("x", "1")).collect()[0].value == "1"
    assert lake.path.is_relative_to(glue_settings.state_dir)


def test_the_plugin_itself_imports_nothing_heavy() -> None:
    code = (
        "import sys, glue_etl.testing.plugin\n"
        "print([name for name in ('pyspark', 'awsglue', 'pandas', 'py4j', 'chispa') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


INNER = """
import pytest
def test_plain(): pass
def test_spark(spark, lake):
    assert spark.read.text(lake.write("x", "1")).count() == 1
    print("PID", spark.sparkContext._gateway.proc.pid)
    print("STATE", lake.store.root.parent)
def test_lake_alone(lake):
    assert lake.path.is_dir()
"""


@pytest.mark.slow
def test_a_run_leaves_no_process_and_no_file(tmp_path: Path) -> None:
    (tmp_path / "test_inner.py").write_text(INNER)
    (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
    command = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider"]
    if not any(point.name == "glue_etl" for point in metadata.entry_points(group="pytest11")):
        command += ["-p", "glue_etl.testing.plugin"]
    command += ["--rootdir", str(tmp_path), "-c", str(tmp_path / "pytest.ini"), str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stdout + done.stderr
    said = dict(re.findall(r"(PID|STATE) (\S+)", done.stdout))
    assert not Path(f"/proc/{said['PID']}").exists()
    assert not Path(said["STATE"]).exists()
