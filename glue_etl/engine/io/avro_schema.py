"""Avro schemas as Glue types, and as the schemas that records are decoded by.

The reader has two versions. 1.7 knows no logical types; 1.8 knows decimal, date and timestamp-millis, and leaves the
others (times, timestamp-micros, uuid, duration) as the int, long, string or fixed they are stored in. Source: "Using
the Avro format in AWS Glue", Avro configuration reference, the reader's table
(https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-format-avro-home.html).

Records are decoded by another schema than the writer's, one of the same binary form: logical types are gone, text is
bytes, an enum is the position of its symbol, and each branch of a union that is a choice is a record of one field,
which tells the branch afterwards.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from glue_etl.engine.types import tree as g
from glue_etl.errors import OptionError, SourceError, UnsupportedError

__all__ = [
    "Node",
    "branches",
    "glue_type",
    "is_choice",
    "knows_logical_types",
    "parse_schema",
    "plain_schema",
    "rename_fields",
    "smallest",
]

_MOST_NODES = 20_000
_ATOMS: dict[str, g.GlueType] = {
    "null": g.NULL,
    "boolean": g.BOOLEAN,
    "int": g.INT,
    "long": g.LONG,
    "float": g.FLOAT,
    "double": g.DOUBLE,
    "bytes": g.BINARY,
    "string": g.STRING,
}
_DATES: dict[tuple[str, str], g.GlueType] = {
    ("int", "date"): g.DATE,
    ("long", "timestamp-millis"): g.TIMESTAMP,
}
_MOST_DIGITS = 38


@dataclass(frozen=True)
class Node:
    """One schema with its names resolved.

    Attributes:
        kind: Avro's name of the type: `record`, `union`, `int` ...
        type: Its Glue type; of a record, array, map or union see `glue_type`.
        names: Of a record's fields.
        parts: Schemas of a record's fields, a union's branches, an array's items or a map's values.
        symbols: Of an enum.
        size: Of a fixed, in bytes.
    """

    kind: str
    type: g.GlueType = g.UNKNOWN
    names: tuple[str, ...] = ()
    parts: tuple[Node, ...] = ()
    symbols: tuple[str, ...] = ()
    size: int = 0


def knows_logical_types(version: str) -> bool:
    """Whether the option `version` asks for logical types.

    Raises:
        OptionError: There is no such version.
    """
    if version not in ("1.7", "1.8"):
        raise OptionError(f"The option 'version' of the format 'avro' is {version!r}.", available=["1.7", "1.8"])
    return version == "1.8"


def parse_schema(text: str, where: str, *, logical: bool) -> Node:
    """The tree of a schema's JSON text.

    Args:
        text: The schema, such as a file's `avro.schema`.
        where: The file or option it stands in, for messages.
        logical: Whether logical types count (reader version 1.8).

    Raises:
        SourceError: It is no Avro schema.
        UnsupportedError: A type contains itself, is too large, or is a decimal of more than 38 digits.
    """
    # Not by fastavro: it refuses what the specification has readers ignore, such as a logical type that does not fit.
    try:
        return _Resolver(where, logical).node(json.loads(text), "", ())
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        reason = f"it has no {error}" if isinstance(error, KeyError) else str(error).rstrip(".")
        raise SourceError(f"The Avro schema of {where!r} cannot be used: {reason}.") from error


class _Resolver:
    """Follows references to named types."""

    def __init__(self, where: str, logical: bool) -> None:
        self._where = where
        self._logical = logical
        self._named: dict[str, tuple[dict[str, Any], str]] = {}
        self._count = 0

    def node(self, form: Any, space: str, above: tuple[str, ...]) -> Node:
        """The node of a JSON form.

        Args:
            form: A name, a list of branches, or an object.
            space: The namespace it stands in.
            above: Full names of the records it stands in.
        """
        self._count += 1
        if self._count > _MOST_NODES:
            raise UnsupportedError.of(f"The Avro schema of {self._where!r}, of more than {_MOST_NODES} types,")
        if isinstance(form, list):
            return Node("union", parts=tuple(self.node(branch, space, above) for branch in form))
        if isinstance(form, str):
            if form in _ATOMS:
                return Node(form, _ATOMS[form])
            full = self._full(form, space)
            if full in above:
                raise UnsupportedError.of(
                    f"The Avro type {full!r} of {self._where!r}, which contains itself,",
                    "no frame has a type of any depth: write such data as JSON",
                )
            if full not in self._named:
                raise ValueError(f"there is no type {form!r}")
            known, inner = self._named[full]
            return self._object(known, inner, above)
        if not isinstance(form, dict):
            raise ValueError(f"{form!r} is no type")
        return self._object(form, space, above)

    def _full(self, name: str, space: str) -> str:
        if "." in name:
            return name
        return f"{space}.{name}" if space and f"{space}.{name}" in self._named else name

    def _object(self, form: dict[str, Any], space: str, above: tuple[str, ...]) -> Node:
        kind = form["type"]
        if isinstance(kind, (dict, list)):
            return self.node(kind, space, above)
        if kind in ("record", "error", "enum", "fixed"):
            full, inner = _name_of(form, space)
            self._named[full] = form, space
            if kind in ("record", "error"):
                fields = form["fields"]
                names = tuple(str(field["name"]) for field in fields)
                if len(set(names)) < len(names):
                    raise ValueError(f"the record {full!r} has a field twice")
                parts = tuple(self.node(field["type"], inner, (*above, full)) for field in fields)
                return Node("record", names=names, parts=parts)
            if kind == "enum":
                return Node("enum", g.STRING, symbols=tuple(form["symbols"]))
            return Node("fixed", self._type("fixed", form), size=int(form["size"]))
        if kind == "array":
            return Node("array", parts=(self.node(form["items"], space, above),))
        if kind == "map":
            return Node("map", parts=(self.node(form["values"], space, above),))
        if kind in _ATOMS:
            return Node(kind, self._type(kind, form))
        return self.node(kind, space, above)

    def _type(self, kind: str, form: dict[str, Any]) -> g.GlueType:
        """The Glue type; a logical type that its specification does not allow there is none."""
        logical = form.get("logicalType") if self._logical else None
        if logical == "decimal" and kind in ("bytes", "fixed"):
            precision, scale = form.get("precision"), form.get("scale", 0)
            if isinstance(precision, int) and isinstance(scale, int) and 0 <= scale <= precision and precision > 0:
                if precision > _MOST_DIGITS:
                    raise UnsupportedError.of(
                        f"A decimal of {precision} digits in {self._where!r}",
                        f"Spark has {_MOST_DIGITS} at most; read it as bytes with format_options={{'version': '1.7'}}",
                    )
                return g.DecimalType(precision, scale)
        return _DATES.get((kind, str(logical)), _ATOMS.get(kind, g.BINARY))


def _name_of(form: dict[str, Any], space: str) -> tuple[str, str]:
    """The full name of a named type, and the namespace of what stands in it."""
    name = str(form["name"])
    if "." in name:
        return name, name.rpartition(".")[0]
    inner = str(form.get("namespace", space) or "")
    return (f"{inner}.{name}" if inner else name), inner


def branches(node: Node) -> tuple[Node, ...]:
    """A union's branches that are not null."""
    return tuple(part for part in node.parts if part.kind != "null")


