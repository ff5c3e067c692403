"""The types of partition keys, as `GetPartitions` compares them.

A partition's values are text; a key's type says how two of them compare. `__HIVE_DEFAULT_PARTITION__`, which Hive and
Spark write for null, is null.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

__all__ = ["NULL_VALUE", "KeyType", "key_type"]

NULL_VALUE = "__HIVE_DEFAULT_PARTITION__"

_INTEGER = re.compile(r"[+-]?[0-9]{1,40}")
_DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIMESTAMP = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}) ([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?")


class KeyType(NamedTuple):
    """How the values of one partition key are understood.

    Args:
        read: The value that a text stands for; raises ValueError with a message that names it.
        family: The kind of type in an error's text.
        like: `LIKE` is allowed.
    """

    read: Callable[[str], Any]
    family: str
    like: bool = False


def key_type(name: str) -> KeyType | None:
    """The type of a key by its name in the catalog, such as `decimal(10,2)`; None if it is not a documented one."""
    return _TYPES.get(name.partition("(")[0].strip().lower())


def _text(value: str) -> str:
    return value


@functools.lru_cache(4096)
def _integer(value: str) -> int:
    if not _INTEGER.fullmatch(value):
        raise ValueError(f'"{value}" is not an integer.')
    return int(value)


@functools.lru_cache(4096)
def _decimal(value: str) -> Decimal:
    try:
        if _DECIMAL.fullmatch(value):
            return Decimal(value)
    except InvalidOperation:
        pass
    raise ValueError(f"{value} is not a decimal.")


@functools.lru_cache(4096)
def _date(value: str) -> date:
    try:
        if _DATE.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise ValueError(f"{value} is not a date, as in 2024-01-31.")


@functools.lru_cache(4096)
def _timestamp(value: str) -> tuple[timedelta, int]:
    found = _TIMESTAMP.fullmatch(value)
    try:
        if found:
            moment = datetime.fromisoformat(f"{found[1]}T{found[2]}")
            return moment - datetime.min, int((found[3] or "").ljust(9, "0"))
    except ValueError:
        pass
    raise ValueError(f"Timestamp format must be yyyy-mm-dd hh:mm:ss[.fffffffff]: {value} is not a timestamp.")


_INTEGRAL = KeyType(_integer, "Integral")
_STRING = KeyType(_text, "String", like=True)
_TYPES = {
    "string": _STRING,
    "char": _STRING,
    "varchar": _STRING,
    "date": KeyType(_date, "Date"),
    "timestamp": KeyType(_timestamp, "Timestamp"),
    "int": _INTEGRAL,
    "integer": _INTEGRAL,
    "bigint": _INTEGRAL,
    "long": _INTEGRAL,
    "tinyint": _INTEGRAL,
    "smallint": _INTEGRAL,
    "decimal": KeyType(_decimal, "Decimal"),
}
