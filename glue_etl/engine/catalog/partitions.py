"""The calls for partitions.

https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-catalog-partitions.html
"""

from __future__ import annotations

import json
import sqlite3
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

from glue_etl.engine.catalog.documents import ACCOUNT, dumped, moment, next_token, start_of, time_of
from glue_etl.engine.catalog.errors import ApiError
from glue_etl.engine.catalog.expression import Filter, parse
from glue_etl.engine.catalog.tables import TableRow, find_table, storage_shown

__all__ = [
    "batch_create_partition",
    "batch_delete_partition",
    "batch_get_partition",
    "batch_update_partition",
    "create_partition",
    "delete_partition",
    "get_partition",
    "get_partitions",
    "update_partition",
]

_PAGE = 1000
_Given = TypeVar("_Given")


def create_partition(connection: sqlite3.Connection, request: dict[str, Any]) -> dict[str, Any]:
    """CreatePartition."""
    table = find_table(connection, request)
    _insert(connection, table, _keys(table), request["PartitionInput"])
    return {}


def batch_create_partition(connection: sqlite3.Connection, request: dict[str, Any]) -> dict[str, Any]:
    """BatchCreatePartition; what is there already comes back in `Errors`."""
    table = find_table(connection, request)
    keys = _keys(table)
    given = ((each.get("Values", []), each) for each in request["PartitionInputList"])
    return _batch(given, lambda each: _insert(connection, table, keys, each))


def get_partition(connection: sqlite3.Connection, request: dict[str, Any]) -> dict[str, Any]:
    """GetPartition."""
    table = find_table(connection, request)
    return {"Partition": _found(connection, table, _values(table, _keys(table), request["PartitionValues"]))}


def batch_get_partition(connection: sqlite3.Connection, request: dict[str, Any]) -> dict[str, Any]:
    """BatchGetPartition; what is not there is left out."""
    table = find_table(connection, request)
    keys = _keys(table)
    found = []
    for each in request["PartitionsToGet"]:
        try:
            found.append(_found(connection, table, _values(table, keys, each["Values"])))
        except ApiError as error:
            if error.code != "EntityNotFoundException":
                raise
    return {"Partitions": found, "UnprocessedKeys": []}


def get_partitions(connection: sqlite3.Connection, request: dict[str, Any]) -> dict[str, Any]:
    """GetPartitions, by values; up to 1,000 a page.

    `Expression` is judged by `engine.catalog.expression`; what it asks of text keys is asked of SQLite, so that the
    other partitions are not even read.
    """
    table = find_table(connection, request)
    (after,) = start_of(request, [""])
    chosen = parse(request.get("Expression", ""), _typed_keys(table))
    size = request.get("MaxResults", _PAGE)
    page = list(islice(_kept(connection, table, after, chosen, request.get("Segment")), size + 1))
    bare = request.get("ExcludeColumnSchema", False)
    shown = [_shown(table, *row, bare=bare) for row in _documents(connection, [number for number, _ in page[:size]])]
    answer: dict[str, Any] = {"Partitions": shown}
    if len(page) > size:
        answer["NextToken"] = next_token([page[size - 1][1]])
    return answer


def update_partition(connection: sqlite3.Connection, request: dict[str, Any]) -> dict[str, Any]:
    """UpdatePartition: the new definition takes the place of the old one, under new values if they differ."""
    table = find_table(connection, request)
    _replace(connection, table, _keys(table), request)
    return {}


def batch_update_partition(connection: sqlite3.Connection, request: dict[str, Any]) -> dict[str, Any]:
    """BatchUpdatePartition; what is not there comes back in `Errors`."""
    table = find_table(connection, request)
    keys = _keys(table)
    given = ((entry["PartitionValueList"], entry) for entry in request["Entries"])
    return _batch(given, lambda entry: _replace(connection, table, keys, entry), named="PartitionValueList")


def delete_partition(connection: sqlite3.Connection, request: dict[str, Any]) -> dict[str, Any]:
    """DeletePartition."""
    table = find_table(connection, request)
    _delete(connection, table, _keys(table), request["PartitionValues"])
    return {}


def batch_delete_partition(connection: sqlite3.Connection, request: dict[str, Any]) -> dict[str, Any]:
    """BatchDeletePartition; what is not there comes back in `Errors`."""
    table = find_table(connection, request)
    keys = _keys(table)
    given = ((each["Values"], each["Values"]) for each in request["PartitionsToDelete"])
    return _batch(given, lambda values: _delete(connection, table, keys, values))


def _batch(
    given: Iterable[tuple[Iterable[str], _Given]], act: Callable[[_Given], None], *, named: str = "PartitionValues"
) -> dict[str, Any]:
    """Act on each of a batch, and answer which could not be done, by their values."""
    errors = []
    for values, each in given:
        try:
            act(each)
        except ApiError as error:
            errors.append({named: list(values), "ErrorDetail": error.detail()})
    return {"Errors": errors}


# --- rows ------------------------------------------------------------------------------------------------------------


