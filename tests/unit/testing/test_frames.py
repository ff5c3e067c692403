"""assert_frames_equal: what counts as equal, and that a difference is shown."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from glue_etl.testing.frames import assert_frames_equal

Rows = list[tuple[Any, ...]]

NAN = float("nan")
EQUAL: dict[str, tuple[str, Rows, Rows, dict[str, Any]]] = {
    "same": ("a int, b string", [(1, "x"), (2, None)], [(1, "x"), (2, None)], {}),
    "empty": ("a int", [], [], {}),
    "NaN": ("a double", [(NAN,), (None,)], [(NAN,), (None,)], {}),
    "another order": ("a int, b string", [(1, "x"), (2, None)], [(2, None), (1, "x")], {"ignore_row_order": True}),
    "arrays in another order": (
        "a array<int>, b int",
        [([1, 2], 1), ([3], 1), (None, 1)],
        [(None, 1), ([3], 1), ([1, 2], 1)],
        {"ignore_row_order": True},
    ),
    "maps in another order": (
        "a map<string,int>",
        [({"x": 1, "y": 2},), ({"z": None},), (None,)],
        [(None,), ({"z": None},), ({"y": 2, "x": 1},)],
        {"ignore_row_order": True},
    ),
    "maps deep in a struct": (
        "a struct<b: array<map<string,int>>>",
        [(([{"x": 1}],),), (([],),)],
        [(([],),), (([{"x": 1}],),)],
        {"ignore_row_order": True},
    ),
    "maps in order": ("a map<string,int>", [({"x": 1, "y": 2},)], [({"y": 2, "x": 1},)], {}),
    "a dot in a name": ("`a.b` int", [(1,), (2,)], [(2,), (1,)], {"ignore_row_order": True}),
    "within the precision": ("a double", [(1.0,), (NAN,)], [(1.0004,), (NAN,)], {"precision": 0.001}),
    "within the precision, nested": (
        "a array<double>",
        [([2.0, 1.0],), ([5.0],)],
        [([5.0004],), ([2.0, 1.0004],)],
        {"precision": 0.001, "ignore_row_order": True},
    ),
    "a column left out": ("a int, b int", [(1, 1)], [(1, 2)], {"ignore_columns": ["b"]}),
}

DIFFERENT: dict[str, tuple[str, Rows, Rows, dict[str, Any]]] = {
    "a value": ("a int", [(1,)], [(2,)], {}),
    "null and a value": ("a int", [(None,)], [(0,)], {}),
    "one row more": ("a int", [(1,), (1,)], [(1,)], {}),
    "a row twice": ("a array<int>", [([1],), ([1],)], [([1],), ([2],)], {"ignore_row_order": True}),
    "one row more, with arrays": ("a array<int>", [([1],), ([1],)], [([1],)], {"ignore_row_order": True}),
    "order": ("a int", [(1,), (2,)], [(2,), (1,)], {}),
    "order inside an array": ("a array<int>", [([1, 2],)], [([2, 1],)], {"ignore_row_order": True}),
    "a map's value": ("a map<string,int>", [({"x": 1},)], [({"x": 2},)], {"ignore_row_order": True}),
    "an empty map and null": ("a map<string,int>", [({},)], [(None,)], {"ignore_row_order": True}),
    "beyond the precision": ("a double", [(1.0,)], [(1.1,)], {"precision": 0.01}),
    "NaN and a number": ("a double", [(NAN,)], [(1.0,)], {"precision": 0.01}),
}


@pytest.mark.parametrize(("schema", "left", "right", "options"), EQUAL.values(), ids=EQUAL.keys())
def test_equal(spark: SparkSession, schema: str, left: Rows, right: Rows, options: dict[str, Any]) -> None:
    frames = spark.createDataFrame(left, schema), spark.createDataFrame(right, schema)
    assert_frames_equal(*frames, **options)
    assert_frames_equal(*reversed(frames), **options)


@pytest.mark.parametrize(("schema", "left", "right", "options"), DIFFERENT.values(), ids=DIFFERENT.keys())
def test_different(spark: SparkSession, schema: str, left: Rows, right: Rows, options: dict[str, Any]) -> None:
    frames = spark.createDataFrame(left, schema), spark.createDataFrame(right, schema)
    for pair in (frames, reversed(frames)):
        with pytest.raises(AssertionError):
            assert_frames_equal(*pair, **options)


SCHEMAS = {
    "another type": ("a int", "a bigint", {}),
    "another name": ("a int", "b int", {}),
    "another type in an array": ("a array<int>", "a array<bigint>", {"ignore_row_order": True}),
    "nullable": ("a int NOT NULL", "a int", {}),
    "nullable, with arrays": ("a int NOT NULL, b array<int>", "a int, b array<int>", {"ignore_row_order": True}),
    "one column more": ("a int, b int", "a int", {"ignore_column_order": True}),
}


@pytest.mark.parametrize(("left", "right", "options"), SCHEMAS.values(), ids=SCHEMAS.keys())
def test_schemas_that_differ(spark: SparkSession, left: str, right: str, options: dict[str, Any]) -> None:
    with pytest.raises(AssertionError):
        assert_frames_equal(spark.createDataFrame([], left), spark.createDataFrame([], right), **options)


@pytest.mark.parametrize("more", ["", ", b array<int>"], ids=["plain", "with arrays"])
def test_nullable_may_be_ignored(spark: SparkSession, more: str) -> None:
    frames = spark.createDataFrame([], f"a int NOT NULL{more}"), spark.createDataFrame([], f"a int{more}")
    assert_frames_equal(*frames, ignore_nullable=True, ignore_row_order=True)


def test_columns_may_come_in_another_order(spark: SparkSession) -> None:
    left = spark.createDataFrame([(1, "x")], "`a.b` int, c string")
    assert_frames_equal(left, left.select("c", "`a.b`"), ignore_column_order=True)


def test_a_difference_is_shown(spark: SparkSession) -> None:
    schema = "a array<int>, b string"
    left = spark.createDataFrame([([1], "kept"), ([2], "surplus")], schema)
    right = spark.createDataFrame([([1], "kept")], schema)
    with pytest.raises(AssertionError, match="2 rows instead of 1") as caught:
        assert_frames_equal(left, right, ignore_row_order=True)
    assert "surplus" in str(caught.value)
    assert "kept" not in str(caught.value)


cells = st.one_of(st.none(), st.dictionaries(st.sampled_from("xyz"), st.one_of(st.none(), st.integers(0, 3))))


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(cells), max_size=5), data=st.data())
def test_rows_with_maps_are_a_bag(spark: SparkSession, rows: Rows, data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(rows))
    schema = "a map<string,int>"
    left, right = spark.createDataFrame(rows, schema), spark.createDataFrame(shuffled, schema)
    assert_frames_equal(left, right, ignore_row_order=True)
    if rows:
        with pytest.raises(AssertionError):
            assert_frames_equal(left, right.limit(len(rows) - 1), ignore_row_order=True)
