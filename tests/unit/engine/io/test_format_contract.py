"""What every format does with every kind of value, name and file: one table of formats, one suite."""

from __future__ import annotations

import shutil
import string
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession
from pyspark.sql import functions as f

from glue_etl.engine.frame.core import Frame
from glue_etl.engine.io.compression import CODECS, open_bytes
from glue_etl.engine.io.registry import FORMATS, READ_ONLY_FORMATS, TEXT_FORMATS
from glue_etl.engine.types import tree as g
from glue_etl.errors import FieldError, OptionError
from glue_etl.testing.buckets import Bucket

READ: dict[str, dict[str, Any]] = {"csv": {"withHeader": True, "multiline": True}}
# Formats whose names and types are narrower than Spark's have tests of their own for that.
WRITTEN = sorted(set(FORMATS) - READ_ONLY_FORMATS)
ANY_NAME = [name for name in WRITTEN if name != "avro"]
TYPED = [name for name in WRITTEN if name in ("parquet", "glueparquet", "orc")]
WEIRD = ["a.b", "a b", "a`b", "a[0]", "é ü", "日本", "#", "a-b", "select", "_"]

SCHEMA = (
    "i int, l bigint, d double, fl float, b boolean, t string, da date, ts timestamp, de decimal(20,4), bi binary, "
    "sh smallint, by tinyint, ar array<int>, st struct<x:int,y:string>, ma map<string,bigint>"
)
PLAIN = "i int, l bigint, b boolean, t string, da date, de decimal(20,4)"
TEXT = st.text(string.ascii_letters + string.punctuation + " \n\té日\U0001f600", max_size=12)
DAYS = st.dates(date(1900, 1, 1), date(2100, 1, 1))
MOMENTS = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))
DECIMALS = st.decimals(-(10**15), 10**15, places=4)
DOUBLES = st.floats(allow_nan=False, allow_infinity=False)


def ints(bits: int) -> st.SearchStrategy[int]:
    return st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


