"""CSV texts in a field: one record each, its fields strings called by a header or by their position.

Without a schema one pass finds how many fields the texts have, or which headers. Spark's own parser reads them; only
an escape character, which it knows within quotes alone, needs Python.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as f
from pyspark.sql.pandas.functions import pandas_udf

from glue_etl.engine.frame.boxed import OPENED, Opened, check_options, flag, given_schema, is_blank, pinned
from glue_etl.engine.frame.cast import cast
from glue_etl.engine.frame.conform import null_of, struct_of, top
from glue_etl.engine.types import tree as g
from glue_etl.errors import OptionError, UnsupportedError

__all__ = ["CsvOpener"]

_OPTIONS = {
    "separator",
    "escaper",
    "quoteChar",
    "withHeader",
    "skipFirst",
    "withSchema",
    "multiLine",
    "multiline",
    "strictCheckForQuoting",
    "optimizePerformance",
}
_MOST_HEADERS = 100
"""Different headers in one field; each becomes a part of the query."""


class CsvOpener:
    """Reads CSV texts.

    Args:
        options: `separator` (a comma), `quoteChar` (a double quote; `-1` is none), `escaper` (none), `withHeader` (the
            first line has the names), `skipFirst` (the first line is passed over), `withSchema` (names and types).

    Raises:
        OptionError: Another option, or a value that cannot be used.
        UnsupportedError: `withHeader` together with `skipFirst`.
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        check_options(options, _OPTIONS, "csv")
        self._separator = str(options.get("separator") or ",")
        self._quote = _character("quoteChar", options.get("quoteChar", '"'))
        self._escaper = _character("escaper", options.get("escaper") or "-1")
        self._header = flag(options, "withHeader")
        self._skip = flag(options, "skipFirst")
        if self._header and self._skip:
            raise UnsupportedError.of(
                "skipFirst together with withHeader", "withHeader alone takes the first line away"
            )
        if self._escaper and len(self._separator) > 1:
            raise UnsupportedError.of("An escaper together with a separator of several characters")
        given = given_schema(options)
        if given is not None and not isinstance(given, g.StructType):
            raise OptionError(f"The option 'withSchema' of Unbox is a {given.name}.", hint="give a struct")
        self._given = given

    def open(self, df: DataFrame, text: Column, where: str) -> Opened:
        """Read the texts of a column.

        Args:
            df: The records.
            text: The texts, a column of it.
            where: The field's path, for messages.

        Raises:
            UnsupportedError: More different headers than one query can have parts.
        """
        lines = f.regexp_replace(text, r"[\r\n]+$", "")
        if self._skip:
            lines = f.regexp_replace(lines, r"^[^\n]*\n?", "")
        header = f.regexp_extract(lines, r"^([^\r\n]*)", 1) if self._header else f.lit("")
        body = f.regexp_replace(lines, r"^[^\n]*\n?", "") if self._header else lines
        body = f.when(~is_blank(body), body)
        plain = self._plain(body)
        width = f.size(f.split(plain, _literal(self._separator), -1))
        several = plain.contains("\n")
        known = {"header": header, "body": body, "width": width, "several": several}
        parts = [column.alias(name) for name, column in known.items()]
        headers = self._headers(df.select(*parts), where)
        rows = df.select("*", pinned(f.struct(*parts)).alias(OPENED))
        fault = f.when(top(OPENED).getField("several"), f.lit("the text has more than one record"))
        if not headers:
            return Opened(rows, null_of(g.NULL), g.NULL, fault)
        return self._opened(rows, headers, fault)

    def _headers(self, texts: DataFrame, where: str) -> dict[str, list[str]]:
        """The names that go with each header; without headers those that go with all texts."""
        if self._given is not None and not self._header:
            return {"": self._given.names}
        widths = texts.where("body is not null and not several").groupBy("header").agg(f.max("width").alias("width"))
        found = widths.limit(_MOST_HEADERS + 1).collect()
        if len(found) > _MOST_HEADERS:
            raise UnsupportedError.of(
                f"Unbox of {where!r} with more than {_MOST_HEADERS} different headers", "leave withHeader out"
            )
        if not self._header:
            return {row["header"]: [f"col{i}" for i in range(row["width"])] for row in found}
        return {row["header"]: self._names(row["header"]) for row in sorted(found, key=lambda row: row["header"])}

    def _names(self, header: str) -> list[str]:
        from glue_etl.engine.io.csv_heads import names_of

        return list(names_of(self._fields(header), case_sensitive=False))

    def _fields(self, line: str) -> list[str]:
        return _parsed(line, self._separator, self._quote, self._escaper)

    def _plain(self, text: Column) -> Column:
        """The text with escaped characters and quoted fields shortened: each separator and line end left is one."""
        if self._escaper:
            text = f.regexp_replace(text, f"(?s){_literal(self._escaper)}.", "q")
        if not self._quote:
            return text
        quote = _literal(self._quote)
        return f.regexp_replace(text, f"(?s){quote}(?:[^{quote}]|{quote}{quote})*{quote}", "q")

    def _opened(self, rows: DataFrame, headers: Mapping[str, Sequence[str]], fault: Column) -> Opened:
        given = {} if self._given is None else {member.name: member.type for member in self._given}
        names = list(given) or list(dict.fromkeys(name for each in headers.values() for name in each))
        most = max(len(each) for each in headers.values())
        head, body, width = (top(OPENED).getField(name) for name in ("header", "body", "width"))
        rows = rows.select("*", self._cells(body, most).alias(f"{OPENED}1"))
        cells = top(f"{OPENED}1")
        members: list[tuple[str, Column]] = []
        fields: list[g.Field] = []
        for name in names:
            found = [(line, each.index(name)) for line, each in headers.items() if name in each]
            cell = f.coalesce(
                *[self._cell(cells, at, head == line, width) for line, at in found], f.lit(None).cast("string")
            )
            column, kind = cast(cell, g.STRING, given.get(name, g.STRING))
            members.append((name, column))
            fields.append(g.Field(name, kind))
        kind = g.StructType(tuple(fields))
        value = struct_of(body.isNotNull(), members, kind)
        for line, each in headers.items():
            if self._header or self._given is not None:
                message = f.format_string(f"the record has %d fields where {len(each)} are named", width)
                fault = fault.when((head == line) & (width > len(each)), message)
        return Opened(rows, value, kind, fault)

    def _cells(self, body: Column, width: int) -> Column:
        """The fields as a struct `c0`, `c1` ..., or as an array where Python reads them."""
        if self._escaper:
            split: Any = pandas_udf(_splitter(self._separator, self._quote, self._escaper), "array<string>")  # type: ignore[call-overload]
            cells: Column = split.asNondeterministic()(body)
            return cells
        quote = {"quote": self._quote, "escape": self._quote} if self._quote else {"quote": "", "escape": ""}
        schema = ", ".join(f"c{i} string" for i in range(width))
        return pinned(f.from_csv(body, schema, {"sep": self._separator, "mode": "PERMISSIVE", **quote}))

    def _cell(self, cells: Column, at: int, here: Column, width: Column) -> Column:
        # Spark gives an empty field as null; it is missing only behind the record's end.
        cell = cells.getItem(at) if self._escaper else cells.getField(f"c{at}")
        return f.when(here & (width > at), f.coalesce(cell, f.lit("")))


