"""The pytest plugin: one tuned Spark session per test run, a lake with a fresh bucket per test, a GlueContext.

Nothing heavy is imported until a fixture is used.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from glue_etl.settings import Settings, load

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["glue_settings", "spark"]


def pytest_configure(config: pytest.Config) -> None:
    """Let projects that turn warnings into errors use Spark: pyspark leaves each result's socket to the collector."""
    config.addinivalue_line("filterwarnings", r"ignore:unclosed <socket\.socket:ResourceWarning")


@pytest.fixture(scope="session")
def glue_settings() -> Iterator[Settings]:
    """Settings of the test session: two cores at most, state in a temporary folder of this worker."""
    state = Path(tempfile.mkdtemp(prefix="glue-etl-test-"))
    try:
        yield load(state_dir=state, master="local[2]")
    finally:
        shutil.rmtree(state, ignore_errors=True)


@pytest.fixture(scope="session")
def spark(glue_settings: Settings) -> Iterator[SparkSession]:
    """The one SparkSession of this test run."""
    from glue_etl.engine.session import create_session, stop_session

    session = create_session(glue_settings, "tests", tuned_for_tests=True)
    try:
        yield session
    finally:
        stop_session(session)
