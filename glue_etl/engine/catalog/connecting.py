"""Connections made by hand: what `glue-etl connection` does. A password goes into the store and into no text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from glue_etl.engine.catalog.clients import Clients
from glue_etl.errors import OptionError, PathNotFoundError
from glue_etl.settings import Settings

__all__ = ["NewConnection", "connections", "create_connection", "drop_connection", "existing_connection", "masked_url"]

# In a query or a list of properties, and between user and host.
_IN_URL = re.compile(
    r"(?i)((?:password|pwd|passwd)\s*=\s*)[^&;]*|(?<=://)([^/@:?]*:)[^/@?]*(?=@)|(?<=:)([\w.$]+/)[^@/]+(?=@)"
)


@dataclass(frozen=True)
class NewConnection:
    """A JDBC connection as the user describes it.

    Attributes:
        name: Its name.
        url: `jdbc:...`, without credentials.
        user: Who logs in; None where a secret says it.
        password: The password; None where a secret says it.
        secret_id: The secret with user and password; made or changed if a password is given too.
        properties: Further connection properties.
        description: Free text.
    """

    name: str
    url: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    secret_id: str | None = None
    properties: Mapping[str, str] = field(default_factory=dict, repr=False)
    description: str | None = None


def create_connection(settings: Settings, wanted: NewConnection) -> str:
    """Enter a connection.

    Returns:
        Where its password lies, in words.

    Raises:
        OptionError: It is there already, its URL cannot be, or user and password are not complete.
        PathNotFoundError: There is no such secret.
    """
    clients = Clients(settings)
    glue = clients.glue()
    _check(wanted)
    if any(each["Name"] == wanted.name for each in connections(settings)):
        raise OptionError(
            f"The connection {wanted.name!r} exists already.", hint=f"glue-etl connection drop {wanted.name}"
        )
    properties = {"JDBC_CONNECTION_URL": wanted.url, **wanted.properties}
    if wanted.secret_id is None:
        properties |= {"USERNAME": wanted.user or "", "PASSWORD": wanted.password or ""}
        where = "password kept in the catalog"
    else:
        where = _secret(clients.secretsmanager(), wanted)
        properties["SECRET_ID"] = wanted.secret_id
    given: dict[str, Any] = {
        "Name": wanted.name,
        "ConnectionType": "JDBC",
        "ConnectionProperties": properties,
    }
    if wanted.description:
        given["Description"] = wanted.description
    try:
        glue.create_connection(ConnectionInput=given)
    except glue.exceptions.ClientError as error:
        raise OptionError(f"The connection {wanted.name!r} cannot be entered: {_message(error, wanted)}") from None
    return where


def connections(settings: Settings) -> Iterator[dict[str, Any]]:
    """The documents of all connections, by name, without passwords."""
    pages = Clients(settings).glue().get_paginator("get_connections").paginate(HidePassword=True)
    for page in pages:
        yield from (_masked(each) for each in page["ConnectionList"])


def existing_connection(settings: Settings, name: str) -> dict[str, Any]:
    """The document of a connection, without passwords.

    Raises:
        PathNotFoundError: There is none.
    """
    glue = Clients(settings).glue()
    try:
        return _masked(glue.get_connection(Name=name, HidePassword=True)["Connection"])
    except glue.exceptions.EntityNotFoundException as error:
        raise _missing(settings, name) from error


def drop_connection(settings: Settings, name: str) -> None:
    """Take a connection out of the catalog; a secret stays.

    Raises:
        PathNotFoundError: There is none.
    """
    glue = Clients(settings).glue()
    try:
        glue.delete_connection(ConnectionName=name)
    except glue.exceptions.EntityNotFoundException as error:
        raise _missing(settings, name) from error


def masked_url(url: str) -> str:
    """A JDBC URL with `***` for every password in it."""
    return _IN_URL.sub(lambda found: "".join(each or "" for each in found.groups()) + "***", url)


def _check(wanted: NewConnection) -> None:
    if not wanted.url.startswith("jdbc:"):
        raise OptionError(
            f"{masked_url(wanted.url)!r} is no JDBC URL.", hint="write it like jdbc:postgresql://HOST:5432/DATABASE"
        )
    if masked_url(wanted.url) != wanted.url:
        raise OptionError(
            f"The URL {masked_url(wanted.url)!r} has a password in it, which logs and plans would show.",
            hint="leave it out and give --password-env, --password-stdin or --secret-id",
        )
    for key in wanted.properties:
        if "PASSWORD" in key.upper():
            raise OptionError(
                f"The property {key!r} is a password.", hint="give --password-env, --password-stdin or --secret-id"
            )
    if wanted.password is None and wanted.secret_id is None:
        raise OptionError("No password is given.", available=["--password-env", "--password-stdin", "--secret-id"])
    if wanted.password is not None and wanted.user is None:
        raise OptionError("A password is given and no user.", hint="--user NAME")
    if wanted.password is None and wanted.user is not None:
        raise OptionError("A user is given and no password: the secret says both.", hint="leave out --user")


def _secret(manager: Any, wanted: NewConnection) -> str:
    try:
        if wanted.password is None:
            manager.describe_secret(SecretId=wanted.secret_id)
            return f"user and password in the secret {wanted.secret_id}"
        value = json.dumps({"username": wanted.user, "password": wanted.password})
        try:
            manager.put_secret_value(SecretId=wanted.secret_id, SecretString=value)
        except manager.exceptions.ResourceNotFoundException:
            manager.create_secret(Name=wanted.secret_id, SecretString=value)
        return f"user and password put into the secret {wanted.secret_id}"
    except manager.exceptions.ResourceNotFoundException as error:
        names = [each["Name"] for each in manager.list_secrets()["SecretList"]]
        raise PathNotFoundError(
            f"There is no secret {wanted.secret_id!r}.",
            available=names[:10],
            hint="give --user and --password-env too, and it is made",
        ) from error
    except manager.exceptions.ClientError as error:
        raise OptionError(f"The secret {wanted.secret_id!r} cannot be used: {_message(error, wanted)}") from None


def _message(error: Any, wanted: NewConnection) -> str:
    """What the service says, without the password that it may repeat."""
    message = str(error.response["Error"]["Message"])
    return message.replace(wanted.password, "***") if wanted.password else message


def _missing(settings: Settings, name: str) -> PathNotFoundError:
    names = [each["Name"] for each in connections(settings)]
    return PathNotFoundError(f"There is no connection {name!r}.", available=names[:10])


def _masked(connection: dict[str, Any]) -> dict[str, Any]:
    properties = connection["ConnectionProperties"]
    return {
        **connection,
        "ConnectionProperties": {
            key: masked_url(value) if "URL" in key else value
            for key, value in properties.items()
            if "PASSWORD" not in key
        },
    }
