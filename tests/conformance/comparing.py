"""When two values, rows, types or printed schemas count as the same. Plain data: no Spark needed."""

from __future__ import annotations

import base64
import datetime as dt
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

Json = Any

ATOMS = {"integer": "int", "bigint": "long", "bool": "boolean", "void": "null", "tinyint": "byte", "smallint": "short"}


def same_value(expected: Json, actual: Any) -> bool:
    """Whether a value read through Spark is the one a case writes down as JSON.

    A missing field is null at any depth, a struct of nothing but nulls is null; numbers compare by value; dates and
    timestamps as ISO text; a boolean is no number.
    """
    if is_null(expected) or is_null(actual):
        return is_null(expected) and is_null(actual)
    if isinstance(expected, bool) or isinstance(actual, bool):
        return isinstance(expected, bool) and isinstance(actual, bool) and expected == actual
    if isinstance(expected, (int, float, Decimal)):
        return isinstance(actual, (int, float, Decimal)) and same_number(expected, actual)
    if isinstance(expected, Mapping):
        if not isinstance(actual, Mapping):
            return False
        return all(same_value(expected.get(key), actual.get(key)) for key in {**expected, **actual})
    if isinstance(expected, (list, tuple)):
        if not isinstance(actual, (list, tuple)) or len(expected) != len(actual):
            return False
        return all(same_value(left, right) for left, right in zip(expected, actual, strict=True))
    if isinstance(actual, (dt.date, bytes, bytearray)):
        return isinstance(expected, str) and _same_text(expected, actual)
    return bool(expected == actual)


def is_null(value: Any) -> bool:
    """Null, or a struct of nothing but nulls."""
    return value is None or (isinstance(value, Mapping) and all(is_null(inner) for inner in value.values()))


def same_number(expected: int | float | Decimal, actual: int | float | Decimal) -> bool:
    """Equal as decimals, or as floats up to rounding in the last digits."""
    if expected == actual or Decimal(str(expected)) == Decimal(str(actual)):
        return True
    left, right = float(expected), float(actual)
    if math.isnan(left) or math.isnan(right):
        return math.isnan(left) and math.isnan(right)
    return isinstance(expected, float) and math.isclose(left, right, rel_tol=1e-12)


def _same_text(expected: str, actual: dt.date | bytes | bytearray) -> bool:
    if isinstance(actual, dt.datetime):
        try:
            return dt.datetime.fromisoformat(expected).replace(tzinfo=None) == actual.replace(tzinfo=None)
        except ValueError:
            return False
    if isinstance(actual, dt.date):
        return expected == actual.isoformat()
    return expected in (bytes(actual).decode("utf-8", "replace"), base64.b64encode(actual).decode("ascii"))


def multiset_difference(expected: Sequence[Json], actual: Sequence[Any]) -> tuple[list[Json], list[Any]]:
    """Values that are missing, and values that should not be there; both empty if the multisets are the same."""
    missing, left = [], list(actual)
    for wanted in expected:
        for position, candidate in enumerate(left):
            if same_value(wanted, candidate):
                del left[position]
                break
        else:
            missing.append(wanted)
    return missing, left


def only_columns(rows: Iterable[Mapping[str, Any]], columns: Sequence[str] | None) -> list[Mapping[str, Any]]:
    """The rows with these columns alone; all of them if none are named."""
    if columns is None:
        return list(rows)
    return [{name: row.get(name) for name in columns} for row in rows]


def same_type(expected: Json, actual: Json, ordered: bool = False) -> bool:
    """Whether two types in the case notation agree; the order of struct fields counts only if `ordered`."""
    if isinstance(expected, dict) and "decimal" in expected:
        expected = "decimal({},{})".format(*expected["decimal"])
    if isinstance(expected, str) or isinstance(actual, str):
        return isinstance(expected, str) and isinstance(actual, str) and _same_atom(expected, actual)
    if set(expected) != set(actual):
        return False
    if "struct" in expected:
        return same_fields(expected["struct"], actual["struct"], ordered)
    if "choice" in expected:
        left = list(actual["choice"])
        for wanted in expected["choice"]:
            match = next((each for each in left if same_type(wanted, each, ordered)), None)
            if match is None:
                return False
            left.remove(match)
        return not left
    return all(same_type(expected[key], actual[key], ordered) for key in expected)


def _same_atom(expected: str, actual: str) -> bool:
    wanted, found = (ATOMS.get(name, name).replace(" ", "") for name in (expected, actual))
    return wanted == found or (wanted == "decimal" and found.startswith("decimal("))


def same_fields(expected: Sequence[Json], actual: Sequence[Json], ordered: bool = False) -> bool:
    """Whether two lists of `[name, type]` agree."""
    if ordered:
        return len(expected) == len(actual) and all(
            wanted[0] == found[0] and same_type(wanted[1], found[1], ordered)
            for wanted, found in zip(expected, actual, strict=True)
        )
    left, right = ({name: type_ for name, type_, *_ in fields} for fields in (expected, actual))
    return (
        len(expected) == len(actual)
        and left.keys() == right.keys()
        and all(same_type(left[name], right[name], ordered) for name in left)
    )


def same_printed(expected: str, actual: str, ordered: bool) -> bool:
    """Whether two printed schemas agree, trailing blank lines aside; unless `ordered` as sets of top-level blocks."""
    left, right = _lines(expected), _lines(actual)
    return left == right if ordered else sorted(_blocks(left)) == sorted(_blocks(right))


def same_output(expected: str, actual: str) -> bool:
    """Whether two printed texts agree, trailing blank lines aside."""
    return _lines(expected) == _lines(actual)


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.rstrip().splitlines()]


def _blocks(lines: Sequence[str]) -> list[list[str]]:
    blocks: list[list[str]] = []
    for line in lines:
        if not blocks or line.startswith("|-- "):
            blocks.append([])
        blocks[-1].append(line)
    return blocks


def exactly(expected: Json, actual: Any) -> bool:
    """Whether two plain values are equal: numbers by value, a boolean no number, a missing key not the same as null."""
    if isinstance(expected, Mapping):
        return (
            isinstance(actual, Mapping)
            and expected.keys() == actual.keys()
            and all(exactly(expected[key], actual[key]) for key in expected)
        )
    if isinstance(expected, (list, tuple)):
        return (
            isinstance(actual, (list, tuple))
            and len(expected) == len(actual)
            and all(exactly(left, right) for left, right in zip(expected, actual, strict=True))
        )
    return (expected is None) == (actual is None) and same_value(expected, actual)


def jsonlike(value: Any) -> Any:
    """A result with its tuples, sets and views as lists, so that JSON can be compared with it."""
    if isinstance(value, Mapping):
        return {key: jsonlike(inner) for key, inner in value.items()}
    if isinstance(value, (str, bytes, bytearray)) or not isinstance(
        value, (list, tuple, set, frozenset, type({}.keys()))
    ):
        return value
    return [jsonlike(inner) for inner in value]


def agree(what: str, holds: bool, expected: Any, actual: Any) -> None:
    """Fail with both sides shown, unless it holds.

    Raises:
        AssertionError: It does not hold.
    """
    assert holds, f"{what}\n  expected: {shown(expected)}\n  actual:   {shown(actual)}"


def shown(values: Any, limit: int = 2000) -> str:
    """Values for a failure message, on few lines."""
    text = json.dumps(values, ensure_ascii=False, default=str)
    return text if len(text) <= limit else f"{text[:limit]} ... ({len(text)} characters)"
