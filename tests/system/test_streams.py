"""A streaming job that is killed, stopped and started again: batches as the checkpoint says, every row once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from glue_etl.engine.run_records import read_runs

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]

# Two sinks: one that writes a batch to a place of its own, so that writing it again changes nothing, and one that adds.
SCRIPT = """\
import os, sys, time
from awsglue.context import GlueContext
from awsglue.dynamicframe import DynamicFrame
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext

args = getResolvedOptions(sys.argv, ["JOB_NAME", "TempDir", "slow"])
glue = GlueContext(SparkContext.getOrCreate())
job = Job(glue)
job.init(args["JOB_NAME"], args)
stream = glue.create_data_frame.from_options(
    connection_type="s3",
    connection_options={"paths": ["s3://lake/in/"], "maxFilesPerTrigger": 1, "schema": "n int"},
    format="json",
)


def process(df, batch):
    df.write.mode("overwrite").json(f"s3://lake/placed/batch={batch}/")
    glue.write_dynamic_frame.from_options(
        DynamicFrame.fromDF(df, glue, "rows"), "s3", {"path": "s3://lake/added/"}, format="json"
    )
    print(f"wrote {batch} {os.getpid()}", flush=True)
    if str(batch) == args["slow"]:
        time.sleep(3)
    print(f"ended {batch}", flush=True)
    if df.where("n < 0").count():
        raise RuntimeError("drained")


options = {"windowSize": "100 milliseconds", "checkpointLocation": args["TempDir"] + "/check/", "batchMaxRetries": 0}
glue.forEachBatch(frame=stream, batch_function=process, options=options)
"""


class Stream:
    """The job, its input and its output."""

    def __init__(self, folder: Path) -> None:
        self.state = folder / "state"
        self.lake = self.state / "s3" / "lake"
        self.script = folder / "job.py"
        self.script.write_text(SCRIPT)

    def put(self, *numbers: int) -> None:
        folder = self.lake / "in"
        folder.mkdir(parents=True, exist_ok=True)
        for number in numbers:
            # Complete at once, as objects are.
            hidden = folder / f".{abs(number)}"
            hidden.write_text(f'{{"n": {number}}}\n{{"n": {number * 10}}}\n')
            os.utime(hidden, (1_600_000_000 + abs(number),) * 2)
            hidden.rename(folder / f"{abs(number)}.json")

    def run(self, slow: int, until: str, then: Callable[[subprocess.Popen[str], int], Any]) -> tuple[int, list[str]]:
        """Run until a line of output begins with some words, do something; exit code and output."""
        command = [sys.executable, "-m", "glue_etl", "run", str(self.script), "--state", str(self.state)]
        command += ["--no-progress", "--master", "local[1]", "--job-type", "gluestreaming", "--conf"]
        command += ["spark.driver.memory=600m", "--", "--JOB_NAME", "s", "--TempDir", "s3://lake/tmp", "--slow"]
        lines: list[str] = []
        with subprocess.Popen(
            [*command, str(slow)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                lines.append(line.rstrip())
                if line.startswith(until):
                    then(process, int(line.split()[-1]))
            process.stderr.read()  # type: ignore[union-attr]
        return process.returncode, lines

    def rows(self, folder: str, *, of: Callable[[Path], bool] = lambda file: True) -> Counter[int]:
        files = [file for file in (self.lake / folder).rglob("*") if file.is_file() and file.name[0] not in "._"]
        return Counter(json.loads(line)["n"] for file in files if of(file) for line in file.read_text().splitlines())


def kill(process: subprocess.Popen[str], group: int) -> None:
    process.kill()
    os.killpg(group, signal.SIGKILL)


def interrupt(process: subprocess.Popen[str], group: int) -> None:
    process.send_signal(signal.SIGTERM)


def test_a_stream_goes_on_where_it_was_killed_or_stopped(tmp_path: Path) -> None:
    stream = Stream(tmp_path)
    stream.put(1, 2, 3, 4)
    code, lines = stream.run(1, "wrote 1 ", kill)
    assert (code, "ended 0" in lines, "ended 1" in lines) == (-signal.SIGKILL, True, False)

    # The killed batch comes again; the one that runs when the signal comes ends, and no other one begins.
    code, lines = stream.run(2, "wrote 2 ", interrupt)
    assert (code, [line for line in lines if line.startswith("ended")]) == (143, ["ended 1", "ended 2"])
    assert read_runs(stream.state / "logs", "s")[-1]["state"] == "STOPPED"

    stream.put(-5)
    code, lines = stream.run(-1, "never", kill)
    # A file that Spark had noted but not yet given to a batch when it was stopped comes together with the next one.
    ended = [line for line in lines if line.startswith("ended")]
    assert (code, ended[0], ended[1:] in ([], ["ended 4"])) == (1, "ended 3", True)
    assert read_runs(stream.state / "logs", "s")[-1]["error"]["message"] == "RuntimeError: drained"

    expected = Counter({n: 1 for number in (1, 2, 3, 4, -5) for n in (number, number * 10)})
    assert stream.rows("placed") == expected
    # Only what the kill left behind is there twice in a sink that adds.
    assert stream.rows("added") == expected + Counter({2: 1, 20: 1})
