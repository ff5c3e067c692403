"""with_frame_schema: a schema taken at its word, and records brought to it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest

from glue_etl.engine.frame.core import Frame, Plan
from glue_etl.engine.frame.typed import with_schema
from glue_etl.engine.types import json_form
from glue_etl.engine.types import tree as g
from glue_etl.errors import OptionError

Framed = Callable[..., Frame]
Rows = Callable[[Plan], list[Any]]
MIXED = g.ChoiceType((g.INT, g.STRING))

CASES: dict[str, tuple[list[Any], g.GlueType, list[Any]]] = {
    "the same": ([1, 2], g.INT, [1, 2]),
    "wider": ([1], g.LONG, [1]),
    "as text": ([1, {"a": 2}], g.STRING, ["1", '{"a":2}']),
    "what cannot be cast": (["x", "7"], g.INT, [None, 7]),
    "into a choice": ([1], MIXED, [1]),
    "a choice with less": ([1, "x", True], MIXED, [1, "x", None]),
    "a struct with more and less": ([{"a": 1, "b": 2}], g.StructType.of([("a", g.LONG), ("c", g.STRING)]), [{"a": 1}]),
    "elements": ([[1, "x"]], g.ArrayType(g.STRING), [["1", "x"]]),
}


@pytest.mark.parametrize(("values", "kind", "expected"), CASES.values(), ids=CASES.keys())
def test_values_of_another_type(
    framed: Framed, rows: Rows, values: list[Any], kind: g.GlueType, expected: list[Any]
) -> None:
    wanted = g.StructType.of([("v", kind)])
    typed = with_schema(framed(*[{"v": value} for value in values]), json_form.dumps(wanted))
    assert typed.type == typed.plan.type == wanted
    assert [row.get("v") for row in rows(typed.plan)] == expected


def test_fields_of_only_one_side(framed: Framed, rows: Rows, caplog: pytest.LogCaptureFixture) -> None:
    wanted = g.StructType.of([("b", g.INT), ("c", g.STRING)])
    with caplog.at_level(logging.WARNING):
        typed = with_schema(framed({"a": 1, "b": 2}), json_form.dumps(wanted))
        assert rows(typed.plan) == [{"b": 2}]
    assert "lacks the fields a" in caplog.text


def test_asking_for_the_schema_looks_at_no_record() -> None:
    def refuse() -> Plan:
        raise AssertionError("looked at")

    typed = with_schema(Frame(refuse, "f"), json_form.dumps(g.StructType.of([("a", g.INT)])))
    assert typed.type.names == ["a"]
    with pytest.raises(AssertionError):
        _ = typed.plan


WRONG = {"no JSON": "x", "no schema": "{}", "no struct": json_form.dumps(g.INT), "no type": '{"dataType": "wobble"}'}


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG.keys())
def test_what_is_no_schema(framed: Framed, text: str) -> None:
    with pytest.raises(OptionError, match="with_frame_schema"):
        with_schema(framed({"a": 1}), text)


def test_a_source_reads_by_the_schema(glue_context: Any, lake: Any) -> None:
    from awsglue import gluetypes as t

    lake.write("in/a.json", '{"a": 1, "b": "x"}\n{"a": "y", "b": 2}\nno json\n')
    frame = glue_context.create_dynamic_frame.from_options("s3", {"paths": [lake.uri("in/")]}, "json")
    wanted = t.StructType([t.Field("b", t.StringType()), t.Field("c", t.LongType())])
    typed = frame.with_frame_schema(wanted)
    assert [field.name for field in typed.schema()] == ["b", "c"]
    assert not frame._jdf.frame.is_planned
    assert [tuple(row) for row in typed.toDF().collect()] == [("x", None), ("2", None)]
    assert not frame._jdf.frame.is_planned
    assert typed.errorsCount() == 1
