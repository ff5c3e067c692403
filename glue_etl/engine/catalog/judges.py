"""What a condition makes of a partition's values: true, false or, with a null in it, unknown."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from glue_etl.engine.catalog.errors import ApiError
from glue_etl.engine.catalog.key_types import NULL_VALUE, KeyType

__all__ = ["Judge", "Key", "all_of", "any_of", "being", "comparing", "like", "negated", "null"]

Judge = Callable[[Sequence[str]], bool | None]


@dataclass(frozen=True, slots=True)
class Key:
    """A partition key in an expression.

    Args:
        index: Where its value stands.
        name: Its name in the table.
        type: How its values compare.
    """

    index: int
    name: str
    type: KeyType


def comparing(key: Key, compare: Callable[[Any, Any], bool], wanted: Any) -> Judge:
    """A comparison of the key with a value of its type."""

    def judge(values: Sequence[str]) -> bool | None:
        return None if values[key.index] == NULL_VALUE else compare(_value(key, values), wanted)

    return judge


def being(key: Key, wanted: set[Any]) -> Judge:
    """The key is one of some values of its type."""
    # Who asks for Hive's name of null by its text gets it.
    names_null = NULL_VALUE in wanted

    def judge(values: Sequence[str]) -> bool | None:
        if values[key.index] == NULL_VALUE:
            return True if names_null else None
        return _value(key, values) in wanted

    return judge


def null(key: Key, wanted: bool) -> Judge:
    """The key is null, or is not."""
    return lambda values: (values[key.index] == NULL_VALUE) is wanted


def like(key: Key, pattern: str, escape: str) -> Judge:
    """The key matches a `LIKE` pattern, where `escape` (one letter or nothing) takes a sign's meaning away."""
    compiled = re.compile(_regex(pattern, escape), re.DOTALL)
    return comparing(key, lambda value, wanted: compiled.fullmatch(value) is not None, None)


def all_of(parts: list[Judge]) -> Judge:
    """`AND`: false wins over unknown."""

    def judge(values: Sequence[str]) -> bool | None:
        result: bool | None = True
        for part in parts:
            found = part(values)
            if found is False:
                return False
            if found is None:
                result = None
        return result

    return judge


def any_of(parts: list[Judge]) -> Judge:
    """`OR`: true wins over unknown."""

    def judge(values: Sequence[str]) -> bool | None:
        result: bool | None = False
        for part in parts:
            found = part(values)
            if found:
                return True
            if found is None:
                result = None
        return result

    return judge


def negated(part: Judge) -> Judge:
    """`NOT`: unknown stays unknown."""

    def judge(values: Sequence[str]) -> bool | None:
        found = part(values)
        return None if found is None else not found

    return judge


def _value(key: Key, values: Sequence[str]) -> Any:
    try:
        return key.type.read(values[key.index])
    except ValueError as error:
        raise ApiError(
            "InvalidStateException", f"{error} It is the value of the partition key '{key.name}' of {list(values)}."
        ) from None


def _regex(pattern: str, escape: str) -> str:
    # Each `%` takes as little as it can and is never tried again, but for the last: the time stays linear.
    pieces = [""]
    letters = iter(pattern)
    for letter in letters:
        if letter == escape:
            pieces[-1] += re.escape(next(letters, escape))
        elif letter == "%":
            pieces.append("")
        else:
            pieces[-1] += "." if letter == "_" else re.escape(letter)
    if len(pieces) == 1:
        return pieces[0]
    first, *between, last = pieces
    return first + "".join(f"(?>.*?{piece})" for piece in between) + ".*" + last