KINDS: list[st.SearchStrategy[Any]] = [
    *(ints(32), ints(64), DOUBLES, st.floats(width=32, allow_nan=False, allow_infinity=False), st.booleans(), TEXT),
    *(DAYS, MOMENTS, DECIMALS, st.binary(max_size=8).map(bytearray), ints(16), ints(8)),
    st.lists(st.none() | ints(32), max_size=3),
    st.tuples(st.none() | ints(32), st.none() | TEXT),
    st.dictionaries(TEXT, st.none() | ints(64), max_size=3),
]
ROWS = st.lists(st.tuples(*(st.none() | kind for kind in KINDS)), min_size=1, max_size=12)
PLAIN_ROWS = st.lists(st.tuples(*(st.none() | KINDS[number] for number in (0, 1, 4, 5, 6, 8))), min_size=1, max_size=12)
# The fixtures hold a session and a bucket, which the examples share.
FEW = settings(
    max_examples=2,
    deadline=None,
    # Each example costs Spark jobs: a failing one is shown as it is found.
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def bag(df: Any) -> list[str]:
    """The rows in any order; a map has none either."""

    def plain(value: Any) -> Any:
        return sorted(value.items()) if type(value) is dict else value

    return sorted(repr([plain(value) for value in row]) for row in df.collect())


def emptied(lake: Bucket) -> None:
    shutil.rmtree(lake.path / "out", ignore_errors=True)


@pytest.mark.parametrize("fmt", TYPED)
@FEW
@given(rows=ROWS)
def test_every_type_comes_back(
    fmt: str, rows: list[Any], spark: SparkSession, lake: Bucket, read: Any, write: Any
) -> None:
    emptied(lake)
    df = spark.createDataFrame(rows, SCHEMA).coalesce(1)
    write(Frame.of(df), lake.uri("out/"), fmt)
    back = read(lake.uri("out/"), fmt).plan.df
    assert [(field.name, field.dataType) for field in back.schema] == [(x.name, x.dataType) for x in df.schema]
    assert bag(back) == bag(df)


@pytest.mark.parametrize("fmt", [name for name in WRITTEN if name not in TYPED])
@FEW
@given(rows=PLAIN_ROWS)
def test_every_value_comes_back_as_text(
    fmt: str, rows: list[Any], spark: SparkSession, lake: Bucket, read: Any, write: Any
) -> None:
    """Formats with fewer types keep the values; CSV has nothing between a null and an empty text."""
    emptied(lake)
    df = spark.createDataFrame(rows, PLAIN).coalesce(1)
    texts = [f.coalesce(f.col(name).cast("string"), f.lit("")).alias(name) for name in df.columns]
    write(Frame.of(df.select("i", "l", "b", "t", "da", f.col("de").cast("string"))), lake.uri("out/"), fmt)
    back = read(lake.uri("out/"), fmt, **READ.get(fmt, {}))
    kept = back.plan.df
    # Small and large whole numbers in one field are a choice of int and long.
    for member in back.plan.type:
        if isinstance(member.type, g.ChoiceType):
            alternatives = [f.col(member.name)[choice.name].cast("string") for choice in member.type.choices]
            kept = kept.withColumn(member.name, f.coalesce(*alternatives))
    for name in set(df.columns) - set(kept.columns):
        kept = kept.withColumn(name, f.lit(None).cast("string"))
    assert bag(kept.select(*texts)) == bag(df.select(*texts))
    assert sum(source.count() for source in back.errors) == 0


@pytest.mark.parametrize("fmt", ANY_NAME)
def test_any_field_name(fmt: str, spark: SparkSession, lake: Bucket, read: Any, write: Any) -> None:
    df = spark.range(1).select(*[f.lit(str(i)).alias(name) for i, name in enumerate(WEIRD)])
    if fmt == "orc":
        with pytest.raises(FieldError, match="back-tick"):
            write(Frame.of(df), lake.uri("out/"), fmt)
        df = df.drop("a`b")
    write(Frame.of(df), lake.uri("out/"), fmt)
    back = read(lake.uri("out/"), fmt, **READ.get(fmt, {})).plan.df
    assert back.columns == df.columns
    assert [tuple(row) for row in back.collect()] == [tuple(row) for row in df.collect()]


@pytest.mark.parametrize("fmt", WRITTEN)
def test_a_huge_field(fmt: str, spark: SparkSession, lake: Bucket, read: Any, write: Any) -> None:
    df = spark.range(2).selectExpr("id", "repeat(cast(id as string), 6000000) as t")
    write(Frame.of(df), lake.uri("out/"), fmt)
    back = read(lake.uri("out/"), fmt, **READ.get(fmt, {})).plan.df
    found = back.selectExpr("cast(id as int)", "length(t)", "substr(t, -1)").collect()
    assert sorted(map(tuple, found)) == [(0, 6000000, "0"), (1, 6000000, "1")]


@pytest.mark.parametrize("fmt", ANY_NAME)
def test_files_that_disagree(fmt: str, spark: SparkSession, lake: Bucket, read: Any, write: Any) -> None:
    write(Frame.of(spark.range(2).selectExpr("id", "1 as n")), lake.uri("out/"), fmt)
    write(Frame.of(spark.range(2).selectExpr("'x' as n", "true as more")), lake.uri("out/"), fmt)
    back = read(lake.uri("out/"), fmt, **READ.get(fmt, {})).plan
    assert set(back.type.names) == {"id", "n", "more"}
    assert back.df.count() == 4
    kind = back.type.get("n")
    assert kind is not None and kind.name == ("string" if fmt == "csv" else "choice")


@pytest.mark.parametrize("fmt", WRITTEN)
def test_where_records_come_from(fmt: str, spark: SparkSession, lake: Bucket, read: Any, write: Any) -> None:
    write(Frame.of(spark.range(1).withColumn("x", f.lit("y")).coalesce(1)), lake.uri("out/"), fmt)
    [key] = lake.keys("out/")
    odd = f"in/a b+c%20é=x#.{key.rpartition('.')[2]}"
    (lake.path / "in").mkdir()
    (lake.path / key).rename(lake.path / odd)
    wished = {"attachFilename": "file", "attachTimestamp": "at"}
    given = {"options": wished} if fmt in ("parquet", "orc") else {**wished, **READ.get(fmt, {})}
    [row] = read(lake.uri("in/"), fmt, **given).plan.df.collect()
    assert row["file"] == lake.uri(odd)
    changed = (lake.path / odd).stat().st_mtime
    assert abs(row["at"].replace(tzinfo=UTC).timestamp() - changed) < 1


@pytest.mark.parametrize("fmt", WRITTEN)
def test_which_files_are_read(fmt: str, spark: SparkSession, lake: Bucket, read: Any, write: Any) -> None:
    for number in range(3):
        write(Frame.of(spark.range(number, number + 1).coalesce(1)), lake.uri("out/"), fmt)
    size = max((lake.path / key).stat().st_size for key in lake.keys("out/"))
    more = READ.get(fmt, {})

    def count(**options: Any) -> int:
        return int(read(lake.uri("out/"), fmt, options, **more).plan.df.count())

    assert count(boundedFiles="2") == 2
    assert count(boundedSize=str(2 * size + 1)) == 2
    assert count(boundedSize="1") == 1
    assert count(excludeStorageClasses=["GLACIER", "DEEP_ARCHIVE"]) == 3
    assert count(excludeStorageClasses=["STANDARD"]) == 0
    assert count(exclusions='["**/part-*"]') == 0
    grouped = read(lake.uri("out/"), fmt, {"groupFiles": "inPartition", "groupSize": "1048576"}, **more).plan.df
    assert grouped.count() == 3
    if fmt in TEXT_FORMATS:
        assert grouped.rdd.getNumPartitions() == 1
    with pytest.raises(OptionError, match="only one bound"):
        count(boundedFiles="1", boundedSize="1")
    with pytest.raises(OptionError, match="'COLD'"):
        count(excludeStorageClasses=["COLD"])


def test_the_files_changed_first_are_taken(lake: Bucket, read: Any) -> None:
    import os

    for number, name in enumerate("cab"):
        lake.write(f"in/{name}.json", f'{{"n": "{name}"}}\n')
        os.utime(lake.path / "in" / f"{name}.json", (1000 + number, 1000 + number))
    rows = read(lake.uri("in/"), "json", {"boundedFiles": 2}).plan.df.collect()
    assert sorted(row["n"] for row in rows) == ["a", "c"]


TEXT_WRITTEN = [name for name in WRITTEN if name in TEXT_FORMATS]


@pytest.mark.parametrize("codec", sorted(CODECS))
@pytest.mark.parametrize("fmt", TEXT_WRITTEN)
def test_compressed_text(fmt: str, codec: str, spark: SparkSession, lake: Bucket, read: Any, write: Any) -> None:
    """Written so that other programs read it; read by its name, and by `compressionType` under any name."""
    write(
        Frame.of(spark.range(3).withColumn("t", f.lit("é")).coalesce(1)), lake.uri("out/"), fmt, {"compression": codec}
    )
    [key] = lake.keys("out/")
    assert key.endswith(CODECS[codec].suffix)
    with open_bytes(lake.path / key) as stream:
        assert "é" in stream.read().decode()
    more = READ.get(fmt, {})
    assert read(lake.uri("out/"), fmt, **more).plan.df.count() == 3
    (lake.path / "in").mkdir()
    (lake.path / key).rename(lake.path / "in" / "plain name")
    back = read(lake.uri("in/"), fmt, {"compressionType": codec}, attachFilename="file", **more).plan.df
    assert {(row["t"], row["file"]) for row in back.collect()} == {("é", lake.uri("in/plain name"))}


TEXT_FILES: dict[str, tuple[bytes, dict[str, int], dict[str, int]]] = {
    # name: content, records and error records of each format
    "no bytes": (b"", {"csv": 0, "json": 0}, {"csv": 0, "json": 0}),
    "blank lines": (b"\n  \n\n", {"csv": 0, "json": 0}, {"csv": 0, "json": 0}),
    "cut short": (b'{"a":1}\n{"a":', {"csv": 1, "json": 1}, {"csv": 0, "json": 1}),
    "not UTF-8": (b'{"a":"\xe9"}\n{"a":2}\n', {"csv": 1, "json": 1}, {"csv": 0, "json": 1}),
    "another format": (b"PAR1\x15\x04\x15\n\x00\xff\xfe\nPAR1", {"csv": 1, "json": 0}, {"csv": 1, "json": 3}),
    "too many fields": (b"a\n1\n2,3\n", {"csv": 1, "json": 0}, {"csv": 1, "json": 3}),
}


@pytest.mark.parametrize("name", TEXT_FILES)
@pytest.mark.parametrize("fmt", ["csv", "json"])
def test_text_files_that_are_not_well(fmt: str, name: str, lake: Bucket, read: Any) -> None:
    content, records, errors = TEXT_FILES[name]
    uri = lake.write("in/a", content)
    frame = read(uri, fmt, **({"withHeader": True} if fmt == "csv" else {}))
    assert frame.plan.df.count() == records[fmt]
    found = [row for source in frame.errors for row in source.records().collect()]
    assert len(found) == sum(source.count() for source in frame.errors) == errors[fmt]
    assert {row["source"] for row in found} <= {uri}


@pytest.mark.parametrize("fmt", ["glueparquet", "parquet"])
def test_the_schema_of_glues_own_parquet_grows(
    fmt: str, spark: SparkSession, lake: Bucket, read: Any, write: Any
) -> None:
    """A field without a value has no column; with its first value it has, and the reader puts all together."""
    first = spark.range(1).selectExpr("id", "null as later", "struct(1 as a, null as b) as s", "array(null) as e")
    own: dict[str, Any] = {"options": {"useGlueParquetWriter": True}} if fmt == "parquet" else {}
    write(Frame.of(first.coalesce(1)), lake.uri("out/"), fmt, **own)
    assert read(lake.uri("out/"), fmt).plan.df.schema.simpleString() == "struct<id:bigint,s:struct<a:int>>"
    write(Frame.of(spark.range(1).selectExpr("id", "'x' as later").coalesce(1)), lake.uri("out/"), fmt, **own)
    back = read(lake.uri("out/"), fmt).plan.df
    assert sorted(back.columns) == ["id", "later", "s"]
    assert sorted(str(row["later"]) for row in back.collect()) == ["None", "x"]


def test_a_field_without_a_type_is_refused_by_plain_parquet(spark: SparkSession, lake: Bucket, write: Any) -> None:
    with pytest.raises(FieldError, match="'later'"):
        write(Frame.of(spark.range(1).selectExpr("id", "null as later")), lake.uri("out/"), "parquet")


def test_options_of_sparks_own_sources(spark: SparkSession, lake: Bucket, read: Any, write: Any) -> None:
    sizes = {"blockSize": "1MB", "pageSize": "65536", "parquet.enable.dictionary": "false", "maxRecordsPerFile": 2}
    write(Frame.of(spark.range(5).coalesce(1)), lake.uri("out/"), "parquet", sizes)
    assert len(lake.keys("out/")) == 3
    lake.write("out/broken.parquet", b"PAR1")
    lake.write("out/deep/k=1/x.parquet", (lake.path / lake.keys("out/part-")[0]).read_bytes())

    def count(**options: Any) -> tuple[int, list[str]]:
        df = read(
            lake.uri("out/"), "parquet", {"ignoreCorruptFiles": True, "recursiveFileLookup": True, **options}
        ).plan.df
        return df.count(), df.columns

    assert count(mergeSchema="true") == (7, ["id"])
    assert count(pathGlobFilter="x.*")[0] == 2
    assert count(modifiedBefore="2020-01-01T00:00:00")[0] == 0
    assert count(modifiedAfter="2020-01-01T00:00:00", datetimeRebaseMode="CORRECTED")[0] == 7
    with pytest.raises(OptionError, match="modifiedBefore"):
        count(modifiedBefore="yesterday")


# Formats that are only read: a file of one record, and the options to read it with.
READ_ONLY: dict[str, tuple[str, dict[str, Any]]] = {
    "grokLog": ("record 1\n", {"logFormat": "%{WORD:w} %{INT:n}"}),
    "ion": ("{w: record, n: 1}\n", {}),
    "xml": ("<all><row><w>record</w><n>1</n></row></all>", {"rowTag": "row"}),
}


@pytest.mark.parametrize("fmt", sorted(READ_ONLY_FORMATS & FORMATS.keys()))
def test_which_files_of_a_format_that_is_only_read(fmt: str, lake: Bucket, read: Any) -> None:
    text, more = READ_ONLY[fmt]
    for name in "abc":
        lake.write(f"in/{name} +%é", text)
    lake.write("in/empty", "")

    def rows(**options: Any) -> list[Any]:
        found: list[Any] = read(lake.uri("in/"), fmt, options, attachFilename="file", **more).plan.df.collect()
        return found

    assert {(row["w"], row["file"]) for row in rows()} == {("record", lake.uri(f"in/{name} +%é")) for name in "abc"}
    assert len(rows(boundedFiles=2)) == 2
    assert len(rows(exclusions='["a*"]', groupFiles="inPartition", groupSize="1048576")) == 2
    assert rows(excludeStorageClasses=["STANDARD"]) == []
