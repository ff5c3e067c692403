"""Records as JSON text: compact, null fields left out, a choice as its bare value.

Written in expressions of Spark alone. Spark's own `to_json` does all that has no choice in it, so dates, timestamps and
binary look as they do in Spark's JSON files.
"""

from __future__ import annotations

import json

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from glue_etl.engine.frame.core import Plan
from glue_etl.engine.types import tree as g

__all__ = ["json_column", "json_lines", "json_text"]

_WRAPPED = "v"


def json_lines(plan: Plan) -> DataFrame:
    """Every record as one line.

    Args:
        plan: The records.

    Returns:
        A DataFrame with the one string column `value`, never null.
    """
    return plan.df.select(json_column(plan).alias("value"))


def json_column(plan: Plan) -> Column:
    """The text of each record, from the columns of `plan.df` that `plan.type` names."""
    columns = [_top(name) for name in plan.type.names]
    if not columns:
        return F.lit("{}")
    return _object(list(zip(plan.type, columns, strict=True)))


def json_text(value: Column, kind: g.GlueType) -> Column:
    """The text of one value that is laid out as `kind` says, null for null."""
    return _text(value, kind)


def _top(name: str) -> Column:
    return F.col("`" + name.replace("`", "``") + "`")


def _text(value: Column, kind: g.GlueType) -> Column:
    """The JSON of a value, null for null."""
    if kind in (g.NULL, g.UNKNOWN):
        return F.lit(None).cast("string")
    if isinstance(kind, g.ChoiceType):
        return F.coalesce(*[_text(value.getField(choice.name), choice) for choice in kind.choices])
    if isinstance(kind, g.StructType):
        return F.when(value.isNotNull(), _object([(member, value.getField(member.name)) for member in kind]))
    if isinstance(kind, (g.ArrayType, g.SetType)) and g.contains_choice(kind):
        element = kind.element
        return _joined("[", F.transform(value, lambda item: _or_null(item, element)), "]")
    if isinstance(kind, g.MapType) and g.contains_choice(kind):
        inner = kind.value
        pairs = F.transform(
            F.map_entries(value),
            lambda pair: F.concat(_plain(pair.getField("key")), F.lit(":"), _or_null(pair.getField("value"), inner)),
        )
        return _joined("{", pairs, "}")
    return F.when(value.isNotNull(), _plain(value))


def _plain(value: Column) -> Column:
    """The JSON of a value without choices: Spark writes objects only, so it is wrapped in one and taken out again."""
    return _between(F.to_json(F.struct(value.alias(_WRAPPED))), len(f'{{"{_WRAPPED}":'))


def _between(text: Column, start: int) -> Column:
    return text.substr(F.lit(start + 1), F.length(text) - F.lit(start + 1))


def _or_null(value: Column, kind: g.GlueType) -> Column:
    return F.coalesce(_text(value, kind), F.lit("null"))


def _joined(left: str, texts: Column, right: str) -> Column:
    # array_join passes over nulls, and is null for a null array; concat hands that on.
    return F.concat(F.lit(left), F.array_join(texts, ","), F.lit(right))


def _object(members: list[tuple[g.Field, Column]]) -> Column:
    members = [(member, column) for member, column in members if member.type not in (g.NULL, g.UNKNOWN)]
    if not members:
        return F.lit("{}")
    if not any(g.contains_choice(member.type) for member, _ in members):
        return F.to_json(F.struct(*[column.alias(member.name) for member, column in members]))
    parts: list[Column] = []
    plain: list[Column] = []
    for member, column in members:
        if not g.contains_choice(member.type):
            plain.append(column.alias(member.name))
            continue
        parts += _run(plain)
        plain = []
        key = json.dumps(member.name, ensure_ascii=False) + ":"
        parts.append(F.concat(F.lit(key), _text(column, member.type)))
    return _joined("{", F.array(*parts, *_run(plain)), "}")


def _run(plain: list[Column]) -> list[Column]:
    """Neighbours without choices as one text without braces, null if all are null."""
    if not plain:
        return []
    text = F.to_json(F.struct(*plain))
    return [F.when(text != "{}", _between(text, 1))]
