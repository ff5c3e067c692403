"""From options, connections and secrets to one database; no text of it has a password."""

from __future__ import annotations

import json
import logging
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from glue_etl.engine.context import EngineContext
from glue_etl.engine.io.jdbc_jars import drivers_on_disk, find_jars, holds_class
from glue_etl.engine.io.jdbc_request import jdbc_read
from glue_etl.engine.io.jdbc_secrets import hidden, remember
from glue_etl.engine.io.jdbc_target import Target, jdbc_configuration, target_of
from glue_etl.engine.io.jdbc_vendors import VENDORS
from glue_etl.engine.io.lake import Lake
from glue_etl.errors import GlueEtlError, OptionError, UnsupportedError

SECRET = "correct horse battery"
URL = "jdbc:postgresql://h:5432/shop"


def _jdbc(**properties: str) -> dict[str, Any]:
    return {"ConnectionType": "JDBC", "ConnectionProperties": {"JDBC_CONNECTION_URL": URL, **properties}}


CONNECTIONS: dict[str, dict[str, Any]] = {
    "plain": _jdbc(USERNAME="ann", PASSWORD=SECRET),
    "secret": _jdbc(SECRET_ID="db/login"),
    "ssl": _jdbc(USERNAME="ann", PASSWORD=SECRET, JDBC_ENFORCE_SSL="True", CUSTOM_JDBC_CERT="s3://certs/root.pem"),
    "encrypted": _jdbc(USERNAME="ann", ENCRYPTED_PASSWORD="xyz"),
    "driver": _jdbc(
        USERNAME="ann", PASSWORD=SECRET, JDBC_DRIVER_JAR_URI="s3://jars/pg.jar", JDBC_DRIVER_CLASS_NAME="c.D"
    ),
    "parts": {
        "ConnectionType": "POSTGRESQL",
        "ConnectionProperties": {"HOST": "h", "PORT": "5432", "DATABASE": "shop"},
        "AuthenticationConfiguration": {"AuthenticationType": "BASIC", "SecretArn": "db/login"},
    },
    "oracle-ssl": {
        "ConnectionType": "JDBC",
        "ConnectionProperties": {"JDBC_CONNECTION_URL": "jdbc:oracle:thin://@h:1521/x", "JDBC_ENFORCE_SSL": "true"},
    },
    "network": {"ConnectionType": "NETWORK", "ConnectionProperties": {}},
    "login in the url": {
        "ConnectionType": "JDBC",
        "ConnectionProperties": {"JDBC_CONNECTION_URL": f"{URL}?user=ann&password={SECRET.replace(' ', '%20')}"},
    },
}
SECRETS = {
    "db/login": json.dumps({"username": "ann", "password": SECRET, "port": 5432, "host": "h"}),
    "db/no-password": json.dumps({"username": "ann"}),
    "db/text": SECRET,
}


class _Clients:
    """The Data Catalog and Secrets Manager as far as connections go."""

    def glue(self) -> Any:
        return SimpleNamespace(get_connection=lambda Name, **_: {"Connection": {"Name": Name, **CONNECTIONS[Name]}})

    def secretsmanager(self) -> Any:
        return SimpleNamespace(get_secret_value=lambda SecretId: {"SecretString": SECRETS[SecretId]})


@pytest.fixture
def ctx(tmp_path: Path) -> EngineContext:
    (tmp_path / "certs").mkdir()
    return cast(EngineContext, SimpleNamespace(clients=_Clients(), lake=Lake(tmp_path)))


def _target(ctx: EngineContext, connection_type: str, **options: Any) -> Target:
    return target_of(ctx, connection_type, jdbc_read(connection_type, {"dbtable": "t", **options}).values)


def _named(name: str) -> dict[str, str]:
    return {"connectionName": name, "useConnectionProperties": "true"}


