"""Carry out a script case: its lake, its runs by `glue-etl run` in processes of their own, and what must come out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import script_outputs, script_setup
from .script_cases import ScriptCase

ROOT = Path(__file__).parents[2]
# How long a case may take for one run.
LIMIT_SECONDS = 600
# What would lead a run to another state folder, or to a catalog that is not the case's own.
_ELSEWHERE = {"AWS_ENDPOINT_URL", "GLUE_ETL_CATALOG", "GLUE_ETL_STATE"}

# The JVM of a run of seconds need not compile what it will never repeat: a third less time for each.
_SHORT_LIVED = "spark.driver.extraJavaOptions=-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"

Json = Any


@dataclass(frozen=True)
class Finished:
    """One run that has ended.

    Attributes:
        state: As `run.json` has it; `FAILED` if the run could not even be started.
        error: The error's message.
        log: Everything it printed and logged.
    """

    state: str
    error: str
    log: str


def carry_out(case: ScriptCase, state: Path) -> list[str]:
    """Run a case in a fresh state folder.

    Returns:
        What differs from the expectation, over all runs; empty if the case passes.
    """
    lake = state / "s3"
    for bucket in sorted(case.buckets):
        (lake / bucket).mkdir(parents=True)
    _put_inputs(case, lake)
    script_setup.create_catalog(case, state)
    found: list[str] = []
    ended = time.time()
    with script_setup.databases(case, state) as databases:
        for number, run in enumerate(case.runs, start=1):
            _prepare(case, run.get("before", []), lake, ended)
            finished = _run(case, run["arguments"], state)
            ended = time.time()
            problems = _check(case, run["expect"], finished, state, databases)
            found += [f"run {number}: {problem}" for problem in problems]
    return found


def _put_inputs(case: ScriptCase, lake: Path) -> None:
    inputs = case.content.get("inputs", {})
    # Streams and bookmarks go by the time of the last change: rising, and all in the past.
    first = int(time.time()) - 3600 - 10 * len(inputs)
    for number, (uri, source) in enumerate(inputs.items()):
        text = source["text"] if isinstance(source, dict) else None
        path = _write(lake, uri, text.encode() if text is not None else (case.folder / source).read_bytes())
        os.utime(path, (first + 10 * number, first + 10 * number))


def _prepare(case: ScriptCase, operations: list[Mapping[str, Json]], lake: Path, ended: float) -> None:
    if operations:
        time.sleep(max(0.0, ended + 1.1 - time.time()))
    for operation in operations:
        path = _path(lake, operation["path"])
        if operation["op"] == "touch":
            os.utime(path)
        elif operation["op"] == "append":
            path.write_bytes(path.read_bytes() + operation["text"].encode())
        elif "from" in operation:
            _write(lake, operation["path"], (case.folder / operation["from"]).read_bytes())
        else:
            _write(lake, operation["path"], operation["text"].encode())


def _path(lake: Path, uri: str) -> Path:
    return lake / uri.split("://", 1)[1]


def _write(lake: Path, uri: str, content: bytes) -> Path:
    path = _path(lake, uri)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def _run(case: ScriptCase, arguments: Mapping[str, str], state: Path) -> Finished:
    words = [word for name, value in arguments.items() for word in (name, value)]
    options = ["--state", str(state), "--no-progress", "--conf", _SHORT_LIVED]
    if case.job_type == "pythonshell":
        options = options[:3]
    if case.job_type != "glueetl":
        options += ["--job-type", case.job_type]
    before = set(state.glob("logs/*/*/run.json"))
    done = subprocess.run(
        [sys.executable, "-m", "glue_etl", "run", str(case.folder / "job.py"), *options, "--", *words],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name not in _ELSEWHERE} | {"TZ": "UTC"},
        capture_output=True,
        timeout=LIMIT_SECONDS,
    )
    log = done.stdout.decode(errors="replace") + done.stderr.decode(errors="replace")
    new = set(state.glob("logs/*/*/run.json")) - before
    if not new:
        return Finished("FAILED", log, log)
    (file,) = new
    record = json.loads(file.read_text(encoding="utf-8"))
    for name in ("output.log", "error.log"):
        log += (file.parent / name).read_text(encoding="utf-8", errors="replace")
    assert (record["state"] == "SUCCEEDED") is (done.returncode == 0), (record["state"], done.returncode)
    return Finished(record["state"], (record["error"] or {}).get("message", ""), log)


def _check(
    case: ScriptCase,
    expected: Mapping[str, Json],
    finished: Finished,
    state: Path,
    databases: script_setup.Databases,
) -> list[str]:
    found: list[str] = []
    if "state" in expected and finished.state != expected["state"]:
        found.append(f"state {finished.state}, expected {expected['state']}: {finished.error or finished.log[-2000:]}")
    if expected.get("error_contains", "") not in finished.error:
        found.append(f"error {finished.error!r} without {expected['error_contains']!r}")
    found += [f"log without {text!r}" for text in expected.get("log_contains", []) if text not in finished.log]
    for output in expected.get("outputs", []):
        there = databases.output(output["path"]) if output["format"] == "jdbc" else None
        problems = script_outputs.problems(output, state / "s3", case.folder, there)
        found += [f"{output['path']}: {problem}" for problem in problems[:6]]
    found += script_setup.catalog_problems(expected.get("catalog", []), state)
    return found
