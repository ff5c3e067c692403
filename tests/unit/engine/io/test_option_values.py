"""Values of options, in the spellings of scripts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glue_etl.engine.io.option_values import checked
from glue_etl.engine.io.registry import CONNECTION_TYPES, FORMATS, Option
from glue_etl.engine.io.request import read_request, write_request
from glue_etl.errors import GlueEtlError, OptionError

TABLE = {
    "on": Option("bool", False),
    "size": Option("bytes"),
    "count": Option("int"),
    "names": Option("list"),
    "text": Option("text"),
    "Text": Option("text", name="text"),
}
VALUES: dict[str, tuple[str, Any, Any]] = {
    "bool": ("on", True, True),
    "bool as text": ("on", " TRUE ", True),
    "number as text": ("count", "30", 30),
    "bytes": ("size", 1048576, 1048576),
    "bytes as text": ("size", "1048576", 1048576),
    "bytes with a unit": ("size", "128MB", 128 << 20),
    "bytes with a unit, spelled otherwise": ("size", "1 kib", 1024),
    "list": ("names", ["a", "b"], ["a", "b"]),
    "list as JSON": ("names", '["**.pdf", "a"]', ["**.pdf", "a"]),
    "one text": ("names", "a", ["a"]),
    "a pattern that begins with a bracket": ("names", "[ab]*", ["[ab]*"]),
    "none": ("on", None, False),
}
WRONG: dict[str, tuple[str, Any]] = {
    "bool": ("on", "yes"),
    "number": ("count", "1.5"),
    "bytes": ("size", "large"),
    "no bytes": ("size", "0"),
    "list": ("names", {"a": 1}),
    "unknown": ("nothing", 1),
}


@pytest.mark.parametrize("name", VALUES)
def test_values(name: str) -> None:
    option, value, expected = VALUES[name]
    assert checked(TABLE, {option: value}, "the test")[option] == expected


@pytest.mark.parametrize("name", WRONG)
def test_values_that_cannot_be_used(name: str) -> None:
    option, value = WRONG[name]
    with pytest.raises(OptionError, match=repr(option)):
        checked(TABLE, {option: value}, "the test")


def test_two_spellings_of_one_option() -> None:
    assert checked(TABLE, {"Text": "x"}, "the test")["text"] == "x"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(
    sorted({key for entry in FORMATS.values() for key in (*entry.read, *entry.write)} | {"paths", "groupFiles"})
)
BOUNDS = st.sampled_from(["boundedFiles", "boundedSize", "groupSize", "excludeStorageClasses", "compressionType"])
OPTIONS = st.dictionaries(NAMES | BOUNDS, JSON | JSON.map(json.dumps), max_size=4)


@given(st.sampled_from(sorted(CONNECTION_TYPES)), OPTIONS, st.sampled_from([*sorted(FORMATS), "x", None]), OPTIONS)
@settings(max_examples=300, deadline=None)
def test_any_options_are_understood_or_refused(kind: str, options: Any, fmt: str | None, more: Any) -> None:
    for request, path in ((read_request, {"paths": ["s3://b/a"]}), (write_request, {"path": "s3://b/a"})):
        try:
            request(kind, {**path, **options}, fmt, more)
        except GlueEtlError as error:
            assert str(error)
