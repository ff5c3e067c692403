"""SelectFields, DropFields, RenameField: paths through structs, arrays of structs and the struct of a choice.

Source: "SelectFields class", "DropFields class" and "RenameField class" in the AWS Glue guide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from pyspark.sql import Column
from pyspark.sql import functions as f

from glue_etl.engine.frame.conform import struct_of, top
from glue_etl.engine.frame.core import Plan
from glue_etl.engine.frame.place import Placed, place, read_path, spread
from glue_etl.engine.types import paths
from glue_etl.engine.types import tree as g
from glue_etl.errors import FieldError

__all__ = ["drop_fields", "has_path", "rename_field", "select_fields"]


@dataclass
class _Names:
    """Paths as a tree of names; `whole` where a path ends."""

    whole: bool = False
    inner: dict[str, _Names] = field(default_factory=dict)

    @classmethod
    def of(cls, texts: Iterable[str]) -> _Names:
        root = cls()
        for text in texts:
            node = root
            for name in paths.names(paths.parse(text)):
                node = node.inner.setdefault(name, cls())
            node.whole = True
        return root


_Part = tuple[Column, g.GlueType]


def select_fields(plan: Plan, wanted: list[str]) -> Plan:
    """Only the named fields, in the frame's order; of a struct only the named members.

    Names that no record has are passed over, as Glue does.
    """
    return _edit(plan, _select, _Names.of(wanted), keep_others=False)


def drop_fields(plan: Plan, unwanted: list[str]) -> Plan:
    """All but the named fields; a struct that loses its last member goes too."""
    return _edit(plan, _drop, _Names.of(unwanted), keep_others=True)


def _edit(
    plan: Plan, edit: Callable[[Column, g.GlueType, _Names], _Part | None], names: _Names, *, keep_others: bool
) -> Plan:
    columns: list[Column] = []
    fields: list[g.Field] = []
    for member in plan.type:
        node = names.inner.get(member.name)
        part: _Part | None
        if node is None:
            part = (top(member.name), member.type) if keep_others else None
        else:
            part = edit(top(member.name), member.type, node)
        if part is not None:
            columns.append(part[0].alias(member.name))
            fields.append(g.Field(member.name, part[1]))
    return Plan(plan.df.select(*columns), g.StructType(tuple(fields)))


def _select(column: Column, kind: g.GlueType, node: _Names) -> _Part | None:
    if node.whole:
        return column, kind
    return _within(column, kind, node, keep_others=False)


def _drop(column: Column, kind: g.GlueType, node: _Names) -> _Part | None:
    if node.whole:
        return None
    inner = _within(column, kind, node, keep_others=True)
    return inner if inner is not None or _holds(kind, node) else (column, kind)


def _within(column: Column, kind: g.GlueType, node: _Names, *, keep_others: bool) -> _Part | None:
    """Edit below a container; None if nothing is left of it (or, when selecting, nothing was found in it)."""
    visit = _drop if keep_others else _select
    if isinstance(kind, g.StructType):
        members: list[tuple[str, Column]] = []
        fields: list[g.Field] = []
        for member in kind:
            inner = node.inner.get(member.name)
            part: _Part | None
            if inner is None:
                part = (column.getField(member.name), member.type) if keep_others else None
            else:
                part = visit(column.getField(member.name), member.type, inner)
            if part is not None:
                members.append((member.name, part[0]))
                fields.append(g.Field(member.name, part[1]))
        if fields == list(kind.fields):
            return column, kind
        if not fields:
            return None
        result = g.StructType(tuple(fields))
        return struct_of(column.isNotNull(), members, result), result
    if isinstance(kind, (g.ArrayType, g.SetType)):
        element = kind.element
        probe = _within(f.lit(None), element, node, keep_others=keep_others)
        if probe is None:
            return None
        if probe[1] == element:
            return column, kind
        # The guard is above: the lambda is never asked where nothing is left.
        changed = f.transform(
            column,
            lambda item: _within(item, element, node, keep_others=keep_others)[0],  # type: ignore[index]
        )
        return changed, g.ArrayType(probe[1]) if isinstance(kind, g.ArrayType) else g.SetType(probe[1])
    if isinstance(kind, g.ChoiceType):
        return _within_choice(column, kind, node, keep_others=keep_others)
    return (column, kind) if keep_others else None


def _within_choice(column: Column, kind: g.ChoiceType, node: _Names, *, keep_others: bool) -> _Part | None:
    members: list[tuple[str, Column]] = []
    choices: list[g.GlueType] = []
    for choice in kind.choices:
        part = _within(column.getField(choice.name), choice, node, keep_others=keep_others)
        if part is not None:
            members.append((choice.name, part[0]))
            choices.append(part[1])
    if not choices:
        return None
    if len(choices) == 1:
        return members[0][1], choices[0]
    result = g.ChoiceType(tuple(choices))
    if result == kind:
        return column, kind
    return struct_of(column.isNotNull(), members, result), result


def _holds(kind: g.GlueType, node: _Names) -> bool:
    return any(has_path(kind, (name,)) for name in node.inner)


def has_path(kind: g.GlueType, path: paths.Path) -> bool:
    """Whether a field stands at the path, arrays and choices gone through."""
    if not path:
        return True
    if isinstance(kind, (g.ArrayType, g.SetType)):
        return has_path(kind.element, path)
    if isinstance(kind, g.ChoiceType):
        return any(has_path(choice, path) for choice in kind.choices)
    inner = kind.get(path[0]) if isinstance(kind, g.StructType) else None
    return inner is not None and has_path(inner, path[1:])


def rename_field(plan: Plan, old: str, new: str) -> Plan:
    """The field under another name, in its place; both names are full paths.

    A field that is not there is no error: then nothing changes, as in Glue. A new path in another struct moves the
    field there.

    Raises:
        FieldError: There is a field of the new name already, or a path is malformed.
    """
    source = paths.names(paths.parse(old))
    target = paths.names(paths.parse(new))
    if source == target or not has_path(plan.type, source):
        return plan
    if has_path(plan.type, target):
        raise FieldError(
            f"RenameField would make two fields called {new!r}.", hint="drop or rename the one that is there first"
        )
    if source[:-1] != target[:-1]:
        return _move(plan, source, target)
    columns = []
    fields = []
    for member in plan.type:
        if member.name != source[0]:
            columns.append(top(member.name).alias(member.name))
            fields.append(member)
            continue
        column, kind = top(member.name), member.type
        name = member.name
        if len(source) == 1:
            name = target[0]
        else:
            column, kind = _rename(column, kind, source[1:], target[-1])
        columns.append(column.alias(name))
        fields.append(g.Field(name, kind))
    return Plan(plan.df.select(*columns), g.StructType(tuple(fields)))


def _rename(column: Column, kind: g.GlueType, path: paths.Path, new: str) -> _Part:
    if isinstance(kind, (g.ArrayType, g.SetType)):
        element = kind.element
        inner = _rename(f.lit(None), element, path, new)[1]
        changed = f.transform(column, lambda item: _rename(item, element, path, new)[0])
        return changed, g.ArrayType(inner) if isinstance(kind, g.ArrayType) else g.SetType(inner)
    if isinstance(kind, g.ChoiceType):
        parts = [_rename(column.getField(choice.name), choice, path, new) for choice in kind.choices]
        result = g.ChoiceType(tuple(part[1] for part in parts))
        members = [(part[1].name, part[0]) for part in parts]
        ordered = sorted(members, key=lambda member: member[0])
        return struct_of(column.isNotNull(), ordered, result), result
    if not isinstance(kind, g.StructType):
        return column, kind
    members = []
    fields = []
    for member in kind:
        part: _Part = (column.getField(member.name), member.type)
        name = member.name
        if name == path[0]:
            if len(path) == 1:
                name = new
            else:
                part = _rename(*part, path[1:], new)
        members.append((name, part[0]))
        fields.append(g.Field(name, part[1]))
    struct = g.StructType(tuple(fields))
    return struct_of(column.isNotNull(), members, struct), struct


def _move(plan: Plan, source: paths.Path, target: paths.Path) -> Plan:
    found = read_path(plan.type, source)
    if found is None:
        return plan
    # The value is kept beside the record while its old place is taken away.
    beside = "".join(plan.type.names) + "_"
    extended = Plan(
        plan.df.select("*", found[0].alias(beside)), g.StructType((*plan.type.fields, g.Field(beside, found[1])))
    )
    rest = drop_fields(extended, [paths.render(source)])
    placed: list[Placed] = []
    for member in rest.type:
        if member.name != beside:
            placed += spread(Placed((member.name,), top(member.name), member.type), target)
    columns, kind = place([*placed, Placed(target, top(beside), found[1])])
    return Plan(rest.df.select(*columns), kind)
