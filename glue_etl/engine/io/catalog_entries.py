"""What a write enters in the Data Catalog once its files are in place: the table, its schema, its partitions.

Only calls of boto3's Glue client are made, and nothing is read that the write has not touched: a table of a million
partitions costs one call for each hundred partitions that got files.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from glue_etl.engine.catalog.lookup import get_table
from glue_etl.engine.io.lake import is_s3
from glue_etl.errors import SourceError

__all__ = [
    "TARGET_FIELDS",
    "Target",
    "change_table",
    "create_table",
    "enter_partitions",
    "find_table",
    "required_table",
]

_LOG = logging.getLogger(__name__)
_ATTEMPTS = 50
# The most that one call takes: https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-catalog-partitions.html
_CREATED_AT_ONCE = 100
_READ_AT_ONCE = 1000

TARGET_FIELDS = (
    "Name",
    "Description",
    "Owner",
    "LastAccessTime",
    "LastAnalyzedTime",
    "Retention",
    "StorageDescriptor",
    "PartitionKeys",
    "ViewOriginalText",
    "ViewExpandedText",
    "TableType",
    "Parameters",
    "TargetTable",
)
"""The fields of a `Table` that a `TableInput` has too."""

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Target:
    """A table of the Data Catalog.

    Attributes:
        client: Boto3's Glue client, or the local one.
        database: Its database.
        table: Its name.
        catalog_id: The account whose catalog it is in; empty for the caller's.
    """

    client: Any
    database: str
    table: str
    catalog_id: str = ""

    def __str__(self) -> str:
        return f"{self.database}.{self.table}"

    @property
    def database_key(self) -> dict[str, str]:
        """The arguments that name the database in a call."""
        return {"DatabaseName": self.database, **({"CatalogId": self.catalog_id} if self.catalog_id else {})}

    @property
    def table_key(self) -> dict[str, str]:
        """The arguments that name the table in a call about partitions."""
        return {**self.database_key, "TableName": self.table}


def find_table(target: Target) -> dict[str, Any] | None:
    """The table's document; None if the database has no such table.

    Raises:
        SourceError: There is no such database.
    """
    client = target.client
    try:
        table: dict[str, Any] = client.get_table(**target.database_key, Name=target.table)["Table"]
        return table
    except client.exceptions.EntityNotFoundException:
        pass
    try:
        key = target.database_key
        client.get_database(Name=key.pop("DatabaseName"), **key)
    except client.exceptions.EntityNotFoundException as error:
        raise SourceError(
            f"EntityNotFoundException: the database {target.database!r} is not in the Data Catalog.",
            hint="'glue-etl table list' shows what there is",
        ) from error
    return None


def required_table(target: Target) -> dict[str, Any]:
    """The table's document.

    Raises:
        SourceError: There is no such database or table.
    """
    return get_table(target.client, target.database, target.table, target.catalog_id)


def same_place(left: str, right: str) -> bool:
    """Whether two locations are one folder, however their schemes and their ends are written."""
    return _plain_place(left) == _plain_place(right)


def _plain_place(location: str) -> str:
    if is_s3(location):
        return location.partition("://")[2].rstrip("/")
    if location.startswith("file:"):
        location = "/" + location.removeprefix("file:").lstrip("/")
    return location.rstrip("/")


def create_table(target: Target, table_input: Document) -> bool:
    """Enter a table; whether it was not there."""
    client = target.client
    try:
        client.create_table(**target.database_key, TableInput=dict(table_input))
    except client.exceptions.AlreadyExistsException:
        return False
    return True


def change_table(target: Target, change: Callable[[Document], Document | None]) -> None:
    """Change a table's document without losing what another job changes at the same time.

    Args:
        target: The table.
        change: From the table as it is now to its `TableInput`, or None if nothing is to be changed. Called again
            where the table was changed in between.

    Raises:
        SourceError: The table is gone, or is changed by others all the time.
    """
    client = target.client
    for _ in range(_ATTEMPTS):
        table = find_table(target)
        if table is None:
            raise SourceError(
                f"EntityNotFoundException: the table {target} was deleted while it was written to.",
                hint="the files are in place; run the job again to enter the table",
            )
        wanted = change(table)
        if wanted is None:
            return
        version = {"VersionId": table["VersionId"]} if table.get("VersionId") else {}
        try:
            client.update_table(**target.database_key, TableInput=dict(wanted), **version)
        except client.exceptions.ConcurrentModificationException:
            continue
        return
    raise SourceError(
        f"ConcurrentModificationException: the table {target} was changed by others in {_ATTEMPTS} attempts to update "
        "its schema.",
        hint="run the job again",
    )


def enter_partitions(
    target: Target, table: Document, entries: Mapping[tuple[str, ...], str], columns: Sequence[Document] | None
) -> int:
    """Enter the partitions that got files and are not known yet.

    Args:
        target: The table.
        table: Its document: the partitions take its SerDe and formats over.
        entries: Values of the partitions, and the folders their files are in.
        columns: The schema of the files, which known partitions get too; None for the table's, which changes none.

    Returns:
        How many were not known.

    Raises:
        SourceError: The catalog refused some.
    """
    known: list[tuple[str, ...]] = []
    schema = (table.get("StorageDescriptor") or {}).get("Columns") or () if columns is None else columns
    for values in _batches(list(entries), _CREATED_AT_ONCE):
        inputs = [_partition(table, each, entries[each], schema) for each in values]
        answer = target.client.batch_create_partition(**target.table_key, PartitionInputList=inputs)
        for error in answer.get("Errors") or ():
            detail = error.get("ErrorDetail") or {}
            if detail.get("ErrorCode") != "AlreadyExistsException":
                raise _refused(target, error, detail)
            known.append(tuple(error["PartitionValues"]))
    if known:
        _look_after(target, {values: entries[values] for values in known}, columns)
    return len(entries) - len(known)


def _look_after(target: Target, entries: Mapping[tuple[str, ...], str], columns: Sequence[Document] | None) -> None:
    """Known partitions get the new schema; files beside the folder that the catalog has for a partition are told."""
    stale, elsewhere = [], []
    for partition in _known(target, list(entries)):
        values = tuple(partition["Values"])
        descriptor = partition.get("StorageDescriptor") or {}
        if not same_place(str(descriptor.get("Location") or ""), entries[values]):
            elsewhere.append((values, descriptor.get("Location")))
        elif columns is not None and _plain(descriptor.get("Columns") or ()) != _plain(columns):
            stale.append(partition)
    if elsewhere:
        values, location = elsewhere[0]
        _LOG.warning(
            "%d partitions of %s have another location in the Data Catalog than where their files were written, so "
            "that readers of the table do not see them. The first: %s is at %s, files were written to %s.",
            len(elsewhere), target, list(values), location, entries[values],
        )  # fmt: skip
    for batch in _batches(stale, _CREATED_AT_ONCE):
        schema = [dict(column) for column in columns or ()]
        changes = [
            {
                "PartitionValueList": list(each["Values"]),
                "PartitionInput": {
                    **{name: each[name] for name in ("Values", "LastAccessTime", "Parameters") if each.get(name)},
                    "StorageDescriptor": {**each["StorageDescriptor"], "Columns": schema},
                },
            }
            for each in batch
        ]
        answer = target.client.batch_update_partition(**target.table_key, Entries=changes)
        for error in answer.get("Errors") or ():
            raise _refused(target, {"PartitionValues": error.get("PartitionValueList")}, error.get("ErrorDetail") or {})


def _known(target: Target, values: Sequence[tuple[str, ...]]) -> Iterator[Document]:
    for batch in _batches(values, _READ_AT_ONCE):
        wanted = [{"Values": list(each)} for each in batch]
        while wanted:
            answer = target.client.batch_get_partition(**target.table_key, PartitionsToGet=wanted)
            yield from answer["Partitions"]
            left = answer.get("UnprocessedKeys") or []
            if len(left) == len(wanted):
                break
            wanted = left


def _partition(table: Document, values: tuple[str, ...], location: str, columns: Sequence[Document]) -> dict[str, Any]:
    descriptor = {**(table.get("StorageDescriptor") or {}), "Location": location, "Columns": [dict(c) for c in columns]}
    return {"Values": list(values), "StorageDescriptor": descriptor}


def _plain(columns: Sequence[Document]) -> list[tuple[str, str]]:
    return [(str(column["Name"]).lower(), str(column.get("Type"))) for column in columns]


def _refused(target: Target, error: Document, detail: Document) -> SourceError:
    return SourceError(
        f"{detail.get('ErrorCode')}: the partition {error.get('PartitionValues')!r} cannot be entered in the table "
        f"{target}: {detail.get('ErrorMessage')}",
        hint="its files are in place; correct the table, then enter it with glue-etl table create --add-partitions",
    )


def _batches(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
