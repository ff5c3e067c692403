"""The JSON form of a type tree, as `awsglue.gluetypes` reads and writes it."""

from __future__ import annotations

import json
from typing import Any

from glue_etl.engine.types import tree as g

__all__ = ["dumps", "from_json", "loads", "to_json"]


def dumps(kind: g.GlueType) -> str:
    """The text that `DynamicFrame.schema()` parses."""
    return json.dumps(to_json(kind))


def loads(text: str) -> g.GlueType:
    """The tree of a schema that awsglue serialised, such as for `with_frame_schema`."""
    return from_json(json.loads(text))


def to_json(kind: g.GlueType) -> dict[str, Any]:
    """The JSON object of one type."""
    form: dict[str, Any] = {"dataType": kind.name, "properties": {}}
    if isinstance(kind, g.StructType):
        form["fields"] = [{"name": field.name, "container": to_json(field.type), "properties": {}} for field in kind]
    elif isinstance(kind, g.ChoiceType):
        form["choices"] = [to_json(choice) for choice in kind.choices]
    elif isinstance(kind, (g.ArrayType, g.SetType)):
        form["elementType"] = to_json(kind.element)
    elif isinstance(kind, g.MapType):
        form["valueType"] = to_json(kind.value)
    elif isinstance(kind, g.DecimalType):
        form.update(precision=kind.precision, scale=kind.scale)
    return form


def from_json(form: dict[str, Any]) -> g.GlueType:
    """The type of one JSON object.

    Raises:
        ValueError: The data type's name is unknown.
    """
    name = form["dataType"]
    if name == "struct":
        return g.StructType(tuple(g.Field(field["name"], from_json(field["container"])) for field in form["fields"]))
    if name == "choice":
        return g.ChoiceType(tuple(from_json(choice) for choice in form["choices"]))
    if name == "array":
        return g.ArrayType(from_json(form["elementType"]))
    if name == "set":
        return g.SetType(from_json(form["elementType"]))
    if name == "map":
        return g.MapType(from_json(form["valueType"]))
    if name == "decimal":
        return g.DecimalType(form.get("precision", 10), form.get("scale", 2))
    if name == "enum":
        return g.STRING
    if name in g.ATOMS:
        return g.ATOMS[name]
    raise ValueError(f"unknown Glue data type {name!r}")
