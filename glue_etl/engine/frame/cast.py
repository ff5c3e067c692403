"""Casts between Glue types, as ApplyMapping and ResolveChoice do them.

A value that cannot be cast becomes null, the record stays.

Source: the examples of "ResolveChoice" and "ApplyMapping" in the AWS Glue guide; where the guide is silent, Spark's
`try_cast`, which is the same on Spark 3.5 and 4.
"""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as f

from glue_etl.engine import compat
from glue_etl.engine.frame.conform import null_of, struct_of
from glue_etl.engine.types import tree as g
from glue_etl.engine.types.spark import to_spark

__all__ = ["cast"]

_NUMBERS = frozenset({"byte", "short", "int", "long", "float", "double", "decimal"})
_MOMENTS = frozenset({"date", "timestamp", "timestampntz"})
_CONTAINERS = (g.StructType, g.ArrayType, g.SetType, g.MapType)


def cast(column: Column, have: g.GlueType, want: g.GlueType) -> tuple[Column, g.GlueType]:
    """The column as another type.

    Args:
        column: Laid out as `have` says.
        have: Its type; of a choice, each record's own alternative is cast.
        want: The type asked for; unknown parts of a container stand for whatever is there.

    Returns:
        The column and its type, which is `want` with its unknown parts filled in.
    """
    if have == want or want == g.UNKNOWN:
        return column, have
    if have in (g.NULL, g.UNKNOWN):
        return null_of(want), want
    if isinstance(have, g.ChoiceType):
        return _cast_choice(column, have, want)
    if isinstance(want, _CONTAINERS):
        return _cast_container(column, have, want)
    if isinstance(have, _CONTAINERS):
        return (f.to_json(column), want) if want == g.STRING else (null_of(want), want)
    return _cast_atom(column, have, want), want


def _cast_atom(column: Column, have: g.GlueType, want: g.GlueType) -> Column:
    if not _castable(have.name, want.name):
        return null_of(want)
    if have == g.BINARY and want == g.STRING:
        return column.cast("string")
    return compat.try_cast(column, to_spark(want))


def _castable(have: str, want: str) -> bool:
    """Whether there is any value of the one type that is one of the other; Spark refuses the rest when it plans."""
    if want == "null":
        return False
    if have == "string" or want == "string":
        return True
    if have in _NUMBERS:
        return want in _NUMBERS or want in ("boolean", "timestamp")
    if have == "boolean":
        return want in _NUMBERS
    if have == "timestamp":
        return want in _NUMBERS or want in _MOMENTS
    return have in _MOMENTS and want in _MOMENTS


def _cast_choice(column: Column, have: g.ChoiceType, want: g.GlueType) -> tuple[Column, g.GlueType]:
    parts = []
    result = want
    for choice in have.choices:
        part, kind = cast(column.getField(choice.name), choice, want)
        if choice.name == want.name:
            result = kind
        parts.append((choice, part, kind))
    # A container that only one alternative is, fixes what the others' nulls look like.
    same = [part for _, part, kind in parts if kind == result]
    return (f.coalesce(*same), result) if same else (null_of(result), result)


def _cast_container(column: Column, have: g.GlueType, want: g.GlueType) -> tuple[Column, g.GlueType]:
    if isinstance(have, g.StructType) and isinstance(want, g.StructType):
        if not want.fields:
            return column, have
        members: list[tuple[str, Column]] = []
        fields: list[g.Field] = []
        for field in want:
            inner = have.get(field.name)
            part, kind = (
                (null_of(field.type), field.type)
                if inner is None
                else cast(column.getField(field.name), inner, field.type)
            )
            members.append((field.name, part))
            fields.append(g.Field(field.name, kind))
        kind = g.StructType(tuple(fields))
        return struct_of(column.isNotNull(), members, kind), kind
    if isinstance(have, (g.ArrayType, g.SetType)) and isinstance(want, (g.ArrayType, g.SetType)):
        element_have, element_want = have.element, want.element
        kind = cast(f.lit(None), element_have, element_want)[1] if element_want != g.UNKNOWN else element_have
        result = g.ArrayType(kind) if isinstance(want, g.ArrayType) else g.SetType(kind)
        if element_want in (g.UNKNOWN, element_have):
            return column, result
        return f.transform(column, lambda element: cast(element, element_have, element_want)[0]), result
    if isinstance(have, g.MapType) and isinstance(want, g.MapType):
        value_have, value_want = have.value, want.value
        if value_want in (g.UNKNOWN, value_have):
            return column, have
        kind = cast(f.lit(None), value_have, value_want)[1]
        return f.transform_values(column, lambda _, value: cast(value, value_have, value_want)[0]), g.MapType(kind)
    return null_of(want), want
