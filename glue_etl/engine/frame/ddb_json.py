"""DynamoDB JSON, `{"Item": {"name": {"S": "x"}}}`, as plain fields.

Source: `simplify_ddb_json` and `unnest_ddb_json` in "DynamicFrame class", and "DynamoDB connections", of the AWS Glue
guide: the wrapper `Item` and the letters of the types vanish, `N` and `B` stay the texts they are, `NULL` is null, an
attribute that has several types in different records becomes a choice.
"""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as f

from glue_etl.engine.frame.conform import conform, null_of, struct_of, top
from glue_etl.engine.frame.core import Plan
from glue_etl.engine.frame.unnest import unnest
from glue_etl.engine.types import tree as g

__all__ = ["simplify_ddb_json", "unnest_ddb_json"]

_Part = tuple[Column, g.GlueType]
_SCALARS = {"S", "N", "B", "BOOL", "NULL"}
_SETS = {"SS", "NS", "BS"}
_WRAPPER = "Item"


def simplify_ddb_json(plan: Plan) -> Plan:
    """Nested columns of DynamoDB JSON as what they say; maps become structs.

    The elements of a list stay as they are where some are maps, or of several types.
    """
    return _simplified(plan, lists=True)


def unnest_ddb_json(plan: Plan) -> Plan:
    """As `simplify_ddb_json`, and structs become top-level fields with dotted names; the elements of lists stay."""
    return unnest(_simplified(plan, lists=False), arrays=False)


def _simplified(plan: Plan, *, lists: bool) -> Plan:
    columns: list[Column] = []
    fields: list[g.Field] = []
    for name, column, kind in _attributes(plan.type):
        part, part_kind = _attribute(column, kind, lists)
        columns.append(part.alias(name))
        fields.append(g.Field(name, part_kind))
    return Plan(plan.df.select(*columns), g.StructType(tuple(fields)))


def _attributes(record: g.StructType) -> list[tuple[str, Column, g.GlueType]]:
    """The fields of a record, those of the wrapper in its place."""
    found: list[tuple[str, Column, g.GlueType]] = []
    taken = set(record.names)
    for member in record:
        column, kind = top(member.name), member.type
        if isinstance(kind, g.StructType) and _is_wrapper(member.name, kind, record):
            inner = set(kind.names)
            if not inner & (taken - {member.name}):
                found += [(field.name, column.getField(field.name), field.type) for field in kind]
                continue
        found.append((member.name, column, kind))
    return found


def _is_wrapper(name: str, kind: g.StructType, record: g.StructType) -> bool:
    if _letters(kind) or not any(_letters(field.type) for field in kind):
        return False
    return name == _WRAPPER or len(record) == 1


def _letters(kind: g.GlueType) -> list[g.Field]:
    """The typed alternatives of an attribute; none if it is no attribute of DynamoDB JSON."""
    if not isinstance(kind, g.StructType):
        return []
    return list(kind) if kind.fields and all(_fits(field) for field in kind) else []


def _fits(field: g.Field) -> bool:
    if field.type in (g.NULL, g.UNKNOWN):
        return field.name in {*_SCALARS, *_SETS, "L", "M"}
    if isinstance(field.type, (g.StructType, g.MapType)):
        return field.name == "M"
    if isinstance(field.type, (g.ArrayType, g.SetType)):
        return field.name in {*_SETS, "L"}
    return field.name in _SCALARS


def _attribute(column: Column, kind: g.GlueType, lists: bool) -> _Part:
    """An attribute's value without the letter of its type; anything else with its members looked at."""
    letters = _letters(kind)
    if not letters:
        return _members(column, kind, lists) if isinstance(kind, g.StructType) else (column, kind)
    parts = [_value(column.getField(field.name), field, lists) for field in letters]
    merged = g.merge_all(part_kind for _, part_kind in parts)
    known = [conform(part, part_kind, merged) for part, part_kind in parts if part_kind != g.NULL]
    if not known:
        return null_of(g.NULL), g.NULL
    return (known[0] if len(known) == 1 else f.coalesce(*known)), merged


def _value(column: Column, field: g.Field, lists: bool) -> _Part:
    if field.name == "NULL" or field.type in (g.NULL, g.UNKNOWN):
        return null_of(g.NULL), g.NULL
    if isinstance(field.type, g.StructType):
        return _members(column, field.type, lists)
    if isinstance(field.type, g.MapType):
        return _mapped(column, field.type, lists)
    if isinstance(field.type, (g.ArrayType, g.SetType)) and field.name == "L" and lists:
        return _listed(column, field.type.element)
    return column, field.type


def _members(column: Column, kind: g.StructType, lists: bool) -> _Part:
    """The attributes of a map."""
    parts = [(field.name, *_attribute(column.getField(field.name), field.type, lists)) for field in kind]
    result = g.StructType.of((name, part_kind) for name, _, part_kind in parts)
    if result == kind:
        return column, kind
    return struct_of(column.isNotNull(), [(name, part) for name, part, _ in parts], result), result


def _mapped(column: Column, kind: g.MapType, lists: bool) -> _Part:
    inner = kind.value
    changed = _attribute(f.lit(None), inner, lists)[1]
    if changed == inner:
        return column, kind
    return f.transform_values(column, lambda _, value: _attribute(value, inner, lists)[0]), g.MapType(changed)


def _listed(column: Column, element: g.GlueType) -> _Part:
    """A list, its elements simplified if all are of one type that is no map."""
    letters = _letters(element)
    if len(letters) != 1 or letters[0].name == "M":
        return column, g.ArrayType(element)
    changed = _attribute(f.lit(None), element, lists=True)[1]
    return f.transform(column, lambda item: _attribute(item, element, lists=True)[0]), g.ArrayType(changed)
