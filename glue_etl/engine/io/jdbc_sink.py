"""Writes what `write_dynamic_frame.from_options` and `from_jdbc_conf` ask for into a database's table.

A write adds rows, and makes the table if it is not there, as AWS Glue does. Each partition of the frame is one
transaction of the database: a write that fails may leave the rows of other partitions.
Source: "JDBC connections" in the AWS Glue guide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from py4j.protocol import Py4JJavaError
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as f

from glue_etl.engine.frame.conform import top
from glue_etl.engine.frame.core import Frame, Plan
from glue_etl.engine.io.jdbc_database import Database, connected, database_error
from glue_etl.engine.io.jdbc_driver import load_driver
from glue_etl.engine.io.jdbc_partitions import table_parts
from glue_etl.engine.io.jdbc_request import JdbcWrite, jdbc_write
from glue_etl.engine.io.jdbc_target import Target, target_of
from glue_etl.engine.io.jdbc_types import DbColumn, null_type
from glue_etl.engine.types import tree as g
from glue_etl.errors import FieldError, OptionError

if TYPE_CHECKING:
    from glue_etl.engine.context import EngineContext

__all__ = ["write_jdbc"]


def write_jdbc(
    ctx: EngineContext,
    frame: Frame,
    connection_type: str,
    options: Mapping[str, Any],
    catalog_id: str | None = None,
) -> None:
    """Add a frame's records to a table.

    Args:
        ctx: The job's surroundings.
        frame: What to write.
        connection_type: One of `jdbc_vendors.CONNECTION_TYPES`.
        options: The script's connection_options.
        catalog_id: Of the connection.

    Raises:
        OptionError: An option that does not exist, or a value that cannot be used.
        FieldError: A field that a table cannot hold, or that the table has no column for.
        MissingExtraError: There is no driver.
        DatabaseError: The server, the database or the user says no.
        ErrorThresholdExceeded: The frame has more error records than the script allows.
    """
    request = jdbc_write(connection_type, options)
    target = target_of(ctx, connection_type, request.values, catalog_id)
    _check_actions(request, target)
    table = _table(request, target, frame.name)
    plan = frame.checked()
    _check_fields(plan.type, target)
    if not len(plan.type):
        return
    driver = load_driver(ctx, target)
    with connected(ctx.session, target, driver) as database:
        for statement in request.preactions:
            database.execute(statement)
        columns = database.columns(table) if database.exists(table) else None
    df = _fitted(plan, columns, table)
    _write(df, request, target, driver, table)
    if request.postactions:
        with connected(ctx.session, target, driver) as database:
            _run(database, request.postactions)


def _run(database: Database, statements: Sequence[str]) -> None:
    for statement in statements:
        database.execute(statement)


def _check_actions(request: JdbcWrite, target: Target) -> None:
    for name in ("preactions", "postactions"):
        if request.values[name] and target.url.vendor.name != "redshift":
            raise OptionError(
                f"The option {name!r} is given for {target.url.vendor.name}.", hint="AWS Glue has it for Redshift only"
            )


def _table(request: JdbcWrite, target: Target, frame_name: str) -> str:
    table = request.table
    if request.use_frame_name:
        if not frame_name:
            raise OptionError(
                "A frame of the collection has no name, which would name its table.", hint="name each frame"
            )
        # Each frame of a collection gets a table of its own, in the schema of dbtable.
        schema = ".".join(table_parts(table)[:-1])
        quoted = target.url.vendor.quoted(frame_name)
        return f"{schema}.{quoted}" if schema else quoted
    plain = "." not in table and "currentschema=" not in target.url.text.lower()
    return f"{target.url.vendor.schema}.{table}" if target.url.vendor.schema and plain else table


def _check_fields(kind: g.StructType, target: Target) -> None:
    """Refuse what no column holds, before anything is written."""
    seen: dict[str, str] = {}
    for member in kind:
        other = seen.setdefault(member.name.lower(), member.name)
        if other is not member.name:
            raise FieldError(
                f"The fields {other!r} and {member.name!r} differ in case alone, and a table has one column for both.",
                hint="rename one with rename_field",
            )
        if isinstance(member.type, g.ChoiceType):
            words = " or ".join(choice.name for choice in member.type.choices)
            raise FieldError(
                f"The field {member.name!r} is {words}, and a column has one type.",
                hint=f"resolve it with resolveChoice, such as specs=[({member.name!r}, 'cast:string')]",
            )
        if not _fits(member.type, target):
            raise FieldError(
                f"The field {member.name!r} is of the type {member.type.name}, which a table of "
                f"{target.url.vendor.name} cannot hold.",
                hint="flatten the frame with relationalize or unnest",
            )


def _fits(kind: g.GlueType, target: Target) -> bool:
    if isinstance(kind, (g.ArrayType, g.SetType)):
        inner = kind.element
        nested = isinstance(inner, (g.StructType, g.MapType, g.ArrayType, g.SetType, g.ChoiceType))
        return target.url.vendor.name == "postgresql" and not nested
    return not isinstance(kind, (g.StructType, g.MapType))


def _fitted(plan: Plan, columns: list[DbColumn] | None, table: str) -> DataFrame:
    """The rows by the table's own column names.

    Raises:
        FieldError: The table has no column for a field.
    """
    if columns is None:
        return plan.df.select(*[_column(member, member.name) for member in plan.type])
    exact = {column.name: column for column in columns}
    near = {column.name.lower(): column for column in columns}
    chosen = []
    for member in plan.type:
        column = exact.get(member.name) or near.get(member.name.lower())
        if column is None:
            raise FieldError(
                f"The table {table} has no column for the field {member.name!r}.",
                available=list(exact),
                hint="drop the field with drop_fields, or add the column to the table",
            )
        chosen.append(_column(member, column.name, null_type(column)))
    return plan.df.select(*chosen)


def _column(member: g.Field, name: str, null_as: str = "string") -> Column:
    # A field that is null in every record has no type of its own, and a column wants nulls of its type.
    column = f.lit(None).cast(null_as) if member.type in (g.NULL, g.UNKNOWN) else top(member.name)
    return column.alias(name)


def _write(df: DataFrame, request: JdbcWrite, target: Target, driver: str, table: str) -> None:
    properties = {**request.spark_options, **target.login(), "driver": driver}
    if request.parallel is not None:
        properties["numPartitions"] = str(request.parallel)
    if target.url.vendor.name == "postgresql":
        # Many rows a statement instead of one: several times faster, and the same rows.
        properties.setdefault("reWriteBatchedInserts", "true")
    try:
        df.write.jdbc(target.url.text, table, mode="append", properties=properties)
    except Py4JJavaError as error:
        raise database_error(error, target, f"writing to {table}") from None
