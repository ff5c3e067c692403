r"""What the properties of each SerDe library say of a table's files.

They stand in three maps, the nearest to the SerDe first: `SerdeInfo.Parameters`, `StorageDescriptor.Parameters`,
`Parameters`. An option of a format that has no property of Hive's (`rowTag`, `jsonPath`, `multiLine` ...) is kept there
by its own name. Source: "Using SerDes" in the Amazon Athena guide.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from glue_etl.engine.io.registry import FORMATS
from glue_etl.errors import OptionError, UnsupportedError

__all__ = [
    "Properties",
    "TableFormat",
    "delimited",
    "grok",
    "json_lines",
    "lines_before",
    "named",
    "open_csv",
    "plain",
    "regex",
    "with_header",
]


@dataclass(frozen=True)
class TableFormat:
    """How the files of a table, or of one of its partitions, are read and written.

    Attributes:
        format: A key of `engine.io.registry.FORMATS`.
        options: The format_options of a source, by the names of `from_options`.
        by_position: Whether the columns name the cells of a record in order; else fields have names of their own.
        is_text: Whether all values are texts, so that the columns' types are what they are to become.
        header_lines: Lines at the start of each file that are no records.
        null_text: The text that stands for null; None if there is none.
        item_separator: Between elements of an array, members of a struct and entries of a map, where values are texts.
        key_separator: Between the key and the value of an entry of a map.
        fields: Column names whose value is in a field of another name.
        serde: The library, as the table names it; empty if it names none.
    """

    format: str
    options: dict[str, Any] = field(default_factory=dict)
    by_position: bool = False
    is_text: bool = False
    header_lines: int = 0
    null_text: str | None = None
    item_separator: str = "\x02"
    key_separator: str = "\x03"
    fields: dict[str, str] = field(default_factory=dict)
    serde: str = ""

    @property
    def write_options(self) -> dict[str, Any]:
        """The format_options of a sink whose files the table can read.

        Raises:
            UnsupportedError: The table passes over more than one line of each file.
        """
        known = FORMATS[self.format].write
        options = {key: value for key, value in self.options.items() if key in known and known[key].effect == "used"}
        if self.format != "csv":
            return options
        if self.header_lines > 1:
            raise UnsupportedError.of(
                "Writing to a table that passes over two lines of each file", "set skip.header.line.count to 1"
            )
        return {**options, "writeHeader": self.header_lines > 0}


class Properties(Mapping[str, str]):
    """The three maps as one.

    Args:
        descriptor: A StorageDescriptor.
        parameters: Those of the table, and of the partition over them.
        what: Whose they are, for messages.
    """

    def __init__(self, descriptor: Mapping[str, Any], parameters: Mapping[str, Any], what: str) -> None:
        serde = descriptor.get("SerdeInfo") or {}
        self.what = what
        self._maps = [serde.get("Parameters") or {}, descriptor.get("Parameters") or {}, parameters]

    def __getitem__(self, key: str) -> str:
        for each in self._maps:
            if key in each:
                return str(each[key])
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        return iter({key: None for each in self._maps for key in each})

    def __len__(self) -> int:
        return len({key for each in self._maps for key in each})

    def first(self, *keys: str) -> str | None:
        """The value of the first of these keys that is there and not empty."""
        return next((self[key] for key in keys if self.get(key)), None)

    def options(self, fmt: str) -> dict[str, Any]:
        """Options of a format that stand there by their own names."""
        own = {key for key, option in FORMATS[fmt].read.items() if option.effect == "used"}
        found = {key: self[key] for key in self if key in own}
        # `version` may be that of anything else.
        return {key: value for key, value in found.items() if key != "version" or value in ("1.7", "1.8")}


def delimited(properties: Properties) -> TableFormat:
    """LazySimpleSerDe and MultiDelimitSerDe: Hive's own delimited text."""
    separator = _character(properties.first("field.delim", "separator", "sep", "delimiter"))
    if separator is None and properties.get("classification") == "tsv":
        separator = "\t"
    if separator is None:
        separator = _serialization_format(properties.get("serialization.format")) or "\x01"
        if properties.get("classification") == "csv" and separator == "\x01":
            separator = ","
    _check_line_end(properties)
    header_lines = _header_lines(properties)
    options = {**properties.options("csv"), "separator": separator}
    if properties.get("spark.sql.sources.provider") == "csv" and properties.get("header", "").lower() == "true":
        header_lines = 1
    if escape := _character(properties.first("escape.delim")):
        options["escaper"] = escape
    options = with_header(options, header_lines)
    return TableFormat(
        "csv",
        options,
        by_position=True,
        is_text=True,
        header_lines=lines_before(options),
        null_text=properties.get("serialization.null.format", "\\N"),
        # Hive's own name has this spelling.
        item_separator=_character(properties.first("colelction.delim", "collection.delim")) or "\x02",
        key_separator=_character(properties.first("mapkey.delim")) or "\x03",
    )


