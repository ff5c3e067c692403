"""From a plan to the columns and Spark options each format is written with.

Sources: "Using the CSV / JSON / Parquet format in AWS Glue".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as f

from glue_etl.engine.frame.conform import conform_plan, top
from glue_etl.engine.frame.core import Plan
from glue_etl.engine.io.request import WriteRequest
from glue_etl.engine.types import tree as g
from glue_etl.errors import FieldError, OptionError

__all__ = ["WRITERS", "Prepared", "without_untyped"]

# One column, whose name is the header and whose values are the lines: separator and quote must never occur in them.
_NO_SEPARATOR = "\x01"
_NO_QUOTE = "\x02"


@dataclass(frozen=True)
class Prepared:
    """What Spark's writer is given.

    Attributes:
        df: The columns of the files, and the partition keys.
        format: Spark's format.
        options: Spark's options.
    """

    df: DataFrame
    format: str
    options: dict[str, str] = field(default_factory=dict)


def _character(name: str, value: str, *off: str) -> str:
    if value in off:
        return ""
    if len(value) != 1:
        raise OptionError(f"The option {name!r} is {value!r}.", hint=f"give one character, or {off[0]!r} for none")
    return value


def _csv(plan: Plan, request: WriteRequest) -> Prepared:
    """Header by default; quotes where a value needs them; null is nothing, the empty string is two quotes."""
    columns = [_csv_column(member, request).alias(member.name) for member in plan.type]
    df = plan.df.select(*columns)
    quote = _character("quoteChar", request.options["quoteChar"], "-1")
    escaper = _character("escaper", request.options["escaper"] or "none", "none", "-1")
    options = {
        "header": str(request.options["writeHeader"]).lower(),
        "sep": request.options["separator"],
        # Else Spark cuts spaces off both ends of each value.
        "ignoreLeadingWhiteSpace": "false",
        "ignoreTrailingWhiteSpace": "false",
    }
    if quote:
        return Prepared(df, "csv", {**options, "quote": quote, "escape": escaper or quote})
    names = [member.name for member in plan.type if member.name not in request.partition_keys]
    values = [f.coalesce(top(name), f.lit("")) for name in names]
    line = f.concat_ws(options["sep"], *values).alias(options["sep"].join(names))
    df = df.select(line, *[top(key) for key in request.partition_keys])
    no_quotes = {"sep": _NO_SEPARATOR, "quote": _NO_QUOTE, "escape": _NO_QUOTE, "emptyValue": ""}
    return Prepared(df, "csv", {**options, **no_quotes})


def _csv_column(member: g.Field, request: WriteRequest) -> Column:
    column = top(member.name)
    if member.name in request.partition_keys:
        return column
    if isinstance(member.type, g.ChoiceType):
        words = " or ".join(choice.name for choice in member.type.choices)
        raise FieldError(
            f"The field {member.name!r} is {words}, which CSV cannot hold in one column.",
            hint="resolve it with resolveChoice, such as specs=[('" + member.name + "', 'cast:string')]",
        )
    if isinstance(member.type, (g.StructType, g.ArrayType, g.SetType, g.MapType)):
        raise FieldError(
            f"The field {member.name!r} is of the type {member.type.name}, which CSV cannot hold.",
            hint="flatten the frame with relationalize or unnest, or write json or parquet",
        )
    return f.base64(column) if member.type == g.BINARY else column.cast("string")


def _json(plan: Plan, request: WriteRequest) -> Prepared:
    """One record a line; null fields are left out, a choice is its bare value."""
    if not g.contains_choice(plan.type):
        return Prepared(plan.df, "json", {"ignoreNullFields": "true"})
    from glue_etl.engine.frame.json_text import json_column

    keys = request.partition_keys
    rest = g.StructType(tuple(member for member in plan.type if member.name not in keys))
    lines = json_column(Plan(plan.df, rest))
    return Prepared(plan.df.select(lines.alias("value"), *[top(key) for key in keys]), "text")


def _glue_parquet(plan: Plan, request: WriteRequest) -> Prepared:
    """As Parquet, but a field that is null in every record is left out of the files.

    Glue's own writer makes the schema from the records as they come ("Using the Parquet format in AWS Glue", AWS Glue
    Parquet writer), so a field without a value has no column.
    """
    kept = tuple(
        g.Field(member.name, kind)
        for member in plan.type
        if (kind := member.type if member.name in request.partition_keys else without_untyped(member.type)) is not None
    )
    if all(member.name in request.partition_keys for member in kept):
        return _columnar(plan, request)
    return _columnar(conform_plan(plan, g.StructType(kept)), request)


def without_untyped(kind: g.GlueType) -> g.GlueType | None:
    """A type without what is null in every record, as Glue's Parquet writer has it; None if nothing is left."""
    if kind in (g.NULL, g.UNKNOWN):
        return None
    if isinstance(kind, g.StructType):
        members = tuple(g.Field(m.name, inner) for m in kind if (inner := without_untyped(m.type)) is not None)
        return g.StructType(members) if members else None
    if isinstance(kind, (g.ArrayType, g.SetType)):
        element = without_untyped(kind.element)
        return element and replace(kind, element=element)
    if isinstance(kind, g.MapType):
        value = without_untyped(kind.value)
        return value and replace(kind, value=value)
    return kind


