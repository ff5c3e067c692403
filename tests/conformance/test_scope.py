"""Which cases are out of scope or tied to another version, and how outcomes are counted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from . import outcomes, scope
from .cases import Case

Json = Any


def evaluate(expr: str) -> Json:
    return {"call": "python.eval", "args": {"expr": expr}, "as": "out"}


def case_of(steps: Json, then: Json | None = None, **content: Json) -> Case:
    return Case.of({"given": {}, "steps": steps, "then": then or {"value": 1}, **content}, "case")


def read(kind: str = "json", **args: Json) -> Json:
    options = {"connection_type": "s3", "connection_options": {"paths": [{"$path": "in/"}]}, "format": kind}
    return {"call": "GlueContext.create_dynamic_frame.from_options", "args": {**options, **args}, "as": "r"}


def bookmarked(name: str) -> Json:
    argv = ["s.py", "--job-bookmark-option", "job-bookmark-enable"]
    return {"call": "job.run", "args": {"job_name": "j", "argv": argv, "body": [read()], "commit": True}, "as": name}


BOOKMARK_FILES = {"given": {"files": {"in/1.json": '{"a":1}\n'}}}
SCOPE = {
    "json": (case_of([read()]), None),
    "another format": (case_of([read("hudi")]), "format hudi"),
    "format set in code": (case_of([{"call": "python.exec", "args": {"code": "s.setFormat('hudi')"}}]), "format hudi"),
    "another connection": (case_of([read(connection_type="dynamodb")]), "connection type dynamodb"),
    "decided by the Python layer": (case_of([read("ion")], needs="python"), None),
    "tables": (case_of([read()], given={"catalog": [{}]}), None),
    "transform class": (case_of([{"call": "EvaluateDataQuality.apply"}]), "EvaluateDataQuality"),
    "transform in code": (case_of([evaluate("FillMissingValues.apply(f, 'x')")]), "FillMissingValues"),
}


@pytest.mark.parametrize(("case", "feature"), SCOPE.values(), ids=SCOPE.keys())
def test_missing_feature(case: Case, feature: str | None) -> None:
    assert scope.missing_feature(case) == feature


ACCOUNT = {
    "files": (case_of([read()]), None),
    "tables": (case_of([read()], given={"catalog": [{}]}), "Data Catalog"),
    "a table looked at": (case_of([read()], {"catalog": {"d.t": {"columns": []}}}), "Data Catalog"),
    "bookmarks that tell nothing": (
        case_of([bookmarked("r1")], {"on": {"r1": {"rows": [{"a": 1}]}}}, **BOOKMARK_FILES),
        None,
    ),
    "bookmarks": (
        case_of(
            [bookmarked("r1"), bookmarked("r2")],
            {"on": {"r1": {"rows": [{"a": 1}]}, "r2": {"rows": []}}},
            **BOOKMARK_FILES,
        ),
        "job bookmarks",
    ),
}


@pytest.mark.parametrize(("case", "service"), ACCOUNT.values(), ids=ACCOUNT.keys())
def test_what_the_real_library_cannot_run_in_a_bare_container(case: Case, service: str | None) -> None:
    assert scope.needs_account(case) == service


def resolved(argv: list[str], names: list[str], version: str) -> Case:
    return case_of([{"call": "getResolvedOptions", "pos": [argv, names], "args": {}}], given={"version": version})


VERSIONS = {
    "abbreviation on 5.1": (resolved(["s.py", "--job-b", "x"], [], "5.1"), "5.1", None),
    "abbreviation on 6.0": (resolved(["s.py", "--job-b", "x"], [], "5.1"), "6.0", "5.1"),
    "full name on 6.0": (resolved(["s.py", "--name=x"], ["name"], "5.1"), "6.0", None),
    "undeclared name on 6.0": (resolved(["s.py", "--zzz", "9"], ["name"], "5.1"), "6.0", None),
    "6.0 on 5.1": (resolved(["s.py", "--name=x"], ["name"], "6.0"), "5.1", "6.0"),
    "6.0 on 6.0": (resolved(["s.py", "--job-b", "x"], [], "6.0"), "6.0", None),
}


@pytest.mark.parametrize(("case", "version", "tied"), VERSIONS.values(), ids=VERSIONS.keys())
def test_other_version(case: Case, version: str, tied: str | None) -> None:
    assert scope.other_version(case, version) == tied


def test_table_and_report_of_outcomes(tmp_path: Path) -> None:
    found = [
        outcomes.Outcome("a", "Map", "passed", "", 0.1),
        outcomes.Outcome("b", "Map", "xfailed", "missing: x", 0.1),
        outcomes.Outcome("c", "Join", "failed", "no", 0.1),
    ]
    lines = outcomes.table(found)
    assert [line.split()[0] for line in lines] == ["topic", "Join", "Map", "total"]
    assert lines[-1].split()[1:] == ["1", "1", "1"]
    outcomes.write_report(tmp_path / "new" / "report.json", found, "Glue 5.1")
    report = json.loads((tmp_path / "new" / "report.json").read_text())
    assert report["counts"] == {"passed": 1, "xfailed": 1, "skipped": 0, "failed": 1}
    assert [case["case"] for case in report["cases"]] == ["a", "b", "c"]
