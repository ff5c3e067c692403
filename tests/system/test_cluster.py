"""The same script on this machine's threads and on a Spark standalone cluster of two workers."""

from __future__ import annotations

import io
import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from glue_etl.engine.runner import run_script
from glue_etl.engine.session import launch_environment
from glue_etl.settings import Settings, child_environment, load

pytestmark = pytest.mark.slow

SCRIPT = """
import sys
from awsglue.utils import getResolvedOptions
from pyspark.sql import SparkSession, functions as F
from glue_etl.errors import GlueEtlError
import extra

args = getResolvedOptions(sys.argv, ["JOB_NAME", "to"])

spark = SparkSession.builder.getOrCreate()

@F.udf("string")
def word(x):
    # Workers find the library and the extra file, too.
    import glue_etl.errors
    return extra.name(x)

rows = spark.range(1000).withColumn("k", (F.col("id") % 7).cast("int")).withColumn("w", word("id"))
rows.repartition(4, "k").write.partitionBy("k").parquet(args["to"])
print(spark.sparkContext.master, spark.sparkContext.defaultParallelism)
"""


class Cluster:
    """A master and its workers, each a JVM of its own, with pyspark's own classes."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        import pyspark

        self._home = Path(pyspark.__file__).parent
        self._folder = folder
        self._environment = child_environment(
            settings, {**launch_environment(settings), "SPARK_HOME": str(self._home), "SPARK_DAEMON_MEMORY": "256m"}
        )
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self, workers: int) -> str:
        log = self._launch("master", "org.apache.spark.deploy.master.Master")
        url = self._wait_for(log, r"Starting Spark master at (spark://\S+)")
        for number in range(workers):
            work = str(self._folder / f"work{number}")
            options = ["--cores", "1", "--memory", "1g", "--work-dir", work, url]
            log = self._launch(f"worker{number}", "org.apache.spark.deploy.worker.Worker", *options)
            self._wait_for(log, r"(Successfully registered) with master")
        return url

    def stop(self) -> None:
        for process in reversed(self._processes):
            process.terminate()
        for process in self._processes:
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _launch(self, name: str, java_class: str, *options: str) -> Path:
        log = self._folder / f"{name}.log"
        command = [str(self._home / "bin" / "spark-class"), java_class, "--host", "127.0.0.1", "--port", "0"]
        with log.open("wb") as out:
            process = subprocess.Popen(
                [*command, "--webui-port", "0", *options],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        self._processes.append(process)
        return log

    def _wait_for(self, log: Path, pattern: str) -> str:
        end = time.monotonic() + 90
        while time.monotonic() < end:
            if found := re.search(pattern, log.read_text(errors="replace")):
                return found.group(1)
            assert self._processes[-1].poll() is None, log.read_text(errors="replace")
            time.sleep(0.1)
        raise AssertionError(log.read_text(errors="replace"))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load(state_dir=tmp_path / "state", master="local[2]", driver_memory="600m")


@pytest.fixture
def master(tmp_path: Path, settings: Settings) -> Iterator[str]:
    cluster = Cluster(tmp_path, settings)
    try:
        yield cluster.start(workers=2)
    finally:
        cluster.stop()


def _rows(folder: Path) -> list[tuple[object, ...]]:
    import duckdb

    return duckdb.sql(f"select id, w, k from read_parquet('{folder}/*/*.parquet') order by id").fetchall()


def test_the_same_script_gives_the_same_rows_on_a_cluster(tmp_path: Path, settings: Settings, master: str):
    script = tmp_path / "job.py"
    script.write_text(SCRIPT)
    (tmp_path / "lib").mkdir()
    extra = tmp_path / "lib" / "extra.py"
    extra.write_text("def name(x):\n    return f'w{x}'\n")
    bucket = settings.lake_dir / "lake"
    bucket.mkdir(parents=True)
    conf = {"spark.executor.memory": "512m", "spark.cores.max": "2"}
    for name, url in {"local": None, "cluster": master}.items():
        result = run_script(
            script,
            ["--JOB_NAME", name, "--to", f"s3://lake/{name}"],
            settings=settings,
            master=url,
            conf=conf,
            extra_py_files=[str(extra)],
            progress=False,
            stdout=io.BytesIO(),
        )
        assert result.state == "SUCCEEDED", f"{result.error}\n{(result.log_dir / 'error.log').read_text()}"
        assert (result.log_dir / "output.log").read_text() == f"{url or 'local[2]'} 2\n"
        assert result.metrics.rows_written == 1000
    rows = _rows(bucket / "cluster")
    assert len(rows) == 1000
    assert rows == _rows(bucket / "local")
    executors = [name for name in os.listdir(tmp_path) if name.startswith("work") and not name.endswith(".log")]
    assert len(executors) == 2
