"""Glue types to Spark types and back."""

from __future__ import annotations

from pyspark.sql import types as s

from glue_etl.engine.types import tree as g

__all__ = ["from_spark", "struct_from_spark", "to_spark"]

_TO_SPARK: dict[g.GlueType, s.DataType] = {
    g.NULL: s.NullType(),
    g.UNKNOWN: s.NullType(),
    g.BINARY: s.BinaryType(),
    g.BOOLEAN: s.BooleanType(),
    g.BYTE: s.ByteType(),
    g.DATE: s.DateType(),
    g.DOUBLE: s.DoubleType(),
    g.FLOAT: s.FloatType(),
    g.INT: s.IntegerType(),
    g.LONG: s.LongType(),
    g.SHORT: s.ShortType(),
    g.STRING: s.StringType(),
    g.TIMESTAMP: s.TimestampType(),
    g.TIMESTAMP_NTZ: s.TimestampNTZType(),
}
_FROM_SPARK: dict[type[s.DataType], g.GlueType] = {
    type(spark): glue for glue, spark in _TO_SPARK.items() if glue != g.UNKNOWN
}


def to_spark(kind: g.GlueType) -> s.DataType:
    """The Spark type a Glue type is stored as; a choice is a struct keyed by its alternatives' names."""
    if isinstance(kind, g.StructType):
        return s.StructType([s.StructField(field.name, to_spark(field.type), True) for field in kind])
    if isinstance(kind, g.ChoiceType):
        return s.StructType([s.StructField(choice.name, to_spark(choice), True) for choice in kind.choices])
    if isinstance(kind, (g.ArrayType, g.SetType)):
        return s.ArrayType(to_spark(kind.element), True)
    if isinstance(kind, g.MapType):
        return s.MapType(s.StringType(), to_spark(kind.value), True)
    if isinstance(kind, g.DecimalType):
        return s.DecimalType(kind.precision, kind.scale)
    return _TO_SPARK[kind]


def struct_from_spark(schema: s.StructType) -> g.StructType:
    """The Glue struct of a DataFrame's schema; no choices arise."""
    return g.StructType(tuple(g.Field(field.name, from_spark(field.dataType)) for field in schema.fields))


def from_spark(kind: s.DataType) -> g.GlueType:
    """The Glue type of a Spark type.

    Types that Glue does not know are stored as the nearest: char and varchar as string, intervals and user-defined
    types as string.
    """
    if isinstance(kind, s.StructType):
        return struct_from_spark(kind)
    if isinstance(kind, s.ArrayType):
        return g.ArrayType(from_spark(kind.elementType))
    if isinstance(kind, s.MapType):
        return g.MapType(from_spark(kind.valueType))
    if isinstance(kind, s.DecimalType):
        return g.DecimalType(kind.precision, kind.scale)
    return _FROM_SPARK.get(type(kind), g.STRING)
