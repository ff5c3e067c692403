"""The columns of files that no one has described, by the engine's own readers.

Source: "Built-in classifiers" and "Using crawlers to populate the Data Catalog" of the AWS Glue guide.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from glue_etl.engine.catalog.hive_types import columns_of
from glue_etl.engine.types import tree as g
from glue_etl.errors import SourceError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from glue_etl.engine.context import EngineContext

__all__ = ["Inferred", "infer", "looks_like_header"]

_INTEGER = r"^\s*[+-]?\d{1,18}\s*$"
_NUMBER = r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$"
_HEADER_CELL = 150
_SAMPLE = 100


@dataclass(frozen=True)
class Inferred:
    """What files say of themselves.

    Attributes:
        columns: Name and Type of each column.
        format_options: Options that the table needs beside those given.
    """

    columns: list[dict[str, str]]
    format_options: dict[str, Any] = field(default_factory=dict)


def infer(
    ctx: EngineContext, location: str, fmt: str, options: Mapping[str, Any], without: Sequence[str] = ()
) -> Inferred:
    """The columns of the files below a location. Needs Spark.

    CSV has a header if its first line is all text and another line is not, and its columns are bigint, double or
    string, as crawlers find them.

    Args:
        ctx: The session and the lake.
        location: The table's folder.
        fmt: The reader's format.
        options: Its format options.
        without: Partition keys, which are left out.

    Raises:
        SourceError: There are no records to tell a column by.
    """
    more: dict[str, Any] = {}
    if fmt == "csv" and "withHeader" not in options and "skipFirst" not in options:
        more = {"withHeader": _has_header(ctx, location, options)}
    frame = _frame(ctx, location, fmt, {**options, **more})
    record = frame.plan.type
    if fmt == "csv":
        record = _typed(frame.plan.df, record)
    columns = columns_of(record, without)
    if not columns:
        raise SourceError(
            f"The files below {location!r} have no records to tell the columns by.",
            hint="give the columns: --columns 'id bigint, name string'",
        )
    return Inferred(columns, more)


def looks_like_header(rows: Sequence[Sequence[str | None]]) -> bool:
    """Whether the first row names the columns.

    Every cell of it is a text of 1 to 149 characters that is no number, no two are alike, and another row has a
    number.
    """
    if len(rows) < 2:
        return False
    first, *others = rows
    names = [cell or "" for cell in first]
    if any(not name.strip() or len(name) >= _HEADER_CELL or re.match(_NUMBER, name) for name in names):
        return False
    return len(set(names)) == len(names) and any(re.match(_NUMBER, cell or "") for row in others for cell in row)


def _has_header(ctx: EngineContext, location: str, options: Mapping[str, Any]) -> bool:
    frame = _frame(ctx, location, "csv", {**options, "withHeader": False})
    return looks_like_header([list(row) for row in frame.plan.df.limit(_SAMPLE).collect()])


def _frame(ctx: EngineContext, location: str, fmt: str, options: Mapping[str, Any]) -> Any:
    from glue_etl.engine.frame.core import Stage
    from glue_etl.engine.io.sources import open_source

    return open_source(ctx, "s3", {"paths": [location], "recurse": True}, fmt, options, Stage())


def _typed(df: DataFrame, record: g.StructType) -> g.StructType:
    """Text columns as what all of their cells are; one pass over the records."""
    from pyspark.sql import functions as f

    counts = []
    for index, name in enumerate(df.columns):
        cell = f.col("`" + name.replace("`", "``") + "`")
        filled = f.when(f.trim(cell) != "", cell)
        counts += [
            f.count(filled).alias(f"filled{index}"),
            f.count(f.when(filled.rlike(_INTEGER), 1)).alias(f"integer{index}"),
            f.count(f.when(filled.rlike(_NUMBER), 1)).alias(f"number{index}"),
        ]
    row = df.agg(*counts).first() if counts else None
    if row is None:
        return record
    fields = []
    for index, each in enumerate(record):
        filled = row[f"filled{index}"]
        kind = each.type
        if filled and row[f"integer{index}"] == filled:
            kind = g.LONG
        elif filled and row[f"number{index}"] == filled:
            kind = g.DOUBLE
        fields.append(g.Field(each.name, kind))
    return g.StructType(tuple(fields))
