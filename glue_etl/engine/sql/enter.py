"""Databases and tables of the Data Catalog are entered in Spark's catalog, as they stand at this moment."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from glue_etl.engine.sql.entry import EXTERNAL, VIEW, Entry, entry_of
from glue_etl.engine.sql.mirror import Mirror
from glue_etl.engine.sql.names import Key, catalog_names, key_of
from glue_etl.engine.sql.scala import Scala
from glue_etl.engine.sql.spelling import spelled_otherwise
from glue_etl.engine.sql.statement import NOT_PARSED, read_statement
from glue_etl.engine.sql.views import (
    HIDDEN,
    hidden_entry,
    needs_texts_view,
    temp_view_name,
    view_of_frame,
    view_of_texts,
)
from glue_etl.engine.sql.write_back import is_missing
from glue_etl.errors import OptionError, UnsupportedError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["EngineReader", "Entered", "Enterer"]

_VOLATILE = frozenset({"LastAccessTime", "LastAnalyzedTime", "UpdateTime"})


class EngineReader(Protocol):
    """Tables by the engine's own readers."""

    def read(self, session: SparkSession, database: str, table: str) -> DataFrame:
        """A table, in the types that it declares."""

    def lines(self, location: str) -> Iterable[str]:
        """The first lines of some of its files."""


@dataclass
class Known:
    """What was entered last for a table: its document as text, and the folder of each partition."""

    document: str
    partitions: dict[tuple[str, ...], str] = field(default_factory=dict)


@dataclass
class Entered:
    """What was entered so far."""

    tables: dict[Key, Known] = field(default_factory=dict)
    databases: set[str] = field(default_factory=set)

    def touched(self, key: Key) -> None:
        """A statement may have changed a table: the next one enters it anew."""
        self.tables.setdefault(key, Known("")).document = ""


