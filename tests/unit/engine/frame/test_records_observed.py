"""Which type follows from which values, and when the input's type is kept."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from glue_etl.engine.frame.records_observed import merge_observed, settle, settle_struct
from glue_etl.engine.types import tree as g


class Case(NamedTuple):
    name: str
    seen: dict[str, Any]
    hint: g.GlueType | None
    want: g.GlueType


INT = {"int": [-5, 9]}
BIG = {"long": [1 << 40, 1 << 41]}
INT_OR_LONG = g.ChoiceType((g.INT, g.LONG))

CASES = [
    Case("nulls alone are null", {}, None, g.NULL),
    Case("nulls alone keep the input's type", {}, g.DATE, g.DATE),
    Case("nulls alone keep the input's null", {}, g.NULL, g.NULL),
    Case("small integers are int", INT, None, g.INT),
    Case("large integers are long", BIG, None, g.LONG),
    Case("small and large integers are a choice", {**INT, **BIG}, None, INT_OR_LONG),
    Case("small integers of a long column stay long", INT, g.LONG, g.LONG),
    Case("integers of a short column stay short", INT, g.SHORT, g.SHORT),
    Case("integers too large for their byte column are int", {"int": [0, 128]}, g.BYTE, g.INT),
    Case("an int column that grew is a choice", {**INT, **BIG}, g.INT, INT_OR_LONG),
    Case("a choice of int and long stays one", {**INT, **BIG}, INT_OR_LONG, INT_OR_LONG),
    Case("text made into numbers", INT, g.STRING, g.INT),
    Case("floats are double", {"float": False}, None, g.DOUBLE),
    Case("floats of a float column stay float", {"float": True}, g.FLOAT, g.FLOAT),
    Case("floats that need 64 bits leave float", {"float": False}, g.FLOAT, g.DOUBLE),
    Case("integers among a double column's floats are doubles", {"float": False, **INT}, g.DOUBLE, g.DOUBLE),
    Case("integers in place of all floats are integers", INT, g.DOUBLE, g.INT),
    Case(
        "integers a double cannot hold make a choice",
        {"float": False, "long": [0, (1 << 53) + 1]},
        g.DOUBLE,
        g.ChoiceType((g.DOUBLE, g.LONG)),
    ),
    Case(
        "numbers of a new field are a choice",
        {"float": False, **INT},
        None,
        g.ChoiceType((g.DOUBLE, g.INT)),
    ),
    Case(
        "a choice of double and int stays one",
        {"float": False, **INT},
        g.ChoiceType((g.DOUBLE, g.INT)),
        g.ChoiceType((g.DOUBLE, g.INT)),
    ),
    Case("a new decimal is as wide as it needs", {"decimal": [3, 2]}, None, g.DecimalType(5, 2)),
    Case("a decimal that fits keeps its type", {"decimal": [3, 2]}, g.DecimalType(10, 4), g.DecimalType(10, 4)),
    Case("a decimal that does not fit", {"decimal": [3, 5]}, g.DecimalType(10, 4), g.DecimalType(8, 5)),
    Case("integers among decimals", {"decimal": [1, 2], **INT}, g.DecimalType(10, 2), g.DecimalType(10, 2)),
    Case("zero alone", {"decimal": [0, 0]}, None, g.DecimalType(1, 0)),
    Case("text", {"str": True}, g.INT, g.STRING),
    Case("bytes", {"bytes": True}, None, g.BINARY),
    Case("truth values", {"bool": True}, None, g.BOOLEAN),
    Case("dates", {"date": True}, g.TIMESTAMP, g.DATE),
    Case("points in time", {"datetime": True}, None, g.TIMESTAMP),
    Case("points in time without a zone", {"datetime": True}, g.TIMESTAMP_NTZ, g.TIMESTAMP_NTZ),
    Case("a dict is a struct", {"dict": {"a": INT}}, None, g.StructType.of([("a", g.INT)])),
    Case(
        "a struct's fields keep their types",
        {"dict": {"a": INT, "b": INT}},
        g.StructType.of([("a", g.LONG)]),
        g.StructType.of([("a", g.LONG), ("b", g.INT)]),
    ),
    Case("a map stays a map", {"map": INT}, g.MapType(g.LONG), g.MapType(g.LONG)),
    Case("a list is an array", {"list": INT}, None, g.ArrayType(g.INT)),
    Case("an empty list", {"list": {}}, None, g.ArrayType(g.NULL)),
    Case("elements keep their type", {"list": INT}, g.ArrayType(g.LONG), g.ArrayType(g.LONG)),
    Case("a set stays a set", {"list": INT}, g.SetType(g.LONG), g.SetType(g.LONG)),
    Case("two kinds are a choice", {"str": True, **INT}, None, g.ChoiceType((g.INT, g.STRING))),
    Case(
        "an alternative keeps its type",
        {"str": True, **INT},
        g.ChoiceType((g.LONG, g.STRING)),
        g.ChoiceType((g.LONG, g.STRING)),
    ),
    Case("an alternative that is gone", INT, g.ChoiceType((g.LONG, g.STRING)), g.LONG),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_settle(case: Case) -> None:
    assert settle(case.seen, case.hint) == case.want


def test_fields_of_no_record_are_gone() -> None:
    hint = g.StructType.of([("kept", g.LONG), ("deleted", g.LONG)])
    assert settle_struct({"new": {}, "kept": INT}, hint) == g.StructType.of([("new", g.NULL), ("kept", g.LONG)])


def test_merging_takes_the_widest_of_both() -> None:
    left = {"int": [1, 5], "dict": {"a": {}, "b": {"decimal": [1, 3]}}, "float": True}
    right = {"int": [-2, 3], "dict": {"b": {"decimal": [4, 0]}, "c": {"list": INT}}, "float": False, "str": True}
    assert merge_observed(left, right) == {
        "int": [-2, 5],
        "dict": {"a": {}, "b": {"decimal": [4, 3]}, "c": {"list": INT}},
        "float": False,
        "str": True,
    }
