"""Python functions over records: `Filter`, `Map` and whatever else a script hands to awsglue's `mapPartitions`.

Rows go to Python workers and back as Arrow batches. A filter streams: it keeps the rows as they are, so nothing has to
be found out about them. Any other function may give anything, so its results are kept in chunks (as a Spark RDD in
memory and on disk) while the driver merges what kinds of values each chunk holds into one type tree; then the chunks
are laid out in it. The function is evaluated once. Which types follow from which values, and when a field keeps the
type it has in the input: see `records_observed`.

Nothing runs before the result, its schema or its errors are asked for, as on AWS.
"""

from __future__ import annotations

import json
import threading
import uuid
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f
from pyspark.sql import types as s

from glue_etl.engine.frame.core import Frame, Plan, Stage
from glue_etl.engine.frame.records_function import PythonFunction
from glue_etl.engine.frame.records_observed import Observed, merge_observed, settle_struct
from glue_etl.engine.frame.records_worker import FilterErrors, RunFilter, RunFunction, UnpackChunks
from glue_etl.engine.types import tree as g
from glue_etl.engine.types.spark import to_spark

__all__ = ["ChunkRun", "MapRun", "in_workers", "python_stage", "session_zone", "spark_struct"]

_ERROR = s.StructType(
    [
        s.StructField("msg", s.StringType()),
        s.StructField("input", s.StringType()),
        s.StructField("file", s.StringType()),
        s.StructField("position", s.LongType()),
        s.StructField("partial", s.StringType()),
    ]
)
_CHUNK = s.StructType(
    [
        s.StructField("observed", s.StringType()),
        s.StructField("rows", s.BinaryType()),
        s.StructField("row_count", s.LongType()),
        s.StructField("errors", s.ArrayType(_ERROR)),
        s.StructField("error_count", s.LongType()),
    ]
)


def python_stage(frame: Frame, function: PythonFunction, stage: Stage, session: SparkSession) -> Frame:
    """The frame after a script's function.

    Args:
        frame: The input.
        function: What the script gave to awsglue.
        stage: What it said of the transformation.
        session: The session everything runs in.
    """
    # A view whose plan counts as unknown: a function must not be run before its results are asked for.
    lazily = Frame(lambda: frame.plan, frame.name, frame.stage_errors, frame.earlier_errors, frame.thresholds)
    if function.keeps_records:
        errors = _FilterErrors(frame, function, stage, session)
        return lazily.derive(lambda plan: _filter(plan, function, session), stage, stage_errors=(errors,))
    run = MapRun(lambda: frame.plan, function, session)
    return lazily.derive(lambda _: run.plan, stage, stage_errors=(_MapErrors(run, stage),))


def _for_workers(plan: Plan) -> DataFrame:
    """The rows with columns named by their position: `mapInArrow` takes a dot in a name for a path.

    A frame without fields gets a column, for Arrow batches without columns lose their length.
    """
    if not plan.type.fields:
        return plan.df.select(f.lit(True).alias("0"))
    return plan.df.toDF(*[str(at) for at in range(len(plan.type))])


def in_workers(df: DataFrame, function: Callable[[Iterable[Any]], Iterable[Any]], schema: s.StructType) -> DataFrame:
    """The rows that a function over Arrow batches gives."""
    with warnings.catch_warnings():
        # pyspark 3.5 compares pandas' version by a class that setuptools warns about; a script cannot help it.
        warnings.filterwarnings("ignore", message="distutils Version", category=DeprecationWarning)
        return df.mapInArrow(function, schema)


def _filter(plan: Plan, function: PythonFunction, session: SparkSession) -> Plan:
    if not plan.type.fields:
        return MapRun(lambda: plan, function, session).plan
    schema = plan.df.schema
    rows = in_workers(_for_workers(plan), RunFilter(function, plan.type, schema.names), _nullable(schema))
    return Plan(rows, plan.type)


def _nullable(schema: s.StructType) -> s.StructType:
    return s.StructType([s.StructField(each.name, each.dataType, True) for each in schema.fields])


def error_records(errors: DataFrame, stage: Stage) -> DataFrame:
    """Rows of (msg, input) in the columns of `engine.frame.errors.ERROR_RECORD`."""
    nothing = f.lit(None).cast("string")
    return errors.select(
        f.lit(stage.site).alias("site"),
        f.lit(stage.info).alias("info"),
        f.col("msg"),
        nothing.alias("stackTrace"),
        f.col("input"),
        nothing.alias("bytesread"),
        nothing.alias("source"),
        f.col("input").alias("dynamicRecord"),
    )


@dataclass(eq=False)
class _FilterErrors:
    """Errors of a filter: it is evaluated again for them, once for the count."""

    frame: Frame
    function: PythonFunction
    stage: Stage
    session: SparkSession
    _count: int | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self) -> int:
        with self._lock:
            if self._count is None:
                self._count = self.records().count()
            return self._count

    def records(self) -> DataFrame:
        plan = self.frame.plan
        found = in_workers(_for_workers(plan), FilterErrors(self.function, plan.type), _ERROR)
        return error_records(found, self.stage)


