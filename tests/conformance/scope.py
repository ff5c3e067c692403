"""Which cases the engine cannot pass yet, and why: judged by what a case contains, so that any folder can be judged.

A row of `MISSING` names a feature and tells by a predicate whether a case needs it. When the feature is built its
cases pass, the strict xfail turns that into a failure, and the row goes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .cases import Case

Json = Any
Predicate = Callable[[Case], bool]

# What the engine's sources and sinks know; everything else is missing by name.
FORMATS = ("avro", "json", "csv", "parquet", "glueparquet", "orc", "grokLog", "ion", "xml")
CONNECTIONS = (
    "s3", "file", "rate", "rate-micro-batch",
    "custom.jdbc", "jdbc", "mysql", "oracle", "postgresql", "redshift", "sqlserver",
)  # fmt: skip
UNWRITABLE = ("xml", "grokLog", "ion")

# Options that getResolvedOptions itself declares; those it was asked for come on top.
STANDARD_OPTIONS = (
    "--job-bookmark-option",
    "--job-bookmark-from",
    "--job-bookmark-to",
    "--continuation-option",
    "--JOB_ID",
    "--JOB_RUN_ID",
    "--SECURITY_CONFIGURATION",
    "--encryption-type",
    "--enable-data-lineage",
    "--RedshiftTempDir",
    "--TempDir",
    "--help",
)


def missing_feature(case: Case) -> str | None:
    """The feature a case needs and the engine lacks; None if it is in scope.

    What the official Python layer decides alone is always in scope.
    """
    if case.needs == "python":
        return None
    if feature := next((feature for feature, needs in MISSING.items() if needs(case)), None):
        return feature
    if names := foreign_formats(case):
        return f"format {names[0]}"
    if names := foreign_connections(case):
        return f"connection type {names[0]}"
    return None


def needs_account(case: Case) -> str | None:
    """What a case needs of AWS itself, so that the real library cannot run it in a bare container; None if nothing."""
    if needs_catalog(case):
        return "Data Catalog"
    return "job bookmarks" if needs_bookmarks(case) else None


def other_version(case: Case, version: str) -> str | None:
    """The Glue version a case is tied to, if it is not the one under test.

    Most cases that name 5.1 hold for 6.0 as well; what 6.0 changed is that getResolvedOptions takes no abbreviation.
    """
    wanted = str(case.given.get("version", version))
    if wanted.split(".")[0] == version.split(".")[0]:
        return None
    return wanted if wanted.startswith("6") or uses_abbreviation(case) else None


def uses_abbreviation(case: Case) -> bool:
    """Whether an argument is the beginning of a declared option, but none itself."""
    for step in case.steps:
        if step["call"] == "getResolvedOptions":
            argv, names = [*step.get("pos", []), *step.get("args", {}).values()][:2]
            declared = {*STANDARD_OPTIONS, *(f"--{name}" for name in names)}
            for argument in argv[1:]:
                name = str(argument).split("=")[0]
                if name.startswith("--") and name not in declared and any(each.startswith(name) for each in declared):
                    return True
    return False


def calls(case: Case) -> Iterator[Mapping[str, Json]]:
    """Every step, those of job bodies too."""
    for step in case.steps:
        yield step
        if step["call"] == "job.run":
            yield from step["args"]["body"]


def makes_call(*names: str) -> Predicate:
    """A case that makes one of these calls, as a step or in its Python code; `Name.` stands for all of a class."""

    def needs(case: Case) -> bool:
        code = _code(case)
        return any(
            f"{name}apply(" in code or any(step["call"].startswith(name) for step in calls(case))
            if name.endswith(".")
            else f".{name}(" in code or any(step["call"].endswith(f".{name}") for step in calls(case))
            for name in names
        )

    return needs


def _code(case: Case) -> str:
    return "\n".join(
        str(value) for step in calls(case) for key, value in step.get("args", {}).items() if key in ("expr", "code")
    )


def foreign_formats(case: Case) -> list[str]:
    """Formats a case reads, or writes though Glue could, which are not among the engine's.

    A format that Glue never writes is in scope as soon as a case writes it: the engine has to refuse it too.
    """
    reads = [
        str(step["args"]["format"]) for step in calls(case) if step.get("args", {}).get("format") and not _refused(step)
    ]
    written_in_code = re.findall(r"""(?:\bformat\s*=|setFormat\()\s*['"](\w+)['"]""", _code(case))
    return [name for name in [*reads, *written_in_code] if name not in FORMATS]


def _refused(step: Mapping[str, Json]) -> bool:
    return step["call"].startswith("GlueContext.write") and step["args"]["format"] in UNWRITABLE


def foreign_connections(case: Case) -> list[str]:
    """Connection types of a case's sources and sinks that the engine has not got."""
    named = [step["args"]["connection_type"] for step in calls(case) if "connection_type" in step.get("args", {})]
    return [str(name) for name in named if name not in CONNECTIONS]


def needs_catalog(case: Case) -> bool:
    """Whether a case has tables in the Data Catalog, or looks at them."""
    if case.given.get("catalog") or '"catalog"' in json.dumps(case.then):
        return True
    return any(step["call"].endswith((".from_catalog", ".purge_table")) for step in calls(case))


def needs_bookmarks(case: Case) -> bool:
    """Whether what the runs of a job read can only be told by bookmarks.

    Bookmarks must be on, and some run must be expected to read other records than the files hold at that time.
    """
    expected = case.then.get("on", {})
    files: dict[str, str] = {path: text for path, text in case.given.get("files", {}).items() if isinstance(text, str)}
    for step in case.steps:
        if step["call"] == "fs.write":
            files[step["args"]["path"]] = step["args"]["text"]
        elif step["call"] == "job.run" and _bookmarks_on(step):
            wanted = expected.get(step.get("as"), case.then if step is case.steps[-1] else {})
            if "rows" in wanted and _sorted(wanted["rows"]) != _sorted(_plain_read(step, files)):
                return True
            if "count" in wanted and wanted["count"] != len(_plain_read(step, files)):
                return True
    return False


def _bookmarks_on(step: Mapping[str, Json]) -> bool:
    argv = json.dumps(step["args"]["argv"])
    return "job-bookmark-enable" in argv or "job-bookmark-pause" in argv


def _plain_read(step: Mapping[str, Json], files: Mapping[str, str]) -> list[Json]:
    paths = [mark["$path"] for mark in _marks(step["args"]["body"])]
    texts = [text for name, text in files.items() if any(name.startswith(path) for path in paths)]
    return [json.loads(line) for text in texts for line in text.splitlines() if line.startswith("{")]


def _marks(value: Json) -> Iterator[Mapping[str, Json]]:
    if isinstance(value, dict):
        if "$path" in value:
            yield value
        else:
            for inner in value.values():
                yield from _marks(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _marks(inner)


def _sorted(rows: list[Json]) -> list[str]:
    return sorted(json.dumps(row, sort_keys=True) for row in rows)


MISSING: dict[str, Predicate] = {
    "EvaluateDataQuality": makes_call("EvaluateDataQuality."),
    "FillMissingValues": makes_call("FillMissingValues."),
}
