"""Exact choices out of Spark's JSON parser.

A choice is read as a string: Spark then gives the token's own text, whatever its kind, and the text tells the kind: a
number, `true`, an object. Only a quoted string that looks like one of these would be taken for it; fields where the
survey saw such strings ("murky" ones), or did not look, are decoded from the raw line in Python instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pandas as pd
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as s
from pyspark.sql.pandas.functions import pandas_udf

from glue_etl.engine.compat import try_cast
from glue_etl.engine.types import tree as g
from glue_etl.engine.types.json_strict import alternative, dumps, loads
from glue_etl.engine.types.paths import ELEMENTS, Path
from glue_etl.engine.types.spark import to_spark

__all__ = ["STRICT", "lift", "read_schema", "split", "stored", "string_choices"]

STRICT = {"allowSingleQuotes": "false", "allowNonNumericNumbers": "false", "mode": "PERMISSIVE"}
"""Options that hold Spark's parser to what JSON is; quotes and NaN are its only liberties by default."""


_LEAST_INT = -(2**31)
_SURELY_LONG = 18
"""So many characters of an integer always fit 64 bits."""


def string_choices(kind: g.GlueType) -> frozenset[Path]:
    """The paths of choices with a string among their alternatives: only there is anything to tell apart."""
    return frozenset(_in_choices(kind, (), False))


def _in_choices(kind: g.GlueType, path: Path, inside: bool) -> set[Path]:
    if isinstance(kind, g.StructType):
        return {p for member in kind for p in _in_choices(member.type, (*path, member.name), False)}
    if isinstance(kind, g.ArrayType):
        return _in_choices(kind.element, (*path, ELEMENTS), False)
    if isinstance(kind, g.ChoiceType):
        return {p for choice in kind.choices for p in _in_choices(choice, path, True)}
    return {path} if inside and kind == g.STRING else set()


def read_schema(kind: g.GlueType, atom: Callable[[g.GlueType], s.DataType] = to_spark) -> s.DataType:
    """The Spark type to read with: every choice as a string, the rest as `atom` says."""
    if isinstance(kind, g.ChoiceType):
        return s.StringType()
    if isinstance(kind, g.StructType):
        return s.StructType([s.StructField(member.name, read_schema(member.type, atom), True) for member in kind])
    if isinstance(kind, (g.ArrayType, g.SetType)):
        return s.ArrayType(read_schema(kind.element, atom), True)
    if isinstance(kind, g.MapType):
        return s.MapType(s.StringType(), read_schema(kind.value, atom), True)
    return atom(kind)


def lift(column: Column, kind: g.GlueType) -> Column:
    """A column read with `read_schema(kind)`, stored as `to_spark(kind)` has it."""
    if not g.contains_choice(kind):
        return column
    if isinstance(kind, g.StructType):
        members = [lift(column.getField(member.name), member.type).alias(member.name) for member in kind]
        return F.when(column.isNotNull(), F.struct(*members))
    if isinstance(kind, (g.ArrayType, g.SetType)):
        element = kind.element
        return F.transform(column, lambda item: lift(item, element))
    if isinstance(kind, g.MapType):
        value = kind.value
        return F.transform_values(column, lambda _, item: lift(item, value))
    assert isinstance(kind, g.ChoiceType)
    members = [_alternative(column, choice, kind).alias(choice.name) for choice in kind.choices]
    return F.when(column.isNotNull(), F.struct(*members))


def _alternative(text: Column, kind: g.GlueType, choice: g.ChoiceType) -> Column:
    if kind == g.STRING:
        bare = _is_number(text) | text.isin("true", "false") | text.startswith("{") | text.startswith("[")
        return F.when(~bare, text)
    if kind == g.BOOLEAN:
        return F.when(text == "true", F.lit(True)).when(text == "false", F.lit(False))
    if isinstance(kind, (g.StructType, g.MapType)):
        return _nested(F.when(text.startswith("{"), text), kind)
    if isinstance(kind, g.ArrayType):
        return _nested(F.when(text.startswith("["), text), kind)
    return _number(text, kind, choice)


