"""Bring a column from one Glue type to a wider one without losing a value.

A missing field becomes null, a plain value takes its place among the alternatives of a choice. Catalyst expressions
only.
"""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as f

from glue_etl.engine.frame.core import Plan
from glue_etl.engine.types import tree as g
from glue_etl.engine.types.spark import to_spark

__all__ = ["conform", "conform_plan", "null_of", "struct_of", "top"]


def top(name: str) -> Column:
    """A top-level column by its exact name, dots and back-ticks included."""
    return f.col("`" + name.replace("`", "``") + "`")


def null_of(kind: g.GlueType) -> Column:
    """A null of that type."""
    return f.lit(None).cast(to_spark(kind))


def struct_of(present: Column, members: list[tuple[str, Column]], kind: g.GlueType) -> Column:
    """A struct of named members where `present` holds, else null.

    Args:
        present: Whether there is a struct at all.
        members: Names and columns in order.
        kind: The struct's or choice's type, for the null.
    """
    if not members:
        return f.when(present, f.struct()).otherwise(null_of(kind))
    return f.when(present, f.struct(*[column.alias(name) for name, column in members]))


def conform(column: Column, have: g.GlueType, want: g.GlueType) -> Column:
    """The column in the layout of the wider type.

    Args:
        column: Laid out as `have` says.
        have: Its type.
        want: A type that `types.tree.merge` made of `have` and others.

    Raises:
        TypeError: `want` cannot hold every value of `have`.
    """
    if have == want:
        return column
    if have in (g.NULL, g.UNKNOWN):
        return null_of(want)
    if isinstance(want, g.ChoiceType):
        return _into_choice(column, have, want)
    if isinstance(have, g.StructType) and isinstance(want, g.StructType):
        members = [(field.name, _member(column, have, field)) for field in want]
        return struct_of(column.isNotNull(), members, want)
    if isinstance(have, (g.ArrayType, g.SetType)) and isinstance(want, (g.ArrayType, g.SetType)):
        inner_have, inner_want = have.element, want.element
        return f.transform(column, lambda element: conform(element, inner_have, inner_want))
    if isinstance(have, g.MapType) and isinstance(want, g.MapType):
        value_have, value_want = have.value, want.value
        return f.transform_values(column, lambda _, value: conform(value, value_have, value_want))
    if isinstance(have, g.DecimalType) and isinstance(want, g.DecimalType):
        return column.cast(to_spark(want))
    raise TypeError(f"{want.name} cannot hold every {have.name}")


def _member(column: Column, have: g.StructType, field: g.Field) -> Column:
    inner = have.get(field.name)
    return null_of(field.type) if inner is None else conform(column.getField(field.name), inner, field.type)


def _into_choice(column: Column, have: g.GlueType, want: g.ChoiceType) -> Column:
    alternatives = have.choices if isinstance(have, g.ChoiceType) else (have,)
    for alternative in alternatives:
        if want.get(alternative.name) is None:
            raise TypeError(f"the choice has no alternative {alternative.name}")
    by_name = {alternative.name: alternative for alternative in alternatives}
    members = []
    for choice in want.choices:
        inner = by_name.get(choice.name)
        if inner is None:
            members.append((choice.name, null_of(choice)))
        else:
            source = column.getField(choice.name) if isinstance(have, g.ChoiceType) else column
            members.append((choice.name, conform(source, inner, choice)))
    return struct_of(column.isNotNull(), members, want)


def conform_plan(plan: Plan, want: g.StructType) -> Plan:
    """A whole plan in the layout of a wider struct; fields it lacks are null."""
    if plan.type == want:
        return plan
    have = {field.name: field.type for field in plan.type}
    columns = [
        (conform(top(field.name), have[field.name], field.type) if field.name in have else null_of(field.type)).alias(
            field.name
        )
        for field in want
    ]
    return Plan(plan.df.select(*columns), want)
