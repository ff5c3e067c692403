"""Secrets Manager as far as a script's connection needs it."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError

from glue_etl.engine.catalog.client import LocalSecretsManagerClient

VALUE = '{"username": "u", "password": "s3cr3t-pa55"}'


def test_a_secret_is_found_by_its_name_and_its_arn(secrets: LocalSecretsManagerClient, tmp_path: Path) -> None:
    made = secrets.create_secret(Name="prod/pg", SecretString=VALUE, Description="d")
    assert made["ARN"].startswith("arn:aws:secretsmanager:") and len(made["ARN"].rpartition("-")[2]) == 6
    for name in ("prod/pg", made["ARN"], made["ARN"][:-7]):
        found = secrets.get_secret_value(SecretId=name)
        assert (found["SecretString"], found["VersionId"]) == (VALUE, made["VersionId"])
        assert (found["VersionStages"], found["Name"]) == (["AWSCURRENT"], "prod/pg") and found["CreatedDate"].tzinfo
    assert stat.S_IMODE((tmp_path / "state" / "secrets.sqlite").stat().st_mode) == 0o600


def test_a_new_value_leaves_the_one_before_as_previous(secrets: LocalSecretsManagerClient) -> None:
    first = secrets.create_secret(Name="a", SecretString="1")["VersionId"]
    second = secrets.put_secret_value(SecretId="a", SecretString="2")["VersionId"]
    assert secrets.get_secret_value(SecretId="a")["SecretString"] == "2"
    assert secrets.get_secret_value(SecretId="a", VersionStage="AWSPREVIOUS")["SecretString"] == "1"
    assert secrets.get_secret_value(SecretId="a", VersionId=first)["SecretString"] == "1"
    secrets.update_secret(SecretId="a", SecretBinary=b"\x00\x01", Description="d")
    assert secrets.get_secret_value(SecretId="a")["SecretBinary"] == b"\x00\x01"
    shown = secrets.describe_secret(SecretId="a")
    assert shown["Description"] == "d" and shown["VersionIdsToStages"][second] == ["AWSPREVIOUS"]
    assert len(shown["VersionIdsToStages"]) == 2
    assert "1" not in str(shown.get("SecretString", ""))


def test_the_same_token_makes_one_version(secrets: LocalSecretsManagerClient) -> None:
    token = "t" * 32
    for _ in range(2):
        made = secrets.create_secret(Name="a") if _ == 0 else None
        put = secrets.put_secret_value(SecretId="a", SecretString="1", ClientRequestToken=token)
        assert put["VersionId"] == token and (made is None or "VersionId" not in made)
    with pytest.raises(secrets.exceptions.ResourceExistsException):
        secrets.put_secret_value(SecretId="a", SecretString="2", ClientRequestToken=token)


def test_a_deleted_secret_can_be_restored(secrets: LocalSecretsManagerClient) -> None:
    secrets.create_secret(Name="a", SecretString="1")
    secrets.create_secret(Name="b", SecretString="1")
    assert secrets.delete_secret(SecretId="a", RecoveryWindowInDays=7)["DeletionDate"].tzinfo
    for call in (secrets.get_secret_value, secrets.put_secret_value):
        with pytest.raises(secrets.exceptions.InvalidRequestException, match="marked for deletion"):
            call(SecretId="a")
    with pytest.raises(secrets.exceptions.InvalidRequestException, match="scheduled for deletion"):
        secrets.create_secret(Name="a", SecretString="2")
    assert [each["Name"] for each in secrets.list_secrets()["SecretList"]] == ["b"]
    secrets.restore_secret(SecretId="a")
    assert secrets.get_secret_value(SecretId="a")["SecretString"] == "1"
    assert [each["Name"] for each in secrets.list_secrets()["SecretList"]] == ["a", "b"]
    secrets.delete_secret(SecretId="a", ForceDeleteWithoutRecovery=True)
    secrets.create_secret(Name="a", SecretString="2")


REFUSED: dict[str, tuple[str, Callable[[Any], object]]] = {
    "not there": ("ResourceNotFoundException", lambda c: c.get_secret_value(SecretId="x")),
    "no value yet": ("ResourceNotFoundException", lambda c: c.get_secret_value(SecretId="bare")),
    "twice": ("ResourceExistsException", lambda c: c.create_secret(Name="bare")),
    "both values": (
        "InvalidParameterException",
        lambda c: c.put_secret_value(SecretId="bare", SecretString="s3cr3t", SecretBinary=b"2"),
    ),
    "no value": ("InvalidParameterException", lambda c: c.put_secret_value(SecretId="bare")),
    "a name with blanks": ("ValidationException", lambda c: c.create_secret(Name="a b", SecretString="s3cr3t")),
    "a value that is too long": (
        "ValidationException",
        lambda c: c.create_secret(Name="c", SecretString="s3cr3t" * 20000),
    ),
    "a window that is too short": (
        "InvalidParameterException",
        lambda c: c.delete_secret(SecretId="bare", RecoveryWindowInDays=1),
    ),
    "a window and force": (
        "InvalidParameterException",
        lambda c: c.delete_secret(SecretId="bare", RecoveryWindowInDays=7, ForceDeleteWithoutRecovery=True),
    ),
}


@pytest.mark.parametrize(("code", "call"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_refused(secrets: LocalSecretsManagerClient, code: str, call: Callable[[Any], object]) -> None:
    secrets.create_secret(Name="bare")
    with pytest.raises(ClientError) as caught:
        call(secrets)
    assert caught.value.response["Error"]["Code"] == code
    assert "s3cr3t" not in str(caught.value)


def test_a_value_of_a_wrong_type_is_not_shown(secrets: LocalSecretsManagerClient) -> None:
    with pytest.raises(ParamValidationError) as caught:
        secrets.create_secret(Name="a", SecretString=["s3cr3t"])
    assert "s3cr3t" not in str(caught.value)
