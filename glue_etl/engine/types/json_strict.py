"""JSON text to Python values, strictly as RFC 8259 has it: what is not JSON is an error, never a guess.

`orjson` is used where it is installed; the standard library otherwise, brought to the same answers: NaN and Infinity
are no JSON, text must be UTF-8 without lone surrogates, a number too large for a double is refused, integers
beyond 64 bits are doubles (AWS Glue has no wider integer), the last of several equal keys counts.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any

from glue_etl.engine.types import tree as g

__all__ = ["alternative", "dumps", "loads", "prefix", "records_of"]

_SURROGATE = re.compile(rb"\\u[dD][89abAB]")
_NESTING = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]')
_DEEPEST = 1000
_BLANKS = re.compile(r"[ \t\n\r]*")


def _finite(token: str) -> float:
    value = float(token)
    if math.isinf(value):
        raise ValueError(f"the number {token} is too large for a double")
    return value


def _integer(token: str) -> int | float:
    value = int(token) if len(token) < 25 else _finite(token)
    return value if -(2**63) <= value < 2**64 else _finite(token)


def _constant(token: str) -> float:
    raise ValueError(f"{token} is not JSON")


_DECODER = json.JSONDecoder(parse_float=_finite, parse_int=_integer, parse_constant=_constant)


def _check_depth(text: bytes) -> None:
    """Python 3.13 nests without end where orjson, Spark's parser and Python 3.11 stop at about a thousand levels."""
    if text.count(b"[") + text.count(b"{") <= _DEEPEST:
        return
    depth = 0
    for token in _NESTING.findall(text):
        depth += 1 if token in (b"[", b"{") else -1 if token in (b"]", b"}") else 0
        if depth > _DEEPEST:
            raise ValueError(f"nested deeper than {_DEEPEST} levels")


def _standard_loads(text: bytes) -> Any:
    _check_depth(text)
    try:
        value = _DECODER.decode(text.decode("utf-8"))
        if _SURROGATE.search(text):
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except RecursionError:
        raise ValueError("recursion limit reached") from None
    except UnicodeEncodeError:
        raise ValueError("lone surrogate in a string") from None
    return value


def _standard_dumps(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


loads: Callable[[bytes], Any] = _standard_loads
"""The value of one JSON text; raises ValueError."""
dumps: Callable[[Any], bytes] = _standard_dumps
"""Compact JSON as UTF-8."""

try:
    import orjson
except ImportError:
    pass
else:
    loads, dumps = orjson.loads, orjson.dumps


def records_of(line: bytes) -> list[dict[str, Any]]:
    """The records of one line: an object is one, an array of objects several, a blank line none.

    Raises:
        ValueError: The line is not JSON, not UTF-8, or holds something else; the message says which.
    """
    if not line or line.isspace():
        return []
    try:
        value = loads(line)
    except ValueError as error:
        raise ValueError(_reason(line, error)) from None
    if type(value) is dict:
        return [value]
    if type(value) is list and all(type(item) is dict for item in value):
        return value
    raise ValueError(f"a record must be a JSON object, not {'an array' if type(value) is list else 'a bare value'}")


def _reason(line: bytes, error: ValueError) -> str:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError as wrong:
        return f"not UTF-8: byte 0x{line[wrong.start]:02x} at byte {wrong.start} of the record"
    return f"not JSON: {error}"


def prefix(text: str) -> dict[str, Any]:
    """The members of an object that are complete before the text goes wrong, for error records."""
    found: dict[str, Any] = {}
    at = _skip(text, 0)
    if text[at : at + 1] != "{":
        return found
    at += 1
    try:
        while True:
            name, at = _DECODER.raw_decode(text, _skip(text, at))
            at = _skip(text, at)
            if type(name) is not str or text[at : at + 1] != ":":
                return found
            value, at = _DECODER.raw_decode(text, _skip(text, at + 1))
            at = _skip(text, at)
            # A value at the very end may itself be cut short, unless it closes itself.
            if at == len(text) and type(value) not in (str, dict, list):
                return found
            found[name] = value
            if text[at : at + 1] != ",":
                return found
            at += 1
    except (ValueError, RecursionError):
        return found


def _skip(text: str, at: int) -> int:
    match = _BLANKS.match(text, at)
    return match.end() if match else at


def alternative(value: Any) -> tuple[str, ...]:
    """The names of the Glue types a Python value of JSON can be, the nearest first; empty for null."""
    kind = type(value)
    if kind is int:
        names = (g.INT.name, g.LONG.name, g.DOUBLE.name)
        return names if -(2**31) <= value < 2**31 else names[1:] if -(2**63) <= value < 2**63 else names[2:]
    return _NAMES.get(kind, ())


_NAMES: dict[type, tuple[str, ...]] = {
    float: (g.DOUBLE.name,),
    str: (g.STRING.name,),
    bool: (g.BOOLEAN.name,),
    dict: ("struct", "map"),
    list: ("array",),
}
