"""Column types of the Data Catalog, which are Hive's, to Glue's type tree and back.

Hive writes the names of a struct's fields without quotes, whatever is in them, so a name ends at the colon. Source:
https://docs.aws.amazon.com/glue/latest/webapi/API_Column.html and "Crawler data types" of Amazon Athena.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from glue_etl.engine.types import tree as g
from glue_etl.errors import OptionError

__all__ = [
    "HIVE_ATOMS",
    "columns_of",
    "hive_type",
    "is_hive_type",
    "parse_hive_type",
    "struct_of_columns",
    "unknown_type",
]

HIVE_ATOMS: dict[str, g.GlueType] = {
    "bigint": g.LONG,
    "binary": g.BINARY,
    "boolean": g.BOOLEAN,
    "byte": g.BYTE,
    "date": g.DATE,
    "double": g.DOUBLE,
    "double precision": g.DOUBLE,
    "float": g.FLOAT,
    "int": g.INT,
    "integer": g.INT,
    "interval_day_time": g.STRING,
    "interval_year_month": g.STRING,
    "long": g.LONG,
    "null": g.NULL,
    "real": g.FLOAT,
    "short": g.SHORT,
    "smallint": g.SHORT,
    "string": g.STRING,
    "timestamp": g.TIMESTAMP,
    "timestamp with local time zone": g.TIMESTAMP,
    "timestamp_ntz": g.TIMESTAMP_NTZ,
    "tinyint": g.BYTE,
    "void": g.NULL,
}
"""Types without parts, by the names that stand in the Data Catalog; crawlers write some of Glue's own."""

_SIZED = ("decimal", "numeric", "char", "varchar")
_DEEPEST = 100
_TO_HIVE: dict[g.GlueType, str] = {
    g.BINARY: "binary",
    g.BOOLEAN: "boolean",
    g.BYTE: "tinyint",
    g.DATE: "date",
    g.DOUBLE: "double",
    g.FLOAT: "float",
    g.INT: "int",
    g.LONG: "bigint",
    # What was null in every record may turn out to be anything.
    g.NULL: "string",
    g.SHORT: "smallint",
    g.STRING: "string",
    g.TIMESTAMP: "timestamp",
    g.TIMESTAMP_NTZ: "timestamp",
    g.UNKNOWN: "string",
}


def parse_hive_type(text: str) -> g.GlueType:
    """The Glue type of a catalog column's type.

    Args:
        text: Such as `struct<id:bigint,tags:array<string>>`, letter case of type names ignored; `decimal` alone is
            Hive's decimal(10,0), `char` and `varchar` are strings, a union is a choice.

    Raises:
        OptionError: It is no type of Hive's.
    """
    parser = _Parser(text)
    kind = parser.type()
    parser.end()
    return kind


def is_hive_type(text: str) -> bool:
    """Whether `parse_hive_type` understands a text."""
    try:
        parse_hive_type(text)
    except OptionError:
        return False
    return True


def hive_type(kind: g.GlueType) -> str:
    """A Glue type as the Data Catalog writes it.

    A choice is the struct of its alternatives, as crawlers enter it, null and unknown are string, a set is an array.
    """
    if isinstance(kind, g.StructType):
        return f"struct<{','.join(f'{field.name}:{hive_type(field.type)}' for field in kind)}>"
    if isinstance(kind, g.ChoiceType):
        return f"struct<{','.join(f'{choice.name}:{hive_type(choice)}' for choice in kind.choices)}>"
    if isinstance(kind, (g.ArrayType, g.SetType)):
        return f"array<{hive_type(kind.element)}>"
    if isinstance(kind, g.MapType):
        return f"map<string,{hive_type(kind.value)}>"
    if isinstance(kind, g.DecimalType):
        return f"decimal({kind.precision},{kind.scale})"
    return _TO_HIVE[kind]


def columns_of(record: g.StructType, without: Iterable[str] = ()) -> list[dict[str, str]]:
    """The `Columns` of a table document, names in lower case as the Data Catalog keeps them.

    Args:
        record: The type of a record.
        without: Names (any case) that are left out, such as the partition keys.
    """
    left_out = {name.lower() for name in without}
    return [
        {"Name": field.name.lower(), "Type": hive_type(field.type)}
        for field in record
        if field.name.lower() not in left_out
    ]


