"""Every conformance case, over the real Glue library where it is loadable and over the engine elsewhere.

pytest tests/conformance/test_dynamicframe.py [--cases DIR] [--cases-report FILE.json]
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from . import scope
from .cases import Case, CaseError, load
from .conftest import Glue, cases_folder
from .expectations import verify
from .steps import carry_out

# awsglue builds every DataFrame through the constructor that pyspark calls internal, and pyspark leaves sockets to the
# garbage collector.
pytestmark = [
    pytest.mark.filterwarnings("ignore:DataFrame constructor is internal"),
    pytest.mark.filterwarnings("ignore:DataFrame.sql_ctx is an internal property"),
    pytest.mark.filterwarnings("ignore:Deprecated in 3.0.0"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "case" in metafunc.fixturenames:
        found = load(cases_folder(metafunc.config))
        metafunc.parametrize("case", [pytest.param(case, id=case.id) for case in found])


@pytest.fixture(autouse=True)
def arguments_forgotten() -> Iterator[None]:
    """Arguments of one case are none of the next one's: awsglue keeps them in a module."""
    from awsglue import utils

    before = dict(utils._global_args)
    yield
    utils._global_args.clear()
    utils._global_args.update(before)


def test_case(case: Case, glue: Glue, request: pytest.FixtureRequest) -> None:
    if case.problems:
        raise CaseError("the runner does not understand this case: " + "; ".join(case.problems))
    if version := scope.other_version(case, glue.version):
        pytest.skip(f"tied to Glue {version}, this is {glue.version}")
    if glue.real:
        if service := scope.needs_account(case):
            pytest.skip(f"needs an AWS account: {service}")
    elif feature := scope.missing_feature(case):
        request.applymarker(pytest.mark.xfail(reason=f"missing: {feature}", strict=True, raises=Exception))
    run = carry_out(case, glue.context, glue.workspace(case.id), glue.catalog())
    verify(run, case.then)
