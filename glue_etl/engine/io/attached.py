"""The shared options attachFilename and attachTimestamp: what is known of the file a record comes from.

Source: "Data format options for inputs and outputs in AWS Glue for Spark", shared configuration.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["MODIFIED", "attached", "decoded", "file_path", "quoted", "sql_text"]

MODIFIED = "_metadata.file_modification_time"
"""SQL of the time a record's file was changed, for the select right above a scan."""


def decoded(sql: str) -> str:
    """SQL of a path that Spark gives percent-encoded, as the user would write it.

    Spark leaves a plus sign as it is, which a URL decoder would take for a space.
    """
    return f"url_decode(replace({sql}, '+', '%2B'))"


def file_path(shown: Iterable[tuple[str, str]] = (), sql: str = decoded("_metadata.file_path")) -> str:
    """SQL of the path of a record's file, as the user would write it.

    Args:
        shown: Where files go by other names, as `Listing.shown` tells.
        sql: The path under that name; by default for the select right above a scan.
    """
    for pattern, path in shown:
        escaped = pattern.replace("\\", "\\\\")
        sql = f"regexp_replace({sql}, '{escaped}', '{path}')"
    return sql


def attached(
    options: Mapping[str, Any], path: str = decoded("_metadata.file_path"), modified: str = MODIFIED
) -> dict[str, str]:
    """The names of the columns that the script asked for, and their SQL.

    Args:
        options: The values of the format's options.
        path: SQL of a record's file; by default for the select right above a scan, as `modified`.
        modified: SQL of the time its file was changed.
    """
    known = {"attachFilename": path, "attachTimestamp": modified}
    return {options[option]: sql for option, sql in known.items() if options.get(option)}


def quoted(name: str) -> str:
    """A column's name in SQL."""
    return "`" + name.replace("`", "``") + "`"


def sql_text(value: str) -> str:
    """A text in SQL."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
