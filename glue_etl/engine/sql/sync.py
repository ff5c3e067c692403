"""Before a statement: the tables it names are entered in Spark's catalog. After it: what it changed is written back.

Source: "AWS Glue Data Catalog support for Spark SQL jobs" in the AWS Glue guide.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from glue_etl.engine.sql.enter import EngineReader, Entered, Enterer
from glue_etl.engine.sql.entry import VIEW, entry_of
from glue_etl.engine.sql.mirror import Mirror
from glue_etl.engine.sql.names import Key, catalog_names, database_of, key_of
from glue_etl.engine.sql.scala import Scala
from glue_etl.engine.sql.statement import Name, Statement
from glue_etl.engine.sql.views import HIDDEN
from glue_etl.engine.sql.write_back import Before, DatabaseBefore, TableBefore, Writer, is_missing
from glue_etl.errors import UnsupportedError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["Sync"]

_WRITES_ROWS = frozenset({"InsertIntoStatement", "LoadData", "insertInto"})


class Sync:
    """Keeps Spark's catalog in step with the Data Catalog, statement by statement.

    Args:
        glue: Gives boto3's Glue client, or the local one.
        engine: Reads what Spark's sources cannot.
    """

    def __init__(self, glue: Callable[[], Any], engine: EngineReader) -> None:
        self._client = glue
        self._engine = engine
        self._entered = Entered()
        # Held while catalogs are compared, never while a statement runs.
        self._lock = threading.RLock()
        self._ready = False
        self._scala: Scala | None = None

    def scala(self, session: SparkSession) -> Scala:
        """The session's JVM."""
        jvm: Any = session._jvm
        view = vars(jvm).get("_real", jvm)
        if self._scala is None or not self._scala.is_of(view):
            # Kept, because each class is looked up by several calls.
            self._scala = Scala(view)
        return self._scala

    @contextmanager
    def around(self, session: SparkSession, statement: Statement, *, hive: bool = False) -> Iterator[None]:
        """A statement's surroundings: run it in the `with` block.

        Args:
            session: Where it runs.
            statement: What it names.
            hive: Whether it makes a table by Hive's syntax.

        Raises:
            GlueEtlError: A table that it names cannot be read by Spark SQL, or what it made cannot be kept.
        """
        scala = self.scala(session)
        mirror = Mirror(session, scala)
        java: Any = session._jsparkSession
        names = list(catalog_names(statement.tables, mirror, java.sessionState().sqlParser(), scala))
        if not (names or statement.databases or statement.lists_tables or statement.lists_databases):
            yield
            return
        with self._lock:
            self._prepare()
            enterer = Enterer(session, self._client(), mirror, scala, self._entered, self._engine)
            before = self._before(enterer, statement, names)
        try:
            yield
        except BaseException:
            with self._lock:
                self._restore(mirror, before)
            raise
        with self._lock:
            try:
                Writer(self._client(), mirror).write(before, statement, hive=hive)
            finally:
                self._touch(before)

    def clear(self, session: SparkSession) -> None:
        """Take everything out of Spark's catalog that was entered; files stay."""
        mirror = Mirror(session, self.scala(session))
        with self._lock:
            for database, name in self._entered.tables:
                if mirror.has_database(database) and mirror.has(database, name):
                    mirror.forget(database, name)
            for database in (self._entered.databases | {HIDDEN}) - {"default"}:
                if mirror.has_database(database):
                    mirror.forget_database(database)
            self._entered = Entered()
            self._ready = False

    def _prepare(self) -> None:
        """The database `default` is made where it is missing, as a job on AWS Glue does."""
        if self._ready:
            return
        try:
            self._client().get_database(Name="default")
        except Exception as error:
            if not is_missing(error):
                raise
            # Without a location: that of this machine's warehouse means nothing to anyone else.
            self._client().create_database(DatabaseInput={"Name": "default", "Description": "default database"})
        self._ready = True

    def _before(self, enterer: Enterer, statement: Statement, names: list[Name]) -> Before:
        mirror, before = enterer.mirror, Before()
        databases = [each for name in statement.databases if (each := database_of(name, mirror)) is not None]
        for database in databases:
            enterer.database(database, anew=True)
            if statement.changes_database:
                before.databases[database] = self._database_before(enterer, statement, database)
        if statement.lists_databases:
            enterer.databases()
        if statement.lists_tables:
            for database in databases if statement.databases else [mirror.current_database]:
                enterer.names(database)
        targets = {key_of(name, mirror) for name in statement.targets}
        # What only the query of a temporary view names is read too.
        read = {key_of(name, mirror) for name in names if name in statement.queried or name not in statement.tables}
        for key in dict.fromkeys(key_of(name, mirror) for name in names):
            document = enterer.table(key, queried=key in read - targets)
            if key in targets:
                enterer.database(key[0], anew=True)
                _check_target(statement, key, document)
                before.tables[key] = self._table_before(mirror, key, document)
        return before

    def _table_before(self, mirror: Mirror, key: Key, document: Mapping[str, Any] | None) -> TableBefore:
        if document is None:
            return TableBefore(None, None, 0, {})
        partitions = dict(self._entered.tables[key].partitions)
        return TableBefore(document, mirror.get(*key), mirror.created(*key), partitions)

    def _database_before(self, enterer: Enterer, statement: Statement, database: str) -> DatabaseBefore:
        mirror = enterer.mirror
        if not mirror.has_database(database):
            return DatabaseBefore(None, ())
        said = mirror.database(database)
        if statement.kind != "DropNamespace":
            return DatabaseBefore(said, ())
        # Spark looks whether the database is empty, and deletes its folder.
        tables = enterer.names(database)
        mirror.disown_database(database)
        managed = [each for each in tables if each.get("TableType") == "MANAGED_TABLE"]
        places = [str((each.get("StorageDescriptor") or {}).get("Location") or "") for each in managed]
        return DatabaseBefore(said, tuple(places))

    def _restore(self, mirror: Mirror, before: Before) -> None:
        for name, database in before.databases.items():
            if database.said is not None and mirror.has_database(name):
                mirror.put_database(name, *database.said)
        self._touch(before)

    def _touch(self, before: Before) -> None:
        for key in before.tables:
            self._entered.touched(key)
        self._entered.databases |= before.databases.keys()


def _check_target(statement: Statement, key: Key, document: Mapping[str, Any] | None) -> None:
    """What cannot be done is told before anything is.

    Raises:
        UnsupportedError: The statement renames a table, or writes to one that Spark has no source for.
    """
    if document is None:
        return
    if statement.kind == "RenameTable":
        raise UnsupportedError.of(
            f"ALTER TABLE '{key[0]}.{key[1]}' RENAME TO",
            "the Data Catalog renames no table, on AWS either: make a new one and drop the old",
        )
    if statement.kind not in _WRITES_ROWS:
        return
    entry = entry_of(document)
    if entry.kind != VIEW and not entry.provider:
        raise UnsupportedError.of(
            f"Writing to the table '{key[0]}.{key[1]}' by Spark SQL",
            "write to it by glueContext.write_dynamic_frame.from_catalog",
        )
