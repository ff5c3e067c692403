"""Tables of the Data Catalog that a case is given, and what has become of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from .comparing import agree

Json = Any

# Cases may say a type as awsglue does; the catalog has Hive's names.
_HIVE = {"long": "bigint", "integer": "int", "short": "smallint", "byte": "tinyint", "bool": "boolean"}


def create(client: Any, tables: Sequence[Mapping[str, Json]], uri: Callable[[str], str]) -> None:
    """Make databases, tables and partitions as `given.catalog` lists them.

    Args:
        client: What answers as boto3's Glue client.
        tables: `database`, `table`, `format`, `format_options`, `columns`, `partition_keys`, `location`, `partitions`.
        uri: The URI of a path of the case's workspace.
    """
    from glue_etl.engine.catalog.serde import table_input

    for table in tables:
        require_database(client, table["database"])
        document = table_input(
            table["table"],
            table.get("format", "json"),
            fields(table.get("columns", [])),
            uri(table["location"]),
            partition_keys=fields(table.get("partition_keys", [])),
            format_options=table.get("format_options"),
        )
        client.create_table(DatabaseName=table["database"], TableInput=document)
        partitions = [
            {"values": each["values"], "location": uri(each["location"])} for each in table.get("partitions", [])
        ]
        add_partitions(client, table["database"], document, partitions)


def require_database(client: Any, name: str) -> None:
    """Make a database if it is not there."""
    if name not in {each["Name"] for page in pages(client, "get_databases") for each in page["DatabaseList"]}:
        client.create_database(DatabaseInput={"Name": name})


def add_partitions(
    client: Any, database: str, document: Mapping[str, Json], partitions: Sequence[Mapping[str, Json]]
) -> None:
    """Register partitions of a table, each a copy of its storage at another location."""
    for each in partitions:
        storage = {**document["StorageDescriptor"], "Location": each["location"]}
        client.create_partition(
            DatabaseName=database,
            TableName=document["Name"],
            PartitionInput={"Values": [str(value) for value in each["values"]], "StorageDescriptor": storage},
        )


def fields(columns: Sequence[Sequence[str]]) -> list[dict[str, str]]:
    """`[name, type]` as the API has it."""
    return [{"Name": name, "Type": hive(kind)} for name, kind in columns]


def hive(kind: str) -> str:
    """Hive's name of a type."""
    return _HIVE.get(kind, kind)


def pages(client: Any, operation: str, **request: Json) -> Iterator[Mapping[str, Json]]:
    """All pages of an answer."""
    yield from client.get_paginator(operation).paginate(**request)


def check(client: Any, expected: Mapping[str, Mapping[str, Json]]) -> None:
    """Compare tables with `then.catalog`: `database.table` to `columns`, `partition_keys`, `partitions`.

    Raises:
        AssertionError: A table is another one; the client's own error if there is none.
    """
    for name, wanted in expected.items():
        database, _, table = name.partition(".")
        found = client.get_table(DatabaseName=database, Name=table)["Table"]
        if "columns" in wanted:
            any_order = bool(wanted.get("columns_any_order"))
            _same_fields(f"columns of {name}", wanted["columns"], found["StorageDescriptor"]["Columns"], any_order)
        if "partition_keys" in wanted:
            _same_fields(f"partition keys of {name}", wanted["partition_keys"], found.get("PartitionKeys", []), False)
        if "location" in wanted:
            actual = found["StorageDescriptor"]["Location"].rstrip("/")
            agree(f"location of {name}", actual == wanted["location"].rstrip("/"), wanted["location"], actual)
        if "partitions" in wanted:
            values = partition_values(client, database, table)
            agree(f"partitions of {name}", sorted(wanted["partitions"]) == values, wanted["partitions"], values)


def partition_values(client: Any, database: str, table: str) -> list[list[str]]:
    """The values of every partition, sorted."""
    found = pages(client, "get_partitions", DatabaseName=database, TableName=table)
    return sorted(each["Values"] for page in found for each in page["Partitions"])


def _same_fields(what: str, expected: Sequence[Json], columns: Sequence[Mapping[str, str]], any_order: bool) -> None:
    # Names alone are enough for a case that says nothing of types.
    typed = not all(isinstance(each, str) for each in expected)
    actual: list[Any] = [[each["Name"], each["Type"]] if typed else each["Name"] for each in columns]
    wanted: list[Any] = [[name, hive(kind)] for name, kind in expected] if typed else list(expected)
    holds = sorted(wanted) == sorted(actual) if any_order else wanted == actual
    agree(what, holds, wanted, actual)
