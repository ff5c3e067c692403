"""`push_down_predicate`: which partitions of a table are read, judged by Spark over their values alone.

It is a Spark SQL expression over the partition keys; `catalog_pushdown` hands what it can of it to the Data Catalog.
Source: "Managing partitions for ETL output
in AWS Glue", pre-filtering using pushdown predicates.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

from glue_etl.engine.catalog.lookup import Partition
from glue_etl.engine.io.attached import quoted, sql_text
from glue_etl.engine.io.catalog_pushdown import attribute_name, parsed_predicate
from glue_etl.engine.types import tree as g
from glue_etl.engine.types.spark import to_spark
from glue_etl.errors import OptionError, SourceError

__all__ = ["NULL_VALUE", "check_values", "judged", "literal_of"]

NULL_VALUE = "__HIVE_DEFAULT_PARTITION__"
"""What Hive, and so the Data Catalog, writes for a null."""

_NUMBER = "_glue_etl_partition"
_FEW = 1000
"""Rows that Spark is told of in the text of a query, so that no job has to run."""
_WHOLE = (g.BYTE, g.SHORT, g.INT, g.LONG)
_BITS: dict[g.GlueType, int] = {g.BYTE: 8, g.SHORT: 16, g.INT: 32, g.LONG: 64}
_A_MOMENT = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T](\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.\d{1,9})?)?)?", re.ASCII
)
_A_NUMBER = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"


def judged(
    session: SparkSession, predicate: str, keys: g.StructType, partitions: Sequence[Partition], what: str
) -> list[Partition]:
    """The partitions that a predicate keeps.

    Args:
        session: Spark, which judges.
        predicate: An SQL expression.
        keys: The partition keys with their types.
        partitions: Their values have been checked.
        what: The table, for messages.

    Raises:
        OptionError: The predicate is no expression over the partition keys, or fails for one of the values.
    """
    used = _used(session, predicate, keys)
    rows: dict[tuple[str, ...], int] = {}
    # Many partitions may have few values of the keys that the predicate is about.
    numbers = [rows.setdefault(tuple(each.values[i] for i in used), len(rows)) for each in partitions]
    try:
        asked = g.StructType(tuple(keys.fields[i] for i in used))
        question = _values(session, asked, list(rows)).where(predicate).select(_NUMBER)
        # Spark has looked at the predicate by now, even where there is nothing to judge.
        chosen = {row[0] for row in question.collect()} if partitions else set()
    except (PySparkException, Py4JJavaError) as error:
        reason = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise OptionError(
            f"User's pushdown predicate: {predicate} can not be resolved against partition columns of {what}: {reason}",
            available=keys.names,
            hint="push_down_predicate is a Spark SQL expression over the table's partition keys, such as "
            "\"year = '2024'\"; filter by other columns after the read",
        ) from None
    return [partition for number, partition in zip(numbers, partitions, strict=True) if number in chosen]


def _used(session: SparkSession, predicate: str, keys: g.StructType) -> list[int]:
    """The positions of the keys that a predicate is about; of all keys where that cannot be told."""
    parsed = parsed_predicate(session, predicate)
    everything = list(range(len(keys)))
    if parsed is None:
        return everything
    leaves = parsed.collectLeaves()
    names = {attribute_name(leaves.apply(i)) for i in range(leaves.size())}
    return [i for i, key in enumerate(keys) if key.name.lower() in names] or everything


def _values(session: SparkSession, keys: g.StructType, values: Sequence[tuple[str, ...]]) -> DataFrame:
    """The values as rows, each with its number."""
    if 0 < len(values) <= _FEW:
        # Values in the text of a query are a relation that Spark filters without a job.
        kinds = [key.type for key in keys]
        cells = ([_short_literal(*each) for each in zip(row, kinds, strict=True)] for row in values)
        lines = (", ".join([str(number), *row]) for number, row in enumerate(cells))
        names = ", ".join([_NUMBER, *[quoted(key.name) for key in keys]])
        return session.sql(f"SELECT * FROM VALUES ({'), ('.join(lines)}) AS partitions({names})")
    # One text through the gateway, whatever their number.
    rows = [[None if value == NULL_VALUE else value for value in row] for row in values]
    parsed = f.from_json(f.lit(json.dumps(rows)), "array<array<string>>")
    casts = [
        f"CAST(get(row, {i}) AS {to_spark(key.type).simpleString()}) AS {quoted(key.name)}"
        for i, key in enumerate(keys)
    ]
    return session.range(1).select(f.posexplode(parsed).alias(_NUMBER, "row")).selectExpr(_NUMBER, *casts)


def _short_literal(value: str, kind: g.GlueType) -> str:
    """A literal that takes the parser no longer than it must."""
    if kind == g.STRING and value != NULL_VALUE:
        return sql_text(value)
    if kind in (g.INT, g.LONG) and value.isdecimal():
        return str(int(value)) if kind == g.INT else f"{int(value)}L"
    return literal_of(value, kind)


def _or_null(value: str | None) -> str:
    return "CAST(NULL AS STRING)" if value is None else sql_text(value)


def literal_of(value: str, kind: g.GlueType) -> str:
    """SQL of a partition's value in its key's type."""
    return f"CAST({_or_null(None if value == NULL_VALUE else value)} AS {to_spark(kind).simpleString()})"


def check_values(partitions: Sequence[Partition], keys: g.StructType, what: str) -> None:
    """See that every value is of its key's type.

    Raises:
        SourceError: One is not; the message names the partition and the key.
    """
    for position, key in enumerate(keys):
        if key.type == g.STRING:
            continue
        for partition in partitions:
            value = partition.values[position]
            if value != NULL_VALUE and not _fits(value, key.type):
                raise SourceError(
                    f"The partition {list(partition.values)!r} of {what} has {value!r} for the partition key "
                    f"{key.name!r}, which is no {key.type.name}.",
                    hint="drop the partition and enter it again, or declare the key as string",
                )


def _fits(value: str, kind: g.GlueType) -> bool:
    if kind in _WHOLE:
        if not re.fullmatch(r"[+-]?\d{1,19}", value, re.ASCII):
            return False
        limit = 1 << (_BITS[kind] - 1)
        return -limit <= int(value) < limit
    if kind in (g.DOUBLE, g.FLOAT) or isinstance(kind, g.DecimalType):
        return re.fullmatch(_A_NUMBER, value, re.ASCII) is not None
    if kind in (g.DATE, g.TIMESTAMP, g.TIMESTAMP_NTZ):
        match = _A_MOMENT.fullmatch(value)
        return match is not None and _exists(match, day_only=kind == g.DATE)
    return kind != g.BOOLEAN or value.lower() in ("true", "false")


def _exists(match: re.Match[str], *, day_only: bool) -> bool:
    numbers = [int(part) for part in match.groups() if part is not None]
    try:
        datetime(*numbers)  # type: ignore[arg-type]
    except ValueError:
        return False
    return not day_only or len(numbers) == 3
