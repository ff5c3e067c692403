"""What a script asked a JDBC source or sink for, checked and brought to plain values.

Sources: "JDBC connections", "Reading from JDBC tables in parallel" and "Optimizing reads with pushdown" in the AWS
Glue guide, https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-connect-jdbc-home.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from glue_etl.engine.io.jdbc_options import JDBC_READ, JDBC_WRITE, SPARK_JDBC_READ, SPARK_JDBC_WRITE
from glue_etl.engine.io.jdbc_types import check_mapping
from glue_etl.engine.io.option_values import checked
from glue_etl.errors import OptionError

__all__ = ["JdbcRead", "JdbcWrite", "Ranges", "jdbc_read", "jdbc_write"]

_DEFAULT_PARTITIONS = 7
_ORDERS = ("asc", "desc")
_ENDS_OPEN = re.compile(r"(?i)\b(?:where|and)\s*\Z")


@dataclass(frozen=True)
class Ranges:
    """Partitions by ranges of a column, as Spark's own reader makes them."""

    column: str
    lower: str
    upper: str
    count: int


@dataclass(frozen=True)
class JdbcRead:
    """A checked request to read.

    Attributes:
        values: Every option by its canonical name, for the target.
        table: The table, as the script wrote it; empty if there is a query.
        query: A query of the script's own; empty if a whole table is read.
        open_query: Whether the query ends with `where` or `and`, and each partition's condition follows it.
        sample_size: The most rows of such a query; None for all.
        hash_field: A column whose hash tells a row's partition.
        hash_expression: SQL of a whole number that tells it.
        partitions: How many partitions hash field or expression make.
        ranges: Partitions by ranges instead.
        filter: A further condition in the database's SQL.
        mapping: Glue's type by the name of a JDBC type.
        bookmark_keys: Columns that tell what is new; empty for the primary key.
        descending: Whether new rows have smaller keys.
        spark_options: What goes to Spark's reader as it is.
    """

    values: Mapping[str, Any] = field(repr=False)
    table: str = ""
    query: str = ""
    open_query: bool = False
    sample_size: int | None = None
    hash_field: str = ""
    hash_expression: str = ""
    partitions: int = 1
    ranges: Ranges | None = None
    filter: str = ""
    mapping: Mapping[str, str] = field(default_factory=dict)
    bookmark_keys: tuple[str, ...] = ()
    descending: bool = False
    spark_options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class JdbcWrite:
    """A checked request to write.

    Attributes:
        values: Every option by its canonical name, for the target.
        table: The table, as the script wrote it.
        use_frame_name: Whether each frame goes to the table of its name.
        parallel: The most connections at once; None leaves it to the frame's partitions.
        preactions: SQL statements before the write.
        postactions: SQL statements after it.
        spark_options: What goes to Spark's writer as it is.
    """

    values: Mapping[str, Any] = field(repr=False)
    table: str = ""
    use_frame_name: bool = False
    parallel: int | None = None
    preactions: tuple[str, ...] = ()
    postactions: tuple[str, ...] = ()
    spark_options: Mapping[str, str] = field(default_factory=dict)


def jdbc_read(connection_type: str, options: Mapping[str, Any]) -> JdbcRead:
    """Check what a script asked a source for.

    Raises:
        OptionError: An option that does not exist, contradicts another one or has an unusable value.
        UnsupportedError: AWS Glue has it, this version has not.
    """
    values = checked(JDBC_READ, options, f"a {connection_type} source")
    table, query, opened = _what(values, connection_type)
    hash_field, expression = values["hashfield"] or "", values["hashexpression"] or ""
    if hash_field and expression:
        raise OptionError(
            f"hashfield is {hash_field!r} and hashexpression is {expression!r}.", hint="AWS Glue takes one of the two"
        )
    count = _positive(values, "hashpartitions") or _DEFAULT_PARTITIONS
    if opened and not (hash_field or expression):
        raise OptionError(
            "enablePartitioningForSampleQuery is set, and nothing says how to divide the rows.",
            hint="give hashfield or hashexpression",
        )
    ranges = _ranges(values)
    if ranges is not None and (hash_field or expression or opened):
        raise OptionError(
            f"partitionColumn is {ranges.column!r}, and hashfield or hashexpression is given too.",
            hint="divide the rows in one of the two ways",
        )
    keys, descending = _bookmark_keys(values, opened)
    divided = bool(hash_field or expression) and (not query or opened)
    return JdbcRead(
        values=values,
        table=table,
        query=query,
        open_query=opened,
        sample_size=_positive(values, "sampleSize") if opened else None,
        hash_field=hash_field if divided else "",
        hash_expression=expression if divided else "",
        partitions=count if divided else 1,
        ranges=ranges,
        filter=(values["filterPredicate"] or "").strip(),
        mapping=check_mapping(_json_object("dataTypeMapping", values["dataTypeMapping"])),
        bookmark_keys=keys,
        descending=descending,
        spark_options=_given(SPARK_JDBC_READ, values),
    )


