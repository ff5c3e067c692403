"""The calls for tables and their versions.

https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-catalog-tables.html
"""

from __future__ import annotations

import json
import re
import sqlite3
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from glue_etl.engine.catalog.databases import require_database
from glue_etl.engine.catalog.documents import ACCOUNT, dumped, folded, moment, next_token, start_of, time_of
from glue_etl.engine.catalog.errors import ApiError

__all__ = [
    "TableRow",
    "batch_delete_table",
    "batch_delete_table_version",
    "create_table",
    "delete_table",
    "delete_table_version",
    "find_table",
    "get_table",
    "get_table_version",
    "get_table_versions",
    "get_tables",
    "storage_shown",
    "update_table",
]

_PAGE = 100
_STORAGE_DEFAULTS: dict[str, Any] = {
    "Compressed": False,
    "NumberOfBuckets": 0,
    "SortColumns": [],
    "StoredAsSubDirectories": False,
}
_CURRENT = (
    "SELECT t.id, t.database, t.name, t.version, t.created, v.updated, v.document "
    "FROM tables t JOIN versions v ON v.table_id = t.id AND v.version = t.version "
)


class TableRow(NamedTuple):
    """A table with one of its versions, as it is stored."""

    id: int
    database: str
    name: str
    version: int
    created: float
    updated: float
    document: str

    def shown(self) -> dict[str, Any]:
        """The `Table` structure of the API."""
        stored = time_of(json.loads(self.document))
        if "StorageDescriptor" in stored:
            stored["StorageDescriptor"] = storage_shown(stored["StorageDescriptor"])
        return {
            "Name": self.name,
            "DatabaseName": self.database,
            "CreateTime": moment(self.created),
            "UpdateTime": moment(self.updated),
            "Retention": 0,
            "PartitionKeys": [],
            "Parameters": {},
            **stored,
            "IsRegisteredWithLakeFormation": False,
            "CatalogId": ACCOUNT,
            "VersionId": str(self.version),
        }


def storage_shown(storage: dict[str, Any]) -> dict[str, Any]:
    """A `StorageDescriptor` with what AWS adds to it."""
    return {"Columns": [], **storage, **{name: storage.get(name, value) for name, value in _STORAGE_DEFAULTS.items()}}


def find_table(connection: sqlite3.Connection, request: dict[str, Any], key: str = "TableName") -> TableRow:
    """The table that a request names, in its current version.

    Raises:
        ApiError: `EntityNotFoundException` for the database or the table.
    """
    database = require_database(connection, request["DatabaseName"])
    name = folded(request[key])
    row = connection.execute(_CURRENT + "WHERE t.database = ? AND t.name = ?", (database, name)).fetchone()
    if row is None:
        names = connection.execute("SELECT name FROM tables WHERE database = ? ORDER BY name LIMIT 11", (database,))
        there = [each[0] for each in names]
        listed = ", ".join([*there[:10], *(["..."] if len(there) > 10 else [])]) or "none"
        raise ApiError.not_found(f"Table {name!r} not found in database {database!r}. Available: {listed}.")
    return TableRow(*row)


def create_table(connection: sqlite3.Connection, request: dict[str, Any]) -> dict[str, Any]:
    """CreateTable, as version 0."""
    database = require_database(connection, request["DatabaseName"])
    given = _checked(request)
    if connection.execute("SELECT 1 FROM tables WHERE database = ? AND name = ?", (database, given["Name"])).fetchone():
        raise ApiError.exists(f"Table {given['Name']!r} already exists in database {database!r}.")
    now = time.time()
    made = connection.execute(
        "INSERT INTO tables (database, name, version, created) VALUES (?, ?, 0, ?)", (database, given["Name"], now)
    )
    connection.execute("INSERT INTO versions VALUES (?, 0, ?, ?)", (made.lastrowid, now, dumped(given)))
    return {}


def get_table(connection: sqlite3.Connection, request: dict[str, Any]) -> dict[str, Any]:
    """GetTable."""
    return {"Table": _narrowed(find_table(connection, request, "Name").shown(), request)}


