"""ResolveChoice: every form of a spec, at every place a choice can be."""

from __future__ import annotations

import contextlib
import json
import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import SparkSession
from pyspark.sql import functions as f

from glue_etl.engine.frame import join, resolve
from glue_etl.engine.frame.core import Plan
from glue_etl.engine.frame.json_text import json_lines
from glue_etl.engine.frame.resolve import Action
from glue_etl.engine.types import tree as g
from glue_etl.engine.types.spark import to_spark
from glue_etl.errors import FieldError, OptionError, UnsupportedError

CHOICE = g.ChoiceType((g.INT, g.STRING))


def shown(plan: Plan) -> list[Any]:
    assert plan.df.schema.simpleString() == to_spark(plan.type).simpleString()
    return [json.loads(row[0]) for row in json_lines(plan).collect()]


@pytest.fixture(scope="module")
def deep(spark: SparkSession) -> Plan:
    """One record with a choice (int 1 beside text "2") at each place."""
    pair = "named_struct('int', 1, 'string', cast(null as string))"
    text = "named_struct('int', cast(null as int), 'string', '2.5')"
    df = spark.sql(
        f"""select {pair} `odd.name`, array({pair}, {text}) xs, named_struct('v', {text}, 'k', 1) s,
        array(named_struct('p', {pair}), named_struct('p', {text})) items, array(array({text})) grid,
        map('k', {pair}, 'l', {text}) m, map('k', named_struct('v', {text})) ms,
        named_struct('string', cast(null as string), 'struct', named_struct('v', {text})) either, 7 plain"""
    )
    inner = g.StructType.of([("v", CHOICE)])
    kind = g.StructType.of(
        [
            ("odd.name", CHOICE),
            ("xs", g.ArrayType(CHOICE)),
            ("s", g.StructType.of([("v", CHOICE), ("k", g.INT)])),
            ("items", g.ArrayType(g.StructType.of([("p", CHOICE)]))),
            ("grid", g.ArrayType(g.ArrayType(CHOICE))),
            ("m", g.MapType(CHOICE)),
            ("ms", g.MapType(inner)),
            ("either", g.ChoiceType((g.STRING, inner))),
            ("plain", g.INT),
        ]
    )
    return Plan(df, kind)


# Specs, and what the changed fields are afterwards.
PLACES: dict[str, tuple[list[tuple[str, str]], dict[str, Any]]] = {
    "back-ticks": ([("`odd.name`", "cast:string")], {"odd.name": "1"}),
    "elements": ([("xs[]", "cast:double")], {"xs": [1.0, 2.5]}),
    "elements as structs": ([("xs[]", "make_struct")], {"xs": [{"int": 1}, {"string": "2.5"}]}),
    "elements of one type": ([("xs[]", "project:string")], {"xs": [None, "2.5"]}),
    "elements without brackets": ([("xs", "cast:string")], {"xs": ["1", "2.5"]}),
    "elements of an array of arrays": ([("grid[][]", "cast:decimal(10,2)")], {"grid": [[2.50]]}),
    "arrays of arrays without brackets": ([("grid", "cast:string")], {"grid": [["2.5"]]}),
    "a member": ([("s.v", "cast:double")], {"s": {"v": 2.5, "k": 1}}),
    "a member as columns": ([("s.v", "make_cols")], {"s": {"v_string": "2.5", "k": 1}}),
    "a member of elements": ([("items[].p", "cast:double")], {"items": [{"p": 1.0}, {"p": 2.5}]}),
    "a member of elements without brackets": ([("items.p", "cast:string")], {"items": [{"p": "1"}, {"p": "2.5"}]}),
    "a member of elements as columns": ([("items[].p", "make_cols")], {"items": [{"p_int": 1}, {"p_string": "2.5"}]}),
    "values of a map": ([("m[]", "cast:string")], {"m": {"k": "1", "l": "2.5"}}),
    "values of a map without brackets": ([("m", "project:int")], {"m": {"k": 1, "l": None}}),
    "a member of a map's values": ([("ms.v", "cast:double")], {"ms": {"k": {"v": 2.5}}}),
    "inside one alternative": ([("either.v", "cast:double")], {"either": {"v": 2.5}}),
    "an alternative, then inside it": (
        [("either", "project:struct"), ("either.v", "cast:string")],
        {"either": {"v": "2.5"}},
    ),
    "columns, then inside them": (
        [("either", "make_cols"), ("either.v", "cast:string")],
        {"either": None, "either_struct": {"v": "2.5"}},
    ),
    "a struct with a choice inside as text": ([("either", "cast:string")], {"either": '{"v":"2.5"}'}),
    "a field that is no choice": ([("plain", "cast:string")], {"plain": "7"}),
    "a field that is no choice, projected": ([("plain", "project:string")], {"plain": 7}),
    "the whole array": ([("xs", "cast:array<string>")], {"xs": ["1", "2.5"]}),
    "several at once": (
        [("`odd.name`", "make_cols"), ("xs[]", "cast:string"), ("s.v", "project:int")],
        {"odd.name": None, "odd.name_int": 1, "xs": ["1", "2.5"], "s": {"k": 1}},
    ),
}


