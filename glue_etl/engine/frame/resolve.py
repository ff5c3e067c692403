"""ResolveChoice: say what a field with several types shall be.

Source: "ResolveChoice class" and `resolveChoice` in the AWS Glue guide: `cast:type`, `make_cols`, `make_struct`,
`project:type`; a path may go into structs and, by `[]`, into arrays (and here into a map's values). `cast` retypes a
field that is no choice too; the others leave such a field as it is.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from pyspark.sql import Column
from pyspark.sql import functions as f

from glue_etl.engine.frame.cast import cast
from glue_etl.engine.frame.conform import struct_of, top
from glue_etl.engine.frame.core import Plan
from glue_etl.engine.types import paths
from glue_etl.engine.types import tree as g
from glue_etl.engine.types.names import parse_type
from glue_etl.errors import FieldError, OptionError

__all__ = ["Action", "is_match_catalog", "resolve_all", "resolve_as_declared", "resolve_specs"]

_LOG = logging.getLogger(__name__)
_Member = tuple[str, Column, g.GlueType]
_ACTIONS = ("cast:type", "make_cols", "make_struct", "project:type", "match_catalog")


@dataclass(frozen=True)
class Action:
    """What to do with a choice.

    Attributes:
        verb: `cast`, `make_cols`, `make_struct` or `project`.
        target: The type of `cast` and `project`.
    """

    verb: str
    target: g.GlueType = g.UNKNOWN

    @classmethod
    def parse(cls, text: str) -> Action:
        """Read an action as scripts write it, letter case ignored.

        Raises:
            OptionError: No such action, or a type is missing or unknown.
        """
        verb, _, target = text.strip().partition(":")
        verb = verb.strip().lower()
        if is_match_catalog(text):
            raise OptionError(
                "match_catalog is an action for all choices, not for one path.",
                hint="give it as choice='match_catalog' with database and table_name, or name a type: 'cast:type'",
            )
        if verb in ("cast", "project") and target.strip():
            return cls(verb, parse_type(target))
        if verb in ("make_cols", "make_struct") and not target:
            return cls(verb)
        raise OptionError(f"{text!r} is not an action of ResolveChoice.", available=_ACTIONS)

    def wants_container(self) -> bool:
        """Whether a whole array, map or struct is asked for."""
        return isinstance(self.target, (g.StructType, g.ArrayType, g.SetType, g.MapType))

    def apply(self, name: str, column: Column, kind: g.GlueType, where: str) -> list[_Member]:
        """The member or members that a field becomes.

        Args:
            name: The field's name.
            column: Its value.
            kind: Its type; a field that is no choice is only touched by `cast`.
            where: Its path, for messages.
        """
        if self.verb == "cast":
            return [(name, *cast(column, kind, self.target))]
        if not isinstance(kind, g.ChoiceType):
            return [(name, column, kind)]
        if self.verb == "make_struct":
            return [(name, column, g.StructType.of((choice.name, choice) for choice in kind.choices))]
        if self.verb == "make_cols":
            return [(f"{name}_{choice.name}", column.getField(choice.name), choice) for choice in kind.choices]
        kept = kind.get(self.target.name)
        if kept is None:
            raise OptionError(
                f"The choice {where!r} has no alternative {self.target.name!r} to project to.",
                available=[choice.name for choice in kind.choices],
            )
        return [(name, column.getField(kept.name), kept)]


@dataclass
class _Specs:
    """Actions as a tree of path steps; an array's elements are under `paths.ELEMENTS`."""

    action: Action | None = None
    inner: dict[str, _Specs] = field(default_factory=dict)
    elements: _Specs | None = None
    every: Action | None = None

    def add(self, path: paths.Path, action: Action) -> None:
        """Say what to do at a path."""
        node = self
        for step in path:
            if step is paths.ELEMENTS:
                node.elements = node.elements or _Specs()
                node = node.elements
            else:
                node = node.inner.setdefault(step, _Specs())
        if node.action not in (None, action):
            raise OptionError(
                f"ResolveChoice has two actions for {paths.render(path)!r}.", hint="give one action for each path"
            )
        node.action = action

    def at(self, name: str) -> _Specs:
        """What is said of the member of that name."""
        return _Specs(every=self.every) if self.every else self.inner.get(name, _Specs())

    def at_elements(self) -> _Specs:
        """What is said of the elements: `a[].b` is meant by `a.b` too."""
        if self.every:
            return self
        return self.elements or _Specs(inner=self.inner)

    def for_values(self, kind: g.GlueType) -> _Specs:
        """With the action handed on to an array's elements or a map's values where only they can be meant."""
        inner, action = _values(kind), self.action
        while isinstance(inner, (g.ArrayType, g.SetType, g.MapType)):
            inner = _values(inner)
        if action is None or self.elements or not isinstance(inner, g.ChoiceType) or action.wants_container():
            return self
        return _Specs(inner=self.inner, elements=_Specs(action=action, inner=self.inner))

    def silent(self) -> bool:
        """Whether nothing is said here or below."""
        return not (self.action or self.inner or self.elements or self.every)


