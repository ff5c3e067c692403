"""Samples of a source: how many records, of which files."""

from __future__ import annotations

from typing import Any

import pytest

from glue_etl.errors import OptionError


@pytest.fixture
def folders(lake: Any) -> Any:
    for folder in range(12):
        for file in range(12):
            lake.write(f"in/p={folder:02}/{file:02}.json", f'{{"p": {folder}, "f": {file}}}\n')
    return lake


CASES: dict[str, tuple[int | None, dict[str, Any], int, int]] = {
    "ten of ten by default": (1000, {}, 10, 100),
    "limits": (1000, {"maxSamplePartitions": 2, "maxSampleFilesPerPartition": "3"}, 2, 6),
    "so many records": (4, {}, 1, 4),
    "all records of the sampled files": (None, {"maxSamplePartitions": 1}, 1, 10),
}


@pytest.mark.parametrize(("number", "options", "partitions", "count"), CASES.values(), ids=CASES.keys())
def test_a_sample(
    glue_context: Any, folders: Any, number: int | None, options: dict[str, Any], partitions: int, count: int
) -> None:
    source = {"paths": [folders.uri("in/")], "recurse": True}
    frame = glue_context.create_sample_dynamic_frame_from_options("s3", source, number, options, "json")
    found = [row["p"] for row in frame.toDF().collect()]
    assert len(found) == count
    assert len(set(found)) <= partitions


@pytest.mark.parametrize("options", [{"maxFiles": 1}, {"maxSamplePartitions": 0}, {"maxSampleFilesPerPartition": "x"}])
def test_options_that_cannot_be(glue_context: Any, folders: Any, options: dict[str, Any]) -> None:
    with pytest.raises(OptionError, match=next(iter(options))):
        glue_context.create_sample_dynamic_frame_from_options(
            "s3", {"paths": [folders.uri("in/")], "recurse": True}, 1, options, "json"
        )
