"""What a script asked a source or sink for, checked against the tables of `registry` and brought to plain values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from glue_etl.engine.io import registry
from glue_etl.engine.io.registry import FORMATS, Option
from glue_etl.errors import OptionError, UnsupportedError

__all__ = ["ReadRequest", "WriteRequest", "read_request", "write_request"]


@dataclass(frozen=True)
class ReadRequest:
    """A checked request to read.

    Attributes:
        format: A key of `registry.FORMATS`.
        paths: Folders, objects or globs; at least one.
        recurse: Whether folders below the paths are read too.
        exclusions: Unix-style globs of what is left out.
        compression: The script's `compressionType`, lower case; empty if not given.
        group_bytes: Wished bytes per partition where files are grouped; None if they are not.
        fail_fast: Whether one record that cannot be read ends the job.
        options: Values of the format's options, each present.
        spark_source: awsglue sent the format as the connection type, so Spark's own reader counts (parquet, orc).
    """

    format: str
    paths: tuple[str, ...]
    recurse: bool = False
    exclusions: tuple[str, ...] = ()
    compression: str = ""
    group_bytes: int | None = None
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
        options: Values of the format's options, each present.
    """

    format: str
    path: str
    partition_keys: tuple[str, ...] = ()
    compression: str = "none"
    use_frame_name: bool = False
    options: dict[str, Any] = field(default_factory=dict)


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
        values = _checked({**registry.S3_READ, **table}, options, f"the {name} source")
        format_values = {key: values[key] for key in _canonical(table)}
        format_values.update(_given(_checked(table, format_options, f"the format {name!r}"), format_options))
    else:
        values = _checked(registry.S3_READ, options, "the S3 source")
        format_values = _checked(table, format_options, f"the format {name!r}")
    paths = tuple(values["paths"] or ()) or ((values["path"],) if values["path"] else ())
    if not paths:
        raise OptionError(
            "The source has no 'paths'.", hint="connection_options={'paths': ['s3://bucket/folder/']} says what to read"
        )
    if any(not isinstance(path, str) or not path for path in paths):
        raise OptionError(f"The source's paths {list(paths)!r} are not all texts.", hint="give a list of paths")
    return ReadRequest(
        format=name,
        paths=paths,
        recurse=values["recurse"],
        exclusions=tuple(str(pattern) for pattern in values["exclusions"] or ()),
        compression=_read_compression(values["compressionType"], name),
        group_bytes=_grouping(values["groupFiles"], values["groupSize"]),
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
    if spark_source:
        values = _checked({**registry.S3_WRITE, **entry.write}, options, f"the {name} sink")
        format_values = {key: values[key] for key in _canonical(entry.write)}
        format_values.update(_given(_checked(entry.write, format_options, f"the format {name!r}"), format_options))
    else:
        values = _checked(registry.S3_WRITE, options, "the S3 sink")
        format_values = _checked(entry.write, format_options, f"the format {name!r}")
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
    return WriteRequest(name, paths[0], keys, codec, values["useFrameName"], format_values)


def _format_of(connection_type: str, fmt: str | None) -> tuple[str, bool]:
    """The format's name, and whether it came as the connection type."""
    implied = registry.CONNECTION_TYPES.get(connection_type)
    if implied is None:
        if connection_type in registry.OTHER_CONNECTION_TYPES:
            raise UnsupportedError.of(
                f"The connection type {connection_type!r}", "keep a copy of the data as files and read them from s3://"
            )
        raise OptionError(
            f"There is no connection type {connection_type!r}.", available=sorted(registry.CONNECTION_TYPES)
        )
    name = implied or (fmt or "")
    if name in FORMATS:
        return name, bool(implied)
    if name in registry.KNOWN_FORMATS:
        raise UnsupportedError.of(f"The format {name!r}", f"use one of {', '.join(sorted(FORMATS))}")
    if not name:
        raise OptionError("No format is given.", available=sorted(FORMATS), hint="pass format='csv' or another one")
    raise OptionError(f"There is no format {name!r}.", available=sorted(FORMATS))


def _canonical(table: Mapping[str, Option]) -> list[str]:
    return [key for key, option in table.items() if not option.name]


def _given(values: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key in given}


def _checked(table: Mapping[str, Option], given: Mapping[str, Any], what: str) -> dict[str, Any]:
    """The value of every option of a table, by its canonical name."""
    values = {key: table[key].default for key in _canonical(table)}
    for key, value in given.items():
        if key == "callSite":
            continue
        option = table.get(key)
        if option is None:
            known = [name for name in _canonical(table) if table[name].effect == "used"]
            raise OptionError(
                f"{key!r} is not an option of {what}.", available=sorted(known), hint="check its spelling and case"
            )
        plain = _value(key, value, option)
        if option.effect == "unsupported" and plain not in (None, False, ""):
            raise UnsupportedError.of(f"The option {key!r} of {what}", "leave it out")
        values[option.name or key] = plain
    return values


def _value(key: str, value: Any, option: Option) -> Any:
    if value is None:
        return option.default
    if option.kind == "bool":
        return _boolean(key, value)
    if option.kind == "int":
        try:
            return int(str(value))
        except ValueError:
            raise OptionError(f"The option {key!r} is {value!r}, not a whole number.") from None
    if option.kind == "list":
        return _listed(key, value)
    return value if isinstance(value, str) else json.dumps(value)


def _boolean(key: str, value: Any) -> bool:
    word = str(value).strip().lower()
    if word in ("true", "false"):
        return word == "true"
    raise OptionError(f"The option {key!r} is {value!r}, neither true nor false.")


def _listed(key: str, value: Any) -> list[Any]:
    """A list, or its JSON text as the documentation writes exclusions, or one plain text."""
    if isinstance(value, str):
        if not value.lstrip().startswith("["):
            return [value]
        try:
            value = json.loads(value)
        except json.JSONDecodeError:
            # A path or pattern may begin with a bracket of its own.
            return [value]
    if not isinstance(value, (list, tuple)):
        raise OptionError(f"The option {key!r} is {value!r}, not a list.")
    return list(value)


def _read_compression(given: str | None, fmt: str) -> str:
    word = (given or "").lower()
    if word in ("", "none", "uncompressed"):
        return ""
    if fmt in ("avro", "parquet", "glueparquet", "orc"):
        if word in FORMATS[fmt].compressions:
            # Such files say themselves how they are compressed.
            return ""
    elif word in ("gzip", "gz"):
        return "gzip"
    elif word in ("bzip2", "bzip", "bz2"):
        return "bzip2"
    elif fmt in registry.DECODED_FORMATS and word in registry.DECODED_CODECS:
        return word
    raise UnsupportedError.of(f"Reading {fmt} with compressionType {given!r}", "use gzip, bzip2 or none")


def _grouping(group_files: str | None, group_size: int | None) -> int | None:
    if group_files in (None, "", "none"):
        return None
    if group_files not in ("inPartition", "acrossPartition"):
        raise OptionError(f"groupFiles is {group_files!r}.", available=["inPartition", "acrossPartition", "none"])
    if group_size is not None and group_size <= 0:
        raise OptionError(f"groupSize is {group_size!r}.", hint="give a number of bytes above 0, such as '1048576'")
    return group_size or 128 * 1024 * 1024
