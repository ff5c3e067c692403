"""Glue Studio's transforms: the examples of AWS's pages and what lies at their edges."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from glue_etl.engine.frame import studio
from glue_etl.errors import FieldError, OptionError

Call = Callable[..., Any]


def call(df: DataFrame, name: str, **parameters: Any) -> DataFrame:
    return studio.transform_of(name)(df, **parameters)


def rows(df: DataFrame) -> list[tuple[Any, ...]]:
    return sorted((_plain(row) for row in df.collect()), key=repr)


def _plain(value: Any) -> Any:
    """Rows as tuples at any depth, so that they sort as what is expected does."""
    if isinstance(value, tuple):
        return tuple(_plain(each) for each in value)
    return [_plain(each) for each in value] if isinstance(value, list) else value


# name, the data as SQL, the parameters, the columns and rows of the result
Case = tuple[str, str, dict[str, Any], list[str], list[tuple[Any, ...]]]
CASES: dict[str, Case] = {
    "concat with a spacer": (
        "gs_concat",
        "select '01' d, '02' m, 2020 y",
        {"colName": "date", "colList": ["y", "m", "d"], "spacer": "-"},
        ["d", "m", "y", "date"],
        [("01", "02", 2020, "2020-02-01")],
    ),
    "concat without one, over a column that is there": (
        "gs_concat",
        "select 'a' a, 'b' b",
        {"colName": "a", "colList": "a, b"},
        ["a", "b"],
        [("ab", "b")],
    ),
    "concat of nulls": (
        "gs_concat",
        "select 'a' a, string(null) b",
        {"colName": "c", "colList": ["a", "b", "a"], "spacer": "-"},
        ["a", "b", "c"],
        [("a", None, "a--a")],
    ),
    "concat with a word for null": (
        "gs_concat",
        "select 'a' a, string(null) b",
        {"colName": "c", "colList": ["a", "b"], "spacer": "/", "nullValue": "none"},
        ["a", "b", "c"],
        [("a", None, "a/none")],
    ),
    "concat of odd names": (
        "gs_concat",
        "select 'x' `UF:/a`, 'y' `b.c`, 'z' `d e`",
        {"colName": "Full:", "colList": ["UF:/a", "`b.c`", "d e"]},
        ["UF:/a", "b.c", "d e", "Full:"],
        [("x", "y", "z", "xyz")],
    ),
    "split into a new column": (
        "gs_split",
        "select 'a, b,c' t",
        {"colName": "t", "pattern": ",\\s*", "newColName": "arr"},
        ["t", "arr"],
        [("a, b,c", ["a", "b", "c"])],
    ),
    "split in place": ("gs_split", "select 'a b' t", {"colName": "t", "pattern": "\\s"}, ["t"], [(["a", "b"],)]),
    "split of a dotted name": (
        "gs_split",
        "select 'a+b' `p.code`",
        {"colName": "`p.code`", "pattern": "\\+"},
        ["p.code"],
        [(["a", "b"],)],
    ),
    "array to columns, first ones": (
        "gs_array_to_cols",
        "select explode(array(array(1, 2, 3), array(4), array(), null)) a",
        {"colName": "a", "colList": "x, y"},
        ["a", "x", "y"],
        [([], None, None), ([1, 2, 3], 1, 2), ([4], 4, None), (None, None, None)],
    ),
    "array to columns, positions": (
        "gs_array_to_cols",
        "select array(54, 240, 197, 238) subnet",
        {"colName": "subnet", "colList": "first_octect,fourth_octect", "indexes": "1, 4"},
        ["subnet", "first_octect", "fourth_octect"],
        [([54, 240, 197, 238], 54, 238)],
    ),
    "array to columns over itself": (
        "gs_array_to_cols",
        "select array(1, 2) a",
        {"colName": "a", "colList": "a,b"},
        ["a", "b"],
        [(1, 2)],
    ),
    "derived": (
        "gs_derived",
        "select 2 a, 3 b",
        {"colName": "c", "expr": "a * b"},
        ["a", "b", "c"],
        [(2, 3, 6)],
    ),
    "regex groups, one left out, one optional": (
        "gs_regex_extract",
        "select explode(array('2024-05-06 07', '2024-05-06', 'none', null)) t",
        {"colName": "t", "regex": r"(\d{4})-(\d\d)-(\d\d)(?: (\d\d))?", "newCols": "y,, d, h"},
        ["t", "y", "d", "h"],
        [
            ("2024-05-06", "2024", "06", ""),
            ("2024-05-06 07", "2024", "06", "07"),
            ("none", "", "", ""),
            (None, None, None, None),
        ],
    ),
    "regex without groups": (
        "gs_regex_extract",
        "select 'abc 12' t",
        {"colName": "t", "regex": r"\d+", "newCols": "n"},
        ["t", "n"],
        [("abc 12", "12")],
    ),
    "regex over its own column": (
        "gs_regex_extract",
        "select 'a-b' t",
        {"colName": "t", "regex": "(.)-(.)", "newCols": "t,u"},
        ["t", "u"],
        [("a", "b")],
    ),
    "explode an array": (
        "gs_explode",
        "select * from values (1, array('a', 'b')), (2, array()), (3, null) t(id, c)",
        {"colName": "c", "newCol": "e"},
        ["id", "c", "e"],
        [(1, ["a", "b"], "a"), (1, ["a", "b"], "b")],
    ),
    "explode in place, with nulls": (
        "gs_explode",
        "select * from values (1, array('a', 'b')), (2, array()), (3, null) t(id, c)",
        {"colName": "c", "newCol": "c", "outer": True},
        ["id", "c"],
        [(1, "a"), (1, "b"), (2, None), (3, None)],
    ),
    "explode a map": (
        "gs_explode",
        "select 1 id, map('a', 1, 'b', 2) m",
        {"colName": "m", "newCol": "k, v"},
        ["id", "m", "k", "v"],
        [(1, {"a": 1, "b": 2}, "a", 1), (1, {"a": 1, "b": 2}, "b", 2)],
    ),
    "explode a member": (
        "gs_explode",
        "select struct(array(1, 2) as b) a",
        {"colName": "a.b", "newCol": "e"},
        ["a", "e"],
        [((([1, 2]),), 1), ((([1, 2]),), 2)],
    ),
    "explode what is dotted in name only": (
        "gs_explode",
        "select array(1) `a.b`",
        {"colName": "a.b", "newCol": "e"},
        ["a.b", "e"],
        [([1], 1)],
    ),
    "flatten all": (
        "gs_flatten",
        "select 1 id, struct(struct('49' as cc, '7' as n) as home, 2 as k) phone",
        {},
        ["id", "phone.home.cc", "phone.home.n", "phone.k"],
        [(1, "49", "7", 2)],
    ),
    "flatten, no limit by 0": (
        "gs_flatten",
        "select struct(struct(1 as c) as b) a",
        {"maxLevels": 0, "separator": "_"},
        ["a_b_c"],
        [(1,)],
    ),
    "flatten one level": (
        "gs_flatten",
        "select struct(struct(1 as c) as b) a",
        {"maxLevels": 1},
        ["a.b"],
        [((1,),)],
    ),
    "flatten leaves arrays and odd names": (
        "gs_flatten",
        "select array(struct(1 as x)) l, struct(2 as `c.d`) `a.b`",
        {"separator": "-"},
        ["l", "a.b-c.d"],
        [([(1,)], 2)],
    ),
    "null rows": (
        "gs_null_rows",
        "select * from values (1, 'a'), (null, ''), (null, null) t(a, b)",
        {},
        ["a", "b"],
        [(1, "a"), (None, "")],
    ),
    "null rows, extended": (
        "gs_null_rows",
        "select * from values (1, '', null), (null, '', array()), (null, null, array(1)), (null, null, null) t(a,b,c)",
        {"extended": True},
        ["a", "b", "c"],
        [(1, "", None), (None, None, [1])],
    ),
    "pivot one column": (
        "gs_pivot",
        "select * from values (2020, 'jan', 'uk', 32), (2020, 'jan', 'de', 42), (2020, 'feb', 'uk', 5), "
        "(2020, 'jan', 'uk', 1) t(year, month, country, amount)",
        {"aggCol": "amount", "aggFunction": "sum", "colList": ["country"]},
        ["year", "month", "de", "uk"],
        [(2020, "feb", None, 5), (2020, "jan", 42, 33)],
    ),
    "pivot two columns": (
        "gs_pivot",
        "select * from values (2020, 'jan', 'uk', 32), (2020, 'jan', 'de', 42) t(year, month, country, amount)",
        {"aggCol": "amount", "aggFunction": "mean", "colList": ["month", "country"]},
        ["year", "jan_de", "jan_uk"],
        [(2020, 42.0, 32.0)],
    ),
    "json paths": (
        "gs_extract_json",
        """select '{"log": "x", "a. a": 1, "o": {"p": [1, 2]}}' message""",
        {
            "colName": "message",
            "jsonPaths": "log, $['a. a'], o.p, none",
            "colList": "log, a, p, none",
            "dropCol": True,
        },
        ["log", "a", "p", "none"],
        [("x", "1", "[1,2]", None)],
    ),
    "json with a schema": (
        "gs_parse_json",
        """select '{"a": "x", "b": 2}' t""",
        {"colName": "t", "schema": "a STRING, b INT"},
        ["t"],
        [(("x", 2),)],
    ),
    "json array with a schema, kept beside": (
        "gs_parse_json",
        "select '[1, 2]' t",
        {"colName": "t", "schema": "ARRAY<INT>", "newColName": "p"},
        ["t", "p"],
        [("[1, 2]", [1, 2])],
    ),
    "json without a schema": (
        "gs_parse_json",
        """select explode(array('{"a": 1}', '{"b": "x"}', null)) t""",
        {"colName": "t"},
        ["t"],
        [((1, None),), ((None, "x"),), (None,)],
    ),
}


@pytest.mark.parametrize(("name", "sql", "parameters", "columns", "expected"), CASES.values(), ids=CASES.keys())
def test_a_transform(
    spark: SparkSession,
    name: str,
    sql: str,
    parameters: dict[str, Any],
    columns: list[str],
    expected: list[tuple[Any, ...]],
) -> None:
    result = call(spark.sql(sql), name, **parameters)
    assert result.columns == columns
    assert rows(result) == sorted(expected, key=repr)


def test_identifiers(spark: SparkSession) -> None:
    df = spark.range(6).repartition(3)
    plain = call(df, "gs_sequence_id")
    assert plain.schema["id"].dataType.simpleString() == "bigint"
    once = call(spark.range(4), "gs_sequence_id", colName="n", unique=True)
    assert once.schema["n"].dataType.simpleString() == "decimal(38,0)"
    first = {row.n for row in once.collect()}
    again = {row.n for row in call(spark.range(4), "gs_sequence_id", colName="n", unique=True).collect()}
    assert len(first) == len(again) == 4
    assert not first & again
    assert max(first) > Decimal(10) ** 31
    ids = [row.uuid for row in call(df, "gs_uuid").collect()]
    assert len(set(ids)) == 6
    assert all(re.fullmatch(r"[0-9a-f-]{36}", text) for text in ids)


@pytest.mark.parametrize(
    ("given", "number", "times"),
    [("3", 3, 0), (5, 5, 0), ("", 0, 1), ("x2", 0, 2), ("*3", 0, 3)],
    ids=["text", "int", "cores", "x", "*"],
)
def test_partitions(spark: SparkSession, given: Any, number: int, times: int) -> None:
    cores = spark.sparkContext.defaultParallelism
    df = call(spark.range(9), "gs_repartition", numPartitionsStr=given)
    assert df.rdd.getNumPartitions() == number + times * cores


WRONG: dict[str, tuple[str, dict[str, Any], type[Exception], str]] = {
    "a list with a gap": ("gs_concat", {"colName": "c", "colList": "a,,b"}, OptionError, "'a,,b'"),
    "a list that is none": ("gs_concat", {"colName": "c", "colList": 7}, OptionError, "'colList' is 7"),
    "too few positions": ("gs_array_to_cols", {"colName": "l", "colList": "x,y", "indexes": "1"}, OptionError, "2 col"),
    "position 0": ("gs_array_to_cols", {"colName": "l", "colList": "x", "indexes": "0"}, OptionError, "from 1"),
    "no regex": ("gs_regex_extract", {"colName": "t", "regex": "(", "newCols": "x"}, OptionError, "no regular"),
    "too few names": ("gs_regex_extract", {"colName": "t", "regex": "(a)(b)", "newCols": "x"}, OptionError, "2 groups"),
    "explode a number": ("gs_explode", {"colName": "n", "newCol": "e"}, FieldError, "'n' is int"),
    "one name for a map": ("gs_explode", {"colName": "m", "newCol": "e"}, OptionError, "'key,value'"),
    "levels": ("gs_flatten", {"maxLevels": "many"}, OptionError, "'many'"),
    "two of a name": ("gs_flatten", {"separator": ""}, FieldError, "'sx'"),
    "no function": ("gs_pivot", {"aggCol": "n", "aggFunction": "sum(", "colList": ["t"]}, OptionError, "'sum\\('"),
    "partitions": ("gs_repartition", {"numPartitionsStr": "0"}, OptionError, "'0'"),
    "a type of time": ("gs_to_timestamp", {"colName": "t", "colType": "days"}, OptionError, "autodetect"),
    "a code of Python's alone": ("gs_format_timestamp", {"colName": "t", "dateFormat": "%U %Y"}, OptionError, "'%U'"),
    "a ratio": ("gs_parse_json", {"colName": "t", "samplingRatio": "2"}, OptionError, "'2'"),
    "no object": ("gs_parse_json", {"colName": "none"}, OptionError, "'none' has no JSON object"),
    "paths": ("gs_extract_json", {"colName": "t", "jsonPaths": "a,b", "colList": "a"}, OptionError, "2 paths for 1"),
    "an unknown parameter": ("gs_split", {"colName": "t", "sep": ","}, TypeError, "sep"),
}


@pytest.mark.parametrize(("name", "parameters", "error", "words"), WRONG.values(), ids=WRONG.keys())
def test_a_mistake_is_named(
    spark: SparkSession, name: str, parameters: dict[str, Any], error: type[Exception], words: str
) -> None:
    df = spark.sql(
        "select 1 n, 'a' t, array(1) l, map('a', 1) m, struct(1 as x) s, 2 sx, string(null) as none, 'b' a, 'c' b"
    )
    with pytest.raises(error, match=words):
        call(df, name, **parameters)


@pytest.mark.parametrize("name", sorted(studio.TRANSFORMS))
def test_each_transform_names_its_page(name: str) -> None:
    assert "https://docs.aws.amazon.com/glue/latest/dg/transforms-" in (studio.transform_of(name).__doc__ or "")