def struct_of_columns(columns: Sequence[dict[str, Any]], what: str) -> g.StructType:
    """The Glue struct of a table's `Columns` or `PartitionKeys`.

    Args:
        columns: Name and Type each; a missing type is string.
        what: Whose columns they are, for messages.

    Raises:
        OptionError: A type that Hive does not know; the message names the column.
    """
    fields = []
    for column in columns:
        try:
            kind = parse_hive_type(column.get("Type") or "string")
        except OptionError as error:
            raise unknown_type(column, what) from error
        fields.append(g.Field(column["Name"], kind))
    return g.StructType(tuple(fields))


class _Parser:
    """By recursive descent; positions are those of the text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0

    def type(self) -> g.GlueType:
        name = self._word()
        if name in ("array", "map", "struct", "uniontype") and self._skip("<"):
            self._depth += 1
            if self._depth > _DEEPEST:
                raise self._error(f"has more than {_DEEPEST} levels")
            kind = self._parts(name)
            self._depth -= 1
            return kind
        if name in _SIZED:
            return self._sized(name)
        if name not in HIVE_ATOMS:
            raise self._error("is no type of Hive's")
        return HIVE_ATOMS[name]

    def end(self) -> None:
        if self._text[self._at :].strip():
            raise self._error(f"is no type: nothing is expected at position {self._at}")

    def _parts(self, name: str) -> g.GlueType:
        if name == "struct":
            return self._struct()
        first = self.type()
        if name == "array":
            self._close()
            return g.ArrayType(first)
        if name == "map":
            self._expect(",")
            value = self.type()
            self._close()
            return g.MapType(value)
        kind = first
        while self._skip(","):
            kind = g.merge(kind, self.type())
        self._close()
        return kind

    def _struct(self) -> g.StructType:
        fields: list[g.Field] = []
        while not self._skip(">"):
            if fields:
                self._expect(",")
            end = self._text.find(":", self._at)
            name = self._text[self._at : end].strip() if end >= 0 else ""
            if len(name) > 1 and name[0] == name[-1] == "`":
                name = name[1:-1].replace("``", "`")
            if not name:
                raise self._error(f"has a struct whose field at position {self._at} has no name and type")
            self._at = end + 1
            kind = self.type()
            if self._text[self._at :].lstrip()[:8].lower() == "comment ":
                raise self._error("has a comment within a struct")
            fields.append(g.Field(name, kind))
        return g.StructType(tuple(fields))

    def _sized(self, name: str) -> g.GlueType:
        numbers: list[int] = []
        if self._skip("("):
            numbers.append(self._number())
            while self._skip(","):
                numbers.append(self._number())
            self._expect(")")
        if name in ("char", "varchar"):
            if len(numbers) > 1:
                raise self._error("has two lengths")
            return g.STRING
        precision, scale = (*numbers, 0, 0)[:2] if numbers else (10, 0)
        if len(numbers) > 2 or not (0 < precision <= 38 and scale <= precision):
            raise self._error("is no decimal of at most 38 digits")
        return g.DecimalType(precision, scale)

    def _number(self) -> int:
        start = self._at = self._at + len(self._text[self._at :]) - len(self._text[self._at :].lstrip())
        while self._at < len(self._text) and self._text[self._at].isdecimal():
            self._at += 1
        digits = self._text[start : self._at]
        # Python itself refuses to read thousands of digits.
        if not 0 < len(digits) < 10:
            raise self._error(f"is no type: a number is expected at position {start}")
        return int(digits)

    def _word(self) -> str:
        """A type's name, which may be of several words."""
        start = self._at
        while self._at < len(self._text) and (self._text[self._at].isalnum() or self._text[self._at] in "_ \t"):
            self._at += 1
        return " ".join(self._text[start : self._at].lower().split())

    def _skip(self, token: str) -> bool:
        at = self._at
        while at < len(self._text) and self._text[at].isspace():
            at += 1
        if not self._text.startswith(token, at):
            return False
        self._at = at + len(token)
        return True

    def _expect(self, token: str) -> None:
        if not self._skip(token):
            raise self._error(f"is no type: {token!r} is expected at position {self._at}")

    def _close(self) -> None:
        self._expect(">")

    def _error(self, why: str) -> OptionError:
        shown = self._text if len(self._text) <= 200 else self._text[:200] + "..."
        return OptionError(f"The type {shown!r} {why}.")


def unknown_type(column: Mapping[str, Any], what: str) -> OptionError:
    """The error for a column whose type Hive does not know.

    Args:
        column: Name and Type.
        what: Whose column it is.
    """
    return OptionError(
        f"The column {column['Name']!r} of {what} has the type {column['Type']!r}, which is no type of the "
        "Data Catalog.",
        available=sorted([*HIVE_ATOMS, *_SIZED, "array<>", "map<>", "struct<>"]),
        hint="correct the table's definition",
    )
