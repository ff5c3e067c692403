"""The JVM's DataSource of a Data Catalog table, and a table's schema, by the names awsglue calls."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from glue_etl.engine.frame.core import Frame, Plan, Stage
from glue_etl.engine.jvm.values import JsonOptions
from glue_etl.engine.types import tree as g

if TYPE_CHECKING:
    from glue_etl.engine.context import EngineContext
    from glue_etl.engine.io.sampling import SampleLimits

__all__ = ["JavaCatalogSource", "catalog_schema", "table_type"]


class JavaCatalogSource:
    """A table as a source."""

    def __init__(
        self,
        context: EngineContext,
        database: str,
        table: str,
        transformation_ctx: str,
        predicate: str,
        options: JsonOptions,
        catalog_id: str | None,
    ) -> None:
        self._context = context
        self._database = database
        self._table = table
        self._options = dict(options)
        self._stage = Stage(transformation_ctx, str(self._options.pop("callSite", "")))
        self._predicate = predicate or ""
        self._catalog_id = catalog_id

    def setFormat(self, name: str, options: JsonOptions) -> None:
        """Nothing: the table says of which format it is."""

    def _open(self, target_partitions: int | None = None, sample: SampleLimits | None = None) -> Frame:
        from glue_etl.engine.io.catalog_source import open_table

        return open_table(
            self._context,
            self._database,
            self._table,
            self._options,
            self._stage,
            predicate=self._predicate,
            catalog_id=self._catalog_id,
            target_partitions=target_partitions,
            sample=sample,
        )

    def getDynamicFrame(self, min_partitions: int | None = None, target_partitions: int | None = None) -> Any:
        """The frame; partition counts as hints."""
        from glue_etl.engine.jvm.dynamic_frame import JavaDynamicFrame

        return JavaDynamicFrame(self._open(target_partitions), self._context)

    def getDataFrame(self) -> Any:
        """The Java DataFrame: a stream of the table's files if the options ask for one, else the table as it is.

        Raises:
            UnsupportedError: The table is a topic of Kinesis or Kafka.
        """
        from glue_etl.engine.catalog.lookup import get_table
        from glue_etl.engine.io.stream_table import open_table_stream, wants_table_stream

        table = get_table(self._context.clients.glue(), self._database, self._table, self._catalog_id)
        if wants_table_stream(table, self._options):
            return open_table_stream(self._context, table, self._options)._jdf
        return self._open().checked().df._jdf

    def getSampleDynamicFrame(self, num: int | None, options: JsonOptions) -> Any:
        """The first `num` records of the first files; all records of these without a number."""
        from glue_etl.engine.io.sampling import read_limits
        from glue_etl.engine.jvm.dynamic_frame import JavaDynamicFrame

        frame = self._open(sample=read_limits(options))
        if num is not None:
            count = int(num)
            frame = frame.derive(lambda plan: Plan(plan.df.limit(count), plan.type), Stage())
        return JavaDynamicFrame(frame, self._context)


def table_type(context: EngineContext, database: str, table: str, catalog_id: str | None = None) -> g.StructType:
    """The types that a table declares: its columns, then its partition keys."""
    from glue_etl.engine.catalog.lookup import columns_of_table, get_table, keys_of_table

    document = get_table(context.clients.glue(), database, table, catalog_id)
    return g.StructType((*columns_of_table(document).fields, *keys_of_table(document).fields))


def catalog_schema(context: EngineContext, database: str, table: str, catalog_id: str | None = None) -> Any:
    """The Java StructType of the columns and partition keys that a table declares."""
    from glue_etl.engine.types.spark import to_spark

    schema = json.dumps(to_spark(table_type(context, database, table, catalog_id)).jsonValue())
    gateway: Any = context.session.sparkContext._gateway
    return gateway.jvm.org.apache.spark.sql.types.DataType.fromJson(schema)
