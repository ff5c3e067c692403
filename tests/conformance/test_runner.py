"""The runner itself: what holds, what fails, what it refuses to understand. No Spark."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from glue_etl.errors import UnsupportedError

from .cases import ASSERTIONS, BUNDLED, CaseError, load, problems_of
from .expectations import CHECKS, verify
from .steps import OWN_CALLS, Run, resolve, take_step
from .workspace import Workspace

Json = Any


def run_of(tmp_path: Path, **names: Any) -> Run:
    return Run(context=None, workspace=Workspace(tmp_path / "case", "s3://b/case"), names=names)


def verified(run: Run, step: Json, then: Json) -> int:
    try:
        take_step(run, step)
    except Exception as error:
        run.error = error
    return verify(run, then)


def evaluate(expr: str) -> Json:
    return {"call": "python.eval", "args": {"expr": expr}, "as": "out"}


HOLD = {
    "value": ("[1, (2, 3)]", {"value": [1, [2, 3]]}),
    "value null": ("None", {"value": None}),
    "value unordered": ("['b', 'a']", {"value_unordered": ["a", "b"]}),
    "value contains": ("{'a': 1, 'b': None}", {"value_contains": {"b": None}}),
    "value lacks": ("{'a': 1}", {"value_lacks": ["b"]}),
    "value max": ("3", {"value_max": 3}),
    "len": ("'abc'", {"len": 3}),
    "keys": ("{'b': 1, 'a': 2}", {"keys": ["a", "b"]}),
    "keys include": ("{'b': 1, 'a': 2}", {"keys_include": ["a"]}),
    "python true": ("5", {"python_true": ["out == 5"]}),
    "printed": ("print('x') or print()", {"stdout_equals": "x\n", "stdout_contains": ["x"]}),
    "printed JSON": ("print('{\"a\": 1}')", {"stdout_json_lines": [{"a": 1}]}),
    "raises by a base class": ("{}['k']", {"raises": {"type": "LookupError", "message_contains": "k"}}),
    "any of, the second": ("2", {"any_of": [{"value": 1}, {"value": 2}]}),
    "any of, raising": ("1/0", {"any_of": [{"value": 1}, {"raises": {"type": "ArithmeticError"}}]}),
    "on": ("2", {"on": {"out": {"value": 2}, "earlier": {"value": 1}}}),
}


@pytest.mark.parametrize(("expr", "then"), HOLD.values(), ids=HOLD.keys())
def test_assertion_holds(tmp_path: Path, expr: str, then: Json) -> None:
    assert verified(run_of(tmp_path, earlier=1), evaluate(expr), then) == len(then)


FAIL = {
    "value": ("1", {"value": 2}),
    "value null is not false": ("False", {"value": None}),
    "value null is not an empty dictionary": ("{}", {"value": None}),
    "value null is not a missing key": ("{}", {"value_contains": {"b": None}}),
    "value lacks": ("{'a': 1}", {"value_lacks": ["a"]}),
    "value max": ("4", {"value_max": 3}),
    "keys": ("{'a': 1}", {"keys": ["a", "b"]}),
    "python true": ("5", {"python_true": ["out == 6"]}),
    "printed": ("print('x')", {"stdout_equals": "y"}),
    "raises nothing": ("1", {"raises": {"type": "Exception", "message_contains": ""}}),
    "raises another type": ("1/0", {"raises": {"type": "KeyError", "message_contains": ""}}),
    "raises another message": ("1/0", {"raises": {"type": "Exception", "message_contains": "no such text"}}),
    "any of, none": ("3", {"any_of": [{"value": 1}, {"value": 2}]}),
    "on": ("2", {"on": {"earlier": {"value": 2}}}),
    "one of two": ("2", {"value": 2, "value_max": 1}),
}


@pytest.mark.parametrize(("expr", "then"), FAIL.values(), ids=FAIL.keys())
def test_assertion_fails(tmp_path: Path, expr: str, then: Json) -> None:
    with pytest.raises(AssertionError):
        verified(run_of(tmp_path, earlier=1), evaluate(expr), then)


def test_unexpected_exception_is_shown_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        verified(run_of(tmp_path), evaluate("1/0"), {"value": 1})


def test_not_supported_is_no_refusal_of_glue(tmp_path: Path) -> None:
    run = run_of(tmp_path)
    run.error = UnsupportedError.of("something")
    with pytest.raises(UnsupportedError):
        verify(run, {"raises": {"type": "Exception", "message_contains": ""}})


NOT_UNDERSTOOD = {
    "unknown call": ({"call": "nope"}, {"raises": {"type": "Exception"}}),
    "unknown transform": ({"call": "Nope.apply"}, {"raises": {"type": "Exception"}}),
    "method without on": ({"call": "DynamicFrame.count"}, {"raises": {"type": "Exception"}}),
    "unknown frame": ({"call": "DynamicFrame.count", "on": "nope"}, {"raises": {"type": "Exception"}}),
    "unknown value": (
        {"call": "DynamicFrame.count", "on": "earlier", "pos": [{"$nope": 1}]},
        {"raises": {"type": "Exception"}},
    ),
    "unknown assertion": (evaluate("1"), {"value": 1, "valeu": 1}),
    "no assertion": (evaluate("1"), {}),
    "only a modifier": (evaluate("1"), {"schema_ordered": True}),
    "unknown assertion in any_of": (evaluate("1"), {"any_of": [{"valeu": 1}, {"value": 1}]}),
    "unknown name in on": (evaluate("1"), {"on": {"nope": {"value": 1}}}),
}


@pytest.mark.parametrize(("step", "then"), NOT_UNDERSTOOD.values(), ids=NOT_UNDERSTOOD.keys())
def test_what_is_not_understood_fails_and_satisfies_no_raises(tmp_path: Path, step: Json, then: Json) -> None:
    class Frame:
        def count(self) -> int:
            return 1

    with pytest.raises(CaseError):
        verified(run_of(tmp_path, earlier=Frame()), step, then)


PROBLEMS = {
    "unknown key of a case": ({"extra": 1}, "case: unknown key 'extra'"),
    "unknown given": ({"given": {"tables": []}}, "given: unknown key 'tables'"),
    "unknown frame format": ({"given": {"frames": {"f": {"format": "orc", "data": []}}}}, "unknown format 'orc'"),
    "unknown step key": ({"steps": [{"call": "python.eval", "arg": {}}]}, "steps[0]: unknown key 'arg'"),
    "no steps": ({"steps": []}, "no steps"),
    "no assertion": ({"then": {"schema_ordered": True}}, "then: no assertion"),
    "unknown assertion": ({"then": {"valeu": 1}}, "then: unknown assertion 'valeu'"),
    "unknown assertion on a name": ({"then": {"on": {"x": {"valeu": 1}}}}, "then.on.x: unknown assertion 'valeu'"),
    "unknown key in files": ({"then": {"files": {"size": 1}}}, "then.files: unknown key 'size'"),
    "empty alternative": ({"then": {"any_of": [{}]}}, "then.any_of[0]: no assertion"),
}


@pytest.mark.parametrize(("change", "problem"), PROBLEMS.values(), ids=PROBLEMS.keys())
def test_problems_of_a_case(change: Json, problem: str) -> None:
    good = {"given": {}, "steps": [evaluate("1")], "then": {"value": 1}}
    assert not list(problems_of(good))
    assert problem in " ".join(problems_of({**good, **change}))


def test_bundled_cases_are_understood_and_named_like_their_files() -> None:
    cases = load(BUNDLED)
    assert {case.id: case.problems for case in cases if case.problems} == {}
    assert all(json.loads((BUNDLED / f"{case.id}.json").read_text())["id"] == case.id for case in cases)


def test_unreadable_case_is_a_case_with_a_problem(tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text("{")
    (case,) = load(tmp_path)
    assert "not JSON" in case.problems[0]


def test_folder_without_cases_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(pytest.UsageError, match=r"no \*.json"):
        load(tmp_path)


def test_every_assertion_has_a_check() -> None:
    assert set(CHECKS) == set(ASSERTIONS)


def test_values_are_resolved_at_any_depth(tmp_path: Path) -> None:
    run = run_of(tmp_path, f="frame", n=2)
    value = {"a": [{"$tuple": ["x", {"$frame": "f"}]}], "p": {"$path": "in/"}, "e": {"$py": "n + 1"}, "plain": {"k": 1}}
    assert resolve(run, value) == {"a": [("x", "frame")], "p": "s3://b/case/in/", "e": 3, "plain": {"k": 1}}


def test_code_shares_its_names_with_later_steps(tmp_path: Path) -> None:
    run = run_of(tmp_path)
    take_step(
        run, {"call": "python.exec", "args": {"code": "def g(n):\n  return n and g(n - 1)\nresult = g(3)"}, "as": "r"}
    )
    assert run.names["r"] == 0
    assert verified(run, evaluate("g(2) + r"), {"value": 0}) == 1


def test_files_are_listed_without_markers(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, "file:///x")
    for path in ("out/a=1/part-0", "out/a=1/.part-0.crc", "out/_SUCCESS", "out/a=2/x_$folder$"):
        workspace.write(path, "")
    assert [str(path) for path in workspace.files("out/")] == ["a=1/part-0"]
    assert workspace.directories("out/") == ["a=1"]
    assert [path.name for path in workspace.glob("out/**")] == ["part-0"]


def test_a_rewritten_file_is_later_than_everything_before(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, "file:///x")
    times = []
    for path in ("a", "b", "a", "a"):
        workspace.write(path, "text")
        times.append(workspace.file(path).stat().st_mtime)
    assert times == sorted(set(times))
    workspace.age("b", hours=2)
    assert workspace.file("b").stat().st_mtime < times[0] - 7000


def test_gzip_files(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, "file:///x")
    workspace.write("a.gz", {"gzip": "text\n"})
    assert gzip.decompress(workspace.file("a.gz").read_bytes()) == b"text\n"
    assert workspace.text(workspace.file("a.gz")) == "text\n"


def test_own_calls_are_those_of_the_readme() -> None:
    text = (Path(__file__).parent / "README.md").read_text()
    assert [call for call in OWN_CALLS if f"`{call}`" not in text] == []


def test_every_assertion_is_in_the_readme() -> None:
    text = (Path(__file__).parent / "README.md").read_text()
    assert [key for key in ASSERTIONS if f"`{key}`" not in text] == []
