"""The calls for connections. Their passwords are in the store, and nowhere else.

https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-catalog-connections.html
"""

from __future__ import annotations

import json
import sqlite3
import time
from typing import Any

from glue_etl.engine.catalog.documents import dumped, moment, next_token, start_of
from glue_etl.engine.catalog.errors import ApiError

__all__ = [
    "batch_delete_connection",
    "create_connection",
    "delete_connection",
    "get_connection",
    "get_connections",
    "update_connection",
]

_PAGE = 1000
# Orders about the call itself, no part of the connection.
_ORDERS = ("ValidateCredentials", "ValidateForComputeEnvironments")
# What the page says each type needs; user and password may stand in a secret or in the URL.
_REQUIRED: dict[str, tuple[tuple[str, ...], ...]] = {
    "JDBC": (("JDBC_CONNECTION_URL",), ("HOST", "PORT", "JDBC_ENGINE")),
    "KAFKA": (("KAFKA_BOOTSTRAP_SERVERS",),),
    "MARKETPLACE": (("CONNECTOR_TYPE", "CONNECTOR_URL", "CONNECTOR_CLASS_NAME", "CONNECTION_URL"),),
    "MONGODB": (("CONNECTION_URL",),),
}


def create_connection(connection: sqlite3.Connection, request: dict[str, Any]) -> dict[str, Any]:
    """CreateConnection."""
    given = _checked(request["ConnectionInput"])
    now = time.time()
    made = connection.execute(
        "INSERT OR IGNORE INTO connections VALUES (?, ?, ?, ?)", (given["Name"], now, now, dumped(given))
    )
    if not made.rowcount:
        raise ApiError.exists(f"Connection {given['Name']!r} already exists.")
    return {"CreateConnectionStatus": "READY"}


def get_connection(connection: sqlite3.Connection, request: dict[str, Any]) -> dict[str, Any]:
    """GetConnection; with `HidePassword` without its passwords."""
    row = _row(connection, request["Name"])
    return {"Connection": _shown(*row, hidden=request.get("HidePassword", False))}


def get_connections(connection: sqlite3.Connection, request: dict[str, Any]) -> dict[str, Any]:
    """GetConnections, by name; `MatchCriteria` keeps those that have all of them."""
    (after,) = start_of(request, [""])
    size = request.get("MaxResults", _PAGE)
    wanted = request.get("Filter", {})
    rows = connection.execute(
        "SELECT name, created, updated, document FROM connections WHERE name > ? ORDER BY name", (after,)
    )
    found: list[dict[str, Any]] = []
    for _, created, updated, document in rows:
        shown = _shown(created, updated, document, hidden=request.get("HidePassword", False))
        if _wanted(shown, wanted):
            found.append(shown)
            if len(found) > size:
                break
    answer: dict[str, Any] = {"ConnectionList": found[:size]}
    if len(found) > size:
        answer["NextToken"] = next_token([found[size - 1]["Name"]])
    return answer


def update_connection(connection: sqlite3.Connection, request: dict[str, Any]) -> dict[str, Any]:
    """UpdateConnection: the new definition takes the place of the old one; the name stays."""
    _row(connection, request["Name"])
    given = _checked(request["ConnectionInput"])
    if given["Name"] != request["Name"]:
        raise ApiError.invalid(f"A connection cannot be renamed, from {request['Name']!r} to {given['Name']!r}.")
    connection.execute(
        "UPDATE connections SET updated = ?, document = ? WHERE name = ?", (time.time(), dumped(given), given["Name"])
    )
    return {}


def delete_connection(connection: sqlite3.Connection, request: dict[str, Any]) -> dict[str, Any]:
    """DeleteConnection."""
    name = request["ConnectionName"]
    _row(connection, name)
    connection.execute("DELETE FROM connections WHERE name = ?", (name,))
    return {}


def batch_delete_connection(connection: sqlite3.Connection, request: dict[str, Any]) -> dict[str, Any]:
    """BatchDeleteConnection; what is not there comes back in `Errors`, by name."""
    succeeded, errors = [], {}
    for name in request["ConnectionNameList"]:
        try:
            delete_connection(connection, {"ConnectionName": name})
            succeeded.append(name)
        except ApiError as error:
            errors[name] = error.detail()
    return {"Succeeded": succeeded, "Errors": errors}


def _checked(given: dict[str, Any]) -> dict[str, Any]:
    name = given["Name"]
    there = given["ConnectionProperties"].keys()
    ways = _REQUIRED.get(given["ConnectionType"], ())
    if ways and not any(there >= set(way) for way in ways):
        needed = " or ".join(f"all of ({', '.join(way)})" if len(way) > 1 else way[0] for way in ways)
        raise ApiError.invalid(f"Connection {name!r} of type {given['ConnectionType']} needs the property {needed}.")
    return {key: value for key, value in given.items() if key not in _ORDERS}


def _row(connection: sqlite3.Connection, name: str) -> tuple[float, float, str]:
    row: tuple[float, float, str] | None = connection.execute(
        "SELECT created, updated, document FROM connections WHERE name = ?", (name,)
    ).fetchone()
    if row is None:
        there = [each[0] for each in connection.execute("SELECT name FROM connections ORDER BY name LIMIT 11")]
        listed = ", ".join([*there[:10], *(["..."] if len(there) > 10 else [])]) or "none"
        raise ApiError.not_found(f"Connection {name!r} not found. Available: {listed}.")
    return row


def _shown(created: float, updated: float, document: str, hidden: bool) -> dict[str, Any]:
    stored = json.loads(document)
    if hidden:
        properties = stored["ConnectionProperties"]
        stored["ConnectionProperties"] = {key: value for key, value in properties.items() if "PASSWORD" not in key}
    authenticated = "AuthenticationConfiguration" in stored
    return {
        **stored,
        "CreationTime": moment(created),
        "LastUpdatedTime": moment(updated),
        "Status": "READY",
        "ConnectionSchemaVersion": 2 if authenticated else 1,
    }


def _wanted(shown: dict[str, Any], wanted: dict[str, Any]) -> bool:
    if not set(wanted.get("MatchCriteria", [])) <= set(shown.get("MatchCriteria", [])):
        return False
    return all(shown[key] == wanted[key] for key in ("ConnectionType", "ConnectionSchemaVersion") if key in wanted)
