"""What a request of the local services may look like, checked as botocore and then AWS check it.

botocore refuses what is missing, unknown, of a wrong type or too short (`ParamValidationError`, before anything is
sent); AWS refuses what is too long, too many or not in a list of values (`ValidationException`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from glue_etl.engine.catalog.errors import ApiError
from glue_etl.errors import UnsupportedError

__all__ = ["Blob", "Flag", "Listed", "Mapped", "Number", "Record", "Shape", "Text", "Time", "check", "words"]

_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\ufffe\uffff\ud800-\udfff]")
_CONTROL_BUT_LINES = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Text:
    """A string of `low` to `high` characters.

    Args:
        low: Least length.
        high: Greatest length; None: no limit.
        lines: Line breaks are allowed.
        choices: The only values, if they are listed.
        shown: The value may stand in an error message.
    """

    low: int = 0
    high: int | None = None
    lines: bool = False
    choices: frozenset[str] | None = None
    shown: bool = True


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number of `low` to `high`."""

    low: int | None = None
    high: int | None = None


@dataclass(frozen=True, slots=True)
class Flag:
    """A boolean."""


@dataclass(frozen=True, slots=True)
class Time:
    """A point in time: a datetime, or seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A list of one shape."""

    member: Shape
    low: int = 0
    high: int | None = None


@dataclass(frozen=True, slots=True)
class Mapped:
    """A map from text to text."""

    key: Text = field(default_factory=Text)
    value: Text = field(default_factory=Text)
    high: int | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """A structure.

    Args:
        members: The shape of each member.
        required: Members that must be there.
        refused: Members of the API that the local service has no use for, with what they stand for.
    """

    members: Mapping[str, Shape]
    required: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)


Shape = Text | Number | Flag | Time | Blob | Listed | Mapped | Record


def words(text: str) -> frozenset[str]:
    """A set of names, written with blanks between them."""
    return frozenset(text.split())


def check(shape: Record, request: Mapping[str, Any]) -> None:
    """Check the parameters of one call.

    Args:
        shape: The call's input.
        request: The parameters as given.

    Raises:
        botocore.exceptions.ParamValidationError: What botocore itself would refuse.
        ApiError: `ValidationException`, what AWS would refuse.
        UnsupportedError: A parameter that only AWS can serve.
    """
    walk = _Walk()
    walk.record(shape, request, "")
    if walk.client:
        from botocore.exceptions import ParamValidationError

        raise ParamValidationError(report="\n".join(walk.client))
    if walk.server:
        count = len(walk.server)
        faults = "; ".join(walk.server)
        raise ApiError("ValidationException", f"{count} validation error{'s'[: count > 1]} detected: {faults}")


class _Walk:
    def __init__(self) -> None:
        self.client: list[str] = []
        self.server: list[str] = []

    def record(self, shape: Record, value: Any, path: str) -> None:
        if not isinstance(value, Mapping):
            self.wrong_type(path, value, "<class 'dict'>", True)
            return
        here = path or "input"
        for name in shape.required:
            if name not in value:
                self.client.append(f'Missing required parameter in {here}: "{name}"')
        for name, each in value.items():
            member = shape.members.get(name)
            if member is not None:
                self.any(member, each, f"{path}.{name}" if path else name)
            elif name in shape.refused:
                raise UnsupportedError.of(f"{name!r} ({shape.refused[name]}) in {here} of the local Data Catalog")
            else:
                known = ", ".join([*shape.members, *shape.refused])
                self.client.append(f'Unknown parameter in {here}: "{name}", must be one of: {known}')

    def any(self, shape: Shape, value: Any, path: str) -> None:
        match shape:
            case Text():
                self.text(shape, value, path)
            case Record():
                self.record(shape, value, path)
            case Listed():
                self.listed(shape, value, path)
            case Mapped():
                self.mapped(shape, value, path)
            case Number():
                self.number(shape, value, path)
            case Flag() if not isinstance(value, bool):
                self.wrong_type(path, value, "<class 'bool'>", True)
            case Time() if not isinstance(value, datetime | int | float):
                self.wrong_type(path, value, "<class 'datetime.datetime'>, timestamp-string", True)
            case Blob() if not isinstance(value, bytes | bytearray):
                self.wrong_type(path, value, "<class 'bytes'>, <class 'bytearray'>, file-like object", False)

    def text(self, shape: Text, value: Any, path: str) -> None:
        if not isinstance(value, str):
            self.wrong_type(path, value, "<class 'str'>", shape.shown)
            return
        if len(value) < shape.low:
            self.client.append(
                f"Invalid length for parameter {path}, value: {len(value)}, valid min length: {shape.low}"
            )
        elif shape.high is not None and len(value) > shape.high:
            self.refuse(shape, value, path, f"Member must have length less than or equal to {shape.high}")
        elif shape.choices is not None and value not in shape.choices:
            self.refuse(shape, value, path, f"Member must satisfy enum value set: [{', '.join(sorted(shape.choices))}]")
        elif (_CONTROL_BUT_LINES if shape.lines else _CONTROL).search(value):
            self.refuse(shape, value, path, "Member must not hold control characters")

    def number(self, shape: Number, value: Any, path: str) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            self.wrong_type(path, value, "<class 'int'>", True)
        elif shape.low is not None and value < shape.low:
            self.client.append(f"Invalid value for parameter {path}, value: {value}, valid min value: {shape.low}")
        elif shape.high is not None and value > shape.high:
            self.refuse(Text(), str(value), path, f"Member must have value less than or equal to {shape.high}")

    def listed(self, shape: Listed, value: Any, path: str) -> None:
        if not isinstance(value, list | tuple):
            self.wrong_type(path, value, "<class 'list'>, <class 'tuple'>", True)
            return
        if len(value) < shape.low:
            self.client.append(
                f"Invalid length for parameter {path}, value: {len(value)}, valid min length: {shape.low}"
            )
        if shape.high is not None and len(value) > shape.high:
            self.refuse(
                Text(), f"[{len(value)} members]", path, f"Member must have length less than or equal to {shape.high}"
            )
            return
        for index, each in enumerate(value):
            self.any(shape.member, each, f"{path}[{index}]")

    def mapped(self, shape: Mapped, value: Any, path: str) -> None:
        if not isinstance(value, Mapping):
            self.wrong_type(path, value, "<class 'dict'>", shape.value.shown)
            return
        if shape.high is not None and len(value) > shape.high:
            self.refuse(
                Text(), f"[{len(value)} members]", path, f"Member must have length less than or equal to {shape.high}"
            )
        for key, each in value.items():
            self.text(shape.key, key, f"{path} (key: {key})")
            self.text(shape.value, each, f"{path}.{key}")

    def wrong_type(self, path: str, value: Any, valid: str, shown: bool) -> None:
        told = f"value: {value}, " if shown else ""
        self.client.append(f"Invalid type for parameter {path}, {told}type: {type(value)}, valid types: {valid}")

    def refuse(self, shape: Text, value: str, path: str, constraint: str) -> None:
        names = ".".join(part[:1].lower() + part[1:] if part[1:2].islower() else part for part in path.split("."))
        told = f"Value '{value if len(value) <= 300 else value[:297] + '...'}'" if shape.shown else "Value"
        self.server.append(f"{told} at '{names}' failed to satisfy constraint: {constraint}")
