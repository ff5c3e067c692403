"""`push_down_predicate`: which partitions of a table are read, judged by Spark over their values alone.

It is a Spark SQL expression over the partition keys. What of it the Data Catalog can judge to the same effect is handed
to it first, so that a table of many partitions does not give all of them. Source: "Managing partitions for ETL output
in AWS Glue", pre-filtering using pushdown predicates.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

from glue_etl.engine.catalog.lookup import Partition
from glue_etl.engine.io.attached import quoted, sql_text
from glue_etl.engine.types import tree as g
from glue_etl.engine.types.spark import to_spark
from glue_etl.errors import OptionError, SourceError

__all__ = ["NULL_VALUE", "catalog_expression", "check_values", "judged", "literal_of"]

NULL_VALUE = "__HIVE_DEFAULT_PARTITION__"
"""What Hive, and so the Data Catalog, writes for a null."""

_NUMBER = "_glue_etl_partition"
_FEW = 1000
"""Partitions that Spark is told of in the text of a query, so that no job has to run."""
_COMPARISONS = {
    "EqualTo": "=",
    "GreaterThan": ">",
    "GreaterThanOrEqual": ">=",
    "LessThan": "<",
    "LessThanOrEqual": "<=",
}
_WHOLE = (g.BYTE, g.SHORT, g.INT, g.LONG)
_BITS: dict[g.GlueType, int] = {g.BYTE: 8, g.SHORT: 16, g.INT: 32, g.LONG: 64}
_LONGEST = 2000
"""Characters; the API takes 2,048."""
_WORDS = frozenset({"and", "between", "false", "in", "is", "like", "not", "null", "or", "true"})
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
    try:
        question = _values(session, keys, partitions).where(predicate).select(_NUMBER)
        # Spark has looked at the predicate by now, even where there is nothing to judge.
        kept = question.collect() if partitions else []
    except (PySparkException, Py4JJavaError) as error:
        reason = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise OptionError(
            f"User's pushdown predicate: {predicate} can not be resolved against partition columns of {what}: {reason}",
            available=keys.names,
            hint="push_down_predicate is a Spark SQL expression over the table's partition keys, such as "
            "\"year = '2024'\"; filter by other columns after the read",
        ) from None
    chosen = {row[0] for row in kept}
    return [partition for number, partition in enumerate(partitions) if number in chosen]


def _values(session: SparkSession, keys: g.StructType, partitions: Sequence[Partition]) -> DataFrame:
    """A row for each partition: its values, and its number."""
    rows = [[None if value == NULL_VALUE else value for value in partition.values] for partition in partitions]
    casts = [
        f"CAST({quoted(f'_{i}')} AS {to_spark(key.type).simpleString()}) AS {quoted(key.name)}"
        for i, key in enumerate(keys)
    ]
    if 0 < len(rows) <= _FEW:
        # Values in the text of a query are a relation that Spark filters without a job.
        lines = (", ".join([str(number), *map(_or_null, row)]) for number, row in enumerate(rows))
        raw = session.sql(f"SELECT * FROM VALUES ({'), ('.join(lines)})")
        raw = raw.toDF(_NUMBER, *[f"_{i}" for i in range(len(keys))])
    else:
        # One text through the gateway, whatever their number.
        parsed = f.from_json(f.lit(json.dumps(rows)), "array<array<string>>")
        raw = session.range(1).select(f.posexplode(parsed).alias(_NUMBER, "row"))
        raw = raw.select(_NUMBER, *[f.get("row", f.lit(i)).alias(f"_{i}") for i in range(len(keys))])
    return raw.selectExpr(*casts, _NUMBER)


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


# --- what the catalog can judge itself -------------------------------------------------------------------------------


def catalog_expression(session: SparkSession, predicate: str, keys: g.StructType) -> str:
    """An expression of GetPartitions that keeps at least what a predicate keeps; empty if none can be told.

    Only conditions that mean the same to both are taken: comparisons of a string key with a text and of an integer key
    with a whole number.
    """
    try:
        parsed = session._jsparkSession.sessionState().sqlParser().parseExpression(predicate)
    except (PySparkException, Py4JJavaError):
        # `judged` says what is wrong with it.
        return ""
    known = {key.name.lower(): key for key in keys}
    taken = ""
    for part in _conjuncts(parsed):
        condition = _condition(part, known)
        if condition and len(taken) + len(condition) < _LONGEST:
            taken += f" AND {condition}" if taken else condition
    return taken


def _conjuncts(expression: Any) -> Iterator[Any]:
    if _kind(expression) == "And":
        yield from _conjuncts(expression.left())
        yield from _conjuncts(expression.right())
    else:
        yield expression


def _kind(expression: Any) -> str:
    return str(expression.getClass().getSimpleName())


def _condition(expression: Any, keys: dict[str, g.Field]) -> str | None:
    kind = _kind(expression)
    if kind in _COMPARISONS:
        key = _key(expression.left(), keys)
        value = _literal(expression.right(), key) if key else None
        return f"{key.name} {_COMPARISONS[kind]} {value}" if key and value else None
    if kind == "In":
        key, options = _key(expression.value(), keys), expression.list()
        values = [_literal(options.apply(i), key) for i in range(options.size())] if key else []
        if key and values and all(values):
            return f"{key.name} IN ({', '.join(str(value) for value in values)})"
    return None


def _key(expression: Any, keys: dict[str, g.Field]) -> g.Field | None:
    if _kind(expression) != "UnresolvedAttribute":
        return None
    key = keys.get(str(expression.name()).strip("`").lower())
    if key is None or key.name.lower() in _WORDS or not re.fullmatch(r"[A-Za-z_]\w*", key.name, re.ASCII):
        return None
    return key


def _literal(expression: Any, key: g.Field | None) -> str | None:
    """A literal as the catalog writes it, if it is of the key's own type."""
    if key is None or _kind(expression) != "Literal":
        return None
    value, kind = expression.value(), str(expression.dataType().typeName())
    if value is None:
        return None
    if key.type == g.STRING and kind == "string":
        text = str(value.toString())
        return "'" + text.replace("'", "''") + "'" if text.isprintable() and "\\" not in text else None
    return str(value) if key.type in _WHOLE and kind in ("integer", "long") else None
