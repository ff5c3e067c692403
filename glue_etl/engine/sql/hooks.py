"""Where Spark's Python calls name tables: each is surrounded by a `Sync` for the time of a `with` block."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from glue_etl.engine.sql.hive_ddl import check_provider, hive_plan
from glue_etl.engine.sql.statement import NOT_PARSED, Name, Statement, name_parts, read_statement
from glue_etl.engine.sql.sync import Sync
from glue_etl.engine.sql.views import HIDDEN

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["hooked"]

Call = Callable[..., Any]

# Calls of `spark.catalog` whose first argument is a table (and the second perhaps its database), and whether they may
# change it.
_OF_A_TABLE = {
    "cacheTable": False,
    "createTable": True,
    "getTable": False,
    "isCached": False,
    "listColumns": False,
    "recoverPartitions": True,
    "refreshTable": False,
    "tableExists": False,
    "uncacheTable": False,
}
# Those for which the table is what a query of all its rows is.
_OF_A_QUERY = ("cacheTable", "isCached", "uncacheTable")
_OF_A_DATABASE = ("databaseExists", "getDatabase", "setCurrentDatabase")
_WRITES_V2 = ("append", "create", "createOrReplace", "overwrite", "overwritePartitions", "replace")


@contextmanager
def hooked(sync: Sync, ours: Callable[[], bool]) -> Iterator[None]:
    """Let Spark SQL find and keep tables of the Data Catalog for the time of a `with` block.

    Args:
        sync: What is done around each call.
        ours: Whether the engine stands in for the Glue library; if not, Spark's calls stay as they are.
    """
    from pyspark.sql import DataFrameReader, DataFrameWriter, DataFrameWriterV2, SparkSession, SQLContext
    from pyspark.sql.catalog import Catalog
    from pyspark.sql.streaming.readwriter import DataStreamReader, DataStreamWriter

    hooks = _Hooks(sync)
    table: list[tuple[Any, str, Call]] = [
        (SparkSession, "sql", hooks.sql),
        (SparkSession, "table", hooks.table),
        (SparkSession.Builder, "enableHiveSupport", hooks.without_hive),
        (SQLContext, "tables", hooks.tables_of_context),
        (SQLContext, "tableNames", hooks.tables_of_context),
        (DataFrameReader, "table", hooks.table_of_reader),
        (DataStreamReader, "table", hooks.table_of_reader),
        (DataFrameWriter, "saveAsTable", hooks.save_as_table),
        (DataFrameWriter, "insertInto", hooks.insert_into),
        (DataStreamWriter, "toTable", hooks.insert_into),
        (DataFrameWriterV2, "__init__", hooks.remember_table),
        *((DataFrameWriterV2, name, hooks.write_to) for name in _WRITES_V2),
        *((Catalog, name, hooks.of_a_table(name, changes)) for name, changes in _OF_A_TABLE.items()),
        *((Catalog, name, hooks.of_a_database) for name in _OF_A_DATABASE),
        (Catalog, "listDatabases", hooks.list_databases),
        (Catalog, "listTables", hooks.list_tables),
    ]
    originals = [(owner, name, vars(owner)[name]) for owner, name, _ in table]
    for owner, name, hook in table:
        setattr(owner, name, _wrapped(vars(owner)[name], hook, ours))
    try:
        yield
    finally:
        for owner, name, original in originals:
            setattr(owner, name, original)
        session = SparkSession._instantiatedSession
        if session is not None and session._sc._jsc is not None and ours():
            # A JVM that is gone has no catalog to be cleared.
            with suppress(Exception):
                sync.clear(session)


def _wrapped(original: Call, hook: Call, ours: Callable[[], bool]) -> Call:
    @functools.wraps(original)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        return hook(original, self, *args, **kwargs) if ours() else original(self, *args, **kwargs)

    return wrapper


class _Hooks:
    """Each gets the original call, the object it is a method of, and its arguments."""

    def __init__(self, sync: Sync) -> None:
        self._sync = sync

    def sql(self, call: Call, session: SparkSession, sqlQuery: str, args: Any = None, **kwargs: Any) -> Any:
        """`spark.sql`."""
        from pyspark.sql.sql_formatter import SQLStringFormatter

        if not kwargs:
            return self._sql(call, session, sqlQuery, args)
        formatter = SQLStringFormatter(session)
        try:
            return self._sql(call, session, formatter.format(sqlQuery, **kwargs), args)
        finally:
            formatter.clear()

    def _sql(self, call: Call, session: SparkSession, text: str, args: Any) -> Any:
        java: Any = session._jsparkSession
        try:
            plan = java.sessionState().sqlParser().parsePlan(text)
        except NOT_PARSED:
            # Spark tells of it in its own way.
            return call(session, text, args)
        scala = self._sync.scala(session)
        statement = read_statement(plan, scala)
        made = hive_plan(plan, java, scala)
        with self._sync.around(session, statement, hive=made is not None):
            result = call(session, text, args) if made is None else self._run(session, made, scala)
        if statement.lists_databases:
            result = result.filter(result[0] != HIDDEN)
        return result

    def _run(self, session: SparkSession, plan: Any, scala: Any) -> Any:
        from pyspark.sql import DataFrame

        from glue_etl.engine.compat import SPARK_MAJOR

        dataset = scala.java(f"org.apache.spark.sql.{'classic.' if SPARK_MAJOR >= 4 else ''}Dataset")
        return DataFrame(dataset.ofRows(session._jsparkSession, plan), session)

    def table(self, call: Call, session: SparkSession, tableName: str) -> Any:
        """`spark.table`."""
        with self._named(session, tableName, queried=True):
            return call(session, tableName)

    def table_of_reader(self, call: Call, reader: Any, tableName: str) -> Any:
        """`spark.read.table`, `spark.readStream.table`."""
        with self._named(reader._spark, tableName, queried=True):
            return call(reader, tableName)

    def save_as_table(self, call: Call, writer: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        """`df.write.saveAsTable`."""
        given = args[0] if args else kwargs.get("format")
        if given:
            check_provider(str(given))
        with self._named(writer._spark, name, kind="saveAsTable"):
            return call(writer, name, *args, **kwargs)

    def insert_into(self, call: Call, writer: Any, tableName: str, *args: Any, **kwargs: Any) -> Any:
        """`df.write.insertInto`, `df.writeStream.toTable`."""
        with self._named(writer._spark, tableName, kind="insertInto"):
            return call(writer, tableName, *args, **kwargs)

    def remember_table(self, call: Call, writer: Any, df: Any, table: str) -> None:
        """`df.writeTo`: the writer itself does not keep the name."""
        call(writer, df, table)
        writer._glue_etl_table = table

    def write_to(self, call: Call, writer: Any, *args: Any, **kwargs: Any) -> Any:
        """`df.writeTo(...).create()` and so on."""
        with self._named(writer._spark, writer._glue_etl_table, kind="saveAsTable"):
            return call(writer, *args, **kwargs)

    def of_a_table(self, name: str, changes: bool) -> Call:
        """Calls of `spark.catalog` about one table."""

        def hook(call: Call, catalog: Any, tableName: str, *args: Any, **kwargs: Any) -> Any:
            database = None
            if name in ("listColumns", "tableExists"):
                database = args[0] if args else kwargs.get("dbName")
            full = f"{database}.{tableName}" if database else tableName
            queried = name in _OF_A_QUERY
            with self._named(catalog._sparkSession, full, kind=name if changes else "", queried=queried):
                return call(catalog, tableName, *args, **kwargs)

        return hook

    def of_a_database(self, call: Call, catalog: Any, dbName: str) -> Any:
        """Calls of `spark.catalog` about one database."""
        with self._sync.around(catalog._sparkSession, self._databases(catalog._sparkSession, dbName)):
            return call(catalog, dbName)

    def list_databases(self, call: Call, catalog: Any, *args: Any, **kwargs: Any) -> Any:
        """`spark.catalog.listDatabases`."""
        with self._sync.around(catalog._sparkSession, Statement("listDatabases", lists_databases=True)):
            return [each for each in call(catalog, *args, **kwargs) if each.name != HIDDEN]

    def list_tables(self, call: Call, catalog: Any, dbName: str | None = None, *args: Any, **kwargs: Any) -> Any:
        """`spark.catalog.listTables`."""
        with self._sync.around(catalog._sparkSession, self._databases(catalog._sparkSession, dbName, lists=True)):
            return call(catalog, dbName, *args, **kwargs)

    def tables_of_context(self, call: Call, context: Any, dbName: str | None = None) -> Any:
        """`sqlContext.tables`, `glueContext.tableNames`."""
        with self._sync.around(context.sparkSession, self._databases(context.sparkSession, dbName, lists=True)):
            return call(context, dbName)

    def without_hive(self, call: Call, builder: Any) -> Any:
        """`enableHiveSupport`: on AWS Glue it is what gives the Data Catalog, and there is no metastore here."""
        return builder

    @contextmanager
    def _named(self, session: SparkSession, name: str, *, kind: str = "", queried: bool = False) -> Iterator[None]:
        java: Any = session._jsparkSession
        try:
            parts = name_parts(name, java.sessionState().sqlParser(), self._sync.scala(session))
        except NOT_PARSED:
            # Spark tells of it in its own way.
            yield
            return
        names, none = (parts,), ()
        statement = Statement(kind or "table", names, names if kind else none, names if queried else none)
        with self._sync.around(session, statement):
            yield

    def _databases(self, session: SparkSession, name: str | None, *, lists: bool = False) -> Statement:
        java: Any = session._jsparkSession
        named: tuple[Name, ...] = ()
        if name:
            try:
                named = (name_parts(name, java.sessionState().sqlParser(), self._sync.scala(session)),)
            except NOT_PARSED:
                named = ()
        return Statement("database", databases=named, lists_tables=lists)
