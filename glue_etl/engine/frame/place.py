"""Read values by path, and build records from values placed at paths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import Column
from pyspark.sql import functions as f

from glue_etl.engine.frame.conform import struct_of, top
from glue_etl.engine.types import paths
from glue_etl.engine.types import tree as g
from glue_etl.errors import FieldError

__all__ = ["Placed", "place", "read_path", "spread"]


@dataclass(frozen=True)
class Placed:
    """A value and the path where it goes."""

    path: paths.Path
    column: Column
    type: g.GlueType


def read_path(root: g.StructType, path: paths.Path, *, case_sensitive: bool = True) -> tuple[Column, g.GlueType] | None:
    """The value at a path of structs, through the struct of a choice too.

    Args:
        root: The record's type.
        path: Field names.
        case_sensitive: Whether `A` and `a` are two names.

    Returns:
        The column and its type, None if the path names nothing.

    Raises:
        FieldError: The path goes through an array or a map, which has no single value.
    """
    column: Column | None = None
    kind: g.GlueType = root
    for at, name in enumerate(path):
        if isinstance(kind, (g.ArrayType, g.SetType)):
            raise FieldError(
                f"The path {paths.render(path)!r} goes through the array {paths.render(path[:at])!r}.",
                hint="take the whole array, or bring it to rows with Relationalize first",
            )
        if isinstance(kind, g.ChoiceType):
            inner = kind.get("struct")
            if inner is None or column is None:
                return None
            column, kind = column.getField("struct"), inner
        if isinstance(kind, g.MapType) and column is not None:
            column, kind = column.getItem(name), kind.value
            continue
        found = _field(kind, name, case_sensitive) if isinstance(kind, g.StructType) else None
        if found is None:
            return None
        column = top(found.name) if column is None else column.getField(found.name)
        kind = found.type
    return None if column is None else (column, kind)


def _field(kind: g.StructType, name: str, case_sensitive: bool) -> g.Field | None:
    for field in kind:
        if field.name == name:
            return field
    if case_sensitive:
        return None
    return next((field for field in kind if field.name.lower() == name.lower()), None)


def place(values: Sequence[Placed]) -> tuple[list[Column], g.StructType]:
    """Columns of a record that has each value at its path, in the order given; a later value at the same path wins.

    Args:
        values: Such as `address.state` and `address.zip`, which make one struct `address`.

    Returns:
        The top-level columns, named, and the record's type.

    Raises:
        FieldError: One path goes through a value that another path places.
    """
    members = _grouped(values, 0)
    return [column.alias(name) for name, column, _ in members], g.StructType.of(
        (name, kind) for name, _, kind in members
    )


def _grouped(values: Sequence[Placed], depth: int) -> list[tuple[str, Column, g.GlueType]]:
    groups: dict[str, list[Placed]] = {}
    for value in values:
        groups.setdefault(value.path[depth], []).append(value)
    members = []
    for name, group in groups.items():
        leaves = [value for value in group if len(value.path) == depth + 1]
        if leaves and len(leaves) != len(group):
            raise FieldError(
                f"The path {paths.render(group[0].path[: depth + 1])!r} is to be a value and a struct at once.",
                hint="give the value another target path",
            )
        if leaves:
            members.append((name, leaves[-1].column, leaves[-1].type))
            continue
        inner = _grouped(group, depth + 1)
        kind = g.StructType.of((part, part_kind) for part, _, part_kind in inner)
        members.append((name, struct_of(f.lit(True), [(part, column) for part, column, _ in inner], kind), kind))
    return members


def spread(value: Placed, target: paths.Path) -> list[Placed]:
    """The value as its members, as far as the target path goes into it, so that a member can be added."""
    depth = len(value.path)
    if not isinstance(value.type, g.StructType) or len(target) <= depth or target[:depth] != value.path:
        return [value]
    members = [Placed((*value.path, field.name), value.column.getField(field.name), field.type) for field in value.type]
    return [part for member in members for part in spread(member, target)]