@dataclass(eq=False)
class _MapErrors:
    """Errors of any other function: found while it ran."""

    run: MapRun
    stage: Stage

    def count(self) -> int:
        return self.run.error_count

    def records(self) -> DataFrame:
        return error_records(self.run.errors(), self.stage)


class ChunkRun:
    """One evaluation of Python code whose records' types are only known afterwards.

    The chunks live as a persisted RDD that nothing here holds on to once the rows' DataFrame is gone: Spark drops
    them when the JVM has collected it, and not while any DataFrame made from the rows still stands.

    Args:
        session: The session of the results.
    """

    def __init__(self, session: SparkSession) -> None:
        self._session = session
        self._lock = threading.RLock()
        self._done: _Done | None = None

    def _start(self, zone: str) -> tuple[DataFrame, Callable[[Iterable[Any]], Iterable[Any]], g.StructType | None]:
        """The rows to begin with, what makes `CHUNK` rows of them in the workers, and types to keep where they fit."""
        raise NotImplementedError

    @property
    def plan(self) -> Plan:
        """The rows and their type; the first use runs the function."""
        return self._finished().plan

    @property
    def error_count(self) -> int:
        """How many records became error records; the first use runs the function."""
        return self._finished().error_count

    def errors(self) -> DataFrame:
        """The error records, in the columns of `records_worker.ERROR`."""
        chunks = self._finished().chunks
        return chunks.where("error_count > 0").select(f.explode("errors").alias("e")).select("e.*")

    def _finished(self) -> _Done:
        with self._lock:
            if self._done is None:
                self._done = self._run()
            return self._done

    def _run(self) -> _Done:
        zone = session_zone(self._session)
        source, run, hint = self._start(zone)
        rows: Any = in_workers(source, run, _CHUNK)
        context: Any = self._session.sparkContext
        kept = rows._jdf.toJavaRDD().persist(context._getJavaStorageLevel(StorageLevel.MEMORY_AND_DISK_DESER))
        chunks = _frame_of(kept, rows._jdf.schema(), self._session)
        observed: Observed = {}
        row_count = error_count = 0
        # This job runs the function and fills the store; the small columns are all that reaches the driver.
        for row in chunks.select("observed", "row_count", "error_count").collect():
            observed = merge_observed({"dict": observed}, {"dict": json.loads(row.observed)})["dict"]
            row_count += row.row_count
            error_count += row.error_count
        kind = settle_struct(observed, hint)
        if not kind.fields:
            return _Done(Plan(self._session.range(row_count).select(), kind), error_count, chunks)
        unpacked = _unpacked(kept, rows._jdf.schema(), kind, zone, self._session)
        return _Done(Plan(unpacked, kind), error_count, chunks)


class MapRun(ChunkRun):
    """One evaluation of a function over a frame's records.

    Args:
        source: The input's plan, when it is needed.
        function: The script's function.
        session: The session of the results.
        hint: Types to keep where they fit, by default those of the input.
    """

    def __init__(
        self,
        source: Callable[[], Plan],
        function: PythonFunction,
        session: SparkSession,
        hint: g.StructType | None = None,
    ) -> None:
        super().__init__(session)
        self._source = source
        self._function = function
        self._hint = hint

    def _start(self, zone: str) -> tuple[DataFrame, RunFunction, g.StructType]:
        source = self._source()
        hint = source.type if self._hint is None else self._hint
        return _for_workers(source), RunFunction(self._function, source.type, hint, zone, uuid.uuid4().hex), hint


def session_zone(session: SparkSession) -> str:
    """The session's time zone; `UTC` by whatever name it goes."""
    name = str(session.conf.get("spark.sql.session.timeZone"))
    return "UTC" if name in ("Etc/UTC", "GMT", "Z", "+00:00") else name


@dataclass
class _Done:
    plan: Plan
    error_count: int
    chunks: DataFrame


def _frame_of(java_rdd: Any, java_schema: Any, session: SparkSession) -> DataFrame:
    java: Any = session._jsparkSession
    return DataFrame(java.createDataFrame(java_rdd, java_schema), session)


def _unpacked(chunks: Any, java_schema: Any, kind: g.StructType, zone: str, session: SparkSession) -> DataFrame:
    """The chunks' records in the settled types.

    Spark cuts Arrow batches by rows alone, and a row here is megabytes: in a session of its own each batch is one
    chunk. The plan is made there, and comes back as its rows.
    """
    java: Any = session._jsparkSession
    apart = SparkSession(session.sparkContext, java.cloneSession())
    apart.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", "1")
    packed = _frame_of(chunks, java_schema, apart).select("rows")
    rows: Any = in_workers(packed, UnpackChunks(kind, zone), spark_struct(kind))
    internal = rows._jdf.queryExecution().toRdd()
    return DataFrame(java.internalCreateDataFrame(internal, rows._jdf.schema(), False), session)


def spark_struct(kind: g.StructType) -> s.StructType:
    """The Spark schema of records of that type."""
    return s.StructType([s.StructField(each.name, to_spark(each.type), True) for each in kind])
