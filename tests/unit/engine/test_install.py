"""The injection: where it happens, that it can be undone, and that the official package stays as it came."""

from __future__ import annotations

import base64
import hashlib
import re
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from pyspark import SparkContext
from pyspark.sql import SparkSession

from glue_etl.engine import install
from glue_etl.engine.jvm.proxy import JvmProxy
from glue_etl.errors import JobError, OptionError, UnsupportedError
from glue_etl.settings import Settings


def test_the_jvm_is_answered_for_only_inside_the_block(spark: SparkSession, glue_settings: Settings) -> None:
    before = install._real(SparkContext._jvm)
    with install.installed(glue_settings):
        assert isinstance(SparkContext._jvm, JvmProxy)
        with install.installed(glue_settings):
            assert isinstance(SparkContext._jvm, JvmProxy)
    assert install._real(SparkContext._jvm) is before


def test_nothing_is_done_beside_the_real_library(
    spark: SparkSession, glue_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = install._real(SparkContext._jvm)
    monkeypatch.setattr(SparkContext, "_jvm", real)
    monkeypatch.setattr(install, "_has_glue", lambda jvm: True)
    with install.installed(glue_settings):
        assert SparkContext._jvm is real
    assert install.is_real_glue(spark.sparkContext)


def test_the_real_library_is_not_found_here(spark: SparkSession) -> None:
    assert not install.is_real_glue(spark.sparkContext)


def test_no_file_of_awsglue_differs_from_its_wheel() -> None:
    files = metadata.distribution("AWSGlueDataplanePython").files or []
    checked = 0
    for file in files:
        if file.hash is None:
            continue
        digest = hashlib.new(file.hash.mode, file.locate().read_bytes()).digest()  # type: ignore[union-attr]
        assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == file.hash.value, file
        checked += 1
    assert checked > 30


def test_awsglue_is_the_wheel_and_nothing_beside_it(glue_context: Any) -> None:
    distribution = metadata.distribution("AWSGlueDataplanePython")
    installed = {Path(str(file.locate())).resolve() for file in distribution.files or []}
    loaded = [module for name, module in sys.modules.items() if name.partition(".")[0] == "awsglue"]
    assert len(loaded) > 10
    assert {Path(str(module.__file__)).resolve() for module in loaded} <= installed
    folder = Path(str(distribution.locate_file("awsglue"))).resolve()
    assert {file for file in folder.rglob("*.py") if file.is_file()} <= installed


def test_spark_itself_is_not_disturbed(glue_context: Any) -> None:
    session: SparkSession = glue_context.spark_session
    assert session.createDataFrame([(1, "a")], ["n", "t"]).selectExpr("n + 1 as m").first()[0] == 2  # type: ignore[index]
    assert glue_context.sql("select 3 as three").first()[0] == 3
    assert session.sparkContext.parallelize([1, 2, 3]).map(lambda n: n * 2).sum() == 12


NOT_HERE: dict[str, tuple[Callable[[Any], Any], str]] = {
    "a class of the runtime": (lambda c: c._jvm.EntityDetector(), "EntityDetector"),
    "a method of such a class": (lambda c: c._jvm.FindMatches.apply(), "FindMatches.apply"),
    "a Kinesis stream": (
        lambda c: c.create_data_frame.from_options(connection_type="kinesis", connection_options={"streamARN": "a"}),
        "create_data_frame from a kinesis stream",
    ),
    "a Kafka stream": (
        lambda c: c.create_data_frame.from_options("kafka", {"topicName": "t"}, transformation_ctx="c"),
        "create_data_frame from a kafka stream",
    ),
}


@pytest.mark.parametrize(("call", "words"), NOT_HERE.values(), ids=NOT_HERE.keys())
def test_what_is_not_supported_says_so_by_name(glue_context: Any, call: Callable[[Any], Any], words: str) -> None:
    with pytest.raises(UnsupportedError, match=re.escape(words)):
        call(glue_context)


def test_a_method_of_frames_that_is_not_supported_says_so_by_name(glue_context: Any) -> None:
    from awsglue.dynamicframe import DynamicFrame

    frame = DynamicFrame.fromDF(glue_context.spark_session.range(1), glue_context, "f")
    with pytest.raises(UnsupportedError, match="recomputeSchema"):
        frame._jdf.recomputeSchema()


def test_a_job_is_initialised_and_committed(glue_context: Any) -> None:
    from awsglue.job import Job

    from glue_etl.engine.jvm.job import JobControl

    control = JobControl()
    with pytest.raises(JobError, match=r"before Job\.init"):
        control.commit()
    job = Job(glue_context)
    job.init("nightly", {"JOB_NAME": "nightly"})
    assert job.isInitialized()
    job.commit()
    with pytest.raises(JobError, match="without a job name"):
        job.init("", {})


def test_options_that_are_no_json_are_named(glue_context: Any) -> None:
    with pytest.raises(OptionError, match="wobble"):
        glue_context._jvm.JsonOptions("wobble")


def test_the_context_takes_partition_hints(spark: SparkSession, glue_context: Any) -> None:
    from awsglue.context import GlueContext

    context = GlueContext(spark.sparkContext, minPartitions=3, targetPartitions=5)
    engine = context._ssql_ctx.engine
    assert (engine.min_partitions, engine.target_partitions) == (3, 5)