TARGETS: dict[str, tuple[str, dict[str, Any]]] = {
    "options": ("postgresql", {"url": URL, "user": "ann", "password": SECRET}),
    "a secret": ("postgresql", {"url": URL, "secretId": "db/login"}),
    "a connection": ("postgresql", _named("plain")),
    "a connection, by its name alone": ("postgresql", {"connectionName": "plain"}),
    "a connection with a secret": ("postgresql", _named("secret")),
    "a connection of the second schema": ("postgresql", _named("parts")),
    "a connection with all in its url": ("postgresql", _named("login in the url")),
    "a connection of another user": ("postgresql", {**_named("plain"), "user": "ann"}),
    "the type jdbc": ("jdbc", _named("plain")),
    "all in the url": ("postgresql", {"url": f"{URL}?user=ann&password={SECRET.replace(' ', '%20')}"}),
    "a custom connector": (
        "custom.jdbc",
        {
            "className": "org.postgresql.Driver",
            "url": "jdbc:postgresql://${host}:${port}/shop?user=${username}&password=${password}",
            "secretId": "db/login",
            "connectionName": "plain",
        },
    ),
}


@pytest.mark.parametrize(("connection_type", "options"), TARGETS.values(), ids=TARGETS.keys())
def test_a_target(ctx: EngineContext, connection_type: str, options: dict[str, Any]) -> None:
    target = _target(ctx, connection_type, **options)
    assert (target.url.text, target.user, target.password) == (URL, "ann", SECRET)
    assert target.login() == {"user": "ann", "password": SECRET}
    assert SECRET not in f"{target!r} {target.shown}"


def test_another_database(ctx: EngineContext) -> None:
    assert _target(ctx, "postgresql", **_named("plain"), database="other").url.database == "other"


def test_an_encrypted_connection_is_checked(ctx: EngineContext) -> None:
    properties = _target(ctx, "postgresql", **_named("ssl")).properties
    assert properties == {
        "ssl": "true",
        "sslmode": "verify-full",
        "sslrootcert": str(ctx.lake.root / "certs" / "root.pem"),
    }


def test_the_drivers_jar_of_a_connection(ctx: EngineContext) -> None:
    target = _target(ctx, "postgresql", **_named("driver"))
    assert (target.jar, target.driver) == ("s3://jars/pg.jar", "c.D")
    own = {"customJdbcDriverS3Path": "s3://jars/own.jar", "customJdbcDriverClassName": "a.B"}
    target = _target(ctx, "postgresql", **_named("driver"), **own)
    assert (target.jar, target.driver) == ("s3://jars/own.jar", "a.B")


BAD: dict[str, tuple[str, dict[str, Any], type[GlueEtlError], str]] = {
    "no url": ("mysql", {}, OptionError, "no 'url'"),
    "another database's url": ("mysql", {"url": URL}, OptionError, "'mysql'.*'postgresql'"),
    "another database's connection": ("mysql", _named("plain"), OptionError, "'mysql'.*'postgresql'"),
    "a secret without a password": (
        "postgresql",
        {"url": URL, "secretId": "db/no-password"},
        OptionError,
        "'db/no-password' has no password",
    ),
    "a secret that is a text": ("postgresql", {"url": URL, "secretId": "db/text"}, OptionError, "no JSON object"),
    "a connection that is none": ("postgresql", _named("network"), OptionError, "no JDBC_CONNECTION_URL"),
    "a password AWS encrypted": ("postgresql", _named("encrypted"), UnsupportedError, "encrypted password"),
    "ssl that is not known": ("oracle", _named("oracle-ssl"), UnsupportedError, "JDBC_ENFORCE_SSL of the oracle"),
    "a connector without a class": ("custom.jdbc", {"url": URL}, UnsupportedError, "'className'"),
    "a connector without a url": ("custom.jdbc", {"className": "a.B"}, UnsupportedError, "'url'"),
}


@pytest.mark.parametrize(("connection_type", "options", "error", "said"), BAD.values(), ids=BAD.keys())
def test_a_bad_target_is_told(
    ctx: EngineContext, connection_type: str, options: dict[str, Any], error: type[GlueEtlError], said: str
) -> None:
    with pytest.raises(error, match=said) as raised:
        _target(ctx, connection_type, **options)
    assert SECRET not in str(raised.value)
    assert "Hint:" in str(raised.value)


