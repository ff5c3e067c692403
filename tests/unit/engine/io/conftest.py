"""A context over the test session, and short ways to read and write with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pytest
from pyspark.sql import SparkSession

from glue_etl.engine.catalog.clients import Clients
from glue_etl.engine.catalog.serde import table_input
from glue_etl.engine.context import EngineContext
from glue_etl.engine.frame.core import Frame, Stage
from glue_etl.engine.io.lake import Lake
from glue_etl.engine.io.sinks import write_frame
from glue_etl.engine.io.sources import open_source
from glue_etl.settings import Settings
from glue_etl.testing.buckets import Bucket

if TYPE_CHECKING:
    from awsglue.context import GlueContext
    from awsglue.dynamicframe import DynamicFrame

Reader = Callable[..., Frame]
Writer = Callable[..., None]
Columns = Sequence[tuple[str, str]]


@pytest.fixture
def ctx(spark: SparkSession, glue_settings: Settings) -> EngineContext:
    return EngineContext(spark, glue_settings, Lake(glue_settings.lake_dir))


@pytest.fixture
def read(ctx: EngineContext) -> Reader:
    """`read(path or paths, format, connection options=..., **format options)`, routed as awsglue does."""

    def opened(paths: str | list[str], fmt: str, options: dict[str, Any] | None = None, **format_options: Any) -> Frame:
        given = {"paths": paths if isinstance(paths, list) else [paths], **(options or {})}
        stage = Stage("source0", "script.py:7")
        if fmt in ("parquet", "orc"):
            return open_source(ctx, fmt, given, None, {}, stage)
        return open_source(ctx, "s3", given, fmt, format_options, stage)

    return opened


@pytest.fixture
def write(ctx: EngineContext) -> Writer:
    """`write(frame, path, format, connection options=..., **format options)`, routed as awsglue does."""

    def written(
        frame: Frame, path: str, fmt: str, options: dict[str, Any] | None = None, **format_options: Any
    ) -> None:
        given = {"path": path, **(options or {})}
        if fmt in ("parquet", "orc"):
            write_frame(ctx, frame, fmt, given, None, {})
        else:
            write_frame(ctx, frame, "s3", given, fmt, format_options)

    return written


def _named(columns: Columns) -> list[dict[str, str]]:
    return [{"Name": name, "Type": kind} for name, kind in columns]


@pytest.fixture
def catalog_client(glue_settings: Settings) -> Any:
    return Clients(glue_settings).glue()


@pytest.fixture
def enter(catalog_client: Any, lake: Bucket) -> Iterator[Callable[..., dict[str, str]]]:
    """`enter(format, columns, keys=..., partitions={values: folder}, format_options=..., **changes)`.

    The table `t` lies in the folder `t/` of the bucket; the answer names it as a script does.
    """
    database = lake.name.replace("-", "_")
    catalog_client.create_database(DatabaseInput={"Name": database})

    def entered(
        fmt: str,
        columns: Columns,
        keys: Columns = (),
        partitions: Mapping[tuple[str, ...], str] | None = None,
        *,
        name: str = "t",
        descriptor: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> dict[str, str]:
        document = table_input(name, fmt, _named(columns), lake.uri("t/"), partition_keys=_named(keys), **more)
        storage = document["StorageDescriptor"] = {**document["StorageDescriptor"], **(descriptor or {})}
        catalog_client.create_table(DatabaseName=database, TableInput=document)
        for values, folder in (partitions or {}).items():
            location = folder if "://" in folder else lake.uri(folder)
            one = {"Values": list(values), "StorageDescriptor": {**storage, "Location": location}}
            catalog_client.create_partition(DatabaseName=database, TableName=name, PartitionInput=one)
        return {"database": database, "table_name": name}

    yield entered
    catalog_client.delete_database(Name=database)


@pytest.fixture
def read_table(glue_context: GlueContext) -> Callable[..., DynamicFrame]:
    def opened(table: dict[str, str], **arguments: Any) -> DynamicFrame:
        return glue_context.create_dynamic_frame.from_catalog(**table, **arguments)

    return opened
