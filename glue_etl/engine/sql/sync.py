"""Before a statement: the tables it names are entered in Spark's catalog. After it: what it changed is written back.

Source: "AWS Glue Data Catalog support for Spark SQL jobs" in the AWS Glue guide.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from glue_etl.engine.sql.entry import EXTERNAL, VIEW, Entry, entry_of
from glue_etl.engine.sql.mirror import Mirror
from glue_etl.engine.sql.scala import Scala
from glue_etl.engine.sql.statement import Name, Statement, read_statement
from glue_etl.engine.sql.write_back import Before, DatabaseBefore, TableBefore, Writer, is_missing
from glue_etl.errors import OptionError, UnsupportedError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["Key", "Sync"]

Key = tuple[str, str]
"""Database and table, in lower case."""

_VOLATILE = frozenset({"LastAccessTime", "LastAnalyzedTime", "UpdateTime"})
_REFERRED = "view.referredTempViewNames"
_GLOBAL = "global_temp"


@dataclass
class _Known:
    """What was entered last for a table."""

    document: str
    partitions: dict[tuple[str, ...], str] = field(default_factory=dict)


class Sync:
    """Keeps Spark's catalog in step with the Data Catalog, statement by statement.

    Args:
        glue: Gives boto3's Glue client, or the local one.
        read: Reads a table by the engine's own readers, for what Spark has no source for.
    """

    def __init__(self, glue: Callable[[], Any], read: Callable[[SparkSession, str, str], DataFrame]) -> None:
        self._client = glue
        self._read = read
        self._known: dict[Key, _Known] = {}
        self._databases: set[str] = set()
        self._lock = threading.RLock()
        self._ready = False

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
        mirror = self.mirror(session)
        names = [name for name in statement.tables if not self._is_foreign(mirror, name)]
        if not (names or statement.databases or statement.lists_tables or statement.lists_databases):
            yield
            return
        with self._lock:
            self._prepare(mirror)
            before = self._before(session, mirror, statement, names)
        try:
            yield
        except BaseException:
            with self._lock:
                self._after_failure(mirror, before)
            raise
        with self._lock:
            writer = Writer(self._client(), mirror)
            writer.write(before, statement, hive=hive)
            self._forget_known(before)

    def mirror(self, session: SparkSession) -> Mirror:
        """The session's own catalog."""
        return Mirror(session, self.scala(session))

    def scala(self, session: SparkSession) -> Scala:
        """The session's JVM."""
        jvm: Any = session._jvm
        return Scala(getattr(jvm, "_real", jvm) if "_real" in vars(jvm) else jvm)

    def clear(self, session: SparkSession) -> None:
        """Take everything out of Spark's catalog that was entered; files stay."""
        mirror = self.mirror(session)
        with self._lock:
            for database, name in self._known:
                if mirror.has_database(database) and mirror.has(database, name):
                    mirror.forget(database, name)
            for database in self._databases - {"default"}:
                if mirror.has_database(database):
                    mirror.forget_database(database)
            self._known.clear()
            self._databases.clear()
            self._ready = False

    # --- before

    def _prepare(self, mirror: Mirror) -> None:
        """The database `default` is made where it is missing, as a job on AWS Glue does."""
        if self._ready:
            return
        location, _, _ = mirror.database("default")
        try:
            self._client().get_database(Name="default")
        except Exception as error:
            if not is_missing(error):
                raise
            made = {"Name": "default", "Description": "default database", "LocationUri": location}
            self._client().create_database(DatabaseInput=made)
        self._ready = True

    def _before(self, session: SparkSession, mirror: Mirror, statement: Statement, names: list[Name]) -> Before:
        before = Before()
        for name in statement.databases:
            if (database := self._database(mirror, name)) is not None:
                self._enter_database(mirror, database, anew=True)
                if statement.changes_database:
                    before.databases[database] = self._database_before(mirror, statement, database)
        if statement.lists_databases:
            self._enter_databases(mirror)
        if statement.lists_tables:
            named = [self._database(mirror, name) for name in statement.databases] or [mirror.current_database]
            for database in named:
                if database is not None:
                    self._enter_all(mirror, database)
        targets = {self._key(mirror, name) for name in statement.targets}
        for name in names:
            key = self._key(mirror, name)
            document = self._enter(session, mirror, key, set())
            if key in targets:
                self._enter_database(mirror, key[0], anew=True)
                self._check_target(statement, key, document)
                before.tables[key] = self._table_before(mirror, key, document)
        return before

    def _table_before(self, mirror: Mirror, key: Key, document: Mapping[str, Any] | None) -> TableBefore:
        if document is None or not mirror.has_database(key[0]) or not mirror.has(*key):
            return TableBefore(None, None, 0, {})
        return TableBefore(document, mirror.get(*key), mirror.created(*key), dict(self._known[key].partitions))

    def _database_before(self, mirror: Mirror, statement: Statement, database: str) -> DatabaseBefore:
        if not mirror.has_database(database):
            return DatabaseBefore(None, ())
        said = mirror.database(database)
        if statement.kind != "DropNamespace":
            return DatabaseBefore(said, ())
        tables = self._enter_all(mirror, database)
        mirror.disown_database(database)
        managed = [each for each in tables if each.get("TableType") == "MANAGED_TABLE"]
        return DatabaseBefore(said, tuple((each.get("StorageDescriptor") or {}).get("Location") or "" for each in managed))

    def _check_target(self, statement: Statement, key: Key, document: Mapping[str, Any] | None) -> None:
        if statement.kind == "RenameTable":
            raise UnsupportedError.of(
                f"ALTER TABLE '{key[0]}.{key[1]}' RENAME TO",
                "the Data Catalog renames no table: make a new one and drop the old",
            )
        if document is None or statement.kind not in ("InsertIntoStatement", "insertInto", "LoadData", "saveAsTable"):
            return
        entry = entry_of(document)
        if entry.kind != VIEW and not entry.provider:
            raise UnsupportedError.of(
                f"Writing to the table '{key[0]}.{key[1]}' by Spark SQL",
                "write to it by glueContext.write_dynamic_frame.from_catalog",
            )

    def _enter(
        self, session: SparkSession, mirror: Mirror, key: Key, seen: set[Key]
    ) -> Mapping[str, Any] | None:
        """The table's document; None if there is no such table."""
        seen.add(key)
        try:
            document: dict[str, Any] = self._client().get_table(DatabaseName=key[0], Name=key[1])["Table"]
        except Exception as error:
            if not is_missing(error):
                raise
            self._enter_database(mirror, key[0], anew=False)
            if self._known.pop(key, None) and mirror.has_database(key[0]) and mirror.has(*key):
                mirror.forget(*key)
            return None
        self._enter_database(mirror, key[0], anew=False)
        text = json.dumps({k: v for k, v in document.items() if k not in _VOLATILE}, default=str, sort_keys=True)
        entry = entry_of(document)
        if entry.kind == VIEW:
            self._enter_named(session, mirror, entry.view_text or "", key[0], seen)
        elif not entry.provider:
            entry = self._foreign(session, entry)
        known = self._known.get(key)
        if known is None or known.document != text or not mirror.has(*key) or entry.kind == VIEW:
            had_partitions = known is not None and mirror.has(*key)
            mirror.put(entry)
            partitions = known.partitions if known is not None and had_partitions and mirror.partitions(*key) else {}
            known = self._known[key] = _Known(text, partitions)
        else:
            mirror.invalidate(*key)
        if entry.partition_columns:
            self._enter_partitions(mirror, entry, document, known)
        return document

    def _enter_named(self, session: SparkSession, mirror: Mirror, text: str, database: str, seen: set[Key]) -> None:
        """The tables of a view's query."""
        parser = session._jsparkSession.sessionState().sqlParser()  # type: ignore[attr-defined]
        try:
            plan = parser.parsePlan(text)
        except Exception:
            # Spark says what is wrong when it comes to use the view.
            return
        for name in read_statement(plan, self.scala(session)).tables:
            key = self._key(mirror, name if len(name) > 1 else (database, *name))
            if key not in seen:
                self._enter(session, mirror, key, seen)

    def _enter_partitions(self, mirror: Mirror, entry: Entry, document: Mapping[str, Any], known: _Known) -> None:
        key = (entry.database, entry.name)
        pages = self._client().get_paginator("get_partitions").paginate(
            DatabaseName=key[0], TableName=key[1], ExcludeColumnSchema=True
        )
        own = _library(document)
        found: dict[tuple[str, ...], str] = {}
        for partition in (each for page in pages for each in page["Partitions"]):
            descriptor = partition.get("StorageDescriptor") or {}
            if _library(partition) not in (own, ""):
                raise UnsupportedError.of(
                    f"The partition {partition['Values']!r} of '{key[0]}.{key[1]}' has another SerDe than the table; "
                    "reading it by Spark SQL",
                    "read the table by glueContext.create_dynamic_frame.from_catalog",
                )
            found[tuple(partition["Values"])] = descriptor.get("Location") or ""
        gone = [values for values, place in known.partitions.items() if found.get(values) != place]
        new = {values: place for values, place in found.items() if known.partitions.get(values) != place}
        mirror.drop_partitions(*key, entry.partition_columns, gone)
        mirror.add_partitions(*key, entry.partition_columns, new)
        known.partitions = found

    def _foreign(self, session: SparkSession, entry: Entry) -> Entry:
        """A view over what the engine's own reader gives."""
        df = self._read(session, entry.database, entry.name)
        view = f"glue_etl_{entry.database}_{entry.name}"
        df.createOrReplaceGlobalTempView(view)
        properties = {
            _REFERRED: json.dumps([[_GLOBAL, view]]),
            "view.catalogAndNamespace.numParts": "2",
            "view.catalogAndNamespace.part.0": "spark_catalog",
            "view.catalogAndNamespace.part.1": entry.database,
        }
        text = f"SELECT * FROM {_GLOBAL}.`{view}`"
        return replace(
            entry, kind=VIEW, schema=df.schema, partition_columns=(), location=None, properties=properties, view_text=text
        )

    def _enter_database(self, mirror: Mirror, name: str, *, anew: bool) -> None:
        if not anew and name in self._databases and mirror.has_database(name):
            return
        try:
            found = self._client().get_database(Name=name)["Database"]
        except Exception as error:
            if not is_missing(error):
                raise
            if name in self._databases:
                self._databases.discard(name)
                if mirror.has_database(name) and name != "default":
                    mirror.forget_database(name)
            return
        self._put_database(mirror, found)

    def _put_database(self, mirror: Mirror, found: Mapping[str, Any]) -> None:
        name = str(found["Name"]).lower()
        mirror.put_database(name, found.get("LocationUri"), found.get("Description") or "", found.get("Parameters") or {})
        self._databases.add(name)

    def _enter_databases(self, mirror: Mirror) -> None:
        found = {
            str(each["Name"]).lower(): each
            for page in self._client().get_paginator("get_databases").paginate()
            for each in page["DatabaseList"]
        }
        for name in self._databases - found.keys() - {"default"}:
            mirror.forget_database(name)
        have = set(mirror.databases())
        for name, database in found.items():
            if name not in have:
                self._put_database(mirror, database)
        self._databases = set(found)

    def _enter_all(self, mirror: Mirror, database: str) -> list[dict[str, Any]]:
        """The documents of a database's tables; of those not yet entered the names are, to be listed."""
        self._enter_database(mirror, database, anew=False)
        if not mirror.has_database(database):
            return []
        pages = self._client().get_paginator("get_tables").paginate(DatabaseName=database)
        documents = [each for page in pages for each in page["TableList"]]
        have = set(mirror.tables(database))
        names = {str(each["Name"]).lower() for each in documents}
        for name in have - names:
            if self._known.pop((database, name), None):
                mirror.forget(database, name)
        for document in documents:
            if (name := str(document["Name"]).lower()) not in have:
                mirror.put(_listed(document))
                self._known[database, name] = _Known("")
        return documents

    # --- names

    def _is_foreign(self, mirror: Mirror, name: Name) -> bool:
        """Whether a name is none of the Data Catalog: a temporary view, another catalog's, or a path."""
        if len(name) > 3 or "/" in name[-1] or mirror.is_temp_view(name):
            return True
        if len(name) == 3 and name[0].lower() != "spark_catalog":
            return True
        return len(name) == 2 and (name[0].lower() == _GLOBAL or mirror.is_other_catalog(name[0]))

    def _key(self, mirror: Mirror, name: Name) -> Key:
        database = name[-2] if len(name) > 1 else mirror.current_database
        return database.lower(), name[-1].lower()

    def _database(self, mirror: Mirror, name: Name) -> str | None:
        if len(name) == 2 and name[0].lower() == "spark_catalog":
            return name[1].lower()
        if len(name) != 1 or name[0].lower() in (_GLOBAL, "spark_catalog") or mirror.is_other_catalog(name[0]):
            return None
        return name[0].lower()

    # --- after

    def _after_failure(self, mirror: Mirror, before: Before) -> None:
        for name, database in before.databases.items():
            if database.said is not None and mirror.has_database(name):
                mirror.put_database(name, *database.said)
        self._forget_known(before)

    def _forget_known(self, before: Before) -> None:
        """What a statement may have changed is compared anew by the next one."""
        for key in before.tables:
            if known := self._known.get(key):
                known.document = ""
            else:
                self._known[key] = _Known("")
        self._databases |= {name for name, each in before.databases.items() if each.said is None}


def _library(document: Mapping[str, Any]) -> str:
    return str(((document.get("StorageDescriptor") or {}).get("SerdeInfo") or {}).get("SerializationLibrary") or "")


def _listed(document: Mapping[str, Any]) -> Entry:
    """Enough of a table to be listed: also one that Spark SQL cannot read is."""
    from pyspark.sql import types as s

    try:
        entry = entry_of(document)
    except (OptionError, UnsupportedError):
        entry = Entry(
            str(document["DatabaseName"]).lower(), str(document["Name"]).lower(), EXTERNAL, s.StructType([]), "parquet"
        )
    return entry if entry.provider or entry.kind == VIEW else replace(entry, provider="parquet")
