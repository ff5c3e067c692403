"""What is in the catalog, for `glue-etl table list`, `show` and `drop`: without Spark."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from glue_etl.engine.catalog.clients import Clients
from glue_etl.errors import OptionError, PathNotFoundError
from glue_etl.settings import Settings

__all__ = ["drop", "partitions", "tables"]


def tables(settings: Settings, database: str | None = None) -> Iterator[dict[str, Any]]:
    """The documents of all tables, or of those in one database, by name.

    Raises:
        PathNotFoundError: There is no such database.
    """
    client = Clients(settings).glue()
    for name in [database] if database else _databases(client):
        try:
            for page in client.get_paginator("get_tables").paginate(DatabaseName=name):
                yield from page["TableList"]
        except client.exceptions.EntityNotFoundException as error:
            raise _no_database(client, name) from error


def partitions(settings: Settings, table: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The documents of a table's partitions, without their columns."""
    pages = Clients(settings).glue().get_paginator("get_partitions")
    for page in pages.paginate(DatabaseName=table["DatabaseName"], TableName=table["Name"], ExcludeColumnSchema=True):
        yield from page["Partitions"]


def drop(settings: Settings, name: str) -> str:
    """Take a table, or a database without tables, out of the catalog.

    Args:
        settings: Where state lives.
        name: `database.table` or `database`.

    Returns:
        What was dropped, in words.

    Raises:
        PathNotFoundError: It is not there.
        OptionError: The database has tables.
    """
    client = Clients(settings).glue()
    database, sign, table = name.partition(".")
    try:
        if sign:
            client.delete_table(DatabaseName=database, Name=table)
            return f"the table {name}"
        left = [each["Name"] for each in tables(settings, database)]
        if left:
            raise OptionError(
                f"The database {name!r} has {len(left)} tables.",
                available=[f"{database}.{each}" for each in left[:10]],
                hint="drop these first",
            )
        client.delete_database(Name=database)
        return f"the database {name}"
    except client.exceptions.EntityNotFoundException as error:
        raise PathNotFoundError(
            f"There is no table {name!r}: {error.response['Error']['Message']}", hint="glue-etl table list"
        ) from error


def _databases(client: Any) -> list[str]:
    pages = client.get_paginator("get_databases").paginate()
    return [each["Name"] for page in pages for each in page["DatabaseList"]]


def _no_database(client: Any, name: str) -> PathNotFoundError:
    return PathNotFoundError(f"There is no database {name!r}.", available=_databases(client)[:10])
