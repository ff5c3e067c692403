"""Which database, as whom: from a script's options, a connection of the Data Catalog and a secret to one target.

Sources: "JDBC connections", "Storing connection credentials in AWS Secrets Manager" and "extract_jdbc_conf" of
"GlueContext class" in the AWS Glue guide.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from glue_etl.engine.io.jdbc_secrets import remember
from glue_etl.engine.io.jdbc_urls import JdbcUrl, parse_url
from glue_etl.engine.io.jdbc_vendors import VENDORS
from glue_etl.errors import OptionError, UnsupportedError

if TYPE_CHECKING:
    from glue_etl.engine.context import EngineContext

__all__ = ["Target", "jdbc_configuration", "target_of"]

_PLACEHOLDER = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True)
class Target:
    """A database and how to log in.

    Attributes:
        url: The URL, without credentials.
        user: The user; empty if the driver shall find one.
        password: The password.
        properties: Further properties of the connection, such as those of SSL.
        driver: A driver class that was asked for; empty for the database's own.
        jar: Path of a JAR with the driver that was asked for; may be `s3://`.
        name: The connection's name in the Data Catalog, for messages.
    """

    url: JdbcUrl
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    properties: dict[str, str] = field(default_factory=dict, repr=False)
    driver: str = ""
    jar: str = ""
    name: str = ""

    @property
    def shown(self) -> str:
        """The database for messages: server and name."""
        return self.url.raw or f"{self.url.server}{self.url.divider}{self.url.database}"

    def login(self) -> dict[str, str]:
        """The properties the driver gets, credentials included."""
        named = {"user": self.user, "password": self.password}
        return {**self.properties, **{key: value for key, value in named.items() if value}}


def target_of(
    ctx: EngineContext, connection_type: str, values: Mapping[str, Any], catalog_id: str | None = None
) -> Target:
    """The target of a source or sink.

    What the options say wins over the connection; a secret over a connection's own user and password.

    Args:
        ctx: The job's surroundings, with the clients of the Data Catalog.
        connection_type: One of `jdbc_vendors.CONNECTION_TYPES`.
        values: Checked options.
        catalog_id: Of the connection.

    Raises:
        OptionError: The URL is missing or unusable, or a secret or connection has no such part.
        UnsupportedError: A connection asks for what this version has not.
    """
    custom = connection_type == "custom.jdbc"
    driver = values["className"] or ""
    if custom and not (driver and values["url"]):
        missing = "className" if values["url"] else "url"
        raise UnsupportedError.of(
            f"A custom.jdbc connector without the option {missing!r}",
            "the connector's JAR is AWS's to fetch: give 'url' and 'className', and the driver by --extra-jars",
        )
    found = _Found()
    if values["connectionName"] and (values["useConnectionProperties"] or not values["url"]):
        found = _of_connection(ctx, connection_type, values["connectionName"], catalog_id)
    if values["secretId"]:
        found = found.with_secret(_secret(ctx, values["secretId"]), values["secretId"])
    text = values["url"] or found.url
    if not text:
        raise OptionError(
            f"The {connection_type} connection has no 'url'.",
            hint="give 'url', 'user' and 'password', or 'connectionName' with 'useConnectionProperties': 'true'",
        )
    # The pieces of a custom connector's URL come from the secret.
    text = _PLACEHOLDER.sub(lambda match: found.secret.get(match[1], match[0]), text)
    url = parse_url(text, "" if connection_type in VENDORS else driver)
    if connection_type in VENDORS and url.vendor.name != connection_type:
        raise OptionError(
            f"The connection type is {connection_type!r}, and the URL {url.text!r} is of {url.vendor.name!r}.",
            hint=f"use connection_type={url.vendor.name!r}" if url.vendor.name in VENDORS else "correct one of the two",
        )
    if values["database"]:
        url = url.with_database(values["database"])
    user, password = values["user"] or found.user or url.user, values["password"] or found.password or url.password
    remember(password, url.password, found.password)
    return Target(
        url=replace(url, user="", password=""),
        user=user,
        password=password,
        properties=found.properties(ctx, url),
        driver=driver or found.given.get("JDBC_DRIVER_CLASS_NAME", ""),
        jar=values["customJdbcDriverS3Path"] or found.jar,
        name=values["connectionName"] or "",
    )


def jdbc_configuration(ctx: EngineContext, connection: str, catalog_id: str | None = None) -> dict[str, str]:
    """What `GlueContext.extract_jdbc_conf` answers.

    Returns:
        `user`, `password`, `vendor`, `url` (protocol, server and port only), `fullUrl` (as the connection has it),
        `enforceSSL`, `customJDBCCert`, `skipCustomJDBCCertValidation`, `customJDBCCertString`.
    """
    found = _of_connection(ctx, "jdbc", connection, catalog_id)
    url = parse_url(found.url)
    given = found.given
    remember(found.password, url.password)
    return {
        "vendor": url.vendor.name,
        "url": url.server,
        "fullUrl": found.url,
        "enforceSSL": given.get("JDBC_ENFORCE_SSL", "false").lower(),
        "customJDBCCert": given.get("CUSTOM_JDBC_CERT", ""),
        "skipCustomJDBCCertValidation": given.get("SKIP_CUSTOM_JDBC_CERT_VALIDATION", "false").lower(),
        "customJDBCCertString": given.get("CUSTOM_JDBC_CERT_STRING", ""),
        "user": found.user or url.user,
        "password": found.password or url.password,
    }


@dataclass(frozen=True)
class _Found:
    """What a connection and its secret say."""

    url: str = ""
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    jar: str = ""
    name: str = ""
    given: dict[str, str] = field(default_factory=dict, repr=False)
    secret: dict[str, str] = field(default_factory=dict, repr=False)

    def with_secret(self, secret: dict[str, str], name: str) -> _Found:
        user = secret.get("username") or secret.get("user") or secret.get("USERNAME") or self.user
        password = secret.get("password") or secret.get("PASSWORD") or self.password
        if not password:
            raise OptionError(
                f"The secret {name!r} has no password.",
                available=sorted(secret),
                hint="AWS Glue looks for the keys 'username' and 'password'",
            )
        return replace(self, user=user, password=password, secret=secret)

    def properties(self, ctx: EngineContext, url: JdbcUrl) -> dict[str, str]:
        """The driver's properties for JDBC_ENFORCE_SSL and the certificate."""
        if self.given.get("JDBC_ENFORCE_SSL", "false").lower() != "true":
            return {}
        if url.vendor.ssl is None:
            raise UnsupportedError.of(
                f"JDBC_ENFORCE_SSL of the {url.vendor.name} connection {self.name!r}",
                "set it to false and let the URL ask for an encrypted connection",
            )
        result = dict(url.vendor.ssl)
        if path := self.given.get("CUSTOM_JDBC_CERT"):
            if not url.vendor.certificate:
                raise UnsupportedError.of(
                    f"CUSTOM_JDBC_CERT of the {url.vendor.name} connection {self.name!r}",
                    "put the certificate into the trust store of Java",
                )
            from glue_etl.engine.io.listing import local_path

            result[url.vendor.certificate] = str(local_path(ctx, path) or path)
        return result


