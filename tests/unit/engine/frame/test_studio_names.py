"""Names and lists as Glue Studio's scripts write them: read, or refused by name."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glue_etl.engine.frame.studio_names import name_list, plain_name
from glue_etl.errors import FieldError, OptionError

LISTS = {
    "a text": ("a, b c ,d", ["a", "b c", "d"]),
    "a list": (["a", " b"], ["a", " b"]),
    "one name": ("a", ["a"]),
    "back-ticks": ("`a.b`,c", ["`a.b`", "c"]),
}


@pytest.mark.parametrize(("value", "names"), LISTS.values(), ids=LISTS.keys())
def test_a_list(value: Any, names: list[str]) -> None:
    assert name_list(value, "colList") == names


def test_a_gap_is_kept_where_it_means_something() -> None:
    assert name_list("a,,b,", "newCols", gaps=True) == ["a", "", "b", ""]


@given(st.none() | st.integers() | st.text() | st.lists(st.text() | st.integers()), st.booleans())
def test_any_list_is_read_or_refused_by_name(value: Any, gaps: bool) -> None:
    try:
        names = name_list(value, "colList", gaps=gaps)
    except OptionError as error:
        assert "colList" in str(error)
    else:
        assert any(names)
        assert gaps or all(names)


PLAIN = {
    "as it is": ("a.b", "a.b"),
    "ticks": ("`a.b`", "a.b"),
    "inside": ("`a``b`", "a`b"),
    "member": ("`a`.b", "a.b"),
}


@pytest.mark.parametrize(("name", "expected"), PLAIN.values(), ids=PLAIN.keys())
def test_back_ticks_are_no_part_of_a_name(name: str, expected: str) -> None:
    assert plain_name(name) == expected


@given(st.text())
def test_any_name_is_taken_or_refused(name: str) -> None:
    try:
        assert plain_name(name) is not None
    except FieldError as error:
        assert "path" in str(error)
