"""Writes what `write_dynamic_frame.from_options` asks for.

A write adds files and overwrites none, leaves no marker files, and writes nothing for a frame without records. When
its files become visible is told in `staging`. Source: "Amazon S3 connections" in the AWS Glue guide.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glue_etl.engine.context import EngineContext
from glue_etl.engine.frame.core import Frame, Plan
from glue_etl.engine.io.compression import open_bytes
from glue_etl.engine.io.jdbc_vendors import CONNECTION_TYPES as JDBC_TYPES
from glue_etl.engine.io.lake import is_s3
from glue_etl.engine.io.listing import local_path
from glue_etl.engine.io.partitions import check_partition_keys
from glue_etl.engine.io.request import WriteRequest, write_request
from glue_etl.engine.io.staging import staging
from glue_etl.engine.io.writers import WRITERS, Prepared
from glue_etl.errors import OptionError, UnsupportedError

__all__ = ["Written", "destination_of", "write_frame", "write_plan"]

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Written:
    """What a write added.

    Attributes:
        files: How many files; None on a file system that is not this machine's, where they are not counted.
        folders: Each partition folder that got files, below the destination, such as `year=2024/month=01`; sorted.
    """

    files: int | None = 0
    folders: tuple[str, ...] = ()

    @classmethod
    def of(cls, places: Iterable[Path], destination: Path) -> Written:
        """What lies at these places now."""
        parents = [place.parent.relative_to(destination).as_posix() for place in places]
        return cls(len(parents), tuple(sorted({parent for parent in parents if parent != "."})))


def write_frame(
    ctx: EngineContext,
    frame: Frame,
    connection_type: str,
    options: Mapping[str, Any],
    fmt: str | None,
    format_options: Mapping[str, Any],
) -> Written:
    """Add a frame's records to a folder.

    Args:
        ctx: The job's surroundings.
        frame: What to write.
        connection_type: `s3` or `file`; `parquet` or `orc`, as awsglue names Spark's own sinks.
        options: The script's connection_options.
        fmt: `csv`, `json`, `glueparquet`, or None where the connection type says it.
        format_options: The script's format_options.

    Raises:
        OptionError: An option, format or connection type that does not exist, or a value that cannot be used.
        UnsupportedError: AWS Glue has it, this version has not.
        NoSuchBucketError: The bucket does not exist.
        FieldError: A field that the format cannot hold, or a partition key that is none.
        ErrorThresholdExceeded: The frame has more error records than the script allows.
    """
    if connection_type.lower() in JDBC_TYPES:
        from glue_etl.engine.io.jdbc_sink import write_jdbc

        if fmt:
            _LOG.warning("The format %r has no effect on the JDBC sink %r.", fmt, connection_type)
        write_jdbc(ctx, frame, connection_type.lower(), options)
        return Written(None)
    request = write_request(connection_type, options, fmt, format_options)
    if request.update_behavior is not None:
        raise OptionError(
            "enableUpdateCatalog is on, and no table of the Data Catalog is named.",
            hint="call sink.setCatalogInfo(catalogDatabase=..., catalogTableName=...) before writeFrame",
        )
    path = destination_of(request, frame)
    local_path(ctx, path)
    return write_plan(ctx, frame.checked(), request, path)


def destination_of(request: WriteRequest, frame: Frame) -> str:
    """The folder that a frame goes to.

    Raises:
        OptionError: The frame's name is to be the folder's, and cannot.
    """
    if not request.use_frame_name:
        return request.path
    if not frame.name or "/" in frame.name or frame.name in (".", ".."):
        raise OptionError(
            f"A frame of the collection is named {frame.name!r}, which names no folder.",
            hint="give each frame of the collection a name",
        )
    return f"{request.path.rstrip('/')}/{frame.name}"


def write_plan(ctx: EngineContext, plan: Plan, request: WriteRequest, path: str) -> Written:
    """Add a plan's records to a folder, as a checked request says; errors as those of `write_frame`."""
    destination = local_path(ctx, path)
    if not len(plan.type):
        return Written()  # a source that found nothing new has no fields either
    check_partition_keys(request.partition_keys, plan.type)
    if request.format == "avro":
        return _write_by_tasks(ctx, plan, request, destination)
    prepared = WRITERS[request.format](plan, request)
    if destination is None:
        _write(prepared, request, path, leave_marker=False)
        return Written(None)
    with staging(destination, ctx.settings.state_dir) as stage:
        uri = stage.data.as_uri()
        if is_s3(path):
            uri = f"{path.partition('://')[0]}://{stage.data.relative_to(ctx.lake.root).as_posix()}"
        _write(prepared, request, uri, leave_marker=False)
        written = stage.files()
        # Spark makes one file of a frame without records.
        if len(written) == 1 and _holds_nothing(written[0], request):
            return Written()
        return Written.of(stage.publish(), destination)


def _write_by_tasks(ctx: EngineContext, plan: Plan, request: WriteRequest, destination: Path | None) -> Written:
    """Write a format that Spark has no writer for."""
    from glue_etl.engine.io.avro_write import write_avro

    if destination is None:
        raise UnsupportedError.of(f"Writing {request.format} to {request.path!r}", "write to s3:// or a local folder")
    with staging(destination, ctx.settings.state_dir) as stage:
        write_avro(plan, request, stage.data)
        return Written.of(stage.publish(), destination) if stage.files() else Written()


def _write(prepared: Prepared, request: WriteRequest, path: str, *, leave_marker: bool) -> None:
    writer = prepared.df.write.format(prepared.format).mode("append").options(**prepared.options)
    writer = writer.option("compression", request.compression)
    # This option of Hadoop's reaches the committer through the write's own options.
    writer = writer.option("mapreduce.fileoutputcommitter.marksuccessfuljobs", str(leave_marker).lower())
    if request.partition_keys:
        writer = writer.partitionBy(*request.partition_keys)
    writer.save(path)


def _holds_nothing(file: Path, request: WriteRequest) -> bool:
    """Whether a file has no record."""
    if request.format == "orc":
        from pyarrow import orc

        return bool(orc.ORCFile(str(file)).nrows == 0)
    if request.format in ("parquet", "glueparquet"):
        from pyarrow import parquet

        return bool(parquet.read_metadata(str(file)).num_rows == 0)
    with open_bytes(file) as stream:
        head = stream.readline()
        if request.format == "csv" and request.options["writeHeader"]:
            # A header with a line end of its own, within quotes, looks like a record: then the file stays.
            head = stream.readline()
        return not head