def resolve_specs(plan: Plan, specs: Sequence[tuple[str, str]]) -> Plan:
    """Resolve the fields named by path.

    Args:
        plan: The records.
        specs: Pairs of path and action. A path that no record has is passed over, as in Glue; where a path names an
            array or a map whose values are the choice, `[]` at its end may be left out.

    Raises:
        OptionError: An unknown action or type, two actions for one path, or `make_cols` for the elements of an array.
        FieldError: A malformed path, or two fields that would have one name.
    """
    root = _Specs()
    for text, action in specs:
        path = paths.parse(text)
        root.add(path, Action.parse(action))
        if not _reaches(plan.type, path):
            known = ", ".join(paths.quote(name) for name in plan.type.names)
            _LOG.warning("ResolveChoice: no record has the field %r; the fields are %s.", text, known)
    return _resolve(plan, root)


def _reaches(kind: g.GlueType, path: paths.Path) -> bool:
    if not path:
        return True
    if isinstance(kind, g.ChoiceType):
        return any(_reaches(choice, path) for choice in kind.choices)
    inner = _values(kind)
    if inner is not None:
        return _reaches(inner, path[1:] if path[0] is paths.ELEMENTS else path)
    member = kind.get(path[0]) if isinstance(kind, g.StructType) and path[0] is not paths.ELEMENTS else None
    return member is not None and _reaches(member, path[1:])


def _values(kind: g.GlueType) -> g.GlueType | None:
    """The type of the elements of an array or of the values of a map."""
    if isinstance(kind, (g.ArrayType, g.SetType)):
        return kind.element
    return kind.value if isinstance(kind, g.MapType) else None


def resolve_all(plan: Plan, action: str) -> Plan:
    """Resolve every choice, wherever it is, by one action; other fields stay."""
    return _resolve(plan, _Specs(every=Action.parse(action)))


def is_match_catalog(action: str) -> bool:
    """Whether an action is `match_catalog`, letter case ignored."""
    return action.strip().lower() == "match_catalog"


def resolve_as_declared(plan: Plan, declared: g.StructType) -> Plan:
    """Cast every choice to the type that a table of the Data Catalog has there (`match_catalog`).

    Args:
        plan: The records.
        declared: The table's columns; names are matched in any letter case. A choice that the table does not have
            stays one, and so does whatever is no choice.
    """
    root = _Specs()
    for path, target in _declared(plan.type, declared, ()):
        root.add(path, Action("cast", target))
    return _resolve(plan, root)


def _declared(kind: g.GlueType, declared: g.GlueType, path: paths.Path) -> Iterator[tuple[paths.Path, g.GlueType]]:
    """The choices below a type, with the types that are declared for them."""
    if isinstance(kind, g.ChoiceType):
        if not isinstance(declared, g.ChoiceType):
            yield path, declared
    elif isinstance(kind, g.StructType) and isinstance(declared, g.StructType):
        types = {field.name.lower(): field.type for field in declared}
        for field in kind:
            if field.name.lower() in types:
                yield from _declared(field.type, types[field.name.lower()], (*path, field.name))
    else:
        inner, wanted = _values(kind), _values(declared)
        if inner is not None and wanted is not None:
            yield from _declared(inner, wanted, (*path, paths.ELEMENTS))


