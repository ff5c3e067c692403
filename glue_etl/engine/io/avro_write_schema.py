"""The Avro schema that a frame is written with.

Every field may be null, so each is a union of null and its type; a choice is a union of null and its alternatives.
Version 1.7 writes decimals, dates and timestamps as texts, 1.8 as decimal, date and timestamp-micros. Source: "Using
the Avro format in AWS Glue", Avro configuration reference, the writer's table
(https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-format-avro-home.html).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from glue_etl.engine.types import tree as g
from glue_etl.errors import FieldError

__all__ = ["Branches", "decimal_bytes", "write_schema"]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ROOT = "topLevelRecord"
_ATOMS: dict[g.GlueType, str] = {
    g.BINARY: "bytes",
    g.BOOLEAN: "boolean",
    g.BYTE: "int",
    g.DATE: "string",
    g.DOUBLE: "double",
    g.FLOAT: "float",
    g.INT: "int",
    g.LONG: "long",
    g.NULL: "null",
    g.SHORT: "int",
    g.STRING: "string",
    g.TIMESTAMP: "string",
    g.TIMESTAMP_NTZ: "string",
    g.UNKNOWN: "null",
}
_LOGICAL: dict[g.GlueType, dict[str, str]] = {
    g.DATE: {"type": "int", "logicalType": "date"},
    g.TIMESTAMP: {"type": "long", "logicalType": "timestamp-micros"},
    g.TIMESTAMP_NTZ: {"type": "long", "logicalType": "local-timestamp-micros"},
}


def write_schema(kind: g.StructType, *, logical: bool) -> dict[str, Any]:
    """The JSON form of the schema.

    Args:
        kind: The struct of a record.
        logical: Whether decimals, dates and instants are logical types (writer version 1.8).

    Raises:
        FieldError: A field has a name that Avro does not allow, or is a choice whose alternatives Avro cannot tell
            apart.
    """
    form: dict[str, Any] = _Maker(logical).record(kind, _ROOT, "", "")
    return form


def decimal_bytes(precision: int) -> int:
    """The bytes that hold every number of so many digits, with its sign."""
    largest: int = 10**precision
    return largest.bit_length() // 8 + 1


@dataclass(frozen=True)
class Branches:
    """How a choice becomes a union.

    Attributes:
        positions: The branch of each alternative; alternatives of one Avro type share it. Null is the first.
        kinds: The alternatives that stand for the branches after null.
    """

    positions: tuple[int, ...]
    kinds: tuple[g.GlueType, ...]

    @classmethod
    def of(cls, choice: g.ChoiceType, *, logical: bool, path: str = "") -> Branches:
        """Find the branches.

        Raises:
            FieldError: Two alternatives are one Avro type, but not written alike.
        """
        kinds: list[g.GlueType] = []
        taken: dict[str, int] = {}
        positions = []
        for alternative in choice.choices:
            form = _form(alternative, logical)
            name = form if isinstance(form, str) else form["type"]
            at = taken.setdefault(name, len(kinds))
            if at == len(kinds):
                kinds.append(alternative)
            elif not (isinstance(form, str) and _form(kinds[at], logical) == form):
                raise FieldError(
                    f"The field {path!r} is {kinds[at].name} or {alternative.name}, "
                    f"which are both {name!r} in Avro and cannot be told apart in a union.",
                    hint="resolve it with resolveChoice, such as specs=[(field, 'cast:string')]",
                )
            positions.append(at + 1)
        return cls(tuple(positions), tuple(kinds))


def _form(kind: g.GlueType, logical: bool) -> Any:
    """A type's schema as far as a union tells it from others."""
    if isinstance(kind, g.StructType):
        return {"type": "record"}
    if isinstance(kind, (g.ArrayType, g.SetType)):
        return {"type": "array"}
    if isinstance(kind, g.MapType):
        return {"type": "map"}
    if isinstance(kind, g.DecimalType):
        return {"type": "fixed"} if logical else "string"
    return _LOGICAL[kind] if logical and kind in _LOGICAL else _ATOMS[kind]


class _Maker:
    def __init__(self, logical: bool) -> None:
        self._logical = logical
        self._taken: set[str] = set()

    def record(self, kind: g.StructType, name: str, space: str, path: str) -> dict[str, Any]:
        form = self._named("record", name, space)
        inner = f"{space}.{form['name']}" if space else form["name"]
        fields: list[dict[str, Any]] = []
        seen: set[str] = set()
        for member in kind:
            where = f"{path}.{member.name}" if path else member.name
            if not _NAME.fullmatch(member.name):
                raise FieldError(
                    f"The field {where!r} has a name that Avro does not allow: letters, digits and _, no digit first.",
                    hint="rename it with RenameField or ApplyMapping",
                )
            if member.name in seen:
                raise FieldError(f"The frame has two fields {where!r}.", hint="rename one of them")
            seen.add(member.name)
            fields.append({"name": member.name, "type": self._nullable(member.type, member.name, inner, where)})
        form["fields"] = fields
        return form

    def _named(self, kind: str, name: str, space: str) -> dict[str, Any]:
        unique, number = name, 0
        while f"{space}.{unique}" in self._taken:
            number += 1
            unique = f"{name}_{number}"
        self._taken.add(f"{space}.{unique}")
        form: dict[str, Any] = {"type": kind, "name": unique}
        # Without one of its own, a type has the namespace of what it stands in.
        return {**form, "namespace": space} if space else form

    def _nullable(self, kind: g.GlueType, name: str, space: str, path: str) -> Any:
        if kind in (g.NULL, g.UNKNOWN):
            return "null"
        if isinstance(kind, g.ChoiceType):
            kinds = Branches.of(kind, logical=self._logical, path=path).kinds
            return ["null", *(self._plain(each, name, space, path) for each in kinds)]
        return ["null", self._plain(kind, name, space, path)]

    def _plain(self, kind: g.GlueType, name: str, space: str, path: str) -> Any:
        if isinstance(kind, g.StructType):
            return self.record(kind, name, space, path)
        if isinstance(kind, (g.ArrayType, g.SetType)):
            return {"type": "array", "items": self._nullable(kind.element, name, space, f"{path}[]")}
        if isinstance(kind, g.MapType):
            return {"type": "map", "values": self._nullable(kind.value, name, space, f"{path}.value")}
        if self._logical and isinstance(kind, g.DecimalType):
            form = self._named("fixed", name, space)
            size = decimal_bytes(kind.precision)
            scale = {"precision": kind.precision, "scale": kind.scale}
            return {**form, "size": size, "logicalType": "decimal", **scale}
        return _form(kind, self._logical)
