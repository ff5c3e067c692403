"""Writes that know a table of the Data Catalog: `write_dynamic_frame.from_catalog`, and sinks with `setCatalogInfo`.

The files are written by `sinks`, as every sink's; the table says where, how, and by which folders. What is entered in
the catalog afterwards is told in `catalog_update`. Sources: "GlueContext class", write_dynamic_frame_from_catalog, and
https://docs.aws.amazon.com/glue/latest/dg/update-from-job.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from glue_etl.engine.catalog.hive_types import struct_of_columns
from glue_etl.engine.catalog.serde import table_format
from glue_etl.engine.catalog.serde_properties import TableFormat
from glue_etl.engine.context import EngineContext
from glue_etl.engine.frame.conform import null_of, top
from glue_etl.engine.frame.core import Frame, Plan
from glue_etl.engine.io.catalog_entries import Target, required_table, same_place
from glue_etl.engine.io.catalog_update import TableUpdate
from glue_etl.engine.io.jdbc_sink import write_jdbc
from glue_etl.engine.io.jdbc_source import is_jdbc_table, jdbc_table_options
from glue_etl.engine.io.jdbc_vendors import CONNECTION_TYPES as JDBC_TYPES
from glue_etl.engine.io.lake import SCHEMES, is_s3
from glue_etl.engine.io.listing import local_path
from glue_etl.engine.io.request import WriteRequest, write_request
from glue_etl.engine.io.sinks import Written, destination_of, write_frame, write_plan
from glue_etl.engine.types import tree as g
from glue_etl.errors import FieldError, OptionError, SourceError

__all__ = ["target_of", "write_and_update", "write_table"]

# What the table itself says, so that a script cannot say otherwise.
_SAID_BY_TABLE = ("path", "paths")


def target_of(ctx: EngineContext, database: str, table: str, catalog_id: str = "") -> Target:
    """A table of the Data Catalog by its names, which the catalog keeps in lower case."""
    return Target(ctx.clients.glue(), str(database).lower(), str(table).lower(), catalog_id)


def write_table(ctx: EngineContext, frame: Frame, target: Target, options: Mapping[str, Any]) -> Written:
    """Add a frame's records to a table of files or of a database, as `write_dynamic_frame.from_catalog` does.

    Args:
        ctx: The job's surroundings.
        frame: What to write.
        target: The table; it must exist.
        options: The script's additional_options: those of an S3 sink, `partitionKeys` (the table's, if they are not
            given), `enableUpdateCatalog` and `updateBehavior` among them.

    Raises:
        SourceError: There is no such database or table.
        OptionError: An option that does not exist, or does not go with the table.
        UnsupportedError: The table's SerDe is not known, or its format cannot be written.
        FieldError: A partition key of the table that the frame has not, or a field that the format cannot hold.
        ErrorThresholdExceeded: The frame has more error records than the script allows.
    """
    table = required_table(target)
    if is_jdbc_table(table):
        connection_type, named = jdbc_table_options(table)
        write_jdbc(ctx, frame, connection_type, {**options, **named}, target.catalog_id or None)
        return Written(None)
    form = table_format(table)
    location = str((table.get("StorageDescriptor") or {}).get("Location") or "")
    if not location:
        raise SourceError(f"The table {target} has no location.", hint="set StorageDescriptor.Location")
    for name in _SAID_BY_TABLE:
        given = options.get(name)
        if given and not same_place(given if isinstance(given, str) else str(given[0]), location):
            raise OptionError(
                f"The option {name!r} is {given!r}, but the table {target} is at {location!r}.", hint="leave it out"
            )
    rest = {name: value for name, value in options.items() if name not in _SAID_BY_TABLE}
    written_as, written_by = _writer_of(table, form)
    request = write_request("s3", {**rest, "path": location}, written_as, written_by)
    names = [str(key["Name"]) for key in table.get("PartitionKeys") or ()]
    if "partitionKeys" not in options:
        request = replace(request, partition_keys=tuple(names))
    return _write(ctx, frame, request, target, table)


def write_and_update(
    ctx: EngineContext,
    frame: Frame,
    connection_type: str,
    options: Mapping[str, Any],
    fmt: str | None,
    format_options: Mapping[str, Any],
    target: Target,
) -> Written:
    """Add a frame's records to a folder, and enter them in the table that `setCatalogInfo` named.

    Args:
        ctx: The job's surroundings.
        frame: What to write.
        connection_type: As in `sinks.write_frame`, and so the next three.
        options: The script's connection_options; without `enableUpdateCatalog` nothing is entered.
        fmt: The format's name.
        format_options: The script's.
        target: The table.

    Raises:
        GlueEtlError: As `sinks.write_frame` and `catalog_update.TableUpdate`.
    """
    if connection_type.lower() in JDBC_TYPES:
        return write_frame(ctx, frame, connection_type, options, fmt, format_options)
    request = write_request(connection_type, options, fmt, format_options)
    return _write(ctx, frame, request, target)


def _write(
    ctx: EngineContext,
    frame: Frame,
    request: WriteRequest,
    target: Target,
    table: Mapping[str, Any] | None = None,
) -> Written:
    path = destination_of(request, frame)
    local = local_path(ctx, path)
    update = None
    if request.update_behavior is not None:
        if local is None:
            raise OptionError(
                f"enableUpdateCatalog is on, and the sink writes to {path!r}: AWS Glue does so for Amazon S3 alone.",
                hint="write to s3://",
            )
        update = TableUpdate(target, request, _catalog_location(ctx, path), ctx.job)
        update.open()
        table = update.table
    plan = frame.checked()
    if table is not None and len(plan.type):
        keys = _own_names(request.partition_keys, plan.type, str(target))
        folders = _folder_names(target, keys)
        plan = _renamed(plan, dict(zip(keys, folders, strict=True)))
        request = replace(request, partition_keys=folders)
        plan = _as_table(plan, table, request, f"the table {target}")
    if update is None:
        return write_plan(ctx, plan, request, path)
    update.request = request
    update.plan(plan.type)
    written = write_plan(ctx, plan, request, path)
    update.enter(written)
    return written


def _writer_of(table: Mapping[str, Any], form: TableFormat) -> tuple[str, dict[str, Any]]:
    """The format, and its options, of files that go to a table."""
    if form.format != "glueparquet":
        return form.format, form.write_options
    glue_writer = str((table.get("Parameters") or {}).get("useGlueParquetWriter", "false")).lower() == "true"
    return "parquet", {**form.write_options, "useGlueParquetWriter": glue_writer}


def _own_names(keys: Sequence[str], record: g.StructType, target: str) -> tuple[str, ...]:
    """The frame's own spelling of partition keys, which the Data Catalog has in lower case."""
    names = {name.lower(): name for name in reversed(record.names)}
    for key in keys:
        if key not in record.names and key.lower() not in names:
            raise FieldError(
                f"The partition key {key!r} of the table {target} is not a field of the frame.",
                available=record.names,
                hint="add it with apply_mapping or Map: its value names the folder that a record goes to",
            )
    return tuple(key if key in record.names else names[key.lower()] for key in keys)


