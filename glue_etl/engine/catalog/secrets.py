"""The calls of AWS Secrets Manager that a script's connection needs.

https://docs.aws.amazon.com/secretsmanager/latest/apireference/
"""

from __future__ import annotations

import json
import secrets as randomness
import sqlite3
import string
import time
import uuid
from typing import Any

from glue_etl.engine.catalog.documents import ACCOUNT, Operation, moment, next_token, start_of
from glue_etl.engine.catalog.errors import ApiError
from glue_etl.engine.catalog.shapes import Blob, Flag, Listed, Number, Record, Shape, Text

__all__ = [
    "CALLS",
    "create_secret",
    "delete_secret",
    "describe_secret",
    "get_secret_value",
    "list_secrets",
    "put_secret_value",
    "restore_secret",
    "update_secret",
]

_CURRENT, _PREVIOUS = "AWSCURRENT", "AWSPREVIOUS"
_NAME_LETTERS = frozenset(string.ascii_letters + string.digits + "/_+=.@-")
_DAY_S = 86400.0
# The API wants one in the ARN; the local services are in no region.
_REGION = "us-east-1"


def create_secret(connection: sqlite3.Connection, request: dict[str, Any]) -> dict[str, Any]:
    """CreateSecret."""
    name = request["Name"]
    if set(name) - _NAME_LETTERS:
        raise ApiError("ValidationException", f"Secret name {name!r} must be of letters, digits and /_+=.@-")
    found = connection.execute("SELECT deleted FROM secrets WHERE name = ?", (name,)).fetchone()
    if found is not None and found[0] is not None:
        raise ApiError(
            "InvalidRequestException",
            f"You can't create this secret because a secret with the name {name!r} is already scheduled for deletion.",
        )
    if found is not None:
        raise ApiError("ResourceExistsException", f"The operation failed because the secret {name!r} already exists.")
    suffix = "".join(randomness.choice(string.ascii_letters + string.digits) for _ in range(6))
    arn = f"arn:aws:secretsmanager:{_REGION}:{ACCOUNT}:secret:{name}-{suffix}"
    now = time.time()
    made = connection.execute(
        "INSERT INTO secrets (name, arn, description, created, changed) VALUES (?, ?, ?, ?, ?)",
        (name, arn, request.get("Description"), now, now),
    )
    answer = {"ARN": arn, "Name": name}
    if "SecretString" in request or "SecretBinary" in request:
        answer["VersionId"] = _put(connection, int(made.lastrowid or 0), request, [_CURRENT])
    return answer


def put_secret_value(connection: sqlite3.Connection, request: dict[str, Any]) -> dict[str, Any]:
    """PutSecretValue: a new version, which becomes the current one."""
    number, arn, name = _find(connection, request["SecretId"])
    stages = list(request.get("VersionStages", [_CURRENT]))
    version = _put(connection, number, request, stages)
    return {"ARN": arn, "Name": name, "VersionId": version, "VersionStages": stages}


def update_secret(connection: sqlite3.Connection, request: dict[str, Any]) -> dict[str, Any]:
    """UpdateSecret: its description, or a new version."""
    number, arn, name = _find(connection, request["SecretId"])
    answer = {"ARN": arn, "Name": name}
    if "Description" in request:
        connection.execute("UPDATE secrets SET description = ? WHERE id = ?", (request["Description"], number))
    if "SecretString" in request or "SecretBinary" in request:
        answer["VersionId"] = _put(connection, number, request, [_CURRENT])
    return answer


def get_secret_value(connection: sqlite3.Connection, request: dict[str, Any]) -> dict[str, Any]:
    """GetSecretValue, of the current version unless another is asked for."""
    number, arn, name = _find(connection, request["SecretId"])
    stage = request.get("VersionStage", None if "VersionId" in request else _CURRENT)
    rows = connection.execute(
        "SELECT version, stages, created, text, bytes FROM secret_versions WHERE secret_id = ?", (number,)
    )
    for version, stages, created, text, data in rows:
        labels = json.loads(stages)
        if request.get("VersionId", version) == version and (stage is None or stage in labels):
            value = {"SecretString": text} if text is not None else {"SecretBinary": bytes(data)}
            times = {"CreatedDate": moment(created)}
            return {"ARN": arn, "Name": name, "VersionId": version, **value, "VersionStages": labels, **times}
    asked = request.get("VersionId") or f"staging label: {stage}"
    raise _missing(f"Secrets Manager can't find the specified secret value for {asked}")


