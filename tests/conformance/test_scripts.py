"""Whole job scripts, unmodified, through `glue-etl run`: each case of a folder as one test.

pytest tests/conformance/test_scripts.py [--scripts DIR]
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from .cases import CaseError
from .conftest import scripts_folder
from .script_cases import ScriptCase, load, missing_feature, missing_service
from .script_run import LIMIT_SECONDS, carry_out
from .script_setup import missing_server


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "script" not in metafunc.fixturenames:
        return
    folder = scripts_folder(metafunc.config)
    if folder is None:
        skip = pytest.mark.skip(reason="no folder of job scripts here: name one with --scripts DIR")
        metafunc.parametrize("script", [pytest.param(None, id="none", marks=skip)])
        return
    metafunc.parametrize("script", [pytest.param(case, id=case.id, marks=_marks(case)) for case in load(folder)])


def _marks(case: ScriptCase) -> list[pytest.MarkDecorator]:
    marks = [pytest.mark.slow, pytest.mark.timeout(LIMIT_SECONDS * max(1, len(case.runs)) + 60)]
    if case.problems:
        return marks
    if reason := missing_server(case):
        marks.append(pytest.mark.skip(reason=reason))
    if service := missing_service(case):
        # There is nothing to set the case up in, so that a run could tell no more than this.
        marks.append(pytest.mark.xfail(reason=f"missing: {service}", run=False, strict=True))
    elif feature := missing_feature(case):
        marks.append(pytest.mark.xfail(reason=f"missing: {feature}", strict=True, raises=AssertionError))
    return marks


@pytest.fixture(scope="module")
def carried_out(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[ScriptCase], list[str]]]:
    """What differs in a case; the chosen cases are carried out two at a time, for a run does much in one thread."""
    chosen = [item.callspec.params["script"] for item in request.session.items if _is_run(item)]
    with ThreadPoolExecutor(max_workers=2) as pool:
        results = {
            case.id: pool.submit(carry_out, case, tmp_path_factory.mktemp("script") / "state") for case in chosen
        }
        yield lambda case: results[case.id].result()
        for result in results.values():
            # Where the session ends early.
            result.cancel()


def _is_run(item: pytest.Item) -> bool:
    if not isinstance(item, pytest.Function) or item.originalname != test_script.__name__:
        return False
    case = item.callspec.params["script"]
    off = item.get_closest_marker("skip") or any(
        not mark.kwargs.get("run", True) for mark in item.iter_markers("xfail")
    )
    return case is not None and not case.problems and not off


@pytest.mark.skipif(os.environ.get("GLUE_CONTAINER") == "1", reason="`glue-etl run` is for where the real Glue is not")
def test_script(script: ScriptCase, carried_out: Callable[[ScriptCase], list[str]]) -> None:
    if script.problems:
        raise CaseError("the runner does not understand this case: " + "; ".join(script.problems))
    assert carried_out(script) == []
