"""Assertions about plain values, printed text and files."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from typing import Any

from . import catalog_tables, comparing
from .cases import CaseError
from .comparing import agree, exactly, jsonlike
from .frame_checks import same_rows
from .steps import Run

Json = Any
Then = Mapping[str, Json]


def value(run: Run, value: Any, expected: Json, then: Then) -> None:
    # A dictionary's missing key is not the same as null here: compare exactly, tuples as lists.
    actual = jsonlike(value)
    agree("value", exactly(expected, actual), expected, actual)


def value_unordered(run: Run, value: Any, expected: Json, then: Then) -> None:
    actual = jsonlike(value)
    missing, extra = comparing.multiset_difference(expected, actual)
    agree("value in any order", not missing and not extra, expected, actual)


def value_contains(run: Run, value: Any, expected: Json, then: Then) -> None:
    actual = jsonlike(value)
    if isinstance(expected, Mapping):
        holds = all(key in actual and exactly(wanted, actual[key]) for key, wanted in expected.items())
    else:
        wanted_ones = expected if isinstance(expected, list) else [expected]
        holds = all(wanted in actual for wanted in wanted_ones)
    agree("value contains", holds, expected, actual)


def value_lacks(run: Run, value: Any, expected: Json, then: Then) -> None:
    present = [key for key in expected if key in value]
    agree("value lacks", not present, expected, jsonlike(value))


def value_max(run: Run, value: Any, expected: Json, then: Then) -> None:
    agree("value at most", value <= expected, expected, value)


def python_true(run: Run, value: Any, expected: Json, then: Then) -> None:
    for expression in [expected] if isinstance(expected, str) else expected:
        assert eval(expression, run.names), f"not true: {expression}"


def stdout_equals(run: Run, value: Any, expected: str, then: Then) -> None:
    agree("printed text", comparing.same_output(expected, run.output), expected, run.output)


def stdout_contains(run: Run, value: Any, expected: Json, then: Then) -> None:
    for text in [expected] if isinstance(expected, str) else expected:
        agree("printed text contains", text in run.output, text, run.output)


def stdout_json_lines(run: Run, value: Any, expected: Json, then: Then) -> None:
    same_rows(expected, [json.loads(line) for line in run.output.splitlines() if line.strip()])


def files(run: Run, value: Any, expected: Json, then: Then) -> None:
    under = expected.get("under", "")
    found = run.workspace.files(under)
    directories = run.workspace.directories(under)
    if "count" in expected:
        agree(
            f"files under {under!r}", len(found) == expected["count"], expected["count"], [str(each) for each in found]
        )
    if "names" in expected:
        names = sorted(each.name for each in found)
        agree(f"file names under {under!r}", sorted(expected["names"]) == names, expected["names"], names)
    if "directories" in expected:
        wanted = sorted(name.strip("/") for name in expected["directories"])
        agree(f"folders under {under!r}", wanted == directories, wanted, directories)
    if expected.get("no_subdirectories"):
        agree(
            f"folders under {under!r}",
            not directories and bool(found),
            "files, and no folder",
            directories or "no file",
        )
    if "any_name_endswith" in expected:
        names = [each.name for each in found]
        ending = expected["any_name_endswith"]
        agree(f"some file name under {under!r} ends with", any(name.endswith(ending) for name in names), ending, names)


def files_rows(run: Run, value: Any, expected: Json, then: Then) -> None:
    kind = expected.get("format", "jsonl")
    if kind not in ROW_READERS:
        raise CaseError(f"files_rows: unknown format {kind!r}")
    rows = [row for path in run.workspace.glob(expected["glob"]) for row in ROW_READERS[kind](run.workspace.text(path))]
    if "count" in expected:
        agree("rows in files", len(rows) == expected["count"], expected["count"], len(rows))
    if "columns" in expected:
        columns = sorted({name for row in rows for name in row})
        agree("columns in files", sorted(expected["columns"]) == columns, expected["columns"], columns)
    if "rows" in expected:
        same_rows(expected["rows"], rows, expected.get("rows_columns"))


def _json_lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def _csv_rows(text: str) -> list[dict[str, Any]]:
    return list(csv.DictReader(io.StringIO(text)))


ROW_READERS: dict[str, Callable[[str], list[dict[str, Any]]]] = {
    "jsonl": _json_lines,
    "json": _json_lines,
    "csv": _csv_rows,
}


def files_text(run: Run, value: Any, expected: Json, then: Then) -> None:
    texts = [run.workspace.text(path) for path in run.workspace.glob(expected["glob"])]
    lines = [line for text in texts for line in text.replace('"', "").splitlines() if line.strip()]
    if "lines" in expected:
        agree("lines of the files", lines == expected["lines"], expected["lines"], lines)
    if "lines_any_order" in expected:
        wanted = expected["lines_any_order"]
        agree("lines of the files in any order", sorted(lines) == sorted(wanted), wanted, lines)


def catalog(run: Run, value: Any, expected: Json, then: Then) -> None:
    catalog_tables.check(run.client, expected)