@pytest.mark.parametrize(("specs", "changed"), PLACES.values(), ids=PLACES.keys())
def test_a_spec_reaches_its_place(deep: Plan, specs: list[tuple[str, str]], changed: dict[str, Any]) -> None:
    expected = {**shown(deep)[0], **changed}
    (row,) = shown(resolve.resolve_specs(deep, specs))
    assert {key: value for key, value in row.items() if value is not None} == {
        key: value for key, value in expected.items() if value is not None
    }


def test_one_action_for_every_choice(deep: Plan) -> None:
    found = resolve.resolve_all(deep, "make_struct")
    assert not g.contains_choice(found.type)
    assert shown(found)[0]["either"] == {"struct": {"v": {"string": "2.5"}}}
    everything = resolve.resolve_all(deep, "cast:string")
    assert not g.contains_choice(everything.type)
    assert everything.type.get("plain") == g.INT
    assert shown(everything)[0]["items"] == [{"p": "1"}, {"p": "2.5"}]


def test_no_specs_change_nothing(deep: Plan) -> None:
    assert resolve.resolve_specs(deep, []).type == deep.type


# Cast to the type: what becomes of the int 65, of the texts "12.5", "2024-02-29", "x", of null.
TARGETS: dict[str, list[Any]] = {
    "int": [65, None, None, None, None],
    "long": [65, None, None, None, None],
    "bigint": [65, None, None, None, None],
    "short": [65, None, None, None, None],
    "byte": [65, None, None, None, None],
    "float": [65.0, 12.5, None, None, None],
    "double": [65.0, 12.5, None, None, None],
    "decimal(10,2)": [65.00, 12.50, None, None, None],
    "decimal": [65.00, 12.50, None, None, None],
    "decimal(3,2)": [None, None, None, None, None],
    "string": ["65", "12.5", "2024-02-29", "x", None],
    "boolean": [True, None, None, None, None],
    "date": [None, None, "2024-02-29", None, None],
    "timestamp": ["1970-01-01T00:01:05.000Z", None, "2024-02-29T00:00:00.000Z", None, None],
    "timestampntz": ["1970-01-01T00:01:05.000", None, "2024-02-29T00:00:00.000", None, None],
    "binary": [None, "MTIuNQ==", "MjAyNC0wMi0yOQ==", "eA==", None],
    "struct": [None] * 5,
    "array<int>": [None] * 5,
}


def test_cast_takes_every_type(spark: SparkSession) -> None:
    numbers = Plan.of(spark.createDataFrame([(65,)], "v int"))
    texts = Plan.of(spark.createDataFrame([("12.5",), ("2024-02-29",), ("x",), (None,)], "v string"))
    mixed = join.union(numbers, texts)
    wide = Plan(
        mixed.df.select(*[f.col("v").alias(name) for name in TARGETS]),
        g.StructType.of((name, mixed.type.fields[0].type) for name in TARGETS),
    )
    rows = shown(resolve.resolve_specs(wide, [(f"`{name}`", f"cast:{name}") for name in TARGETS]))
    assert {name: [row.get(name) for row in rows] for name in TARGETS} == TARGETS


