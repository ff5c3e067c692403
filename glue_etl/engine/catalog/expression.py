"""The expressions of `GetPartitions`: a SQL `WHERE` clause over the partition keys.

Operators: `= <> != > < >= <=`, `AND`, `OR`, `NOT`, `IN`, `BETWEEN`, `LIKE`, `IS NULL`, with parentheses. Every
comparison is between a key and literals, in the key's type; a comparison with null is neither true nor false.

https://docs.aws.amazon.com/glue/latest/webapi/API_GetPartitions.html
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, NoReturn

from glue_etl.engine.catalog.errors import ApiError
from glue_etl.engine.catalog.judges import Judge, Key, all_of, any_of, being, comparing, like, negated, null
from glue_etl.engine.catalog.key_types import key_type

__all__ = ["Filter", "parse"]

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<string>'(?:[^']|'')*')
      | (?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![\w$]))
      | (?P<name>[^\W\d][\w$]*|"[^"]+"|`[^`]+`)
      | (?P<sign><\s*>|!=|<=|>=|[=<>(),+-])
      | (?P<end>\Z)
    )""",
    re.VERBOSE,
)
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_WORDS = frozenset({"AND", "OR", "NOT", "IN", "BETWEEN", "LIKE", "IS", "NULL", "ESCAPE"})
_DEEPEST = 100


@dataclass(frozen=True)
class Filter:
    """A parsed expression.

    Args:
        judge: Whether a partition with these values is meant.
        equal: Text keys, by index, that must have one of these texts whatever the rest says.
    """

    judge: Judge
    equal: dict[int, frozenset[str]]

    def keeps(self, values: Sequence[str]) -> bool:
        """Whether the expression is true of a partition.

        Args:
            values: The partition's values, in the order of the table's keys.

        Raises:
            ApiError: `InvalidStateException`, a value that the expression needs is not of its key's type.
        """
        return self.judge(values) is True

    def sql(self, column: str) -> tuple[str, list[str]]:
        """Conditions for SQLite that hold for every partition that is kept.

        Args:
            column: The column with the values as a JSON array without spaces.

        Returns:
            Text to put behind another condition, and its arguments.
        """
        text, arguments = "", []
        for index, allowed in sorted(self.equal.items()):
            marks = ", ".join("?" * len(allowed))
            text += f" AND json_extract({column}, '$[{index}]') IN ({marks})"
            arguments += sorted(allowed)
        prefix: list[str] = []
        while len(self.equal.get(len(prefix), ())) == 1:
            prefix += self.equal[len(prefix)]
        if prefix:
            start = json.dumps(prefix, ensure_ascii=False, separators=(",", ":"))[:-1]
            # Behind the start comes a comma or the closing bracket, and both are below `^`: a range of the index.
            text += f" AND {column} >= ? AND {column} < ?"
            arguments += [start, start + "^"]
        return text, arguments


def parse(expression: str, keys: Sequence[tuple[str, str]]) -> Filter:
    """Read an expression.

    Args:
        expression: The text; if it is blank every partition is meant.
        keys: Name and type of each partition key, in order.

    Raises:
        ApiError: `InvalidInputException` with the position of what is wrong: the grammar, an unknown column, a literal
            that is not of its key's type, an operator that the type does not have.
    """
    if not expression.strip():
        return Filter(lambda values: True, {})
    return _Parser(expression, keys).whole()


class _Token(NamedTuple):
    kind: str
    text: str
    start: int

    @property
    def word(self) -> str:
        """The keyword it is, or nothing."""
        return self.text.upper() if self.kind == "name" and self.text.upper() in _WORDS else ""


class _Literal(NamedTuple):
    text: str
    start: int


class _Condition(NamedTuple):
    judge: Judge
    # As Filter.equal; what holds whenever the condition is true.
    equal: dict[int, frozenset[str]]