def describe_secret(connection: sqlite3.Connection, request: dict[str, Any]) -> dict[str, Any]:
    """DescribeSecret: all but its value."""
    number, _, _ = _find(connection, request["SecretId"], even_deleted=True)
    return _described(connection, number)


def list_secrets(connection: sqlite3.Connection, request: dict[str, Any]) -> dict[str, Any]:
    """ListSecrets, by name, without their values."""
    (after,) = start_of(request, [""])
    size = request.get("MaxResults", 100)
    rows = connection.execute(
        "SELECT id, name FROM secrets WHERE name > ? AND (deleted IS NULL OR ?) ORDER BY name LIMIT ?",
        (after, request.get("IncludePlannedDeletion", False), size + 1),
    ).fetchall()
    found = [_described(connection, number) for number, _ in rows[:size]]
    answer: dict[str, Any] = {
        "SecretList": [
            {("SecretVersionsToStages" if key == "VersionIdsToStages" else key): value for key, value in each.items()}
            for each in found
        ]
    }
    if len(rows) > size:
        answer["NextToken"] = next_token([rows[size - 1][1]])
    return answer


def delete_secret(connection: sqlite3.Connection, request: dict[str, Any]) -> dict[str, Any]:
    """DeleteSecret: after a window of 7 to 30 days in which it can be restored, or at once."""
    force = request.get("ForceDeleteWithoutRecovery", False)
    days = request.get("RecoveryWindowInDays")
    if force and days is not None:
        raise ApiError(
            "InvalidParameterException",
            "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
        )
    if days is not None and not 7 <= days <= 30:
        raise ApiError("InvalidParameterException", f"RecoveryWindowInDays is {days}, and must be from 7 to 30 days.")
    number, arn, name = _find(connection, request["SecretId"], even_deleted=True)
    now = time.time()
    if force:
        connection.execute("DELETE FROM secrets WHERE id = ?", (number,))
    else:
        now += (days or 30) * _DAY_S
        connection.execute("UPDATE secrets SET deleted = ? WHERE id = ?", (now, number))
    return {"ARN": arn, "Name": name, "DeletionDate": moment(now)}


def restore_secret(connection: sqlite3.Connection, request: dict[str, Any]) -> dict[str, Any]:
    """RestoreSecret: takes a deletion back."""
    number, arn, name = _find(connection, request["SecretId"], even_deleted=True)
    connection.execute("UPDATE secrets SET deleted = NULL WHERE id = ?", (number,))
    return {"ARN": arn, "Name": name}


def _find(connection: sqlite3.Connection, wanted: str, even_deleted: bool = False) -> tuple[int, str, str]:
    """Number, ARN and name of a secret, by its name, its ARN or its ARN without the six letters at the end."""
    # A window that has passed is a secret that is gone.
    row = connection.execute(
        "SELECT id, arn, name, deleted FROM secrets "
        "WHERE (name = ?1 OR arn = ?1 OR substr(arn, 1, length(arn) - 7) = ?1) AND (deleted IS NULL OR deleted > ?2)",
        (wanted, time.time()),
    ).fetchone()
    if row is None:
        raise _missing("Secrets Manager can't find the specified secret.")
    number, arn, name, deleted = row
    if deleted is not None and not even_deleted:
        raise ApiError(
            "InvalidRequestException",
            f"You can't perform this operation on the secret {name!r} because it was marked for deletion.",
        )
    return number, arn, name


