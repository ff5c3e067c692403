"""Glue Studio's transforms of strings that hold JSON."""

from __future__ import annotations

from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as f
from pyspark.sql.types import StructType

from glue_etl.engine.compat import java_packages
from glue_etl.engine.frame.studio_names import column, name_list, plain_name, put, put_all
from glue_etl.errors import OptionError

__all__ = ["extract_json", "parse_json"]


def extract_json(
    df: DataFrame, colName: str, jsonPaths: str | list[str], colList: str | list[str], dropCol: bool = False
) -> DataFrame:
    """Copy parts of a JSON string into new columns.

    Args:
        df: The data.
        colName: The string column.
        jsonPaths: Property names or JSON paths such as `$['a. a']`, separated by commas.
        colList: A column for each path.
        dropCol: Leave the JSON column out of the result.

    Returns:
        The data with string columns, null where a path leads nowhere.

    Raises:
        OptionError: There are not as many paths as columns.

    Source: https://docs.aws.amazon.com/glue/latest/dg/transforms-extract-json-path.html
    """
    places, names = name_list(jsonPaths, "jsonPaths"), name_list(colList, "colList")
    if len(places) != len(names):
        raise OptionError(
            f"'jsonPaths' has {len(places)} paths for {len(names)} columns.", hint="give one for each name in 'colList'"
        )
    text = column(df, colName)
    found = put_all(df, {name: f.get_json_object(text, _path(at)) for name, at in zip(names, places, strict=True)})
    if dropCol and plain_name(colName) not in {plain_name(name) for name in names}:
        return found.drop(plain_name(colName))
    return found


def _path(text: str) -> str:
    if text.startswith("$"):
        return text
    return f"${text}" if text.startswith("[") else f"$.{text}"


def parse_json(
    df: DataFrame,
    colName: str,
    schema: str | None = None,
    newColName: str | None = None,
    samplingRatio: float | str | None = None,
) -> DataFrame:
    """Read a JSON string as a struct or an array.

    Args:
        df: The data.
        colName: The string column.
        schema: Of the JSON, in SQL's notation, such as `a STRING, b INT` or `ARRAY<STRING>`; by default it is found
            from the data, which reads it twice, and which only objects allow.
        newColName: The parsed column; by default it replaces the string.
        samplingRatio: Share of the rows to find the schema from, above 0 and at most 1.

    Source: https://docs.aws.amazon.com/glue/latest/dg/transforms-parse-json-column.html
    """
    text = column(df, colName).cast("string")
    kind: StructType | str = schema or _inferred(df, colName, samplingRatio)
    return put(df, newColName or colName, f.from_json(text, kind))


def _inferred(df: DataFrame, name: str, ratio: float | str | None) -> StructType:
    share = 1.0 if ratio in (None, "") else _share(ratio)
    texts: Any = df.select(column(df, name).cast("string").alias("value")).where("value is not null")
    # Java's own reader of a Dataset<String>: no row comes to Python.
    session = df.sparkSession
    strings = getattr(texts._jdf, "as")(java_packages(texts._jdf).org.apache.spark.sql.Encoders.STRING())
    java: Any = session
    reader = java._jsparkSession.read().option("samplingRatio", str(share))
    found = StructType.fromJson(_loads(reader.json(strings).schema().json()))
    # Text that is no object shows as this field alone, beside others as a field of its own, as Spark has it.
    if not set(found.names) - {"_corrupt_record"}:
        raise OptionError(f"The column {name!r} has no JSON object to find a schema from.", hint="give 'schema'")
    return found


def _share(ratio: float | str | None) -> float:
    try:
        share = float(ratio or 0)
    except ValueError:
        share = 0.0
    if not 0 < share <= 1:
        raise OptionError(f"The parameter 'samplingRatio' is {ratio!r}.", hint="give a number above 0 and at most 1")
    return share


def _loads(text: str) -> Any:
    import json

    return json.loads(text)