class _Parser:
    """Recursive descent: or > and > not > condition."""

    def __init__(self, expression: str, keys: Sequence[tuple[str, str]]) -> None:
        self.expression = expression
        self.keys = {name.lower(): (index, name, type_name) for index, (name, type_name) in enumerate(keys)}
        self.tokens = self.scan()
        self.at = 0
        self.depth = 0

    def scan(self) -> list[_Token]:
        tokens: list[_Token] = []
        position = 0
        while not tokens or tokens[-1].kind != "end":
            found = _TOKEN.match(self.expression, position)
            if found is None:
                start = position + len(self.expression[position:]) - len(self.expression[position:].lstrip())
                what = "a string without its closing quote" if self.expression[start] == "'" else "an unknown sign"
                self.fail(start, f"{what} {self.expression[start : start + 20]!r}")
            kind = str(found.lastgroup)
            tokens.append(_Token(kind, found[kind], found.start(kind)))
            position = found.end()
        return tokens

    def fail(self, start: int, what: str) -> NoReturn:
        raise ApiError.invalid(f"Unsupported expression '{self.expression}': {what}, at position {start + 1}.")

    def expected(self, what: str) -> NoReturn:
        token = self.now
        self.fail(
            token.start, f"expected {what}, found {token.text!r}" if token.text else f"expected {what} at its end"
        )

    @property
    def now(self) -> _Token:
        return self.tokens[self.at]

    def next(self) -> _Token:
        token = self.now
        self.at += 1
        return token

    def takes(self, *texts: str) -> bool:
        """Step over these signs or keywords if they come next."""
        coming = self.tokens[self.at : self.at + len(texts)]
        if tuple(each.word or (each.text if each.kind == "sign" else "") for each in coming) != texts:
            return False
        self.at += len(texts)
        return True

    def require(self, text: str) -> None:
        if not self.takes(text):
            self.expected(repr(text))

    def whole(self) -> Filter:
        condition = self.either()
        if self.now.kind != "end":
            self.expected("AND, OR or the end")
        return Filter(condition.judge, condition.equal)

    def either(self) -> _Condition:
        parts = [self.both()]
        while self.takes("OR"):
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else _Condition(any_of([each.judge for each in parts]), _common(parts))

    def both(self) -> _Condition:
        parts = [self.negated()]
        while self.takes("AND"):
            parts.append(self.negated())
        return parts[0] if len(parts) == 1 else _Condition(all_of([each.judge for each in parts]), _joint(parts))

    def negated(self) -> _Condition:
        start = self.now.start
        turned = False
        while self.takes("NOT"):
            turned = not turned
        self.depth += 1
        if self.depth > _DEEPEST:
            self.fail(start, f"more than {_DEEPEST} parentheses in each other")
        condition = self.condition()
        self.depth -= 1
        return _Condition(negated(condition.judge), {}) if turned else condition

    def condition(self) -> _Condition:
        # A parenthesis opens a condition or an operand; only what follows tells which.
        if self.now.text == "(" and not self.operand_ahead():
            self.next()
            inside = self.either()
            self.require(")")
            return inside
        left = self.operand()
        if isinstance(left, _Literal):
            sign = self.comparison_sign()
            start = self.now.start
            right = self.operand()
            if not isinstance(right, Key):
                self.fail(start, "a comparison needs a partition key")
            return self.compared(right, _MIRRORED.get(sign, sign), left)
        if self.takes("IS"):
            turned = self.takes("NOT")
            self.require("NULL")
            return _Condition(null(left, not turned), {})
        turned = self.takes("NOT")
        for word, read in (("IN", self.one_of), ("BETWEEN", self.between), ("LIKE", self.like)):
            if self.takes(word):
                condition = read(left)
                return _Condition(negated(condition.judge), {}) if turned else condition
        if turned:
            self.expected("IN, BETWEEN or LIKE")
        sign = self.comparison_sign()
        return self.compared(left, sign, self.literal())

    def operand_ahead(self) -> bool:
        """Whether all parentheses that open here close again around one key or literal."""
        ahead = self.at
        while self.tokens[ahead].text == "(":
            ahead += 1
        opened = ahead - self.at
        dated = self.dated(ahead)
        ahead += dated or self.tokens[ahead].text in ("+", "-")
        if self.tokens[ahead].kind not in ("name", "number", "string") or self.tokens[ahead].word:
            return False
        closing = self.tokens[ahead + 1 : ahead + 1 + opened]
        return len(closing) == opened and all(each.text == ")" for each in closing)

    def dated(self, at: int) -> bool:
        """Whether a token is the DATE or TIMESTAMP in front of a text."""
        return self.tokens[at].text.upper() in ("DATE", "TIMESTAMP") and self.tokens[at + 1].kind == "string"

    def operand(self) -> Key | _Literal:
        opened = 0
        while self.takes("("):
            opened += 1
        names = self.now.kind == "name" and not self.now.word and not self.dated(self.at)
        found = self.key() if names else self.literal()
        for _ in range(opened):
            self.require(")")
        return found

    def key(self) -> Key:
        token = self.next()
        name = token.text.strip('"`')
        if name.lower() not in self.keys:
            available = ", ".join(each[1] for each in self.keys.values()) or "none"
            self.fail(token.start, f"Unknown column '{name}'. Partition keys: {available}")
        index, own, type_name = self.keys[name.lower()]
        found = key_type(type_name)
        if found is None:
            self.fail(token.start, f"Unknown type : '{type_name}' of the partition key '{own}'")
        return Key(index, own, found)

    def literal(self) -> _Literal:
        start = self.now.start
        opened = 0
        while self.takes("("):
            opened += 1
        found = self.bare_literal(start)
        for _ in range(opened):
            self.require(")")
        return found

    def bare_literal(self, start: int) -> _Literal:
        if self.dated(self.at):
            self.next()
        minus = self.takes("-")
        signed = minus or self.takes("+")
        if self.now.kind == "number":
            return _Literal(("-" if minus else "") + self.next().text, start)
        if self.now.kind == "string" and not signed:
            return _Literal(self.next().text[1:-1].replace("''", "'"), start)
        self.expected("a literal")

    def comparison_sign(self) -> str:
        sign = "".join(self.now.text.split())
        if sign not in _COMPARISONS:
            self.expected("a comparison")
        self.next()
        return sign

    def read(self, key: Key, literal: _Literal) -> Any:
        try:
            return key.type.read(literal.text)
        except ValueError as error:
            self.fail(literal.start, f"{error} (partition key '{key.name}')")

    def compared(self, key: Key, sign: str, literal: _Literal) -> _Condition:
        wanted = self.read(key, literal)
        if sign == "=":
            return self.among(key, [literal], {wanted})
        return _Condition(comparing(key, _COMPARISONS[sign], wanted), {})

    def one_of(self, key: Key) -> _Condition:
        self.require("(")
        literals = [self.literal()]
        while self.takes(","):
            literals.append(self.literal())
        self.require(")")
        return self.among(key, literals, {self.read(key, each) for each in literals})

    def among(self, key: Key, literals: list[_Literal], wanted: set[Any]) -> _Condition:
        # Only text compares in SQLite as it does here: 01 and 1 are one integer.
        equal = {key.index: frozenset(each.text for each in literals)} if key.type.like else {}
        return _Condition(being(key, wanted), equal)

    def between(self, key: Key) -> _Condition:
        low = self.read(key, self.literal())
        self.require("AND")
        high = self.read(key, self.literal())
        return _Condition(all_of([comparing(key, operator.ge, low), comparing(key, operator.le, high)]), {})

    def like(self, key: Key) -> _Condition:
        if not key.type.like:
            self.fail(self.now.start, f"{key.type.family} data type doesn't support operation 'LIKE'")
        start = self.now.start
        pattern = self.literal().text
        escape = self.literal().text if self.takes("ESCAPE") else ""
        if len(escape) > 1:
            self.fail(start, f"the escape {escape!r} is not one character")
        return _Condition(like(key, pattern, escape), {})


def _joint(parts: list[_Condition]) -> dict[int, frozenset[str]]:
    """What holds when all of the parts do."""
    result: dict[int, frozenset[str]] = {}
    for part in parts:
        for index, allowed in part.equal.items():
            result[index] = result[index] & allowed if index in result else allowed
    return result


def _common(parts: list[_Condition]) -> dict[int, frozenset[str]]:
    """What holds when any of the parts does."""
    shared = set.intersection(*(set(part.equal) for part in parts))
    return {index: frozenset(text for part in parts for text in part.equal[index]) for index in shared}
