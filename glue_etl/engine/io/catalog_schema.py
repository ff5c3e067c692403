"""What a write makes of a table's columns: which to enter, which to change, and which changes are none of its business.

Source: "Updating the schema, and adding new partitions in the Data Catalog using AWS Glue ETL jobs",
https://docs.aws.amazon.com/glue/latest/dg/update-from-job.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from glue_etl.engine.catalog.hive_types import hive_type, parse_hive_type
from glue_etl.engine.io.writers import without_untyped
from glue_etl.engine.types import tree as g
from glue_etl.errors import FieldError, OptionError, UnsupportedError

__all__ = ["columns_written", "is_covered", "merged_columns", "refuse_nested", "same_columns"]

Column = Mapping[str, Any]

# Values of the left fit in columns of the right: what is smaller is there, too.
_WIDER = {
    "tinyint": ("smallint", "int", "bigint"),
    "smallint": ("int", "bigint"),
    "int": ("bigint",),
    "float": ("double",),
}
_NESTED = (g.StructType, g.ChoiceType, g.ArrayType, g.SetType, g.MapType)


def columns_written(record: g.StructType, keys: Sequence[str], fmt: str) -> tuple[list[Column], list[Column]]:
    """The columns of a table over the files of a frame, and its partition keys.

    Args:
        record: The type of the frame's records.
        keys: Its fields that become folders.
        fmt: The format of the files.

    Returns:
        `Columns` and `PartitionKeys` as the Data Catalog has them: names in lower case, types as Hive writes them. A
        field that is null in every record is text, and no column where the writer leaves it out (Parquet).

    Raises:
        FieldError: Two fields whose names differ by letter case only, or a choice that the format has no column for.
    """
    seen: dict[str, str] = {}
    for field in record:
        other = seen.setdefault(field.name.lower(), field.name)
        if other != field.name:
            raise FieldError(
                f"The fields {other!r} and {field.name!r} would be one column of a table: the Data Catalog keeps names "
                "in lower case.",
                hint="rename one of them with rename_field",
            )
    folders = [_column(key, record.get(key) or g.STRING, fmt) for key in keys]
    columns = []
    for field in record:
        kind = without_untyped(field.type) if fmt in ("parquet", "glueparquet") else field.type
        if field.name not in keys and kind is not None:
            columns.append(_column(field.name, kind, fmt))
    return columns, folders


def _column(name: str, kind: g.GlueType, fmt: str) -> Column:
    if g.contains_choice(kind) and fmt not in ("parquet", "glueparquet"):
        if not isinstance(kind, g.ChoiceType) or fmt != "json":
            raise FieldError(
                f"The field {name!r} has a choice, for which a table of {fmt} files has no column type.",
                hint="resolve it with resolveChoice, such as specs=[('" + name + "', 'cast:string')]",
            )
        # In JSON files a choice is its bare value, and text holds them all.
        kind = g.STRING
    return {"Name": name.lower(), "Type": hive_type(kind)}


def refuse_nested(columns: Sequence[Column], known: Sequence[Column], target: str) -> None:
    """Refuse columns that would be entered or changed, and have nested parts within nested parts.

    Args:
        columns: What is to be entered.
        known: What the table has already.
        target: The table, for the message.

    Raises:
        UnsupportedError: There is such a column: AWS Glue does not support to create or update it.
    """
    have = {column["Name"].lower(): _normal(column) for column in known}
    for column in columns:
        if have.get(column["Name"].lower()) != _normal(column) and _levels(parse_hive_type(column["Type"])) > 1:
            raise UnsupportedError(
                f"The column {column['Name']!r} of the type {column['Type']} cannot be entered in the table {target}: "
                "AWS Glue does not create or update tables whose schema is nested in itself.",
                hint="flatten the frame with relationalize or unnest, or enter the table with glue-etl table create",
            )


def _levels(kind: g.GlueType) -> int:
    inner: Sequence[g.GlueType] = ()
    if isinstance(kind, g.StructType):
        inner = [field.type for field in kind]
    elif isinstance(kind, g.ChoiceType):
        inner = kind.choices
    elif isinstance(kind, (g.ArrayType, g.SetType)):
        inner = [kind.element]
    elif isinstance(kind, g.MapType):
        inner = [kind.value]
    return isinstance(kind, _NESTED) + max((_levels(part) for part in inner), default=0)


def is_covered(columns: Sequence[Column], table: Sequence[Column]) -> bool:
    """Whether a table has every one of some columns, in a type that holds their values."""
    have = {column["Name"].lower(): _normal(column) for column in table}
    for column in columns:
        wanted, found = _normal(column), have.get(column["Name"].lower())
        if found != wanted and found not in _WIDER.get(wanted, ()):
            return False
    return True


def same_columns(left: Sequence[Column], right: Sequence[Column]) -> bool:
    """Whether two schemas have the same names and types in the same order; comments do not count."""
    return [(c["Name"].lower(), _normal(c)) for c in left] == [(c["Name"].lower(), _normal(c)) for c in right]


def _normal(column: Column) -> str:
    try:
        return hive_type(parse_hive_type(column.get("Type") or "string"))
    except OptionError:
        return str(column.get("Type"))


def merged_columns(written: Sequence[Column], base: Sequence[Column], now: Sequence[Column]) -> list[Column]:
    """The columns of a table after an update, so that what another job has added meanwhile is not lost.

    Args:
        written: The schema of the frame, by which the table's is overwritten.
        base: The table's columns when the write began.
        now: The table's columns when it ends.

    Returns:
        `written`, with the comments of columns that stay as they are, then what has come since `base`.
    """
    kept = {(column["Name"].lower(), _normal(column)): column for column in now}
    mine = [dict(kept.get((column["Name"].lower(), _normal(column)), column)) for column in written]
    known = {column["Name"].lower() for column in [*written, *base]}
    return [*mine, *(dict(column) for column in now if column["Name"].lower() not in known)]
