"""Tables and partitions as the calls of the Glue API give them, and what is said when they are not there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from glue_etl.engine.catalog.hive_types import struct_of_columns
from glue_etl.engine.catalog.serde import name_of
from glue_etl.engine.types import tree as g
from glue_etl.errors import OptionError, SourceError

__all__ = ["Partition", "columns_of_table", "get_partitions", "get_table", "keys_of_table"]

_SHOWN = 20


@dataclass(frozen=True)
class Partition:
    """A partition of a table.

    Attributes:
        values: One text for each partition key.
        document: As `get_partitions` gives it.
    """

    values: tuple[str, ...]
    document: Mapping[str, Any]

    @property
    def location(self) -> str:
        """Its folder; empty if the catalog does not say."""
        return str((self.document.get("StorageDescriptor") or {}).get("Location") or "")


def get_table(client: Any, database: str, name: str, catalog_id: str | None = None) -> dict[str, Any]:
    """The document of a table.

    Args:
        client: A client of the Glue API.
        database: Its database.
        name: Its name.
        catalog_id: The account whose catalog it is in; None or empty for the caller's.

    Raises:
        SourceError: There is no such table or database; the message has EntityNotFoundException.
    """
    where = {"CatalogId": catalog_id} if catalog_id else {}
    try:
        table: dict[str, Any] = client.get_table(DatabaseName=database, Name=name, **where)["Table"]
        return table
    except client.exceptions.EntityNotFoundException as error:
        try:
            found = client.get_tables(DatabaseName=database, MaxResults=_SHOWN, **where)["TableList"]
        except client.exceptions.EntityNotFoundException:
            raise SourceError(
                f"EntityNotFoundException: the database {database!r} is not in the Data Catalog.",
                hint="'glue-etl table list' shows what there is",
            ) from error
        raise SourceError(
            f"EntityNotFoundException: the table {f'{database}.{name}'!r} is not in the Data Catalog.",
            available=sorted(each["Name"] for each in found),
            hint="correct its name, or enter it with 'glue-etl table create'",
        ) from error


def get_partitions(client: Any, table: Mapping[str, Any], expression: str = "", words: str = "") -> list[Partition]:
    """The partitions of a table.

    Args:
        client: A client of the Glue API.
        table: The table's document.
        expression: Which ones, in the language of GetPartitions; empty for all.
        words: What the expression is called in the script, for messages.

    Raises:
        OptionError: The catalog refuses the expression.
        SourceError: The table has gone, or a partition has another number of values than the table has keys.
    """
    request: dict[str, Any] = {"DatabaseName": table["DatabaseName"], "TableName": table["Name"]}
    if expression:
        request["Expression"] = expression
    if table.get("CatalogId"):
        request["CatalogId"] = table["CatalogId"]
    try:
        pages = client.get_paginator("get_partitions").paginate(**request)
        found = [Partition(tuple(each["Values"]), each) for page in pages for each in page["Partitions"]]
    except client.exceptions.InvalidInputException as error:
        if not expression:
            raise
        keys = [key["Name"] for key in table.get("PartitionKeys") or ()]
        reason = str(error.response["Error"]["Message"]).rstrip(".")
        raise OptionError(
            f"The {words or 'expression'} {expression!r} cannot be used for the table {name_of(table)!r}: {reason}.",
            available=keys,
            hint="these are the table's partition keys; write it like year='2024' AND month IN ('01','02')",
        ) from error
    except client.exceptions.EntityNotFoundException as error:
        raise SourceError(
            f"EntityNotFoundException: the table {name_of(table)!r} was deleted while its partitions were read."
        ) from error
    keys = list(table.get("PartitionKeys") or ())
    for partition in found:
        if len(partition.values) != len(keys):
            raise SourceError(
                f"The partition {list(partition.values)!r} of the table {name_of(table)!r} has "
                f"{len(partition.values)} values, and the table {len(keys)} partition keys.",
                available=[key["Name"] for key in keys],
                hint="drop the partition and enter it again",
            )
    return found


def columns_of_table(table: Mapping[str, Any], partition: Mapping[str, Any] | None = None) -> g.StructType:
    """The type of a table's records, partition keys left out.

    Args:
        table: Its document.
        partition: The document of a partition whose own columns count.

    Raises:
        OptionError: A column has a type that the Data Catalog does not know.
    """
    own: Sequence[dict[str, Any]] = ((partition or {}).get("StorageDescriptor") or {}).get("Columns") or ()
    columns = own or (table.get("StorageDescriptor") or {}).get("Columns") or ()
    return struct_of_columns(columns, f"the table {name_of(table)!r}")


def keys_of_table(table: Mapping[str, Any]) -> g.StructType:
    """The type of a table's partition keys.

    Raises:
        OptionError: A key has a type that the Data Catalog does not know.
    """
    return struct_of_columns(table.get("PartitionKeys") or (), f"the table {name_of(table)!r}")
