"""Opens what `create_dynamic_frame.from_catalog` asks for: a table of the Data Catalog.

The table, its partitions, the predicates and the files are looked at at once, so that a mistake is reported at the
script's own line; data when the frame's schema or records are asked for. Sources: "Managing partitions for ETL output
in AWS Glue", "Reading input files in larger groups" and "Include and exclude patterns" (table properties that a job
honours) in the AWS Glue guide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from glue_etl.engine.catalog.lookup import Partition, columns_of_table, get_table, keys_of_table
from glue_etl.engine.catalog.serde import TableFormat, jdbc_vendor, name_of, table_format
from glue_etl.engine.context import EngineContext
from glue_etl.engine.frame.core import Frame, Plan, Stage
from glue_etl.engine.frame.records import spark_struct
from glue_etl.engine.io.catalog_columns import (
    arranged,
    as_declared,
    check_texts,
    named_by_position,
    texts_as_wished,
)
from glue_etl.engine.io.catalog_partitions import FILE, named_folders, with_keys
from glue_etl.engine.io.catalog_selection import TableRead, chosen_partitions, existing_locations
from glue_etl.engine.io.combine import combine
from glue_etl.engine.io.listing import Listing, list_files
from glue_etl.engine.io.option_values import checked
from glue_etl.engine.io.registry import FORMATS, Option
from glue_etl.engine.io.request import ReadRequest, read_request
from glue_etl.engine.io.sampling import SampleLimits
from glue_etl.engine.io.selection import taken
from glue_etl.engine.io.sources import read_listing
from glue_etl.engine.types import tree as g
from glue_etl.errors import OptionError, SourceError

__all__ = ["open_table"]

_OWN_OPTIONS = {
    "catalogPartitionPredicate": Option("text"),
    # Spark's own readers read in any case.
    "useSparkDataSource": Option("bool", effect="accepted"),
    "useCatalogSchema": Option("bool", False),
}
_PROPERTIES = ("exclusions", "groupFiles", "groupSize", "recurse")
"""Parameters of a table that a job honours as if the script had given them."""
_HEADER = "skip.header.line.count"
_NAMED = ("avro", "glueparquet", "orc")
"""Formats whose files must have a column of the table; JSON, XML and Ion records may be anything."""


@dataclass
class _Group:
    """Files that are read alike."""

    texts: TableFormat
    request: ReadRequest
    cells: g.StructType
    partitions: list[Partition] = field(default_factory=list)


def open_table(
    ctx: EngineContext,
    database: str,
    name: str,
    options: Mapping[str, Any],
    stage: Stage,
    *,
    predicate: str = "",
    catalog_id: str | None = None,
    target_partitions: int | None = None,
    sample: SampleLimits | None = None,
) -> Frame:
    """The frame of a table.

    Args:
        ctx: The job's surroundings.
        database: Its database.
        name: Its name.
        options: The script's additional_options: those of an S3 source and of the table's format, and
            `catalogPartitionPredicate`, `useSparkDataSource`, `useCatalogSchema`.
        stage: For error records; its transformation_ctx is the name of the job's bookmark.
        predicate: The script's push_down_predicate.
        catalog_id: The account whose catalog the table is in; None for the caller's.
        target_partitions: The largest number of partitions wished.
        sample: How many of the files are read; None for all.

    Returns:
        A frame of the table's columns and partition keys. A table without files has no records; its plan raises
        SourceError if the files do not hold what the table says.

    Raises:
        SourceError: There is no such table or database (EntityNotFoundException), or a partition's value is not of its
            key's type.
        OptionError: An option or a predicate that cannot be used, or the table does not say what its files are.
        UnsupportedError: AWS Glue has it, this version has not, such as a SerDe that is not known.
        NoSuchBucketError: A location is in a bucket that does not exist.
    """
    document = get_table(ctx.clients.glue(), database, name, catalog_id)
    if catalog_id:
        document = {**document, "CatalogId": catalog_id}
    if jdbc_vendor(document):
        from glue_etl.engine.io.jdbc_source import open_jdbc_table

        jdbc: Frame = open_jdbc_table(ctx, document, options, stage, predicate, catalog_id)
        return jdbc
    own = checked(_OWN_OPTIONS, {key: value for key, value in options.items() if key in _OWN_OPTIONS}, "the table")
    given = {key: value for key, value in options.items() if key not in _OWN_OPTIONS and key != "callSite"}
    what = f"the table {name_of(document)!r}"
    table = TableRead(document, what, columns_of_table(document), keys_of_table(document))
    partitions = chosen_partitions(ctx, table, predicate, own["catalogPartitionPredicate"] or "")
    groups, listing = _groups(ctx, table, partitions, given)
    listing = taken(ctx, listing, groups[0].request, stage.transformation_ctx, sample)
    frames = [_group_frame(ctx, table, group, listing, stage, target_partitions) for group in groups]
    frame = _together(ctx, table, [frame for frame in frames if frame is not None], groups[0].texts)
    if own["useCatalogSchema"]:
        whole = g.StructType((*table.columns.fields, *table.keys.fields))
        frame = frame.derive(lambda plan: as_declared(plan, whole), Stage())
    return frame


# --- files -----------------------------------------------------------------------------------------------------------


def _groups(
    ctx: EngineContext, table: TableRead, partitions: Sequence[Partition], options: Mapping[str, Any]
) -> tuple[list[_Group], Listing]:
    """The partitions that are read alike, and the files of all of them; at least one group."""
    groups: dict[str, _Group] = {}
    known: dict[str, _Group] = {}
    for partition in partitions or [Partition((), {})]:
        said = _said(partition)
        if said not in known:
            group = _group(table, partition, options, partitions)
            known[said] = groups.setdefault(repr((group.texts, group.cells.names)), group)
        known[said].partitions.append(partition)
    chosen = list(groups.values())
    for group in chosen:
        group.partitions = [partition for partition in group.partitions if partition.document]
    paths = existing_locations(ctx, table, partitions)
    if not paths:
        return chosen, Listing((), (), True, False)
    first = chosen[0].request
    return chosen, list_files(ctx, paths, recurse=first.recurse, exclusions=first.exclusions)


def _said(partition: Partition) -> str:
    """What a partition says of how its files are read, as a text; most partitions of a table say the same."""
    descriptor = partition.document.get("StorageDescriptor") or {}
    parameters = partition.document.get("Parameters") or {}
    # Numbers are statistics, but for this one.
    words = {key: value for key, value in parameters.items() if key == _HEADER or not str(value).isdecimal()}
    return repr((descriptor.get("SerdeInfo"), descriptor.get("Columns"), descriptor.get("Parameters"), words))


def _group(
    table: TableRead, partition: Partition, options: Mapping[str, Any], partitions: Sequence[Partition]
) -> _Group:
    own = (partition.document.get("StorageDescriptor") or {}).get("SerdeInfo")
    texts = table_format(table.document, partition.document if own else None, options=options)
    if texts.is_text:
        check_texts(table.columns, table.what)
    cells = columns_of_table(table.document, partition.document) if texts.by_position else table.columns
    if texts.by_position and not len(cells):
        raise OptionError(
            f"{table.what[0].upper()}{table.what[1:]} has no columns, so that the cells of its records have no names.",
            hint="correct the table's definition",
        )
    properties = {key: value for key, value in (table.document.get("Parameters") or {}).items() if key in _PROPERTIES}
    return _Group(texts, _request(table, texts, {**properties, **options}, partitions), cells)


def _request(
    table: TableRead, texts: TableFormat, options: Mapping[str, Any], partitions: Sequence[Partition]
) -> ReadRequest:
    of_format = {key: value for key, value in options.items() if key in FORMATS[texts.format].read}
    rest = {key: value for key, value in options.items() if key not in of_format}
    for key in ("path", "paths"):
        if key in rest:
            raise OptionError(f"{key!r} is not an option of {table.what}.", hint="its location is in the Data Catalog")
    format_options = dict(texts.options)
    if len({partition.values for partition in partitions}) > 1 and not format_options.get("attachFilename"):
        format_options["attachFilename"] = FILE
    # Where the files are is said by the partitions.
    return read_request("s3", {**rest, "paths": ["s3://partitions"]}, texts.format, format_options)


# --- records ---------------------------------------------------------------------------------------------------------


def _group_frame(
    ctx: EngineContext, table: TableRead, group: _Group, listing: Listing, stage: Stage, target_partitions: int | None
) -> Frame | None:
    roots = {partition.location for partition in group.partitions}
    files = tuple(file for file in listing.files if file.root in roots)
    if not files:
        return None
    if len(files) < len(listing.files):
        listing = replace(listing, files=files, whole=False)
    texts, request = group.texts, group.request
    folders = None
    if request.options.get("attachFilename") == FILE and request.format in ("glueparquet", "orc"):
        folders = named_folders(group.partitions, files, table.keys)
        if folders is not None:
            request = replace(request, options={**request.options, "attachFilename": None})
    names = group.cells.names if texts.format == "csv" else None
    frame = read_listing(ctx, request, listing, stage, target_partitions, names, folders)
    column = request.options.get("attachFilename") or FILE

    def step(plan: Plan) -> Plan:
        if texts.by_position and texts.format != "csv":
            plan = named_by_position(plan, group.cells.names, table.what)
        if texts.is_text:
            plan = texts_as_wished(plan, table.columns, texts)
        _check_names(table, texts, plan)
        return plan if folders is not None else with_keys(plan, table.keys, group.partitions, files, column)

    return frame.derive(step, Stage())


def _check_names(table: TableRead, texts: TableFormat, plan: Plan) -> None:
    """See that files with names of their own are those of the table."""
    found = {name.lower() for name in plan.type.names} - {FILE}
    wanted = {texts.fields.get(name, name).lower() for name in table.columns.names}
    # Spark's own tables, and others that leave it to the files, have this one column.
    if texts.format in _NAMED and found and wanted not in (set(), {"col"}) and not found & wanted:
        raise SourceError(
            f"The files of {table.what} have none of its columns {table.columns.names!r}.",
            available=sorted(found),
            hint="correct the table's columns, or its location",
        )


def _together(ctx: EngineContext, table: TableRead, frames: Sequence[Frame], texts: TableFormat) -> Frame:
    def plan() -> Plan:
        if not frames:
            empty = g.StructType((*table.columns.fields, *table.keys.fields))
            return Plan(ctx.session.createDataFrame([], spark_struct(empty)), empty)
        return arranged(combine([frame.plan for frame in frames]), table.columns, table.keys, texts.fields)

    if len(frames) == 1:
        return frames[0].derive(lambda _: plan(), Stage())
    return Frame(
        plan,
        earlier_errors=tuple(source for frame in frames for source in frame.errors),
        thresholds=tuple(threshold for frame in frames for threshold in frame.thresholds),
    )
