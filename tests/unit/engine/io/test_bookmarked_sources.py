"""Sources that are read by a bookmark, through the official awsglue: every format, bounds, groups, samples."""

from __future__ import annotations

import logging
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from awsglue.dynamicframe import DynamicFrame
from awsglue.job import Job
from awsglue.utils import getResolvedOptions

from glue_etl.engine.bookmarks import BookmarkStore
from glue_etl.engine.catalog.clients import Clients
from glue_etl.errors import OptionError
from glue_etl.settings import Settings
from glue_etl.testing.buckets import Bucket

Run = Callable[..., Any]
_jobs = count()
TEXTS = {
    "json": '{"a": %d}\n',
    "csv": "a\n%d\n",
    "xml": "<rows><row><a>%d</a></row></rows>",
    "grokLog": "%d\n",
    "ion": "{a: %d}\n",
}
OPTIONS: dict[str, dict[str, Any]] = {
    "csv": {"withHeader": True},
    "xml": {"rowTag": "row"},
    "grokLog": {"logFormat": "%{NUMBER:a}"},
}


@pytest.fixture
def job(glue_context: Any) -> Callable[..., Job]:
    """Begins a run of the same job, of a name that no other test has."""
    name = f"bookmarked-{next(_jobs)}"

    def begun(option: str = "job-bookmark-enable") -> Job:
        made = Job(glue_context)
        made.init(name, {"JOB_NAME": name, "job_bookmark_option": option})
        return made

    return begun


@pytest.fixture
def read(glue_context: Any, lake: Bucket) -> Run:
    """A frame of the bucket's folder `in`."""

    def frame(fmt: str = "json", context: str = "source", **options: Any) -> Any:
        return glue_context.create_dynamic_frame.from_options(
            connection_type="s3",
            connection_options={"paths": [lake.uri("in/")], "recurse": True, **options},
            format=fmt,
            format_options=OPTIONS.get(fmt, {}),
            transformation_ctx=context,
        )

    return frame


def put(lake: Bucket, fmt: str, *numbers: int) -> None:
    for number in numbers:
        path = lake.path / "in" / f"{number}.{fmt}"
        path.parent.mkdir(exist_ok=True)
        path.write_text(TEXTS[fmt] % number)


def values(frame: Any) -> list[int]:
    df = frame.toDF()
    return sorted(int(row["a"]) for row in df.collect()) if "a" in df.columns else []


@pytest.mark.parametrize("fmt", ["json", "csv", "xml", "avro", "parquet", "orc"])
def test_an_increment_and_an_empty_one(
    fmt: str, glue_context: Any, lake: Bucket, job: Callable[..., Job], read: Run
) -> None:
    def arrive(*numbers: int) -> None:
        if fmt in TEXTS:
            return put(lake, fmt, *numbers)
        rows = glue_context.spark_session.createDataFrame([(number,) for number in numbers], "a int").coalesce(1)
        glue_context.write_dynamic_frame.from_options(
            DynamicFrame.fromDF(rows, glue_context, "rows"), "s3", {"path": lake.uri("in/")}, fmt
        )

    def run() -> list[int]:
        running = job()
        found = values(read(fmt))
        running.commit()
        return found

    arrive(1, 2)
    assert run() == [1, 2]
    arrive(3)
    assert [run(), run()] == [[3], []]


def test_an_empty_increment_is_a_frame_without_fields(lake: Bucket, job: Callable[..., Job], read: Run) -> None:
    put(lake, "json", 1)
    for _ in range(2):
        running = job()
        frame = read()
        running.commit()
    assert (frame.count(), frame.toDF().columns, frame.errorsCount()) == (0, [], 0)
    assert frame.select_fields(["a"]).count() == 0


def test_bounds_take_what_is_left(lake: Bucket, job: Callable[..., Job], read: Run) -> None:
    put(lake, "json", 1, 2, 3, 4, 5)
    found = []
    for _ in range(4):
        running = job()
        found.append(values(read(boundedFiles="2", groupFiles="inPartition")))
        running.commit()
    assert [len(each) for each in found] == [2, 2, 1, 0]
    assert sorted(value for each in found for value in each) == [1, 2, 3, 4, 5]


def test_a_sample_and_a_source_without_a_name_do_not_count(
    glue_context: Any, lake: Bucket, job: Callable[..., Job], read: Run
) -> None:
    put(lake, "json", 1, 2)
    for _ in range(2):
        running = job()
        sample = glue_context.create_sample_dynamic_frame_from_options(
            "s3", {"paths": [lake.uri("in/")]}, 1, {}, "json", {}, "sampled"
        )
        assert sample.count() == 1
        assert values(read(context="")) == [1, 2]
        running.commit()
    job()
    assert values(read(context="sampled")) == [1, 2]


