"""After a statement: what it made, changed or dropped in Spark's catalog is entered in the Data Catalog."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from glue_etl.engine.sql.document import changed_document, document_of
from glue_etl.engine.sql.entry import Entry
from glue_etl.engine.sql.mirror import Mirror
from glue_etl.engine.sql.statement import Statement

__all__ = ["Before", "DatabaseBefore", "TableBefore", "Writer", "is_missing"]

# Limits of the API.
_CREATED_AT_ONCE = 100
_DELETED_AT_ONCE = 25
# Statements that may move a partition which stays.
_MOVES = ("AddPartitions", "SetTableLocation")


@dataclass(frozen=True)
class TableBefore:
    """A table before a statement.

    Attributes:
        document: In the Data Catalog; None if it was not there.
        entry: In Spark's catalog.
        created: When that entry was made, in milliseconds.
        partitions: Values and folder of each.
    """

    document: Mapping[str, Any] | None
    entry: Entry | None
    created: int
    partitions: Mapping[tuple[str, ...], str]


@dataclass(frozen=True)
class DatabaseBefore:
    """A database before a statement.

    Attributes:
        said: Location, comment and properties; None if it was not there.
        managed: The folders of its tables that own them, if the database may be dropped.
    """

    said: tuple[str, str, dict[str, str]] | None
    managed: tuple[str, ...]


@dataclass
class Before:
    """What a statement may change, as it was: tables by database and name, databases by name."""

    tables: dict[tuple[str, str], TableBefore] = field(default_factory=dict)
    databases: dict[str, DatabaseBefore] = field(default_factory=dict)


def is_missing(error: Exception) -> bool:
    """Whether an error of the Data Catalog says that something is not there."""
    response = getattr(error, "response", None)
    return isinstance(response, dict) and response.get("Error", {}).get("Code") == "EntityNotFoundException"


class Writer:
    """Writes to the Data Catalog.

    Args:
        glue: boto3's Glue client, or the local one.
        mirror: Spark's catalog.
    """

    def __init__(self, glue: Any, mirror: Mirror) -> None:
        self._glue = glue
        self._mirror = mirror

    def write(self, before: Before, statement: Statement, *, hive: bool) -> None:
        """Write what differs.

        Args:
            before: What the statement may have changed.
            statement: For its kind.
            hive: Whether it made a table by Hive's syntax.
        """
        for name, database in before.databases.items():
            self._database(name, database)
        for key, table in before.tables.items():
            self._table(key, table, statement, hive=hive)

    # --- databases

    def _database(self, name: str, before: DatabaseBefore) -> None:
        if not self._mirror.has_database(name):
            if before.said is not None:
                self._glue.delete_database(Name=name)
                for location in before.managed:
                    self._mirror.delete_folder(location)
            return
        now = self._mirror.database(name)
        if before.said == now:
            return
        location, comment, properties = now
        said: dict[str, Any] = {"Name": name, "LocationUri": location, "Parameters": properties}
        if comment:
            said["Description"] = comment
        if before.said is None:
            self._glue.create_database(DatabaseInput=said)
        else:
            self._glue.update_database(Name=name, DatabaseInput=said)

    # --- tables

    def _table(self, key: tuple[str, str], before: TableBefore, statement: Statement, *, hive: bool) -> None:
        database, name = key
        if not (self._mirror.has_database(database) and self._mirror.has(database, name)):
            if before.document is not None:
                self._glue.delete_table(DatabaseName=database, Name=name)
            return
        now = self._mirror.get(database, name)
        document = before.document
        if before.document is None or before.entry is None:
            document = self._create(database, now, hive=hive)
        elif before.created != self._mirror.created(database, name):
            # Dropped and made anew by the statement.
            document = document_of(now, hive=hive)
            self._glue.update_table(DatabaseName=database, TableInput=document)
        elif before.entry != now:
            document = changed_document(before.document, before.entry, now)
            self._glue.update_table(DatabaseName=database, TableInput=document)
        if now.partition_columns and document is not None:
            self._partitions(now, document, before, moved=statement.kind in _MOVES)

    def _create(self, database: str, now: Entry, *, hive: bool) -> Mapping[str, Any]:
        try:
            document = document_of(now, hive=hive)
            self._glue.create_table(DatabaseName=database, TableInput=document)
        except Exception:
            # What is not in the Data Catalog must not look as if it were.
            self._mirror.forget(database, now.name)
            raise
        return document

    def _partitions(self, now: Entry, document: Mapping[str, Any], before: TableBefore, *, moved: bool) -> None:
        key = (now.database, now.name)
        have = set(self._mirror.partitions(*key))
        gone = [values for values in before.partitions if values not in have]
        new = [values for values in have if values not in before.partitions]
        places = {values: self._place(now, values) for values in sorted(new)}
        if moved:
            kept = {values: self._place(now, values) for values in have if values in before.partitions}
            places |= {values: place for values, place in kept.items() if place != before.partitions[values]}
            gone += [values for values in kept if values in places]
        for some in _chunks(gone, _DELETED_AT_ONCE):
            self._glue.batch_delete_partition(
                DatabaseName=key[0], TableName=key[1], PartitionsToDelete=[{"Values": list(each)} for each in some]
            )
        descriptor = document.get("StorageDescriptor") or {}
        for some in _chunks(list(places), _CREATED_AT_ONCE):
            inputs = [
                {"Values": list(each), "StorageDescriptor": {**descriptor, "Location": places[each]}, "Parameters": {}}
                for each in some
            ]
            # Of what another run has entered meanwhile the answer has errors, which say no more than that.
            self._glue.batch_create_partition(DatabaseName=key[0], TableName=key[1], PartitionInputList=inputs)

    def _place(self, entry: Entry, values: Sequence[str]) -> str:
        place = self._mirror.partition_location(entry.database, entry.name, entry.partition_columns, values)
        return place or f"{(entry.location or '').rstrip('/')}/"


def _chunks(values: Sequence[tuple[str, ...]], size: int) -> Iterator[list[tuple[str, ...]]]:
    rest = iter(values)
    while some := list(islice(rest, size)):
        yield some
