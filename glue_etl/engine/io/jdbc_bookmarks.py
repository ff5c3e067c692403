"""Job bookmarks of JDBC sources: the rows behind the last keys, up to the keys there are when the frame is opened.

The upper end is fixed before anything is read, so a row that arrives meanwhile is left to the next run, whole.
Source: "Using job bookmarks" in the AWS Glue guide,
https://docs.aws.amazon.com/glue/latest/dg/programming-etl-connect-bookmarks.html
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from glue_etl.engine.io.jdbc_partitions import column_named, table_parts
from glue_etl.engine.io.jdbc_types import INTEGERS, JDBC_TYPES, DbColumn
from glue_etl.engine.io.jdbc_vendors import Vendor
from glue_etl.errors import OptionError

if TYPE_CHECKING:
    from glue_etl.engine.bookmarks import Bookmarks
    from glue_etl.engine.io.jdbc_database import Database
    from glue_etl.engine.io.jdbc_request import JdbcRead

__all__ = ["NOTHING", "Progress", "after", "literal", "progress_of", "up_to"]

_LOG = logging.getLogger(__name__)

NOTHING = "1 = 0"
"""A condition that no row meets."""

_NUMBERS = INTEGERS | {JDBC_TYPES[name] for name in ("DECIMAL", "DOUBLE", "FLOAT", "NUMERIC", "REAL")}
_TEXTS = frozenset(
    JDBC_TYPES[name] for name in ("CHAR", "LONGNVARCHAR", "LONGVARCHAR", "NCHAR", "NVARCHAR", "OTHER", "VARCHAR")
)
_MOMENTS = frozenset(JDBC_TYPES[name] for name in ("TIMESTAMP", "TIMESTAMP_WITH_TIMEZONE"))
_DATES = frozenset({JDBC_TYPES["DATE"]})


@dataclass(frozen=True)
class Progress:
    """What a run reads of a table.

    Attributes:
        condition: SQL of the rows; empty for all.
        keys: The last keys after this run, by column; empty if nothing is new.
    """

    condition: str = ""
    keys: Mapping[str, Any] | None = None


def progress_of(
    bookmarks: Bookmarks,
    transformation_ctx: str,
    request: JdbcRead,
    database: Database,
    vendor: Vendor,
    relation: str,
    columns: Sequence[DbColumn],
) -> Progress:
    """Which rows a source reads by its bookmark.

    Args:
        bookmarks: Of the running job.
        transformation_ctx: The source's name.
        request: The script's words.
        database: An open connection.
        vendor: Whose SQL.
        relation: The table, or a query in brackets with a name.
        columns: Its columns.

    Raises:
        OptionError: A key is no column, or of a type that has no order.
        DatabaseError: The database says no.
    """
    if not bookmarks.tracks(transformation_ctx):
        return Progress()
    keys = [column_named(columns, name, "jobBookmarkKeys") for name in request.bookmark_keys]
    if not keys:
        if request.query or relation.startswith("("):
            _LOG.warning(
                "Job bookmarks do not track a query without jobBookmarkKeys: %r reads it all.", transformation_ctx
            )
            return Progress()
        found = database.primary_key(table_parts(relation))
        keys = [column_named(columns, vendor.quoted(name), "The primary key") for name in found]
    if not keys:
        _LOG.warning(
            "Job bookmarks need jobBookmarkKeys or a primary key, and %s has none: %r reads it all.",
            relation,
            transformation_ctx,
        )
        return Progress()
    for key in keys:
        if not _has_order(key):
            raise OptionError(
                f"The bookmark key {key.name!r} is of the type {key.type_name!r}, which bookmarks cannot follow.",
                available=[column.name for column in columns if _has_order(column)],
                hint="choose numbers, texts, dates or timestamps with jobBookmarkKeys",
            )
    return _between(bookmarks, transformation_ctx, request.descending, database, vendor, relation, keys)


def _between(
    bookmarks: Bookmarks,
    context: str,
    descending: bool,
    database: Database,
    vendor: Vendor,
    relation: str,
    keys: Sequence[DbColumn],
) -> Progress:
    names = [vendor.quoted(key.name) for key in keys]
    given = " AND ".join(f"{name} IS NOT NULL" for name in names)
    last = _values(bookmarks.keys(context), keys, context)
    lower = after(vendor, keys, last, descending) if last else ""
    end = _values(bookmarks.last_keys(context), keys, context)
    if end is None:
        order = ", ".join(f"{name} {'ASC' if descending else 'DESC'}" for name in names)
        # In the order of the keys the newest row is the first one.
        end = database.row(f"SELECT {', '.join(names)} FROM {relation} WHERE {given} ORDER BY {order}", len(names))
    _tell_nulls(database, relation, [key for key in keys if key.nullable], vendor)
    if end is None:
        return Progress(NOTHING)
    upper = up_to(vendor, keys, end, descending)
    values = {key.name: _plain(key, str(value)) for key, value in zip(keys, end, strict=True)}
    return Progress(f"({lower}) AND ({upper})" if lower else upper, values)


def after(vendor: Vendor, keys: Sequence[DbColumn], values: Sequence[Any], descending: bool = False) -> str:
    """SQL of the rows whose compound key comes strictly behind these values."""
    return _compared(vendor, keys, values, "<" if descending else ">", strict=True)


def up_to(vendor: Vendor, keys: Sequence[DbColumn], values: Sequence[Any], descending: bool = False) -> str:
    """SQL of the rows whose compound key is these values or comes before them."""
    return _compared(vendor, keys, values, ">" if descending else "<", strict=False)


def _compared(vendor: Vendor, keys: Sequence[DbColumn], values: Sequence[Any], sign: str, *, strict: bool) -> str:
    """The first key decides; where it is equal the second one does, and so on. Not every database compares rows."""
    pairs = [(vendor.quoted(key.name), literal(vendor, key, value)) for key, value in zip(keys, values, strict=True)]
    parts = []
    for at, (name, value) in enumerate(pairs):
        last = at == len(pairs) - 1
        equal = [f"{other} = {same}" for other, same in pairs[:at]]
        parts.append(" AND ".join([*equal, f"{name} {sign if strict or not last else sign + '='} {value}"]))
    return parts[0] if len(parts) == 1 else " OR ".join(f"({part})" for part in parts)


def literal(vendor: Vendor, key: DbColumn, value: Any) -> str:
    """A value in the database's SQL.

    Args:
        vendor: Whose SQL.
        key: The column it is compared with.
        value: A number, or a text as the driver gave it.

    Raises:
        OptionError: A number's text is no number.
    """
    text = str(value)
    if key.code in _NUMBERS:
        try:
            number = Decimal(text)
        except InvalidOperation:
            number = Decimal("nan")
        if not number.is_finite():
            raise OptionError(
                f"The bookmark key {key.name!r} has the value {text!r}, which is no number.",
                hint="choose another column with jobBookmarkKeys, or reset the bookmark",
            )
        return text
    quoted = text.replace("'", "''")
    if vendor.escapes:
        quoted = quoted.replace("\\", "\\\\")
    if vendor.name == "oracle" and key.code in _MOMENTS | _DATES:
        return f"TIMESTAMP '{quoted}'"
    if vendor.name == "postgresql" and key.code in _MOMENTS:
        return f"'{quoted}'::{'timestamptz' if key.type_name == 'timestamptz' else 'timestamp'}"
    return f"'{quoted}'"


def _has_order(column: DbColumn) -> bool:
    # PostgreSQL's driver calls json and arrays OTHER too; a uuid is one that has an order.
    if column.code == JDBC_TYPES["OTHER"]:
        return column.type_name == "uuid"
    return column.code in _NUMBERS | _TEXTS | _MOMENTS | _DATES


def _values(stored: Mapping[str, Any] | None, keys: Sequence[DbColumn], context: str) -> list[Any] | None:
    """The stored values of these keys; None to begin at the start."""
    if not stored:
        return None
    if missing := [key.name for key in keys if stored.get(key.name) is None]:
        _LOG.warning(
            "The bookmark of %r has no value of the key %s: it is read from the start.", context, ", ".join(missing)
        )
        return None
    return [stored[key.name] for key in keys]


def _plain(key: DbColumn, text: str) -> Any:
    return int(text) if key.code in INTEGERS else text


def _tell_nulls(database: Database, relation: str, keys: Sequence[DbColumn], vendor: Vendor) -> None:
    if not keys:
        return
    nulls = " OR ".join(f"{vendor.quoted(key.name)} IS NULL" for key in keys)
    if database.row(f"SELECT 1 FROM {relation} WHERE {nulls}", 1) is not None:
        _LOG.warning(
            "Rows of %s without a value in the bookmark key %s are not read: nothing tells whether they are new.",
            relation,
            " or ".join(key.name for key in keys),
        )
