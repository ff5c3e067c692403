"""The JSON form of a type tree, as `awsglue.gluetypes` reads and writes it."""

from __future__ import annotations

import json
from typing import Any

from glue_etl.engine.types import tree as g
from glue_etl.errors import OptionError

__all__ = ["dumps", "from_json", "loads", "to_json"]


def dumps(kind: g.GlueType) -> str:
    """The text that `DynamicFrame.schema()` parses."""
    return json.dumps(to_json(kind))


def loads(text: str) -> g.GlueType:
    """The tree of a schema that awsglue serialised, such as for `with_frame_schema`.

    Raises:
        OptionError: The text is no JSON, or not that of a schema.
    """
    try:
        form = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise OptionError(f"A schema is not JSON: {text[:80]!r}.", hint="pass an awsglue.gluetypes type") from error
    try:
        return from_json(form)
    except RecursionError as error:
        raise OptionError("A schema is nested too deeply.", hint="flatten it with UnnestFrame") from error


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


def from_json(form: Any) -> g.GlueType:
    """The type of one JSON object; an enum is text here.

    Raises:
        OptionError: It is not the form of a type.
    """
    if form is None:
        # What awsglue's own EnumType.jsonValue() gives.
        return g.STRING
    if not isinstance(form, dict):
        raise _malformed(form)
    name = form.get("dataType")
    if name == "struct":
        return g.StructType(tuple(_field(field) for field in _part(form, "fields", list)))
    if name == "choice":
        return _choice(form)
    if name == "array":
        return g.ArrayType(from_json(_part(form, "elementType", dict)))
    if name == "set":
        return g.SetType(from_json(_part(form, "elementType", dict)))
    if name == "map":
        return g.MapType(from_json(_part(form, "valueType", dict)))
    if name == "decimal":
        precision, scale = form.get("precision", 10), form.get("scale", 2)
        if type(precision) is not int or type(scale) is not int or not 0 <= scale <= precision <= 38 or not precision:
            raise _malformed(form)
        return g.DecimalType(precision, scale)
    if name == "enum":
        return g.STRING
    if isinstance(name, str) and name in g.ATOMS:
        return g.ATOMS[name]
    raise _malformed(form)


def _field(form: Any) -> g.Field:
    if not isinstance(form, dict) or "container" not in form:
        raise _malformed(form)
    return g.Field(_part(form, "name", str), from_json(form["container"]))


def _choice(form: dict[str, Any]) -> g.ChoiceType:
    choices = [from_json(choice) for choice in _part(form, "choices", list)]
    try:
        return g.ChoiceType(tuple(choices))
    except TypeError as error:
        raise _malformed(form) from error


def _part(form: dict[str, Any], key: str, kind: type) -> Any:
    value = form.get(key)
    # None is an enum again, where a type is asked for.
    if not isinstance(value, kind) and not (kind is dict and key in form and value is None):
        raise _malformed(form)
    return value


def _malformed(form: Any) -> OptionError:
    known = sorted([*g.ATOMS, "array", "choice", "decimal", "enum", "map", "set", "struct"])
    return OptionError(f"{str(form)[:80]!r} is not the JSON form of a Glue data type.", available=known)
