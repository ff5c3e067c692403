"""Choices with structs, arrays and maps among their alternatives: each record is treated as what it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from glue_etl.engine.frame import fields, join, mapping, relationalize, split, unnest
from glue_etl.engine.frame.core import Plan
from glue_etl.engine.types import tree as g

Planned = Callable[..., Plan]
Rows = Callable[[Plan], list[Any]]
Step = Callable[[Plan], Plan]

RECORDS: list[Any] = [
    {"k": 1, "v": 5},
    {"k": 2, "v": {"a": 1, "b": "x"}},
    {"k": 3, "v": [{"a": 2}]},
    {"k": 4},
    {"k": "5", "arr": [1, "x", {"a": 3}], "deep": {"v": {"a": "y"}}},
]

STEPS: dict[str, tuple[Step, list[Any]]] = {
    "select in structs and arrays": (
        lambda p: fields.select_fields(p, ["v.a"]),
        [{}, {"v": {"a": 1}}, {"v": [{"a": 2}]}, {}, {}],
    ),
    "select where the element may be a struct": (
        lambda p: fields.select_fields(p, ["arr.a"]),
        [{}, {}, {}, {}, {"arr": [None, None, {"a": 3}]}],
    ),
    "drop in structs and arrays": (
        lambda p: fields.select_fields(fields.drop_fields(p, ["v.a"]), ["v"]),
        [{"v": 5}, {"v": {"b": "x"}}, {}, {}, {}],
    ),
    "rename in both": (
        lambda p: fields.select_fields(fields.rename_field(p, "v.a", "v.z"), ["v"]),
        [{"v": 5}, {"v": {"z": 1, "b": "x"}}, {"v": [{"z": 2}]}, {}, {}],
    ),
    "map from the struct": (
        lambda p: mapping.apply_mapping(p, [("v.a", "int", "a", "string"), ("deep.v.a", "d")]),
        [{}, {"a": "1"}, {}, {}, {"d": "y"}],
    ),
    "map the choice to text": (
        lambda p: mapping.apply_mapping(p, [("v", "int", "v", "string")]),
        [{"v": "5"}, {"v": '{"a":1,"b":"x"}'}, {"v": '[{"a":2}]'}, {}, {}],
    ),
    "unnest": (
        lambda p: fields.drop_fields(unnest.unnest(p), ["arr", "`deep.v.a`"]),
        [{"k": 1, "v": 5}, {"k": 2, "v.a": 1, "v.b": "x"}, {"k": 3, "v": [{"a": 2}]}, {"k": 4}, {"k": "5"}],
    ),
    "split rows by a choice": (
        lambda p: fields.select_fields(split.split_rows(p, [("k", ">", 2)], keep=True), ["k"]),
        [{"k": 3}, {"k": 4}, {"k": "5"}],
    ),
}


@pytest.mark.parametrize(("step", "expected"), STEPS.values(), ids=STEPS.keys())
def test_transform(planned: Planned, rows: Rows, step: Step, expected: list[Any]) -> None:
    assert rows(step(planned(*RECORDS))) == expected


def test_a_choice_that_one_alternative_is_left_of_is_no_choice(planned: Planned, rows: Rows) -> None:
    dropped = fields.drop_fields(planned({"v": "x"}, {"v": {"a": 1}}), ["v.a"])
    assert dropped.type == g.StructType.of([("v", g.STRING)])
    assert rows(dropped) == [{"v": "x"}, {}]


def test_join_by_a_choice(planned: Planned, rows: Rows) -> None:
    left = planned({"k": 1}, {"k": "a"}, {"k": {"x": 1}})
    joined = rows(join.join(left, planned({"j": "a", "w": 1}, {"j": 1, "w": 2}), ["k"], ["j"]))
    assert sorted(joined, key=str) == [{"k": "a", "j": "a", "w": 1}, {"k": 1, "j": 1, "w": 2}]
    assert rows(join.join(left, planned({"j": 1}), ["k.x"], ["j"])) == [{"k": {"x": 1}, "j": 1}]


def test_relationalize_pivots_what_is_an_array(planned: Planned, rows: Rows) -> None:
    records = [{"v": "x"}, {"v": [{"a": 1}, {"a": "y"}]}, {"v": {"b": [True]}}, {}]
    tables = relationalize.relationalize(planned(*records), "r")
    assert list(tables) == ["r", "r_v", "r_v.b"]
    root = rows(tables["r"])
    assert [row.get("v") for row in root] == ["x", 2, None, None]
    assert tables["r"].type.get("v") == g.ChoiceType((g.LONG, g.STRING))
    assert rows(tables["r_v"]) == [{"id": 2, "index": 0, "v.val.a": 1}, {"id": 2, "index": 1, "v.val.a": "y"}]
    assert rows(tables["r_v.b"]) == [{"id": root[2]["v.b"], "index": 0, "v.b.val": True}]
