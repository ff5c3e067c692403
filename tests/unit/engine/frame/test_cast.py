"""The cast table, pair by pair: the same on Spark 3.5 and on Spark 4 with its ANSI mode."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as f

from glue_etl.engine.frame.cast import CASTS, cast
from glue_etl.engine.frame.conform import top
from glue_etl.engine.types import tree as g
from glue_etl.engine.types.spark import to_spark

N = None
KINDS: dict[str, g.GlueType] = {
    kind.name: kind
    for kind in (
        g.BOOLEAN, g.BYTE, g.SHORT, g.INT, g.LONG, g.FLOAT, g.DOUBLE, g.DecimalType(10, 2), g.STRING, g.BINARY,
        g.DATE, g.TIMESTAMP, g.TIMESTAMP_NTZ,
    )
}  # fmt: skip
# Three values of each type, as Spark SQL writes them.
VALUES: dict[str, tuple[str, str, str]] = {
    "boolean": ("true", "false", "null"),
    "byte": ("7", "-128", "0"),
    "short": ("300", "-1", "0"),
    "int": ("70000", "-1", "0"),
    "long": ("5000000000", "-1", "0"),
    "float": ("1.5", "3e9", "double('NaN')"),
    "double": ("-2.75", "1e20", "double('Infinity')"),
    "decimal": ("12.34", "-12345678.99", "0"),
    "string": ("' 12 '", "'12.9'", "'2024-02-29 01:02:03.5'"),
    "binary": ("X'3132'", "X''", "null"),
    "date": ("'2024-02-29'", "'1969-12-31'", "null"),
    "timestamp": ("'2024-02-29 01:02:03.5'", "'1969-12-31 23:59:59'", "'1970-01-01'"),
    "timestampntz": ("'2024-02-29 01:02:03.5'", "'1969-12-31 23:59:59'", "'1970-01-01'"),
}


# What becomes of the three values; pairs that the table forbids are left out here: all null.
EXPECTED: dict[str, dict[str, list[Any]]] = {
    "boolean": {
        "boolean": [True, False, N],
        "byte": [1, 0, N],
        "short": [1, 0, N],
        "int": [1, 0, N],
        "long": [1, 0, N],
        "float": [1.0, 0.0, N],
        "double": [1.0, 0.0, N],
        "decimal": ['1.00', '0.00', N],
        "string": ['true', 'false', N],
    },
    "byte": {
        "boolean": [True, True, False],
        "byte": [7, -128, 0],
        "short": [7, -128, 0],
        "int": [7, -128, 0],
        "long": [7, -128, 0],
        "float": [7.0, -128.0, 0.0],
        "double": [7.0, -128.0, 0.0],
        "decimal": ['7.00', '-128.00', '0.00'],
        "string": ['7', '-128', '0'],
        "timestamp": ['1970-01-01 00:00:07', '1969-12-31 23:57:52', '1970-01-01 00:00:00'],
        "timestampntz": ['1970-01-01 00:00:07', '1969-12-31 23:57:52', '1970-01-01 00:00:00'],
    },
    "short": {
        "boolean": [True, True, False],
        "byte": [N, -1, 0],
        "short": [300, -1, 0],
        "int": [300, -1, 0],
        "long": [300, -1, 0],
        "float": [300.0, -1.0, 0.0],
        "double": [300.0, -1.0, 0.0],
        "decimal": ['300.00', '-1.00', '0.00'],
        "string": ['300', '-1', '0'],
        "timestamp": ['1970-01-01 00:05:00', '1969-12-31 23:59:59', '1970-01-01 00:00:00'],
        "timestampntz": ['1970-01-01 00:05:00', '1969-12-31 23:59:59', '1970-01-01 00:00:00'],
    },
    "int": {
        "boolean": [True, True, False],
        "byte": [N, -1, 0],
        "short": [N, -1, 0],
        "int": [70000, -1, 0],
        "long": [70000, -1, 0],
        "float": [70000.0, -1.0, 0.0],
        "double": [70000.0, -1.0, 0.0],
        "decimal": ['70000.00', '-1.00', '0.00'],
        "string": ['70000', '-1', '0'],
        "timestamp": ['1970-01-01 19:26:40', '1969-12-31 23:59:59', '1970-01-01 00:00:00'],
        "timestampntz": ['1970-01-01 19:26:40', '1969-12-31 23:59:59', '1970-01-01 00:00:00'],
    },
    "long": {
        "boolean": [True, True, False],
        "byte": [N, -1, 0],
        "short": [N, -1, 0],
        "int": [N, -1, 0],
        "long": [5000000000, -1, 0],
        "float": [5000000000.0, -1.0, 0.0],
        "double": [5000000000.0, -1.0, 0.0],
        "decimal": [N, '-1.00', '0.00'],
        "string": ['5000000000', '-1', '0'],
        "timestamp": ['2128-06-11 08:53:20', '1969-12-31 23:59:59', '1970-01-01 00:00:00'],
        "timestampntz": ['2128-06-11 08:53:20', '1969-12-31 23:59:59', '1970-01-01 00:00:00'],
    },
    "float": {
        "boolean": [True, True, True],
        "byte": [1, N, N],
        "short": [1, N, N],
        "int": [1, N, N],
        "long": [1, 3000000000, N],
        "float": [1.5, 3000000000.0, 'NaN'],
        "double": [1.5, 3000000000.0, 'NaN'],
        "decimal": ['1.50', N, N],
        "string": ['1.5', '3.0E9', 'NaN'],
        "timestamp": ['1970-01-01 00:00:01.500000', '2065-01-24 05:20:00', N],
        "timestampntz": ['1970-01-01 00:00:01.500000', '2065-01-24 05:20:00', N],
    },
    "double": {
        "boolean": [True, True, True],
        "byte": [-2, N, N],
        "short": [-2, N, N],
        "int": [-2, N, N],
        "long": [-2, N, N],
        "float": [-2.75, 1.0000000200408773e+20, float("inf")],
        "double": [-2.75, 1e+20, float("inf")],
        "decimal": ['-2.75', N, N],
        "string": ['-2.75', '1.0E20', 'Infinity'],
        "timestamp": ['1969-12-31 23:59:57.250000', N, N],
        "timestampntz": ['1969-12-31 23:59:57.250000', N, N],
    },
    "decimal": {
        "boolean": [True, True, False],
        "byte": [12, N, 0],
        "short": [12, N, 0],
        "int": [12, -12345678, 0],
        "long": [12, -12345678, 0],
        "float": [12.34000015258789, -12345679.0, 0.0],
        "double": [12.34, -12345678.99, 0.0],
        "decimal": ['12.34', '-12345678.99', '0.00'],
        "string": ['12.34', '-12345678.99', '0.00'],
        "timestamp": ['1970-01-01 00:00:12.340000', '1969-08-11 02:38:41.010000', '1970-01-01 00:00:00'],
        "timestampntz": ['1970-01-01 00:00:12.340000', '1969-08-11 02:38:41.010000', '1970-01-01 00:00:00'],
    },
    "string": {
        "boolean": [N, N, N],
        "byte": [12, N, N],
        "short": [12, N, N],
        "int": [12, N, N],
        "long": [12, N, N],
        "float": [12.0, 12.899999618530273, N],
        "double": [12.0, 12.9, N],
        "decimal": ['12.00', '12.90', N],
        "string": [' 12 ', '12.9', '2024-02-29 01:02:03.5'],
        "binary": [b' 12 ', b'12.9', b'2024-02-29 01:02:03.5'],
        "date": [N, N, '2024-02-29'],
        "timestamp": [N, N, '2024-02-29 01:02:03.500000'],
        "timestampntz": [N, N, '2024-02-29 01:02:03.500000'],
    },
    "binary": {
        "string": ['12', '', N],
        "binary": [b'12', b'', N],
    },
    "date": {
        "string": ['2024-02-29', '1969-12-31', N],
        "date": ['2024-02-29', '1969-12-31', N],
        "timestamp": ['2024-02-29 00:00:00', '1969-12-31 00:00:00', N],
        "timestampntz": ['2024-02-29 00:00:00', '1969-12-31 00:00:00', N],
    },
    "timestamp": {
        "byte": [N, -1, 0],
        "short": [N, -1, 0],
        "int": [1709168523, -1, 0],
        "long": [1709168523, -1, 0],
        "float": [1709168512.0, -1.0, 0.0],
        "double": [1709168523.5, -1.0, 0.0],
        "decimal": [N, '-1.00', '0.00'],
        "string": ['2024-02-29 01:02:03.5', '1969-12-31 23:59:59', '1970-01-01 00:00:00'],
        "date": ['2024-02-29', '1969-12-31', '1970-01-01'],
        "timestamp": ['2024-02-29 01:02:03.500000', '1969-12-31 23:59:59', '1970-01-01 00:00:00'],
        "timestampntz": ['2024-02-29 01:02:03.500000', '1969-12-31 23:59:59', '1970-01-01 00:00:00'],
    },
    "timestampntz": {
        "byte": [N, -1, 0],
        "short": [N, -1, 0],
        "int": [1709168523, -1, 0],
        "long": [1709168523, -1, 0],
        "float": [1709168512.0, -1.0, 0.0],
        "double": [1709168523.5, -1.0, 0.0],
        "decimal": [N, '-1.00', '0.00'],
        "string": ['2024-02-29 01:02:03.5', '1969-12-31 23:59:59', '1970-01-01 00:00:00'],
        "date": ['2024-02-29', '1969-12-31', '1970-01-01'],
        "timestamp": ['2024-02-29 01:02:03.500000', '1969-12-31 23:59:59', '1970-01-01 00:00:00'],
        "timestampntz": ['2024-02-29 01:02:03.500000', '1969-12-31 23:59:59', '1970-01-01 00:00:00'],
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def found(spark: SparkSession) -> dict[tuple[str, str], list[Any]]:
    """Every pair's results, by one query."""

    def row(at: int) -> str:
        types = {name: to_spark(kind).simpleString() for name, kind in KINDS.items()}
        casts = [f"cast({values[at]} as {types[name]}) `{name}`" for name, values in VALUES.items()]
        return "select " + ", ".join(casts)

    df = spark.sql(" union all ".join(map(row, range(3)))).coalesce(1)
    columns = []
    for have, have_kind in KINDS.items():
        for want, want_kind in KINDS.items():
            column, kind = cast(top(have), have_kind, want_kind)
            assert kind == want_kind
            columns.append(column.alias(f"{have} {want}"))
    result = df.select(*columns)
    for field in result.schema.fields:
        assert field.dataType == to_spark(KINDS[field.name.split()[1]]), field
    collected = [row.asDict() for row in result.collect()]
    return {(have, want): [row[f"{have} {want}"] for row in collected] for have in KINDS for want in KINDS}


