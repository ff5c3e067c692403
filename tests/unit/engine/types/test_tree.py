"""The type tree: merging, its JSON form, its printed form, its way to Spark and back."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glue_etl.engine.types import json_form, printed
from glue_etl.engine.types import tree as g
from glue_etl.engine.types.spark import from_spark, to_spark


def record(**fields: g.GlueType) -> g.StructType:
    return g.StructType.of(fields.items())


_ATOMS = st.sampled_from([atom for atom in g.ATOMS.values() if atom != g.UNKNOWN])
_NAMES = st.text(min_size=1, max_size=4)


def _containers(inner: st.SearchStrategy[g.GlueType]) -> st.SearchStrategy[g.GlueType]:
    fields = st.dictionaries(_NAMES, inner, max_size=3).map(lambda d: g.StructType.of(d.items()))
    return st.one_of(inner.map(g.ArrayType), inner.map(g.MapType), fields)


PLAIN = st.recursive(_ATOMS | st.builds(g.DecimalType, st.just(12), st.integers(0, 4)), _containers, max_leaves=6)
TYPES = st.lists(PLAIN, min_size=1, max_size=3).map(g.merge_all)

MERGES = {
    "equal types": (g.INT, g.INT, g.INT),
    "null gives way": (g.NULL, g.STRING, g.STRING),
    "unknown gives way": (g.STRING, g.UNKNOWN, g.STRING),
    "null and unknown": (g.NULL, g.UNKNOWN, g.NULL),
    "int and string": (g.INT, g.STRING, g.ChoiceType((g.INT, g.STRING))),
    "int and long are not widened": (g.INT, g.LONG, g.ChoiceType((g.INT, g.LONG))),
    "a third alternative": (
        g.ChoiceType((g.INT, g.STRING)),
        g.BOOLEAN,
        g.ChoiceType((g.BOOLEAN, g.INT, g.STRING)),
    ),
    "fields of the left first": (record(a=g.INT), record(b=g.STRING, a=g.INT), record(a=g.INT, b=g.STRING)),
    "a field that differs": (record(a=g.INT), record(a=g.STRING), record(a=g.ChoiceType((g.INT, g.STRING)))),
    "elements": (g.ArrayType(g.INT), g.ArrayType(g.STRING), g.ArrayType(g.ChoiceType((g.INT, g.STRING)))),
    "struct beside text": (record(a=g.INT), g.STRING, g.ChoiceType((g.STRING, record(a=g.INT)))),
    "struct into a choice": (
        g.ChoiceType((g.STRING, record(a=g.INT))),
        record(b=g.INT),
        g.ChoiceType((g.STRING, record(a=g.INT, b=g.INT))),
    ),
    "decimals keep digits on both sides": (g.DecimalType(10, 2), g.DecimalType(8, 5), g.DecimalType(13, 5)),
}


@pytest.mark.parametrize(("left", "right", "expected"), MERGES.values(), ids=MERGES.keys())
def test_merge(left: g.GlueType, right: g.GlueType, expected: g.GlueType) -> None:
    assert g.merge(left, right) == expected


@given(TYPES, TYPES)
def test_a_merged_type_takes_either_again_unchanged(left: g.GlueType, right: g.GlueType) -> None:
    merged = g.merge(left, right)
    assert g.merge(merged, left) == merged
    assert g.merge(merged, right) == merged


def test_a_choice_sorts_its_alternatives_and_refuses_repeats() -> None:
    assert [c.name for c in g.ChoiceType((g.STRING, g.INT)).choices] == ["int", "string"]
    with pytest.raises(TypeError, match="distinct types"):
        g.ChoiceType((g.INT, g.INT))


@given(TYPES)
def test_the_json_form_is_read_back(kind: g.GlueType) -> None:
    assert json_form.loads(json_form.dumps(kind)) == kind


@given(TYPES)
def test_awsglue_reads_the_json_form(kind: g.GlueType) -> None:
    from awsglue.gluetypes import _deserialize_json_string

    theirs = _deserialize_json_string(json_form.dumps(kind))
    assert json_form.from_json(json.loads(json.dumps(theirs.jsonValue()))) == kind


@given(PLAIN)
def test_spark_and_back(kind: g.GlueType) -> None:
    assert from_spark(to_spark(kind)) == kind


def test_a_choice_is_a_struct_of_its_alternatives_in_spark() -> None:
    assert to_spark(g.ChoiceType((g.STRING, g.INT))).simpleString() == "struct<int:int,string:string>"


def test_the_printed_tree() -> None:
    root = record(
        k=g.INT,
        price=g.DecimalType(8, 2),
        mixed=g.ChoiceType((g.STRING, record(a=g.INT))),
        tags=g.ArrayType(record(t=g.STRING)),
        more=g.MapType(g.LONG),
    )
    assert printed.tree_string(root) == (
        "root\n"
        "|-- k: int\n"
        "|-- price: decimal(8,2)\n"
        "|-- mixed: choice\n"
        "|    |-- string\n"
        "|    |-- struct\n"
        "|    |    |-- a: int\n"
        "|-- tags: array\n"
        "|    |-- element: struct\n"
        "|    |    |-- t: string\n"
        "|-- more: map\n"
        "|    |-- keyType: string\n"
        "|    |-- valueType: long\n"
    )