def _insert(connection: sqlite3.Connection, table: TableRow, keys: list[str], given: dict[str, Any]) -> None:
    values = _values(table, keys, given.get("Values"))
    made = connection.execute(
        "INSERT OR IGNORE INTO partitions (table_id, vals, created, document) VALUES (?, ?, ?, ?)",
        (table.id, values, time.time(), _stored(given)),
    )
    if not made.rowcount:
        raise ApiError.exists(f"Partition {values} already exists in table {table.name!r}.")


def _replace(connection: sqlite3.Connection, table: TableRow, keys: list[str], entry: dict[str, Any]) -> None:
    old = _values(table, keys, entry["PartitionValueList"])
    given = entry["PartitionInput"]
    new = _values(table, keys, given["Values"]) if given.get("Values") else old
    if new != old and _row(connection, table, new):
        raise ApiError.exists(f"Partition {new} already exists in table {table.name!r}.")
    changed = connection.execute(
        "UPDATE partitions SET vals = ?, document = ? WHERE table_id = ? AND vals = ?",
        (new, _stored(given), table.id, old),
    )
    if not changed.rowcount:
        raise _missing(table, old)


def _delete(connection: sqlite3.Connection, table: TableRow, keys: list[str], given: list[str]) -> None:
    values = _values(table, keys, given)
    if not connection.execute("DELETE FROM partitions WHERE table_id = ? AND vals = ?", (table.id, values)).rowcount:
        raise _missing(table, values)


def _found(connection: sqlite3.Connection, table: TableRow, values: str) -> dict[str, Any]:
    row = _row(connection, table, values)
    if row is None:
        raise _missing(table, values)
    return _shown(table, *row)


def _row(connection: sqlite3.Connection, table: TableRow, values: str) -> tuple[str, float, str] | None:
    row: tuple[str, float, str] | None = connection.execute(
        "SELECT vals, created, document FROM partitions WHERE table_id = ? AND vals = ?", (table.id, values)
    ).fetchone()
    return row


def _kept(
    connection: sqlite3.Connection, table: TableRow, after: str, chosen: Filter, segment: dict[str, int] | None
) -> Iterator[tuple[int, str]]:
    """Row numbers and values of the partitions behind `after` that a listing shows, in order."""
    if segment is not None and segment["SegmentNumber"] >= segment["TotalSegments"]:
        raise ApiError.invalid(f"SegmentNumber {segment['SegmentNumber']} is not below {segment['TotalSegments']}.")
    conditions, arguments = chosen.sql("vals")
    # Only the index is read here: it holds the values and the row's number.
    rows: Iterable[tuple[int, str]] = connection.execute(
        f"SELECT id, vals FROM partitions WHERE table_id = ? AND vals > ?{conditions} ORDER BY vals",
        (table.id, after, *arguments),
    )
    for number, values in rows:
        if segment is not None and zlib.crc32(values.encode()) % segment["TotalSegments"] != segment["SegmentNumber"]:
            continue
        if chosen.keeps(json.loads(values)):
            yield number, values


def _documents(connection: sqlite3.Connection, numbers: list[int]) -> list[tuple[str, float, str]]:
    rows = connection.execute(
        "SELECT p.vals, p.created, p.document FROM json_each(?) n JOIN partitions p ON p.id = n.value ORDER BY n.key",
        (json.dumps(numbers),),
    )
    return rows.fetchall()


# --- documents -------------------------------------------------------------------------------------------------------


def _keys(table: TableRow) -> list[str]:
    return [name for name, _ in _typed_keys(table)]


def _typed_keys(table: TableRow) -> list[tuple[str, str]]:
    return [(key["Name"], key.get("Type", "string")) for key in json.loads(table.document).get("PartitionKeys", [])]


def _values(table: TableRow, keys: list[str], given: list[str] | None) -> str:
    if not given or len(given) != len(keys):
        raise ApiError.invalid(
            f"The number of partition keys do not match the number of partition values: table {table.name!r} has "
            f"the keys {keys}, the values are {list(given or [])}."
        )
    return json.dumps(list(given), ensure_ascii=False, separators=(",", ":"))


def _stored(given: dict[str, Any]) -> str:
    return dumped({name: value for name, value in given.items() if name != "Values"})


def _shown(table: TableRow, values: str, created: float, document: str, bare: bool = False) -> dict[str, Any]:
    stored = time_of(json.loads(document))
    if "StorageDescriptor" in stored:
        stored["StorageDescriptor"] = storage_shown(stored["StorageDescriptor"])
        if bare:
            stored["StorageDescriptor"]["Columns"] = []
    return {
        "Values": json.loads(values),
        "DatabaseName": table.database,
        "TableName": table.name,
        "CreationTime": moment(created),
        "Parameters": {},
        **stored,
        "CatalogId": ACCOUNT,
    }


def _missing(table: TableRow, values: str) -> ApiError:
    return ApiError.not_found(f"Partition {values} not found in table {table.name!r}.")