def is_choice(node: Node) -> bool:
    """Whether a union has to tell which branch a value is of."""
    return node.kind == "union" and len(branches(node)) > 1


def glue_type(node: Node) -> g.GlueType:
    """The Glue type of a schema; a union of several types besides null is a choice."""
    if node.kind == "record":
        return g.StructType.of((name, glue_type(part)) for name, part in zip(node.names, node.parts, strict=True))
    if node.kind == "array":
        return g.ArrayType(glue_type(node.parts[0]))
    if node.kind == "map":
        return g.MapType(glue_type(node.parts[0]))
    if node.kind == "union":
        merged = g.merge_all(glue_type(part) for part in node.parts)
        return g.NULL if merged == g.UNKNOWN else merged
    return node.type


def rename_fields(node: Node, names: dict[str, str]) -> Node:
    """The schema of a record with other names of its own fields."""
    if node.kind == "union":
        return replace(node, parts=tuple(rename_fields(part, names) for part in node.parts))
    return replace(node, names=tuple(names.get(name, name) for name in node.names))


def plain_schema(node: Node) -> Any:
    """The JSON form of the schema that records are decoded by; see the module's head."""
    return _Plain().form(node)


class _Plain:
    def __init__(self) -> None:
        self._names = 0

    def _name(self) -> str:
        self._names += 1
        return f"t{self._names}"

    def form(self, node: Node) -> Any:
        if node.kind == "record":
            # Fields by position: fastavro refuses names that the specification does not allow.
            fields = [{"name": f"f{at}", "type": self.form(part)} for at, part in enumerate(node.parts)]
            return {"type": "record", "name": self._name(), "fields": fields}
        if node.kind == "array":
            return {"type": "array", "items": self.form(node.parts[0])}
        if node.kind == "map":
            return {"type": "map", "values": self.form(node.parts[0])}
        if node.kind == "fixed":
            return {"type": "fixed", "name": self._name(), "size": node.size}
        if node.kind == "union":
            return [self._branch(at, part, is_choice(node)) for at, part in enumerate(node.parts)]
        return {"string": "bytes", "enum": "int"}.get(node.kind, node.kind)

    def _branch(self, at: int, node: Node, told: bool) -> Any:
        if not told or node.kind == "null":
            return self.form(node)
        return {"type": "record", "name": self._name(), "fields": [{"name": f"b{at}", "type": self.form(node)}]}


def smallest(node: Node) -> int:
    """The least bytes that a value takes."""
    if node.kind == "null":
        return 0
    if node.kind == "record":
        return sum(smallest(part) for part in node.parts)
    return {"fixed": node.size, "float": 4, "double": 8}.get(node.kind, 1)