def _folder_names(target: Target, keys: tuple[str, ...]) -> tuple[str, ...]:
    """The keys as the folders of the table's partitions spell them, so that a partition has one folder."""
    if not keys:
        return keys
    found = target.client.get_partitions(**target.table_key, MaxResults=1)["Partitions"]
    location = str((found[0].get("StorageDescriptor") or {}).get("Location") or "") if found else ""
    names = tuple(unquote(part.partition("=")[0]) for part in location.rstrip("/").split("/")[-len(keys) :])
    return names if [name.lower() for name in names] == [key.lower() for key in keys] else keys


def _renamed(plan: Plan, names: Mapping[str, str]) -> Plan:
    if all(old == new for old, new in names.items()):
        return plan
    fields = [g.Field(names.get(field.name, field.name), field.type) for field in plan.type]
    columns = [top(old.name).alias(new.name) for old, new in zip(plan.type, fields, strict=True)]
    return Plan(plan.df.select(*columns), g.StructType(tuple(fields)))


def _as_table(plan: Plan, table: Mapping[str, Any], request: WriteRequest, what: str) -> Plan:
    """The plan with the table's columns in the table's order, where files have no names for them.

    Columns that the frame lacks are empty; fields that the table lacks come last.
    """
    if not table_format(table).by_position:
        return plan
    columns = (table.get("StorageDescriptor") or {}).get("Columns") or ()
    wanted = struct_of_columns(list(columns), what)
    own = {field.name.lower(): field for field in plan.type}
    folders = {key.lower() for key in request.partition_keys}
    fields = [own.get(field.name.lower(), field) for field in wanted if field.name.lower() not in folders]
    chosen = {field.name for field in fields}
    fields += [field for field in plan.type if field.name not in chosen]
    if fields == list(plan.type):
        return plan
    had = set(plan.type.names)
    df = plan.df.select(*[(top(f.name) if f.name in had else null_of(f.type)).alias(f.name) for f in fields])
    return Plan(df, g.StructType(tuple(fields)))


def _catalog_location(ctx: EngineContext, path: str) -> str:
    """A folder as the Data Catalog names it: s3:// whatever the script's scheme, else a URI."""
    if is_s3(path):
        return f"{SCHEMES[0]}://{path.partition('://')[2]}"
    local = local_path(ctx, path)
    return path if local is None or path.startswith("file:") else f"file://{local}/"
