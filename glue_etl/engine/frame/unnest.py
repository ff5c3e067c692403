"""UnnestFrame: structs become top-level fields with dotted names; arrays stay arrays.

Source: "UnnestFrame class" in the AWS Glue guide, and `unnest` in "AWS Glue Scala DynamicFrame class": structs within
arrays are unnested too, their names begin with the array's and `.val`. Records unnest one by one, so of a choice the
struct's members become fields of their own beside what else it is.
"""

from __future__ import annotations

from collections.abc import Iterator

from pyspark.sql import Column
from pyspark.sql import functions as f

from glue_etl.engine.frame.conform import struct_of, top
from glue_etl.engine.frame.core import Plan
from glue_etl.engine.types import tree as g
from glue_etl.errors import FieldError

__all__ = ["flatten", "unnest"]

_Leaf = tuple[str, Column, g.GlueType]


def unnest(plan: Plan, *, arrays: bool = True) -> Plan:
    """Flatten every struct.

    Args:
        plan: The records.
        arrays: Whether structs within arrays are flattened too.
    """
    members = [_elements(*leaf) if arrays else leaf for leaf in flatten(plan.type)]
    return Plan(
        plan.df.select(*[column.alias(name) for name, column, _ in members]),
        g.StructType.of((name, kind) for name, _, kind in members),
    )


def flatten(record: g.StructType) -> Iterator[_Leaf]:
    """The leaves of a record: dotted name, value, type; a struct without members has none.

    Raises:
        FieldError: Two leaves would have one name, as in a record with a field `a.b` and a struct `a` with a field `b`.
    """
    seen: set[str] = set()
    for field in record:
        for leaf in _leaves(field.name, top(field.name), field.type):
            if leaf[0] in seen:
                raise FieldError(
                    f"Flattening the structs would make two fields called {leaf[0]!r}.",
                    hint="rename one of them with RenameField first, with back-ticks round a name that holds dots",
                )
            seen.add(leaf[0])
            yield leaf


def _leaves(name: str, column: Column, kind: g.GlueType) -> Iterator[_Leaf]:
    if isinstance(kind, g.ChoiceType) and isinstance(inner := kind.get("struct"), g.StructType):
        yield _without_struct(name, column, kind)
        yield from _leaves(name, column.getField("struct"), inner)
    elif isinstance(kind, g.StructType):
        for field in kind:
            yield from _leaves(f"{name}.{field.name}", column.getField(field.name), field.type)
    else:
        yield name, column, kind


def _without_struct(name: str, column: Column, kind: g.ChoiceType) -> _Leaf:
    rest = [choice for choice in kind.choices if not isinstance(choice, g.StructType)]
    if len(rest) == 1:
        return name, column.getField(rest[0].name), rest[0]
    members = [(choice.name, column.getField(choice.name)) for choice in rest]
    result = g.ChoiceType(tuple(rest))
    there = column.isNotNull() & column.getField("struct").isNull()
    return name, struct_of(there, members, result), result


def _elements(name: str, column: Column, kind: g.GlueType) -> _Leaf:
    """A leaf with the structs in its arrays flattened too."""
    if not isinstance(kind, (g.ArrayType, g.SetType)):
        return name, column, kind
    element = kind.element
    changed = _element(name, f.lit(None), element)[1]
    if changed == element:
        return name, column, kind
    result = g.ArrayType(changed) if isinstance(kind, g.ArrayType) else g.SetType(changed)
    return name, f.transform(column, lambda item: _element(name, item, element)[0]), result


def _element(name: str, item: Column, kind: g.GlueType) -> tuple[Column, g.GlueType]:
    if not isinstance(kind, g.StructType):
        _, column, changed = _elements(f"{name}.val", item, kind)
        return column, changed
    members = [_elements(*leaf) for leaf in _leaves(f"{name}.val", item, kind)]
    struct = g.StructType.of((part, part_kind) for part, _, part_kind in members)
    return struct_of(item.isNotNull(), [(part, column) for part, column, _ in members], struct), struct