@pytest.mark.parametrize("fmt", ["grokLog", "ion"])
def test_a_format_that_bookmarks_do_not_track_says_so(
    fmt: str, lake: Bucket, job: Callable[..., Job], read: Run, caplog: pytest.LogCaptureFixture
) -> None:
    put(lake, fmt, 1)
    for _ in range(2):
        running = job()
        with caplog.at_level(logging.WARNING):
            assert values(read(fmt)) == [1]
        running.commit()
    assert f"do not track the format {fmt}" in caplog.text


def test_a_file_that_changes_after_it_was_listed_is_read_again(
    lake: Bucket, job: Callable[..., Job], read: Run
) -> None:
    put(lake, "json", 1)
    running = job()
    frame = read()
    put(lake, "json", 1)
    frame.count()
    running.commit()
    job()
    assert values(read()) == [1]


def test_a_job_without_bookmarks_leaves_no_state(
    glue_settings: Settings, lake: Bucket, job: Callable[..., Job], read: Run
) -> None:
    put(lake, "json", 1)
    before = set(BookmarkStore(glue_settings.state_dir).jobs())
    for _ in range(2):
        running = job("job-bookmark-disable")
        assert values(read()) == [1]
        running.commit()
    assert set(BookmarkStore(glue_settings.state_dir).jobs()) == before


def test_a_range_of_runs_by_the_arguments_of_a_run(glue_context: Any, lake: Bucket, read: Run) -> None:
    def run(run_id: str, *bookmark: str) -> list[int]:
        argv = ["s.py", "--JOB_NAME", "ranged", "--JOB_RUN_ID", run_id, *bookmark]
        running = Job(glue_context)
        running.init("ranged", getResolvedOptions(argv, ["JOB_NAME"]))
        found = values(read())
        running.commit()
        return found

    for number in (1, 2, 3):
        put(lake, "json", number)
        assert run(f"jr_{number}", "--job-bookmark-option=job-bookmark-enable") == [number]
    put(lake, "json", 4)
    span = ("--job-bookmark-from", "jr_1", "--job-bookmark-to", "jr_2")
    assert run("jr_4", "--job-bookmark-option", "job-bookmark-pause", *span) == [2]
    assert run("jr_5", "--job-bookmark-option", "job-bookmark-pause") == [4]
    with pytest.raises(OptionError, match=r"no run 'jr_5'\. Available: jr_3, jr_2, jr_1\."):
        run("jr_6", "--job-bookmark-option", "job-bookmark-pause", *span[:3], "jr_5")


def test_tables_of_relationalize_share_no_keys_between_runs(lake: Bucket, job: Callable[..., Job], read: Run) -> None:
    found: list[set[int]] = []
    for number in (1, 2):
        (lake.path / "in").mkdir(exist_ok=True)
        (lake.path / "in" / f"{number}.json").write_text('{"a": [1, 2]}\n{"a": [3]}\n')
        running = job()
        tables = read().relationalize("root", lake.uri("staging/"), transformation_ctx="tables")
        keys = {row["a"] for row in tables.select("root").toDF().collect()}
        assert {row["id"] for row in tables.select("root_a").toDF().collect()} == keys
        running.commit()
        found.append(keys)
    assert found[0] == {1, 2}
    assert len(found[1] - found[0]) == 2


def test_a_table_is_read_once_whatever_the_predicates(
    glue_context: Any, glue_settings: Settings, lake: Bucket, job: Callable[..., Job]
) -> None:
    client = Clients(glue_settings).glue()
    database = f"bookmarked_{next(_jobs)}"
    client.create_database(DatabaseInput={"Name": database})
    serde = {"SerializationLibrary": "org.openx.data.jsonserde.JsonSerDe"}
    columns = [{"Name": "a", "Type": "int"}]

    def stored(path: str) -> dict[str, Any]:
        return {"Columns": columns, "Location": lake.uri(path), "SerdeInfo": serde}

    client.create_table(
        DatabaseName=database,
        TableInput={
            "Name": "t",
            "StorageDescriptor": stored("t/"),
            "PartitionKeys": [{"Name": "m", "Type": "int"}],
            "Parameters": {"classification": "json"},
        },
    )
    for month in (1, 2):
        (lake.path / "t" / f"m={month}").mkdir(parents=True)
        (lake.path / "t" / f"m={month}" / "f.json").write_text(TEXTS["json"] % month)
        partition = {"Values": [str(month)], "StorageDescriptor": stored(f"t/m={month}/")}
        client.create_partition(DatabaseName=database, TableName="t", PartitionInput=partition)
    found = []
    for predicate in ("m = 1", "m = 2", "m = 1", ""):
        running = job()
        frame = glue_context.create_dynamic_frame.from_catalog(
            database=database, table_name="t", push_down_predicate=predicate, transformation_ctx="table"
        )
        found.append(values(frame))
        running.commit()
    assert found == [[1], [2], [], []]
