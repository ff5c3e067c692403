"""What a script asked a source or sink for, checked against the tables of `registry` and brought to plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from glue_etl.engine.io import registry
from glue_etl.engine.io.compression import CODECS, named_codec
from glue_etl.engine.io.jdbc_vendors import CONNECTION_TYPES as JDBC_TYPES
from glue_etl.engine.io.option_values import canonical, checked, given_of
from glue_etl.engine.io.registry import FORMATS
from glue_etl.errors import OptionError, UnsupportedError

__all__ = ["ReadRequest", "WriteRequest", "read_request", "write_request"]

_SPARK_PREFIXES = ("parquet.", "orc.", "maxRecordsPerFile")


@dataclass(frozen=True)
class ReadRequest:
    """A checked request to read.

    Attributes:
        format: A key of `registry.FORMATS`.
        paths: Folders, objects or globs; at least one.
        recurse: Whether folders below the paths are read too.
        exclusions: Unix-style globs of what is left out.
        compression: A key of `compression.CODECS`, if the script's `compressionType` says so; else empty.
        group_files: The script's `groupFiles`: `none`, `inPartition`, `acrossPartition`; None if it does not say.
        group_bytes: Wished bytes per group; None leaves it to the reader.
        bounded_files: The most files to read; None for all.
        bounded_size: The most bytes to read; None for all.
        excluded_classes: Storage classes whose objects are left out.
        fail_fast: Whether one record that cannot be read ends the job.
        options: Values of the format's options, each present.
        spark_source: awsglue sent the format as the connection type, so Spark's own reader counts (parquet, orc).
    """

    format: str
    paths: tuple[str, ...]
    recurse: bool = False
    exclusions: tuple[str, ...] = ()
    compression: str = ""
    group_files: str | None = None
    group_bytes: int | None = None
    bounded_files: int | None = None
    bounded_size: int | None = None
    excluded_classes: tuple[str, ...] = ()
    fail_fast: bool = False
    options: dict[str, Any] = field(default_factory=dict)
    spark_source: bool = False


@dataclass(frozen=True)
class WriteRequest:
    """A checked request to write.

    Attributes:
        format: A key of `registry.FORMATS`.
        path: The destination folder.
        partition_keys: Columns that become folders, outermost first.
        compression: Spark's name of the codec.
        use_frame_name: Whether the frame goes to a folder of its name below `path`.
        update_behavior: One of `registry.UPDATE_BEHAVIORS` if the Data Catalog is to be updated, else None.
        options: Values of the format's options, each present.
        spark_options: What goes to Spark's writer as it is.
    """

    format: str
    path: str
    partition_keys: tuple[str, ...] = ()
    compression: str = "none"
    use_frame_name: bool = False
    update_behavior: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    spark_options: dict[str, str] = field(default_factory=dict)


def read_request(
    connection_type: str, options: Mapping[str, Any], fmt: str | None, format_options: Mapping[str, Any]
) -> ReadRequest:
    """Check what a script asked a source for.

    Raises:
        OptionError: An option, format or connection type that does not exist, or a value that cannot be used.
        UnsupportedError: AWS Glue has it, this version has not.
    """
    name, spark_source = _format_of(connection_type, fmt)
    table = FORMATS[name].read
    if spark_source:
        values = checked({**registry.S3_READ, **registry.SPARK_READ, **table}, options, f"the {name} source")
        format_values = {key: values[key] for key in canonical({**registry.SPARK_READ, **table})}
        format_values.update(given_of(checked(table, format_options, f"the format {name!r}"), format_options))
    else:
        values = checked(registry.S3_READ, options, "the S3 source")
        format_values = checked(table, format_options, f"the format {name!r}")
    paths = tuple(values["paths"] or ()) or ((values["path"],) if values["path"] else ())
    if not paths:
        raise OptionError(
            "The source has no 'paths'.", hint="connection_options={'paths': ['s3://bucket/folder/']} says what to read"
        )
    if any(not isinstance(path, str) or not path for path in paths):
        raise OptionError(f"The source's paths {list(paths)!r} are not all texts.", hint="give a list of paths")
    bounded_files, bounded_size = _bounds(values)
    return ReadRequest(
        format=name,
        paths=paths,
        recurse=values["recurse"],
        exclusions=tuple(str(pattern) for pattern in values["exclusions"] or ()),
        compression=_read_compression(values["compressionType"], name),
        group_files=_grouping(values["groupFiles"], name),
        group_bytes=_positive("groupSize", values["groupSize"]),
        bounded_files=bounded_files,
        bounded_size=bounded_size,
        excluded_classes=_storage_classes(values["excludeStorageClasses"]),
        fail_fast=values["isFailFast"],
        options=format_values,
        spark_source=spark_source,
    )


def write_request(
    connection_type: str, options: Mapping[str, Any], fmt: str | None, format_options: Mapping[str, Any]
) -> WriteRequest:
    """Check what a script asked a sink for.

    Raises:
        OptionError: An option, format or connection type that does not exist, or a value that cannot be used.
        UnsupportedError: AWS Glue has it, this version has not.
    """
    if fmt in registry.READ_ONLY_FORMATS:
        raise OptionError(
            f"AWS Glue reads the format {fmt!r}, but cannot write it.",
            available=sorted(set(FORMATS) - registry.READ_ONLY_FORMATS),
            hint="write one of these",
        )
    name, spark_source = _format_of(connection_type, fmt)
    entry = FORMATS[name]
    spark_options: dict[str, str] = {}
    if spark_source:
        # Any option of Spark's own sink may be given: those of the file format by its own names.
        spark_options = {key: str(value) for key, value in options.items() if key.startswith(_SPARK_PREFIXES)}
        options = {key: value for key, value in options.items() if key not in spark_options}
        values = checked({**registry.S3_WRITE, **entry.write}, options, f"the {name} sink")
        format_values = {key: values[key] for key in canonical(entry.write)}
        format_values.update(given_of(checked(entry.write, format_options, f"the format {name!r}"), format_options))
    else:
        values = checked(registry.S3_WRITE, options, "the S3 sink")
        format_values = checked(entry.write, format_options, f"the format {name!r}")
    if values["useGlueParquetWriter"] and name == "parquet":
        format_values["useGlueParquetWriter"] = True
    paths = [values["path"]] if values["path"] else list(values["paths"] or ())
    if len(paths) != 1 or not isinstance(paths[0], str) or not paths[0]:
        raise OptionError(
            "The sink has no 'path'.", hint="connection_options={'path': 's3://bucket/folder/'} says where to write"
        )
    wished = format_values.get("compression") or values.get("compression") or entry.default_compression
    codec = entry.compressions.get(str(wished).lower())
    if codec is None:
        raise UnsupportedError.of(
            f"Compression {wished!r} for the format {name!r}", f"use one of {', '.join(sorted(entry.compressions))}"
        )
    keys = tuple(str(key) for key in values["partitionKeys"] or ())
    return WriteRequest(
        name, paths[0], keys, codec, values["useFrameName"], _update_behavior(values), format_values, spark_options
    )


def _update_behavior(values: Mapping[str, Any]) -> str | None:
    if not values["enableUpdateCatalog"]:
        # AWS Glue does not look at the other option then.
        return None
    behavior = values["updateBehavior"] or registry.UPDATE_BEHAVIORS[0]
    if behavior not in registry.UPDATE_BEHAVIORS:
        raise OptionError(f"The option 'updateBehavior' is {behavior!r}.", available=registry.UPDATE_BEHAVIORS)
    return str(behavior)


def _format_of(connection_type: str, fmt: str | None) -> tuple[str, bool]:
    """The format's name, and whether it came as the connection type."""
    implied = registry.CONNECTION_TYPES.get(connection_type)
    if implied is None:
        if connection_type in registry.OTHER_CONNECTION_TYPES:
            raise UnsupportedError.of(
                f"The connection type {connection_type!r}", "keep a copy of the data as files and read them from s3://"
            )
        raise OptionError(
            f"There is no connection type {connection_type!r}.",
            available=sorted({*registry.CONNECTION_TYPES, *JDBC_TYPES}),
        )
    name = implied or (fmt or "")
    if name in FORMATS:
        return name, bool(implied)
    if name in registry.KNOWN_FORMATS:
        raise UnsupportedError.of(f"The format {name!r}", f"use one of {', '.join(sorted(FORMATS))}")
    if not name:
        raise OptionError("No format is given.", available=sorted(FORMATS), hint="pass format='csv' or another one")
    raise OptionError(f"There is no format {name!r}.", available=sorted(FORMATS))


