"""Choices inside arrays, maps and structs, as union makes them: through ApplyMapping, Join and Relationalize."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from pyspark.sql import SparkSession

from glue_etl.engine.frame import fields, join, mapping, relationalize, unnest
from glue_etl.engine.frame.core import Plan
from glue_etl.engine.frame.json_text import json_lines
from glue_etl.engine.types import tree as g
from glue_etl.engine.types.spark import to_spark
from glue_etl.errors import FieldError

CHOICE = g.ChoiceType((g.INT, g.STRING))


def shown(plan: Plan) -> list[Any]:
    assert plan.df.schema.simpleString() == to_spark(plan.type).simpleString()
    return [json.loads(row[0]) for row in json_lines(plan).collect()]


@pytest.fixture(scope="module")
def both(spark: SparkSession) -> Plan:
    """Two records: in one the values are numbers, in the other texts."""
    one = Plan.of(spark.sql("select 1 id, array(1, 2) xs, map('k', 1) m, named_struct('v', 1) s, array(3) ys"))
    two = Plan.of(
        spark.sql("select 2 id, array('a', null) xs, map('k', '8', 'l', 'b') m, named_struct('v', '9') s, 'z' ys")
    )
    return join.union(one, two)


def test_union_makes_choices_at_any_depth(both: Plan) -> None:
    assert both.type == g.StructType.of(
        [
            ("id", g.INT),
            ("xs", g.ArrayType(CHOICE)),
            ("m", g.MapType(CHOICE)),
            ("s", g.StructType.of([("v", CHOICE)])),
            ("ys", g.ChoiceType((g.ArrayType(g.INT), g.STRING))),
        ]
    )
    assert shown(both) == [
        {"id": 1, "xs": [1, 2], "m": {"k": 1}, "s": {"v": 1}, "ys": [3]},
        {"id": 2, "xs": ["a", None], "m": {"k": "8", "l": "b"}, "s": {"v": "9"}, "ys": "z"},
    ]


MAPPINGS: dict[str, tuple[tuple[str, ...], list[Any]]] = {
    "a bare array keeps its elements": (("xs", "array", "o", "array"), [[1, 2], ["a", None]]),
    "elements of one type": (("xs", "array", "o", "array<string>"), [["1", "2"], ["a", None]]),
    "elements that cannot be cast": (("xs", "array", "o", "array<int>"), [[1, 2], [None, None]]),
    "a choice stays one": (("s.v", "choice", "o", "choice"), [1, "9"]),
    "values of a map": (("m", "map", "o", "map<string,int>"), [{"k": 1}, {"k": 8, "l": None}]),
    "one value of a map": (("m.k", "int", "o", "int"), [1, 8]),
    "a member": (("s.v", "choice", "o", "double"), [1.0, 9.0]),
    "a struct's members": (("s", "struct", "o", "struct<v:long>"), [{"v": 1}, {"v": 9}]),
    "an array as text": (("xs", "array", "o", "string"), ["[1,2]", '["a",null]']),
    "a map as text": (("m", "map", "o", "string"), ['{"k":1}', '{"k":"8","l":"b"}']),
    "an array among the alternatives, as text": (("ys", "choice", "o", "string"), ["[3]", "z"]),
    "an array among the alternatives": (("ys", "choice", "o", "array<long>"), [[3], None]),
    "an array as a set": (("xs", "array", "o", "set<string>"), [["1", "2"], ["a", None]]),
}


@pytest.mark.parametrize(("parts", "values"), MAPPINGS.values(), ids=MAPPINGS.keys())
def test_mapping(both: Plan, parts: tuple[str, ...], values: list[Any]) -> None:
    assert [row.get("o") for row in shown(mapping.apply_mapping(both, [parts]))] == values


def test_a_set_has_no_repeats(spark: SparkSession) -> None:
    plan = Plan.of(spark.sql("select array(1, 1, null, 2, null) xs, array(map('k', 1), map('k', 1)) ms"))
    found = mapping.apply_mapping(plan, [("xs", "array", "xs", "set<long>"), ("ms", "array", "ms", "set")])
    assert found.type.get("xs") == g.SetType(g.LONG)
    # Spark compares no maps: these stay.
    assert shown(found) == [{"xs": [1, None, 2], "ms": [{"k": 1}, {"k": 1}]}]


def test_a_source_type_that_is_not_the_field_s_is_told(both: Plan, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="glue_etl"):
        mapping.apply_mapping(
            both, [("id", "long", "a", "int"), ("s.v", "date", "b", "string"), ("xs", "array", "c", "array")]
        )
        assert caplog.text == ""
        mapping.apply_mapping(both, [("id", "string", "id", "string")])
    assert "the field 'id' is int, not string" in caplog.text


def test_joins_by_nested_and_mixed_keys(both: Plan) -> None:
    left = fields.select_fields(both, ["id", "s"])
    assert sorted(row["id"] for row in shown(join.join(left, left, ["s.v"], ["s.v"]))) == [1, 2]
    numbers = mapping.apply_mapping(both, [("id", "int", "n", "int"), ("m.k", "choice", "key", "int")])
    assert sorted(row["n"] for row in shown(join.join(left, numbers, ["s.v"], ["key"]))) == [1]
    whole = fields.select_fields(both, ["xs"])
    assert len(shown(join.join(whole, whole, ["xs"], ["xs"]))) == 2


def test_a_map_is_no_key(both: Plan) -> None:
    with pytest.raises(FieldError, match="'m'"):
        join.join(both, both, ["m"], ["m"])


def test_relationalize_keeps_choices_of_plain_values(both: Plan) -> None:
    tables = relationalize.relationalize(fields.select_fields(both, ["id", "xs", "s"]), "r")
    assert tables["r"].type.get("s.v") == CHOICE
    assert [row.get("xs.val") for row in shown(tables["r_xs"])] == [1, 2, "a", None]
    mixed = relationalize.relationalize(fields.select_fields(both, ["ys"]), "r")
    assert mixed["r"].type.get("ys") == g.ChoiceType((g.LONG, g.STRING))
    assert [row["ys.val"] for row in shown(mixed["r_ys"])] == [3]


def test_flattening_that_would_give_one_name_twice(spark: SparkSession) -> None:
    plan = Plan.of(spark.sql("select 1 `a.b`, named_struct('b', 2) a"))
    for step in (unnest.unnest, lambda p: relationalize.relationalize(p, "r")):
        with pytest.raises(FieldError, match=r"two fields called 'a\.b'"):
            step(plan)


def test_renaming_to_a_name_that_is_there(both: Plan) -> None:
    assert fields.rename_field(both, "id", "id") is both
    with pytest.raises(FieldError, match="two fields called 's'"):
        fields.rename_field(both, "id", "s")
