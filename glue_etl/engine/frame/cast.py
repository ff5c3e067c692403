"""Casts between Glue types, as ApplyMapping and ResolveChoice do them.

A value that cannot be cast becomes null; the record stays and is no error record.

Source: the examples of "ResolveChoice" and "ApplyMapping" in the AWS Glue guide (`cast:long` of a text that is no
number is null in the printed result); where the guide is silent, Spark's `try_cast`, which knows one set of rules
whatever Spark's version and ANSI setting.
"""

from __future__ import annotations

from collections.abc import Callable

from pyspark.sql import Column
from pyspark.sql import functions as f

from glue_etl.engine import compat
from glue_etl.engine.frame.conform import null_of, struct_of
from glue_etl.engine.frame.json_text import json_text
from glue_etl.engine.types import tree as g
from glue_etl.engine.types.spark import to_spark

__all__ = ["CASTS", "cast"]

_CONTAINERS = (g.StructType, g.ArrayType, g.SetType, g.MapType)

# One row per type that a value has, one column per type that is wanted:
#   =   the same type: the value itself (a decimal of other digits is tried)
#   t   tried: null where the value does not fit or does not parse; numbers are seconds since 1970 where they meet time
#   v   tried by way of a timestamp, as Spark has no direct cast
#   u   the UTF-8 bytes of a text, and back
#   -   nothing of the one type means anything in the other: always null
_TABLE = """
              boolean byte short int long float double decimal string binary date timestamp timestampntz
boolean       =       t    t     t   t    t     t      t       t      -      -    -         -
byte          t       =    t     t   t    t     t      t       t      -      -    t         v
short         t       t    =     t   t    t     t      t       t      -      -    t         v
int           t       t    t     =   t    t     t      t       t      -      -    t         v
long          t       t    t     t   =    t     t      t       t      -      -    t         v
float         t       t    t     t   t    =     t      t       t      -      -    t         v
double        t       t    t     t   t    t     =      t       t      -      -    t         v
decimal       t       t    t     t   t    t     t      =       t      -      -    t         v
string        t       t    t     t   t    t     t      t       =      u      t    t         t
binary        -       -    -     -   -    -     -      -       u      =      -    -         -
date          -       -    -     -   -    -     -      -       t      -      =    t         t
timestamp     -       t    t     t   t    t     t      t       t      -      t    =         t
timestampntz  -       v    v     v   v    v     v      v       t      -      t    t         =
"""


def _read_table(text: str) -> dict[tuple[str, str], str]:
    head, *rows = [line.split() for line in text.strip().splitlines()]
    return {(have, want): rule for have, *rules in rows for want, rule in zip(head, rules, strict=True)}


CASTS: dict[tuple[str, str], str] = _read_table(_TABLE)
"""The rule of each pair of atomic types, (the value's, the wanted), in the letters explained above the table."""


def _try(column: Column, want: g.GlueType) -> Column:
    return compat.try_cast(column, to_spark(want))


_RULES: dict[str, Callable[[Column, g.GlueType], Column]] = {
    "=": _try,
    "t": _try,
    "v": lambda column, want: _try(_try(column, g.TIMESTAMP), want),
    "u": lambda column, want: column.cast(to_spark(want)),
    "-": lambda _, want: null_of(want),
}


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
        return (_as_text(column, have) if want == g.STRING else null_of(want)), want
    return _cast_atom(column, have, want), want


def _cast_atom(column: Column, have: g.GlueType, want: g.GlueType) -> Column:
    return _RULES[CASTS.get((have.name, want.name), "-")](column, want)


def _as_text(column: Column, have: g.GlueType) -> Column:
    # A choice inside is stored as a struct, which the text must not show.
    return json_text(column, have) if g.contains_choice(have) else f.to_json(column)


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
        if element_want not in (g.UNKNOWN, element_have):
            column = f.transform(column, lambda element: cast(element, element_have, element_want)[0])
        if isinstance(want, g.ArrayType):
            return column, g.ArrayType(kind)
        return _without_repeats(column, kind), g.SetType(kind)
    if isinstance(have, g.MapType) and isinstance(want, g.MapType):
        value_have, value_want = have.value, want.value
        if value_want in (g.UNKNOWN, value_have):
            return column, have
        kind = cast(f.lit(None), value_have, value_want)[1]
        return f.transform_values(column, lambda _, value: cast(value, value_have, value_want)[0]), g.MapType(kind)
    return null_of(want), want


def _without_repeats(column: Column, element: g.GlueType) -> Column:
    # Spark compares no maps; a list of them stays as it is.
    return column if g.contains_map(element) else f.array_distinct(column)
