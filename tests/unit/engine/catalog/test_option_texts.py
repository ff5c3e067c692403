"""Columns and pairs as a user writes them into one option."""

from __future__ import annotations

import pytest

from glue_etl.engine.catalog.option_texts import parse_columns, parse_pairs
from glue_etl.errors import OptionError

COLUMNS = {
    "one": ("id bigint", [("id", "bigint")]),
    "several": (" Id BIGINT ,v  string", [("id", "bigint"), ("v", "string")]),
    "with brackets": (
        "p decimal(10, 2), s struct<a:int,b:array<string>>, m map<string,int>",
        [("p", "decimal(10, 2)"), ("s", "struct<a:int,b:array<string>>"), ("m", "map<string,int>")],
    ),
    "in back-ticks": ("`a name, odd` int, b int", [("a name, odd", "int"), ("b", "int")]),
    "none": ("", []),
}


@pytest.mark.parametrize(("text", "expected"), COLUMNS.values(), ids=COLUMNS.keys())
def test_columns(text: str, expected: list[tuple[str, str]]) -> None:
    assert [(each["Name"], each["Type"]) for each in parse_columns(text, "--columns")] == expected


BAD = {
    "no type": ("id", "'id', which is no column"),
    "nothing between commas": ("id int,,b int", "which is no column"),
    "an unknown type": ("id inte", "--columns gives 'id' the type 'inte'"),
    "an open bracket": ("a array<int, b int", "--columns gives 'a' the type"),
    "twice": ("a int, A string", "names the column 'a' twice"),
}


@pytest.mark.parametrize(("text", "message"), BAD.values(), ids=BAD.keys())
def test_what_is_no_column(text: str, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        parse_columns(text, "--columns")


def test_pairs() -> None:
    assert parse_pairs(["a=1", "b=x=y", "a=2", "c="], "--option") == {"a": "2", "b": "x=y", "c": ""}
    with pytest.raises(OptionError, match="--option number 2 is no pair") as caught:
        parse_pairs(["a=1", "s3cr3t"], "--option")
    assert "s3cr3t" not in str(caught.value)
