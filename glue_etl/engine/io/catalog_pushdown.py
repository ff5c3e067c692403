"""What of a Spark SQL predicate the Data Catalog can judge itself, in the language of GetPartitions.

A table of many partitions then gives just those that may be meant. Only conditions that mean the same to both are
taken: a string key against texts, an integer key against whole numbers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from glue_etl.engine.types import tree as g

__all__ = ["Pushed", "attribute_name", "parsed_predicate", "pushed"]

_COMPARISONS = {
    "EqualTo": "=",
    "GreaterThan": ">",
    "GreaterThanOrEqual": ">=",
    "LessThan": "<",
    "LessThanOrEqual": "<=",
}
_WHOLE = (g.BYTE, g.SHORT, g.INT, g.LONG)
_LONGEST = 2000
"""Characters; the API takes 2,048."""
_WORDS = frozenset({"and", "between", "escape", "false", "in", "is", "like", "not", "null", "or", "true"})


@dataclass(frozen=True)
class Pushed:
    """A condition for the catalog.

    Attributes:
        text: The expression; it keeps at least what the predicate keeps. Empty if nothing can be told.
        exact: Whether it keeps nothing else.
    """

    text: str = ""
    exact: bool = False


def pushed(session: SparkSession, predicate: str, keys: g.StructType) -> Pushed:
    """What the catalog can judge of a predicate.

    Args:
        session: Spark, whose parser reads the predicate.
        predicate: An SQL expression; what is wrong with it is told by `catalog_predicate.judged`.
        keys: The partition keys with their types.
    """
    parsed = parsed_predicate(session, predicate)
    found = _condition(parsed, {key.name.lower(): key for key in keys}) if parsed is not None else Pushed()
    return found if len(found.text) <= _LONGEST else Pushed()


def parsed_predicate(session: SparkSession, predicate: str) -> Any:
    """The Java expression of a predicate; None if it is none."""
    try:
        return session._jsparkSession.sessionState().sqlParser().parseExpression(predicate)
    except (PySparkException, Py4JJavaError):
        return None


def attribute_name(expression: Any) -> str | None:
    """The name of a column in an expression, in lower case; None if it is something else."""
    if _kind(expression) != "UnresolvedAttribute":
        return None
    return str(expression.name()).strip("`").lower()


def _kind(expression: Any) -> str:
    return str(expression.getClass().getSimpleName())


def _condition(expression: Any, keys: dict[str, g.Field]) -> Pushed:
    kind = _kind(expression)
    if kind == "And":
        left, right = _condition(expression.left(), keys), _condition(expression.right(), keys)
        if left.text and right.text:
            return Pushed(f"{left.text} AND {right.text}", left.exact and right.exact)
        return Pushed(left.text or right.text)
    if kind == "Or":
        left, right = _condition(expression.left(), keys), _condition(expression.right(), keys)
        if left.text and right.text:
            return Pushed(f"({left.text} OR {right.text})", left.exact and right.exact)
        return Pushed()
    if kind == "Not":
        inner = _condition(expression.child(), keys)
        # What keeps too much would leave out too much.
        return Pushed(f"NOT ({inner.text})", True) if inner.exact else Pushed()
    text = _comparison(kind, expression, keys)
    return Pushed(text, True) if text else Pushed()


def _comparison(kind: str, expression: Any, keys: dict[str, g.Field]) -> str | None:
    if kind in _COMPARISONS:
        key = _key(expression.left(), keys)
        value = _literal(expression.right(), key)
        return f"{key.name} {_COMPARISONS[kind]} {value}" if key and value else None
    if kind == "Like":
        key = _key(expression.left(), keys)
        value = _literal(expression.right(), key)
        # Without a backslash in it, a pattern means the same to both.
        return f"{key.name} LIKE {value}" if key and value and key.type == g.STRING else None
    if kind == "In":
        key, options = _key(expression.value(), keys), expression.list()
        values = [_literal(options.apply(i), key) for i in range(options.size())]
        if key and values and all(values):
            return f"{key.name} IN ({', '.join(str(value) for value in values)})"
    return None


def _key(expression: Any, keys: dict[str, g.Field]) -> g.Field | None:
    key = keys.get(attribute_name(expression) or "")
    if key is None or key.name.lower() in _WORDS or not re.fullmatch(r"[A-Za-z_]\w*", key.name, re.ASCII):
        return None
    return key


def _literal(expression: Any, key: g.Field | None) -> str | None:
    """A literal as the catalog writes it, if it is of the key's own type."""
    if key is None or _kind(expression) != "Literal":
        return None
    value, kind = expression.value(), str(expression.dataType().typeName())
    if value is None:
        return None
    if key.type == g.STRING and kind == "string":
        text = str(value.toString())
        return "'" + text.replace("'", "''") + "'" if text.isprintable() and "\\" not in text else None
    return str(value) if key.type in _WHOLE and kind in ("integer", "long") else None