def _read_compression(given: str | None, fmt: str) -> str:
    word = (given or "").lower()
    if word in ("", "none", "uncompressed"):
        return ""
    if fmt in registry.TEXT_FORMATS:
        codec = named_codec(word)
        if codec is not None:
            return codec.name
        raise UnsupportedError.of(
            f"Reading {fmt} with compressionType {given!r}", f"use one of {', '.join(CODECS)}, or none"
        )
    if word in FORMATS[fmt].compressions:
        # Such files say themselves how they are compressed.
        return ""
    raise UnsupportedError.of(f"Reading {fmt} with compressionType {given!r}", "leave it out: the files themselves say")


def _grouping(group_files: str | None, fmt: str) -> str | None:
    known = ("inPartition", "acrossPartition", "none")
    if group_files and group_files not in known:
        raise OptionError(f"groupFiles is {group_files!r}.", available=known)
    if fmt not in registry.GROUPED_FORMATS:
        return "none"
    return group_files or None


def _positive(key: str, value: int | None) -> int | None:
    if value is not None and value <= 0:
        raise OptionError(f"{key} is {value!r}.", hint="give a number above 0, such as '1048576'")
    return value


def _bounds(values: Mapping[str, Any]) -> tuple[int | None, int | None]:
    files, size = _positive("boundedFiles", values["boundedFiles"]), _positive("boundedSize", values["boundedSize"])
    if files is not None and size is not None:
        raise OptionError(
            f"boundedFiles is {files} and boundedSize is {size}, and only one bound is supported.",
            hint="leave one of the two out",
        )
    return files, size


def _storage_classes(given: list[Any] | None) -> tuple[str, ...]:
    names = tuple(str(name) for name in given or ())
    for name in names:
        if name not in registry.STORAGE_CLASSES:
            raise OptionError(f"{name!r} is no storage class of Amazon S3.", available=sorted(registry.STORAGE_CLASSES))
    return names
