"""The shared options attachFilename and attachTimestamp: what is known of the file a record comes from.

Source: "Data format options for inputs and outputs in AWS Glue for Spark", shared configuration.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as f

__all__ = ["attach", "file_path"]


def file_path() -> Column:
    """The path of a record's file, as the user would write it. Only in the select right above a scan."""
    # Spark gives it percent-encoded, but leaves a plus sign as it is, which a URL decoder would take for a space.
    return f.url_decode(f.replace(f.col("_metadata.file_path"), f.lit("+"), f.lit("%2B")))


def attach(df: DataFrame, options: Mapping[str, Any], columns: Sequence[Column] | None = None) -> DataFrame:
    """Select from a scan all or some columns, with the two that the script asked for at their end."""
    more = []
    if name := options.get("attachFilename"):
        more.append(file_path().alias(name))
    if name := options.get("attachTimestamp"):
        more.append(f.col("_metadata.file_modification_time").alias(name))
    if columns is None and not more:
        return df
    return df.select(*(["*"] if columns is None else columns), *more)