def test_what_extract_jdbc_conf_answers(ctx: EngineContext) -> None:
    """By the keys that "GlueContext class" documents: `url` has neither database nor parameters."""
    assert jdbc_configuration(ctx, "ssl") == {
        "user": "ann",
        "password": SECRET,
        "vendor": "postgresql",
        "url": "jdbc:postgresql://h:5432",
        "fullUrl": URL,
        "enforceSSL": "true",
        "customJDBCCert": "s3://certs/root.pem",
        "skipCustomJDBCCertValidation": "false",
        "customJDBCCertString": "",
    }


# --- what must not be read


def test_a_known_password_is_hidden_as_a_word() -> None:
    remember("postgres", "a+b(c", "back\\slash")
    assert hidden("user postgres of postgresql: a+b(c, back\\slash") == "user **** of postgresql: ****, ****"


def test_py4js_log_has_no_password(caplog: pytest.LogCaptureFixture) -> None:
    """It writes each call at DEBUG, which a script's `logging.basicConfig` may switch on."""
    remember("s3cr3t-word")
    with caplog.at_level(logging.DEBUG):
        for name in ("py4j.clientserver", "py4j.java_gateway"):
            logging.getLogger(name).debug("Command to send: %s", "c\no1\nsetProperty\nspassword\nss3cr3t-word\ne\n")
    assert "s3cr3t-word" not in caplog.text
    assert "setProperty" in caplog.text


# --- drivers


def _jar(path: Path, *classes: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name in classes:
            archive.writestr(f"{name.replace('.', '/')}.class", b"")
    return path


@pytest.fixture
def no_debian(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("glue_etl.engine.io.jdbc_jars.DEBIAN", tmp_path / "nothing")


@pytest.mark.usefixtures("no_debian")
def test_a_folder_of_drivers(tmp_path: Path) -> None:
    old = _jar(tmp_path / "postgresql-42.5.5.jar", "org.postgresql.Driver")
    new = _jar(tmp_path / "postgresql-42.7.3.jar", "org.postgresql.Driver")
    other = _jar(tmp_path / "mssql-jdbc-10.2.0.jar", "com.microsoft.sqlserver.jdbc.SQLServerDriver")
    _jar(tmp_path / "ojdbc8.jar", "something.else.Entirely")
    (tmp_path / "mysql-connector-j-9.jar").write_text("no JAR at all")
    assert list(find_jars(VENDORS["postgresql"], tmp_path)) == [new, old]
    assert drivers_on_disk(tmp_path) == [new, other]
    assert drivers_on_disk(tmp_path, [old]) == [other], "what a user brings stands alone"
    assert drivers_on_disk(None) == []


@pytest.mark.usefixtures("no_debian")
def test_links_to_one_jar_are_one(tmp_path: Path) -> None:
    jar = _jar(tmp_path / "postgresql.jar", "org.postgresql.Driver")
    (tmp_path / "postgresql-42.5.5.jar").symlink_to(jar)
    assert len(list(find_jars(VENDORS["postgresql"], tmp_path))) == 1


def test_a_jar_holds_a_class(tmp_path: Path) -> None:
    jar = _jar(tmp_path / "a.jar", "a.b.C")
    assert holds_class(jar, "a.b.C")
    assert not holds_class(jar, "a.b.D")
    assert not holds_class(tmp_path / "none.jar", "a.b.C")


@pytest.mark.parametrize("vendor", VENDORS.values(), ids=VENDORS.keys())
def test_every_database_has_all_that_is_needed(vendor: Any) -> None:
    assert vendor.form.startswith(vendor.prefix)
    assert vendor.drivers
    assert vendor.jars
    assert vendor.package
    assert vendor.bucket or vendor.name == "redshift", "AWS ignores hashfield for Redshift alone"
