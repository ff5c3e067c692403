"""Type names as scripts write them: `int`, `String`, `bigint`, `decimal(10,2)`, `array<struct<a:int>>`."""

from __future__ import annotations

import re

from glue_etl.engine.types import tree as g
from glue_etl.errors import OptionError

__all__ = ["parse_type"]

_SYNONYMS: dict[str, g.GlueType] = {
    **{name: atom for name, atom in g.ATOMS.items() if name != "unknown"},
    "bigint": g.LONG,
    "bool": g.BOOLEAN,
    "char": g.STRING,
    "integer": g.INT,
    "real": g.FLOAT,
    "smallint": g.SHORT,
    "str": g.STRING,
    "timestamp_ntz": g.TIMESTAMP_NTZ,
    "tinyint": g.BYTE,
    "varchar": g.STRING,
    "void": g.NULL,
    # A bare container says only of what kind the value is.
    "array": g.ArrayType(g.UNKNOWN),
    "list": g.ArrayType(g.UNKNOWN),
    "map": g.MapType(g.UNKNOWN),
    "set": g.SetType(g.UNKNOWN),
    "struct": g.StructType(),
    "decimal": g.DecimalType(),
}
_DEEPEST = 100
_TOKEN = re.compile(r"\s*([A-Za-z_0-9]+|`(?:[^`]|``)*`|[<>(),:])")


def parse_type(text: str) -> g.GlueType:
    """The Glue type of a name, letter case ignored.

    Args:
        text: A type's name in Glue's, Hive's or Spark's spelling.

    Returns:
        The type; a bare `array`, `map` or `struct` has unknown parts, which stand for whatever they are.

    Raises:
        OptionError: No such type.
    """
    parser = _Parser(text)
    kind = parser.type()
    parser.end()
    return kind


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._depth = 0
        self._tokens: list[str] = []
        at = 0
        while text[at:].strip():
            match = _TOKEN.match(text, at)
            if match is None:
                raise self._error()
            self._tokens.append(match.group(1))
            at = match.end()
        self._at = 0

    def _error(self) -> OptionError:
        return OptionError(f"{self._text!r} is not a data type.", available=sorted(_SYNONYMS))

    def _take(self, wanted: str | None = None) -> str:
        if self._at >= len(self._tokens) or (wanted is not None and self._tokens[self._at] != wanted):
            raise self._error()
        self._at += 1
        return self._tokens[self._at - 1]

    def _next_is(self, token: str) -> bool:
        return self._at < len(self._tokens) and self._tokens[self._at] == token

    def end(self) -> None:
        if self._at != len(self._tokens):
            raise self._error()

    def type(self) -> g.GlueType:
        name = self._take().lower()
        if self._next_is("<") and name in ("array", "list", "set", "map", "struct"):
            return self._container(name)
        if self._next_is("(") and name in ("decimal", "char", "varchar"):
            return self._sized(name)
        if name not in _SYNONYMS:
            raise self._error()
        return _SYNONYMS[name]

    def _sized(self, name: str) -> g.GlueType:
        self._take("(")
        numbers = [self._number()]
        while self._next_is(","):
            self._take()
            numbers.append(self._number())
        self._take(")")
        if name != "decimal":
            return g.STRING
        precision, scale = numbers[0], numbers[1] if len(numbers) == 2 else 0
        if len(numbers) > 2 or not (0 < precision <= 38 and scale <= precision):
            raise self._error()
        return g.DecimalType(precision, scale)

    def _number(self) -> int:
        token = self._take()
        # Python itself refuses to read thousands of digits.
        if not token.isdecimal() or len(token) > 9:
            raise self._error()
        return int(token)

    def _container(self, name: str) -> g.GlueType:
        self._take("<")
        self._depth += 1
        if self._depth > _DEEPEST:
            raise OptionError(
                f"A data type has more than {_DEEPEST} levels: {self._text[:40]!r}...",
                hint="name the outer type alone, such as 'array'",
            )
        kind: g.GlueType
        if name == "struct":
            fields: list[g.Field] = []
            while not self._next_is(">"):
                if fields:
                    self._take(",")
                field = self._take()
                self._take(":")
                fields.append(g.Field(_unquoted(field), self.type()))
            kind = g.StructType(tuple(fields))
        elif name == "map":
            self.type()
            self._take(",")
            kind = g.MapType(self.type())
        else:
            element = self.type()
            kind = g.SetType(element) if name == "set" else g.ArrayType(element)
        self._take(">")
        self._depth -= 1
        return kind


def _unquoted(name: str) -> str:
    return name[1:-1].replace("``", "`") if name.startswith("`") else name