@dataclass(frozen=True)
class Enterer:
    """Enters tables for one statement.

    Attributes:
        session: Where the statement runs.
        glue: boto3's Glue client, or the local one.
        mirror: Spark's catalog.
        scala: The JVM.
        entered: What was entered before.
        engine: Reads what Spark's sources cannot.
    """

    session: SparkSession
    glue: Any
    mirror: Mirror
    scala: Scala
    entered: Entered
    engine: EngineReader

    # --- tables

    def table(self, key: Key, seen: set[Key] | None = None, *, queried: bool = False) -> dict[str, Any] | None:
        """Enter a table as it is now, or take it out if it is gone.

        Args:
            key: Which.
            seen: Tables that are being entered, for views that name each other.
            queried: Whether its rows are read and nothing else: then it may stand there as a view.

        Returns:
            Its document; None if there is no such table.

        Raises:
            UnsupportedError: Spark SQL cannot read it.
            OptionError: Its definition cannot be used.
        """
        seen = seen or set()
        seen.add(key)
        try:
            document: dict[str, Any] = self.glue.get_table(DatabaseName=key[0], Name=key[1])["Table"]
        except Exception as error:
            if not is_missing(error):
                raise
            self.database(key[0], anew=True)
            if self.entered.tables.pop(key, None) and self._has(key):
                self.mirror.forget(*key)
            return None
        self.database(key[0])
        entry = entry_of(document)
        if entry.kind == VIEW:
            self._named_by(entry.view_text or "", key, seen)
        elif not entry.provider or (queried and self._spelled_otherwise(entry)):
            entry = self._read_view(entry)
        elif queried and needs_texts_view(entry):
            hidden = hidden_entry(entry)
            if not self.mirror.has_database(HIDDEN):
                self.mirror.put_database(HIDDEN, None, "", {})
            self._put(hidden, document)
            entry = view_of_texts(entry, hidden)
        self._put(entry, document)
        return document

    def _put(self, entry: Entry, document: Mapping[str, Any]) -> None:
        key = (entry.database, entry.name)
        lasting = {each: value for each, value in document.items() if each not in _VOLATILE}
        # The same table may stand there as itself for one statement and as a view for the next.
        text = entry.kind + json.dumps(lasting, default=str, sort_keys=True)
        known = self.entered.tables.get(key)
        if known is None or not self._has(key):
            known = self.entered.tables[key] = Known("")
        if known.document != text or entry.kind == VIEW:
            self.mirror.put(entry)
            known.document = text
            have = set(self.mirror.partitions(*key)) if entry.partition_columns else set()
            known.partitions = {values: place for values, place in known.partitions.items() if values in have}
        else:
            # Files may have come or gone since they were listed.
            self.mirror.invalidate(*key)
        if entry.partition_columns:
            self._partitions(entry, document, known)

    def _has(self, key: Key) -> bool:
        return self.mirror.has_database(key[0]) and self.mirror.has(*key)

    def _named_by(self, text: str, key: Key, seen: set[Key]) -> None:
        """The tables of a view's query; what Spark cannot parse it tells of when it comes to use the view."""
        java: Any = self.session._jsparkSession
        parser = java.sessionState().sqlParser()
        try:
            plan = parser.parsePlan(text)
        except NOT_PARSED:
            return
        names = read_statement(plan, self.scala).tables
        full = [name if len(name) > 1 else (key[0], *name) for name in names]
        for name in catalog_names(full, self.mirror, parser, self.scala):
            if (inner := key_of(name, self.mirror)) not in seen:
                self.table(inner, seen, queried=True)

    def _partitions(self, entry: Entry, document: Mapping[str, Any], known: Known) -> None:
        key = (entry.database, entry.name)
        pages = self.glue.get_paginator("get_partitions").paginate(
            DatabaseName=document["DatabaseName"], TableName=document["Name"], ExcludeColumnSchema=True
        )
        own = _library(document)
        found: dict[tuple[str, ...], str] = {}
        for partition in (each for page in pages for each in page["Partitions"]):
            if _library(partition) not in (own, ""):
                raise UnsupportedError.of(
                    f"The partition {partition['Values']!r} of '{key[0]}.{key[1]}' has another SerDe than the table; "
                    "reading it by Spark SQL",
                    "read the table by glueContext.create_dynamic_frame.from_catalog",
                )
            found[tuple(partition["Values"])] = (partition.get("StorageDescriptor") or {}).get("Location") or ""
        gone = [values for values, place in known.partitions.items() if found.get(values) != place]
        new = {values: place for values, place in found.items() if known.partitions.get(values) != place}
        self.mirror.drop_partitions(*key, entry.partition_columns, gone)
        self.mirror.add_partitions(*key, entry.partition_columns, new)
        known.partitions = found

    def _spelled_otherwise(self, entry: Entry) -> bool:
        return entry.provider == "json" and spelled_otherwise(entry.schema, self.engine.lines(entry.location or ""))

    def _read_view(self, entry: Entry) -> Entry:
        """A view over what the engine's own reader gives."""
        df = self.engine.read(self.session, entry.database, entry.name)
        df.createOrReplaceGlobalTempView(temp_view_name(entry))
        return view_of_frame(entry, df.schema)

    # --- databases

    def database(self, name: str, *, anew: bool = False) -> None:
        """Enter a database, or take it out if it is gone.

        Args:
            name: In lower case.
            anew: Whether to look even if it was entered before.
        """
        if not anew and name in self.entered.databases and self.mirror.has_database(name):
            return
        try:
            found = self.glue.get_database(Name=name)["Database"]
        except Exception as error:
            if not is_missing(error):
                raise
            if name in self.entered.databases and name != "default" and self.mirror.has_database(name):
                self.mirror.forget_database(name)
            self.entered.databases.discard(name)
            return
        self._put_database(found)

    def databases(self) -> None:
        """Enter all databases."""
        pages = self.glue.get_paginator("get_databases").paginate()
        found = {str(each["Name"]).lower(): each for page in pages for each in page["DatabaseList"]}
        have = set(self.mirror.databases())
        for name in (self.entered.databases & have) - found.keys() - {"default"}:
            self.mirror.forget_database(name)
        self.entered.databases &= found.keys()
        for name in found.keys() - have:
            self._put_database(found[name])

    def _put_database(self, found: Mapping[str, Any]) -> None:
        name = str(found["Name"]).lower()
        comment, properties = found.get("Description") or "", found.get("Parameters") or {}
        self.mirror.put_database(name, found.get("LocationUri"), comment, properties)
        self.entered.databases.add(name)

    def names(self, database: str) -> list[dict[str, Any]]:
        """Enter the names of a database's tables, to be listed.

        Returns:
            The tables' documents.
        """
        self.database(database, anew=True)
        if not self.mirror.has_database(database):
            return []
        pages = self.glue.get_paginator("get_tables").paginate(DatabaseName=database)
        documents = [each for page in pages for each in page["TableList"]]
        found = {str(each["Name"]).lower(): each for each in documents}
        have = set(self.mirror.tables(database))
        for name in have - found.keys():
            if self.entered.tables.pop((database, name), None):
                self.mirror.forget(database, name)
        for name in found.keys() - have:
            self.mirror.put(_listed(found[name]))
            self.entered.touched((database, name))
        return documents


def _library(document: Mapping[str, Any]) -> str:
    return str(((document.get("StorageDescriptor") or {}).get("SerdeInfo") or {}).get("SerializationLibrary") or "")


def _listed(document: Mapping[str, Any]) -> Entry:
    """Enough of a table to be listed, also of one that Spark SQL cannot read."""
    from pyspark.sql import types as s

    try:
        entry = entry_of(document)
    except (OptionError, UnsupportedError):
        database, name = str(document["DatabaseName"]).lower(), str(document["Name"]).lower()
        entry = Entry(database, name, EXTERNAL, s.StructType([]), location="s3://unknown/")
    return entry if entry.provider or entry.kind == VIEW else replace(entry, provider="parquet")
