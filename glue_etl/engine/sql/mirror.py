"""Spark's own catalog of a session, into which databases and tables of the Data Catalog are entered.

An entry stands for a table and never owns its files: to take one out again must not delete them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from pyspark.sql import types as s

from glue_etl.engine.sql.entry import VIEW, Entry
from glue_etl.engine.sql.scala import Scala

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["DEFAULT_PARTITION", "Mirror"]

DEFAULT_PARTITION = "__HIVE_DEFAULT_PARTITION__"
"""The value that stands for null, as Hive writes it."""

_CATALOG = "org.apache.spark.sql.catalyst.catalog."
_IDENTIFIER = "org.apache.spark.sql.catalyst.TableIdentifier"


class Mirror:
    """Reads and writes Spark's catalog without running statements.

    Args:
        session: Whose catalog.
        scala: The JVM.
    """

    def __init__(self, session: SparkSession, scala: Scala) -> None:
        self._java: Any = session._jsparkSession
        self._catalog: Any = self._java.sessionState().catalog()
        self._scala = scala

    # --- names

    @property
    def current_database(self) -> str:
        """Where names without a database are looked for."""
        return str(self._catalog.getCurrentDatabase())

    def is_temp_view(self, parts: Sequence[str]) -> bool:
        """Whether a name is that of a temporary view."""
        return bool(self._catalog.isTempView(self._scala.seq(parts)))

    def temp_view_text(self, parts: Sequence[str]) -> str | None:
        """The query of a temporary view that was made by SQL."""
        name, database = parts[-1], parts[-2] if len(parts) > 1 else None
        found = self._catalog.getTempViewOrPermanentTableMetadata(self._identifier(database, name))
        text = self._scala.get(found.viewText())
        return str(text) if text else None

    def is_other_catalog(self, name: str) -> bool:
        """Whether a name is that of a catalog which was set up by Spark settings."""
        return bool(self._java.sessionState().conf().contains(f"spark.sql.catalog.{name}"))

    # --- databases

    def databases(self) -> tuple[str, ...]:
        """Names."""
        return self._scala.texts(self._catalog.listDatabases())

    def has_database(self, name: str) -> bool:
        """Whether there is one."""
        return bool(self._catalog.databaseExists(name))

    def database(self, name: str) -> tuple[str, str, dict[str, str]]:
        """Location, comment and properties."""
        found = self._catalog.getDatabaseMetadata(name)
        location = self._java_class("CatalogUtils").URIToString(found.locationUri())
        return str(location), str(found.description()), self._scala.pairs(found.properties())

    def put_database(self, name: str, location: str | None, comment: str, properties: Mapping[str, str]) -> None:
        """Enter a database, or change it. Its folder is not made.

        Args:
            name: In lower case.
            location: Where tables without a location of their own go; None for where they went so far, and for a new
                database for a folder in Spark's warehouse.
            comment: What is said about it.
            properties: As `DBPROPERTIES` has them.
        """
        known = self.has_database(name)
        made = self._scala.new(
            f"{_CATALOG}CatalogDatabase",
            name=name,
            description=comment,
            locationUri=(
                self._catalog.getDatabaseMetadata(name).locationUri() if known else self._catalog.getDefaultDBPath(name)
            ),
            properties=self._scala.map(properties),
        )
        if not known:
            # Spark makes the folder: one in the warehouse does no harm.
            self._catalog.createDatabase(made, True)
        if location:
            made = self._scala.copy(made, locationUri=self._uri(location))
        self._catalog.alterDatabase(made)

    def forget_database(self, name: str) -> None:
        """Take a database and its tables out; no file of theirs is deleted."""
        for table in self.tables(name):
            self.forget(name, table)
        self.disown_database(name)
        if self.current_database == name:
            self._catalog.setCurrentDatabase("default")
        self._catalog.dropDatabase(name, True, True)

    def disown_database(self, name: str) -> None:
        """Point a database at an empty folder of the warehouse: Spark deletes the folder of what it drops."""
        made = self._catalog.getDatabaseMetadata(name)
        empty = self._catalog.getDefaultDBPath(f"_dropped_{name}")
        self._catalog.alterDatabase(self._scala.copy(made, locationUri=empty))

    def delete_folder(self, location: str) -> None:
        """Delete the files of a table that owned them."""
        if location:
            path = self._scala.java("org.apache.hadoop.fs.Path")(location)
            path.getFileSystem(self._java.sessionState().newHadoopConf()).delete(path, True)

    # --- tables

    def tables(self, database: str) -> list[str]:
        """Names of the tables and views of a database."""
        found = self._catalog.listTables(database, "*", False)
        return [str(each.table()) for each in self._scala.values(found)]

    def has(self, database: str, name: str) -> bool:
        """Whether there is such a table or view."""
        return bool(self._catalog.tableExists(self._identifier(database, name)))

    def put(self, entry: Entry) -> None:
        """Enter a table, or put it in the place of one of the same name."""
        made = self._made(entry)
        if self.has(entry.database, entry.name):
            have = self.get(entry.database, entry.name)
            if have.partition_columns == entry.partition_columns and (have.kind == VIEW) == (entry.kind == VIEW):
                self._catalog.alterTable(made)
                self.invalidate(entry.database, entry.name)
                return
            self.forget(entry.database, entry.name)
        self._catalog.createTable(made, False, False)
        # Spark may remember a table that had this name before.
        self.invalidate(entry.database, entry.name)

    def get(self, database: str, name: str) -> Entry:
        """The table as it stands there."""
        found = self._catalog.getTableMetadata(self._identifier(database, name))
        storage = found.storage()
        location = self._scala.get(storage.locationUri())
        return Entry(
            database,
            name,
            str(found.tableType().name()),
            s.StructType.fromJson(json.loads(found.schema().json())),
            str(self._scala.get(found.provider()) or ""),
            self._scala.texts(found.partitionColumnNames()),
            str(self._java_class("CatalogUtils").URIToString(location)) if location is not None else None,
            self._scala.pairs(storage.properties()),
            {key: value for key, value in self._scala.pairs(found.properties()).items() if key != "comment"},
            self._scala.get(found.comment()),
            self._scala.get(found.viewText()),
        )

    def created(self, database: str, name: str) -> int:
        """When the entry was made, in milliseconds: a table that was replaced has a new one."""
        return int(self._catalog.getTableMetadata(self._identifier(database, name)).createTime())

    def forget(self, database: str, name: str) -> None:
        """Take a table out; no file of it is deleted."""
        identifier = self._identifier(database, name)
        made = self._catalog.getTableMetadata(identifier)
        if made.tableType().name() == "MANAGED":
            # Spark deletes the files of managed tables.
            self._catalog.alterTable(self._scala.copy(made, tableType=self._java_class("CatalogTableType").EXTERNAL()))
        self._catalog.dropTable(identifier, True, True)

    def invalidate(self, database: str, name: str) -> None:
        """Let Spark list the table's files anew."""
        self._catalog.invalidateCachedTable(self._identifier(database, name))

    def _made(self, entry: Entry) -> Any:
        storage = self._java_class("CatalogStorageFormat").empty()
        location = self._uri(entry.location) if entry.location else None
        storage = self._scala.copy(
            storage, locationUri=self._scala.option(location), properties=self._scala.map(entry.options)
        )
        return self._scala.new(
            f"{_CATALOG}CatalogTable",
            identifier=self._identifier(entry.database, entry.name),
            tableType=getattr(self._java_class("CatalogTableType"), entry.kind)(),
            storage=storage,
            schema=self._scala.java("org.apache.spark.sql.types.DataType").fromJson(entry.schema.json()),
            provider=self._scala.option(entry.provider or None),
            partitionColumnNames=self._scala.seq(entry.partition_columns),
            properties=self._scala.map(entry.properties),
            viewText=self._scala.option(entry.view_text),
            viewOriginalText=self._scala.option(entry.view_text),
            comment=self._scala.option(entry.comment),
            tracksPartitionsInCatalog=bool(entry.partition_columns),
        )

    # --- partitions

    def partitions(self, database: str, name: str) -> list[tuple[str, ...]]:
        """The values of each partition, in the order of the partition columns."""
        names = self._catalog.listPartitionNames(self._identifier(database, name), self._scala.option(None))
        return [tuple(unquote(part.partition("=")[2]) for part in line.split("/")) for line in self._scala.texts(names)]

    def partition_location(self, database: str, name: str, keys: Sequence[str], values: Sequence[str]) -> str | None:
        """The folder of a partition."""
        spec = self._scala.map(dict(zip(keys, values, strict=True)))
        found = self._catalog.getPartition(self._identifier(database, name), spec)
        location = self._scala.get(found.storage().locationUri())
        return str(self._java_class("CatalogUtils").URIToString(location)) if location is not None else None

    def add_partitions(
        self, database: str, name: str, keys: Sequence[str], partitions: Mapping[tuple[str, ...], str]
    ) -> None:
        """Enter partitions.

        Args:
            database: Of the table.
            name: Of the table.
            keys: The partition columns.
            partitions: The values, and the folder of each.
        """
        if not partitions:
            return
        entry = self._catalog.getTableMetadata(self._identifier(database, name))
        options = self._scala.pairs(entry.storage().properties())
        made = self._from_json(
            [_partition(dict(zip(keys, values, strict=True)), place, options) for values, place in partitions.items()],
            f"{_CATALOG}CatalogTablePartition",
        )
        self._catalog.createPartitions(self._identifier(database, name), made, True)

    def drop_partitions(
        self, database: str, name: str, keys: Sequence[str], partitions: Iterable[tuple[str, ...]]
    ) -> None:
        """Take partitions out; no file of theirs is deleted."""
        specs = [self._scala.map(dict(zip(keys, values, strict=True))) for values in partitions]
        if specs:
            self._catalog.dropPartitions(self._identifier(database, name), self._scala.seq(specs), True, False, True)

    def _from_json(self, values: list[dict[str, Any]], name: str) -> Any:
        """Values of a case class, many in one call: thousands of calls through py4j would take seconds."""
        mapper = self._scala.java("com.fasterxml.jackson.databind.ObjectMapper")()
        mapper.registerModule(self._scala.singleton("com.fasterxml.jackson.module.scala.DefaultScalaModule"))
        loader = self._scala.java("java.lang.Thread").currentThread().getContextClassLoader()
        member, many = loader.loadClass(name), loader.loadClass("java.util.ArrayList")
        kind = mapper.getTypeFactory().constructCollectionType(many, member)
        text = json.dumps(values)
        return self._scala.java("org.apache.spark.api.python.PythonUtils").toSeq(mapper.readValue(text, kind))

    def _identifier(self, database: str | None, name: str) -> Any:
        return self._scala.java(_IDENTIFIER)(name, self._scala.option(database))

    def _java_class(self, name: str) -> Any:
        return self._scala.java(_CATALOG + name)

    def _uri(self, location: str) -> Any:
        return self._java_class("CatalogUtils").stringToURI(location)


def _partition(spec: Mapping[str, str], location: str, options: Mapping[str, str]) -> dict[str, Any]:
    return {
        "spec": dict(spec),
        "storage": {
            # A URI, in which a folder's own percent signs are written out; of one that ends with a slash Spark does not
            # find the files.
            "locationUri": quote(location.rstrip("/"), safe="/:@!$&'()*+,;=-._~"),
            "inputFormat": None,
            "outputFormat": None,
            "serde": None,
            "compressed": False,
            "properties": dict(options),
        },
        "parameters": {},
        "createTime": 0,
        "lastAccessTime": -1,
        "stats": None,
    }
