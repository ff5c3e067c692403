"""Glue Studio's transforms that change rows, or the shape of the whole."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as f
from pyspark.sql import types as s

from glue_etl.engine.frame.conform import top
from glue_etl.engine.frame.studio_names import column, name_list, plain_name, put
from glue_etl.errors import FieldError, OptionError

__all__ = ["explode", "flatten", "null_rows", "pivot", "repartition"]

_AMOUNT, _KEY = "_glue_etl_amount", "_glue_etl_key"


def explode(df: DataFrame, colName: str, newCol: str, outer: bool = False) -> DataFrame:
    """A row for each element of an array, or for each entry of a map.

    Args:
        df: The data.
        colName: The array or map column; it stays if the new column has another name.
        newCol: The column of the elements; for a map the columns of key and value, separated by a comma.
        outer: Keep rows whose array or map is null or empty, with nulls.

    Raises:
        FieldError: The column is neither.
        OptionError: A map's entries need two names.

    Source: https://docs.aws.amazon.com/glue/latest/dg/transforms-explode-array.html
    """
    source = column(df, colName)
    kind = df.select(source).schema[0].dataType
    rows = f.explode_outer(source) if outer else f.explode(source)
    if isinstance(kind, s.ArrayType):
        return put(df, newCol, rows)
    if not isinstance(kind, s.MapType):
        raise FieldError(
            f"gs_explode: the column {colName!r} is {kind.simpleString()}.", hint="only an array or a map has elements"
        )
    names = [plain_name(name) for name in name_list(newCol, "newCol")]
    if len(names) != 2:
        raise OptionError(
            f"The parameter 'newCol' is {newCol!r}, and the column {colName!r} is a map.",
            hint="name the columns of key and value, such as 'key,value'",
        )
    return df.select(*[top(name) for name in df.columns if name not in names], rows.alias(*names))


def flatten(df: DataFrame, maxLevels: int | str = 0, separator: str = ".") -> DataFrame:
    """Make members of structs top-level columns, named by the way to them.

    Args:
        df: The data.
        maxLevels: How many levels of structs to open; 0 for all.
        separator: Between the names.

    Raises:
        OptionError: `maxLevels` is no number.
        FieldError: Two columns would get one name.

    Source: https://docs.aws.amazon.com/glue/latest/dg/transforms-flatten.html
    """
    if not re.fullmatch(r"\d+", str(maxLevels)):
        raise OptionError(f"The parameter 'maxLevels' is {maxLevels!r}.", hint="give a number, 0 for all levels")
    levels = int(maxLevels) or None
    leaves = [leaf for field in df.schema for leaf in _leaves(field, top(field.name), field.name, levels, separator)]
    twice = [name for name, count in Counter(name for name, _ in leaves).items() if count > 1]
    if twice:
        raise FieldError(
            f"gs_flatten: more than one column would be named {', '.join(map(repr, twice))}.",
            hint="choose another separator",
        )
    return df.select(*[value.alias(name) for name, value in leaves])


def _leaves(
    field: s.StructField, value: Column, name: str, levels: int | None, separator: str
) -> Iterator[tuple[str, Column]]:
    if levels == 0 or not isinstance(field.dataType, s.StructType):
        yield name, value
        return
    deeper = None if levels is None else levels - 1
    for member in field.dataType:
        yield from _leaves(member, value.getField(member.name), f"{name}{separator}{member.name}", deeper, separator)


def null_rows(df: DataFrame, extended: bool = False) -> DataFrame:
    """Leave out rows in which all columns are null.

    Args:
        df: The data.
        extended: Take empty strings, arrays and maps for nulls.

    Source: https://docs.aws.amazon.com/glue/latest/dg/transforms-remove-null-rows.html
    """
    return df.where(reduce(lambda left, right: left | right, (_holds(field, extended) for field in df.schema)))


def _holds(field: s.StructField, extended: bool) -> Column:
    value = top(field.name)
    if extended and isinstance(field.dataType, s.StringType):
        return value.isNotNull() & (value != "")
    if extended and isinstance(field.dataType, (s.ArrayType, s.MapType)):
        return value.isNotNull() & (f.size(value) > 0)
    return value.isNotNull()


def pivot(df: DataFrame, aggCol: str, aggFunction: str, colList: list[str] | str) -> DataFrame:
    """Make columns of the values of columns, and aggregate what falls into each.

    Args:
        df: The data.
        aggCol: The numeric column to aggregate.
        aggFunction: Any aggregate function of Spark with one argument, such as `sum` or `mean`.
        colList: The columns whose values become columns; of several, the values are joined by `_`.

    Returns:
        A row for each combination of the other columns, and a column for each value.

    Raises:
        OptionError: No name of a function.

    Source: https://docs.aws.amazon.com/glue/latest/dg/transforms-pivot-rows-to-columns.html
    """
    if not re.fullmatch(r"[A-Za-z_]\w*", aggFunction):
        raise OptionError(f"The parameter 'aggFunction' is {aggFunction!r}.", hint="name a function, such as 'sum'")
    names = name_list(colList, "colList")
    used = {plain_name(name) for name in (aggCol, *names)}
    rest = [top(name) for name in df.columns if name not in used]
    values = [column(df, name) for name in names]
    key = values[0] if len(values) == 1 else f.concat_ws("_", *[value.cast("string") for value in values])
    # pyspark pivots by a column's name only; neither name is seen in the result.
    ready = df.select(*rest, column(df, aggCol).alias(_AMOUNT), key.alias(_KEY))
    return ready.groupBy(*rest).pivot(_KEY).agg(f.call_function(aggFunction, f.col(_AMOUNT)))


def repartition(df: DataFrame, numPartitionsStr: str | int = "", colList: list[str] | str | None = None) -> DataFrame:
    """Spread rows evenly over partitions (the node "Autobalance Processing").

    Args:
        df: The data.
        numPartitionsStr: The number of partitions, or a multiple of the cores such as `x2`; by default the cores.
        colList: Rows that agree in these columns go to the same partition.

    Raises:
        OptionError: It is no number of partitions.

    Source: https://docs.aws.amazon.com/glue/latest/dg/transforms-autobalance-processing.html
    """
    cores = df.sparkSession.sparkContext.defaultParallelism
    text = str(numPartitionsStr or "").strip().lower()
    match = re.fullmatch(r"(?P<times>[x*])?\s*(?P<number>\d+)", text)
    if text and (match is None or int(match["number"]) == 0):
        raise OptionError(
            f"The parameter 'numPartitionsStr' is {numPartitionsStr!r}.",
            hint="give a number, or a multiple such as 'x2'",
        )
    count = cores if match is None else int(match["number"]) * (cores if match["times"] else 1)
    names = [] if not colList else name_list(colList, "colList")
    return df.repartition(count, *[column(df, name) for name in names])