def _character(name: str, value: Any) -> str:
    if value in ("-1", -1):
        return ""
    if not isinstance(value, str) or len(value) != 1:
        raise OptionError(f"The option {name!r} of Unbox is {value!r}.", hint="give one character, or '-1' for none")
    return value


def _literal(text: str) -> str:
    """A regular expression for a text."""
    return "".join(f"\\{character}" if not character.isalnum() else character for character in text)


def _splitter(separator: str, quote: str, escaper: str) -> Any:
    def split(batches: Iterator[pd.Series]) -> Iterator[pd.Series]:
        for texts in batches:
            yield pd.Series(
                [None if text is None else _parsed(text, separator, quote, escaper) for text in texts], dtype=object
            )

    split.__annotations__ = {"batches": Iterator[pd.Series], "return": Iterator[pd.Series]}
    return split


def _parsed(text: str, separator: str, quote: str, escaper: str) -> list[str]:
    """The fields of one record."""
    if len(separator) > 1:
        from glue_etl.engine.io.csv_heads import Dialect, fields_of

        return fields_of(text, Dialect(separator, quote, "", multiline=True, header=False, skip_first=False))
    csv.field_size_limit(sys.maxsize)
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=separator,
        quotechar=quote or None,
        escapechar=escaper or None,
        quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
    )
    return next(reader, [])
