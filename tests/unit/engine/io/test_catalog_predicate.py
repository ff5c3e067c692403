"""Which partitions a push-down predicate keeps."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from glue_etl.engine.catalog.expression import parse
from glue_etl.engine.catalog.lookup import Partition
from glue_etl.engine.io import catalog_predicate
from glue_etl.engine.io.catalog_predicate import NULL_VALUE, check_values, judged
from glue_etl.engine.io.catalog_pushdown import Pushed, pushed
from glue_etl.engine.types import tree as g
from glue_etl.errors import OptionError, SourceError

KEYS = g.StructType.of([("year", g.STRING), ("month", g.STRING), ("n", g.INT), ("day", g.DATE)])
ROWS = [
    ("2017", "04", "1", "2017-04-01"),
    ("2017", "05", "2", "2017-05-01"),
    ("2018", "04", "10", "2018-04-01"),
    ("2018", NULL_VALUE, NULL_VALUE, NULL_VALUE),
]


def _partitions(rows: list[tuple[str, ...]]) -> list[Partition]:
    return [Partition(row, {}) for row in rows]


KEPT = {
    "equality": ("year = '2017'", [0, 1]),
    "two equals signs": ("(year=='2017' and month=='04')", [0]),
    "a string against a number": ("month > 4", [1]),
    "in": ("month in ('04', '05') and year = '2018'", [2]),
    "like": ("year like '%7'", [0, 1]),
    "an integer is no text": ("n > 2", [2]),
    "a date": ("day >= date'2017-05-01'", [1, 2]),
    "between": ("day between '2017-04-15' and '2017-12-31'", [1]),
    "null": ("month is null", [3]),
    "not null": ("month is not null and n is not null", [0, 1, 2]),
    "or": ("n = 1 or n = 10", [0, 2]),
    "functions": ("concat(year, '-', month) < '2017-05'", [0]),
    "names in another case": ("YEAR = '2018' and `Month` = '04'", [2]),
    "nothing": ("year = '1999'", []),
    "always": ("true", [0, 1, 2, 3]),
}


@pytest.mark.parametrize(("predicate", "expected"), KEPT.values(), ids=KEPT.keys())
def test_a_predicate_is_judged_as_spark_does(spark: SparkSession, predicate: str, expected: list[int]) -> None:
    partitions = _partitions(ROWS)
    assert judged(spark, predicate, KEYS, partitions, "the table 'db.t'") == [partitions[i] for i in expected]


def test_many_partitions_are_judged_in_one_go(spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog_predicate, "_FEW", 2)
    partitions = _partitions(ROWS)
    assert judged(spark, "n > 1", KEYS, partitions, "t") == partitions[1:3]


def test_the_largest_numbers(spark: SparkSession) -> None:
    keys = g.StructType.of([("k", g.LONG)])
    partitions = _partitions([(str(-(1 << 63)),), (str((1 << 63) - 1),), (NULL_VALUE,)])
    assert judged(spark, "k < 0", keys, partitions, "t") == partitions[:1]
    assert judged(spark, "k + 0 > 9223372036854775806", keys, partitions, "t") == partitions[1:2]


def test_odd_values_are_texts(spark: SparkSession) -> None:
    keys = g.StructType.of([("k", g.STRING)])
    partitions = _partitions([("it's",), ("a\\b",), ("x\ny",), ("é",)])
    assert judged(spark, "k = 'it\\'s'", keys, partitions, "t") == partitions[:1]
    assert judged(spark, "k like '%b'", keys, partitions, "t") == partitions[1:2]


WRONG = {
    "syntax": "year = = '2017'",
    "an unknown column": "years = '2017'",
    "no truth": "upper(year)",
    "an aggregate": "count(year) > 1",
    "not closed": "year = '2017",
}


@pytest.mark.parametrize("rows", [ROWS, []], ids=["some partitions", "no partitions"])
@pytest.mark.parametrize("predicate", WRONG.values(), ids=WRONG.keys())
def test_a_wrong_predicate_is_told_with_the_partition_keys(
    spark: SparkSession, predicate: str, rows: list[tuple[str, ...]]
) -> None:
    with pytest.raises(OptionError) as raised:
        judged(spark, predicate, KEYS, _partitions(rows), "the table 'db.t'")
    message = str(raised.value)
    assert f"User's pushdown predicate: {predicate} can not be resolved" in message
    assert "'db.t'" in message and "Available: year, month, n, day." in message
    assert "py4j" not in message and "org.apache" not in message


PUSHED = {
    "a text": ("year = '2017'", "year = '2017'", True),
    "two conditions": ("year='2017' and n >= 3", "year = '2017' AND n >= 3", True),
    "in": ("month in ('04','05')", "month IN ('04', '05')", True),
    "like": ("month like '0%'", "month LIKE '0%'", True),
    "not": ("not (year = '2017' or n < 2)", "NOT ((year = '2017' OR n < 2))", True),
    "unequal": ("year <> '2017'", "NOT (year = '2017')", True),
    "an apostrophe": ("year = 'it\\'s'", "year = 'it''s'", True),
    "an alternative": ("year = '2017' or n = 3", "(year = '2017' OR n = 3)", True),
    "what is left is judged here": ("year = '2017' and month > 4 and lower(month) = '05'", "year = '2017'", False),
    "half an alternative": ("year = '2017' or month = 4", "", False),
    "not what is judged here": ("not (year = '2017' and month = 4)", "", False),
    "a number for a string": ("month = 4", "", False),
    "a text for a number": ("n = '3'", "", False),
    "a pattern with a backslash": ("month like '0\\\\%'", "", False),
    "a date": ("day = date'2017-01-01'", "", False),
    "null": ("year = null", "", False),
    "is null": ("year is null", "", False),
    "an unknown column": ("years = '2017'", "", False),
    "syntax": ("year = = 3", "", False),
}


@pytest.mark.parametrize(("predicate", "text", "exact"), PUSHED.values(), ids=PUSHED.keys())
def test_the_catalog_is_handed_what_it_judges_alike(
    spark: SparkSession, predicate: str, text: str, exact: bool
) -> None:
    assert pushed(spark, predicate, KEYS) == Pushed(text, exact)


FITS: dict[str, tuple[g.GlueType, str, bool]] = {
    "an int": (g.INT, "-12", True),
    "leading zeros": (g.INT, "04", True),
    "letters": (g.INT, "4x", False),
    "too large": (g.INT, "2147483648", False),
    "too large for a byte": (g.BYTE, "128", False),
    "a long": (g.LONG, "2147483648", True),
    "empty": (g.LONG, "", False),
    "a double": (g.DOUBLE, "1.5e3", True),
    "a decimal": (g.DecimalType(5, 2), "1.25", True),
    "no decimal": (g.DecimalType(5, 2), "1,25", False),
    "a date": (g.DATE, "2024-02-29", True),
    "no such day": (g.DATE, "2023-02-29", False),
    "a date with a time": (g.DATE, "2024-02-29 10:00:00", False),
    "a timestamp": (g.TIMESTAMP, "2024-02-29 10:00:00.123", True),
    "a timestamp of a day": (g.TIMESTAMP, "2024-02-29", True),
    "no timestamp": (g.TIMESTAMP, "noon", False),
    "a boolean": (g.BOOLEAN, "TRUE", True),
    "no boolean": (g.BOOLEAN, "yes", False),
    "null": (g.INT, NULL_VALUE, True),
    "any text": (g.STRING, "", True),
}


@pytest.mark.parametrize(("kind", "value", "fits"), FITS.values(), ids=FITS.keys())
def test_a_partitions_value_is_of_its_keys_type(kind: g.GlueType, value: str, fits: bool) -> None:
    keys = g.StructType.of([("first", g.STRING), ("k", kind)])
    partitions = _partitions([("a", value)])
    if fits:
        check_values(partitions, keys, "the table 'db.t'")
        return
    with pytest.raises(SourceError, match=r"'db\.t' has .* for the partition key 'k', which is no"):
        check_values(partitions, keys, "the table 'db.t'")


_KEYS = g.StructType.of([("s", g.STRING), ("i", g.INT)])
_CONDITIONS = st.sampled_from(
    [
        "s = 'b'",
        "s > 'a'",
        "s like '%b'",
        "s <> 'c'",
        "s in ('a', 'c')",
        "i = 2",
        "i in (1, 3)",
        "i > 1 or s = 'a'",
        "not (i = 2)",
        "upper(s) = 'B'",
        "s is null",
    ]
)


@settings(max_examples=15, deadline=None)
@given(
    st.lists(_CONDITIONS, min_size=1, max_size=3),
    st.lists(st.tuples(st.sampled_from(["a", "b", "c", NULL_VALUE]), st.integers(1, 3)), min_size=1),
)
def test_what_the_catalog_keeps_holds_all_that_spark_keeps(
    spark: SparkSession, conditions: list[str], rows: list[tuple[str, int]]
) -> None:
    predicate = " and ".join(f"({condition})" for condition in conditions)
    partitions = _partitions([(text, str(number)) for text, number in rows])
    told = pushed(spark, predicate, _KEYS)
    judge = parse(told.text, [("s", "string"), ("i", "int")]) if told.text else None
    kept = [partition.values for partition in judged(spark, predicate, _KEYS, partitions, "t")]
    by_catalog = [each.values for each in partitions if judge is None or judge.keeps(each.values)]
    assert set(kept) <= set(by_catalog)
    assert not told.exact or kept == by_catalog
