"""The tests of JsonPath filters, `[?(@.price < 10 && @.kind in ['a', 'b'])]`.

Source: https://github.com/json-path/JsonPath, filter operators.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

__all__ = ["And", "Compare", "Exists", "Not", "Operand", "Or", "Test", "matches"]

Operand = tuple[str, Any]
"""`@` or `$` and the steps from there, or nothing and a value."""
Select = Callable[[Any, Any, Any], Iterator[Any]]


@dataclass(frozen=True)
class And:
    """All of some tests."""

    tests: tuple[Test, ...]


@dataclass(frozen=True)
class Or:
    """Any of some tests."""

    tests: tuple[Test, ...]


@dataclass(frozen=True)
class Not:
    """The opposite of a test."""

    test: Test


@dataclass(frozen=True)
class Exists:
    """Whether a path finds anything, or a value is true."""

    operand: Operand


@dataclass(frozen=True)
class Compare:
    """A comparison of two operands."""

    left: Operand
    operator: str
    right: Operand


Test = And | Or | Not | Exists | Compare

_ABSENT = object()


def matches(test: Test, item: Any, root: Any, select: Select) -> bool:
    """Whether an item passes.

    Args:
        test: The test.
        item: What `@` stands for.
        root: What `$` stands for.
        select: Finds what a path selects.
    """
    if isinstance(test, And):
        return all(matches(each, item, root, select) for each in test.tests)
    if isinstance(test, Or):
        return any(matches(each, item, root, select) for each in test.tests)
    if isinstance(test, Not):
        return not matches(test.test, item, root, select)
    if isinstance(test, Exists):
        found = _value(test.operand, item, root, select)
        return found is not _ABSENT if test.operand[0] else bool(found)
    left = _value(test.left, item, root, select)
    right = _value(test.right, item, root, select)
    return bool(_OPERATORS[test.operator](left, right))


def _value(operand: Operand, item: Any, root: Any, select: Select) -> Any:
    start, what = operand
    if not start:
        return what
    found = list(select(item if start == "@" else root, what, root))
    if all(type(step) in (str, int) for step in what):
        return found[0] if found else _ABSENT
    return found or _ABSENT


def _equal(left: Any, right: Any) -> bool:
    if type(left) is bool or type(right) is bool:
        return left is right
    numbers = (int, float)
    if (isinstance(left, numbers) and isinstance(right, str)) or (isinstance(left, str) and isinstance(right, numbers)):
        return str(left) == str(right)
    return bool(left == right)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def ordered(left: Any, right: Any) -> bool:
        kinds = {type(left), type(right)}
        return (kinds <= {int, float} or kinds == {str}) and compare(left, right)

    return ordered


def _in(left: Any, right: Any) -> bool:
    return isinstance(right, list) and any(_equal(left, item) for item in right)


def _contains(left: Any, right: Any) -> bool:
    if isinstance(left, str):
        return isinstance(right, str) and right in left
    return _in(right, left)


def _any_of(left: Any, right: Any) -> bool:
    return isinstance(left, list) and any(_in(item, right) for item in left)


def _size(left: Any, right: Any) -> bool:
    return isinstance(left, (str, list)) and len(left) == (len(right) if isinstance(right, (str, list)) else right)


def _matched(left: Any, right: Any) -> bool:
    pattern, text = (right, left) if isinstance(right, re.Pattern) else (left, right)
    return isinstance(pattern, re.Pattern) and isinstance(text, str) and pattern.fullmatch(text) is not None


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "==": _equal,
    "!=": lambda left, right: not _equal(left, right),
    "<": _ordered(lambda left, right: left < right),
    "<=": _ordered(lambda left, right: left <= right),
    ">": _ordered(lambda left, right: left > right),
    ">=": _ordered(lambda left, right: left >= right),
    "=~": _matched,
    "in": _in,
    "nin": lambda left, right: left is not _ABSENT and not _in(left, right),
    "contains": _contains,
    "subsetof": lambda left, right: isinstance(left, list) and all(_in(item, right) for item in left),
    "anyof": _any_of,
    "noneof": lambda left, right: isinstance(left, list) and not _any_of(left, right),
    "size": _size,
    "sizeof": _size,
    "empty": lambda left, right: isinstance(left, (str, list, dict)) and (not left) is (right is True),
}
