"""Whole runs with Spark, from the command line's own entry: figures, logs, failures, what is left behind."""

from __future__ import annotations

import io
import json
import textwrap
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from glue_etl.engine.run_records import read_runs
from glue_etl.engine.runner import RunResult, run_script
from glue_etl.settings import load

pytestmark = pytest.mark.slow

Run = Callable[..., RunResult]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    settings = load(state_dir=tmp_path / "state", master="local[1]", driver_memory="600m")
    (settings.lake_dir / "lake").mkdir(parents=True)

    def start(source: str, *arguments: str, **options: Any) -> RunResult:
        script = tmp_path / "job.py"
        script.write_text(textwrap.dedent(source))
        options.setdefault("stdout", io.BytesIO())
        options.setdefault("progress", False)
        return run_script(script, arguments, settings=settings, **options)

    return start


def test_rows_and_bytes_are_counted_over_every_context_of_the_script(
    run: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    source = """
        from pyspark.sql import SparkSession

        spark = SparkSession.builder.getOrCreate()
        rows = spark.createDataFrame([(i, i % 3) for i in range(100)], "id int, k int")
        rows.write.partitionBy("k").parquet("s3://lake/one")
        spark.stop()
        spark = SparkSession.builder.getOrCreate()
        again = spark.read.parquet("s3a://lake/one")
        again.write.json("s3://lake/two")
        print(spark.conf.get("spark.sql.session.timeZone"), spark.conf.get("spark.extra"))
    """
    result = run(source, "--conf", "spark.extra=1 --conf spark.x=y", "--enable-spark-ui", "true", progress=True)
    assert result.state == "SUCCEEDED", result.error
    assert (result.log_dir / "output.log").read_text() == "UTC 1\n"
    assert result.metrics.rows_written == 200
    assert result.metrics.rows_read >= 100
    assert result.metrics.stages >= 2
    lake = tmp_path / "state" / "s3" / "lake"
    written = sum(file.stat().st_size for file in lake.rglob("part-*"))
    assert result.metrics.bytes_written == written
    (record,) = read_runs(tmp_path / "state" / "logs", "job")
    assert record["metrics"]["rows_written"] == 200
    assert len(list((result.log_dir / "events").iterdir())) == 2
    assert "WARN" not in capfd.readouterr().err


def test_what_a_run_brings_along_is_on_the_driver_and_on_the_workers(run: Run, tmp_path: Path):
    bucket = tmp_path / "state" / "s3" / "lake"
    (bucket / "cleaner.py").write_text("def clean(text):\n    return text.strip()")
    with zipfile.ZipFile(bucket / "kit.zip", "w") as archive:
        archive.writestr("kit/__init__.py", "def shout(text):\n    return text.upper()")
    with zipfile.ZipFile(bucket / "mine.jar", "w") as archive:
        archive.writestr("settings.txt", "")
    source = """
        import os
        import cleaner, kit
        from pyspark.sql import SparkSession, functions as F
        spark = SparkSession.builder.getOrCreate()
        loader = spark.sparkContext._jvm.java.lang.Thread.currentThread().getContextClassLoader()
        print(loader.getResource("settings.txt") is not None)

        @F.udf("string")
        def tidy(text):
            return f"{kit.shout(cleaner.clean(text))} {os.environ.get('CUSTOMER_WORKER')}"

        print(spark.createDataFrame([(" a ",)], "t string").select(tidy("t")).first()[0])
        print(os.environ.get("CUSTOMER_DRIVER"), os.environ.get("CUSTOMER_WORKER"))
    """
    result = run(
        source,
        *("--extra-py-files", "s3://lake/cleaner.py,s3://lake/kit.zip", "--extra-jars", "s3://lake/mine.jar"),
        *("--customer-driver-env-vars", "CUSTOMER_DRIVER=d", "--customer-executor-env-vars", "CUSTOMER_WORKER=w"),
        *("--enable-spark-ui", "true", "--spark-event-logs-path", "s3://lake/ui/"),
    )
    assert result.state == "SUCCEEDED", result.error
    assert (result.log_dir / "output.log").read_text() == "True\nA w\nd None\n"
    assert len([file for file in (bucket / "ui").iterdir() if not file.name.endswith(".crc")]) == 1


def test_an_error_on_a_worker_names_the_line_of_the_function(run: Run):
    source = """
        from pyspark.sql import SparkSession, functions as F
        spark = SparkSession.builder.getOrCreate()

        @F.udf("int")
        def boom(x):
            raise KeyError(x)

        spark.range(3).select(boom("id").alias("x")).write.parquet("s3://lake/out")
    """
    result = run(source)
    assert result.error is not None
    assert (result.state, result.exit_code) == ("FAILED", 1)
    assert (result.error.message, result.error.line, result.error.text) == ("KeyError: 0", 7, "raise KeyError(x)")
    assert "Traceback" in (result.log_dir / "error.log").read_text()


def test_an_unknown_bucket_is_named(run: Run):
    source = """
        from pyspark.sql import SparkSession
        SparkSession.builder.getOrCreate().read.csv("s3://gone/x.csv")
    """
    result = run(source)
    assert result.error is not None
    assert result.error.type == "NoSuchBucketError"
    assert "'gone'" in result.error.message
    assert result.error.line == 3


def test_a_jvm_that_is_killed(run: Run, tmp_path: Path):
    source = """
        import os
        from pyspark.sql import SparkSession
        spark = SparkSession.builder.getOrCreate()
        assert "/state/tmp/jr_" in spark.sparkContext._temp_dir
        os.kill(spark.sparkContext._gateway.proc.pid, 9)
        spark.range(3).count()
    """
    result = run(source)
    assert (result.state, result.exit_code) == ("FAILED", 1)
    assert result.error is not None
    assert "Spark's JVM ended" in result.error.message
    assert result.error.line == 7
    assert list((tmp_path / "state" / "tmp").iterdir()) == []


def test_a_jvm_that_does_not_start(run: Run):
    source = """
        from pyspark import SparkContext
        SparkContext()
    """
    result = run(source, conf={"spark.driver.memory": "lots"})
    assert result.error is not None
    assert "JVM did not start" in result.error.message
    assert "lots" in result.error.message
    assert json.loads((result.log_dir / "run.json").read_text())["state"] == "FAILED"
