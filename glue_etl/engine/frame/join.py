"""Join and union of two frames.

Source: "Join class" and "DynamicFrame.union" in the AWS Glue guide: an inner join by equality that keeps both key
columns, a name that both frames have gets a dot on the second's; a union by field name.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame

from glue_etl.engine.frame.cast import cast
from glue_etl.engine.frame.conform import conform_plan, top
from glue_etl.engine.frame.core import Plan
from glue_etl.engine.frame.place import read_path
from glue_etl.engine.types import paths
from glue_etl.engine.types import tree as g
from glue_etl.errors import FieldError, OptionError

__all__ = ["join", "keys_equal", "numbered", "union"]

_NUMBERS = frozenset({"byte", "short", "int", "long", "float", "double", "decimal"})


def join(left: Plan, right: Plan, left_keys: Sequence[str], right_keys: Sequence[str]) -> Plan:
    """Inner join by equality of the keys, pair by pair.

    Args:
        left: The first frame.
        right: The second frame.
        left_keys: Paths in the first.
        right_keys: Paths in the second, as many.

    Returns:
        All fields of both; a field of the second whose name the first has too is called `.name`.

    Raises:
        OptionError: The keys are not as many on both sides, or there are none.
        FieldError: A key that no record has, or one with a map in it, which has no equality.
    """
    if not left_keys or len(left_keys) != len(right_keys):
        raise OptionError(
            f"Join has the keys {list(left_keys)!r} and {list(right_keys)!r}.", hint="give as many on both sides"
        )
    # Every column gets a name of its own first: the two frames may come from one, and names may clash.
    first, first_keys = numbered(left, left_keys, "l", "Join")
    second, second_keys = numbered(right, right_keys, "r", "Join", "the second frame")
    condition: Column | None = None
    for (one, one_type), (other, other_type) in zip(first_keys, second_keys, strict=True):
        equal = keys_equal(one, one_type, other, other_type)
        condition = equal if condition is None else condition & equal
    joined = first.join(second, condition, "inner")
    taken = set(left.type.names)
    names = list(left.type.names)
    for name in right.type.names:
        while name in taken:
            name = "." + name
        taken.add(name)
        names.append(name)
    kinds = [field.type for field in (*left.type, *right.type)]
    inner = [f"l{i}" for i in range(len(left.type))] + [f"r{i}" for i in range(len(right.type))]
    df = joined.select(*[top(temporary).alias(name) for temporary, name in zip(inner, names, strict=True)])
    return Plan(df, g.StructType.of(zip(names, kinds, strict=True)))


def numbered(
    plan: Plan, keys: Sequence[str], prefix: str, what: str, whose: str = "the frame"
) -> tuple[DataFrame, list[tuple[Column, g.GlueType]]]:
    """A frame with columns called by their position, and its keys among them.

    Args:
        plan: The frame.
        keys: Paths in it.
        prefix: What stands before the positions.
        what: The transform, for messages.
        whose: The frame's part in it, for messages.

    Raises:
        FieldError: A key that no record has, or one that holds a map, which has no equality.
    """
    df = plan.df.toDF(*[f"{prefix}{i}" for i in range(len(plan.type))])
    renamed = g.StructType.of((f"{prefix}{i}", field.type) for i, field in enumerate(plan.type))
    found = []
    for key in keys:
        path = paths.names(paths.parse(key))
        part = None
        if path[0] in plan.type.names:
            part = read_path(renamed, (f"{prefix}{plan.type.names.index(path[0])}", *path[1:]))
        if part is None:
            raise FieldError(f"{what} has the key {key!r}, which no record of {whose} has.", available=plan.type.names)
        if g.contains_map(part[1]):
            raise FieldError(f"{what} has the key {key!r}, which is or holds a map.", hint="take one of its values")
        found.append(part)
    return df, found


def keys_equal(one: Column, one_type: g.GlueType, other: Column, other_type: g.GlueType) -> Column:
    """Whether two keys are equal; numbers of any type are compared by value."""
    if one_type == other_type or (one_type.name in _NUMBERS and other_type.name in _NUMBERS):
        return one == other
    kinds = _alternatives(one_type) | _alternatives(other_type)
    if kinds <= _NUMBERS:
        common = g.DOUBLE if kinds & {"float", "double", "decimal"} else g.LONG
        return cast(one, one_type, common)[0] == cast(other, other_type, common)[0]
    # Keys of different kinds are compared as text: nothing else is common to them, and nothing fails to convert.
    return cast(one, one_type, g.STRING)[0] == cast(other, other_type, g.STRING)[0]


def _alternatives(kind: g.GlueType) -> set[str]:
    return {choice.name for choice in kind.choices} if isinstance(kind, g.ChoiceType) else {kind.name}


def union(left: Plan, right: Plan) -> Plan:
    """All records of both, fields matched by name; where the types differ the field becomes a choice."""
    merged = g.merge(left.type, right.type)
    if not isinstance(merged, g.StructType):
        raise TypeError("records are structs")
    return Plan(conform_plan(left, merged).df.unionAll(conform_plan(right, merged).df), merged)
