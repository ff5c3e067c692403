"""Field paths and type names, as scripts write them."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glue_etl.engine.types import paths
from glue_etl.engine.types import tree as g
from glue_etl.engine.types.names import parse_type
from glue_etl.errors import FieldError, OptionError

E = paths.ELEMENTS
GOOD = {
    "one name": ("a", ("a",)),
    "spaces in a name": ("provider id", ("provider id",)),
    "nested": ("a.b.c", ("a", "b", "c")),
    "elements": ("a[].b", ("a", E, "b")),
    "elements of elements": ("a[][]", ("a", E, E)),
    "quoted dot": ("`a.b`.c", ("a.b", "c")),
    "quoted brackets": ("`[id]`", ("[id]",)),
    "a field called []": ("`[]`", ("[]",)),
    "quoted back-tick": ("`a``b`", ("a`b",)),
    "leading dot, quoted": ("`.zip`", (".zip",)),
    "quoted, then elements": ("`a.b`[].c", ("a.b", E, "c")),
    "unicode": ("straße.größe", ("straße", "größe")),
}
BAD = {
    "empty": "",
    "two dots": "a..b",
    "leading dot": ".a",
    "trailing dot": "a.",
    "open back-tick": "`a",
    "tail": "`a`b",
}


@pytest.mark.parametrize(("text", "expected"), GOOD.values(), ids=GOOD.keys())
def test_parse(text: str, expected: paths.Path) -> None:
    found = paths.parse(text)
    assert found == expected
    assert [step is E for step in found] == [step is E for step in expected]


@pytest.mark.parametrize("text", BAD.values(), ids=BAD.keys())
def test_a_malformed_path_is_named(text: str) -> None:
    with pytest.raises(FieldError, match="field path"):
        paths.parse(text)


@given(st.lists(st.text(min_size=1), min_size=1))
def test_rendered_paths_are_read_back(names: list[str]) -> None:
    assert paths.parse(paths.render(tuple(names))) == tuple(names)


@given(st.text())
def test_any_text_is_a_path_or_a_field_error(text: str) -> None:
    with contextlib.suppress(FieldError):
        assert paths.parse(text)


TYPE_NAMES = {
    "int": ("int", g.INT),
    "Hive's bigint": ("bigint", g.LONG),
    "capital letter": ("String", g.STRING),
    "decimal with digits": ("decimal(12, 3)", g.DecimalType(12, 3)),
    "decimal with one digit": ("decimal(12)", g.DecimalType(12, 0)),
    "varchar": ("varchar(20)", g.STRING),
    "bare struct": ("struct", g.StructType()),
    "bare array": ("array", g.ArrayType(g.UNKNOWN)),
    "array of": ("array<int>", g.ArrayType(g.INT)),
    "map of": ("map<string,array<double>>", g.MapType(g.ArrayType(g.DOUBLE))),
    "struct of": ("struct<a:int,`b c`:string>", g.StructType.of([("a", g.INT), ("b c", g.STRING)])),
}


@pytest.mark.parametrize(("text", "expected"), TYPE_NAMES.values(), ids=TYPE_NAMES.keys())
def test_type_names(text: str, expected: g.GlueType) -> None:
    assert parse_type(text) == expected


@pytest.mark.parametrize(
    "text", ["", "wobble", "array<int", "decimal(99)", "decimal(5,9)", "int int", "struct<a>", "a-b"]
)
def test_a_wrong_type_name_is_named(text: str) -> None:
    with pytest.raises(OptionError, match="is not a data type"):
        parse_type(text)


@given(st.text(alphabet="arystructintmap<>(),:` 0123", max_size=30))
def test_any_text_is_a_type_or_an_option_error(text: str) -> None:
    with contextlib.suppress(OptionError):
        parse_type(text)
