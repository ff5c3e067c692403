"""Runs of bookmarked jobs with arrivals, rewrites, deletions, overlaps and kills: each committed row exactly once.

A ledger knows the rows of every version of every file that ever lay in the source. Most runs are light: a process of
its own that lists, reads by the bookmark, writes and commits with the engine's own code; some are whole `glue-etl run`s
of a job script. `make bookmarks-soak` is the full size: 200 runs.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from glue_etl.engine.bookmarks import BookmarkStore
from glue_etl.engine.bookmarks.lock import JobLock
from glue_etl.errors import ConcurrentRunsExceededException

from .bookmark_child import REFUSED, STAGES

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

ROOT = Path(__file__).parents[2]
CHILD = Path(__file__).with_name("bookmark_child.py")
JOBS = ("hourly", "Hourly")
SCRIPT = """
import sys
from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext

args = getResolvedOptions(sys.argv, ["JOB_NAME"])
glueContext = GlueContext(SparkContext.getOrCreate())
job = Job(glueContext)
job.init(args["JOB_NAME"], args)
new = glueContext.create_dynamic_frame.from_options(
    connection_type="s3", connection_options={"paths": ["s3://soak/in/"], "recurse": True}, format="json",
    transformation_ctx="source",
)
if new.count() > 0:
    glueContext.write_dynamic_frame.from_options(
        frame=new.select_fields(["row"]), connection_type="s3",
        connection_options={"path": "s3://soak/out/" + args["JOB_RUN_ID"] + "/"}, format="json",
    )
