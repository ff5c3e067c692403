"""Streams of catalog tables: the files of a table as they arrive, in place of the topic that AWS Glue would read.

On AWS a table over Kinesis or Kafka feeds `create_data_frame.from_catalog`. Here a table of the same name over a folder
does it, with the script unchanged: that it asks for `startingPosition` or `inferSchema` says that it wants a stream.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import types as s

from glue_etl.engine.catalog.hive_types import struct_of_columns
from glue_etl.engine.catalog.serde import name_of, table_format
from glue_etl.engine.context import EngineContext
from glue_etl.engine.io.stream import MARKS, open_stream, refuse_topic
from glue_etl.engine.types.spark import to_spark
from glue_etl.errors import OptionError, UnsupportedError

__all__ = ["open_table_stream", "wants_table_stream"]


def wants_table_stream(table: Mapping[str, Any], options: Mapping[str, Any]) -> bool:
    """Whether `create_data_frame.from_catalog` gives a stream.

    Args:
        table: The table's document.
        options: The script's additional_options.

    Raises:
        UnsupportedError: The table is a topic of Kinesis or Kafka.
    """
    parameters = table.get("Parameters") or {}
    storage = (table.get("StorageDescriptor") or {}).get("Parameters") or {}
    for word in (parameters.get("typeOfData"), storage.get("typeOfData"), parameters.get("classification")):
        refuse_topic(str(word or ""))
    return any(mark in options for mark in MARKS)


def open_table_stream(ctx: EngineContext, table: Mapping[str, Any], options: Mapping[str, Any]) -> DataFrame:
    """A stream of a table's files, with the table's columns and partition keys unless `inferSchema` asks for others.

    Args:
        ctx: The job's surroundings.
        table: The table's document.
        options: The script's additional_options: keys of `engine.io.stream.FILE_STREAM`.

    Raises:
        OptionError: The table has no location, or an option that a stream does not have.
        UnsupportedError: A format that Spark cannot stream.
    """
    what = f"the table {name_of(table)!r}"
    found = table_format(table)
    descriptor = table.get("StorageDescriptor") or {}
    if not descriptor.get("Location"):
        raise OptionError(f"{what[0].upper()}{what[1:]} has no location.", hint="set StorageDescriptor.Location")
    if found.fields:
        raise UnsupportedError.of(f"A stream of {what} with 'mapping.' properties", "rename the fields in the batch")
    columns = [*descriptor.get("Columns", []), *table.get("PartitionKeys", [])]
    declared = to_spark(struct_of_columns(columns, what))
    given = dict(found.options)
    if found.by_position and given.pop("withHeader", False):
        # The table's columns name the cells, whatever the header calls them.
        given["skipFirst"] = True
    place = {"path": descriptor["Location"], **options}
    assert isinstance(declared, s.StructType)
    return open_stream(ctx, "s3", place, found.format, given, declared)