WRONG: dict[str, tuple[list[tuple[str, str]], type[Exception], str]] = {
    "no such action": ([("xs[]", "explode")], OptionError, "'explode' is not an action"),
    "a bare cast": ([("xs[]", "cast")], OptionError, "'cast' is not an action"),
    "an argument too many": ([("xs[]", "make_cols:int")], OptionError, "'make_cols:int' is not an action"),
    "no such type": ([("xs[]", "cast:wobble")], OptionError, "'wobble' is not a data type"),
    "an alternative it has not": ([("s.v", "project:double")], OptionError, "Available: int, string"),
    "columns of elements": ([("xs[]", "make_cols")], OptionError, "make_cols cannot be used for the elements of 'xs'"),
    "columns of elements without brackets": ([("xs", "make_cols")], OptionError, "make_cols cannot be used"),
    "a malformed path": ([("s..v", "cast:int")], FieldError, "'s..v' has an empty name"),
    "two actions for one path": ([("s.v", "cast:int"), ("s.v", "make_cols")], OptionError, "two actions for 's.v'"),
    "the catalog": ([("s.v", "match_catalog")], OptionError, "match_catalog"),
}


@pytest.mark.parametrize(("specs", "error", "words"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_spec_is_named(deep: Plan, specs: list[tuple[str, str]], error: type[Exception], words: str) -> None:
    with pytest.raises(error) as caught:
        resolve.resolve_specs(deep, specs)
    assert words in str(caught.value)


def test_two_fields_of_one_name(spark: SparkSession) -> None:
    plan = Plan(
        spark.sql("select named_struct('int', 1, 'string', 'x') v, 3 v_int"),
        g.StructType.of([("v", CHOICE), ("v_int", g.INT)]),
    )
    with pytest.raises(FieldError, match="two fields called 'v_int'"):
        resolve.resolve_all(plan, "make_cols")


@pytest.mark.parametrize("path", ["nope", "s.nope", "plain[]", "plain.x", "items[].nope", "`s.v`"])
def test_a_path_that_is_not_there_is_passed_over(deep: Plan, path: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="glue_etl"):
        assert resolve.resolve_specs(deep, [(path, "cast:int")]).type == deep.type
    assert f"no record has the field '{path}'" in caplog.text


@given(
    st.text()
    | st.sampled_from(["cast", "project", "make_cols", "make_struct"]).flatmap(
        lambda v: st.text().map(f"{v}:{{}}".format)
    )
)
def test_any_text_is_an_action_or_an_error_of_ours(text: str) -> None:
    with contextlib.suppress(OptionError, UnsupportedError):
        assert Action.parse(text).verb in ("cast", "project", "make_cols", "make_struct")


DECLARED: dict[str, tuple[str, g.StructType, dict[str, Any]]] = {
    "a column": ("named_struct('int', 1, 'string', '2') v", g.StructType.of([("v", g.DOUBLE)]), {"v": 1.0}),
    "a name in another case": (
        "named_struct('int', 1, 'string', '2') Code",
        g.StructType.of([("code", g.LONG)]),
        {"Code": 1},
    ),
    "inside a struct": (
        "named_struct('p', named_struct('int', cast(null as int), 'string', '2')) v",
        g.StructType.of([("v", g.StructType.of([("P", g.INT)]))]),
        {"v": {"p": 2}},
    ),
    "elements of an array": (
        "array(named_struct('int', 1, 'string', cast(null as string))) v",
        g.StructType.of([("v", g.ArrayType(g.STRING))]),
        {"v": ["1"]},
    ),
    "values of a map": (
        "map('k', named_struct('int', 1, 'string', cast(null as string))) v",
        g.StructType.of([("v", g.MapType(g.STRING))]),
        {"v": {"k": "1"}},
    ),
    "what the table does not have stays a choice": (
        "named_struct('int', 1, 'string', cast(null as string)) v",
        g.StructType.of([("w", g.STRING)]),
        {"v": 1},
    ),
    "what is no choice stays as it is": ("1 v", g.StructType.of([("v", g.STRING)]), {"v": 1}),
}
_KINDS: dict[str, g.GlueType] = {
    "inside a struct": g.StructType.of([("p", CHOICE)]),
    "elements of an array": g.ArrayType(CHOICE),
    "values of a map": g.MapType(CHOICE),
    "what is no choice stays as it is": g.INT,
}


@pytest.mark.parametrize("case", DECLARED)
def test_match_catalog_casts_choices_to_what_a_table_declares(spark: SparkSession, case: str) -> None:
    sql, declared, expected = DECLARED[case]
    df = spark.sql(f"select {sql}")
    plan = Plan(df, g.StructType.of([(df.columns[0], _KINDS.get(case, CHOICE))]))
    assert shown(resolve.resolve_as_declared(plan, declared)) == [expected]