def _resolve(plan: Plan, specs: _Specs) -> Plan:
    members = _members(plan.type, specs, top, "")
    columns = [column.alias(name) for name, column, _ in members]
    return Plan(plan.df.select(*columns), g.StructType.of((name, kind) for name, _, kind in members))


def _members(kind: g.StructType, specs: _Specs, value: Callable[[str], Column], where: str) -> list[_Member]:
    members: list[_Member] = []
    for member in kind:
        path = f"{where}.{paths.quote(member.name)}" if where else paths.quote(member.name)
        members += _member(member, specs.at(member.name), value(member.name), path)
    name, count = Counter([name for name, _, _ in members]).most_common(1)[0] if members else ("", 0)
    if count > 1:
        raise FieldError(
            f"ResolveChoice would make two fields called {name!r}.", hint="rename one of them with RenameField first"
        )
    return members


def _member(member: g.Field, specs: _Specs, column: Column, where: str) -> list[_Member]:
    if specs.silent():
        return [(member.name, column, member.type)]
    specs = specs.for_values(member.type)
    action = specs.action or (specs.every if isinstance(member.type, g.ChoiceType) else None)
    results = action.apply(member.name, column, member.type, where) if action else [(member.name, column, member.type)]
    return [(name, *_below(part, kind, specs, where)) for name, part, kind in results]


def _below(column: Column, kind: g.GlueType, specs: _Specs, where: str) -> tuple[Column, g.GlueType]:
    """Resolve inside a value."""
    if specs.silent() or not (specs.every or specs.inner or specs.elements):
        return column, kind
    if isinstance(kind, g.StructType):
        members = _members(kind, specs, column.getField, where)
        result = g.StructType.of((name, part) for name, _, part in members)
        if result == kind:
            return column, kind
        return struct_of(column.isNotNull(), [(name, part) for name, part, _ in members], result), result
    if isinstance(kind, (g.ArrayType, g.SetType)):
        element, inner = kind.element, specs.at_elements()
        changed = _element(f.lit(None), element, inner, where)[1]
        if changed == element:
            return column, kind
        wrapped = g.ArrayType(changed) if isinstance(kind, g.ArrayType) else g.SetType(changed)
        return f.transform(column, lambda item: _element(item, element, inner, where)[0]), wrapped
    if isinstance(kind, g.MapType):
        value, inner = kind.value, specs.at_elements()
        changed = _element(f.lit(None), value, inner, where)[1]
        if changed == value:
            return column, kind
        return (
            f.transform_values(column, lambda _, item: _element(item, value, inner, where)[0]),
            g.MapType(changed),
        )
    if isinstance(kind, g.ChoiceType):
        parts = [(choice.name, *_below(column.getField(choice.name), choice, specs, where)) for choice in kind.choices]
        choice_type = g.ChoiceType(tuple(part for _, _, part in parts))
        if choice_type == kind:
            return column, kind
        return struct_of(column.isNotNull(), [(name, part) for name, part, _ in parts], choice_type), choice_type
    return column, kind


def _element(column: Column, kind: g.GlueType, specs: _Specs, where: str) -> tuple[Column, g.GlueType]:
    specs = specs.for_values(kind)
    action = specs.action or (specs.every if isinstance(kind, g.ChoiceType) else None)
    if action is None:
        return _below(column, kind, specs, f"{where}[]")
    if action.verb == "make_cols" and isinstance(kind, g.ChoiceType):
        raise OptionError(
            f"make_cols cannot be used for the elements of {where!r}: an element has no columns.",
            hint="use make_struct, cast or project there",
        )
    _, part, result = action.apply("element", column, kind, f"{where}[]")[0]
    return _below(part, result, specs, f"{where}[]")
