"""The pytest plugin: one tuned Spark session per test run, a bucket per test, a GlueContext.

Nothing heavy is imported, and no Spark started, until a fixture that needs it is used.
"""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from glue_etl.settings import Settings, load

if TYPE_CHECKING:
    from awsglue.context import GlueContext
    from pyspark.sql import SparkSession

    from glue_etl.testing.buckets import Bucket

__all__ = ["glue_context", "glue_settings", "lake", "pytest_configure", "spark"]

_numbers = itertools.count(1)
_running: pytest.StashKey[SparkSession] = pytest.StashKey()


def pytest_configure(config: pytest.Config) -> None:
    """Let projects that turn warnings into errors use Spark, whose own warnings they cannot mend."""
    # pyspark leaves each result's socket to the garbage collector.
    config.addinivalue_line("filterwarnings", r"ignore:unclosed <socket\.socket:ResourceWarning")
    # pyspark 3.5 compares pandas's and pyarrow's versions with distutils when an Arrow function is made.
    config.addinivalue_line("filterwarnings", "ignore:distutils Version classes are deprecated:DeprecationWarning")


@pytest.fixture(scope="session")
def glue_settings() -> Iterator[Settings]:
    """Settings of the test run: two cores, all state in a temporary folder of this worker."""
    state = Path(tempfile.mkdtemp(prefix="glue-etl-test-"))
    try:
        yield load(state_dir=state, master="local[2]")
    finally:
        shutil.rmtree(state, ignore_errors=True)


@pytest.fixture(scope="session")
def spark(glue_settings: Settings, pytestconfig: pytest.Config) -> Iterator[SparkSession]:
    """The one SparkSession of this test run; what a test leaves in its catalog is dropped after the test."""
    from glue_etl.engine.session import create_session, stop_session

    session = create_session(glue_settings, "tests", tuned_for_tests=True)
    pytestconfig.stash[_running] = session
    try:
        yield session
    finally:
        del pytestconfig.stash[_running]
        stop_session(session)


@pytest.fixture
def lake(glue_settings: Settings, pytestconfig: pytest.Config) -> Iterator[Bucket]:
    """A fresh bucket, which Spark reaches as s3://, s3a:// and s3n://."""
    from glue_etl.engine.io import s3
    from glue_etl.testing.buckets import Bucket

    bucket = Bucket(s3.Lake(glue_settings.lake_dir), f"test-{next(_numbers)}")
    bucket.store.create_bucket(bucket.name)
    # A session that starts later finds the folder by itself.
    if session := pytestconfig.stash.get(_running, None):
        s3.register_bucket(session, glue_settings.lake_dir, bucket.name)
    try:
        yield bucket
    finally:
        shutil.rmtree(bucket.path, ignore_errors=True)
        if session := pytestconfig.stash.get(_running, None):
            s3.unregister_bucket(session, bucket.name)


@pytest.fixture
def glue_context(spark: SparkSession, glue_settings: Settings) -> Iterator[GlueContext]:
    """The official GlueContext over the test session, with the engine behind it for the time of the test."""
    from glue_etl.engine.install import installed

    with installed(glue_settings):
        from awsglue.context import GlueContext

        yield GlueContext(spark.sparkContext)


@pytest.fixture(autouse=True)
def _clean_catalog(request: pytest.FixtureRequest, pytestconfig: pytest.Config) -> Iterator[None]:
    yield
    session = pytestconfig.stash.get(_running, None)
    # A test that did not use Spark pays nothing.
    if session is not None and "spark" in request.fixturenames:
        _drop_leftovers(session)


def _drop_leftovers(session: SparkSession) -> None:
    # By the JVM's own catalog: the public one runs a query for each question.
    java: Any = session._jsparkSession
    catalog = java.sessionState().catalog()
    catalog.clearTempTables()
    catalog.globalTempViewManager().clear()
    java.catalog().setCurrentDatabase("default")
    java.catalog().clearCache()
    for name in _each(catalog.listDatabases()):
        if name != "default":
            catalog.dropDatabase(name, True, True)
    for table in _each(catalog.listTables("default")):
        catalog.dropTable(table, True, True)


def _each(sequence: Any) -> list[Any]:
    return [sequence.apply(index) for index in range(sequence.length())]
