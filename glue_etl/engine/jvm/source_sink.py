"""The JVM's DataSource and DataSink, by the names awsglue calls; the work is in `engine.io`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyspark.sql import DataFrame

from glue_etl.engine.frame.core import Frame, Stage
from glue_etl.engine.jvm.values import JsonOptions

if TYPE_CHECKING:
    from glue_etl.engine.context import EngineContext
    from glue_etl.engine.io.sampling import SampleLimits
    from glue_etl.engine.jvm.context import JavaGlueContext
    from glue_etl.engine.jvm.dynamic_frame import JavaDynamicFrame

__all__ = ["JavaCatalogSink", "JavaSink", "JavaSource"]


class JavaSource:
    """A source, told piece by piece what to read."""

    def __init__(
        self,
        context: EngineContext,
        connection_type: str,
        options: JsonOptions,
        transformation_ctx: str,
        predicate: str,
    ) -> None:
        self._context = context
        self._connection_type = connection_type
        self._options = dict(options)
        self._site = str(self._options.pop("callSite", ""))
        self._transformation_ctx = transformation_ctx
        self._predicate = predicate
        self._format: str | None = None
        self._format_options: dict[str, Any] = {}

    def setFormat(self, name: str, options: JsonOptions) -> None:
        """The format and its options."""
        self._format = name
        self._format_options = dict(options)
        self._format_options.pop("callSite", None)

    def _open(
        self,
        min_partitions: int | None = None,
        target_partitions: int | None = None,
        sample: SampleLimits | None = None,
    ) -> Frame:
        from glue_etl.engine.io.sources import open_source

        frame: Frame = open_source(
            self._context,
            self._connection_type,
            self._options,
            self._format,
            self._format_options,
            Stage(self._transformation_ctx, self._site),
            predicate=self._predicate,
            min_partitions=min_partitions,
            target_partitions=target_partitions,
            sample=sample,
        )
        return frame

    def getDynamicFrame(self, min_partitions: int | None = None, target_partitions: int | None = None) -> Any:
        """The frame; partition counts as hints."""
        from glue_etl.engine.jvm.dynamic_frame import JavaDynamicFrame

        return JavaDynamicFrame(self._open(min_partitions, target_partitions), self._context)

    def getDataFrame(self) -> Any:
        """The Java DataFrame: of a stream, or of files that are read once.

        Raises:
            UnsupportedError: The source is a topic of Kinesis or Kafka.
        """
        from glue_etl.engine.io.stream import open_stream, refuse_topic, wants_stream

        kind = self._connection_type
        refuse_topic(kind)
        if wants_stream(kind, self._options, streaming_job=self._context.streaming_job):
            return open_stream(self._context, kind, self._options, self._format, self._format_options)._jdf
        return self._open().checked().df._jdf

    def getSampleDynamicFrame(self, num: int | None, options: JsonOptions) -> Any:
        """The first `num` records of the first files; all records of these without a number."""
        from glue_etl.engine.frame.core import Plan
        from glue_etl.engine.io.sampling import read_limits
        from glue_etl.engine.jvm.dynamic_frame import JavaDynamicFrame

        frame = self._open(sample=read_limits(options))
        if num is not None:
            count = int(num)
            frame = frame.derive(lambda plan: Plan(plan.df.limit(count), plan.type), Stage())
        return JavaDynamicFrame(frame, self._context)


class JavaSink:
    """A sink, told piece by piece where and how to write."""

    def __init__(
        self, context: EngineContext, connection_type: str, options: JsonOptions, transformation_ctx: str
    ) -> None:
        self._context = context
        self._connection_type = connection_type
        self._options = dict(options)
        self._transformation_ctx = transformation_ctx
        self._format: str | None = None
        self._format_options: dict[str, Any] = {}
        self._table: tuple[str, str, str] | None = None

    def setFormat(self, name: str, options: JsonOptions) -> None:
        """The format and its options."""
        self._format = name
        self._format_options = dict(options)

    def setAccumulableSize(self, size: int) -> None:
        """How many error samples Glue's accumulators keep; all are kept here."""

    def setCatalogInfo(self, database: str, table: str, catalog_id: str = "") -> None:
        """The table of the Data Catalog that a write with enableUpdateCatalog creates or updates."""
        self._table = (database, table, catalog_id or "")

    def pyWriteDynamicFrame(self, frame: JavaDynamicFrame, site: str, info: str) -> JavaDynamicFrame:
        """Write the frame; the answer is a frame of the records that could not be written."""
        self._write(frame.frame)
        return self._nothing_left()

    def pyWriteDataFrame(self, java_frame: Any, context: JavaGlueContext, site: str, info: str) -> Any:
        """Write a Java DataFrame."""
        self._write(Frame.of(DataFrame(java_frame, self._context.session)))
        return self._nothing_left().frame.plan.df._jdf

    def _nothing_left(self) -> JavaDynamicFrame:
        from glue_etl.engine.jvm.dynamic_frame import JavaDynamicFrame

        return JavaDynamicFrame(Frame.of(self._context.session.range(0).select()), self._context)

    def _write(self, frame: Frame) -> None:
        if self._table is None:
            from glue_etl.engine.io.sinks import write_frame

            write_frame(self._context, frame, self._connection_type, self._options, self._format, self._format_options)
            return
        from glue_etl.engine.io.catalog_sink import target_of, write_and_update

        write_and_update(
            self._context,
            frame,
            self._connection_type,
            self._options,
            self._format,
            self._format_options,
            target_of(self._context, *self._table),
        )


class JavaCatalogSink(JavaSink):
    """The sink of a table of the Data Catalog, which says itself where and how to write."""

    def __init__(
        self, context: EngineContext, table: tuple[str, str, str], options: JsonOptions, transformation_ctx: str
    ) -> None:
        super().__init__(context, "s3", options, transformation_ctx)
        self._names = table

    def _write(self, frame: Frame) -> None:
        from glue_etl.engine.io.catalog_sink import target_of, write_table

        write_table(self._context, frame, target_of(self._context, *self._names), self._options)