def get_tables(connection: sqlite3.Connection, request: dict[str, Any]) -> dict[str, Any]:
    """GetTables, by name; `Expression` is a regular expression that the whole name must match."""
    database = require_database(connection, request["DatabaseName"])
    (after,) = start_of(request, [""])
    if request.get("ResourceShareType", "ALL") != "ALL":
        return {"TableList": []}
    wanted = _pattern(request.get("Expression"))
    size = request.get("MaxResults", _PAGE)
    names = connection.execute(
        "SELECT name FROM tables WHERE database = ? AND name > ? ORDER BY name", (database, after)
    )
    page: list[str] = []
    for (name,) in names:
        if wanted(name):
            page.append(name)
            if len(page) > size:
                break
    found = [find_table(connection, {"DatabaseName": database, "TableName": name}) for name in page[:size]]
    answer: dict[str, Any] = {"TableList": [_narrowed(each.shown(), request) for each in found]}
    if len(page) > size:
        answer["NextToken"] = next_token([page[size - 1]])
    return answer


def update_table(connection: sqlite3.Connection, request: dict[str, Any]) -> dict[str, Any]:
    """UpdateTable: the new definition takes the place of the old one, which stays as an archived version.

    With `SkipArchive` the old one is not kept. `VersionId` is the version that the caller has seen.
    """
    given = _checked(request)
    if folded(request.get("Name", given["Name"])) != given["Name"]:
        raise ApiError.invalid(f"A table cannot be renamed, from {request['Name']!r} to {given['Name']!r}.")
    table = find_table(connection, {"DatabaseName": request["DatabaseName"], "TableName": given["Name"]})
    seen = request.get("VersionId")
    if seen is not None and seen != str(table.version):
        raise ApiError(
            "ConcurrentModificationException",
            f"Table {table.name!r} is at version {table.version}, not at {seen!r}: it was changed in between.",
        )
    keys = json.loads(table.document).get("PartitionKeys", [])
    if len(keys) != len(given.get("PartitionKeys", [])) and _has_partitions(connection, table.id):
        raise ApiError.invalid(
            f"The number of partition keys of table {table.name!r} cannot change: it has partitions."
        )
    connection.execute(
        "INSERT INTO versions VALUES (?, ?, ?, ?)", (table.id, table.version + 1, time.time(), dumped(given))
    )
    if request.get("SkipArchive"):
        connection.execute("DELETE FROM versions WHERE table_id = ? AND version = ?", (table.id, table.version))
    connection.execute("UPDATE tables SET version = ? WHERE id = ?", (table.version + 1, table.id))
    return {}


def delete_table(connection: sqlite3.Connection, request: dict[str, Any]) -> dict[str, Any]:
    """DeleteTable, with its versions and partitions."""
    connection.execute("DELETE FROM tables WHERE id = ?", (find_table(connection, request, "Name").id,))
    return {}


def batch_delete_table(connection: sqlite3.Connection, request: dict[str, Any]) -> dict[str, Any]:
    """BatchDeleteTable; what is not there comes back in `Errors`."""
    database = require_database(connection, request["DatabaseName"])
    errors = []
    for name in request["TablesToDelete"]:
        try:
            delete_table(connection, {"DatabaseName": database, "Name": name})
        except ApiError as error:
            errors.append({"TableName": name, "ErrorDetail": error.detail()})
    return {"Errors": errors}


def get_table_version(connection: sqlite3.Connection, request: dict[str, Any]) -> dict[str, Any]:
    """GetTableVersion; without `VersionId` the current one."""
    table = find_table(connection, request)
    version = _version(table, request.get("VersionId", str(table.version)))
    row = connection.execute(
        "SELECT updated, document FROM versions WHERE table_id = ? AND version = ?", (table.id, version)
    ).fetchone()
    if row is None:
        raise ApiError.not_found(f"Table {table.name!r} has no version {version}.")
    return {"TableVersion": _version_shown(table, version, *row)}


