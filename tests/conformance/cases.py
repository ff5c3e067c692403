"""Load cases, and refuse those the runner does not understand.

A case is one JSON file; its shape is described in README.md. Everything here is plain data: no Spark, no awsglue.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

BUNDLED = Path(__file__).parent / "cases" / "dynamicframe"

Json = Any

CASE_KEYS = {"id", "topic", "source", "note", "confidence", "needs", "checked", "given", "steps", "then"}
GIVEN_KEYS = {"frames", "files", "catalog", "version"}
FRAME_KEYS = {"format", "data", "name", "format_options", "partitions"}
FRAME_FORMATS = {"json", "csv", "rows"}
STEP_KEYS = {"call", "on", "pos", "args", "as"}

# Assertions, each with the keys allowed inside it (None: any value).
ASSERTIONS: dict[str, set[str] | None] = {
    "schema": None,
    "printed_schema": None,
    "spark_schema": None,
    "rows": None,
    "rows_where": None,
    "columns": None,
    "columns_include": None,
    "count": None,
    "len": None,
    "frame_name": None,
    "struct_fields": None,
    "nested_values": None,
    "keys": None,
    "keys_include": None,
    "frames": None,
    "joined": {
        "left",
        "left_key",
        "right",
        "right_key",
        "rename_right",
        "drop",
        "ignore",
        "rows",
        "rows_columns",
        "count",
    },
    "errors_count": None,
    "stage_errors_count": None,
    "error_messages_contain": None,
    "value": None,
    "value_unordered": None,
    "value_contains": None,
    "value_lacks": None,
    "value_max": None,
    "python_true": None,
    "stdout_equals": None,
    "stdout_contains": None,
    "stdout_json_lines": None,
    "files": {"under", "count", "names", "directories", "no_subdirectories", "any_name_endswith"},
    "files_rows": {"glob", "format", "count", "columns", "rows", "rows_columns"},
    "files_text": {"glob", "lines", "lines_any_order"},
    "catalog": None,
    "raises": {"type", "message_contains"},
    "any_of": None,
    "on": None,
}
# Keys that change how a neighbour is compared and assert nothing themselves.
MODIFIERS = {"schema_ordered", "columns_any_order", "rows_columns", "struct_fields_any_order"}
ROWS_WHERE_KEYS = {"when", "expect", "expect_contains", "expect_not_null", "expect_not_in"}
CATALOG_KEYS = {"columns", "columns_any_order", "location", "partitions", "partition_keys"}


class CaseError(pytest.fail.Exception):
    """A case the runner does not understand.

    Not an `Exception`, so that neither `raises: Exception` nor an expected failure can swallow it.
    """


@dataclass(frozen=True)
class Case:
    """One case.

    Attributes:
        id: The file's name without its ending.
        topic: What it is about, for the summary.
        needs: `python` (the official Python layer decides) or `engine`.
        given: Frames, files, catalog tables, library version.
        steps: Calls in order.
        then: Assertions.
        problems: What the runner does not understand; empty for a good case.
    """

    id: str
    topic: str
    needs: str
    given: Mapping[str, Json]
    steps: list[Mapping[str, Json]]
    then: Mapping[str, Json]
    problems: tuple[str, ...] = field(default=())

    @classmethod
    def of(cls, content: Mapping[str, Json], name: str) -> Case:
        """Build a case from a parsed file, noting what is wrong with it instead of raising."""
        return cls(
            id=name,
            topic=str(content.get("topic", "(none)")),
            needs=str(content.get("needs", "engine")),
            given=content.get("given", {}),
            steps=content.get("steps", []),
            then=content.get("then", {}),
            problems=tuple(problems_of(content)),
        )


def load(folder: Path) -> list[Case]:
    """Read every `*.json` of a folder, ordered by name.

    Raises:
        pytest.UsageError: The folder is missing or holds no case.
    """
    paths = sorted(folder.glob("*.json"))
    if not paths:
        raise pytest.UsageError(
            f"--cases: no *.json file in {str(folder)!r}. Hint: name a folder of conformance cases."
        )
    found = []
    for path in paths:
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            found.append(Case(path.stem, "(unreadable)", "engine", {}, [], {}, (f"not JSON: {error}",)))
        else:
            found.append(Case.of(content, path.stem))
    return found


def problems_of(content: Mapping[str, Json]) -> Iterator[str]:
    """Name every key and every value of a case that the runner does not know."""
    yield from _unknown("case", content, CASE_KEYS)
    given = content.get("given", {})
    yield from _unknown("given", given, GIVEN_KEYS)
    for name, frame in given.get("frames", {}).items():
        yield from _unknown(f"given.frames.{name}", frame, FRAME_KEYS)
        if frame.get("format") not in FRAME_FORMATS:
            yield f"given.frames.{name}: unknown format {frame.get('format')!r}"
    if not content.get("steps"):
        yield "no steps"
    for number, step in enumerate(content.get("steps", [])):
        yield from _unknown(f"steps[{number}]", step, STEP_KEYS)
    then = content.get("then", {})
    yield from _assertion_problems("then", then)


def _unknown(where: str, content: Mapping[str, Json], known: set[str]) -> Iterator[str]:
    for key in content:
        if key not in known:
            yield f"{where}: unknown key {key!r}"


def _assertion_problems(where: str, then: Mapping[str, Json]) -> Iterator[str]:
    if not any(key in ASSERTIONS for key in then):
        yield f"{where}: no assertion"
    for key, value in then.items():
        inner = f"{where}.{key}"
        if key in MODIFIERS:
            continue
        if key not in ASSERTIONS:
            yield f"{where}: unknown assertion {key!r}"
        elif key == "any_of":
            for number, alternative in enumerate(value):
                yield from _assertion_problems(f"{inner}[{number}]", alternative)
        elif key in ("on", "frames"):
            for name, assertions in value.items():
                yield from _assertion_problems(f"{inner}.{name}", assertions)
        elif key == "rows_where":
            for condition in value:
                yield from _unknown(inner, condition, ROWS_WHERE_KEYS)
        elif key == "catalog":
            for table, expected in value.items():
                yield from _unknown(f"{inner}.{table}", expected, CATALOG_KEYS)
        elif (known := ASSERTIONS[key]) is not None:
            yield from _unknown(inner, value, known)
