"""Column types of the Data Catalog, which are Hive's, to Spark's types and back, maps of any key included."""

from __future__ import annotations

from pyspark.sql import types as s

from glue_etl.engine.catalog.hive_types import hive_type, parse_hive_type
from glue_etl.engine.types.spark import from_spark, to_spark

__all__ = ["spark_type", "type_text"]


def spark_type(text: str) -> s.DataType:
    """The Spark type of a column's type in the Data Catalog; char and varchar are string.

    Raises:
        OptionError: It is no type of Hive's.
    """
    text = text.strip()
    word, bracket, inner = text.partition("<")
    word = word.strip().lower()
    if not bracket or word not in ("array", "map", "struct") or not inner.endswith(">"):
        return to_spark(parse_hive_type(text))
    parts = _parts(inner[:-1])
    if word == "array" and len(parts) == 1:
        return s.ArrayType(spark_type(parts[0]))
    if word == "map" and len(parts) == 2:
        return s.MapType(spark_type(parts[0]), spark_type(parts[1]))
    if word == "struct":
        fields = [part.partition(":") for part in parts]
        if all(name.strip() and kind.strip() for name, _, kind in fields):
            return s.StructType([s.StructField(_unquoted(name.strip()), spark_type(kind)) for name, _, kind in fields])
    # It tells what is wrong.
    return to_spark(parse_hive_type(text))


def type_text(kind: s.DataType) -> str:
    """A Spark type as the Data Catalog writes it."""
    if isinstance(kind, s.StructType):
        return f"struct<{','.join(f'{field.name}:{type_text(field.dataType)}' for field in kind.fields)}>"
    if isinstance(kind, s.ArrayType):
        return f"array<{type_text(kind.elementType)}>"
    if isinstance(kind, s.MapType):
        return f"map<{type_text(kind.keyType)},{type_text(kind.valueType)}>"
    return hive_type(from_spark(kind))


def _parts(text: str) -> list[str]:
    """What stands between the commas of the outermost level."""
    parts, depth = [""], 0
    for character in text:
        depth += (character in "<(") - (character in ">)")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def _unquoted(name: str) -> str:
    return name[1:-1].replace("``", "`") if len(name) > 1 and name[0] == name[-1] == "`" else name
