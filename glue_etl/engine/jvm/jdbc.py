"""The JVM's sink of a JDBC connection, by the names awsglue calls; the work is in `engine.io`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from glue_etl.engine.frame.core import Frame
from glue_etl.engine.jvm.source_sink import JavaSink
from glue_etl.engine.jvm.values import JsonOptions

if TYPE_CHECKING:
    from glue_etl.engine.context import EngineContext

__all__ = ["JavaJdbcSink"]


class JavaJdbcSink(JavaSink):
    """A sink by a connection of the Data Catalog, as `from_jdbc_conf` opens it."""

    def __init__(
        self,
        context: EngineContext,
        connection: str,
        options: JsonOptions,
        transformation_ctx: str,
        catalog_id: str | None,
    ) -> None:
        given = {**options, "connectionName": connection, "useConnectionProperties": "true"}
        super().__init__(context, "jdbc", JsonOptions(json.dumps(given)), transformation_ctx)
        self._catalog_id = catalog_id

    def _write(self, frame: Frame) -> None:
        from glue_etl.engine.io.jdbc_sink import write_jdbc

        write_jdbc(self._context, frame, "jdbc", self._options, self._catalog_id)