def open_csv(properties: Properties) -> TableFormat:
    """OpenCSVSerde."""
    _check_line_end(properties)
    header_lines = _header_lines(properties)
    options = {
        **properties.options("csv"),
        "separator": _character(properties.first("separatorChar", "field.delim", "delimiter")) or ",",
        "quoteChar": _character(properties.first("quoteChar")) or '"',
    }
    if escape := _character(properties.first("escapeChar")):
        options["escaper"] = escape
    options = with_header(options, header_lines)
    return TableFormat("csv", options, by_position=True, is_text=True, header_lines=lines_before(options))


def json_lines(properties: Properties) -> TableFormat:
    """The JSON SerDes; `mapping.column` names the field of a column."""
    fields = {
        key.removeprefix("mapping."): properties[key] for key in properties if key.startswith("mapping.") and key[8:]
    }
    return TableFormat("json", properties.options("json"), fields=fields)


def grok(properties: Properties) -> TableFormat:
    """GrokSerDe."""
    options = properties.options("grokLog")
    if pattern := properties.first("input.format", "logFormat", "grokPattern"):
        options["logFormat"] = pattern
    if custom := properties.first("input.grokCustomPatterns", "customPatterns"):
        options["customPatterns"] = custom
    return TableFormat("grokLog", options, is_text=True)


def regex(properties: Properties) -> TableFormat:
    """RegexSerDe: a column for each capturing group; a line has to match as a whole."""
    expression = properties.first("input.regex")
    if expression is None:
        raise OptionError(
            f"{properties.what} has the RegexSerDe without the property 'input.regex'.",
            hint="set it in SerdeInfo.Parameters",
        )
    insensitive = str(properties.get("input.regex.case.insensitive", "false")).lower() == "true"
    pattern = f"{'(?i)' if insensitive else ''}^(?:{named(expression)})$"
    return TableFormat("grokLog", {"logFormat": pattern}, by_position=True, is_text=True)


def plain(fmt: str) -> Callable[[Properties], TableFormat]:
    """A library whose files say everything themselves."""
    return lambda properties: TableFormat(fmt, properties.options(fmt))


def _header_lines(properties: Properties) -> int:
    text = properties.get("skip.header.line.count", "0").strip()
    if not text.isdecimal():
        raise OptionError(
            f"{properties.what} has 'skip.header.line.count' = {text!r}, which is no number.", hint="set it to 0 or 1"
        )
    footer = properties.get("skip.footer.line.count", "0").strip()
    for key, value, most in (("skip.header.line.count", text, 2), ("skip.footer.line.count", footer, 0)):
        if not value.isdecimal() or int(value) > most:
            raise UnsupportedError.of(f"{properties.what} has {key!r} = {value!r}, which", "take these lines out")
    return int(text)


def with_header(options: Mapping[str, Any], header_lines: int) -> dict[str, Any]:
    """The options of a reader that passes over lines at the start of a file.

    Args:
        options: Those of the format; `withHeader` and `skipFirst` stand for a line each.
        header_lines: What the table says.
    """
    lines = max(header_lines, sum(str(options.get(key, "")).lower() == "true" for key in ("withHeader", "skipFirst")))
    return {**options, "withHeader": lines > 0, "skipFirst": lines > 1}


def lines_before(options: Mapping[str, Any]) -> int:
    """How many lines a reader passes over."""
    return int(options["withHeader"]) + int(options["skipFirst"])


def _check_line_end(properties: Properties) -> None:
    line_end = _character(properties.first("line.delim"))
    if line_end not in (None, "\n", "\r\n"):
        raise UnsupportedError.of(
            f"{properties.what} has 'line.delim' = {line_end!r}, which", "end the lines of its files with a line feed"
        )


def _character(text: str | None) -> str | None:
    r"""A character as tables write it: itself, `\t`, `\001`, `\u0001`."""
    if text is None or len(text) < 2 or text[0] != "\\":
        return text
    escapes = {"t": "\t", "n": "\n", "r": "\r", "\\": "\\", "'": "'", '"': '"'}
    rest = text[1:]
    if rest in escapes:
        return escapes[rest]
    if re.fullmatch(r"u[0-9a-fA-F]{4}", rest):
        return chr(int(rest[1:], 16))
    return chr(int(rest, 8)) if re.fullmatch(r"[0-7]{1,3}", rest) else text


def _serialization_format(text: str | None) -> str | None:
    """Hive's way before `field.delim`: the code of the character, or itself."""
    if not text:
        return None
    return chr(int(text)) if text.isdecimal() and int(text) < 256 else _character(text)


def named(expression: str) -> str:
    """A regular expression of the RegexSerDe with its capturing groups named g0, g1 ... in order, as a grok pattern."""
    result, count, at, in_class = "", 0, 0, False
    while at < len(expression):
        character = expression[at]
        if character == "\\":
            result, at = result + expression[at : at + 2], at + 2
            continue
        if character == "[":
            in_class = True
        elif character == "]":
            in_class = False
        if character == "%" and expression.startswith("%{", at):
            character = "[%]"
        elif character == "(" and not in_class:
            own = re.compile(r"\(\?<[A-Za-z]\w*>").match(expression, at)
            if own or not expression.startswith("(?", at):
                character, count = f"(?<g{count}>", count + 1
                at += len(own.group()) - 1 if own else 0
        result, at = result + character, at + 1
    return result