job.commit()
"""
Version = tuple[str, int, int]


@dataclass
class World:
    """The lake of a soak, and what is known of it.

    Attributes:
        state: The state folder.
        random: Where all chances come from.
        ledger: Rows of each version of each file: name, modification time, size.
        away: Files that were moved away, to come back as they were.
        jobs: Which job each run was of.
        happened: How often what happened.
    """

    state: Path
    random: random.Random
    ledger: dict[Version, list[str]] = field(default_factory=dict)
    away: list[str] = field(default_factory=list)
    jobs: dict[str, str] = field(default_factory=dict)
    happened: Counter[str] = field(default_factory=Counter)
    generation: int = 0

    def __post_init__(self) -> None:
        for name in ("in", "out"):
            (self.state / "s3" / "soak" / name).mkdir(parents=True)
        (self.state / "away").mkdir()
        (self.state / "job.py").write_text(SCRIPT)

    @property
    def source(self) -> Path:
        return self.state / "s3" / "soak" / "in"

    def names(self) -> list[str]:
        return sorted(path.relative_to(self.source).as_posix() for path in self.source.rglob("*.json"))

    # --- what happens to the files

    def write(self, name: str) -> None:
        """A file's new version, seen whole or not at all; its time may go in any direction."""
        self.generation += 1
        rows = [f"{self.generation:06d}-{number}" for number in range(self.random.randint(1, 3))]
        hidden = self.state / "arriving"
        hidden.write_text("".join(json.dumps({"row": row}) + "\n" for row in rows))
        before = (self.source / name).stat().st_mtime_ns if (self.source / name).exists() else time.time_ns()
        jumps = (1, -1, 1_000, -3_600 * 10**9, 3_600 * 10**9, time.time_ns() - before)
        moment = before + self.random.choice(jumps)
        size = hidden.stat().st_size
        while (name, moment, size) in self.ledger:
            moment += 1
        os.utime(hidden, ns=(moment, moment))
        self.ledger[name, moment, size] = rows
        (self.source / name).parent.mkdir(exist_ok=True)
        hidden.replace(self.source / name)

    def arrive(self) -> None:
        for _ in range(self.random.randint(1, 3)):
            self.write(f"h={self.random.randint(0, 3)}/f{self.generation:05d}.json")
            self.happened["arrive"] += 1

    def change(self) -> None:
        """What may happen between two runs."""
        for _ in range(self.random.randint(0, 3)):
            kind, names = self.random.choice(("arrive", "rewrite", "delete", "hide", "return")), self.names()
            if kind == "arrive" or not names:
                self.arrive()
            elif kind == "return":
                for name in self.away:
                    if not (self.source / name).exists():
                        (self.state / "away" / name.replace("/", "%")).replace(self.source / name)
                        self.happened["return"] += 1
                self.away.clear()
            else:
                name = self.random.choice(names)
                self.happened[kind] += 1
                if kind == "rewrite":
                    self.write(name)
                elif kind == "delete":
                    (self.source / name).unlink()
                else:
                    (self.source / name).replace(self.state / "away" / name.replace("/", "%"))
                    self.away.append(name)

    # --- runs

    def run_id(self, job: str) -> str:
        name = f"jr_{len(self.jobs):05d}"
        self.jobs[name] = job
        return name

    def child(self, job: str, *stops: str, most: int = 0) -> subprocess.Popen[str]:
        words = [str(self.state), job, self.run_id(job), str(most), *stops]
        return subprocess.Popen(
            [sys.executable, str(CHILD), *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
        )

    def light_run(self) -> None:
        """A run that ends well, is killed at a stage, or is killed at any moment of its commit."""
        job, stop = self.random.choice(JOBS), self.random.choice((*STAGES, "", "", "", ""))
        with self.child(job, *([stop] if stop else []), most=self.random.choice((0, 0, 1, 2))) as child:
            assert child.stdin is not None and child.stdout is not None
            said = _until(child, stop) if stop else ""
            # Without new files there is no half of them: the run has gone on to its end.
            stop = stop if said == stop else ""
            if said == stop == "committing" and self.random.random() < 0.7:
                child.stdin.write("\n")
                child.stdin.flush()
                time.sleep(self.random.random() * 0.01)
            elif stop and self.random.random() < 0.4:
                self.arrive()
                self.overlap(job, said)
                child.stdin.write("\n")
                child.stdin.flush()
                child.stdout.read()
            if stop and child.poll() is None:
                child.kill()
                self.happened["kills"] += 1
            child.stdout.read()
            child.stdin.close()
            assert child.wait() in (0, -signal.SIGKILL)

    def overlap(self, job: str, stage: str) -> None:
        """A second run of the same job is refused until the first has committed; one of another job is not."""
        for name in JOBS:
            with self.child(name) as second:
                second.communicate()
                refused = name == job and stage != "committed"
                assert second.returncode == (REFUSED if refused else 0), (name, job, stage)
                self.happened["refused"] += refused

    def whole_run(self, kill: bool) -> None:
        job = self.random.choice(JOBS)
        run_id = self.run_id(job)
        words = ["--state", str(self.state), "--no-progress", "--", "--JOB_NAME", job, "--JOB_RUN_ID", run_id]
        command = [sys.executable, "-m", "glue_etl", "run", str(self.state / "job.py"), *words]
        with subprocess.Popen(
            [*command, "--job-bookmark-option", "job-bookmark-enable"], stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, cwd=ROOT, start_new_session=True,
        ) as process:  # fmt: skip
            if kill:
                time.sleep(self.random.uniform(4, 12))
                process.kill()
            output, _ = process.communicate()
        assert process.returncode in ((0, -signal.SIGKILL) if kill else (0,)), output
        if kill:
            self.wait_for(job)
        self.happened["whole runs"] += 1

    def wait_for(self, job: str) -> None:
        """Of a killed `glue-etl run` the script's own process ends a moment later."""
        for _ in range(600):
            try:
                return JobLock(self.state, job).release()
            except ConcurrentRunsExceededException:
                time.sleep(0.1)
        raise AssertionError(f"the lock of {job!r} is not freed")

    # --- what must hold

    def check(self, job: str) -> None:
        """Each commit's entries are the rows of its run's output; none twice; nothing that is there is left out."""
        store = BookmarkStore(self.state)
        rows: list[str] = []
        before: set[Version] = set()
        for head in store.history(job):
            if head.kind != "commit":
                continue
            with store.files(job, "source", head.version) as files:
                now = {(path.removeprefix("s3://soak/in/"), modified, size) for path, modified, size in files}
            assert head.run_id is not None
            written = self.output(head.run_id)
            expected = [row for version in now - before for row in self.ledger[version]]
            assert sorted(written) == sorted(expected), head
            rows += written
            before = now
        assert max(Counter(rows).values(), default=1) == 1
        present = [row for name in self.names() for row in self.ledger[self.version(name)]]
        assert set(present) <= set(rows)
        self.happened["committed rows"] += len(rows)

    def version(self, name: str) -> Version:
        status = (self.source / name).stat()
        return name, status.st_mtime_ns, status.st_size

    def output(self, run_id: str) -> list[str]:
        parts = (self.state / "s3" / "soak" / "out" / run_id).glob("[!._]*")
        return [json.loads(line)["row"] for part in parts for line in part.read_text().splitlines()]


def _until(child: subprocess.Popen[str], stage: str) -> str:
    """What the child says last: the stage, or the end if it never comes to it."""
    assert child.stdout is not None
    said = ""
    for line in child.stdout:
        said = line.strip()
        if said == stage:
            break
    return said


def test_every_committed_files_rows_are_in_the_output_exactly_once(tmp_path: Path) -> None:
    runs, seed = int(os.environ.get("GLUE_ETL_BOOKMARK_RUNS", "10")), int(os.environ.get("GLUE_ETL_SEED", "1"))
    world = World(tmp_path / "state", random.Random(seed))
    world.arrive()
    for number in range(1, runs + 1):
        world.change()
        if number % 10 == 5:
            world.whole_run(kill=number % 20 == 15)
        else:
            world.light_run()
        if number % 20 == 0:
            print(f"{number} runs: {dict(world.happened)}", flush=True)
    for job in JOBS:
        with world.child(job) as last:
            last.communicate()
            assert last.returncode == 0
        world.check(job)
    print(f"seed {seed}: {len(world.jobs)} runs: {dict(world.happened)}")
