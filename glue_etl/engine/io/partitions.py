"""Folders named `key=value`: columns of Spark's own sources, and what partitionKeys makes when a frame is written.

Source: "Managing partitions for ETL output in AWS Glue". A DynamicFrame read from S3 paths takes no columns from
folder names; a table of the Data Catalog, and Spark's reader for Parquet and ORC, do.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from pyspark.sql import SparkSession
from pyspark.sql import types as s

from glue_etl.engine.io.globs import escape
from glue_etl.engine.io.listing import SourceFile
from glue_etl.engine.types import tree as g
from glue_etl.errors import FieldError

__all__ = [
    "PartitionFolders",
    "check_partition_keys",
    "has_partition_folders",
    "partition_fields",
    "partition_values",
]

_PROBE = "_glue_etl_probe"
_NESTED = (g.StructType, g.ChoiceType, g.ArrayType, g.SetType, g.MapType)


@dataclass(frozen=True)
class PartitionFolders:
    """Folders `key=value` that a table of the Data Catalog has entered.

    Attributes:
        root: The folder that they lie in.
        fields: A column for each level, with the type that the table gives it.
    """

    root: str
    fields: tuple[s.StructField, ...]


def has_partition_folders(files: Iterable[SourceFile]) -> bool:
    """Whether a file lies in a folder `key=value` below the path it was asked for by."""
    for file in files:
        folders = file.uri.removeprefix(file.root).split("/")[:-1]
        if any("=" in folder for folder in folders):
            return True
    return False


def partition_fields(session: SparkSession, root: str) -> list[s.StructField]:
    """The columns that Spark takes from the folders below a path, typed by all of their values."""
    # With a schema given, Spark looks at the folders alone.
    schema = s.StructType([s.StructField(_PROBE, s.StringType())])
    found = session.read.schema(schema).parquet(escape(root)).schema
    return [field for field in found.fields if field.name != _PROBE]


def partition_values(folder: str, keys: Sequence[str]) -> tuple[str, ...] | None:
    """The values that a folder's name gives to some partition keys, as Hive and the Data Catalog keep them.

    Args:
        folder: Such as `year=2024/city=a%2Fb`; special characters escaped as Hive does. Null and the empty text are
            `__HIVE_DEFAULT_PARTITION__`, which stays, for it is the value that the Data Catalog has.
        keys: Names of the keys, outermost first; letter case does not count.

    Returns:
        One text for each key; None if the folder's name is not made of these keys.
    """
    parts = [part.partition("=") for part in folder.strip("/").split("/")]
    if [unquote(name).lower() for name, _, _ in parts] != [key.lower() for key in keys]:
        return None
    if not all(equals for _, equals, _ in parts):
        return None
    return tuple(unquote(value) for _, _, value in parts)


def check_partition_keys(keys: Sequence[str], record: g.StructType) -> None:
    """Check the columns that are to become folders.

    Raises:
        FieldError: A key that is no field, is given twice, is nested or has no type, or no other field is left.
    """
    for key in keys:
        kind = record.get(key)
        if kind is None:
            raise FieldError(f"The partition key {key!r} is not a field of the frame.", available=record.names)
        if isinstance(kind, _NESTED):
            raise FieldError(
                f"The partition key {key!r} is a {kind.name}, which cannot name a folder.",
                hint="use a field that holds one plain value; resolve a choice with resolveChoice first",
            )
        if kind in (g.NULL, g.UNKNOWN, g.BINARY):
            raise FieldError(
                f"The partition key {key!r} is of the type {kind.name}, which cannot name a folder.",
                hint="cast it to string first",
            )
    if len(set(keys)) < len(keys):
        raise FieldError(f"The partition keys {list(keys)!r} name a field twice.", hint="name each once")
    if keys and len(keys) == len(record):
        raise FieldError(
            f"The partition keys {list(keys)!r} are all fields of the frame, so that nothing is left for the files.",
            hint="leave one field out of partitionKeys",
        )
