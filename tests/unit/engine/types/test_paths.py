"""Field paths and type names, as scripts write them."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glue_etl.engine.types import paths
from glue_etl.errors import FieldError

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
