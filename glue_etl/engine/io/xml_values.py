"""The values of XML texts: what a text is by itself, and what it is as a type that the script gave.

Source: "Using the XML format in AWS Glue", whose reader "behaves similarly to the XML Data Source for Apache Spark".
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from glue_etl.engine.types import tree as g

__all__ = ["XML_SPACE", "Texts", "converted", "inferred"]

XML_SPACE = " \t\r\n"
"""What is white space in XML."""

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_INTEGER = re.compile(r"[+-]?[0-9]+")
_PLAIN_DECIMAL = re.compile(rb"-?[0-9]{1,15}\.[0-9]{1,15}")
_PLAIN_WORD = re.compile(rb"(?!(?i:true|false|nan|infinity)\Z)[^0-9+\-.\s]")
_NUMBER_STARTS = frozenset("0123456789+-.")
_WORDS: dict[str, Any] = {
    "NaN": math.nan,
    "Infinity": math.inf,
    "+Infinity": math.inf,
    "-Infinity": -math.inf,
}
_BOOLEANS = {"true": True, "false": False}
_WHOLE_BITS = {g.BYTE: 8, g.SHORT: 16, g.INT: 32, g.LONG: 64}


def inferred(text: str) -> Any:
    """What a text is: an integer of up to 64 bits, another number, true or false, else a text; null if it is empty."""
    if text.isdigit() and text.isascii() and len(text) < 19:
        return int(text)
    if not text:
        return None
    if text[0] in _NUMBER_STARTS and _NUMBER.fullmatch(text):
        if len(text) < 25 and _INTEGER.fullmatch(text):
            whole = int(text)
            return whole if -(1 << 63) <= whole < 1 << 63 else float(whole)
        number = float(text)
        return text if math.isinf(number) else number
    if len(text) < 10:
        if text in _WORDS:
            return _WORDS[text]
        return _BOOLEANS.get(text.lower(), text)
    return text


@dataclass(frozen=True)
class Texts:
    """How texts become values.

    Attributes:
        strip: The option ignoreSurroundingSpaces.
        blank_is_null: The option treatEmptyValuesAsNulls: a text of nothing but white space is null, as an empty one
            is anyway.
        infer: Whether numbers and booleans are recognised; else all are texts.
    """

    strip: bool = False
    blank_is_null: bool = False
    infer: bool = True

    def value_function(self) -> Callable[[str], Any]:
        """The function from a text to its value."""
        plain: Callable[[str], Any] = inferred if self.infer else _as_it_is
        if self.strip:
            return lambda text: plain(text.strip(XML_SPACE))
        if self.blank_is_null:
            return lambda text: plain(text) if text.strip(XML_SPACE) else None
        return plain

    def values(self, texts: Sequence[bytes]) -> list[Any]:
        """The values of many texts in UTF-8, most of which are alike."""
        if self.infer:
            if all(map(bytes.isdigit, texts)) and max(map(len, texts)) < 19:
                return list(map(int, texts))
            if all(map(_PLAIN_DECIMAL.fullmatch, texts)):
                return list(map(float, texts))
            if not self.strip and all(map(_PLAIN_WORD.match, texts)):
                return list(map(bytes.decode, texts))
        return list(map(self.value_function(), map(bytes.decode, texts)))

    def blanks_as_null(self, texts: Sequence[bytes]) -> list[Any]:
        """The same, with null for blank texts."""
        value_of = self.value_function()
        return [value_of(text.decode()) if text.strip(b" \t\r\n") else None for text in texts]


def _as_it_is(text: str) -> str | None:
    return text or None


def converted(value: Any, kind: g.GlueType, value_tag: str) -> Any:
    """A value read without inference, as a given type; null if it is none.

    Args:
        value: A text, a dict of children and attributes, a list of repeated elements, or null.
        kind: The type of the option withSchema.
        value_tag: The field that holds the text of an element with attributes.
    """
    if value is None:
        return None
    if isinstance(kind, (g.ArrayType, g.SetType)):
        return [converted(each, kind.element, value_tag) for each in (value if isinstance(value, list) else [value])]
    if isinstance(value, list):
        # Of repeated elements where the schema has one, the last counts, as in the XML data source for Spark.
        return converted(value[-1], kind, value_tag)
    if isinstance(kind, g.ChoiceType):
        return _chosen(value, kind, value_tag)
    if isinstance(kind, (g.StructType, g.MapType)):
        members = value if isinstance(value, dict) else {value_tag: value}
        if isinstance(kind, g.MapType):
            return {name: converted(each, kind.value, value_tag) for name, each in members.items()}
        return {each.name: converted(members.get(each.name), each.type, value_tag) for each in kind}
    if isinstance(value, dict):
        # An element with attributes that the schema does not ask for.
        value = value.get(value_tag)
        return value if value is None else converted(value, kind, value_tag)
    return _atom(value, kind)


def _chosen(value: Any, kind: g.ChoiceType, value_tag: str) -> Any:
    """By the first alternative that fits: its own type, then the others, text last."""
    if isinstance(value, dict):
        own = kind.get("struct") or kind.get("map")
        return None if own is None else converted(value, own, value_tag)
    natural = inferred(value)
    if isinstance(natural, bool):
        names = ["boolean"]
    elif isinstance(natural, int):
        names = ["byte", "short", "int", "long", "decimal", "float", "double"]
    elif isinstance(natural, float):
        names = ["decimal", "double", "float"]
    else:
        names = ["timestamp", "timestampntz", "date"]
    for name in [*names, "string", "binary"]:
        alternative = kind.get(name)
        found = None if alternative is None else _atom(value, alternative)
        if found is not None:
            return found
    return None


def _atom(text: str, kind: g.GlueType) -> Any:
    if kind == g.STRING:
        return text
    if kind == g.BINARY:
        return text.encode("utf-8")
    word = text.strip()
    if kind in _WHOLE_BITS:
        return _whole(word, _WHOLE_BITS[kind])
    if kind in (g.FLOAT, g.DOUBLE):
        number = _WORDS.get(word, float(word) if _NUMBER.fullmatch(word) else None)
        return _single(number) if kind == g.FLOAT and number is not None else number
    if kind == g.BOOLEAN:
        return {"1": True, "0": False, **_BOOLEANS}.get(word.lower())
    if isinstance(kind, g.DecimalType):
        return _decimal(word, kind)
    return _moment(word, kind)


def _single(number: float) -> float | None:
    """The nearest number of 32 bits; null if it is too large for one."""
    try:
        return float(struct.unpack("<f", struct.pack("<f", number))[0])
    except OverflowError:
        return None


def _whole(word: str, bits: int) -> int | None:
    if len(word) > 20 or not _INTEGER.fullmatch(word):
        return None
    whole = int(word)
    return whole if -(1 << bits - 1) <= whole < 1 << bits - 1 else None


def _decimal(word: str, kind: g.DecimalType) -> Decimal | None:
    if not _NUMBER.fullmatch(word):
        return None
    try:
        number = Decimal(word).quantize(Decimal(1).scaleb(-kind.scale), rounding="ROUND_HALF_UP")
    except InvalidOperation:
        return None
    return number if len(number.as_tuple().digits) <= kind.precision else None


def _moment(word: str, kind: g.GlueType) -> date | datetime | None:
    try:
        if kind == g.DATE:
            return date.fromisoformat(word[:10]) if len(word) == 10 else datetime.fromisoformat(word).date()
        if kind == g.TIMESTAMP_NTZ:
            return datetime.fromisoformat(word).replace(tzinfo=None)
        return datetime.fromisoformat(word) if kind == g.TIMESTAMP else None
    except ValueError:
        return None
