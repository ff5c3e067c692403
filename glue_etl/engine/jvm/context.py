"""What awsglue's GlueContext calls on the JVM's GlueContext, by the same names."""

from __future__ import annotations

import logging
from typing import Any, NoReturn

from pyspark.sql import DataFrame, SparkSession

from glue_etl.engine.context import EngineContext
from glue_etl.engine.frame.core import Frame
from glue_etl.engine.jvm.catalog import JavaCatalogSource, catalog_schema
from glue_etl.engine.jvm.dynamic_frame import JavaDynamicFrame
from glue_etl.engine.jvm.services import Transactions
from glue_etl.engine.jvm.source_sink import JavaCatalogSink, JavaSink, JavaSource
from glue_etl.engine.jvm.values import CallSite, JsonOptions, stage_of
from glue_etl.errors import UnsupportedError

__all__ = ["DynamicFrameFactory", "JavaGlueContext", "unsupported"]

_LOG = logging.getLogger(__name__)


def unsupported(feature: str, hint: str | None = None) -> NoReturn:
    """Stop by name.

    Raises:
        UnsupportedError: Always.
    """
    raise UnsupportedError.of(feature, hint)


class JavaGlueContext:
    """The stand-in for `com.amazonaws.services.glue.GlueContext`.

    What is not Glue's own goes to Spark's real SQLContext, because awsglue puts this object where pyspark keeps that.
    """

    def __init__(self, context: EngineContext) -> None:
        self.engine = context
        self._transactions = Transactions()

    def getSource(
        self, connection_type: str, options: JsonOptions, transformation_ctx: str = "", predicate: str = ""
    ) -> JavaSource:
        """A source by its options."""
        return JavaSource(self.engine, connection_type, options, transformation_ctx, predicate)

    def getSink(self, connection_type: str, options: JsonOptions, transformation_ctx: str = "") -> JavaSink:
        """A sink by its options."""
        return JavaSink(self.engine, connection_type, options, transformation_ctx)

    def getCatalogSource(
        self,
        database: str,
        table: str,
        redshift_tmp_dir: str,
        transformation_ctx: str,
        predicate: str,
        options: JsonOptions,
        catalog_id: str | None = None,
    ) -> JavaCatalogSource:
        """A table of the Data Catalog as a source."""
        return JavaCatalogSource(self.engine, database, table, transformation_ctx, predicate, options, catalog_id)

    def getCatalogSink(
        self,
        database: str,
        table: str,
        redshift_tmp_dir: str = "",
        transformation_ctx: str = "",
        options: JsonOptions | None = None,
        catalog_id: str | None = None,
    ) -> JavaCatalogSink:
        """The sink of a table of the Data Catalog; `redshift_tmp_dir` is for tables of Redshift alone."""
        given = JsonOptions("{}") if options is None else options
        return JavaCatalogSink(self.engine, (database, table, catalog_id or ""), given, transformation_ctx)

    def getCatalogSchemaAsSparkSchema(self, database: str, table: str, catalog_id: str | None = None) -> Any:
        """The Java StructType of a table's columns and partition keys."""
        return catalog_schema(self.engine, database, table, catalog_id)

    def getJDBCSink(
        self,
        connection: str,
        options: JsonOptions,
        redshift_tmp_dir: str = "",
        transformation_ctx: str = "",
        catalog_id: str | None = None,
    ) -> JavaSink:
        """A sink by a connection of the Data Catalog."""
        from glue_etl.engine.jvm.jdbc import JavaJdbcSink

        return JavaJdbcSink(self.engine, connection, options, transformation_ctx, catalog_id)

    def extractJDBCConf(self, connection: str, catalog_id: str | None = None) -> dict[str, str]:
        """User, password, vendor and URLs of a connection of the Data Catalog."""
        from glue_etl.engine.io.jdbc_target import jdbc_configuration

        return jdbc_configuration(self.engine, connection, catalog_id)

    def purgeTable(
        self,
        database: str,
        table: str,
        options: JsonOptions,
        transformation_ctx: str = "",
        catalog_id: str | None = None,
    ) -> None:
        """Delete old files of a table, and the partitions that have none left."""
        from glue_etl.engine.io.catalog_sink import target_of
        from glue_etl.engine.io.purge_table import purge_table

        target = target_of(self.engine, database, table, catalog_id or "")
        purge_table(self.engine, target, options, transformation_ctx)

    def purgeS3Path(self, path: str, options: JsonOptions, transformation_ctx: str = "") -> None:
        """Delete old objects below a path."""
        from glue_etl.engine.io.purge import purge_s3_path

        purge_s3_path(self.engine, path, options, transformation_ctx)

    def transitionTable(
        self,
        database: str,
        table: str,
        storage_class: str,
        options: JsonOptions,
        transformation_ctx: str = "",
        catalog_id: str | None = None,
    ) -> None:
        """Nothing but a word in the log: local files have no storage class."""
        from glue_etl.engine.io.catalog_sink import target_of
        from glue_etl.engine.io.purge_table import check_table_transition

        target = target_of(self.engine, database, table, catalog_id or "")
        check_table_transition(self.engine, target, storage_class, options)
        _LOG.warning("transition_table to %s has no effect here: files of %s have no class.", storage_class, target)

    def transitionS3Path(
        self, path: str, storage_class: str, options: JsonOptions, transformation_ctx: str = ""
    ) -> None:
        """Nothing but a word in the log: local files have no storage class."""
        from glue_etl.engine.io.purge import check_transition

        check_transition(self.engine, path, storage_class, options)
        _LOG.warning(
            "transition_s3_path to %s has no effect here: files below %s have no storage class.", storage_class, path
        )

    def addIngestionTimeColumns(self, java_frame: Any, granularity: str = "") -> Any:
        """The Java DataFrame with ingest_year and so on."""
        from glue_etl.engine.frame.ingestion import add_ingestion_time_columns

        df = DataFrame(java_frame, self.engine.session)
        return add_ingestion_time_columns(df, granularity)._jdf

    def startTransaction(self, read_only: bool) -> str:
        """A transaction's id."""
        return self._transactions.start(read_only)

    def commitTransaction(self, transaction_id: str, wait_for_commit: bool = True) -> bool:
        """Whether the transaction has ended."""
        return self._transactions.commit(transaction_id)

    def cancelTransaction(self, transaction_id: str) -> None:
        """Give a transaction up."""
        self._transactions.cancel(transaction_id)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.engine.session._jsparkSession.sqlContext(), name)


