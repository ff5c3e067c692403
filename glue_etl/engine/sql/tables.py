"""Tables that Spark has no source for, by the engine's own readers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glue_etl.engine.sql.sync import Sync

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from glue_etl.settings import Settings

__all__ = ["sync_of"]


def sync_of(settings: Settings) -> Sync:
    """What keeps Spark's catalog in step with the Data Catalog that the settings name.

    Args:
        settings: Where the lake, the state and the Data Catalog are.
    """
    from glue_etl.engine.catalog.clients import Clients

    clients = Clients(settings)

    def read(session: SparkSession, database: str, table: str) -> DataFrame:
        from glue_etl.engine.context import EngineContext
        from glue_etl.engine.frame.core import Stage
        from glue_etl.engine.io.catalog_source import open_table
        from glue_etl.engine.io.lake import Lake

        context = EngineContext(session, settings, Lake(settings.lake_dir))
        return open_table(context, database, table, {"useCatalogSchema": True}, Stage()).plan.df

    return Sync(clients.glue, read)
