"""Whole job scripts as cases: load them, refuse what the runner does not understand, judge what the engine lacks.

A case is a folder with `case.json`, `job.py`, inputs and expected rows; `../shared/scripts/README.md` describes it.
Plain data: no Spark, no awsglue.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

Json = Any

CASE_KEYS = {
    "name", "glue_version", "job_type", "python_version", "job_command", "inputs", "databases", "catalog",
    "connections", "parameters", "runs", "features", "note", "verified", "optional",
}  # fmt: skip
RUN_KEYS = {"arguments", "before", "expect"}
EXPECT_KEYS = {"state", "error_contains", "log_contains", "outputs", "catalog"}
OUTPUT_KEYS = {
    "path", "format", "rows_file", "rows", "count", "partitions", "columns", "not_null", "equal_where_not_null",
    "where", "read_options",
}  # fmt: skip
OPERATIONS = {"put", "append", "touch"}
FORMATS = {"csv", "json", "parquet", "orc", "avro", "jdbc"}
JOB_TYPES = {"glueetl", "gluestreaming", "pythonshell"}


@dataclass(frozen=True)
class ScriptCase:
    """One case.

    Attributes:
        folder: Where it lies; it is only read.
        content: `case.json`.
        code: `job.py`.
        problems: What the runner does not understand; empty for a good case.
    """

    folder: Path
    content: Mapping[str, Json]
    code: str
    problems: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The folder's name."""
        return self.folder.name

    @property
    def runs(self) -> list[Mapping[str, Json]]:
        """The runs, in order."""
        return list(self.content.get("runs", []))

    @property
    def job_type(self) -> str:
        """The job's type as `glue-etl run --job-type` takes it."""
        return str(self.content.get("job_command") or self.content.get("job_type", "glueetl"))

    @property
    def buckets(self) -> set[str]:
        """Every bucket that the case or its script names."""
        return set(re.findall(r"s3[an]?://([a-z0-9][a-z0-9.-]+)", json.dumps(self.content) + self.code))


def load(folder: Path) -> list[ScriptCase]:
    """Read every sub-folder with a `case.json`, ordered by name.

    Raises:
        pytest.UsageError: There is none.
    """
    found = [_read(path.parent) for path in sorted(folder.glob("*/case.json"))]
    if not found:
        raise pytest.UsageError(f"--scripts: no */case.json in {str(folder)!r}. Hint: name a folder of job scripts.")
    return found


def _read(folder: Path) -> ScriptCase:
    try:
        code = (folder / "job.py").read_text(encoding="utf-8")
        content = json.loads((folder / "case.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        return ScriptCase(folder, {}, "", (f"unreadable: {error}",))
    return ScriptCase(folder, content, code, tuple(_problems(content)))


def _problems(content: Mapping[str, Json]) -> Iterator[str]:
    yield from _unknown("case", content, CASE_KEYS)
    if not content.get("runs"):
        yield "no runs"
    for key in ("job_type", "job_command"):
        if content.get(key, "glueetl") not in JOB_TYPES:
            yield f"unknown {key} {content[key]!r}"
    for number, run in enumerate(content.get("runs", []), start=1):
        yield from _unknown(f"run {number}", run, RUN_KEYS)
        yield from _unknown(f"run {number}: expect", run.get("expect", {}), EXPECT_KEYS)
        for operation in run.get("before", []):
            if operation.get("op") not in OPERATIONS:
                yield f"run {number}: unknown operation {operation.get('op')!r}"
        for output in run.get("expect", {}).get("outputs", []):
            yield from _unknown(f"run {number}: output", output, OUTPUT_KEYS)
            if output.get("format") not in FORMATS:
                yield f"run {number}: unknown format {output.get('format')!r}"


def _unknown(where: str, content: Mapping[str, Json], known: set[str]) -> Iterator[str]:
    for key in content:
        if key not in known:
            yield f"{where}: unknown key {key!r}"


# --- what the engine lacks -------------------------------------------------------------------------------------------

Predicate = Callable[[ScriptCase], bool]


def in_code(pattern: str) -> Predicate:
    """A case whose script has a match of the pattern."""
    return lambda case: re.search(pattern, case.code) is not None


SERVICES: dict[str, Predicate] = {
    "boto3 services": in_code(r"(?m)^\s*(import|from)\s+boto(3|core)\b"),
    "EvaluateDataQuality": in_code(r"\bawsgluedq\b"),
    "ML transforms": in_code(r"\bawsglueml\b"),
}
"""Services of AWS that the engine has not got: there is nothing such a case could be set up in, so it is not run."""

MISSING: dict[str, Predicate] = {
    "Studio transforms gs_lookup and gs_unpivot": in_code(r"\bgs_(lookup|unpivot)\b"),
}
"""Features the engine has not got yet. Such a case runs and must fail; when it passes, its row goes."""


def missing_service(case: ScriptCase) -> str | None:
    """The services a case needs and the engine lacks, in words; None if none."""
    return ", ".join(name for name, needs in SERVICES.items() if needs(case)) or None


def missing_feature(case: ScriptCase) -> str | None:
    """The first feature a case needs and the engine lacks; None if it is in scope."""
    return next((name for name, needs in MISSING.items() if needs(case)), None)
