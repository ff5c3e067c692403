"""What stands where pyspark keeps the JVM: Glue's names answered here, every other name by the real JVM."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from glue_etl.engine.bookmarks import Bookmarks
from glue_etl.engine.jvm.context import DynamicFrameFactory, JavaGlueContext, unsupported
from glue_etl.engine.jvm.functions import DataFrameApplyMapping, GlueFunctions
from glue_etl.engine.jvm.job import GlueLogger, JobControl
from glue_etl.engine.jvm.services import AwsConnectionUtils, StreamingSource
from glue_etl.engine.jvm.values import (
    CallSite,
    GluePythonUtils,
    JsonOptions,
    MappingSpec,
    PythonUtils,
    RecordUtils,
    ResolveSpec,
)

if TYPE_CHECKING:
    from glue_etl.settings import Settings

__all__ = ["JvmProxy"]

_PLAIN: dict[str, Any] = {
    "ApplyMapping": DataFrameApplyMapping,
    "CallSite": CallSite,
    "DynamicFrame": DynamicFrameFactory,
    "GlueLogger": GlueLogger,
    "GluePythonUtils": GluePythonUtils,
    "JsonOptions": JsonOptions,
    "MappingSpec": MappingSpec,
    "RecordUtils": RecordUtils,
    "ResolveSpec": ResolveSpec,
    "StreamingSource": StreamingSource,
}

# Names of the Glue runtime that have no counterpart here yet, and what to do instead.
_UNSUPPORTED: dict[str, str | None] = {
    "EntityDetector": None,
    "EvaluateDataQuality": None,
    "FillMissingValues": None,
    "FindIncrementalMatches": None,
    "FindMatches": None,
}


class _Unsupported:
    """A Glue class that is named when it is used, not when it is looked up."""

    def __init__(self, name: str, hint: str | None) -> None:
        self._name = name
        self._hint = hint

    def __call__(self, *_: Any, **__: Any) -> Any:
        unsupported(self._name, self._hint)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        unsupported(f"{self._name}.{name}", self._hint)


class JvmProxy:
    """Answers Glue's names, hands the rest to py4j.

    Args:
        jvm: The real view of the JVM.
        settings: Where the lake and the state are.
        streaming_job: Whether the job's command is `gluestreaming`.
    """

    def __init__(self, jvm: Any, settings: Settings, *, streaming_job: bool = False) -> None:
        self._real = jvm
        self._settings = settings
        self._streaming_job = streaming_job
        self.Job = JobControl(Bookmarks(settings.state_dir, settings.logs_dir))
        self.AWSConnectionUtils = AwsConnectionUtils(settings)
        self.gluefunctions = GlueFunctions(jvm)
        self._made: dict[str, Callable[..., Any]] = {
            "GlueContext": self._glue_context,
            "PythonRDD": self._python_rdd,
        }

    def _glue_context(
        self, java_context: Any, min_partitions: int | None = None, target_partitions: int | None = None
    ) -> JavaGlueContext:
        from pyspark.sql import SparkSession

        from glue_etl.engine.context import EngineContext
        from glue_etl.engine.io.s3 import Lake

        session = SparkSession.builder.getOrCreate()
        lake = Lake(self._settings.lake_dir)
        return JavaGlueContext(
            EngineContext(
                session,
                self._settings,
                lake,
                min_partitions,
                target_partitions,
                bookmarks=self.Job.bookmarks,
                streaming_job=self._streaming_job,
                job=self.Job.running,
            )
        )

    def _python_rdd(self, *arguments: Any) -> Any:
        from glue_etl.engine.jvm.python_rdd import intercept_python_rdd

        return intercept_python_rdd(self._real.PythonRDD, *arguments)

    def __getattr__(self, name: str) -> Any:
        if name in _PLAIN:
            return _PLAIN[name]
        if name == "PythonUtils":
            return PythonUtils(self._real.PythonUtils)
        if name == "PythonRDD":
            return _PythonRdd(self._real.PythonRDD, self._python_rdd)
        if name in self.__dict__.get("_made", {}):
            return self._made[name]
        if name in _UNSUPPORTED:
            return _Unsupported(name, _UNSUPPORTED[name])
        return getattr(self._real, name)


class _PythonRdd:
    """The real class with its constructor answered here: pyspark also calls its static methods."""

    def __init__(self, real: Any, make: Callable[..., Any]) -> None:
        self._real = real
        self._make = make

    def __call__(self, *arguments: Any) -> Any:
        return self._make(*arguments)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)
