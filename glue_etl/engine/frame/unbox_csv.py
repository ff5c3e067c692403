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
_CELLS = f"{OPENED} cells"
_CORRUPT = "corrupt"
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
        ended = text.endswith("\n") | text.endswith("\r")
        lines = f.when(ended, f.regexp_replace(text, r"[\r\n]+$", "")).otherwise(text)
        if self._skip:
            lines = f.regexp_replace(lines, r"^[^\n]*\n?", "")
        header = f.regexp_extract(lines, r"^([^\r\n]*)", 1) if self._header else f.lit("")
        body = f.regexp_replace(lines, r"^[^\n]*\n?", "") if self._header else lines
        body = f.when(~is_blank(body), body)
        parts = df.select("*", f.struct(header.alias("header"), body.alias("body")).alias(OPENED))
        head, record = top(OPENED).getField("header"), top(OPENED).getField("body")
        if self._given is not None and not self._header:
            return self._opened(parts, {"": self._given.names}, None)
        found = self._headers(parts.select(head.alias("header"), record.alias("body")), where)
        names = {row["header"]: self._names(row) for row in found}
        if not names:
            return Opened(df, null_of(g.NULL), g.NULL, faults=0)
        sound = all(not row["several"] and row["width"] <= len(names[row["header"]]) for row in found)
        return self._opened(parts, names, 0 if sound else None)

    def _headers(self, texts: DataFrame, where: str) -> list[Any]:
        """Each header (one, if texts have none), the width of its widest record and how many texts have several."""
        several = self._several(f.col("body"))
        widths = f.when(~several, self._width(f.col("body")))
        seen = texts.where("body is not null").groupBy("header")
        total = seen.agg(f.max(widths).alias("width"), f.sum(several.cast("long")).alias("several"))
        found = total.limit(_MOST_HEADERS + 1).collect()
        if len(found) > _MOST_HEADERS:
            raise UnsupportedError.of(
                f"Unbox of {where!r} with more than {_MOST_HEADERS} different headers", "leave withHeader out"
            )
        return sorted(({**row.asDict(), "width": row["width"] or 0} for row in found), key=lambda row: row["header"])

    def _names(self, found: Mapping[str, Any]) -> list[str]:
        if not self._header:
            return [f"col{at}" for at in range(found["width"])]
        from glue_etl.engine.io.csv_heads import names_of

        return list(
            names_of(_parsed(found["header"], self._separator, self._quote, self._escaper), case_sensitive=False)
        )

    def _plain(self, text: Column) -> Column:
        """The text with escaped characters and quoted fields shortened: each separator and line end left is one."""
        plain = text
        if self._escaper:
            plain = f.regexp_replace(plain, f"(?s){_literal(self._escaper)}.", "q")
        if not self._quote:
            return plain
        quote = _literal(self._quote)
        # A doubled quote within quotes ends one quoted part and begins the next: the same to whoever counts separators,
        # and an alternation for it would make the expression several times slower.
        unquoted = f.regexp_replace(plain, f"{quote}[^{quote}]*+{quote}", "q")
        return f.when(text.contains(self._quote), unquoted).otherwise(plain)

    def _several(self, record: Column) -> Column:
        """Whether a text has more than one record."""
        return record.contains("\n") & self._plain(record).contains("\n")

    def _width(self, record: Column) -> Column:
        return f.size(f.split(self._plain(record), _literal(self._separator), -1))

    def _opened(self, rows: DataFrame, headers: Mapping[str, Sequence[str]], faults: int | None) -> Opened:
        given = {} if self._given is None else {member.name: member.type for member in self._given}
        names = list(given) or list(dict.fromkeys(name for each in headers.values() for name in each))
        most = max(len(each) for each in headers.values())
        head, record = top(OPENED).getField("header"), top(OPENED).getField("body")
        cells = self._cells(record, most)
        rows = rows.select("*", (cells if faults == 0 else pinned(cells)).alias(_CELLS))
        # Only where Spark saw another number of fields is there anything to count.
        width = self._width(record)
        if not self._escaper:
            width = f.when(top(_CELLS).getField(_CORRUPT).isNull(), f.lit(most)).otherwise(width)
        members: list[tuple[str, Column]] = []
        fields: list[g.Field] = []
        for name in names:
            found = [(line, each.index(name)) for line, each in headers.items() if name in each]
            there = [self._cell(at, head == line if self._header else f.lit(True), width) for line, at in found]
            column, kind = cast(f.coalesce(*there, null_of(g.STRING)), g.STRING, given.get(name, g.STRING))
            members.append((name, column))
            fields.append(g.Field(name, kind))
        struct = g.StructType(tuple(fields))
        value = struct_of(record.isNotNull(), members, struct)
        if faults == 0:
            return Opened(rows, value, struct, faults=0)
        fault = f.when(self._several(record), f.lit("the text has more than one record"))
        for line, each in headers.items():
            message = f.format_string(f"the record has %d fields where {len(each)} are named", width)
            fault = fault.when((head == line) & (width > len(each)), message)
        return Opened(rows, value, struct, fault)

    def _cells(self, record: Column, width: int) -> Column:
        """The fields as a struct `c0`, `c1` ..., or as an array where Python reads them."""
        if self._escaper:
            split: Any = pandas_udf(_splitter(self._separator, self._quote, self._escaper), "array<string>")  # type: ignore[call-overload]
            cells: Column = split.asNondeterministic()(record)
            return cells
        quote = {"quote": self._quote, "escape": self._quote} if self._quote else {"quote": "", "escape": ""}
        schema = ", ".join([*[f"c{at} string" for at in range(width)], f"{_CORRUPT} string"])
        options = {"sep": self._separator, "mode": "PERMISSIVE", "columnNameOfCorruptRecord": _CORRUPT, **quote}
        return f.from_csv(record, schema, options)

    def _cell(self, at: int, here: Column, width: Column) -> Column:
        # Spark gives an empty field as null; it is missing only behind the record's end.
        cell = top(_CELLS).getItem(at) if self._escaper else top(_CELLS).getField(f"c{at}")
        return f.when(here & (cell.isNotNull() | (width > at)), f.coalesce(cell, f.lit("")))


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
