"""Glue Studio's transforms that make columns of columns."""

from __future__ import annotations

import time
from decimal import Decimal

from pyspark.errors import IllegalArgumentException
from pyspark.sql import DataFrame
from pyspark.sql import functions as f

from glue_etl.engine.compat import java_packages
from glue_etl.engine.frame.studio_names import column, name_list, put, put_all
from glue_etl.errors import OptionError

__all__ = ["array_to_cols", "concat", "derived", "regex_extract", "sequence_id", "split", "uuid"]

# Numbers of a run stay below this, so that the time before them makes them its own.
_RUN = 10**19
_LONGEST_NUMBER = 38


def concat(df: DataFrame, colName: str, colList: list[str] | str, spacer: str = "", nullValue: str = "") -> DataFrame:
    """Join the texts of columns into a new one.

    Args:
        df: The data.
        colName: The new column, a string.
        colList: The columns in order; what is no string is written as Spark casts it.
        spacer: Between two values.
        nullValue: In the place of a null.

    Source: https://docs.aws.amazon.com/glue/latest/dg/transforms-concatenate-columns.html
    """
    names = name_list(colList, "colList")
    parts = [f.coalesce(column(df, name).cast("string"), f.lit(nullValue)) for name in names]
    return put(df, colName, f.concat_ws(spacer or "", *parts))


def split(df: DataFrame, colName: str, pattern: str, newColName: str | None = None) -> DataFrame:
    """Break a string up into an array.

    Args:
        df: The data.
        colName: The string column.
        pattern: A regular expression for what lies between two elements.
        newColName: The array's column; by default it replaces the string.

    Source: https://docs.aws.amazon.com/glue/latest/dg/transforms-split-string.html
    """
    return put(df, newColName or colName, f.split(column(df, colName), pattern))


def array_to_cols(
    df: DataFrame, colName: str, colList: str | list[str], indexes: str | list[int] | None = None
) -> DataFrame:
    """Copy elements of an array into columns of their own; null where an array is too short.

    Args:
        df: The data.
        colName: The array column; it stays.
        colList: The new columns.
        indexes: The positions of their elements, from 1: a list, or a text with commas; by default the first ones.

    Raises:
        OptionError: There are not as many positions as columns, or one is no position.

    Source: https://docs.aws.amazon.com/glue/latest/dg/transforms-array-to-columns.html
    """
    names = name_list(colList, "colList")
    positions = (
        list(range(1, len(names) + 1))
        if not indexes
        else _positions(indexes if isinstance(indexes, str) else ",".join(map(str, indexes)))
    )
    if len(positions) != len(names):
        raise OptionError(
            f"The parameter 'indexes' has {len(positions)} positions for {len(names)} columns.",
            hint="give one for each name in 'colList'",
        )
    array = column(df, colName)
    return put_all(df, {name: f.get(array, f.lit(at - 1)) for name, at in zip(names, positions, strict=True)})


def _positions(text: str) -> list[int]:
    words = [word.strip() for word in text.split(",")]
    if not all(word.isdecimal() and int(word) > 0 for word in words):
        raise OptionError(f"The parameter 'indexes' is {text!r}.", hint="give positions from 1, separated by commas")
    return [int(word) for word in words]


def derived(df: DataFrame, colName: str, expr: str) -> DataFrame:
    """A column by a SQL expression of other columns; one of the same name is replaced.

    Source: https://docs.aws.amazon.com/glue/latest/dg/transforms-derived-column.html
    """
    return put(df, colName, f.expr(expr))


def regex_extract(df: DataFrame, colName: str, regex: str, newCols: str | list[str]) -> DataFrame:
    """Copy what a regular expression finds into new columns.

    Args:
        df: The data.
        colName: The string column.
        regex: A Java regular expression; its first match counts.
        newCols: One column for each group, an empty name for a group to leave out; without groups one column for the
            whole match.

    Returns:
        The data with string columns: null where the source is null, empty where nothing matches.

    Raises:
        OptionError: The expression is malformed, or has more or fewer groups than there are names.

    Source: https://docs.aws.amazon.com/glue/latest/dg/transforms-regex-extractor.html
    """
    names = name_list(newCols, "newCols", gaps=True)
    groups = _groups(df, regex)
    if len(names) != max(groups, 1):
        raise OptionError(
            f"The regular expression {regex!r} has {groups} groups, and 'newCols' names {len(names)} columns.",
            hint="give one name for each group; leave a name empty, between its commas, to skip the group",
        )
    text = column(df, colName)
    first = 1 if groups else 0
    found = {name: f.regexp_extract(text, regex, group) for group, name in enumerate(names, start=first) if name}
    return put_all(df, found)


def _groups(df: DataFrame, regex: str) -> int:
    pattern = java_packages(df._jdf).java.util.regex.Pattern
    try:
        return int(pattern.compile(regex).matcher("").groupCount())
    except IllegalArgumentException as error:
        reason = str(error).splitlines()[0]
        raise OptionError(
            f"{regex!r} is no regular expression: {reason}.", hint="it is read as Java reads it"
        ) from None


def uuid(df: DataFrame, colName: str = "uuid") -> DataFrame:
    """A column with a random UUID, a string of 36 characters, in each row.

    Source: https://docs.aws.amazon.com/glue/latest/dg/transforms-uuid.html
    """
    return put(df, colName, f.expr("uuid()"))


def sequence_id(df: DataFrame, colName: str = "id", unique: bool = False) -> DataFrame:
    """A column with a number for each row, without repeats but with gaps.

    Args:
        df: The data.
        colName: The new column.
        unique: Put the time of this call in front, so that two runs have no number in common.

    Returns:
        The data with a long; with `unique` a decimal of 38 digits.

    Source: https://docs.aws.amazon.com/glue/latest/dg/transforms-identifier.html
    """
    number = f.monotonically_increasing_id()
    if not unique:
        return put(df, colName, number)
    start = f.lit(Decimal(time.time_ns() // 1_000_000 * _RUN))
    return put(df, colName, (start + number.cast("decimal(19,0)")).cast(f"decimal({_LONGEST_NUMBER},0)"))