def jdbc_write(connection_type: str, options: Mapping[str, Any]) -> JdbcWrite:
    """Check what a script asked a sink for.

    Raises:
        OptionError: An option that does not exist, contradicts another one or has an unusable value.
    """
    values = checked(JDBC_WRITE, options, f"a {connection_type} sink")
    table, named = (values["dbtable"] or "").strip(), values["useFrameName"]
    if not (table or named) or table.startswith("("):
        raise OptionError(
            f"The {connection_type} sink's 'dbtable' is {table!r}, which is no table.",
            hint="connection_options={'dbtable': 'schema.table'} says where to write",
        )
    return JdbcWrite(
        values=values,
        table=table,
        use_frame_name=named,
        parallel=_positive(values, "bulkSize"),
        preactions=_statements(values["preactions"]),
        postactions=_statements(values["postactions"]),
        spark_options=_given(SPARK_JDBC_WRITE, values),
    )


def _what(values: Mapping[str, Any], connection_type: str) -> tuple[str, str, bool]:
    """Table, query, and whether the query waits for conditions."""
    table, sample, query = ((values[key] or "").strip() for key in ("dbtable", "sampleQuery", "query"))
    if sample and query:
        raise OptionError("The source has both 'query' and 'sampleQuery'.", hint="give one of the two")
    if query and table and connection_type == "custom.jdbc":
        raise OptionError(
            f"The source has both 'query' and the table {table!r}.", hint="a custom.jdbc source takes one of the two"
        )
    opened = values["enablePartitioningForSampleQuery"]
    text = (sample or query).rstrip().rstrip(";").rstrip()
    if table.startswith("(") and not text:
        # Spark's way to give a query: in brackets, with a name behind it.
        return table, "", False
    if not text:
        if not table:
            raise OptionError(
                f"The {connection_type} source has no 'dbtable'.",
                hint="connection_options={'dbtable': 'schema.table'} says what to read",
            )
        if opened:
            raise OptionError("enablePartitioningForSampleQuery is set without a sampleQuery.", hint="give one")
        return table, "", False
    if opened and not _ENDS_OPEN.search(text):
        raise OptionError(
            f"The sampleQuery {text!r} does not end with WHERE or AND.",
            hint="with enablePartitioningForSampleQuery each partition's condition is put behind it",
        )
    if not opened and _ENDS_OPEN.search(text):
        raise OptionError(
            f"The query {text!r} ends with WHERE or AND, and nothing follows.",
            hint="set enablePartitioningForSampleQuery with hashfield or hashexpression, or complete the query",
        )
    return "", text, opened


def _bookmark_keys(values: Mapping[str, Any], opened: bool) -> tuple[tuple[str, ...], bool]:
    """The columns that tell what is new, and whether new rows have smaller ones."""
    order = str(values["jobBookmarkKeysSortOrder"] or _ORDERS[0]).lower()
    if order not in _ORDERS:
        raise OptionError(f"jobBookmarkKeysSortOrder is {order!r}.", available=_ORDERS)
    keys = tuple(str(key).strip() for key in values["jobBookmarkKeys"] or ())
    if not all(keys):
        raise OptionError(f"jobBookmarkKeys has an empty name: {list(keys)!r}.", hint="give a list of columns")
    if keys and opened and values["sampleSize"]:
        raise OptionError(
            f"sampleSize is {values['sampleSize']} and jobBookmarkKeys are {list(keys)!r}: the bookmark would go "
            "beyond rows that the sample leaves out.",
            hint="leave one of the two out",
        )
    return keys, order == "desc"


def _ranges(values: Mapping[str, Any]) -> Ranges | None:
    names = ("partitionColumn", "lowerBound", "upperBound", "numPartitions")
    given = [name for name in names if values[name] not in (None, "")]
    if not given or given == ["numPartitions"]:
        return None
    if len(given) < len(names):
        missing = [name for name in names if name not in given]
        raise OptionError(
            f"The options {', '.join(given)} are given without {', '.join(missing)}.",
            hint="the four go together, as in Spark's JDBC reader",
        )
    return Ranges(
        values["partitionColumn"], values["lowerBound"], values["upperBound"], _positive(values, "numPartitions") or 1
    )


def _positive(values: Mapping[str, Any], name: str) -> int | None:
    number: int | None = values[name]
    if number is not None and number < 1:
        raise OptionError(f"{name} is {number!r}.", hint="give a whole number from 1 on")
    return number


def _json_object(name: str, text: str | None) -> dict[str, Any]:
    if not text:
        return {}
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        value = None
    if not isinstance(value, dict):
        raise OptionError(f"The option {name!r} is {text!r}, which is no object.", hint='such as {"FLOAT": "STRING"}')
    return value


def _given(table: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, str]:
    return {key: str(values[key]) for key in table if values[key] not in (None, "")}


def _statements(text: str | None) -> tuple[str, ...]:
    """SQL statements divided by semicolons that stand outside of quotes."""
    if not text:
        return ()
    parts = re.findall(r"(?:'(?:[^']|'')*'|\"[^\"]*\"|\$\$.*?\$\$|[^;'\"])+", text, re.S)
    return tuple(part.strip() for part in parts if part.strip())
