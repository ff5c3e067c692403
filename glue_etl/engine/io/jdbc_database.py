"""The few questions that are put to a database before Spark reads or writes, by the driver in Spark's own JVM.

Errors are the database's first message, without Java's stack and without credentials.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from py4j.protocol import Py4JJavaError

from glue_etl.engine.io.jdbc_secrets import hidden
from glue_etl.engine.io.jdbc_types import DbColumn
from glue_etl.engine.java_causes import causes_of, describe_causes
from glue_etl.errors import DatabaseError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from glue_etl.engine.io.jdbc_target import Target

__all__ = ["Database", "connected", "database_error", "telling"]

# Classes of SQLSTATE, and what to do about them.
_HINTS = {
    "08": "is the server running, and are host and port right?",
    "28": "check user and password in the options, the connection or the secret",
    "3D": "check the database's name in the URL",
    "42": "check table, columns and query; names with capitals need quotes",
}
_MISMATCH = (
    "cast the field to the column's type with apply_mapping; for uuid, json and the like put ?stringtype=unspecified "
    "behind the URL"
)
# PostgreSQL and Redshift, MySQL, SQL Server, Oracle; the last is a schema that is not there.
_NO_TABLE = frozenset({"42P01", "42S02", "S0002", "42000", "3F000"})
# MySQL's, SQL Server's and Oracle's own words for what PostgreSQL has a class for.
_WORDS = (
    (re.compile(r"(?i)access denied|login failed|ORA-01017|password authentication|no password"), "28"),
    (re.compile(r"(?i)connection refused|communications link failure|ORA-12541|tcp/ip connection .* failed"), "08"),
    (re.compile(r"(?i)unknown database|ORA-12514|cannot open database"), "3D"),
)


class Database:
    """An open connection.

    Args:
        connection: The `java.sql.Connection`.
        target: What it is connected to.
    """

    def __init__(self, connection: Any, target: Target) -> None:
        self._connection = connection
        self._target = target

    def columns(self, relation: str) -> list[DbColumn]:
        """The columns of a table, or of a query in brackets with a name."""
        with telling(self._target, f"reading {relation}"), self._statement() as statement:
            facts = statement.executeQuery(f"SELECT * FROM {relation} WHERE 1 = 0").getMetaData()
            return [
                DbColumn(
                    facts.getColumnLabel(at),
                    facts.getColumnType(at),
                    facts.getColumnTypeName(at),
                    facts.isNullable(at) != 0,
                )
                for at in range(1, facts.getColumnCount() + 1)
            ]

    def check(self, relation: str, condition: str) -> None:
        """Let the database look at a condition, without reading a row."""
        if condition:
            with telling(self._target, f"reading {relation}"), self._statement() as statement:
                statement.executeQuery(f"SELECT 1 FROM {relation} WHERE 1 = 0 AND ({condition})")

    def exists(self, table: str) -> bool:
        """Whether a table can be read."""
        try:
            with self._statement() as statement:
                statement.executeQuery(f"SELECT * FROM {table} WHERE 1 = 0")
        except Py4JJavaError as error:
            if _state(error) in _NO_TABLE:
                return False
            raise database_error(error, self._target, f"looking for {table}") from None
        return True

    def primary_key(self, parts: Sequence[str]) -> list[str]:
        """The columns of a table's primary key, in order; none if it has none.

        Args:
            parts: Schema and table, without quotes; or the table alone.
        """
        table, schema = parts[-1], parts[-2] if len(parts) > 1 else None
        with telling(self._target, f"looking for the primary key of {'.'.join(parts)}"):
            facts = self._connection.getMetaData()
            # As the database stores names that are written without quotes.
            fold = _fold(facts)
            for name in dict.fromkeys((table, fold(table))):
                places = [(None, schema), (schema, None)] if schema else [(None, None)]
                for catalog, owner in places:
                    found = self._keys(facts, catalog, fold(owner) if owner else None, name)
                    if found:
                        return found
        return []

    def _keys(self, facts: Any, catalog: str | None, schema: str | None, table: str) -> list[str]:
        rows = facts.getPrimaryKeys(catalog, schema, table)
        found = []
        while rows.next():
            found.append((rows.getInt("KEY_SEQ"), rows.getString("COLUMN_NAME")))
        rows.close()
        return [name for _, name in sorted(found)]

    def row(self, query: str, count: int) -> list[str | None] | None:
        """The first row of a query as texts; None if there is none.

        Args:
            query: A query.
            count: Its columns.
        """
        with telling(self._target, "asking for the last values of the bookmark keys"), self._statement() as statement:
            # Not every database has a clause for it; those that have plan by it.
            statement.setMaxRows(1)
            limit = self._target.url.vendor.limit
            rows = statement.executeQuery(f"{query} {limit.format(count=1)}" if limit else query)
            return [rows.getString(at) for at in range(1, count + 1)] if rows.next() else None

    def execute(self, sql: str) -> None:
        """Run a statement."""
        with telling(self._target, f"running {sql!r}"), self._statement() as statement:
            statement.execute(sql)

    @contextmanager
    def _statement(self) -> Iterator[Any]:
        statement = self._connection.createStatement()
        try:
            yield statement
        finally:
            with suppress(Py4JJavaError):
                statement.close()


@contextmanager
def connected(session: SparkSession, target: Target, driver: str) -> Iterator[Database]:
    """Connect for the time of a block.

    Args:
        session: Spark's session, in whose JVM the driver is.
        target: The database.
        driver: The driver's class, as `load_driver` gave it.

    Raises:
        DatabaseError: The server, the database or the user says no.
    """
    jvm: Any = session._jvm
    registry = jvm.org.apache.spark.sql.execution.datasources.jdbc.DriverRegistry
    properties = jvm.java.util.Properties()
    for key, value in target.login().items():
        properties.setProperty(key, value)
    with telling(target, "connecting"):
        registry.register(driver)
        connection = registry.get(driver).connect(target.url.text, properties)
    if connection is None:
        raise DatabaseError(f"The driver {driver} does not take the URL {target.url.text!r}.", hint="correct the URL")
    try:
        yield Database(connection, target)
    finally:
        with suppress(Py4JJavaError):
            connection.close()


@contextmanager
def telling(target: Target, doing: str) -> Iterator[None]:
    """Turn what the driver raises within a block into one of our errors.

    Raises:
        DatabaseError: As the database says.
    """
    try:
        yield
    except Py4JJavaError as error:
        # Java's stack is part of the error's text, and says nothing to a script's author.
        raise database_error(error, target, doing) from None


def database_error(error: BaseException, target: Target, doing: str) -> DatabaseError:
    """What a driver's or Spark's exception means.

    Args:
        error: What py4j raised.
        target: The database.
        doing: What was being done, for the message.
    """
    causes = causes_of(error) or []
    said = [cause for cause in causes if "SQL" in cause.name and cause.message]
    if said:
        message = re.split(r"\n\tat |\n", said[-1].message.strip())[0]
    else:
        message = describe_causes(causes, type(error).__name__)[1] if causes else str(error)
    state = _state(error)
    hint = _MISMATCH if state == "42804" else _HINTS.get(state[:2])
    for pattern, kind in _WORDS:
        if pattern.search(message):
            hint = _HINTS[kind]
    text = hidden(message).rstrip(".")
    return DatabaseError(f"{target.shown} failed at {hidden(doing)}: {text}.", hint=hint)


def _state(error: BaseException) -> str:
    """The SQLSTATE of the innermost SQLException; empty if there is none."""
    java = getattr(error, "java_exception", None)
    state = ""
    while java is not None:
        with suppress(Exception):
            state = str(java.getSQLState() or "") or state
        java = java.getCause()
    return state


def _fold(facts: Any) -> Callable[[str], str]:
    if facts.storesUpperCaseIdentifiers():
        return str.upper
    return str.lower if facts.storesLowerCaseIdentifiers() else str