def _of_connection(ctx: EngineContext, connection_type: str, name: str, catalog_id: str | None) -> _Found:
    """A connection of the Data Catalog, its secret resolved."""
    asked = {"Name": name, **({"CatalogId": catalog_id} if catalog_id else {})}
    document = ctx.clients.glue().get_connection(**asked)["Connection"]
    given = {str(key): str(value) for key, value in document.get("ConnectionProperties", {}).items()}
    url = given.get("JDBC_CONNECTION_URL") or _composed(document.get("ConnectionType", ""), given, connection_type)
    if not url:
        raise OptionError(
            f"The connection {name!r} of the type {document.get('ConnectionType')!r} has no JDBC_CONNECTION_URL.",
            available=sorted(given),
            hint="make a connection of the type JDBC",
        )
    found = _Found(
        url=url,
        user=given.get("USERNAME", ""),
        password=given.get("PASSWORD", ""),
        jar=given.get("JDBC_DRIVER_JAR_URI", ""),
        name=name,
        given=given,
    )
    secret = given.get("SECRET_ID") or document.get("AuthenticationConfiguration", {}).get("SecretArn")
    if secret:
        return found.with_secret(_secret(ctx, secret), secret)
    if given.get("ENCRYPTED_PASSWORD") and not found.password:
        raise UnsupportedError.of(
            f"The encrypted password of the connection {name!r}", "keep it in a secret and name it by SECRET_ID"
        )
    return found


def _composed(kind: str, given: Mapping[str, str], connection_type: str) -> str:
    """The URL of a connection that has its parts instead."""
    vendor = VENDORS.get((given.get("JDBC_ENGINE") or kind).lower()) or VENDORS.get(connection_type)
    host = given.get("HOST")
    if vendor is None or not host:
        return ""
    address = f"{host}:{given['PORT']}" if given.get("PORT") else host
    database = given.get("DATABASE", "")
    if vendor.name == "sqlserver":
        return f"jdbc:sqlserver://{address}" + (f";databaseName={database}" if database else "")
    if vendor.name == "oracle":
        return f"jdbc:oracle:thin://@{address}/{database}"
    return f"jdbc:{vendor.name}://{address}/{database}"


def _secret(ctx: EngineContext, secret_id: str) -> dict[str, str]:
    """The keys of a secret; its text is never part of a message."""
    answer = ctx.clients.secretsmanager().get_secret_value(SecretId=secret_id)
    try:
        value = json.loads(answer.get("SecretString", ""))
    except json.JSONDecodeError:
        value = None
    if not isinstance(value, dict):
        raise OptionError(
            f"The secret {secret_id!r} is no JSON object.",
            hint="AWS Glue reads the keys 'username' and 'password' of one",
        )
    secret = {str(key): each if isinstance(each, str) else json.dumps(each) for key, each in value.items()}
    remember(*(each for key, each in secret.items() if re.search("(?i)pass|pwd|token|secret", key)))
    return secret
