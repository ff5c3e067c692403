"""Opens what `create_dynamic_frame.from_options` asks for.

Paths and options are checked and files are listed at once, so that a mistake is reported at the script's own line;
data is looked at when the frame's schema or records are asked for.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from pyspark.sql import types as s

from glue_etl.engine.context import EngineContext
from glue_etl.engine.frame.core import Frame, Plan, Stage, Threshold
from glue_etl.engine.io.compression import CODECS
from glue_etl.engine.io.jdbc_vendors import CONNECTION_TYPES as JDBC_TYPES
from glue_etl.engine.io.listing import Listing, list_files
from glue_etl.engine.io.partitions import PartitionFolders, has_partition_folders
from glue_etl.engine.io.registry import DECODED_FORMATS
from glue_etl.engine.io.renamed import renamed
from glue_etl.engine.io.request import ReadRequest, read_request
from glue_etl.engine.io.sampling import SampleLimits
from glue_etl.engine.io.selection import group_count, taken
from glue_etl.engine.types import json_form
from glue_etl.engine.types import tree as g
from glue_etl.errors import OptionError, UnsupportedError

__all__ = ["open_source", "read_listing"]

_LOG = logging.getLogger(__name__)


def open_source(
    ctx: EngineContext,
    connection_type: str,
    options: Mapping[str, Any],
    fmt: str | None,
    format_options: Mapping[str, Any],
    stage: Stage,
    predicate: str = "",
    min_partitions: int | None = None,
    target_partitions: int | None = None,
    sample: SampleLimits | None = None,
) -> Frame:
    """The frame of a source.

    Args:
        ctx: The job's surroundings.
        connection_type: `s3` or `file`; `parquet` or `orc`, as awsglue names Spark's own sources.
        options: The script's connection_options.
        fmt: `csv`, `json`, `glueparquet`, or None where the connection type says it.
        format_options: The script's format_options.
        stage: For error records.
        predicate: A push-down predicate; only sources of the Data Catalog have one.
        min_partitions: A hint on AWS; Spark's own splitting gives enough.
        target_partitions: The largest number of partitions wished.
        sample: How many of the files are read; None for all.

    Raises:
        OptionError: An option, format or connection type that does not exist, or a value that cannot be used.
        UnsupportedError: AWS Glue has it, this version has not.
        PathNotFoundError: A path does not exist.
        NoSuchBucketError: A bucket does not exist.
        SourceError: A file on another file system is not named as the compression wants it.
    """
    if connection_type.lower() in JDBC_TYPES:
        from glue_etl.engine.io.jdbc_source import open_jdbc

        if fmt:
            _LOG.warning("The format %r has no effect on the JDBC source %r.", fmt, connection_type)
        return open_jdbc(ctx, connection_type.lower(), options, stage, predicate, sample=sample is not None)
    if predicate:
        raise UnsupportedError.of(f"push_down_predicate {predicate!r} of a source by paths", "filter the frame instead")
    request = read_request(connection_type, options, fmt, format_options)
    listing = taken(ctx, _listing(ctx, request), request, stage.transformation_ctx, sample)
    return read_listing(ctx, request, listing, stage, target_partitions)


def read_listing(
    ctx: EngineContext,
    request: ReadRequest,
    listing: Listing,
    stage: Stage,
    target_partitions: int | None = None,
    columns: Sequence[str] | None = None,
    folders: PartitionFolders | None = None,
) -> Frame:
    """The frame of files that are chosen already.

    Args:
        ctx: The job's surroundings.
        request: How they are read.
        listing: The files.
        stage: For error records.
        target_partitions: The largest number of partitions wished.
        columns: The names of a record's cells in order, where a table of the Data Catalog has them; for `csv`.
        folders: Folders `key=value` whose values become columns; for Parquet and ORC.

    Raises:
        SourceError: A file on another file system is not named as the compression wants it.
    """
    if request.compression and request.format not in DECODED_FORMATS:
        listing = renamed(ctx, listing, CODECS[request.compression])
    frame = _read(ctx, request, listing, stage, columns, folders)
    limits = [n for n in (target_partitions, ctx.target_partitions) if n]
    groups = group_count(listing, request, ctx.session.sparkContext.defaultParallelism)
    if groups is not None:
        limits.append(groups)
    if limits:
        _narrow(frame, min(limits))
    if request.fail_fast:
        frame.thresholds = (*frame.thresholds, Threshold(1, frame.errors, "option isFailFast"))
    return frame


def _listing(ctx: EngineContext, request: ReadRequest) -> Listing:
    if request.spark_source and not (request.recurse or request.options["recursiveFileLookup"]):
        # Spark's own sources go down into partition folders, and into those alone.
        listing = list_files(ctx, request.paths, recurse=True, exclusions=request.exclusions)
        if has_partition_folders(listing.files):
            return listing
    recurse = request.recurse or bool(request.options.get("recursiveFileLookup"))
    return list_files(ctx, request.paths, recurse=recurse, exclusions=request.exclusions)


def _read(
    ctx: EngineContext,
    request: ReadRequest,
    listing: Listing,
    stage: Stage,
    columns: Sequence[str] | None,
    folders: PartitionFolders | None,
) -> Frame:
    # Imported on use: each brings what only its format needs.
    if request.format == "csv":
        from glue_etl.engine.io.csv_read import read_csv

        return read_csv(ctx.session, request, listing, stage, columns)
    if request.format == "json":
        return _read_json(ctx, request, listing, stage)
    if request.format == "avro":
        from glue_etl.engine.io.avro import read_avro

        return read_avro(ctx.session, request, listing, stage)
    if request.format == "grokLog":
        from glue_etl.engine.io.grok import read_grok

        return read_grok(ctx.session, request, listing, stage)
    if request.format == "ion":
        from glue_etl.engine.io.ion import read_ion

        return read_ion(ctx.session, request, listing, stage)
    if request.format == "xml":
        from glue_etl.engine.io.xml import read_xml

        given = request.options["withSchema"]
        return read_xml(ctx.session, request, listing, stage, _schema(given) if given else None)
    from glue_etl.engine.io.columnar import read_columnar

    return read_columnar(ctx.session, request, listing, folders)


def _read_json(ctx: EngineContext, request: ReadRequest, listing: Listing, stage: Stage) -> Frame:
    from glue_etl.engine.io.json import read_json

    if not listing.files:
        return Frame.of(ctx.session.createDataFrame([], s.StructType([])))
    paths, lookup = listing.spark_paths()
    given = request.options["withSchema"]
    return read_json(
        ctx.session,
        paths,
        multiline=request.options["multiline"],
        json_path=request.options["jsonPath"],
        stage=stage,
        schema=_schema(given) if given else None,
        attach_filename=request.options["attachFilename"],
        attach_timestamp=request.options["attachTimestamp"],
        reader_options=lookup,
        shown=listing.shown,
    )


def _schema(text: str) -> g.StructType:
    """The schema of the option withSchema: the JSON text of an awsglue StructType."""
    try:
        schema = json_form.loads(text)
    except OptionError as error:
        raise OptionError(
            f"The option 'withSchema' is {text!r}, which is no schema: {error.fact}",
            hint="pass json.dumps(schema.jsonValue()) of an awsglue.gluetypes.StructType",
        ) from error
    if not isinstance(schema, g.StructType):
        raise OptionError(f"The option 'withSchema' is a {schema.name}, not a struct.")
    return schema


def _narrow(frame: Frame, partitions: int) -> None:
    """Read in at most that many partitions."""
    wide, read_as = frame.make_plan, frame.read_as

    def narrow(plan: Plan) -> Plan:
        # Spark would make an empty frame's zero partitions one.
        return Plan(plan.df.coalesce(partitions), plan.type) if len(plan.type) else plan

    frame.make_plan = lambda: narrow(wide())
    if read_as is not None:
        frame.read_as = lambda kind: narrow(read_as(kind))
