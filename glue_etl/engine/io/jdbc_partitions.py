"""Conditions that divide a table among parallel queries, in the database's own SQL.

Every row meets exactly one condition, whatever the column or expression gives: partition 0 takes what no other one
takes, nulls and broken numbers too. Source: "Reading from JDBC tables in parallel" in the AWS Glue guide,
https://docs.aws.amazon.com/glue/latest/dg/run-jdbc-parallel-read-job.html
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from glue_etl.engine.io.jdbc_types import INTEGERS, DbColumn
from glue_etl.engine.io.jdbc_vendors import Vendor
from glue_etl.errors import OptionError, UnsupportedError

__all__ = ["all_of", "appended", "by_expression", "by_field", "by_hash", "column_named", "table_parts"]

_WHERE = re.compile(r"(?i)'(?:[^']|'')*'|\"[^\"]*\"|`[^`]*`|\[[^\]]*\]|--[^\n]*|/\*.*?\*/|[()]|\bwhere\b", re.S)
_NAME_PART = re.compile(r'"((?:[^"]|"")*)"|`([^`]*)`|\[([^\]]*)\]|([^."`\[\]]+)')


def by_field(vendor: Vendor, column: DbColumn, count: int) -> list[str]:
    """One condition per partition, from a column of any type.

    Args:
        vendor: Whose SQL.
        column: The column; whole numbers are divided as they are, all else by the database's own hash.
        count: How many partitions.

    Raises:
        UnsupportedError: This database's hash function is not known.
    """
    name = vendor.quoted(column.name)
    if column.code in INTEGERS:
        remainder = vendor.remainder.format(value=name, count=count)
        # Each row is looked at by every query, so what is asked of a row has to be little.
        return _conditions(remainder, count, f"({remainder} = 0 OR {name} IS NULL)")
    if not vendor.bucket:
        raise UnsupportedError.of(
            f"The hashfield {column.name!r} of the type {column.type_name!r} in {vendor.name}",
            "give a column of whole numbers, or hashexpression",
        )
    return by_hash(vendor, name, count)


def by_hash(vendor: Vendor, value: str, count: int) -> list[str]:
    """One condition per partition, from the database's own hash of SQL of any type; `vendor.bucket` must be known."""
    remainder = vendor.remainder.format(value=vendor.bucket.format(value=value), count=count)
    if count == 1:
        return []
    # A hash is whole and not negative; of a null some databases give a number, others none.
    return [f"({remainder} = 0 OR {remainder} IS NULL)", *(f"{remainder} = {number}" for number in range(1, count))]


def by_expression(vendor: Vendor, expression: str, count: int) -> list[str]:
    """One condition per partition, from SQL that should give a whole number."""
    remainder = vendor.remainder.format(value=f"({expression})", count=count)
    others = ", ".join(str(number) for number in range(1 - count, count) if number)
    return _conditions(remainder, count, f"({remainder} IS NULL OR {remainder} NOT IN ({others}))")


def _conditions(remainder: str, count: int, first: str) -> list[str]:
    """Those of a remainder, which is negative where the number is."""
    if count == 1:
        return []
    return [first, *(f"{remainder} IN ({number}, {number - count})" for number in range(1, count))]


def all_of(*conditions: str) -> str:
    """The conjunction of conditions; those that are empty say nothing."""
    given = [each for each in conditions if each]
    return given[0] if len(given) == 1 else " AND ".join(f"({each})" for each in given)


def appended(query: str, condition: str) -> str:
    """A query with a further condition behind it, as AWS documents `filterPredicate`."""
    if not condition:
        return query
    depth, found = 0, False
    for match in _WHERE.finditer(query):
        word = match[0].lower()
        depth += {"(": 1, ")": -1}.get(word, 0)
        found |= word == "where" and depth == 0
    return f"{query} {'AND' if found else 'WHERE'} ({condition})"


def column_named(columns: Sequence[DbColumn], name: str, option: str) -> DbColumn:
    """The column of a name: in its own letters, else the only one that differs in case alone.

    Raises:
        OptionError: There is none, or more than one.
    """
    plain = _NAME_PART.fullmatch(name.strip())
    wanted = next((part for part in plain.groups() if part is not None), name).strip() if plain else name
    exact = [column for column in columns if column.name == wanted]
    near = exact or [column for column in columns if column.name.lower() == wanted.lower()]
    if len(near) == 1:
        return near[0]
    raise OptionError(
        f"{option} names the column {name!r}, which {'is there in several spellings' if near else 'is not there'}.",
        available=[column.name for column in columns],
        hint="write it as the database does",
    )


def table_parts(table: str) -> list[str]:
    """The parts of a table's name, without quotes: catalog, schema, table, as many as there are."""
    return [next(part for part in match.groups() if part is not None) for match in _NAME_PART.finditer(table)]