def comparable(value: Any) -> Any:
    """Moments and decimals as text, so that the table below can be read."""
    if isinstance(value, (dt.date, Decimal)):
        return str(value)
    return "NaN" if value != value else bytes(value) if isinstance(value, bytearray) else value


PAIRS = [(have, want) for have in KINDS for want in KINDS]


@pytest.mark.parametrize(("have", "want"), PAIRS, ids=[f"{have} to {want}" for have, want in PAIRS])
def test_a_pair(found: dict[tuple[str, str], list[Any]], have: str, want: str) -> None:
    expected = EXPECTED[have].get(want, [N, N, N])
    assert [comparable(value) for value in found[have, want]] == expected
    assert (want in EXPECTED[have]) == (CASTS[have, want] != "-")


def test_the_table_has_every_atomic_type() -> None:
    assert {name for pair in CASTS for name in pair} == {*g.ATOMS, "decimal"} - {"null", "unknown"}
    assert len(CASTS) == len(KINDS) ** 2


NULLS = {"from null": (g.NULL, g.INT), "to null": (g.INT, g.NULL), "from unknown": (g.UNKNOWN, g.ArrayType(g.INT))}


@pytest.mark.parametrize(("have", "want"), NULLS.values(), ids=NULLS.keys())
def test_nothing_is_null_of_the_wanted_type(spark: SparkSession, have: g.GlueType, want: g.GlueType) -> None:
    column, kind = cast(f.lit(None).cast(to_spark(have)), have, want)
    row = spark.range(1).select(column.alias("c")).first()
    assert (kind, row) == (want, (None,))
