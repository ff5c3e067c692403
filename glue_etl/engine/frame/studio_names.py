"""How Glue Studio's transforms name columns: paths as Spark reads them, and lists as texts with commas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as f

from glue_etl.engine.frame.conform import top
from glue_etl.engine.types import paths
from glue_etl.errors import OptionError

__all__ = ["column", "name_list", "plain_name", "put", "put_all"]


def column(df: DataFrame, name: str) -> Column:
    """The column of a name: `a`, a member `a.b`, or a name with dots, in back-ticks or as it is.

    Raises:
        AnalysisException: There is none.
    """
    if name in df.columns and "." in name and name.split(".")[0] not in df.columns:
        return top(name)
    return f.col(name)


def plain_name(name: str) -> str:
    """The name that a column gets: without the back-ticks that protected it as a path."""
    if not name.startswith("`"):
        return name
    steps = paths.parse(name)
    return ".".join(steps)


def put(df: DataFrame, name: str, value: Column) -> DataFrame:
    """The DataFrame with a column added, or replaced if there is one of that name."""
    return df.withColumn(plain_name(name), value)


def put_all(df: DataFrame, values: Mapping[str, Column]) -> DataFrame:
    """The same with several columns, each made of the DataFrame as it was."""
    return df.withColumns({plain_name(name): value for name, value in values.items()})


def name_list(value: object, parameter: str, *, gaps: bool = False) -> list[str]:
    """Names as a list, or as one text with commas.

    Args:
        value: What the script gives.
        parameter: Its name, for the message.
        gaps: Whether an empty name stands for something to leave out.

    Raises:
        OptionError: It is neither, or names nothing.
    """
    if isinstance(value, str):
        names = [part.strip() for part in value.split(",")]
    elif isinstance(value, Sequence) and all(isinstance(each, str) for each in value):
        names = list(value)
    else:
        raise OptionError(f"The parameter {parameter!r} is {value!r}.", hint="give names, separated by commas")
    if not any(names) or (not gaps and not all(names)):
        raise OptionError(f"The parameter {parameter!r} is {value!r}, which has an empty name.", hint="leave none out")
    return names
