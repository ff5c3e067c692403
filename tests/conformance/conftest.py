"""Options, the Glue context and the summary of the conformance suite."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from . import outcomes
from .cases import BUNDLED, Case
from .script_cases import ScriptCase
from .workspace import Workspace

BUCKET = "conformance"
SCRIPTS = Path(__file__).parents[3] / "shared" / "scripts"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("conformance")
    group.addoption(
        "--cases", metavar="DIR", help="run the conformance cases of this folder instead of the bundled ones"
    )
    group.addoption(
        "--cases-report", metavar="FILE", help="write the outcome of every conformance case to this JSON file"
    )
    group.addoption(
        "--scripts",
        metavar="DIR",
        help="run the job scripts of this folder (default: ../shared/scripts if it is there)",
    )


def cases_folder(config: pytest.Config) -> Path:
    """The folder that --cases names; pytest knows the option only if this folder was among its arguments."""
    given = config.getoption("--cases", default=None)
    return Path(given) if given else BUNDLED


def scripts_folder(config: pytest.Config) -> Path | None:
    """The folder that --scripts names, else the one beside the project; None if neither is there."""
    given = config.getoption("--scripts", default=None)
    folder = Path(given) if given else SCRIPTS
    return folder if given or folder.is_dir() else None


def pytest_itemcollected(item: pytest.Item) -> None:
    if isinstance(item, pytest.Function) and "script" in item.fixturenames:
        script: ScriptCase | None = item.callspec.params["script"]
        if script is not None:
            item.user_properties += [(outcomes.CASE, script.id), (outcomes.TOPIC, "job scripts")]
    elif isinstance(item, pytest.Function) and {"case", "glue"} <= set(item.fixturenames):
        case: Case = item.callspec.params["case"]
        # Here and not in the test, so that an error of its set-up counts too.
        item.user_properties += [(outcomes.CASE, case.id), (outcomes.TOPIC, case.topic)]


@dataclass(frozen=True)
class Glue:
    """The library under test.

    Attributes:
        context: A GlueContext over it.
        real: Whether it is AWS's own library, not the engine of this project.
        version: Glue version whose Python layer is installed, `5.1` or `6.0`.
        root: Folder for workspaces on disk.
        uri: The same folder as Glue names it.
        settings: Those of the engine; None with AWS's own library.
    """

    context: Any
    real: bool
    version: str
    root: Path
    uri: str
    settings: Any = None

    def workspace(self, name: str) -> Workspace:
        """A fresh workspace."""
        return Workspace(self.root / name, f"{self.uri}/{name}")

    def catalog(self) -> Any:
        """An empty Data Catalog behind the calls of boto3's Glue client, no bookmarks; None with AWS's own library."""
        if self.settings is None:
            return None
        from glue_etl.engine.catalog.clients import Clients

        # A job that did not commit goes on until another one begins.
        self.context._jvm.Job.bookmarks.end()
        shutil.rmtree(self.settings.state_dir / "state", ignore_errors=True)
        return Clients(self.settings).glue()


@pytest.fixture(scope="module")
def glue(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Glue]:
    """The official awsglue over the real library inside AWS's container, elsewhere over the engine."""
    if os.environ.get("GLUE_CONTAINER") == "1":
        yield _real(tmp_path_factory.mktemp("conformance"))
    else:
        yield from _local(request)


def _real(root: Path) -> Glue:
    from awsglue.context import GlueContext
    from pyspark import SparkContext

    from glue_etl.engine.install import is_real_glue

    spark_context = SparkContext.getOrCreate()
    if not is_real_glue(spark_context):
        raise pytest.UsageError(
            "GLUE_CONTAINER=1, but Spark has no Glue library. Hint: unset it outside the container."
        )
    return Glue(GlueContext(spark_context), True, glue_version(), root, root.as_uri())


def _local(request: pytest.FixtureRequest) -> Iterator[Glue]:
    from pyspark import SparkContext

    from glue_etl.engine.install import installed, is_real_glue
    from glue_etl.engine.io import s3

    settings = request.getfixturevalue("glue_settings")
    root = settings.lake_dir / BUCKET
    root.mkdir(parents=True, exist_ok=True)
    spark = request.getfixturevalue("spark")
    hadoop = spark.sparkContext._jsc.hadoopConfiguration()
    for key, value in s3.hadoop_conf(settings.lake_dir).items():
        # The session may be older than the bucket.
        hadoop.set(key.removeprefix("spark.hadoop."), value)
    with installed(settings):
        from awsglue.context import GlueContext

        context = GlueContext(SparkContext.getOrCreate())
        yield Glue(context, is_real_glue(), glue_version(), root, f"s3://{BUCKET}", settings)


def glue_version() -> str:
    """The Glue version that Spark's major version stands for."""
    import pyspark

    return "5.1" if pyspark.__version__.startswith("3.") else "6.0"


def _outcomes(config: pytest.Config) -> list[outcomes.Outcome]:
    reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
    reports = [report for found in reporter.stats.values() for report in found if isinstance(report, pytest.TestReport)]
    by_case: dict[str, outcomes.Outcome] = {}
    for outcome in (outcomes.outcome_of(report) for report in reports):
        # A test that passes and then fails in its teardown is told twice: the failure counts.
        if outcome is not None and (outcome.case not in by_case or outcome.outcome == "failed"):
            by_case[outcome.case] = outcome
    return list(by_case.values())


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    found = _outcomes(config)
    if not found:
        return
    terminalreporter.section(f"conformance, Glue {glue_version()}")
    for line in outcomes.table(found):
        terminalreporter.write_line(line)
    if report := config.getoption("--cases-report", default=None):
        outcomes.write_report(Path(report), found, f"Glue {glue_version()}")
        terminalreporter.write_line(f"report: {report}")
