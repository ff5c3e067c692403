"""forEachBatch over files: batches, checkpoints in the lake, restarts, retries, and the line of an error."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame

from glue_etl.engine.jvm.services import StreamingSource
from glue_etl.engine.run_errors import describe


class End(Exception):
    """Ends a stream, which has no end of its own."""


def _stream(context: Any, lake: Any) -> DataFrame:
    reader = context.spark_session.readStream.schema("n int, kind string").option("maxFilesPerTrigger", 1)
    stream: DataFrame = reader.json(lake.uri("in/"))
    return stream


def _write(lake: Any, *numbers: int) -> None:
    import os

    for number in numbers:
        lake.write(f"in/{number}.json", f'{{"n": {number}, "kind": "reading"}}\n{{"n": 0, "kind": "other"}}\n')
        os.utime(lake.store.path_of(lake.uri(f"in/{number}.json")), (1_700_000_000 + number,) * 2)


def _options(lake: Any, **more: Any) -> dict[str, Any]:
    return {
        "windowSize": "100 milliseconds",
        "checkpointLocation": lake.uri("tmp/check/"),
        "batchMaxRetries": 0,
        **more,
    }


def test_batches_are_written_and_a_restart_goes_on_where_the_last_run_ended(glue_context: Any, lake: Any) -> None:
    from awsglue.dynamicframe import DynamicFrame
    from awsglue.transforms import Filter

    seen: list[int] = []

    def process(df: DataFrame, batch: int) -> None:
        frame = DynamicFrame.fromDF(glue_context.add_ingestion_time_columns(df, "day"), glue_context, "batch")
        readings = Filter.apply(frame=frame, f=lambda record: record["kind"] == "reading")
        seen.extend(row.n for row in readings.toDF().collect())
        if len(seen) == 2:
            raise End
        glue_context.write_dynamic_frame.from_options(
            readings, "s3", {"path": lake.uri("out/"), "partitionKeys": ["ingest_year"]}, format="json"
        )
        if batch == 2:
            raise End

    _write(lake, 1, 2, 3)
    records = StreamingSource.records
    for _ in range(2):
        with pytest.raises(Exception, match="End"):
            glue_context.forEachBatch(_stream(glue_context, lake), process, _options(lake))
    # The second batch failed before it wrote, so it came again.
    assert seen == [1, 2, 2, 3]
    out = glue_context.spark_session.read.json(lake.uri("out/"))
    assert sorted(row.n for row in out.collect()) == [1, 2, 3]
    assert "ingest_year" in out.columns
    # Batches that failed do not report.
    assert StreamingSource.records - records == 4
    assert lake.keys("tmp/check/")


def test_a_batch_is_tried_again(glue_context: Any, lake: Any) -> None:
    tries: list[int] = []

    def process(df: DataFrame, batch: int) -> None:
        tries.append(batch)
        raise End

    _write(lake, 1)
    options = _options(lake, batchMaxRetries=1, persistDataFrame="false")
    with pytest.raises(Exception, match="End"):
        glue_context.forEachBatch(_stream(glue_context, lake), process, options)
    assert tries == [0, 0]


def test_a_batch_that_fails_once_comes_again_whole(glue_context: Any, lake: Any) -> None:
    tries: list[tuple[int, list[int]]] = []

    def process(df: DataFrame, batch: int) -> None:
        tries.append((batch, sorted(row.n for row in df.collect())))
        if len(tries) == 1:
            raise ValueError("once")
        if batch == 1:
            raise End

    _write(lake, 1, 2)
    with pytest.raises(Exception, match="End"):
        glue_context.forEachBatch(_stream(glue_context, lake), process, _options(lake, batchMaxRetries=1))
    # A batch that succeeded gives the next one its retries back.
    assert tries == [(0, [0, 1]), (0, [0, 1]), (1, [0, 2]), (1, [0, 2])]


def test_batches_begin_with_their_windows(glue_context: Any, lake: Any) -> None:
    began: list[float] = []

    def process(df: DataFrame, batch: int) -> None:
        began.append(time.monotonic())
        if batch == 2:
            raise End

    _write(lake, 1, 2, 3)
    with pytest.raises(Exception, match="End"):
        glue_context.forEachBatch(_stream(glue_context, lake), process, _options(lake, windowSize="2 seconds"))
    assert 1.0 < began[2] - began[1] < 4.0


@pytest.mark.parametrize("window", ["soon", "3", "-1 second"])
def test_a_window_that_is_none(glue_context: Any, lake: Any, window: str) -> None:
    _write(lake, 1)
    with pytest.raises(Exception, match=r"(?i)interval|trigger|window"):
        glue_context.forEachBatch(_stream(glue_context, lake), print, _options(lake, windowSize=window))


SCRIPT = """\
def process(df, batch):
    first = df.first()
    raise ValueError(f"no way: {first.n}")


def run(context, stream, options):
    context.forEachBatch(frame=stream, batch_function=process, options=options)
"""


def test_an_error_in_the_batch_function_is_reported_at_its_own_line(
    glue_context: Any, lake: Any, tmp_path: Path
) -> None:
    script = tmp_path / "job.py"
    script.write_text(SCRIPT, encoding="utf-8")
    names: dict[str, Any] = {}
    exec(compile(SCRIPT, str(script), "exec"), names)
    _write(lake, 7)
    with pytest.raises(Exception, match="no way: 7") as raised:
        names["run"](glue_context, _stream(glue_context, lake), _options(lake))
    error = describe(raised.value, str(script))
    assert (error.file, error.line) == (str(script), 3)
    assert error.type == "ValueError"
    assert error.message == "ValueError: no way: 7"


def test_a_sample_of_a_stream(glue_context: Any, lake: Any) -> None:
    _write(lake, 1)
    options = {"windowSize": "1 second", "pollingTimeInMs": "4000", "recordPollingLimit": 10}
    frame = glue_context.getSampleStreamingDynamicFrame(_stream(glue_context, lake), options)
    assert sorted(row.n for row in frame.toDF().collect()) == [0, 1]
