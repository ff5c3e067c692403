"""Opens what `create_dynamic_frame.from_options` asks for of a database, and tables of the Data Catalog that are one.

The connection is tried at once, so a refused password is reported at the script's own line; rows are read when they
are asked for, by Spark's own JDBC reader.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from py4j.protocol import Py4JJavaError
from pyspark.sql import DataFrame

from glue_etl.engine.catalog.serde import jdbc_vendor
from glue_etl.engine.frame.core import Frame, Stage
from glue_etl.engine.io.jdbc_bookmarks import Progress, progress_of
from glue_etl.engine.io.jdbc_database import Database, connected, database_error
from glue_etl.engine.io.jdbc_driver import load_driver
from glue_etl.engine.io.jdbc_partitions import all_of, appended, by_expression, by_field, by_hash, column_named
from glue_etl.engine.io.jdbc_request import JdbcRead, jdbc_read
from glue_etl.engine.io.jdbc_target import Target, target_of
from glue_etl.engine.io.jdbc_types import DbColumn, check_schema, custom_schema
from glue_etl.engine.io.jdbc_vendors import VENDORS
from glue_etl.errors import OptionError, UnsupportedError

if TYPE_CHECKING:
    from glue_etl.engine.context import EngineContext

__all__ = ["is_jdbc_table", "jdbc_table_options", "open_jdbc", "open_jdbc_table"]

_LOG = logging.getLogger(__name__)
# A name for a query within another one; Oracle takes none that begins with an underscore.
_ALIAS = "glue_etl_query"
# Rows that a driver fetches at a time: without a number some drivers fetch all of them before the first one is seen.
_FETCH = "10000"
_TABLE_OPTIONS = ("hashfield", "hashexpression", "hashpartitions", "jobBookmarkKeys", "jobBookmarkKeysSortOrder")


def open_jdbc(
    ctx: EngineContext,
    connection_type: str,
    options: Mapping[str, Any],
    stage: Stage,
    predicate: str = "",
    catalog_id: str | None = None,
    sample: bool = False,
) -> Frame:
    """The frame of a database's table or query.

    Args:
        ctx: The job's surroundings.
        connection_type: One of `jdbc_vendors.CONNECTION_TYPES`.
        options: The script's connection_options.
        stage: What the script said of the source; its name is the bookmark's.
        predicate: A push-down predicate; AWS Glue has none for JDBC.
        catalog_id: Of the connection.
        sample: Whether only some rows are looked at, so that none counts as read.

    Raises:
        OptionError: An option that does not exist, or a value that cannot be used.
        UnsupportedError: AWS Glue has it, this version has not.
        MissingExtraError: There is no driver.
        DatabaseError: The server, the database or the user says no.
    """
    if predicate:
        raise UnsupportedError.of(
            f"push_down_predicate {predicate!r} of a JDBC source", "push the condition down with sampleQuery"
        )
    request = jdbc_read(connection_type, options)
    target = target_of(ctx, connection_type, request.values, catalog_id)
    _tell_ignored(request, target)
    driver = load_driver(ctx, target)
    relations, whole = _relations(request, target), _whole(request, target)
    with connected(ctx.session, target, driver) as database:
        columns = _columns(database, request, relations[0])
        progress = progress_of(
            ctx.bookmarks, stage.transformation_ctx, request, database, target.url.vendor, whole, columns
        )
        conditions = _conditions(request, target, columns, progress)
        database.check(relations[0], conditions[0])
    df = _Reader(ctx, request, target, driver, columns).read(relations, conditions)
    check_schema(df.schema, columns)
    if progress.keys and not sample:
        ctx.bookmarks.advance(stage.transformation_ctx, progress.keys)
    return Frame.of(df)


def _tell_ignored(request: JdbcRead, target: Target) -> None:
    values = request.values
    given = [name for name in ("hashfield", "hashexpression", "hashpartitions") if values[name]]
    if given and target.url.vendor.name == "redshift":
        _LOG.warning("AWS Glue ignores %s when it reads Amazon Redshift.", ", ".join(given))
    elif given and not (request.hash_field or request.hash_expression):
        why = "a query is divided with enablePartitioningForSampleQuery" if request.query else "there is no hashfield"
        _LOG.warning("%s has no effect: %s.", ", ".join(given), why)
    if values["sampleSize"] and not request.open_query:
        _LOG.warning("sampleSize has no effect without enablePartitioningForSampleQuery: write LIMIT into the query.")


def is_jdbc_table(table: Mapping[str, Any]) -> bool:
    """Whether a table of the Data Catalog stands for one of a database."""
    parameters = table.get("Parameters") or {}
    return jdbc_vendor(table) is not None and bool(parameters.get("connectionName"))


def open_jdbc_table(
    ctx: EngineContext,
    table: Mapping[str, Any],
    options: Mapping[str, Any],
    stage: Stage,
    predicate: str = "",
    catalog_id: str | None = None,
) -> Frame:
    """The frame of a Data Catalog table that stands for a database's, as a crawler over JDBC makes it.

    Args:
        ctx: The job's surroundings.
        table: The `Table` of GetTable: the location is `database.schema.table`, the parameters name the connection.
        options: The script's additional_options; they win over the table's parameters.
        stage: What the script said of the source.
        predicate: A push-down predicate.
        catalog_id: Of the connection.

    Raises:
        OptionError: The table has no location or no connection.
        DatabaseError: As `open_jdbc`.
    """
    vendor, given = jdbc_table_options(table)
    parameters = table["Parameters"]
    chosen = {key: parameters[key] for key in _TABLE_OPTIONS if key in parameters}
    if "hashfield" in options or "hashexpression" in options:
        # The script divides the rows in its own way.
        chosen = {key: value for key, value in chosen.items() if key not in ("hashfield", "hashexpression")}
    return open_jdbc(ctx, vendor, {**chosen, **given, **options}, stage, predicate, catalog_id)


def jdbc_table_options(table: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The connection type of a Data Catalog table that stands for a database's, and the options that name that table.

    Raises:
        OptionError: The table has no location or no connection.
    """
    parameters = {str(key): str(value) for key, value in (table.get("Parameters") or {}).items()}
    name = f"{table.get('DatabaseName', '')}.{table.get('Name', '')}"
    location = str((table.get("StorageDescriptor") or {}).get("Location") or "")
    if not location or not parameters.get("connectionName"):
        raise OptionError(
            f"The table {name} stands for one of a database, and has no "
            f"{'connectionName' if location else 'location'}.",
            hint="a crawler over a JDBC connection gives both",
        )
    vendor = parameters["classification"].lower()
    # A kin of MySQL is known by the connection's URL.
    return vendor if vendor in VENDORS else "jdbc", {
        "dbtable": _without_database(vendor, location),
        "connectionName": parameters["connectionName"],
        "useConnectionProperties": "true",
    }


