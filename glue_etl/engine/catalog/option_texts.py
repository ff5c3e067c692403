"""What a user writes into one option of the command line: columns, and pairs of a key and a value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from glue_etl.engine.catalog.hive_types import parse_hive_type
from glue_etl.errors import OptionError

__all__ = ["parse_columns", "parse_pairs"]

_OPENING, _CLOSING = "<(", ">)"


def parse_columns(text: str, option: str) -> list[dict[str, str]]:
    """Columns out of a text such as `id bigint, price decimal(10,2), tags array<string>`.

    Args:
        text: Name and type of each column, with commas between them; a name may stand in back-ticks.
        option: The option it was given by, for messages.

    Returns:
        Name (in lower case) and Type of each, as in a table document.

    Raises:
        OptionError: A column without a type or with one that Hive does not have, or a name given twice.
    """
    columns: list[dict[str, str]] = []
    for part in _parts(text):
        name, kind = _split(part)
        if not name or not kind:
            raise OptionError(f"{option} has {part.strip()!r}, which is no column.", hint="write it like 'id bigint'")
        try:
            parse_hive_type(kind)
        except OptionError as error:
            raise OptionError(f"{option} gives {name!r} the type {kind!r}: {error.fact}", hint=error.hint) from error
        if any(each["Name"] == name.lower() for each in columns):
            raise OptionError(f"{option} names the column {name.lower()!r} twice.", hint="name each once")
        columns.append({"Name": name.lower(), "Type": kind.lower()})
    return columns


def parse_pairs(given: Iterable[str], option: str) -> dict[str, str]:
    """Pairs of the form `K=V`; the value may hold `=` itself, and a later one wins.

    Raises:
        OptionError: One has no `=` or no key; its text is not shown.
    """
    pairs = {}
    for position, each in enumerate(given, 1):
        key, sign, value = each.partition("=")
        if not sign or not key:
            raise OptionError(f"{option} number {position} is no pair.", hint=f"write it like {option} KEY=VALUE")
        pairs[key] = value
    return pairs


def _parts(text: str) -> Iterator[str]:
    """The text cut at the commas that stand in no brackets."""
    depth = start = 0
    quoted = False
    for position, letter in enumerate(text):
        if letter == "`":
            quoted = not quoted
        elif not quoted:
            depth += (letter in _OPENING) - (letter in _CLOSING)
            if letter == "," and depth <= 0:
                yield text[start:position]
                start = position + 1
    if text[start:].strip() or start:
        yield text[start:]


def _split(part: str) -> tuple[str, str]:
    part = part.strip()
    if part.startswith("`"):
        name, _, kind = part[1:].partition("`")
        return name, kind.strip()
    name, _, kind = part.partition(" ")
    return name, kind.strip()
