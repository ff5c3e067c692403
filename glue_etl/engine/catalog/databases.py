"""The calls for databases.

https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-catalog-databases.html
"""

from __future__ import annotations

import json
import sqlite3
import time
from typing import Any

from glue_etl.engine.catalog.documents import ACCOUNT, dumped, folded, moment, next_token, start_of
from glue_etl.engine.catalog.errors import ApiError

__all__ = [
    "create_database",
    "delete_database",
    "get_database",
    "get_databases",
    "require_database",
    "update_database",
]

_PAGE = 100


def require_database(connection: sqlite3.Connection, given: str) -> str:
    """The folded name of a database that is there.

    Raises:
        ApiError: `EntityNotFoundException`.
    """
    name = folded(given)
    if connection.execute("SELECT 1 FROM databases WHERE name = ?", (name,)).fetchone():
        return name
    there = [row[0] for row in connection.execute("SELECT name FROM databases ORDER BY name LIMIT 11")]
    listed = ", ".join([*there[:10], *(["..."] if len(there) > 10 else [])]) or "none"
    raise ApiError.not_found(f"Database {name!r} not found. Available: {listed}.")


def create_database(connection: sqlite3.Connection, request: dict[str, Any]) -> dict[str, Any]:
    """CreateDatabase."""
    given = request["DatabaseInput"]
    name = folded(given["Name"])
    _require_name(name)
    if connection.execute("SELECT 1 FROM databases WHERE name = ?", (name,)).fetchone():
        raise ApiError.exists(f"Database {name!r} already exists.")
    connection.execute("INSERT INTO databases VALUES (?, ?, ?)", (name, time.time(), dumped({**given, "Name": name})))
    return {}


def get_database(connection: sqlite3.Connection, request: dict[str, Any]) -> dict[str, Any]:
    """GetDatabase."""
    name = require_database(connection, request["Name"])
    row = connection.execute("SELECT created, document FROM databases WHERE name = ?", (name,)).fetchone()
    return {"Database": _shown(*row)}


def get_databases(connection: sqlite3.Connection, request: dict[str, Any]) -> dict[str, Any]:
    """GetDatabases, by name."""
    (after,) = start_of(request, [""])
    if request.get("ResourceShareType", "ALL") != "ALL":
        # Nothing is shared with a local catalog.
        return {"DatabaseList": []}
    size = request.get("MaxResults", _PAGE)
    rows = connection.execute(
        "SELECT name, created, document FROM databases WHERE name > ? ORDER BY name LIMIT ?", (after, size + 1)
    ).fetchall()
    found = [_shown(created, document) for _, created, document in rows[:size]]
    if "AttributesToGet" in request:
        found = [{"Name": each["Name"]} for each in found]
    answer: dict[str, Any] = {"DatabaseList": found}
    if len(rows) > size:
        answer["NextToken"] = next_token([rows[size - 1][0]])
    return answer


def update_database(connection: sqlite3.Connection, request: dict[str, Any]) -> dict[str, Any]:
    """UpdateDatabase: the new definition takes the place of the old one; the name stays."""
    name = require_database(connection, request["Name"])
    given = request["DatabaseInput"]
    if folded(given["Name"]) != name:
        raise ApiError.invalid(f"A database cannot be renamed, from {name!r} to {given['Name']!r}.")
    connection.execute("UPDATE databases SET document = ? WHERE name = ?", (dumped({**given, "Name": name}), name))
    return {}


def delete_database(connection: sqlite3.Connection, request: dict[str, Any]) -> dict[str, Any]:
    """DeleteDatabase, with its tables, their versions and partitions."""
    name = require_database(connection, request["Name"])
    connection.execute("DELETE FROM databases WHERE name = ?", (name,))
    return {}


def _require_name(name: str) -> None:
    if not name.strip():
        raise ApiError.invalid("Database name must not be blank.")


def _shown(created: float, document: str) -> dict[str, Any]:
    stored = json.loads(document)
    return {
        "Name": stored.pop("Name"),
        **stored,
        "CreateTime": moment(created),
        "CreateTableDefaultPermissions": stored.get("CreateTableDefaultPermissions", []),
        "CatalogId": ACCOUNT,
    }
