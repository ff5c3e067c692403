"""The data types of grok fields: from the text that a pattern captured to a value.

Source: "Writing custom classifiers" in the AWS Glue guide (byte, boolean, double, short, int, long, float; string is
the default) and its pattern COMMONAPACHELOG_DATATYPED (date with a format in Java's letters).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from glue_etl.engine.types import tree as g
from glue_etl.errors import OptionError

__all__ = ["Conversion", "conversion_of"]

_TYPES: dict[str, g.AtomicType] = {
    "byte": g.BYTE,
    "boolean": g.BOOLEAN,
    "bool": g.BOOLEAN,
    "date": g.TIMESTAMP,
    "datetime": g.TIMESTAMP,
    "double": g.DOUBLE,
    "float": g.FLOAT,
    "int": g.INT,
    "integer": g.INT,
    "long": g.LONG,
    "short": g.SHORT,
    "string": g.STRING,
    "text": g.STRING,
    "timestamp": g.TIMESTAMP,
}
_BITS: dict[g.GlueType, int] = {g.BYTE: 8, g.SHORT: 16, g.INT: 32, g.LONG: 64}
_ARROW: dict[g.GlueType, pa.DataType] = {
    g.BYTE: pa.int8(),
    g.DOUBLE: pa.float64(),
    g.FLOAT: pa.float32(),
    g.INT: pa.int32(),
    g.LONG: pa.int64(),
    g.SHORT: pa.int16(),
}
_INTEGER = re.compile(r"[+-]?[0-9]+", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)
_BOOLEANS = {"true": True, "false": False}

# Java's letters of date formats, by letter and least number of them, to what Python's strptime calls it.
_DATE_LETTERS: dict[str, tuple[tuple[int, str], ...]] = {
    "y": ((3, "%Y"), (2, "%y"), (1, "%Y")),
    "u": ((1, "%Y"),),
    "M": ((4, "%B"), (3, "%b"), (1, "%m")),
    "L": ((4, "%B"), (3, "%b"), (1, "%m")),
    "d": ((1, "%d"),),
    "D": ((1, "%j"),),
    "E": ((4, "%A"), (1, "%a")),
    "H": ((1, "%H"),),
    "h": ((1, "%I"),),
    "m": ((1, "%M"),),
    "s": ((1, "%S"),),
    "S": ((1, "%f"),),
    "a": ((1, "%p"),),
    "Z": ((1, "%z"),),
    "X": ((1, "%z"),),
    "x": ((1, "%z"),),
    "z": ((1, "%Z"),),
}
_DATE_PART = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+")
_USUAL_DATES = ("%d/%b/%Y:%H:%M:%S %z", "%a, %d %b %Y %H:%M:%S %z", "%Y/%m/%d %H:%M:%S", "%a %b %d %H:%M:%S %Y")


@dataclass(frozen=True)
class Conversion:
    """From text to one type.

    Attributes:
        type: The type.
        word: What the pattern calls it.
        date_format: A date's format in the letters of strptime; empty for the usual ones.
    """

    type: g.AtomicType
    word: str = "string"
    date_format: str = ""

    def array(self, values: Sequence[str | None]) -> pa.Array | None:
        """All values at once; None if they need a closer look."""
        if self.type == g.STRING:
            return pa.array(values, pa.string())
        arrow = _ARROW.get(self.type)
        if arrow is None:
            return None
        try:
            return pa.array(values, pa.string()).cast(arrow)
        except pa.ArrowException:
            return None

    def value(self, text: str, *, strict: bool) -> Any:
        """One value.

        Args:
            text: As it stands in the line.
            strict: Take only what is written as the type is; else `1.0` is an int too.

        Raises:
            ValueError: It is none.
        """
        return _VALUES.get(self.type, _integer)(self, text, strict)


def conversion_of(name: str, word: str, date_format: str) -> Conversion:
    """The conversion of a field.

    Args:
        name: The field.
        word: The type's name in the pattern; empty for string.
        date_format: In Java's letters, of a date.

    Raises:
        OptionError: There is no such type, or its format cannot be read.
    """
    kind = _TYPES.get((word or "string").lower())
    if kind is None:
        raise OptionError(f"The field {name!r} has the unknown type {word!r}.", available=sorted(_TYPES))
    if date_format and kind != g.TIMESTAMP:
        raise OptionError(f"The field {name!r} is {word!r}, which has no format, but {date_format!r} is given.")
    return Conversion(kind, word or "string", _strptime_format(name, date_format))


def _strptime_format(name: str, date_format: str) -> str:
    parts: list[str] = []
    at = 0
    while at < len(date_format):
        match = _DATE_PART.match(date_format, at)
        if match is None:
            raise OptionError(f"The format {date_format!r} of the field {name!r} has a quote that is not closed.")
        if match[2]:
            known = _DATE_LETTERS.get(match[2])
            if known is None:
                raise OptionError(
                    f"The letter {match[2]!r} of the format {date_format!r} of the field {name!r} is not known.",
                    available=sorted(_DATE_LETTERS),
                )
            parts.append(next(python for least, python in known if len(match[0]) >= least))
        else:
            literal = match[0] if match[1] is None else match[1].replace("''", "'") or "'"
            parts.append(literal.replace("%", "%%"))
        at = match.end()
    return "".join(parts)


def _integer(conversion: Conversion, text: str, strict: bool) -> int:
    bits = _BITS[conversion.type]
    if _INTEGER.fullmatch(text):
        value = int(text) if len(text) < 30 else 1 << 64
    elif strict or not _NUMBER.fullmatch(text.strip()):
        raise ValueError(text)
    else:
        number = float(text)
        value = int(number) if abs(number) < 1 << 64 else 1 << 64
    if not -(1 << bits - 1) <= value < 1 << bits - 1:
        raise ValueError(text)
    return value


def _float(_: Conversion, text: str, strict: bool) -> float:
    plain = text if strict else text.strip()
    if _NUMBER.fullmatch(plain) or plain in ("NaN", "Infinity", "-Infinity", "+Infinity"):
        return float(plain)
    raise ValueError(text)


def _boolean(_: Conversion, text: str, strict: bool) -> bool:
    word = text if strict else text.strip().lower()
    if word in _BOOLEANS:
        return _BOOLEANS[word]
    raise ValueError(text)


def _date(conversion: Conversion, text: str, _strict: bool) -> datetime:
    if conversion.date_format:
        return datetime.strptime(text, conversion.date_format)
    try:
        return datetime.fromisoformat(text.replace(",", "."))
    except ValueError:
        for known in _USUAL_DATES:
            try:
                return datetime.strptime(text, known)
            except ValueError:
                continue
        raise


def _string(_: Conversion, text: str, _strict: bool) -> str:
    return text


_VALUES: dict[g.GlueType, Callable[[Conversion, str, bool], Any]] = {
    g.BOOLEAN: _boolean,
    g.DOUBLE: _float,
    g.FLOAT: _float,
    g.STRING: _string,
    g.TIMESTAMP: _date,
}
