"""`glue-etl connection`: the password goes into the store, and into no text."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

from glue_etl.cli.main import main
from glue_etl.engine.catalog.clients import Clients
from glue_etl.engine.catalog.connecting import NewConnection, masked_url
from glue_etl.settings import load

SECRET = "s3cr3t-pa55"
URL = "jdbc:postgresql://h:5432/db"
CREATE = ["connection", "create", "pg", "--url", URL]


@pytest.fixture
def clients(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name in ("AWS_ENDPOINT_URL", "GLUE_ETL_CATALOG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GLUE_ETL_STATE", str(tmp_path / "glue"))
    monkeypatch.setenv("PG_PASSWORD", SECRET)
    return Clients(load(state_dir=tmp_path / "glue"))


def _printed(capsys: pytest.CaptureFixture[str]) -> str:
    shown = capsys.readouterr()
    assert SECRET not in shown.out + shown.err
    return shown.out + shown.err


def test_a_password_of_the_environment_is_kept_and_not_shown(clients: Any, capsys: pytest.CaptureFixture[str]) -> None:
    more = ["--user", "u", "--password-env", "PG_PASSWORD", "--property", "JDBC_ENFORCE_SSL=true", "--description", "d"]
    assert main([*CREATE, *more]) == 0
    assert _printed(capsys) == "Made the connection pg; password kept in the catalog\n"
    kept = clients.glue().get_connection(Name="pg")["Connection"]["ConnectionProperties"]
    assert kept == {"JDBC_CONNECTION_URL": URL, "USERNAME": "u", "PASSWORD": SECRET, "JDBC_ENFORCE_SSL": "true"}
    for words in (["list"], ["show", "pg"], ["list", "--json"], ["show", "pg", "--json"]):
        assert main(["connection", *words]) == 0
        assert URL in _printed(capsys)
    assert main(["connection", "drop", "pg"]) == 0
    assert clients.glue().get_connections()["ConnectionList"] == []


def test_a_password_of_the_input_may_go_into_a_secret(
    clients: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for password in ("first", SECRET):
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
        assert main([*CREATE, "--user", "u", "--password-stdin", "--secret-id", "prod/pg"]) == 0
        assert "put into the secret prod/pg" in _printed(capsys)
        assert main(["connection", "drop", "pg"]) == 0
    kept = json.loads(clients.secretsmanager().get_secret_value(SecretId="prod/pg")["SecretString"])
    assert kept == {"username": "u", "password": SECRET}
    assert main([*CREATE, "--secret-id", "prod/pg"]) == 0
    properties = clients.glue().get_connection(Name="pg")["Connection"]["ConnectionProperties"]
    assert properties == {"JDBC_CONNECTION_URL": URL, "SECRET_ID": "prod/pg"}
    assert "in the secret prod/pg" in _printed(capsys)


REFUSED = {
    "no password": (CREATE, "No password is given. Available: --password-env"),
    "no user": ([*CREATE, "--password-env", "PG_PASSWORD"], "A password is given and no user"),
    "a user and a secret": ([*CREATE, "--user", "u", "--secret-id", "x"], "A user is given and no password"),
    "an unset variable": ([*CREATE, "--user", "u", "--password-env", "NOT_SET"], "'NOT_SET' is not set"),
    "no such secret": ([*CREATE, "--secret-id", "nosuch"], "no secret 'nosuch'"),
    "no url": (
        ["connection", "create", "x", "--url", "postgres://h", "--user", "u", "--password-env", "PG_PASSWORD"],
        "'postgres://h' is no JDBC URL",
    ),
    "a password in the url": (
        ["connection", "create", "x", "--url", f"{URL}?user=u&password={SECRET}", "--secret-id", "x"],
        r"password=\*\*\*' has a password in it",
    ),
    "a password as a property": ([*CREATE, "--secret-id", "x", "--property", f"PASSWORD={SECRET}"], "is a password"),
    "a property that is none": ([*CREATE, "--secret-id", "x", "--property", SECRET], "number 1 is no pair"),
    "an unknown property": (
        [*CREATE, "--user", "u", "--password-env", "PG_PASSWORD", "--property", "SSL=true"],
        "cannot be entered: .*enum value set",
    ),
    "there already": (
        ["connection", "create", "old", "--url", URL, "--user", "u", "--password-env", "PG_PASSWORD"],
        "'old' exists already",
    ),
    "not there": (["connection", "show", "x"], "no connection 'x'. Available: old"),
    "not there to drop": (["connection", "drop", "x"], "no connection 'x'. Available: old"),
}


@pytest.mark.parametrize(("words", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_refused_shows_no_password(
    clients: Any, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    properties = {"JDBC_CONNECTION_URL": URL, "PASSWORD": SECRET}
    clients.glue().create_connection(
        ConnectionInput={"Name": "old", "ConnectionType": "JDBC", "ConnectionProperties": properties}
    )
    assert main(words) == 1
    assert re.search(message, _printed(capsys))
    assert [each["Name"] for each in clients.glue().get_connections()["ConnectionList"]] == ["old"]


MASKED = {
    "query": (
        "jdbc:postgresql://h/db?user=u&password=x&ssl=true",
        "jdbc:postgresql://h/db?user=u&password=***&ssl=true",
    ),
    "semicolons": (
        "jdbc:sqlserver://h:1433;Password=x;databaseName=d",
        "jdbc:sqlserver://h:1433;Password=***;databaseName=d",
    ),
    "in front of the host": ("jdbc:mysql://u:x@h:3306/db", "jdbc:mysql://u:***@h:3306/db"),
    "oracle": ("jdbc:oracle:thin:u/x@//h:1521/s", "jdbc:oracle:thin:u/***@//h:1521/s"),
    "none": (URL, URL),
    "oracle without": ("jdbc:oracle:thin:@//h:1521/s", "jdbc:oracle:thin:@//h:1521/s"),
}


@pytest.mark.parametrize(("url", "shown"), MASKED.values(), ids=MASKED.keys())
def test_urls_are_shown_without_passwords(url: str, shown: str) -> None:
    assert masked_url(url) == shown


def test_no_repr_has_a_password() -> None:
    assert SECRET not in repr(NewConnection("pg", URL, "u", SECRET, properties={"X": SECRET}))
