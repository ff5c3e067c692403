"""The Glue type of Python values decoded from JSON, column by column so that nearly all work is done in C."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from glue_etl.engine.types import tree as g
from glue_etl.engine.types.paths import ELEMENTS, Path

__all__ = ["Strings", "shape", "string_paths"]

_LOOKS_BARE = re.compile(r"-?[0-9]|true\Z|false\Z|[{\[]").match
_INT = range(-(2**31), 2**31)
_LONG = range(-(2**63), 2**63)


@dataclass
class Strings:
    """What is known of string tokens, by field path.

    Spark shows a number and the same digits in quotes as the same text. Where no quoted text of a field looks like a
    bare token, that text alone tells the alternatives of a choice apart.

    Attributes:
        murky: Fields where some string looks like a number, boolean, object or array.
        unchecked: Fields with strings that nobody looked at.
    """

    murky: set[Path] = field(default_factory=set)
    unchecked: set[Path] = field(default_factory=set)

    def look(self, path: Path, texts: Sequence[str]) -> None:
        """Look at the string tokens of one field."""
        if path not in self.murky and any(map(_LOOKS_BARE, texts)):
            self.murky.add(path)


def string_paths(kind: g.GlueType, path: Path = ()) -> set[Path]:
    """The paths of all nodes that may hold strings."""
    if isinstance(kind, g.StructType):
        return {found for member in kind for found in string_paths(member.type, (*path, member.name))}
    if isinstance(kind, g.ArrayType):
        return string_paths(kind.element, (*path, ELEMENTS))
    if isinstance(kind, g.ChoiceType):
        return {found for choice in kind.choices for found in string_paths(choice, path)}
    return {path} if kind == g.STRING else set()


def shape(values: Sequence[Any], path: Path, known: g.GlueType, strings: Strings) -> g.GlueType:
    """The merged type of several values of one field.

    Args:
        values: Decoded JSON values, nulls among them.
        path: Where they stand.
        known: What is known of the field; strings are looked at only where it is not a plain string.
        strings: Takes what is seen of string tokens.
    """
    kinds = dict.fromkeys(map(type, values))
    # Most fields are of one kind without nulls: then no copy is made.
    pure = len(kinds) == 1
    kinds.pop(type(None), None)
    merged: g.GlueType = g.NULL
    for kind in kinds:
        some = values if pure else [value for value in values if type(value) is kind]
        merged = g.merge(merged, _shape_of_kind(kind, some, path, known, strings, mixed=len(kinds) > 1))
    return merged


def _shape_of_kind(
    kind: type, values: Sequence[Any], path: Path, known: g.GlueType, strings: Strings, *, mixed: bool
) -> g.GlueType:
    if kind is str:
        if mixed or known != g.STRING:
            strings.look(path, values)
        else:
            strings.unchecked.add(path)
        return g.STRING
    if kind is int:
        return _integers(values)
    if kind is float:
        return g.DOUBLE
    if kind is bool:
        return g.BOOLEAN
    if kind is dict:
        return _structs(values, path, _part(known, g.StructType), strings)
    elements = list(chain.from_iterable(values))
    array = _part(known, g.ArrayType)
    inner = array.element if isinstance(array, g.ArrayType) else g.UNKNOWN
    return g.ArrayType(shape(elements, (*path, ELEMENTS), inner, strings))


def _part(known: g.GlueType, kind: type[g.GlueType]) -> g.GlueType:
    if isinstance(known, g.ChoiceType):
        return next((choice for choice in known.choices if isinstance(choice, kind)), g.UNKNOWN)
    return known if isinstance(known, kind) else g.UNKNOWN


def _integers(values: Sequence[int]) -> g.GlueType:
    low, high = min(values), max(values)
    if low in _INT and high in _INT:
        return g.INT
    kinds = {g.INT if v in _INT else g.LONG if v in _LONG else g.DOUBLE for v in values}
    return g.merge_all(kinds)


def _structs(values: Sequence[dict[str, Any]], path: Path, known: g.GlueType, strings: Strings) -> g.StructType:
    types = {member.name: member.type for member in known} if isinstance(known, g.StructType) else {}
    layouts = dict.fromkeys(map(tuple, values))
    names: dict[str, None] = dict.fromkeys(chain.from_iterable(layouts))
    if len(layouts) == 1:
        columns = zip(names, zip(*map(dict.values, values), strict=True), strict=False)
        return g.StructType.of([(n, shape(c, (*path, n), types.get(n, g.UNKNOWN), strings)) for n, c in columns])
    return g.StructType.of(
        [(n, shape([v[n] for v in values if n in v], (*path, n), types.get(n, g.UNKNOWN), strings)) for n in names]
    )
