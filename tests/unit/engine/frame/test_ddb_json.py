"""DynamoDB JSON: each type of the "DynamoDB JSON" table, nested, mixed and where it ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from glue_etl.engine.frame.core import Plan
from glue_etl.engine.frame.ddb_json import simplify_ddb_json, unnest_ddb_json
from glue_etl.engine.types import tree as g

Planned = Callable[..., Plan]
Rows = Callable[[Plan], list[Any]]

STRINGS = g.ArrayType(g.STRING)
VALUES: dict[str, tuple[Any, g.GlueType, Any]] = {
    "S": ({"S": "x"}, g.STRING, "x"),
    "N stays text": ({"N": "1.5"}, g.STRING, "1.5"),
    "B stays base64": ({"B": "U3Vu"}, g.STRING, "U3Vu"),
    "BOOL": ({"BOOL": False}, g.BOOLEAN, False),
    "NULL": ({"NULL": True}, g.NULL, None),
    "SS": ({"SS": ["a", "b"]}, STRINGS, ["a", "b"]),
    "NS": ({"NS": ["1"]}, STRINGS, ["1"]),
    "BS": ({"BS": ["U3Vu"]}, STRINGS, ["U3Vu"]),
    "L of strings": ({"L": [{"S": "a"}, {"S": "b"}]}, STRINGS, ["a", "b"]),
    "L of lists": ({"L": [{"L": [{"N": "1"}]}, {"L": []}]}, g.ArrayType(STRINGS), [["1"], []]),
    "L of several types is left alone": (
        {"L": [{"S": "a"}, {"N": "1"}]},
        g.ArrayType(g.StructType.of([("S", g.STRING), ("N", g.STRING)])),
        [{"S": "a"}, {"N": "1"}],
    ),
    "L of L of maps": (
        {"L": [{"L": [{"M": {"p": {"S": "x"}}}]}]},
        g.ArrayType(
            g.ArrayType(g.StructType.of([("M", g.StructType.of([("p", g.StructType.of([("S", g.STRING)]))]))]))
        ),
        [[{"M": {"p": {"S": "x"}}}]],
    ),
    "an empty L": ({"L": []}, g.ArrayType(g.NULL), []),
    "M": (
        {"M": {"p": {"M": {"q": {"N": "1"}}}}},
        g.StructType.of([("p", g.StructType.of([("q", g.STRING)]))]),
        {"p": {"q": "1"}},
    ),
    "M whose attributes are called as types": (
        {"M": {"S": {"N": "1"}, "L": {"S": "x"}}},
        g.StructType.of([("S", g.STRING), ("L", g.STRING)]),
        {"S": "1", "L": "x"},
    ),
    "what is no DynamoDB JSON stays": ({"width": 5}, g.StructType.of([("width", g.INT)]), {"width": 5}),
}


@pytest.mark.parametrize(("value", "kind", "expected"), VALUES.values(), ids=VALUES.keys())
def test_simplifying_a_value(planned: Planned, rows: Rows, value: Any, kind: g.GlueType, expected: Any) -> None:
    simple = simplify_ddb_json(planned({"Item": {"k": {"S": "1"}, "v": value}}))
    assert simple.type == g.StructType.of([("k", g.STRING), ("v", kind)])
    (row,) = rows(simple)
    assert row.get("v") == expected


def test_an_attribute_of_several_types_becomes_a_choice(planned: Planned, rows: Rows) -> None:
    items = [{"S": "x"}, {"BOOL": True}, {"M": {"p": {"N": "1"}}}, {"NULL": True}, {"N": "2"}]
    simple = simplify_ddb_json(planned(*[{"Item": {"v": item}} for item in items]))
    assert [choice.name for choice in simple.type.fields[0].type.choices] == ["boolean", "string", "struct"]  # type: ignore[attr-defined]
    assert [row.get("v") for row in rows(simple)] == ["x", True, {"p": "1"}, None, "2"]


WRAPPERS: dict[str, tuple[Any, Any]] = {
    "Item beside another field": ({"Item": {"a": {"S": "x"}}, "file": "f"}, {"a": "x", "file": "f"}),
    "a lone wrapper of another name": ({"NewImage": {"a": {"S": "x"}}}, {"a": "x"}),
    "two images stay apart": (
        {"NewImage": {"a": {"S": "x"}}, "OldImage": {"a": {"S": "y"}}},
        {"NewImage": {"a": "x"}, "OldImage": {"a": "y"}},
    ),
    "no wrapper": ({"a": {"S": "x"}, "b": {"N": "1"}}, {"a": "x", "b": "1"}),
    "a name that is there twice": ({"Item": {"a": {"S": "x"}}, "a": 1}, {"Item": {"a": "x"}, "a": 1}),
}


@pytest.mark.parametrize(("record", "expected"), WRAPPERS.values(), ids=WRAPPERS.keys())
def test_wrappers(planned: Planned, rows: Rows, record: Any, expected: Any) -> None:
    assert rows(simplify_ddb_json(planned(record))) == [expected]


def test_unnesting_makes_columns_of_maps_and_leaves_lists(planned: Planned, rows: Rows) -> None:
    item = {"a": {"M": {"b": {"S": "x"}}}, "l": {"L": [{"S": "y"}]}, "s": {"SS": ["z"]}}
    flat = unnest_ddb_json(planned({"Item": item}))
    listed = g.ArrayType(g.StructType.of([("S", g.STRING)]))
    assert flat.type == g.StructType.of([("a.b", g.STRING), ("l", listed), ("s", STRINGS)])
    assert rows(flat)[0]["a.b"] == "x"
    assert rows(flat)[0]["s"] == ["z"]
