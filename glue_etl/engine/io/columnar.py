"""Parquet and ORC as a DynamicFrame: files may differ in fields and types, because records describe themselves.

Every footer is read first (that also finds a file that was cut short before any record is read), files alike are one
Spark scan, and a field of two types becomes a choice. A column that has no type in a file (Parquet's null type) is
null there. Source: "Using the Parquet format in AWS Glue". awsglue sends `format="parquet"` to Spark's own reader, so
folder names `key=value` become columns there; `glueparquet` does not do that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, DataFrameReader, SparkSession
from pyspark.sql import types as s

from glue_etl.engine.frame.core import Frame, Plan
from glue_etl.engine.io.attached import attached, quoted
from glue_etl.engine.io.combine import case_sensitive, combine, same_spelling
from glue_etl.engine.io.csv_heads import each
from glue_etl.engine.io.globs import escape
from glue_etl.engine.io.listing import Listing, SourceFile
from glue_etl.engine.io.partitions import PartitionFolders, has_partition_folders, partition_fields
from glue_etl.engine.io.request import ReadRequest
from glue_etl.errors import SourceError

__all__ = ["read_columnar"]

_HANDED_ON = ("datetimeRebaseMode", "int96RebaseMode", "ignoreCorruptFiles")
"""Options of Spark's own readers that say how a file's content is read."""


@dataclass(frozen=True)
class _Kind:
    """What files of one scan have in common: their root, their schema as text, and columns without a type."""

    root: str
    schema: str = ""
    untyped: tuple[str, ...] = ()


def read_columnar(
    session: SparkSession, request: ReadRequest, listing: Listing, folders: PartitionFolders | None = None
) -> Frame:
    """The frame of Parquet or ORC files.

    Args:
        session: The session that scans.
        request: Its format is `parquet`, `glueparquet` or `orc`.
        listing: The files; of a source by Spark's own reader all below the paths, if there are partition folders.
        folders: Partition folders of a table, whose values become columns.

    Returns:
        A frame whose plan raises SourceError if a file is not of the format or was cut short.
    """
    return Frame(lambda: _plan(session, request, listing, folders))


def _plan(session: SparkSession, request: ReadRequest, listing: Listing, folders: PartitionFolders | None) -> Plan:
    if not listing.files:
        return Plan.of(session.createDataFrame([], s.StructType([])))
    options = request.options
    partitioned = request.spark_source and has_partition_folders(listing.files) and not options["recursiveFileLookup"]
    groups: dict[_Kind, list[SourceFile]] = {}
    lenient = bool(options.get("ignoreCorruptFiles"))
    kinds = each(lambda file: _kind(file, request.format, partitioned, lenient), listing.files)
    for file, kind in zip(listing.files, kinds, strict=True):
        if kind is not None:
            groups.setdefault(kind, []).append(file)
    if not groups:
        return Plan.of(session.createDataFrame([], s.StructType([])))
    try:
        frames = [
            _selected(_scan(session, request, listing, kind, files, partitioned, folders), kind, request)
            for kind, files in groups.items()
        ]
    except AnalysisException as error:
        raise _unreadable(", ".join(request.paths), request.format, error) from error
    spelled = same_spelling([frame.columns for frame in frames], sensitive=case_sensitive(session))
    return combine([Plan.of(frame.toDF(*names)) for frame, names in zip(frames, spelled, strict=True)])


def _kind(file: SourceFile, fmt: str, partitioned: bool, lenient: bool) -> _Kind | None:
    """What a file's footer says; None if it has none and the script wants such files left out."""
    root = file.root if partitioned else ""
    if file.local is None:
        return _Kind(root)
    try:
        if fmt == "orc":
            from pyarrow import orc

            return _Kind(root, str(orc.ORCFile(str(file.local)).schema))
        from pyarrow import parquet

        schema = parquet.read_metadata(str(file.local)).schema
    except (OSError, ValueError) as error:
        if lenient:
            return None
        raise _unreadable(file.uri, fmt, error) from error
    columns = [schema.column(i) for i in range(len(schema))]
    untyped = tuple(c.path for c in columns if str(c.logical_type) == "Null" and c.path == c.name)
    # The first line of the text holds an address.
    return _Kind(root, str(schema).partition("\n")[2], untyped)


def _unreadable(what: str, fmt: str, error: Exception) -> SourceError:
    reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
    return SourceError(
        f"{what!r} cannot be read as {fmt}: {reason}.",
        hint="a file was cut short or is of another format: copy it again, or name it in 'exclusions'",
    )


def _scan(
    session: SparkSession,
    request: ReadRequest,
    listing: Listing,
    kind: _Kind,
    files: Sequence[SourceFile],
    partitioned: bool,
    folders: PartitionFolders | None,
) -> DataFrame:
    fmt = "orc" if request.format == "orc" else "parquet"
    plain = {name: request.options[name] for name in _HANDED_ON if request.options.get(name)}
    if partitioned and listing.whole and len(files) == len(listing.files):
        return session.read.format(fmt).options(**plain).load(list(listing.roots))
    if folders is not None:
        return _scan_folders(session.read.format(fmt).options(**plain), files, folders)
    paths, lookup = listing.spark_paths(files)
    df = session.read.format(fmt).options(**lookup, **plain).load(paths)
    if not partitioned:
        return df
    levels = partition_fields(session, kind.root)
    reader = session.read.format(fmt).options(**plain).schema(_with_levels(df.schema, levels))
    return reader.option("basePath", escape(kind.root)).load([escape(file.uri) for file in files])


def _scan_folders(reader: DataFrameReader, files: Sequence[SourceFile], folders: PartitionFolders) -> DataFrame:
    """A scan with the columns of partition folders, in the types that a table gives them."""
    paths = [escape(file.uri) for file in files]
    reader = reader.option("basePath", escape(folders.root))
    df = reader.load(paths)
    schema = _with_levels(df.schema, folders.fields)
    # Where Spark would have guessed another type from the names of the folders, it reads them again.
    return df if df.schema == schema else reader.schema(schema).load(paths)


def _with_levels(schema: s.StructType, levels: Sequence[s.StructField]) -> s.StructType:
    names = {level.name.lower() for level in levels}
    return s.StructType([*(field for field in schema.fields if field.name.lower() not in names), *levels])


def _selected(df: DataFrame, kind: _Kind, request: ReadRequest) -> DataFrame:
    more = [f"{sql} AS {quoted(name)}" for name, sql in attached(request.options).items()]
    if not kind.untyped and not more:
        return df
    # Spark 3 takes a column without a type for the integers it is stored as, Spark 4 does not.
    null = {name: f"NULL AS {quoted(name)}" for name in kind.untyped}
    return df.selectExpr(*[null.get(name, quoted(name)) for name in df.columns], *more)
