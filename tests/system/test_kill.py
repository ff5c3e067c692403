"""`kill -9` of a running job: nothing at the destination that a reader would take for data, and the next run is whole.

`make test` kills a few times; GLUE_ETL_KILLS=N kills N times at random moments besides.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from glue_etl.engine.run_records import read_runs
from glue_etl.settings import Settings, load

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

ROWS = 1_500_000
SCRIPT = f"""
import os
print(os.getpid(), flush=True)
from pyspark.sql import SparkSession, functions as F
spark = SparkSession.builder.getOrCreate()
rows = spark.range(0, {ROWS}, 1, 6).withColumn("k", F.col("id") % 3)
rows = rows.withColumn("s", F.sha2(F.col("id").cast("string"), 256))
rows.write.mode("overwrite").partitionBy("k").parquet("s3://lake/out")
"""


class Job:
    """A job that writes a few seconds long, and its destination as a reader sees it."""

    def __init__(self, folder: Path) -> None:
        self.settings: Settings = load(state_dir=folder / "state")
        self.out = self.settings.lake_dir / "lake" / "out"
        self.out.parent.mkdir(parents=True)
        self._script = folder / "job.py"
        self._script.write_text(SCRIPT)

    def start(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "glue_etl", "run", "--no-progress", "--master", "local[2]"]
        command += ["--conf", "spark.driver.memory=800m", "--state", str(self.settings.state_dir), str(self._script)]
        root = Path(__file__).parents[2]
        return subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def kill_when(self, moment: Callable[[], bool]) -> None:
        """Kill the command, the script's process and its JVM as soon as the moment has come."""
        process = self.start()
        assert process.stdout is not None
        with process:
            group = int(process.stdout.readline())
            while not moment() and process.poll() is None:
                time.sleep(0.002)
            for kill in (process.kill, lambda: os.killpg(group, signal.SIGKILL)):
                try:
                    kill()
                except ProcessLookupError:
                    continue

    def visible(self) -> list[Path]:
        """The files that Spark, Athena or DuckDB would read: no part of the path begins with `_` or `.`."""
        found = (file for file in self.out.rglob("*") if file.is_file())
        return [file for file in found if not any(part[0] in "_." for part in file.relative_to(self.out).parts)]

    def rows(self) -> int:
        import duckdb

        files = [str(file) for file in self.visible()]
        if not files:
            return 0
        found = duckdb.execute("select count(distinct id), count(*) from read_parquet(?)", [files]).fetchone()
        assert found is not None
        assert found[0] == found[1]
        return int(found[0])

    def state_of_last_run(self) -> str:
        """The state, once the killed processes are really gone: the kernel takes a moment for a JVM's memory."""
        end = time.monotonic() + 60
        while (run := read_runs(self.settings.logs_dir, "job")[-1])["state"] == "RUNNING" and time.monotonic() < end:
            time.sleep(0.1)
        return str(run["state"])

    def run_again(self) -> None:
        with self.start() as process:
            process.communicate()
            assert process.returncode == 0
        assert self.rows() == ROWS
        assert (self.out / "_SUCCESS").exists()
        assert not (self.out / "_temporary").exists()
        assert self.state_of_last_run() == "SUCCEEDED"


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(tmp_path)


MOMENTS: dict[str, Callable[[Path], bool]] = {
    "as Python starts": lambda out: True,
    "as the write begins": lambda out: (out / "_temporary").exists(),
    "between two tasks": lambda out: any(out.glob("_temporary/0/task_*")),
    "when most tasks are done": lambda out: len(list(out.glob("_temporary/0/task_*"))) >= 5,
}


@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS)
def test_a_job_killed_at_a_known_moment(job: Job, moment: Callable[[Path], bool]):
    job.kill_when(lambda: moment(job.out))
    assert job.visible() == []
    assert job.state_of_last_run() == "FAILED"
    job.run_again()


@pytest.mark.skipif(not os.environ.get("GLUE_ETL_KILLS"), reason="GLUE_ETL_KILLS=N kills a job at N random moments")
def test_a_job_killed_at_random_moments(job: Job):
    kills = int(os.environ["GLUE_ETL_KILLS"])
    seed = int(os.environ.get("GLUE_ETL_SEED", "1"))
    started = time.monotonic()
    with job.start() as process:
        process.communicate()
    whole = time.monotonic() - started
    generator = random.Random(seed)
    for kill in range(kills):
        at = time.monotonic() + generator.uniform(0, whole)
        job.kill_when(lambda at=at: time.monotonic() >= at)  # type: ignore[misc]
        assert job.rows() in {0, ROWS}, f"kill {kill} of seed {seed}"
        assert job.state_of_last_run() in {"FAILED", "SUCCEEDED"}
    job.run_again()