def _number(text: Column, kind: g.GlueType, choice: g.ChoiceType) -> Column:
    """The narrowest alternative that holds a number is the one AWS Glue would have inferred for it."""
    # A cast that fails is an exception inside Spark, thrown and caught for each record: the text is looked at before.
    whole = ~(text.contains(".") | text.contains("e") | text.contains("E"))
    short = F.length(text) <= _SURELY_LONG
    number = F.when(short, try_cast(F.when(short, text), s.LongType())).otherwise(try_cast(text, s.LongType()))
    integer = F.when(_is_number(text) & whole, number)
    is_int = integer.between(_LEAST_INT, -_LEAST_INT - 1)
    if kind == g.INT:
        return F.when(is_int, integer.cast("int"))
    if kind == g.LONG:
        return F.when(~is_int, integer) if g.INT in choice.choices else integer
    taken = integer.isNotNull() if g.LONG in choice.choices else is_int if g.INT in choice.choices else F.lit(False)
    return F.when(_is_number(text) & ~F.coalesce(taken, F.lit(False)), try_cast(text, to_spark(kind)))


def _is_number(text: Column) -> Column:
    # No regular expressions here: they would cost as much as the parsing.
    digit = F.substring(text, 2, 1)
    return ((text >= "0") & (text < ":")) | (text.startswith("-") & (digit >= "0") & (digit < ":"))


def _nested(text: Column, kind: g.GlueType) -> Column:
    schema: Any = read_schema(kind)
    return lift(F.from_json(text, schema, STRICT), kind)


def split(
    df: DataFrame, column: str, kind: g.StructType, murky: frozenset[Path], extra: Sequence[Column] = ()
) -> DataFrame:
    """The columns of `kind` from lines that are one record each, and further columns of `df` as they are."""
    names = {path[0] for path in murky}
    hard = g.StructType(tuple(member for member in kind if member.name in names))
    easy = g.StructType(tuple(member for member in kind if member.name not in names))
    line = F.col(column)
    parsed: list[Column] = []
    if easy.fields:
        parsed.append(F.from_json(line, read_schema(easy), STRICT).alias("easy"))  # type: ignore[arg-type]
    if hard.fields:
        encode = pandas_udf(_encoder(hard), s.StringType())  # type: ignore[call-overload]
        parsed.append(F.from_json(encode(line), to_spark(hard), STRICT).alias("hard"))  # type: ignore[arg-type]
    members = [
        F.col("hard").getField(member.name).alias(member.name)
        if member.name in names
        else lift(F.col("easy").getField(member.name), member.type).alias(member.name)
        for member in kind
    ]
    kept = [F.col(name) for name in df.columns if name != column] if extra else []
    return df.select(*parsed, *kept).select(*members, *extra)


def _encoder(kind: g.StructType) -> Any:
    def encode(batches: Iterator[pd.Series]) -> Iterator[pd.Series]:
        for lines in batches:
            yield pd.Series(
                [dumps(_members(loads(line.encode("utf-8")), kind)).decode("utf-8") for line in lines], dtype=object
            )

    encode.__annotations__ = {"batches": Iterator[pd.Series], "return": Iterator[pd.Series]}
    return encode


def stored(value: Any, kind: g.GlueType) -> Any:
    """A decoded JSON value as it is stored: a choice is an object with its one alternative.

    A value that the type has no room for is null.
    """
    names = alternative(value)
    if isinstance(kind, g.ChoiceType):
        for name in names:
            choice = kind.get(name)
            if choice is not None:
                return {name: stored(value, choice)}
        return None
    if kind.name not in names:
        return value if names and not isinstance(kind, (g.StructType, g.ArrayType, g.MapType)) else None
    if isinstance(kind, g.StructType):
        return _members(value, kind)
    if isinstance(kind, g.ArrayType):
        return [stored(item, kind.element) for item in value]
    if isinstance(kind, g.MapType):
        return {name: stored(item, kind.value) for name, item in value.items()}
    return value


def _members(value: dict[str, Any], kind: g.StructType) -> dict[str, Any]:
    return {member.name: stored(value[member.name], member.type) for member in kind if member.name in value}
