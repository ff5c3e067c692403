"""The shared options attachFilename and attachTimestamp: what is known of the file a record comes from.

Source: "Data format options for inputs and outputs in AWS Glue for Spark", shared configuration.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["FILE_PATH", "attached", "quoted"]

FILE_PATH = "url_decode(replace(_metadata.file_path, '+', '%2B'))"
"""SQL of the path of a record's file, as the user would write it; only in the select right above a scan.

Spark gives it percent-encoded, but leaves a plus sign as it is, which a URL decoder would take for a space.
"""


def attached(options: Mapping[str, Any]) -> dict[str, str]:
    """The names of the columns that the script asked for, and their SQL right above a scan."""
    known = {"attachFilename": FILE_PATH, "attachTimestamp": "_metadata.file_modification_time"}
    return {options[option]: sql for option, sql in known.items() if options.get(option)}


def quoted(name: str) -> str:
    """A column's name in SQL."""
    return "`" + name.replace("`", "``") + "`"
