"""`kill -9` of the taxi job: no file of the killed write that a reader would take for data, and the next run is whole.

The sink's own moments, one by one, are in tests/unit/engine/io/test_staging.py. `make kill` kills at random ones.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from glue_etl.engine.run_records import read_runs
from glue_etl.settings import Settings, load
from glue_etl.testing.taxi_sample import write_taxi

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

ROOT = Path(__file__).parents[2]
ROWS = 5_000

# The job as it is, in a process that says its id and, if asked, kills when the sink is about to move its n-th file.
WRAPPER = """
import os, runpy, signal, sys
print(os.getpid(), flush=True)
from glue_etl.engine.io import staging

class System:
    moved = 0

    def __getattr__(self, name):
        return getattr(os, name)

    def replace(self, source, target):
        if "/data/" in str(source):
            if self.moved == {moved}:
                {kill}
            self.moved += 1
        os.replace(source, target)

staging.os = System()
runpy.run_path({job!r}, run_name="__main__")
"""
KILL = {
    "the script": "os.kill(os.getpid(), signal.SIGKILL)",
    "all": "os.kill(os.getppid(), signal.SIGKILL); os.killpg(os.getpgrp(), signal.SIGKILL)",
}


class Job:
    """The taxi job over a small sample, and its destinations as a reader sees them."""

    def __init__(self, folder: Path) -> None:
        self.settings: Settings = load(state_dir=folder / "state")
        self.lake = self.settings.lake_dir / "lake"
        self._script = folder / "job.py"
        write_taxi(self.lake / "in", ROWS, seed=8)

    def start(self, *, kill: str = "pass", moved: int = -1) -> subprocess.Popen[str]:
        job = str(ROOT / "jobs" / "nyc_taxi.py")
        self._script.write_text(WRAPPER.format(job=job, kill=kill, moved=moved))
        arguments = ["--JOB_NAME", "taxi", "--source_path", "s3://lake/in/"]
        arguments += ["--destination_path", "s3://lake/trips/", "--rejects_path", "s3://lake/rejects/"]
        return self._command(self._script, *arguments)

    def _command(self, script: Path, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "glue_etl", "run", "--no-progress", "--master", "local[2]"]
        command += ["--conf", "spark.driver.memory=800m", "--state", str(self.settings.state_dir), str(script)]
        return subprocess.Popen(
            [*command, "--", *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def run(self, *, kill: str = "pass", moved: int = -1) -> int:
        with self.start(kill=kill, moved=moved) as process:
            process.communicate()
        return process.returncode

    def run_something_else(self) -> None:
        other = self._script.with_name("other.py")
        other.write_text("")
        with self._command(other) as process:
            process.communicate()

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

    def visible(self, name: str) -> set[Path]:
        """The files that Spark, Athena or DuckDB would read: no part of the path begins with `_` or `.`."""
        folder = self.lake / name
        found = {file for file in folder.rglob("*") if file.is_file()}
        return {file for file in found if not any(part[0] in "_." for part in file.relative_to(folder).parts)}

    def rows(self) -> tuple[int, int]:
        """Trips and rejects, by a reader that is not ours; a file that is not whole makes it fail."""
        import duckdb

        counts = []
        for name, reader in (("trips", "read_parquet"), ("rejects", "read_json")):
            files = [str(file) for file in self.visible(name)]
            found = duckdb.execute(f"select count(*) from {reader}(?)", [files]).fetchone() if files else (0,)
            counts.append(int(found[0]))  # type: ignore[index]
        return counts[0], counts[1]

    def state_of_last_run(self) -> str:
        """The state, once the killed processes are really gone: the kernel takes a moment for a JVM's memory."""
        end = time.monotonic() + 60
        while (run := read_runs(self.settings.logs_dir, "taxi")[-1])["state"] == "RUNNING" and time.monotonic() < end:
            time.sleep(0.1)
        return str(run["state"])

    def clear(self) -> None:
        for name in ("trips", "rejects"):
            shutil.rmtree(self.lake / name, ignore_errors=True)


def hidden(job: Job) -> list[Path]:
    return list(job.lake.rglob("_glue_etl_*")) + list((job.settings.state_dir / "writes").glob("*"))


@dataclass
class Seen:
    """What was there after a kill."""

    rows: tuple[int, int]
    hidden: list[Path]
    state: str


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Job, Seen]:
    """A job that was killed while Spark wrote its first file to a new destination."""
    job = Job(tmp_path_factory.mktemp("kill"))
    job.kill_when(lambda: any(job.lake.glob("_glue_etl_*/data/**/*.parquet")))
    return job, Seen(job.rows(), hidden(job), job.state_of_last_run())


@pytest.fixture(scope="module")
def whole(killed: tuple[Job, Seen]) -> Job:
    """The same job, which has run to its end since."""
    job, _ = killed
    assert job.run() == 0
    return job


def test_killed_while_spark_writes(killed: tuple[Job, Seen]):
    _, seen = killed
    assert seen.rows == (0, 0)
    assert seen.hidden != []
    assert seen.state == "FAILED"


def test_the_next_run_is_whole(whole: Job):
    assert sum(whole.rows()) == ROWS
    assert len(whole.visible("trips")) >= 3, "too few files to be killed between two"
    assert hidden(whole) == []
    assert whole.state_of_last_run() == "SUCCEEDED"


def test_a_script_killed_between_two_renames_is_rolled_back_by_its_run(whole: Job):
    job = whole
    before = job.visible("trips")
    assert job.run(kill=KILL["the script"], moved=2) == 128 + signal.SIGKILL
    assert job.visible("trips") == before
    assert hidden(job) == []
    assert job.state_of_last_run() == "FAILED"


def test_a_run_killed_between_two_renames_is_rolled_back_by_the_next_command(whole: Job):
    job = whole
    before = job.visible("trips")
    assert job.run(kill=KILL["all"], moved=2) == -signal.SIGKILL
    assert job.state_of_last_run() == "FAILED"
    assert len(job.visible("trips") - before) == 2
    job.run_something_else()
    assert job.visible("trips") == before
    assert hidden(job) == []
    assert list((job.settings.state_dir / "tmp").iterdir()) == []


@pytest.mark.skipif(not os.environ.get("GLUE_ETL_KILLS"), reason="GLUE_ETL_KILLS=N kills a job at N random moments")
def test_killed_at_random_moments(whole: Job):
    """Every other time into destinations that have files."""
    job = whole
    trips, rejects = job.rows()
    generator = random.Random(int(os.environ.get("GLUE_ETL_SEED", "1")))
    started = time.monotonic()
    assert job.run() == 0
    assert job.rows() == (2 * trips, 2 * rejects)
    seconds = time.monotonic() - started
    for kill in range(int(os.environ["GLUE_ETL_KILLS"])):
        if kill % 2 == 0:
            job.clear()
        before = job.rows()
        at = time.monotonic() + generator.uniform(0, seconds)
        job.kill_when(lambda at=at: time.monotonic() >= at)  # type: ignore[misc]
        state = job.state_of_last_run()
        if kill % 2:
            job.run_something_else()
        after = job.rows()
        print(f"kill {kill}: {before} -> {after}, {state}")
        assert after[0] - before[0] in {0, trips}
        assert after[1] - before[1] in {0, rejects}
        assert state in {"FAILED", "SUCCEEDED"}
    job.clear()
    assert job.run() == 0
    assert job.rows() == (trips, rejects)
    assert hidden(job) == []