class DynamicFrameFactory:
    """The stand-in for the companion object of `com.amazonaws.services.glue.DynamicFrame`."""

    @staticmethod
    def apply(java_frame: Any, context: JavaGlueContext) -> JavaDynamicFrame:
        """The frame of a Java DataFrame."""
        df = DataFrame(java_frame, context.engine.session)
        return JavaDynamicFrame(Frame.of(df), context.engine)

    @staticmethod
    def emptyDynamicFrame(context: JavaGlueContext) -> JavaDynamicFrame:
        """A frame with no fields and no records."""
        return JavaDynamicFrame(Frame.of(_empty(context.engine.session)), context.engine)

    @staticmethod
    def fromPythonRDD(
        source: JavaDynamicFrame,
        rdd: Any,
        context: JavaGlueContext,
        transformation_ctx: str,
        name: str,
        site: CallSite,
        stage_threshold: int,
        total_threshold: int,
    ) -> JavaDynamicFrame:
        """The frame of what a Python function made of the records."""
        from glue_etl.engine.frame import records

        stage = stage_of(transformation_ctx, site, stage_threshold, total_threshold)
        frame = records.python_stage(source.frame, rdd.function, stage, context.engine.session)
        frame.name = name
        return JavaDynamicFrame(frame, context.engine)


def _empty(session: SparkSession) -> DataFrame:
    return session.range(0).select()
