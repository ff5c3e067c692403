"""JsonPath: which parts of a document hold the records.

Source: `jsonPath` in "Using the JSON format in AWS Glue", which names https://github.com/json-path/JsonPath: members,
elements, slices, unions, wildcards, deep scans and filters. Functions such as `length()` select no object.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

from glue_etl.engine.io.json_filter import And, Compare, Exists, Not, Or, Test, matches
from glue_etl.errors import OptionError, UnsupportedError

__all__ = ["Descent", "Filter", "Slice", "Step", "Steps", "Union", "parse_json_path", "select"]


@dataclass(frozen=True)
class Slice:
    """Elements from one number up to another, as Python counts."""

    start: int | None
    stop: int | None


@dataclass(frozen=True)
class Union:
    """Several members, or several elements."""

    keys: tuple[str | int, ...]


@dataclass(frozen=True)
class Descent:
    """A value and everything in it, at any depth."""


@dataclass(frozen=True)
class Filter:
    """The elements or members that pass a test."""

    test: Test


Step = str | int | None | Slice | Union | Descent | Filter
"""A member's name, an element's number, None for all of them, or one of the classes here."""
Steps = tuple[Step, ...]
"""A parsed JsonPath."""


def select(value: Any, steps: Steps, root: Any = None) -> Iterator[Any]:
    """What a path selects in a value, in the order of the document.

    Args:
        value: A decoded JSON value.
        steps: The path.
        root: What `$` stands for in filters; by default the value.
    """
    root = value if root is None else root
    found: Iterator[Any] = iter((value,))
    for step in steps:
        found = _step(found, step, root)
    return found


def _step(values: Iterator[Any], step: Step, root: Any) -> Iterator[Any]:
    for value in values:
        if isinstance(step, str):
            if type(value) is dict and step in value:
                yield value[step]
        elif isinstance(step, int):
            if type(value) is list and -len(value) <= step < len(value):
                yield value[step]
        elif step is None:
            yield from _inner(value)
        elif isinstance(step, Descent):
            yield from _all(value)
        elif isinstance(step, Slice):
            if type(value) is list:
                yield from value[step.start : step.stop]
        elif isinstance(step, Union):
            for key in step.keys:
                yield from _step(iter((value,)), key, root)
        else:
            yield from (item for item in _inner(value) if matches(step.test, item, root, select))


def _inner(value: Any) -> list[Any]:
    return value if type(value) is list else list(value.values()) if type(value) is dict else []


def _all(value: Any) -> Iterator[Any]:
    pending = [value]
    while pending:
        value = pending.pop()
        yield value
        pending.extend(reversed(_inner(value)))


def parse_json_path(text: str) -> Steps:
    """Split a JsonPath into steps.

    Raises:
        UnsupportedError: It has a function.
        OptionError: It is no JsonPath.
    """
    parser = _Parser(text)
    try:
        return parser.whole()
    except RecursionError:
        parser.fail("its filter is nested too deeply")


_NAME = re.compile(r"[^.\[\]*'\"()?@\s]+")
_INNER_NAME = re.compile(r"[\w\-$#]+")
_INTEGER = re.compile(r"-?\d{1,18}")
_SLICE = re.compile(r"\s*(-?\d{1,18})?\s*:\s*(-?\d{1,18})?\s*\]")
_FUNCTION = re.compile(r"\.?(\w+)\s*\(")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_OPERATOR = re.compile(r"==|!=|<=|>=|=~|<|>|(?:in|nin|subsetof|anyof|noneof|contains|size|sizeof|empty)\b")
_REGEX = re.compile(r"/((?:\\.|[^/\\])*)/")
_WORDS = {"true": True, "false": False, "null": None}


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def fail(self, reason: str) -> NoReturn:
        hint = "it begins with $, such as '$.records[*]'"
        raise OptionError(f"jsonPath {self.text!r} is no JsonPath: {reason}.", hint=hint)

    def whole(self) -> Steps:
        if not self._take("$"):
            self.fail("it does not begin with $")
        steps = self._steps(_NAME)
        if self.at < len(self.text):
            self.fail(f"{self.text[self.at :]!r} is no step")
        return steps

    def _take(self, *words: str) -> bool:
        for word in words:
            if self.text.startswith(word, self.at):
                self.at += len(word)
                return True
        return False

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        match = pattern.match(self.text, self.at)
        if match is not None:
            self.at = match.end()
        return match

    def _blanks(self) -> None:
        while self.at < len(self.text) and self.text[self.at] in " \t\r\n":
            self.at += 1

    def _expect(self, word: str) -> None:
        self._blanks()
        if not self._take(word):
            self.fail(f"{word!r} is missing at character {self.at}")

    def _steps(self, names: re.Pattern[str]) -> Steps:
        steps: list[Step] = []
        while self.at < len(self.text):
            function = _FUNCTION.match(self.text, self.at)
            if function is not None and function[0].startswith("."):
                raise UnsupportedError.of(
                    f"the function {function[1]}() in the jsonPath {self.text!r}",
                    "select objects with it, such as '$.records[*]'",
                )
            if self._take(".."):
                steps.append(Descent())
                if self.text.startswith("[", self.at):
                    continue
                steps.append(self._member(names))
            elif self._take("."):
                steps.append(self._member(names))
            elif self._take("["):
                steps.append(self._bracket())
            else:
                break
        return tuple(steps)

    def _member(self, names: re.Pattern[str]) -> str | None:
        if self._take("*"):
            return None
        name = self._match(names)
        if name is None:
            self.fail(f"a name is missing at character {self.at}")
        return name[0]

    def _bracket(self) -> Step:
        piece = self._match(_SLICE)
        if piece is not None:
            return Slice(*(int(part) if part else None for part in piece.groups()))
        self._blanks()
        if self._take("?"):
            self._expect("(")
            test = self._or()
            self._expect(")")
            self._expect("]")
            return Filter(test)
        if self._take("*"):
            self._expect("]")
            return None
        keys = [self._key()]
        self._blanks()
        while self._take(","):
            keys.append(self._key())
            self._blanks()
        self._expect("]")
        return keys[0] if len(keys) == 1 else Union(tuple(keys))

    def _key(self) -> str | int:
        self._blanks()
        if self.text[self.at : self.at + 1] in ("'", '"'):
            return self._string()
        number = self._match(_INTEGER)
        if number is None:
            self.fail(f"a name in quotes or a number is missing at character {self.at}")
        return int(number[0])

    def _string(self) -> str:
        quote = self.text[self.at]
        self.at += 1
        found = ""
        while not self._take(quote):
            self._take("\\")
            if self.at >= len(self.text):
                self.fail(f"a {quote} is not closed")
            found += self.text[self.at]
            self.at += 1
        return found

    def _or(self) -> Test:
        tests = [self._and()]
        while self._separated("||"):
            tests.append(self._and())
        return tests[0] if len(tests) == 1 else Or(tuple(tests))

    def _and(self) -> Test:
        tests = [self._one()]
        while self._separated("&&"):
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else And(tuple(tests))

    def _separated(self, word: str) -> bool:
        self._blanks()
        return self._take(word)

    def _one(self) -> Test:
        if self._separated("!"):
            return Not(self._one())
        if self._take("("):
            test = self._or()
            self._expect(")")
            return test
        left = self._operand()
        self._blanks()
        operator = self._match(_OPERATOR)
        if operator is None:
            return Exists(left)
        return Compare(left, operator[0], self._operand())

    def _operand(self) -> Any:
        """A path with its start, or `("", value)` of a literal."""
        self._blanks()
        if self._take("@"):
            return "@", self._steps(_INNER_NAME)
        if self._take("$"):
            return "$", self._steps(_INNER_NAME)
        return "", self._literal()

    def _literal(self) -> Any:
        self._blanks()
        first = self.text[self.at : self.at + 1]
        if first in ("'", '"'):
            return self._string()
        if first == "/":
            return self._regex()
        if self._take("["):
            items = []
            while not self._separated("]"):
                items.append(self._literal())
                self._separated(",")
            return items
        number = self._match(_NUMBER)
        if number is not None:
            return float(number[0]) if set(number[0]) & set(".eE") else int(number[0])
        word = self._match(_INNER_NAME)
        if word is None or word[0] not in _WORDS:
            self.fail(f"a value is missing at character {self.at}")
        return _WORDS[word[0]]

    def _regex(self) -> re.Pattern[str]:
        body = self._match(_REGEX)
        if body is None:
            self.fail("a / is not closed")
        flags = re.IGNORECASE if self._take("i") else re.NOFLAG
        try:
            with warnings.catch_warnings():
                # Of sets that a later Python may read in another way.
                warnings.simplefilter("ignore", FutureWarning)
                return re.compile(body[1], flags)
        except (re.error, OverflowError) as error:
            self.fail(f"{body[1]!r} is no regular expression ({error})")
