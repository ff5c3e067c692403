"""mergeDynamicFrame: which records stay, which come, and by what keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from glue_etl.engine.frame.core import Plan
from glue_etl.engine.frame.merge import merge_frames
from glue_etl.errors import FieldError, GlueEtlError, OptionError

Planned = Callable[..., Plan]
Rows = Callable[[Plan], list[Any]]
Records = list[dict[str, Any]]

CASES: dict[str, tuple[Records, Records, list[str], Records]] = {
    "replaced, kept and added": (
        [{"k": 1, "v": "a"}, {"k": 2, "v": "b"}],
        [{"k": 2, "v": "B"}, {"k": 3, "v": "C"}],
        ["k"],
        [{"k": 1, "v": "a"}, {"k": 2, "v": "B"}, {"k": 3, "v": "C"}],
    ),
    "numbers of two types agree by value": (
        [{"k": 1}, {"k": 3_000_000_000}],
        [{"k": 1.0, "v": 1}],
        ["k"],
        [{"k": 3_000_000_000}, {"k": 1.0, "v": 1}],
    ),
    "a null equals nothing": (
        [{"k": None, "v": 1}, {"k": 1}],
        [{"k": None, "v": 2}, {"k": 1}],
        ["k"],
        [{"v": 1}, {"v": 2}, {"k": 1}],
    ),
    "nested keys, several": (
        [{"s": {"a": 1, "b": "x"}}, {"s": {"a": 1, "b": "y"}}],
        [{"s": {"a": 1, "b": "y"}, "w": 0}],
        ["s.a", "s.b"],
        [{"s": {"a": 1, "b": "x"}}, {"s": {"a": 1, "b": "y"}, "w": 0}],
    ),
    "keys of a choice": ([{"k": 1}, {"k": "a"}], [{"k": "a", "v": 1}], ["k"], [{"k": 1}, {"k": "a", "v": 1}]),
    "a field of two types becomes a choice": (
        [{"k": 1, "v": 1}],
        [{"k": 2, "v": "x"}],
        ["k"],
        [{"k": 1, "v": 1}, {"k": 2, "v": "x"}],
    ),
    "a name with a dot": ([{"a.b": 1}], [{"a.b": 1, "v": 2}], ["`a.b`"], [{"a.b": 1, "v": 2}]),
}


@pytest.mark.parametrize(("source", "staging", "keys", "expected"), CASES.values(), ids=CASES.keys())
def test_merging(
    planned: Planned, rows: Rows, source: Records, staging: Records, keys: list[str], expected: Records
) -> None:
    merged = rows(merge_frames(planned(*source), planned(*staging), keys))
    assert sorted(merged, key=str) == sorted(expected, key=str)


WRONG: dict[str, tuple[list[str], type[GlueEtlError], str]] = {
    "no keys": ([], OptionError, "primary_keys"),
    "not in the source": (["w"], FieldError, "'w', which no record of the frame has.*k, v"),
    "not in the staging frame": (["v"], FieldError, "'v', which no record of the staging frame has.*k, w"),
}


@pytest.mark.parametrize(("keys", "error", "words"), WRONG.values(), ids=WRONG.keys())
def test_keys_that_cannot_be(planned: Planned, keys: list[str], error: type[GlueEtlError], words: str) -> None:
    with pytest.raises(error, match=words):
        merge_frames(planned({"k": 1, "v": 2}), planned({"k": 1, "w": 2}), keys)


def test_a_frame_merged_with_a_part_of_itself_is_the_same(planned: Planned, rows: Rows) -> None:
    whole = planned(*[{"k": i, "v": i % 3} for i in range(9)])
    part = Plan(whole.df.where("v = 1"), whole.type)
    assert sorted(rows(merge_frames(whole, part, ["k"])), key=str) == sorted(rows(whole), key=str)
