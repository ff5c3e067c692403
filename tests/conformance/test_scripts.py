"""Whole job scripts, unmodified, through `glue-etl run`: each case of a folder as one test.

pytest tests/conformance/test_scripts.py [--scripts DIR]
"""

from __future__ import annotations

import os
from pathlib import Path

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


@pytest.mark.skipif(os.environ.get("GLUE_CONTAINER") == "1", reason="`glue-etl run` is for where the real Glue is not")
def test_script(script: ScriptCase, tmp_path: Path) -> None:
    if script.problems:
        raise CaseError("the runner does not understand this case: " + "; ".join(script.problems))
    assert carry_out(script, tmp_path / "state") == []
