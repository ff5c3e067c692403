"""Connections, whose passwords no text of ours shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from glue_etl.engine.catalog.client import LocalGlueClient
from glue_etl.errors import GlueEtlError

SECRET = "s3cr3t-pa55"
PROPERTIES = {"JDBC_CONNECTION_URL": "jdbc:postgresql://h:5432/db", "USERNAME": "u", "PASSWORD": SECRET}


def connection(name: str = "pg", **more: Any) -> dict[str, Any]:
    return {"Name": name, "ConnectionType": "JDBC", "ConnectionProperties": PROPERTIES, **more}


def test_a_connection_is_made_shown_changed_and_deleted(glue: LocalGlueClient) -> None:
    needs = {"SubnetId": "s", "SecurityGroupIdList": ["g"]}
    made = glue.create_connection(ConnectionInput=connection(Description="d", PhysicalConnectionRequirements=needs))
    assert made["CreateConnectionStatus"] == "READY"
    shown = glue.get_connection(Name="pg")["Connection"]
    assert shown["ConnectionProperties"] == PROPERTIES and shown["PhysicalConnectionRequirements"] == needs
    assert (shown["Status"], shown["Description"]) == ("READY", "d") and shown["CreationTime"].tzinfo
    hidden = glue.get_connection(Name="pg", HidePassword=True)["Connection"]
    assert hidden["ConnectionProperties"] == {key: PROPERTIES[key] for key in ("JDBC_CONNECTION_URL", "USERNAME")}
    glue.update_connection(Name="pg", ConnectionInput=connection(Description="e"))
    changed = glue.get_connection(Name="pg")["Connection"]
    assert changed["Description"] == "e" and "PhysicalConnectionRequirements" not in changed
    glue.delete_connection(ConnectionName="pg")
    assert glue.get_connections()["ConnectionList"] == []


def test_host_port_and_engine_do_for_a_url(glue: LocalGlueClient) -> None:
    properties = {"HOST": "h", "PORT": "5432", "JDBC_ENGINE": "postgresql", "SECRET_ID": "s"}
    glue.create_connection(ConnectionInput=connection(ConnectionProperties=properties))
    assert glue.get_connection(Name="pg")["Connection"]["ConnectionProperties"] == properties


def test_connections_are_listed_by_type_and_criteria(glue: LocalGlueClient) -> None:
    glue.create_connection(ConnectionInput=connection("a", MatchCriteria=["x", "y"]))
    glue.create_connection(ConnectionInput=connection("b", MatchCriteria=["x"]))
    network = {"Name": "c", "ConnectionType": "NETWORK", "ConnectionProperties": {}}
    glue.create_connection(ConnectionInput=network)

    def names(**request: Any) -> list[str]:
        pages = glue.get_paginator("get_connections").paginate(**request, PaginationConfig={"PageSize": 1})
        return [each["Name"] for page in pages for each in page["ConnectionList"]]

    assert names() == ["a", "b", "c"]
    assert names(Filter={"ConnectionType": "JDBC"}) == ["a", "b"]
    assert names(Filter={"MatchCriteria": ["x", "y"]}) == ["a"]
    gone = glue.batch_delete_connection(ConnectionNameList=["a", "zz"])
    assert gone["Succeeded"] == ["a"] and gone["Errors"]["zz"]["ErrorCode"] == "EntityNotFoundException"
    assert all(SECRET not in str(each) for each in glue.get_connections(HidePassword=True)["ConnectionList"])


def test_a_connection_may_name_its_secret(glue: LocalGlueClient) -> None:
    arn = "arn:aws:secretsmanager:us-east-1:000000000000:secret:x-abcdef"
    given = connection(AuthenticationConfiguration={"AuthenticationType": "BASIC", "SecretArn": arn})
    glue.create_connection(ConnectionInput=given)
    shown = glue.get_connection(Name="pg")["Connection"]
    assert shown["AuthenticationConfiguration"] == {"AuthenticationType": "BASIC", "SecretArn": arn}


def _properties(**changes: Any) -> dict[str, Any]:
    return connection(ConnectionProperties={**PROPERTIES, **changes})


REFUSED: dict[str, tuple[str, Callable[[Any], object]]] = {
    "twice": ("AlreadyExists", lambda c: c.create_connection(ConnectionInput=connection("old"))),
    "not there": ("EntityNotFound.*Available: old", lambda c: c.get_connection(Name="x")),
    "not there to delete": ("EntityNotFound", lambda c: c.delete_connection(ConnectionName="x")),
    "renamed": ("renamed", lambda c: c.update_connection(Name="old", ConnectionInput=connection("new"))),
    "an unknown type": (
        "enum value set",
        lambda c: c.create_connection(ConnectionInput={**connection(), "ConnectionType": "X"}),
    ),
    "an unknown property": ("enum value set", lambda c: c.create_connection(ConnectionInput=_properties(PASWORD="x"))),
    "no url": (
        "needs the property JDBC_CONNECTION_URL",
        lambda c: c.create_connection(ConnectionInput=connection(ConnectionProperties={"PASSWORD": SECRET})),
    ),
    "no bootstrap servers": (
        "type KAFKA needs the property KAFKA_BOOTSTRAP_SERVERS",
        lambda c: c.create_connection(
            ConnectionInput={"Name": "k", "ConnectionType": "KAFKA", "ConnectionProperties": {}}
        ),
    ),
    "a password that is too long": (
        "PASSWORD' failed to satisfy constraint",
        lambda c: c.create_connection(ConnectionInput=_properties(PASSWORD=SECRET * 200)),
    ),
    "a password that is no text": (
        "Invalid type for parameter ConnectionInput.ConnectionProperties.PASSWORD, type: <class 'bytes'>",
        lambda c: c.create_connection(ConnectionInput=_properties(PASSWORD=SECRET.encode())),
    ),
    "properties that are no map": (
        "Invalid type for parameter ConnectionInput.ConnectionProperties, type: <class 'str'>",
        lambda c: c.create_connection(ConnectionInput=connection(ConnectionProperties=SECRET)),
    ),
    "credentials to make a secret of": (
        "BasicAuthenticationCredentials.*give SecretArn instead",
        lambda c: c.create_connection(
            ConnectionInput=connection(
                AuthenticationConfiguration={
                    "AuthenticationType": "BASIC",
                    "BasicAuthenticationCredentials": {"Username": "u", "Password": SECRET},
                }
            )
        ),
    ),
}


@pytest.mark.parametrize(("message", "call"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_refused_shows_no_password(glue: LocalGlueClient, message: str, call: Callable[[Any], object]) -> None:
    glue.create_connection(ConnectionInput=connection("old"))
    with pytest.raises((ClientError, BotoCoreError, GlueEtlError), match=message) as caught:
        call(glue)
    assert SECRET not in str(caught.value) and SECRET not in repr(glue)
