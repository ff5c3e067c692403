"""Which files a source reads."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glue_etl.engine.context import EngineContext
from glue_etl.engine.io.globs import escape, matcher
from glue_etl.engine.io.listing import list_files
from glue_etl.errors import NoSuchBucketError, OptionError, PathNotFoundError
from glue_etl.testing.buckets import Bucket

FILES = [
    "in/top.csv",
    "in/departments/finance.json",
    "in/departments/market-us.json",
    "in/departments/market-ap.json",
    "in/employees/hr.json",
    "in/employees/john.csv",
    "in/employees/jane.csv",
    "in/_hidden/a.json",
    "in/.part.crc",
    "in/_SUCCESS",
    "in/k=v/a.json",
    "other/x.json",
]
ALL = [name for name in FILES if name.startswith("in/") and "/_" not in name and "/." not in name]
NO_CSV = [name for name in ALL if not name.endswith("csv")]
NO_MARKET = [name for name in ALL if "market" not in name]
NO_PEOPLE = [name for name in ALL if "employees" not in name]

# name: (paths, options, keys found)
CASES: dict[str, tuple[list[str], dict[str, Any], list[str]]] = {
    "a folder's own files": (["in/"], {}, ["in/top.csv"]),
    "a folder without the slash": (["in"], {}, ["in/top.csv"]),
    "recurse": (["in/"], {"recurse": True}, ALL),
    "one object": (["in/top.csv"], {}, ["in/top.csv"]),
    "two paths": (["in/employees/", "other/"], {}, [*FILES[4:7], "other/x.json"]),
    "a path twice": (["other/", "other"], {}, ["other/x.json"]),
    "star in a name": (["in/employees/j*.csv"], {}, FILES[5:7]),
    "star for all that is in a folder": (["in/*"], {"recurse": True}, ALL),
    "star within a path": (["in/*/m*"], {}, FILES[2:4]),
    "braces": (["in/{departments,employees}/*.json"], {}, FILES[1:5]),
    "a class of characters": (["in/employees/[a-i]*"], {}, ["in/employees/hr.json"]),
    "a question mark": (["in/employees/h?.json"], {}, ["in/employees/hr.json"]),
    "star does not cross folders": (["in/"], {"recurse": True, "exclusions": ["*.csv"]}, ALL[1:]),
    "two stars do": (["in/"], {"recurse": True, "exclusions": ["**.csv"]}, NO_CSV),
    "begin of a name": (["in/"], {"recurse": True, "exclusions": ["**/market*"]}, NO_MARKET),
    "braces in exclusions": (
        ["in/"], {"recurse": True, "exclusions": ["**.{csv,avro}"]}, NO_CSV,
    ),
    "the whole URI": (["in/"], {"recurse": True, "exclusions": ["s3://*/in/employees/**"]}, NO_PEOPLE),
    "the key": (["in/"], {"recurse": True, "exclusions": ["in/employees/**"]}, NO_PEOPLE),
    "all": (["in/"], {"recurse": True, "exclusions": ["**"]}, []),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_files(name: str, lake: Bucket, ctx: EngineContext) -> None:
    paths, options, keys = CASES[name]
    for file in FILES:
        lake.write(file, file)
    listing = list_files(ctx, [lake.uri(path) for path in paths], **options)
    assert sorted(file.uri for file in listing.files) == sorted(lake.uri(key) for key in keys)
    assert listing.size == sum(len(key) for key in keys)
    # What Spark is handed is read by Spark as these files.
    if keys:
        handed, lookup = listing.spark_paths()
        texts = ctx.session.read.options(**lookup).text(handed).collect()
        assert sorted(row["value"] for row in texts) == sorted(keys)


def test_local_paths(tmp_path: Path, ctx: EngineContext, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "x.csv").write_text("1")
    (tmp_path / "a" / "b" / "y.csv").write_text("2")
    monkeypatch.chdir(tmp_path)
    for path in (f"{tmp_path}/a", f"file://{tmp_path}/a", f"file:{tmp_path}/a", "a", "*"):
        listing = list_files(ctx, [path], recurse=True)
        assert [file.local for file in listing.files] == [tmp_path / "a/x.csv", tmp_path / "a/b/y.csv"], path


def test_names_that_look_like_patterns(lake: Bucket, ctx: EngineContext) -> None:
    odd = "in/{a}[b]*c?d/x y%20+\\z.csv"
    lake.write(odd, "odd")
    listing = list_files(ctx, [lake.uri("in/")], recurse=True, exclusions=["none"])
    assert [file.uri for file in listing.files] == [lake.uri(odd)]
    handed, lookup = listing.spark_paths()
    assert [row["value"] for row in ctx.session.read.options(**lookup).text(handed).collect()] == ["odd"]
    assert [file.uri for file in list_files(ctx, [lake.uri("in/{a}[b]*c?d/")]).files] == [lake.uri(odd)]


def test_missing(lake: Bucket, ctx: EngineContext, tmp_path: Path) -> None:
    lake.write("in/a.csv", "x")
    with pytest.raises(PathNotFoundError, match=r"in/b\.csv.* does not exist\. Available: a\.csv"):
        list_files(ctx, [lake.uri("in/b.csv")])
    with pytest.raises(PathNotFoundError, match="Nothing matches"):
        list_files(ctx, [lake.uri("in/*.json")])
    with pytest.raises(PathNotFoundError, match="does not exist"):
        list_files(ctx, [f"{tmp_path}/nowhere"])
    with pytest.raises(NoSuchBucketError, match="no-such-bucket"):
        list_files(ctx, ["s3://no-such-bucket/a/*.csv"])
    with pytest.raises(OptionError, match="not closed"):
        list_files(ctx, [lake.uri("in/")], exclusions=["{a,b"])


def test_an_empty_folder_is_no_error(lake: Bucket, ctx: EngineContext) -> None:
    os.makedirs(lake.path / "in")
    assert list_files(ctx, [lake.uri("in/")]).files == ()


# pattern: (texts it matches, texts it does not match)
GLOBS: dict[str, tuple[list[str], list[str]]] = {
    "*.csv": (["a.csv", ".csv"], ["a/b.csv", "a.csvx"]),
    "**.csv": (["a.csv", "a/b.csv"], ["a.json"]),
    "a?c": (["abc"], ["a/c", "ac"]),
    "[abc]x": (["ax"], ["dx", "/x"]),
    "[!a-c]x": (["dx"], ["ax", "/x"]),
    "[-a]": (["-", "a"], ["b"]),
    "[]a]": (["]", "a"], ["b"]),
    "[*?]": (["*", "?"], ["a"]),
    "{a,b*}/c": (["a/c", "bx/c"], ["c/c"]),
    "a,b}": (["a,b}"], ["a"]),
    r"\*\{a": (["*{a"], ["xa"]),
    "a.b": (["a.b"], ["axb"]),
}


@pytest.mark.parametrize("pattern", GLOBS)
def test_globs(pattern: str) -> None:
    yes, no = GLOBS[pattern]
    matches = matcher([pattern])
    assert [text for text in yes if not matches(text)] == []
    assert [text for text in no if matches(text)] == []


@pytest.mark.parametrize("pattern", ["[a", "{a,b", "a{b", "[b-a]"])
def test_malformed_globs_are_refused(pattern: str) -> None:
    with pytest.raises(OptionError, match="The pattern"):
        matcher([pattern])


@given(st.text())
def test_an_escaped_text_matches_itself(text: str) -> None:
    assert matcher([escape(text)])(text)


@given(st.text("ab/*?[]{}!-,\\", max_size=8), st.text("ab/*-,", max_size=8))
def test_any_pattern_is_usable_or_refused(pattern: str, text: str) -> None:
    with contextlib.suppress(OptionError):
        matcher([pattern])(text)
