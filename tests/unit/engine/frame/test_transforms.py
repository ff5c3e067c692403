"""The Catalyst transforms: what each makes of a small nested frame, and what always holds."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from pyspark.sql import SparkSession

from glue_etl.engine.frame import fields, join, mapping, relationalize, resolve, split, unnest
from glue_etl.engine.frame.core import Frame, Plan, Stage
from glue_etl.engine.frame.json_text import json_lines
from glue_etl.engine.types.printed import tree_string
from glue_etl.errors import ErrorThresholdExceeded, FieldError, OptionError

SCHEMA = (
    "id int, name string, `a.b` string, s struct<x:int,y:string,t:struct<z:double>>, "
    "arr array<struct<p:int,q:array<string>>>, m map<string,int>, void_only struct<k:int>"
)
ROWS: list[tuple[Any, ...]] = [
    (1, "one", "lit", (7, "seven", (0.5,)), [(1, ["u", "v"]), (2, [])], {"k": 1}, (5,)),
    (2, "two", None, None, [], None, None),
    (3, None, "x", (None, "n", None), None, {}, (None,)),
]


@pytest.fixture(scope="module")
def plan(spark: SparkSession) -> Plan:
    return Plan.of(spark.createDataFrame(ROWS, SCHEMA))


def rows(plan: Plan) -> list[Any]:
    return [json.loads(row[0]) for row in json_lines(plan).collect()]


def consistent(plan: Plan) -> Plan:
    """The tree beside the DataFrame must describe it exactly."""
    from glue_etl.engine.types.spark import to_spark

    assert plan.df.schema.simpleString() == to_spark(plan.type).simpleString()
    return plan


Step = Callable[[Plan], Plan]
SELECTED: dict[str, tuple[Step, list[Any]]] = {
    "select a top-level field": (lambda p: fields.select_fields(p, ["id"]), [{"id": 1}, {"id": 2}, {"id": 3}]),
    "select keeps the frame's order": (
        lambda p: fields.select_fields(p, ["name", "id"]),
        [{"id": 1, "name": "one"}, {"id": 2, "name": "two"}, {"id": 3}],
    ),
    "select a member keeps its struct": (
        lambda p: fields.select_fields(p, ["s.t.z"]),
        [{"s": {"t": {"z": 0.5}}}, {}, {"s": {}}],
    ),
    "select inside an array": (
        lambda p: fields.select_fields(p, ["arr.p"]),
        [{"arr": [{"p": 1}, {"p": 2}]}, {"arr": []}, {}],
    ),
    "select what no record has": (
        lambda p: fields.select_fields(p, ["nope", "s.nope", "id"]),
        [{"id": 1}, {"id": 2}, {"id": 3}],
    ),
    "a quoted path is the literal name": (
        lambda p: fields.select_fields(p, ["`a.b`"]),
        [{"a.b": "lit"}, {}, {"a.b": "x"}],
    ),
    "drop all members of a struct": (
        lambda p: fields.select_fields(fields.drop_fields(p, ["void_only.k"]), ["id", "void_only"]),
        [{"id": 1}, {"id": 2}, {"id": 3}],
    ),
    "rename in place": (
        lambda p: fields.select_fields(fields.rename_field(p, "id", "key"), ["key"]),
        [{"key": 1}, {"key": 2}, {"key": 3}],
    ),
    "rename inside an array": (
        lambda p: fields.select_fields(fields.rename_field(p, "arr.p", "arr.pp"), ["arr.pp"]),
        [{"arr": [{"pp": 1}, {"pp": 2}]}, {"arr": []}, {}],
    ),
    "rename into another struct": (
        lambda p: fields.select_fields(fields.rename_field(p, "name", "s.n"), ["s.n", "name"]),
        [{"s": {"n": "one"}}, {"s": {"n": "two"}}, {"s": {}}],
    ),
    "rename what no record has": (
        lambda p: fields.select_fields(fields.rename_field(p, "a.b", "c"), ["c", "id"]),
        [{"id": 1}, {"id": 2}, {"id": 3}],
    ),
    "map, retype and re-nest": (
        lambda p: mapping.apply_mapping(
            p, [("id", "int", "k.id", "string"), ("s.y", "string", "k.y", "string"), ("s.t.z", "double", "z", "int")]
        ),
        [{"k": {"id": "1", "y": "seven"}, "z": 0}, {"k": {"id": "2"}}, {"k": {"id": "3", "y": "n"}}],
    ),
    "map without regard to case": (
        lambda p: mapping.apply_mapping(p, [("ID", "int", "id", "int")], case_sensitive=False),
        [{"id": 1}, {"id": 2}, {"id": 3}],
    ),
    "map with three parts keeps the source type": (
        lambda p: mapping.apply_mapping(p, [("id", "int", "key")]),
        [{"key": 1}, {"key": 2}, {"key": 3}],
    ),
    "a whole struct as json text": (
        lambda p: mapping.apply_mapping(p, [("s.t", "struct", "t", "string")]),
        [{"t": '{"z":0.5}'}, {}, {}],
    ),
    "a member of a map": (
        lambda p: mapping.apply_mapping(p, [("m.k", "int", "k", "int")]),
        [{"k": 1}, {}, {}],
    ),
    "split rows, kept": (
        lambda p: fields.select_fields(split.split_rows(p, [("id", ">", 1), ("id", "<", 3)], keep=True), ["id"]),
        [{"id": 2}],
    ),
    "split rows, the rest": (
        lambda p: fields.select_fields(split.split_rows(p, [("id", ">", 1), ("id", "<", 3)], keep=False), ["id"]),
        [{"id": 1}, {"id": 3}],
    ),
    "a null meets no comparison": (
        lambda p: fields.select_fields(split.split_rows(p, [("name", "!=", "two")], keep=False), ["id"]),
        [{"id": 2}, {"id": 3}],
    ),
    "unnest": (
        lambda p: fields.select_fields(unnest.unnest(p), ["`s.x`", "`s.t.z`", "arr"]),
        [
            {
                "s.x": 7,
                "s.t.z": 0.5,
                "arr": [{"arr.val.p": 1, "arr.val.q": ["u", "v"]}, {"arr.val.p": 2, "arr.val.q": []}],
            },
            {"arr": []},
            {},
        ],
    ),
}


@pytest.mark.parametrize(("step", "expected"), SELECTED.values(), ids=SELECTED.keys())
def test_transform(plan: Plan, step: Step, expected: list[Any]) -> None:
    assert rows(consistent(step(plan))) == expected


def test_splitting_rows_loses_none(plan: Plan) -> None:
    tests: list[tuple[str, str, Any]] = [("s.x", ">=", 0)]
    sides = [split.split_rows(plan, tests, keep=side).df.count() for side in (True, False)]
    assert sides == [1, 2]


def test_union_matches_names_and_makes_choices(plan: Plan) -> None:
    one = mapping.apply_mapping(plan, [("id", "v"), ("name", "n")])
    other = mapping.apply_mapping(plan, [("name", "string", "v", "string"), ("id", "w")])
    both = consistent(join.union(one, other))
    assert tree_string(both.type) == "root\n|-- v: choice\n|    |-- int\n|    |-- string\n|-- n: string\n|-- w: int\n"
    assert rows(both) == [
        {"v": 1, "n": "one"},
        {"v": 2, "n": "two"},
        {"v": 3},
        {"v": "one", "w": 1},
        {"v": "two", "w": 2},
        {"w": 3},
    ]


CHOICES: dict[str, tuple[str, list[Any]]] = {
    "make_cols": ("make_cols", [{"v_int": 1}, {"v_string": "2"}, {"v_string": "x"}, {}]),
    "make_struct": ("make_struct", [{"v": {"int": 1}}, {"v": {"string": "2"}}, {"v": {"string": "x"}}, {}]),
    "cast to int": ("cast:int", [{"v": 1}, {"v": 2}, {}, {}]),
    "cast to string": ("cast:string", [{"v": "1"}, {"v": "2"}, {"v": "x"}, {}]),
    "project to int": ("project:int", [{"v": 1}, {}, {}, {}]),
    "letter case of an action": ("Cast:Long", [{"v": 1}, {"v": 2}, {}, {}]),
}


@pytest.fixture(scope="module")
def mixed(spark: SparkSession) -> Plan:
    numbers = Plan.of(spark.createDataFrame([(1,)], "v int"))
    texts = Plan.of(spark.createDataFrame([("2",), ("x",), (None,)], "v string"))
    return join.union(numbers, texts)


@pytest.mark.parametrize(("action", "expected"), CHOICES.values(), ids=CHOICES.keys())
def test_resolving_a_choice(mixed: Plan, action: str, expected: list[Any]) -> None:
    assert rows(consistent(resolve.resolve_all(mixed, action))) == expected
    assert rows(consistent(resolve.resolve_specs(mixed, [("v", action)]))) == expected


@pytest.mark.parametrize(
    ("action", "error"),
    {
        "no such action": ("explode", OptionError),
        "no type": ("cast:", OptionError),
        "no such type": ("cast:wobble", OptionError),
        "an alternative it has not": ("project:double", OptionError),
        "the catalog": ("match_catalog", OptionError),
    }.values(),
)
def test_a_wrong_action_is_named(mixed: Plan, action: str, error: type[Exception]) -> None:
    with pytest.raises(error, match=action.partition(":")[2] or action.partition(":")[0]):
        resolve.resolve_specs(mixed, [("v", action)])


def test_choices_inside_arrays_and_structs(mixed: Plan) -> None:
    from pyspark.sql import functions as f

    from glue_etl.engine.types import tree as g

    deep = Plan(
        mixed.df.select(f.array("v").alias("arr"), f.struct("v").alias("s")),
        g.StructType.of(
            [("arr", g.ArrayType(mixed.type.fields[0].type)), ("s", g.StructType((mixed.type.fields[0],)))]
        ),
    )
    cast = consistent(resolve.resolve_specs(deep, [("arr[]", "cast:int"), ("s.v", "make_cols")]))
    assert rows(cast)[:2] == [{"arr": [1], "s": {"v_int": 1}}, {"arr": [2], "s": {"v_string": "2"}}]
    with pytest.raises(OptionError, match="make_cols"):
        resolve.resolve_all(deep, "make_cols")
    assert rows(consistent(resolve.resolve_all(deep, "cast:string")))[0] == {"arr": ["1"], "s": {"v": "1"}}


def test_join_keeps_both_keys_and_renames_clashes(plan: Plan) -> None:
    left = fields.select_fields(plan, ["id", "name"])
    both = consistent(join.join(left, left, ["id"], ["id"]))
    assert both.type.names == ["id", "name", ".id", ".name"]
    assert sorted(row["id"] for row in rows(both)) == [1, 2, 3]


JOIN_ERRORS = {"unequal keys": (["id"], ["id", "name"], OptionError), "no such key": (["nope"], ["id"], FieldError)}


@pytest.mark.parametrize(("left", "right", "error"), JOIN_ERRORS.values(), ids=JOIN_ERRORS.keys())
def test_wrong_join_keys(plan: Plan, left: list[str], right: list[str], error: type[Exception]) -> None:
    with pytest.raises(error):
        join.join(plan, plan, left, right)


def test_relationalize_tables_join_back(plan: Plan) -> None:
    tables = {name: consistent(table) for name, table in relationalize.relationalize(plan, "r").items()}
    assert list(tables) == ["r", "r_arr", "r_arr.val.q", "r_m"]
    keys = {row["id"]: row.get("arr") for row in rows(tables["r"])}
    assert keys[3] is None
    children = rows(tables["r_arr"])
    assert [(row["id"], row["index"], row["arr.val.p"]) for row in children] == [(keys[1], 0, 1), (keys[1], 1, 2)]
    words = [(row["id"], row["index"], row["arr.val.q.val"]) for row in rows(tables["r_arr.val.q"])]
    assert words == [(children[0]["arr.val.q"], 0, "u"), (children[0]["arr.val.q"], 1, "v")]
    assert [(row["m.key"], row["m.val"]) for row in rows(tables["r_m"])] == [("k", 1)]


def test_keys_agree_after_a_shuffle(spark: SparkSession) -> None:
    df = spark.range(200).selectExpr("id as n", "array(id, id + 1) as xs").repartition(7)
    tables = relationalize.relationalize(Plan.of(df), "r")
    root = tables["r"].df.withColumnRenamed("xs", "key")
    joined = root.join(tables["r_xs"].df, root["key"] == tables["r_xs"].df["id"])
    assert joined.where("`xs.val` not in (n, n + 1)").count() == 0
    assert joined.count() == 400


ERRORS: dict[str, tuple[Step, type[Exception], str]] = {
    "a path through an array": (lambda p: mapping.apply_mapping(p, [("arr.p", "p")]), FieldError, "arr"),
    "an unknown target type": (
        lambda p: mapping.apply_mapping(p, [("id", "int", "id", "wobble")]),
        OptionError,
        "wobble",
    ),
    "a target that is both": (lambda p: mapping.apply_mapping(p, [("id", "k"), ("name", "k.n")]), FieldError, "'k'"),
    "an operator that is none": (lambda p: split.split_rows(p, [("id", "==", 1)], keep=True), OptionError, "=="),
    "a comparison of no field": (lambda p: split.split_rows(p, [("nope", "=", 1)], keep=True), FieldError, "nope"),
}


@pytest.mark.parametrize(("step", "error", "words"), ERRORS.values(), ids=ERRORS.keys())
def test_errors_name_the_cause(plan: Plan, step: Step, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        step(plan)


class _Errors:
    def __init__(self, number: int) -> None:
        self.number = number

    def count(self) -> int:
        return self.number

    def records(self) -> Any:
        raise AssertionError("not asked for")


def test_thresholds_count_stage_and_total(plan: Plan) -> None:
    frame = Frame(lambda: plan)
    first = frame.derive(lambda p: p, Stage(), stage_errors=(_Errors(2),))
    within = first.derive(lambda p: p, Stage(stage_threshold=1, total_threshold=3))
    assert within.checked() is plan
    over = first.derive(lambda p: p, Stage(total_threshold=2))
    with pytest.raises(ErrorThresholdExceeded, match="2 error records reach the total threshold of 2"):
        over.checked()
    with pytest.raises(ErrorThresholdExceeded):
        over.derive(lambda p: p, Stage()).checked()


def test_a_plan_is_made_once_and_only_when_needed(plan: Plan) -> None:
    made: list[int] = []

    def make() -> Plan:
        made.append(1)
        return plan

    frame = Frame(make)
    derived = frame.derive(lambda p: fields.select_fields(p, ["id"]), Stage())
    assert made == []
    assert derived.plan.type.names == ["id"]
    assert frame.plan is plan
    assert made == [1]
