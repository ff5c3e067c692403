"""JSON texts in a field: one pass for their type, then Spark's own parser.

A text holds one JSON document: an object becomes a struct, an array an array; both make a choice. A bare number, string
or boolean is no document. Where some text cannot be read, or Spark's text of a choice would not tell its alternatives
apart, the texts go through Python once.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyspark import TaskContext
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as f
from pyspark.sql import types as s
from pyspark.sql.pandas.functions import pandas_udf

from glue_etl.engine.frame.boxed import OPENED, Opened, check_options, given_schema, is_blank, pinned
from glue_etl.engine.frame.conform import null_of, top
from glue_etl.engine.types import json_form
from glue_etl.engine.types import tree as g
from glue_etl.engine.types.inference_worker import Segment
from glue_etl.engine.types.json_shape import Strings, shape
from glue_etl.engine.types.json_split import STRICT, lift, read_schema, stored, string_choices
from glue_etl.engine.types.json_strict import dumps, loads
from glue_etl.engine.types.paths import ELEMENTS, Path, parse, render
from glue_etl.engine.types.spark import to_spark
from glue_etl.errors import FieldError, OptionError, UnsupportedError

__all__ = ["JsonOpener", "open_text", "survey_texts"]

_REPORT = "part int, type string, murky array<string>, bad long"
_CORRUPT = "\0corrupt"


@dataclass(frozen=True)
class _Survey:
    type: g.GlueType
    murky: frozenset[Path]
    bad: int


class JsonOpener:
    """Reads JSON texts.

    Args:
        options: `withSchema`; `multiline` and `optimizePerformance` change nothing here.

    Raises:
        OptionError: Another option, or a schema that is none.
        UnsupportedError: `jsonPath`.
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        if options.get("jsonPath"):
            raise UnsupportedError.of("The option 'jsonPath' of Unbox", "unbox the whole text, then select fields")
        check_options(options, {"withSchema", "jsonPath", "multiline", "multiLine", "optimizePerformance"}, "json")
        self._given = given_schema(options)
        if self._given is not None and not isinstance(self._given, (g.StructType, g.ArrayType, g.MapType)):
            raise OptionError(f"The option 'withSchema' of Unbox is a {self._given.name}.", hint="give a struct")

    def open(self, df: DataFrame, text: Column, where: str) -> Opened:
        """Read the texts of a column.

        Args:
            df: The records.
            text: The texts, a column of it.
            where: The field's path, for messages.

        Raises:
            FieldError: Members that differ in nothing but case, where Spark takes them for one.
        """
        if self._given is not None:
            if isinstance(self._given, g.StructType) and not string_choices(self._given):
                return _by_schema(df, text, self._given)
            return _by_python(df, text, self._given, None)
        seen = _survey(df, text)
        if df.sparkSession.conf.get("spark.sql.caseSensitive", "false") != "true":
            _check_names(seen.type, where)
        if isinstance(seen.type, g.StructType) and seen.type.fields and not seen.bad and not seen.murky:
            return _by_spark(df, text, seen.type)
        if seen.type in (g.NULL, g.UNKNOWN) and not seen.bad:
            return Opened(df, null_of(g.NULL), g.NULL, faults=0)
        return _by_python(df, text, seen.type, seen.bad)


def _survey(df: DataFrame, text: Column) -> _Survey:
    # As binary, because that is what Arrow's checks take.
    texts = df.select(text.cast("binary").alias("value")).where("value is not null")
    rows = sorted(texts.mapInArrow(survey_texts, _REPORT).collect(), key=lambda row: row["part"])
    kind = g.merge_all(json_form.loads(row["type"]) for row in rows)
    murky: frozenset[Path] = frozenset()
    if isinstance(kind, g.StructType):
        found = string_choices(kind)
        murky = frozenset(path for row in rows for path in map(parse, row["murky"]) if path in found)
    return _Survey(kind, murky, sum(row["bad"] for row in rows))


def survey_texts(batches: Iterable[Any]) -> Iterator[Any]:
    """Report on a partition of texts, from batches of (value binary)."""
    context = TaskContext.get()
    objects = Segment("", 0)
    others: g.GlueType = g.UNKNOWN
    bad = 0
    # As in the survey of files: many small dicts without cycles.
    gc.disable()
    try:
        for batch in batches:
            lines = batch.column(0)
            plain = pc.and_(pc.starts_with(lines, b"{"), pc.ends_with(lines, b"}"))
            if pc.all(plain).as_py():
                objects.add(lines)
                continue
            objects.add(lines.filter(plain))
            kind, wrong = _odd(lines.filter(pc.invert(plain)).to_pylist(), objects.strings)
            others, bad = g.merge(others, kind), bad + wrong
    finally:
        gc.enable()
    kind = g.merge(objects.type, others) if objects.records else others
    # Paths that begin in an array are of no use: such texts go through Python anyway.
    seen = {*objects.strings.murky, *objects.strings.unchecked}
    murky = [render(path) for path in seen if path and path[0] is not ELEMENTS]
    part = context.partitionId() if context else 0
    report = {"part": part, "type": json_form.dumps(kind), "murky": murky, "bad": bad + objects.bad + objects.arrays}
    schema = pa.schema(
        [("part", pa.int32()), ("type", pa.string()), ("murky", pa.list_(pa.string())), ("bad", pa.int64())]
    )
    yield pa.RecordBatch.from_pylist([report], schema=schema)


