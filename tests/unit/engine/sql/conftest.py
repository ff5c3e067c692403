"""A session whose Spark SQL has a Data Catalog of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from glue_etl.engine.catalog.clients import Clients
from glue_etl.engine.catalog.serde import table_input
from glue_etl.engine.install import installed
from glue_etl.settings import Settings
from glue_etl.testing.buckets import Bucket

Enter = Callable[..., str]


@pytest.fixture
def glue(spark: SparkSession, glue_settings: Settings, tmp_path: Path) -> Iterator[Any]:
    """The client of a fresh local catalog, with the engine installed and `--enable-glue-datacatalog` on."""
    settings = replace(glue_settings, sql_catalog=True)
    client = Clients(settings).glue()
    with installed(settings):
        yield client
    for database in client.get_databases()["DatabaseList"]:
        client.delete_database(Name=database["Name"])


@pytest.fixture
def enter(glue: Any, lake: Bucket) -> Enter:
    """Enters a table below the bucket into the database `shop`, its files in `files` by key."""

    def enter(
        name: str,
        kind: str,
        columns: str,
        files: dict[str, str | bytes] | None = None,
        *,
        keys: str = "",
        partitions: dict[tuple[str, ...], str] | None = None,
        **options: Any,
    ) -> str:
        with suppress(glue.exceptions.AlreadyExistsException):
            glue.create_database(DatabaseInput={"Name": "shop", "LocationUri": lake.uri("shop.db")})
        for key, content in (files or {}).items():
            lake.write(f"{name}/{key}", content)
        said = table_input(
            name,
            kind,
            columns_of(columns),
            lake.uri(f"{name}/"),
            partition_keys=columns_of(keys),
            format_options=options,
        )
        glue.create_table(DatabaseName="shop", TableInput=said)
        for values, folder in (partitions or {}).items():
            descriptor = {**said["StorageDescriptor"], "Location": lake.uri(folder)}
            partition = {"Values": list(values), "StorageDescriptor": descriptor}
            glue.create_partition(DatabaseName="shop", TableName=name, PartitionInput=partition)
        return f"shop.{name}"

    return enter


def columns_of(text: str) -> list[dict[str, str]]:
    pairs = [each.strip().split(" ", 1) for each in text.split(";") if each.strip()]
    return [{"Name": name, "Type": kind} for name, kind in pairs]
