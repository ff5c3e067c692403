"""JDBC URLs as AWS Glue documents them, taken apart and given to the drivers without credentials.

A URL reaches plans, logs and messages; user and password do not, so they are taken out of it.
Source: "AWS Glue connection properties", JDBC URL,
https://docs.aws.amazon.com/glue/latest/dg/connection-properties.html
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from urllib.parse import unquote

from glue_etl.engine.io.jdbc_vendors import VENDORS, Vendor, generic
from glue_etl.errors import OptionError

__all__ = ["JdbcUrl", "masked", "parse_url"]

_MASK = "****"
_USER_KEYS = frozenset({"user", "username", "uid"})
_PASSWORD_KEYS = frozenset({"password", "pwd"})
_JSON_SECRET = re.compile(r'(?i)("\w*(?:password|pwd|secret|token)\w*"\s*:\s*)"(?:[^"\\]|\\.)*"')
_SECRET = re.compile(r"(?i)((?:password|pwd|secret|token)\w*=)[^&;\s)]+")
_ORACLE_LOGIN = re.compile(r"(?i)(jdbc:oracle:\w+:)([^@/\s]*)/([^@\s]*)@")
_AUTHORITY_LOGIN = re.compile(r"//([^/@\s]*):([^/@\s]*)@")
# jdbc:vendor://authority/database?key=value&...
_COMMON = re.compile(r"(?P<server>jdbc:\w+://(?P<authority>[^/?;]+))(?:/(?P<database>[^?;]*))?(?P<tail>[?;].*)?", re.S)
_SQL_SERVER = re.compile(r"(?P<server>jdbc:sqlserver://[^;]+)(?P<tail>(?:;.*)?)", re.S)
_ORACLE = re.compile(
    r"jdbc:oracle:(?P<kind>thin|oci):(?P<login>[^@(]*)@(?P<slashes>(?://)?)"
    r"(?P<server>\[[^\]]+\](?::\d+)?|[^:/?\s(]+(?::\d+)?)(?P<divider>[:/])(?P<database>[^?]+)(?P<tail>(?:\?.*)?)",
    re.S,
)


@dataclass(frozen=True)
class JdbcUrl:
    """A JDBC URL.

    Attributes:
        vendor: The database product.
        server: Protocol, server and port only, as `extract_jdbc_conf` gives under `url`.
        database: The database's, service's or SID's name; may be empty.
        tail: Parameters, with what divides them from the rest and without credentials.
        divider: What stands between server and database.
        user: The user in the URL; empty if there is none.
        password: The password in the URL; empty if there is none.
        raw: The URL for the driver where its parts are not known.
    """

    vendor: Vendor
    server: str
    database: str = ""
    tail: str = ""
    divider: str = "/"
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    raw: str = ""

    @property
    def text(self) -> str:
        """The URL for the driver, without credentials."""
        if self.raw:
            return self.raw
        if self.vendor.name == "sqlserver":
            name = f";databaseName={self.database}" if self.database else ""
            return f"{self.server}{name}{self.tail}"
        if self.vendor.name == "oracle":
            # A service is written with slashes, a SID without; AWS writes both behind `thin://@`.
            kind, _, address = self.server.partition("//@")
            return f"{kind}@{'//' if self.divider == '/' else ''}{address}{self.divider}{self.database}{self.tail}"
        return f"{self.server}/{self.database}{self.tail}"

    def with_database(self, name: str) -> JdbcUrl:
        """The URL of another database on the same server.

        Raises:
            OptionError: The parts of this URL are not known.
        """
        if self.raw:
            raise OptionError(
                f"The option 'database' is {name!r}, and in the URL {masked(self.raw)!r} its place is not known.",
                hint="write the database into the URL",
            )
        return replace(self, database=name)


def masked(text: str) -> str:
    """A text in which nothing that looks like a credential is left."""
    text = _JSON_SECRET.sub(rf'\1"{_MASK}"', _ORACLE_LOGIN.sub(rf"\1{_MASK}@", text))
    return _SECRET.sub(rf"\1{_MASK}", _AUTHORITY_LOGIN.sub(f"//{_MASK}@", text))


def parse_url(text: str, driver: str = "") -> JdbcUrl:
    """Take a JDBC URL apart.

    Args:
        text: The URL as it is written in a script or a connection.
        driver: A driver class, with which any database's URL is taken.

    Raises:
        OptionError: It is no JDBC URL of a known form.
    """
    url = text.strip()
    match = re.match(r"jdbc:(\w+):", url)
    if match is None:
        raise OptionError(
            f"The JDBC URL {masked(text)!r} is unusable.", available=_forms(), hint="write one like these"
        )
    name = match[1].lower()
    vendor = generic(name, driver) if driver else VENDORS.get(name)
    if vendor is None:
        raise OptionError(
            f"The JDBC URL {masked(text)!r} is of the database {name!r}.",
            available=sorted(VENDORS),
            hint="for another database pass connection_type='custom.jdbc' with className and its driver's JAR",
        )
    if name in VENDORS:
        found = _OTHER_FORMS.get(name, _common)(url, vendor)
        if found is not None:
            return found
    if not driver:
        raise OptionError(
            f"The JDBC URL {masked(text)!r} is not of the form {vendor.form}.", hint="correct it or the connection"
        )
    return _opaque(url, vendor)


def _forms() -> list[str]:
    return [vendor.form for vendor in VENDORS.values()]


def _common(url: str, vendor: Vendor) -> JdbcUrl | None:
    match = _COMMON.fullmatch(url)
    if match is None:
        return None
    server, login = match["server"], ""
    if "@" in match["authority"]:
        login, _, hosts = match["authority"].rpartition("@")
        server = server.replace(match["authority"], hosts)
    tail, user, password = _without_login(match["tail"] or "")
    if login:
        first, _, second = login.partition(":")
        user, password = unquote(first), unquote(second)
    return JdbcUrl(vendor, server, match["database"] or "", tail, "/", user, password)


def _sql_server(url: str, vendor: Vendor) -> JdbcUrl | None:
    match = _SQL_SERVER.fullmatch(url)
    if match is None:
        return None
    tail, user, password = _without_login(match["tail"], decode=False)
    database, kept = "", []
    for part in tail.split(";")[1:]:
        key, _, value = part.partition("=")
        if key.strip().lower() in ("database", "databasename"):
            database = value
        elif part:
            kept.append(part)
    return JdbcUrl(vendor, match["server"], database, "".join(f";{part}" for part in kept), ";", user, password)


def _oracle(url: str, vendor: Vendor) -> JdbcUrl | None:
    if "@(" in url or "@ldap" in url:
        head, _, rest = url.partition("@")
        user, _, password = head.split(":", 3)[3].partition("/") if head.count(":") > 2 else ("", "", "")
        plain = ":".join(head.split(":", 3)[:3]) + ":@" + rest
        return JdbcUrl(vendor, plain, user=user, password=password, raw=plain)
    match = _ORACLE.fullmatch(url)
    if match is None:
        return None
    user, _, password = match["login"].strip("/").partition("/")
    server = f"jdbc:oracle:{match['kind']}://@{match['server']}"
    # AWS's form `thin://@host:1521:sid` has slashes in front of the at sign for a service and for a SID alike.
    return JdbcUrl(vendor, server, match["database"], match["tail"], match["divider"], user, password)


def _opaque(url: str, vendor: Vendor) -> JdbcUrl:
    """A URL of which only the credentials are known."""
    found = {"user": "", "password": ""}

    def take(match: re.Match[str]) -> str:
        kind = "user" if match[2].lower() in _USER_KEYS else "password"
        found[kind] = unquote(match[3])
        return match[1] if match[1] == "?" else ""

    keys = "|".join(sorted(_USER_KEYS | _PASSWORD_KEYS))
    plain = re.sub(rf"(?i)([?;&])({keys})=([^?;&]*)", take, url).replace("?&", "?").rstrip("?")
    return JdbcUrl(vendor, plain, user=found["user"], password=found["password"], raw=plain)


def _without_login(tail: str, *, decode: bool = True) -> tuple[str, str, str]:
    """Parameters without user and password, and these two."""
    if not tail:
        return "", "", ""
    first, divider = tail[0], "&" if tail[0] == "?" else ";"
    kept, user, password = [], "", ""
    # In SQL Server's URLs a value in braces may hold a semicolon.
    for part in re.split(r"[&;]" if decode else r";(?![^{;]*\})", tail[1:]):
        key, _, value = part.partition("=")
        word = key.strip().lower()
        value = unquote(value) if decode else value.strip("{}")
        if word in _USER_KEYS:
            user = value
        elif word in _PASSWORD_KEYS:
            password = value
        elif part:
            kept.append(part)
    return (first + divider.join(kept) if kept else ""), user, password


_OTHER_FORMS: dict[str, Callable[[str, Vendor], JdbcUrl | None]] = {"sqlserver": _sql_server, "oracle": _oracle}