def get_table_versions(connection: sqlite3.Connection, request: dict[str, Any]) -> dict[str, Any]:
    """GetTableVersions, the newest first."""
    table = find_table(connection, request)
    (before,) = start_of(request, [table.version + 1])
    size = request.get("MaxResults", _PAGE)
    rows = connection.execute(
        "SELECT version, updated, document FROM versions WHERE table_id = ? AND version < ? "
        "ORDER BY version DESC LIMIT ?",
        (table.id, before, size + 1),
    ).fetchall()
    answer: dict[str, Any] = {"TableVersions": [_version_shown(table, *row) for row in rows[:size]]}
    if len(rows) > size:
        answer["NextToken"] = next_token([rows[size - 1][0]])
    return answer


def delete_table_version(connection: sqlite3.Connection, request: dict[str, Any]) -> dict[str, Any]:
    """DeleteTableVersion; the current version goes only with the table."""
    table = find_table(connection, request)
    version = _version(table, request["VersionId"])
    if version == table.version:
        raise ApiError.invalid(f"Version {version} of table {table.name!r} is the current one and cannot be deleted.")
    gone = connection.execute("DELETE FROM versions WHERE table_id = ? AND version = ?", (table.id, version))
    if not gone.rowcount:
        raise ApiError.not_found(f"Table {table.name!r} has no version {version}.")
    return {}


def batch_delete_table_version(connection: sqlite3.Connection, request: dict[str, Any]) -> dict[str, Any]:
    """BatchDeleteTableVersion; what cannot be deleted comes back in `Errors`."""
    table = find_table(connection, request)
    errors = []
    for version in request["VersionIds"]:
        try:
            delete_table_version(connection, {**request, "VersionId": version})
        except ApiError as error:
            errors.append({"TableName": table.name, "VersionId": version, "ErrorDetail": error.detail()})
    return {"Errors": errors}


def _checked(request: dict[str, Any]) -> dict[str, Any]:
    if "TableInput" not in request:
        raise ApiError.invalid("TableInput must be given.")
    given = request["TableInput"]
    name = folded(given["Name"])
    if not name.strip():
        raise ApiError.invalid("Table name must not be blank.")
    return {**given, "Name": name}


def _has_partitions(connection: sqlite3.Connection, table_id: int) -> bool:
    return connection.execute("SELECT 1 FROM partitions WHERE table_id = ? LIMIT 1", (table_id,)).fetchone() is not None


def _pattern(expression: str | None) -> Callable[[str], object]:
    """Whether the whole of a name matches: a regular expression, or Hive's patterns where `*` alone is any text.

    The API page says the one; Hive and some clients send the other.
    """
    if not expression:
        return lambda name: True
    wild = re.compile(".*".join(map(re.escape, expression.split("*"))))
    try:
        regular = re.compile(expression)
    except re.error as error:
        if "*" in expression and not set(expression) & set("([{\\"):
            return wild.fullmatch
        raise ApiError.invalid(f"Expression {expression!r} is not a regular expression: {error}.") from None
    return lambda name: regular.fullmatch(name) or wild.fullmatch(name)


def _narrowed(table: dict[str, Any], request: dict[str, Any]) -> dict[str, Any]:
    asked = request.get("AttributesToGet")
    if not asked or "DEFAULT" in asked:
        return table
    return {
        key: table[key] for key in ("Name", "TableType") if key in table and (key == "Name" or "TABLE_TYPE" in asked)
    }


def _version(table: TableRow, given: str) -> int:
    if not given.isdecimal() or len(given) > 18:
        raise ApiError.invalid(f"VersionId {given!r} of table {table.name!r} is not a whole number.")
    return int(given)


def _version_shown(table: TableRow, version: int, updated: float, document: str) -> dict[str, Any]:
    row = table._replace(version=version, updated=updated, document=document)
    return {"Table": row.shown(), "VersionId": str(version)}
