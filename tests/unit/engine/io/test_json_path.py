"""JsonPath: what it selects, what is refused, and that no text breaks the parser."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glue_etl.engine.io.json_documents import records_in
from glue_etl.engine.io.json_path import parse_json_path, select
from glue_etl.errors import GlueEtlError, OptionError, UnsupportedError

RECORDS: dict[str, tuple[str, Any, list[Any]]] = {
    "root": ("$", {"a": 1}, [{"a": 1}]),
    "member": ("$.a", {"a": {"b": 1}}, [{"b": 1}]),
    "quoted member": ("$['a.b']", {"a.b": {"c": 1}}, [{"c": 1}]),
    "quoted member with a quote": (r"$['it\'s']", {"it's": {"c": 1}}, [{"c": 1}]),
    "doubly quoted member": ('$["a b"][*]', {"a b": [{"c": 1}]}, [{"c": 1}]),
    "a name with a colon": ("$.soap:Body.x", {"soap:Body": {"x": {"a": 1}}}, [{"a": 1}]),
    "element": ("$.a[1]", {"a": [{"b": 1}, {"b": 2}]}, [{"b": 2}]),
    "inside all elements": ("$.a[*].b", {"a": [{"b": {"c": 1}}, {"b": {"c": 2}}, {}]}, [{"c": 1}, {"c": 2}]),
    "all members": ("$.*", {"x": {"a": 1}, "y": {"a": 2}}, [{"a": 1}, {"a": 2}]),
    "nothing there": ("$.z.y", {"a": 1}, []),
    "at any depth": (
        "$..r",
        {"r": {"a": 1, "r": {"a": 2}}, "x": [{"r": {"a": 3}}]},
        [{"a": 1, "r": {"a": 2}}, {"a": 2}, {"a": 3}],
    ),
}
BOOKS = [
    {"kind": "ref", "by": "Rees", "price": 8.95},
    {"kind": "fic", "by": "Waugh", "price": 12.99},
    {"kind": "fic", "by": "Melville", "price": 8.99, "isbn": "0-553", "tags": ["sea", "whale"]},
]
STORE = {"store": {"book": BOOKS, "bicycle": {"price": 19.95}}, "limit": 10}
# The numbers of the books that a path selects.
BOOKS_OF: dict[str, list[int]] = {
    "$.store.book[-1]": [2],
    "$..book[0,1]": [0, 1],
    "$..book[:2]": [0, 1],
    "$..book[1:2]": [1],
    "$..book[-2:]": [1, 2],
    "$..book[?(@.isbn)]": [2],
    "$..book[?(!@.isbn)]": [0, 1],
    "$.store.book[?(@.price < 10)]": [0, 2],
    "$..book[?(@.price <= $['limit'])]": [0, 2],
    "$..book[?(@.price >= 8.99 && @.kind == 'fic')]": [1, 2],
    "$..book[?(@.by == 'Rees' || (@.price > 12))]": [0, 1],
    '$..book[?(@.by != "Rees")]': [1, 2],
    "$..book[?(@.by =~ /m\\w+/i)]": [2],
    "$..book[?(@.kind in ['ref', 'x'])]": [0],
    "$..book[?(@.kind nin ['ref'])]": [1, 2],
    "$..book[?(@.tags contains 'sea')]": [2],
    "$..book[?(@.tags anyof ['whale', 'x'])]": [2],
    "$..book[?(@.tags subsetof ['whale', 'sea', 'x'])]": [2],
    "$..book[?(@.tags noneof ['x'])]": [2],
    "$..book[?(@.tags size 2)]": [2],
    "$..book[?(@.tags empty false)]": [2],
    "$..book[?(@['tags'][0] == 'sea')]": [2],
    "$..book[?('8.95' == @.price)]": [0],
    "$..book[?(@.kind == true)]": [],
    "$..book[?(@.kind > 1)]": [],
}
MALFORMED = [
    "",
    "a",
    "$a",
    "$.",
    "$..",
    "$[",
    "$.a[x]",
    "$[?(",
    "$[?(@.a ==)]",
    "$[?(@.a =~ /(/)]",
    "$['a",
    "$[?(@.a==1",
]


@pytest.mark.parametrize("name", RECORDS)
def test_records(name: str) -> None:
    path, value, expected = RECORDS[name]
    assert list(records_in(value, parse_json_path(path))) == expected


@pytest.mark.parametrize("path", BOOKS_OF)
def test_steps(path: str) -> None:
    assert list(select(STORE, parse_json_path(path))) == [BOOKS[number] for number in BOOKS_OF[path]]


def test_several_members_at_once() -> None:
    assert list(select(STORE, parse_json_path("$['limit','nothing','store']"))) == [10, STORE["store"]]


@pytest.mark.parametrize("path", ["$.a.length()", "$.min($.a)"])
def test_functions_are_refused(path: str) -> None:
    with pytest.raises(UnsupportedError, match="jsonPath"):
        parse_json_path(path)


@pytest.mark.parametrize("path", MALFORMED)
def test_what_is_no_json_path(path: str) -> None:
    with pytest.raises(OptionError, match="no JsonPath"):
        parse_json_path(path)


PIECES = [
    "$",
    ".",
    "..",
    "*",
    "a",
    "['a']",
    "[0]",
    "[*]",
    "[1:]",
    "[?(",
    "@",
    ")",
    "]",
    "==",
    "&&",
    "'",
    "/",
    "!",
    "(",
    " ",
]


@given(st.one_of(st.text(max_size=30), st.lists(st.sampled_from(PIECES), max_size=12).map("".join).map("$".__add__)))
@settings(max_examples=400, deadline=None)
def test_any_text_is_a_path_or_refused(text: str) -> None:
    try:
        steps = parse_json_path(text)
    except GlueEtlError:
        return
    # Steps travel to the workers.
    assert pickle.loads(pickle.dumps(steps)) == steps
    list(select({"a": [{"a": 1}, [2]], "b": "x"}, steps))


@given(st.text(min_size=1, max_size=8), st.integers(0, 3))
def test_any_member_can_be_named(name: str, number: int) -> None:
    quoted = name.replace("\\", "\\\\").replace("'", "\\'")
    document = json.loads(json.dumps({name: [{"n": i} for i in range(4)]}))
    assert list(select(document, parse_json_path(f"$['{quoted}'][{number}]"))) == [{"n": number}]


def test_a_filter_too_deep_is_refused() -> None:
    with pytest.raises(OptionError, match="deeply"):
        parse_json_path("$[?(" + "(" * 5000)