def _put(connection: sqlite3.Connection, number: int, request: dict[str, Any], stages: list[str]) -> str:
    text, data = request.get("SecretString"), request.get("SecretBinary")
    if (text is None) == (data is None):
        raise ApiError("InvalidParameterException", "Give either SecretString or SecretBinary.")
    version: str = request.get("ClientRequestToken") or str(uuid.uuid4())
    old = connection.execute(
        "SELECT text, bytes FROM secret_versions WHERE secret_id = ? AND version = ?", (number, version)
    ).fetchone()
    if old is not None:
        if old != (text, data):
            raise ApiError("ResourceExistsException", "A version with this ClientRequestToken has another value.")
        return version
    taken = set(stages)
    rows = connection.execute("SELECT version, stages FROM secret_versions WHERE secret_id = ?", (number,)).fetchall()
    for other, labels in rows:
        had = set(json.loads(labels))
        left = had - taken
        if _CURRENT in taken:
            left = (left - {_PREVIOUS}) | ({_PREVIOUS} if _CURRENT in had else set())
        connection.execute(
            "UPDATE secret_versions SET stages = ? WHERE secret_id = ? AND version = ?",
            (json.dumps(sorted(left)), number, other),
        )
    now = time.time()
    connection.execute(
        "INSERT INTO secret_versions VALUES (?, ?, ?, ?, ?, ?)", (number, version, json.dumps(stages), now, text, data)
    )
    # A version without a label is one that Secrets Manager may delete at any time.
    connection.execute("DELETE FROM secret_versions WHERE secret_id = ? AND stages = '[]'", (number,))
    connection.execute("UPDATE secrets SET changed = ? WHERE id = ?", (now, number))
    return version


def _described(connection: sqlite3.Connection, number: int) -> dict[str, Any]:
    arn, name, description, created, changed, deleted = connection.execute(
        "SELECT arn, name, description, created, changed, deleted FROM secrets WHERE id = ?", (number,)
    ).fetchone()
    versions = connection.execute("SELECT version, stages FROM secret_versions WHERE secret_id = ?", (number,))
    answer: dict[str, Any] = {"ARN": arn, "Name": name}
    if description is not None:
        answer["Description"] = description
    if deleted is not None:
        answer["DeletedDate"] = moment(deleted)
    times = {"CreatedDate": moment(created), "LastChangedDate": moment(changed)}
    return {**answer, **times, "VersionIdsToStages": {version: json.loads(stages) for version, stages in versions}}


def _missing(message: str) -> ApiError:
    return ApiError("ResourceNotFoundException", message)


_ID = Text(1, 2048)
_VALUE: dict[str, Shape] = {
    "ClientRequestToken": Text(32, 64),
    "SecretString": Text(1, 65536, lines=True, shown=False),
    "SecretBinary": Blob(),
}
_PARTNER = {"Type": "a secret of a partner"}
_FAR = {
    **_PARTNER,
    "AddReplicaRegions": "replicas in other Regions",
    "ForceOverwriteReplicaSecret": "replicas in other Regions",
    "Tags": "tags",
}

CALLS: dict[str, tuple[Record, Operation, bool]] = {
    "CreateSecret": (
        Record(
            {"Name": Text(1, 512), "Description": Text(0, 2048), "KmsKeyId": Text(0, 2048), **_VALUE},
            required=("Name",),
            refused=_FAR,
        ),
        create_secret,
        True,
    ),
    "PutSecretValue": (
        Record(
            {"SecretId": _ID, **_VALUE, "VersionStages": Listed(Text(1, 256), 1, 20)},
            required=("SecretId",),
            refused={"RotationToken": "a rotation"},
        ),
        put_secret_value,
        True,
    ),
    "UpdateSecret": (
        Record(
            {"SecretId": _ID, "Description": Text(0, 2048), "KmsKeyId": Text(0, 2048), **_VALUE},
            required=("SecretId",),
            refused=_PARTNER,
        ),
        update_secret,
        True,
    ),
    "GetSecretValue": (
        Record({"SecretId": _ID, "VersionId": Text(32, 64), "VersionStage": Text(1, 256)}, required=("SecretId",)),
        get_secret_value,
        False,
    ),
    "DescribeSecret": (Record({"SecretId": _ID}, required=("SecretId",)), describe_secret, False),
    "ListSecrets": (
        Record(
            {"MaxResults": Number(1, 100), "NextToken": Text(1, 4096), "IncludePlannedDeletion": Flag()},
            refused={"Filters": "filters", "SortOrder": "an order", "SortBy": "an order"},
        ),
        list_secrets,
        False,
    ),
    "DeleteSecret": (
        Record(
            {"SecretId": _ID, "RecoveryWindowInDays": Number(), "ForceDeleteWithoutRecovery": Flag()},
            required=("SecretId",),
        ),
        delete_secret,
        True,
    ),
    "RestoreSecret": (Record({"SecretId": _ID}, required=("SecretId",)), restore_secret, True),
}
