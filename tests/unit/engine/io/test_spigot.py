"""Spigot: what sample is written, and that the frame goes on as it is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from glue_etl.errors import NoSuchBucketError, OptionError

OPTIONS: dict[str, tuple[dict[str, Any], int]] = {
    "a hundred by default": ({}, 100),
    "the first k": ({"topk": 3}, 3),
    "numbers as text": ({"topk": "2", "prob": "1.0"}, 2),
    "more than there are": ({"topk": 1000}, 150),
    "none": ({"topk": 0}, 0),
    "none by chance": ({"prob": 0.0}, 0),
}


@pytest.fixture
def frame(glue_context: Any) -> Any:
    from awsglue.dynamicframe import DynamicFrame

    df = glue_context.spark_session.range(150).selectExpr("id", "named_struct('n', id % 7) as s", "null as nothing")
    return DynamicFrame.fromDF(df.coalesce(1), glue_context, "f")


def written(lake: Any) -> list[Any]:
    return [json.loads(line) for key in lake.keys("out/") for line in lake.read(key).splitlines()]


@pytest.mark.parametrize(("options", "count"), OPTIONS.values(), ids=OPTIONS.keys())
def test_the_first_records_are_written(frame: Any, lake: Any, options: dict[str, Any], count: int) -> None:
    passed = frame.spigot(lake.uri("out/"), options)
    assert written(lake) == [{"id": i, "s": {"n": i % 7}} for i in range(count)]
    assert len(lake.keys("out/")) == min(count, 1)
    assert passed.count() == 150


def test_a_sample_by_chance_is_the_same_each_time(frame: Any, lake: Any) -> None:
    frame.spigot(lake.uri("out/"), {"prob": 0.2, "topk": 200})
    first = written(lake)
    assert 10 < len(first) < 60
    frame.spigot(lake.uri("out/"), {"prob": 0.2, "topk": 200})
    assert len(lake.keys("out/")) == 2
    assert len(written(lake)) == 2 * len(first)


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown option": ({"top": 1}, "'top'.*topk, prob"),
    "no number": ({"topk": "ten"}, "'ten'"),
    "a negative number": ({"topk": -1}, "-1"),
    "no probability": ({"prob": 1.5}, r"1\.5"),
}


@pytest.mark.parametrize(("options", "words"), WRONG.values(), ids=WRONG.keys())
def test_options_that_cannot_be(frame: Any, lake: Any, options: dict[str, Any], words: str) -> None:
    with pytest.raises(OptionError, match=words):
        frame.spigot(lake.uri("out/"), options)


def test_no_bucket(frame: Any) -> None:
    with pytest.raises(NoSuchBucketError, match="no-such-bucket"):
        frame.spigot("s3://no-such-bucket/out/")
