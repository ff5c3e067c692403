"""When values, rows, types and printed schemas count as the same."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from . import comparing

Json = Any

UTC_NOON = dt.datetime(2020, 1, 2, 12, 0)

VALUES = {
    "missing equals null": ({"a": 1, "b": None}, {"a": 1}, True),
    "missing equals null in a struct": ({"s": {"x": 1}}, {"s": {"x": 1, "y": None}}, True),
    "struct of nulls equals null": ({"s": None}, {"s": {"x": None, "y": {"z": None}}}, True),
    "struct with a value is not null": ({"s": None}, {"s": {"x": 0}}, False),
    "null in an array is no missing element": ([1, None], [1], False),
    "array order counts": ([1, 2], [2, 1], False),
    "int equals float": (2, 2.0, True),
    "float equals decimal": (1.1, Decimal("1.10"), True),
    "different numbers": (2, 2.5, False),
    "large integers are exact": (9007199254740993, 9007199254740992, False),
    "number is not its text": (1, "1", False),
    "text is not its number": ("1", 1, False),
    "true is not one": (True, 1, False),
    "one is not true": (1, True, False),
    "date as text": ("2020-01-02", dt.date(2020, 1, 2), True),
    "other date": ("2020-01-03", dt.date(2020, 1, 2), False),
    "timestamp with T": ("2020-01-02T12:00:00", UTC_NOON, True),
    "timestamp with blank": ("2020-01-02 12:00:00", UTC_NOON, True),
    "timestamp with zone": ("2020-01-02T12:00:00Z", UTC_NOON, True),
    "date is not a timestamp at another time": ("2020-01-02", UTC_NOON, False),
    "texts differ in form": ("2020-01-02T12:00:00", "2020-01-02 12:00:00", False),
    "binary as text": ("ab", bytearray(b"ab"), True),
    "binary as base64": ("/w==", b"\xff", True),
    "struct is no array": ({"a": 1}, [1], False),
}


@pytest.mark.parametrize(("expected", "actual", "same"), VALUES.values(), ids=VALUES.keys())
def test_same_value(expected: Json, actual: Any, same: bool) -> None:
    assert comparing.same_value(expected, actual) is same


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=8,
)


@given(JSON_VALUES)
def test_a_value_is_the_same_as_itself(value: Json) -> None:
    assert comparing.same_value(value, value)
    assert comparing.exactly(value, value)


@given(st.lists(JSON_VALUES, max_size=5).flatmap(lambda rows: st.tuples(st.just(rows), st.permutations(rows))))
def test_rows_in_any_order_are_the_same(both: tuple[list[Json], list[Json]]) -> None:
    assert comparing.multiset_difference(*both) == ([], [])


def test_rows_are_a_multiset() -> None:
    assert comparing.multiset_difference([{"a": 1}, {"a": 1}], [{"a": 1}]) == ([{"a": 1}], [])
    assert comparing.multiset_difference([{"a": 1}], [{"a": 1}, {"a": 2}]) == ([], [{"a": 2}])


TYPES = {
    "atoms": ("int", "int", True),
    "other atoms": ("int", "long", False),
    "Hive's name of an atom": ("bigint", "long", True),
    "any decimal": ("decimal", "decimal(10,2)", True),
    "decimal with its size": ({"decimal": [10, 2]}, "decimal(10,2)", True),
    "decimal of another size": ("decimal(10,2)", "decimal(12,2)", False),
    "choice in any order": ({"choice": ["int", "string"]}, {"choice": ["string", "int"]}, True),
    "choice with one more": ({"choice": ["int"]}, {"choice": ["string", "int"]}, False),
    "array": ({"array": "int"}, {"array": "string"}, False),
    "array is no atom": ({"array": "int"}, "int", False),
    "struct in any order": (
        {"struct": [["a", "int"], ["b", "string"]]},
        {"struct": [["b", "string"], ["a", "int"]]},
        True,
    ),
    "struct with one more": ({"struct": [["a", "int"]]}, {"struct": [["a", "int"], ["b", "int"]]}, False),
}


@pytest.mark.parametrize(("expected", "actual", "same"), TYPES.values(), ids=TYPES.keys())
def test_same_type(expected: Json, actual: Json, same: bool) -> None:
    assert comparing.same_type(expected, actual) is same


def test_field_order_counts_only_if_asked() -> None:
    fields = [["a", "int"], ["b", {"struct": [["x", "int"], ["y", "int"]]}]]
    turned = [["b", {"struct": [["y", "int"], ["x", "int"]]}], ["a", "int"]]
    inner = [["a", "int"], ["b", {"struct": [["y", "int"], ["x", "int"]]}]]
    assert comparing.same_fields(fields, turned)
    assert not comparing.same_fields(fields, turned, ordered=True)
    assert not comparing.same_fields(fields, inner, ordered=True)


PRINTED = "root\n|-- a: int\n|-- s: struct\n|    |-- x: int\n"


def test_printed_schemas_compare_by_top_level_block() -> None:
    turned = "root\n|-- s: struct\n|    |-- x: int\n|-- a: int\n\n"
    assert comparing.same_printed(PRINTED, PRINTED + "\n\n", ordered=True)
    assert comparing.same_printed(PRINTED, turned, ordered=False)
    assert not comparing.same_printed(PRINTED, turned, ordered=True)
    assert not comparing.same_printed(PRINTED, PRINTED.replace("x: int", "x: long"), ordered=False)
