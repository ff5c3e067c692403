"""purge_s3_path: what goes, what stays, what is written of it, and what is never touched."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glue_etl.engine.io.lake import Lake
from glue_etl.engine.io.purge import check_transition, purge_s3_path, read_purge
from glue_etl.engine.io.registry import STORAGE_CLASSES
from glue_etl.errors import NoSuchBucketError, OptionError, PathNotFoundError
from glue_etl.settings import Settings


class _Context(SimpleNamespace):
    """The part of an EngineContext that purge uses, with a few files: ages in hours."""

    def put(self, key: str, age: float = 0) -> Path:
        path: Path = self.lake.root / "b" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x", encoding="utf-8")
        then = time.time() - age * 3600
        os.utime(path, (then, then))
        return path

    def keys(self) -> list[str]:
        base = self.lake.root / "b"
        return sorted(path.relative_to(base).as_posix() for path in base.rglob("*") if path.is_file())


@pytest.fixture
def ctx(tmp_path: Path) -> Iterator[Any]:
    settings = Settings(tmp_path)
    context = _Context(lake=Lake(settings.lake_dir), settings=settings)
    context.lake.create_bucket("b")
    yield context


AGES = {
    "0 keeps none": (0, []),
    "hours": (1, ["d/new"]),
    "as text": ("2.5", ["d/hour", "d/new"]),
    "a week by default": (None, ["d/day", "d/hour", "d/new"]),
    "for ever": (10**9, ["d/day", "d/hour", "d/month", "d/new"]),
    "below zero": (-1, []),
}


@pytest.mark.parametrize(("hours", "left"), AGES.values(), ids=AGES.keys())
def test_files_newer_than_the_retention_period_stay(ctx: Any, hours: Any, left: list[str]) -> None:
    for name, age in {"new": 0, "hour": 1.5, "day": 24, "month": 720}.items():
        ctx.put(f"d/{name}", age)
    purge_s3_path(ctx, "s3://b/d/", {} if hours is None else {"retentionPeriod": hours})
    assert ctx.keys() == left


def test_what_a_clock_ahead_wrote_goes_too_where_all_goes(ctx: Any) -> None:
    ctx.put("d/future", -5)
    purge_s3_path(ctx, "s3://b/d/", {"retentionPeriod": 0})
    assert ctx.keys() == []


def test_it_goes_down_and_takes_empty_folders_and_checksums_but_not_the_bucket(ctx: Any) -> None:
    ctx.put("d/a/b/c.json")
    ctx.put("d/a/b/.c.json.crc")
    ctx.put("d/x.json", 0)
    purge_s3_path(ctx, "s3a://b/", {"retentionPeriod": 0})
    assert ctx.keys() == []
    assert list((ctx.lake.root / "b").iterdir()) == []


@pytest.mark.parametrize("uri", ["s3://b/d", "s3://b/d/"])
def test_a_folder_whose_name_begins_alike_stays(ctx: Any, uri: str) -> None:
    ctx.put("d/a")
    ctx.put("data/a")
    purge_s3_path(ctx, uri, {"retentionPeriod": 0})
    assert ctx.keys() == ["data/a"]


@pytest.mark.parametrize("uri", ["s3://b/da", "s3://b/none/"])
def test_nothing_there_is_nothing_to_do(ctx: Any, uri: str) -> None:
    ctx.put("data/a")
    assert purge_s3_path(ctx, uri, {"retentionPeriod": 0}).deleted == ()
    assert ctx.keys() == ["data/a"]


def test_a_single_object(ctx: Any) -> None:
    ctx.put("d/a")
    ctx.put("d/b")
    purge_s3_path(ctx, "s3://b/d/a", {"retentionPeriod": 0})
    assert ctx.keys() == ["d/b"]


def test_the_manifest_names_what_went_and_what_could_not(ctx: Any, tmp_path: Path) -> None:
    ctx.put("d/a, 1.json")
    ctx.put("d/b.json")
    kept = ctx.put("other/kept.json")
    os.symlink(kept.parent, ctx.lake.root / "b" / "d" / "link")
    purge_s3_path(ctx, "s3://b/d/", {"retentionPeriod": 0, "manifestFilePath": "s3://b/lists/"}, "step1")
    lists = ctx.lake.root / "b" / "lists" / "step1"
    assert (lists / "Success.csv").read_text(encoding="utf-8") == 'b,"d/a, 1.json"\nb,d/b.json\n'
    assert (lists / "Failed.csv").read_text(encoding="utf-8").startswith("b,d/link/kept.json,it lies behind a link to ")
    assert kept.exists()


def test_without_failures_there_is_no_list_of_them(ctx: Any) -> None:
    ctx.put("d/a")
    purge_s3_path(ctx, "s3://b/d/", {"retentionPeriod": 0, "manifestFilePath": "s3://b/m"})
    assert ctx.keys() == ["m/Success.csv"]


def test_local_objects_are_of_the_standard_class(ctx: Any) -> None:
    ctx.put("d/a")
    purge_s3_path(ctx, "s3://b/d/", {"retentionPeriod": 0, "excludeStorageClasses": ["STANDARD", "GLACIER"]})
    assert ctx.keys() == ["d/a"]
    purge_s3_path(ctx, "s3://b/d/", {"retentionPeriod": 0, "excludeStorageClasses": ["GLACIER"]})
    assert ctx.keys() == []


def test_nothing_outside_the_lake_is_touched(ctx: Any, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "mine").write_text("x", encoding="utf-8")
    ctx.put("d/a")
    os.symlink(outside, ctx.lake.root / "b" / "d" / "out")
    os.symlink(outside / "mine", ctx.lake.root / "b" / "d" / "mine")
    purge_s3_path(ctx, "s3://b/d/", {"retentionPeriod": 0})
    assert (outside / "mine").exists()
    with pytest.raises(PathNotFoundError, match="leads outside"):
        purge_s3_path(ctx, "s3://b/d/out/", {"retentionPeriod": 0})


WRONG: dict[str, tuple[str, dict[str, Any], type[Exception], str]] = {
    "another file system": ("file:///tmp/", {}, PathNotFoundError, "not an S3 URI"),
    "dots": ("s3://b/../c/", {}, PathNotFoundError, "leads outside"),
    "no such bucket": ("s3://other/d/", {}, NoSuchBucketError, "'other'"),
    "a manifest in no bucket": ("s3://b/d/", {"manifestFilePath": "s3://other/m"}, NoSuchBucketError, "'other'"),
    "no number": ("s3://b/d/", {"retentionPeriod": "week"}, OptionError, "'week'"),
    "a boolean": ("s3://b/d/", {"retentionPeriod": True}, OptionError, "True"),
    "no class": ("s3://b/d/", {"excludeStorageClasses": ["COLD"]}, OptionError, "'COLD'"),
    "no list": ("s3://b/d/", {"excludeStorageClasses": 7}, OptionError, "7"),
}


@pytest.mark.parametrize(("uri", "options", "error", "words"), WRONG.values(), ids=WRONG.keys())
def test_a_mistake_deletes_nothing(
    ctx: Any, uri: str, options: dict[str, Any], error: type[Exception], words: str
) -> None:
    ctx.put("d/a", 10_000)
    with pytest.raises(error, match=words):
        purge_s3_path(ctx, uri, options)
    assert ctx.keys() == ["d/a"]


def test_an_option_without_effect_is_named(ctx: Any, caplog: pytest.LogCaptureFixture) -> None:
    purge_s3_path(ctx, "s3://b/d/", {"partitionPredicate": "x=1"})
    assert "'partitionPredicate' has no effect" in caplog.text


@given(st.floats() | st.integers() | st.text() | st.none() | st.lists(st.none()))
def test_any_retention_period_is_read_or_refused_by_name(value: Any) -> None:
    try:
        read_purge({"retentionPeriod": value})
    except OptionError as error:
        assert "retentionPeriod" in str(error)


ROLE = {"accountId": "123456789012", "roleArn": "arn:aws:iam::123456789012:role/r"}
TRANSITIONS: dict[str, tuple[str, str, dict[str, str], type[Exception], str]] = {
    "class": ("s3://b/d/", "COLD", ROLE, OptionError, "'COLD'"),
    "account": ("s3://b/d/", "GLACIER", {"roleArn": "r"}, OptionError, "'accountId'"),
    "role": ("s3://b/d/", "GLACIER", {"accountId": "1"}, OptionError, "'roleArn'"),
    "bucket": ("s3://other/d/", "GLACIER", ROLE, NoSuchBucketError, "'other'"),
}


@pytest.mark.parametrize(("uri", "to", "options", "error", "words"), TRANSITIONS.values(), ids=TRANSITIONS.keys())
def test_a_transition_is_checked_as_on_aws(
    ctx: Any, uri: str, to: str, options: dict[str, str], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        check_transition(ctx, uri, to, options)


@pytest.mark.parametrize("to", sorted(STORAGE_CLASSES))
def test_a_transition_to_any_class_of_s3_may_be_asked_for(ctx: Any, to: str) -> None:
    check_transition(ctx, "s3://b/d/", to, ROLE)