def _without_database(vendor: str, location: str) -> str:
    """The table for a connection that names the database already: `database.table` of MySQL, else with a schema."""
    parts = location.split(".")
    most = 2 if vendor in VENDORS and vendor != "mysql" else 1
    return ".".join(parts[-most:]) if len(parts) > most else location


def _relations(request: JdbcRead, target: Target) -> list[str]:
    """What stands behind FROM, one for all partitions or one for each."""
    if not request.open_query:
        return [_whole(request, target)]
    # Each partition's condition stands within the query, which need not give the column it is divided by.
    limit = target.url.vendor.limit
    most = f" {limit.format(count=request.sample_size)}" if request.sample_size and limit else ""
    return [_opened(request, part, most) for part in _open_parts(request, target) or ["1 = 1"]]


def _opened(request: JdbcRead, condition: str, most: str = "") -> str:
    extra = f" AND ({request.filter})" if request.filter else ""
    return f"({request.query} ({condition}){extra}{most}) {_ALIAS}"


def _whole(request: JdbcRead, target: Target) -> str:
    """All that is asked for: a table, or a query in brackets with a name."""
    if request.open_query:
        return _opened(request, "1 = 1")
    if request.query:
        return f"({appended(request.query, request.filter)}) {_ALIAS}"
    table, vendor = request.table, target.url.vendor
    # Documented: without a schema the table is looked for in "public".
    plain = "." not in table and not table.startswith("(") and "currentschema=" not in target.url.text.lower()
    return f"{vendor.schema}.{table}" if vendor.schema and plain else table