def _odd(texts: list[bytes], strings: Strings) -> tuple[g.GlueType, int]:
    """The type of texts that are not plainly objects, and how many cannot be read."""
    values = []
    bad = 0
    for text in texts:
        value, fault = open_text(text)
        bad += fault is not None
        if fault is None:
            values.append(value)
    return shape(values, (), g.UNKNOWN, strings), bad


def open_text(text: bytes) -> tuple[Any, str | None]:
    """The value of a text, or why it has none."""
    if not text or text.isspace():
        return None, None
    try:
        value = loads(text)
    except ValueError as error:
        return None, f"not JSON: {error}"
    if value is not None and type(value) not in (dict, list):
        return None, "a JSON document is an object or an array, not a bare value"
    return value, None


def _by_spark(df: DataFrame, text: Column, kind: g.StructType) -> Opened:
    parsed = f.from_json(text, read_schema(kind), STRICT)  # type: ignore[arg-type]
    if not g.contains_choice(kind):
        return Opened(df, parsed, kind, faults=0)
    return Opened(df.select("*", parsed.alias(OPENED)), lift(top(OPENED), kind), kind, faults=0)


def _by_schema(df: DataFrame, text: Column, kind: g.StructType) -> Opened:
    """By a type that is given: Spark's parser alone says what is no JSON."""
    schema = read_schema(kind)
    assert isinstance(schema, s.StructType)
    wide = s.StructType([*schema.fields, s.StructField(_CORRUPT, s.StringType())])
    document = f.when(~is_blank(text) & (f.trim(text) != "null"), text)
    parsed = f.from_json(document, wide, {**STRICT, "columnNameOfCorruptRecord": _CORRUPT})
    rows = df.select("*", pinned(f.struct(document.alias("text"), parsed.alias("value"))).alias(OPENED))
    seen, value = top(OPENED).getField("text"), top(OPENED).getField("value")
    # A value of another type than the schema's counts as corrupt too; it becomes null, and the rest stays.
    broken = value.getField(_CORRUPT).isNotNull() & f.get_json_object(seen, "$").isNull()
    wrong = seen.isNotNull() & (~f.ltrim(seen).startswith("{") | broken)
    members = [lift(value.getField(member.name), member.type).alias(member.name) for member in kind]
    record = f.when(seen.isNotNull(), f.struct(*members))
    return Opened(rows, record, kind, f.when(wrong, f.lit("not a JSON object")))


def _by_python(df: DataFrame, text: Column, kind: g.GlueType, faults: int | None) -> Opened:
    # Nondeterministic, so that Spark does not run it once for the filter and once for the value.
    encode: Any = pandas_udf(_encoder(kind), "value string, fault string")  # type: ignore[call-overload]
    rows = df.select("*", encode.asNondeterministic()(text.cast("binary")).alias(OPENED))
    if kind in (g.NULL, g.UNKNOWN):
        return Opened(rows, null_of(g.NULL), g.NULL, top(OPENED).getField("fault"), faults)
    schema: Any = to_spark(kind)
    value = f.from_json(top(OPENED).getField("value"), schema, STRICT)
    return Opened(rows, value, kind, top(OPENED).getField("fault"), faults)


def _encoder(kind: g.GlueType) -> Any:
    def encode(batches: Iterator[pd.Series]) -> Iterator[pd.DataFrame]:
        for texts in batches:
            rows = [_encoded(text, kind) for text in texts]
            yield pd.DataFrame(rows, columns=["value", "fault"], dtype=object)

    encode.__annotations__ = {"batches": Iterator[pd.Series], "return": Iterator[pd.DataFrame]}
    return encode


def _encoded(text: bytes | None, kind: g.GlueType) -> tuple[str | None, str | None]:
    value, fault = (None, None) if text is None else open_text(text)
    if fault is not None or value is None:
        return None, fault
    kept = stored(value, kind)
    return None if kept is None else dumps(kept).decode("utf-8"), None


def _check_names(kind: g.GlueType, where: str) -> None:
    if isinstance(kind, g.StructType):
        seen: dict[str, str] = {}
        for member in kind:
            other = seen.setdefault(member.name.lower(), member.name)
            if other != member.name:
                raise FieldError(
                    f"The members {other!r} and {member.name!r} of the texts in {where!r} differ in nothing but case.",
                    hint="set spark.sql.caseSensitive=true to keep both",
                )
            _check_names(member.type, where)
    elif isinstance(kind, g.ArrayType):
        _check_names(kind.element, where)
    elif isinstance(kind, g.ChoiceType):
        for choice in kind.choices:
            _check_names(choice, where)
