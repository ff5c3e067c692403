"""The partition keys of a table as columns: values from the catalog, not from the folders' names.

Where a record comes from is told by its file's folder. Parquet and ORC in folders that are named as the partitions are
read by Spark's own partition columns, which cost nothing for each record.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Mapping, Sequence
from urllib.parse import unquote

from pyspark.sql import DataFrame
from pyspark.sql import functions as f
from pyspark.sql import types as s

from glue_etl.engine.catalog.lookup import Partition
from glue_etl.engine.frame.core import Plan
from glue_etl.engine.io.attached import quoted, sql_text
from glue_etl.engine.io.catalog_predicate import NULL_VALUE, literal_of
from glue_etl.engine.io.lake import is_s3
from glue_etl.engine.io.listing import SourceFile
from glue_etl.engine.io.partitions import PartitionFolders
from glue_etl.engine.types import tree as g
from glue_etl.engine.types.spark import to_spark

__all__ = ["FILE", "named_folders", "with_keys"]

FILE = "_glue_etl_file"
"""The column of each record's file, where the script has not asked for one of its own."""
_NUMBER = "_glue_etl_partition"
_FOLDER = "_glue_etl_folder"
_VALUES = "_glue_etl_values"
_FEW = 64
"""Folders that are told apart by a chain of comparisons; for more of them Spark looks them up in a hash table."""
_SPARKS_OWN = (g.STRING, g.INT, g.LONG, g.DATE)
"""Types of keys whose values Spark takes from a folder's name just as the catalog has them."""


def named_folders(
    partitions: Sequence[Partition], files: Sequence[SourceFile], keys: g.StructType
) -> PartitionFolders | None:
    """Where the folders of all partitions lie, if each is named by its keys and values; None otherwise."""
    if not partitions or any(key.type not in _SPARKS_OWN for key in keys):
        return None
    roots = {_root(partition, keys) for partition in partitions}
    folders = {partition.location.rstrip("/") for partition in partitions}
    if len(roots) != 1 or None in roots or any(file.uri.rpartition("/")[0] not in folders for file in files):
        return None
    fields = tuple(s.StructField(key.name, to_spark(key.type)) for key in keys)
    return PartitionFolders(str(roots.pop()), fields)


def _root(partition: Partition, keys: g.StructType) -> str | None:
    parts = partition.location.rstrip("/").split("/")
    named = [part.partition("=") for part in parts[-len(keys) :]]
    wanted = list(zip([key.name for key in keys], partition.values, strict=True))
    # A name in another case would be a column of another name.
    if [(unquote(name), unquote(value)) for name, _, value in named] != wanted:
        return None
    return "/".join(parts[: -len(keys)]) or None


def with_keys(
    plan: Plan, keys: g.StructType, partitions: Sequence[Partition], files: Sequence[SourceFile], column: str
) -> Plan:
    """The records with their partition keys.

    Args:
        plan: The records; a field that is named as a key gives way to it.
        keys: The partition keys.
        partitions: Those that the files are of; a file's `root` is its partition's location.
        files: All files.
        column: The column with each record's file; the one called `FILE` goes.
    """
    names = {key.name.lower() for key in keys} | {FILE}
    fields = [field for field in plan.type if field.name.lower() not in names]
    kind = g.StructType((*fields, *keys.fields))
    kept = [quoted(field.name) for field in fields]
    distinct = list({partition.values: partition for partition in partitions}.values())
    if len(distinct) == 1 or plan.type.get(column) is None:
        values = distinct[0].values if len(distinct) == 1 else [NULL_VALUE] * len(keys)
        last = [f"{literal_of(value, key.type)} AS {quoted(key.name)}" for value, key in zip(values, keys, strict=True)]
        return Plan(plan.df.selectExpr(*kept, *last), kind)
    number = {partition.values: position for position, partition in enumerate(distinct)}
    by_root = {partition.location: number[partition.values] for partition in partitions}
    folders = {name: by_root[file.root] for file in files for name in _folder_names(file)}
    path = quoted(column)
    folder = f"substring({path}, 1, length({path}) - length(substring_index({path}, '/', -1)) - 1)"
    unknown = f"raise_error(concat('the file ', {path}, ' is of no partition of the table'))"
    # A column of its own, so that it is not made anew for each comparison.
    df = plan.df.selectExpr("*", f"{folder} AS {_FOLDER}")
    values_of = [partition.values for partition in distinct]
    if len(folders) <= _FEW:
        return Plan(_compared(df, folders, unknown).selectExpr(*kept, *_literals(keys, values_of)), kind)
    return Plan(_looked_up(df, folders, values_of, unknown).selectExpr(*kept, *_casts(keys)), kind)


def _compared(df: DataFrame, folders: Mapping[str, int], unknown: str) -> DataFrame:
    """With the number of each record's partition, by a chain of comparisons."""
    cases = " ".join(f"WHEN {sql_text(name)} THEN {number}" for name, number in folders.items())
    return df.selectExpr("*", f"CASE {_FOLDER} {cases} ELSE CAST({unknown} AS INT) END AS {_NUMBER}")


def _literals(keys: g.StructType, values: Sequence[tuple[str, ...]]) -> list[str]:
    arrays = [", ".join(literal_of(row[i], key.type) for row in values) for i, key in enumerate(keys)]
    return [
        f"element_at(array({array}), {_NUMBER} + 1) AS {quoted(key.name)}"
        for array, key in zip(arrays, keys, strict=True)
    ]


def _looked_up(df: DataFrame, folders: Mapping[str, int], values: Sequence[tuple[str, ...]], unknown: str) -> DataFrame:
    """With the values of each record's partition as texts, by a hash table that each task has."""
    texts = [[None if value == NULL_VALUE else value for value in row] for row in values]
    rows = json.dumps([{_FOLDER: name, _VALUES: texts[number]} for name, number in folders.items()])
    pairs = f.from_json(f.lit(rows), f"array<struct<{_FOLDER}:string,{_VALUES}:array<string>>>")
    known = df.sparkSession.range(1).select(f.inline(pairs))
    joined = df.join(f.broadcast(known), _FOLDER, "left")
    return joined.withColumn(_VALUES, f.expr(f"IF(isnull({_VALUES}), CAST({unknown} AS ARRAY<STRING>), {_VALUES})"))


def _casts(keys: g.StructType) -> list[str]:
    return [
        f"CAST(element_at({_VALUES}, {i}) AS {to_spark(key.type).simpleString()}) AS {quoted(key.name)}"
        for i, key in enumerate(keys, 1)
    ]


def _folder_names(file: SourceFile) -> list[str]:
    """A file's folder, as it may stand in a record's path."""
    folder = re.sub(r"(?<=[^:/])/{2,}", "/", file.uri.rpartition("/")[0])
    if file.local is None or is_s3(file.uri):
        return [folder]
    local = posixpath.dirname(file.local.absolute().as_posix())
    return list({folder: None, local: None, f"file:{local}": None, f"file://{local}": None})