def _open_parts(request: JdbcRead, target: Target) -> list[str]:
    vendor = target.url.vendor
    if vendor.name == "redshift":
        # Documented: hashfield and hashexpression are ignored when reading Amazon Redshift tables.
        return []
    if request.hash_expression:
        return by_expression(vendor, request.hash_expression, request.partitions)
    if not vendor.bucket:
        raise UnsupportedError.of(f"hashfield with a sampleQuery in {vendor.name}", "give hashexpression")
    return by_hash(vendor, request.hash_field, request.partitions)


def _conditions(request: JdbcRead, target: Target, columns: list[DbColumn], progress: Progress) -> list[str]:
    """One condition per partition; an empty one takes all rows."""
    vendor = target.url.vendor
    parts: list[str] = []
    if request.open_query or vendor.name == "redshift":
        pass
    elif request.hash_expression:
        parts = by_expression(vendor, request.hash_expression, request.partitions)
    elif request.hash_field:
        parts = by_field(vendor, column_named(columns, request.hash_field, "hashfield"), request.partitions)
    rest = all_of("" if request.query else request.filter, progress.condition)
    return [all_of(part, rest) for part in parts or [""]]


def _columns(database: Database, request: JdbcRead, relation: str) -> list[DbColumn]:
    columns = database.columns(relation)
    seen: dict[str, str] = {}
    for column in columns:
        other = seen.setdefault(column.name.lower(), column.name)
        if other != column.name or [each.name for each in columns].count(column.name) > 1:
            raise OptionError(
                f"{'The query' if request.query else relation} gives the column {column.name!r} twice.",
                available=[each.name for each in columns],
                hint="name each column once, with AS in a sampleQuery",
            )
    return columns


class _Reader:
    """Spark's JDBC reader, set up for one request."""

    def __init__(
        self, ctx: EngineContext, request: JdbcRead, target: Target, driver: str, columns: list[DbColumn]
    ) -> None:
        self._session = ctx.session
        self._request = request
        self._target = target
        self._columns = columns
        self._properties = {
            "fetchsize": _FETCH,
            **target.url.vendor.properties,
            **request.spark_options,
            **target.login(),
            "driver": driver,
        }
        if schema := custom_schema(columns, request.mapping):
            self._properties["customSchema"] = schema

    def read(self, relations: list[str], conditions: list[str]) -> DataFrame:
        """The rows of all relations that meet one of the conditions.

        Raises:
            DatabaseError: The database says no.
        """
        try:
            if self._request.ranges is not None:
                return self._by_ranges(relations[0], conditions[0])
            df = self._by_conditions(relations[0], conditions)
            for relation in relations[1:]:
                df = df.union(self._by_conditions(relation, conditions))
        except Py4JJavaError as error:
            raise database_error(error, self._target, f"reading {relations[0]}") from None
        return df.limit(self._request.sample_size) if self._request.sample_size else df

    def _by_conditions(self, relation: str, conditions: list[str]) -> DataFrame:
        return self._session.read.jdbc(
            self._target.url.text,
            relation,
            predicates=[each or "1 = 1" for each in conditions],
            properties=self._properties,
        )

    def _by_ranges(self, relation: str, condition: str) -> DataFrame:
        ranges = self._request.ranges
        assert ranges is not None
        column = column_named(self._columns, ranges.column, "partitionColumn")
        if condition:
            relation = f"(SELECT * FROM {relation} WHERE {condition}) {_ALIAS}_rows"
        properties = {
            **self._properties,
            "partitionColumn": column.name,
            "lowerBound": ranges.lower,
            "upperBound": ranges.upper,
            "numPartitions": str(ranges.count),
            "dbtable": relation,
            "url": self._target.url.text,
        }
        return self._session.read.format("jdbc").options(**properties).load()
