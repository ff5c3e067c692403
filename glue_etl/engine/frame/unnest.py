"""UnnestFrame: structs become top-level fields with dotted names; arrays stay.

Source: "UnnestFrame class" in the AWS Glue guide.
"""

from __future__ import annotations

from collections.abc import Iterator

from pyspark.sql import Column

from glue_etl.engine.frame.conform import top
from glue_etl.engine.frame.core import Plan
from glue_etl.engine.types import tree as g

__all__ = ["flatten", "unnest"]


def unnest(plan: Plan) -> Plan:
    """Flatten every struct."""
    members = list(flatten(plan.type))
    return Plan(
        plan.df.select(*[column.alias(name) for name, column, _ in members]),
        g.StructType.of((name, kind) for name, _, kind in members),
    )


def flatten(record: g.StructType) -> Iterator[tuple[str, Column, g.GlueType]]:
    """The leaves of a record: dotted name, value, type; a struct without members has none."""
    for field in record:
        yield from _leaves(field.name, top(field.name), field.type)


def _leaves(name: str, column: Column, kind: g.GlueType) -> Iterator[tuple[str, Column, g.GlueType]]:
    if not isinstance(kind, g.StructType):
        yield name, column, kind
        return
    for field in kind:
        yield from _leaves(f"{name}.{field.name}", column.getField(field.name), field.type)
