"""create_data_frame.from_catalog: a stream of the files of a table that stands for a topic."""

from __future__ import annotations

from typing import Any

import pytest

from glue_etl.engine.catalog.serde import table_input
from glue_etl.errors import GlueEtlError, OptionError, UnsupportedError

READINGS = [{"Name": "id", "Type": "bigint"}, {"Name": "room", "Type": "string"}]
DAY = [{"Name": "day", "Type": "date"}]
# What Glue Studio writes for a table over Kinesis.
STUDIO = {"startingPosition": "TRIM_HORIZON", "inferSchema": "false"}


@pytest.fixture
def create(glue_context: Any, lake: Any) -> Any:
    """`create(name, format, **more)`: a table over `name/` in the bucket, in a database of the bucket's name."""
    client = glue_context._ssql_ctx.engine.clients.glue()
    client.create_database(DatabaseInput={"Name": lake.name})

    def made(name: str, fmt: str = "json", columns: Any = READINGS, *, typed: str = "file", **more: Any) -> None:
        table = table_input(name, fmt, columns, lake.uri(f"{name}/"), **more)
        table["Parameters"]["typeOfData"] = typed
        client.create_table(DatabaseName=lake.name, TableInput=table)

    yield made
    client.delete_database(Name=lake.name)


def opened(context: Any, lake: Any, table: str, **options: Any) -> Any:
    return context.create_data_frame.from_catalog(
        database=lake.name, table_name=table, additional_options=options, transformation_ctx="stream"
    )


def rows(df: Any, lake: Any) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    writer = df.writeStream.trigger(availableNow=True).option("checkpointLocation", lake.uri("check/"))
    writer.foreachBatch(lambda batch, _: found.extend(map(tuple, batch.collect()))).start().awaitTermination()
    return sorted(found)


def test_a_table_with_partitions(glue_context: Any, lake: Any, create: Any) -> None:
    create("readings", partition_keys=DAY)
    lake.write("readings/day=2024-05-01/a.json", '{"id": 1, "room": "x"}\n')
    stream = opened(glue_context, lake, "readings", **STUDIO)
    assert stream.isStreaming
    assert stream.dtypes == [("id", "bigint"), ("room", "string"), ("day", "date")]
    assert [(row[0], row[1], str(row[2])) for row in rows(stream, lake)] == [(1, "x", "2024-05-01")]
    lake.write("readings/day=2024-05-02/b.json", '{"id": 2}\n')
    assert [(row[0], str(row[2])) for row in rows(opened(glue_context, lake, "readings", **STUDIO), lake)] == [
        (2, "2024-05-02")
    ]


def test_csv_under_the_names_of_the_table(glue_context: Any, lake: Any, create: Any) -> None:
    create("rooms", "csv", format_options={"withHeader": True, "separator": "|"})
    lake.write("rooms/a.csv", "Number|Called\n7|hall\n")
    assert rows(opened(glue_context, lake, "rooms", maxFilesPerTrigger=1), lake) == [(7, "hall")]


def test_without_an_option_of_streams_the_table_is_read_once(glue_context: Any, lake: Any, create: Any) -> None:
    create("readings")
    lake.write("readings/a.json", '{"id": 1, "room": "x"}\n')
    df = opened(glue_context, lake, "readings")
    assert not df.isStreaming
    assert df.count() == 1


REFUSED: dict[str, tuple[dict[str, Any], dict[str, Any], type[GlueEtlError], str]] = {
    "a topic": ({"typed": "kinesis"}, STUDIO, UnsupportedError, "kinesis stream.*create the catalog table"),
    "a topic read once": ({"typed": "kafka"}, {}, UnsupportedError, "kafka stream"),
    "a format": ({"fmt": "xml", "format_options": {"rowTag": "r"}}, STUDIO, UnsupportedError, "A stream of xml files"),
    "an option": ({}, {**STUDIO, "batches": 1}, OptionError, "'batches' is not an option of the stream"),
}


@pytest.mark.parametrize(("table", "options", "error", "words"), REFUSED.values(), ids=REFUSED)
def test_what_no_stream_can_be(
    glue_context: Any,
    lake: Any,
    create: Any,
    table: dict[str, Any],
    options: dict[str, Any],
    error: type[GlueEtlError],
    words: str,
) -> None:
    create("t", **table)
    with pytest.raises(error, match=words):
        opened(glue_context, lake, "t", **options)
