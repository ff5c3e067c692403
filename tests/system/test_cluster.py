"""The taxi job on this machine's threads and on a Spark standalone cluster of two workers."""

from __future__ import annotations

import io
import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from glue_etl.engine.runner import RunResult, run_script
from glue_etl.engine.session import launch_environment
from glue_etl.settings import Settings, child_environment, load
from glue_etl.testing.taxi_sample import write_taxi

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

ROOT = Path(__file__).parents[2]
ROWS = 3_000

FUNCTIONS = """
import sys
from awsglue.utils import getResolvedOptions
from pyspark.sql import SparkSession, functions as F
import extra

args = getResolvedOptions(sys.argv, ["JOB_NAME", "to"])

spark = SparkSession.builder.getOrCreate()

@F.udf("string")
def word(x):
    # Workers find the library and the extra file, too.
    import glue_etl.errors
    return extra.name(x)

spark.range(0, 100, 1, 2).select("id", word("id").alias("w")).write.parquet(args["to"])
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


Run = Callable[..., RunResult]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cluster")


@pytest.fixture(scope="module")
def settings(folder: Path) -> Settings:
    return load(state_dir=folder / "state", master="local[2]", driver_memory="800m")


@pytest.fixture(scope="module")
def master(folder: Path, settings: Settings) -> Iterator[str]:
    (settings.lake_dir / "lake").mkdir(parents=True)
    cluster = Cluster(folder, settings)
    try:
        yield cluster.start(workers=2)
    finally:
        cluster.stop()


@pytest.fixture
def run(settings: Settings) -> Run:
    def start(script: Path, *arguments: str, **options: Any) -> RunResult:
        conf = {"spark.executor.memory": "512m", "spark.cores.max": "2"}
        result = run_script(
            script, arguments, settings=settings, conf=conf, progress=False, stdout=io.BytesIO(), **options
        )
        assert result.state == "SUCCEEDED", f"{result.error}\n{(result.log_dir / 'error.log').read_text()}"
        return result

    return start


def _trips(folder: Path) -> list[tuple[object, ...]]:
    import duckdb

    files = f"'{folder}/*/*/*.parquet'"
    return duckdb.sql(f"select * from read_parquet({files}, hive_partitioning = true) order by all").fetchall()


def _lines(folder: Path) -> list[str]:
    return sorted(line for file in folder.iterdir() for line in file.read_text().splitlines())


def test_the_taxi_job_gives_the_same_rows_on_a_cluster(folder: Path, settings: Settings, master: str, run: Run):
    lake = settings.lake_dir / "lake"
    sample = write_taxi(lake / "in", ROWS, seed=7)
    counts = {}
    for name, url in {"local": None, "cluster": master}.items():
        paths = {
            "source": "s3://lake/in/",
            "destination": f"s3://lake/{name}/",
            "rejects": f"s3://lake/{name}-rejects/",
        }
        words = [word for key, path in paths.items() for word in (f"--{key}_path", path)]
        result = run(ROOT / "jobs" / "nyc_taxi.py", "--JOB_NAME", "taxi", *words, master=url)
        counts[name] = json.loads((result.log_dir / "output.log").read_text())
        assert result.metrics.rows_written == ROWS
        assert json.loads((result.log_dir / "run.json").read_text())["master"] == (url or "local[2]")
    assert counts["cluster"] == counts["local"]
    trips, rejects = _trips(lake / "cluster"), _lines(lake / "cluster-rejects")
    assert (len(trips), len(rejects)) == (ROWS - sample.rejects, sample.rejects)
    assert trips == _trips(lake / "local")
    assert rejects == _lines(lake / "local-rejects")
    # Each worker has run an executor of the job.
    assert all(any((folder / f"work{number}").iterdir()) for number in range(2))


def test_functions_and_extra_files_reach_the_workers(folder: Path, settings: Settings, master: str, run: Run):
    script, extra = folder / "functions.py", folder / "lib" / "extra.py"
    script.write_text(FUNCTIONS)
    extra.parent.mkdir()
    extra.write_text("def name(x):\n    return f'w{x}'\n")
    result = run(script, "--JOB_NAME", "f", "--to", "s3://lake/f", master=master, extra_py_files=[str(extra)])
    assert (result.log_dir / "output.log").read_text() == f"{master} 2\n"

    import duckdb

    found = duckdb.sql(f"select id, w from read_parquet('{settings.lake_dir}/lake/f/*.parquet')").fetchall()
    assert sorted(found) == [(n, f"w{n}") for n in range(100)]