def _parquet(plan: Plan, request: WriteRequest) -> Prepared:
    return (_glue_parquet if request.options["useGlueParquetWriter"] else _columnar)(plan, request)


def _columnar(plan: Plan, request: WriteRequest) -> Prepared:
    """Types as they are; a choice is a struct of its alternatives."""
    for member in plan.type:
        without = _untyped_path(member.type, member.name)
        if without is not None:
            raise FieldError(
                f"The field {without!r} has no type, as it is null in every record: {request.format} cannot hold it.",
                hint="drop such fields with DropNullFields, or give them a type with ApplyMapping",
            )
    if request.format == "orc" and (odd := _name_with_back_tick(plan.type)) is not None:
        raise FieldError(
            f"The name of the field {odd!r} has a back-tick, which Spark's ORC writer would cut off.",
            hint="rename it with rename_field, or write parquet",
        )
    options = dict(request.spark_options)
    if request.options.get("blockSize"):
        options["parquet.block.size"] = str(request.options["blockSize"])
    if request.options.get("pageSize"):
        options["parquet.page.size"] = str(request.options["pageSize"])
    return Prepared(plan.df, "orc" if request.format == "orc" else "parquet", options)


def _name_with_back_tick(kind: g.GlueType) -> str | None:
    """A field at any depth whose name has one."""
    if isinstance(kind, g.StructType):
        own = [member.name for member in kind if "`" in member.name]
        if own:
            return own[0]
        inner: Iterable[g.GlueType] = [member.type for member in kind]
    elif isinstance(kind, g.ChoiceType):
        inner = kind.choices
    elif isinstance(kind, (g.ArrayType, g.SetType)):
        inner = [kind.element]
    else:
        inner = [kind.value] if isinstance(kind, g.MapType) else []
    return next((odd for part in inner if (odd := _name_with_back_tick(part)) is not None), None)


def _untyped_path(kind: g.GlueType, path: str) -> str | None:
    """Where in a type there is nothing but null."""
    inner: list[tuple[str, g.GlueType]] = []
    if kind in (g.NULL, g.UNKNOWN):
        return path
    if isinstance(kind, g.StructType):
        if not kind.fields:
            return path
        inner = [(f"{path}.{member.name}", member.type) for member in kind]
    elif isinstance(kind, g.ChoiceType):
        inner = [(f"{path}.{choice.name}", choice) for choice in kind.choices]
    elif isinstance(kind, (g.ArrayType, g.SetType)):
        inner = [(f"{path}[]", kind.element)]
    elif isinstance(kind, g.MapType):
        inner = [(f"{path}.value", kind.value)]
    return next((found for name, part in inner if (found := _untyped_path(part, name)) is not None), None)


WRITERS: dict[str, Callable[[Plan, WriteRequest], Prepared]] = {
    "csv": _csv,
    "glueparquet": _glue_parquet,
    "json": _json,
    "orc": _columnar,
    "parquet": _parquet,
}
"""How each format is prepared."""
