"""s3:// on a directory: what is where, and that nothing outside the lake is reached, by us or by Spark itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from glue_etl.engine.io import s3
from glue_etl.errors import GlueEtlError, NoSuchBucketError, PathNotFoundError
from glue_etl.settings import Settings
from glue_etl.testing.buckets import Bucket

SECRET = "SECRET"


@pytest.fixture
def store(tmp_path: Path) -> s3.Lake:
    """A lake with the bucket `data` and a folder beside it that must not be reached."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.txt").write_text(SECRET)
    store = s3.Lake(tmp_path / "lake")
    store.create_bucket("data")
    return store


def lines(spark: SparkSession, uri: str) -> list[str]:
    return [row.value for row in spark.read.text(uri).collect()]


# --- paths -----------------------------------------------------------------------------------------------------------

REFUSED = {
    "no scheme": ("data/x", PathNotFoundError),
    "a file path": ("/etc/passwd", PathNotFoundError),
    "another scheme": ("file:///etc/passwd", PathNotFoundError),
    "no bucket": ("s3:///etc/passwd", NoSuchBucketError),
    "nothing": ("s3://", NoSuchBucketError),
    "unknown bucket": ("s3://nowhere/x", NoSuchBucketError),
    "upper case": ("s3://Data/x", NoSuchBucketError),
    "user in front": ("s3://me@data/x", NoSuchBucketError),
    "port": ("s3://data:80/x", NoSuchBucketError),
    "bucket is a dot": ("s3://./x", NoSuchBucketError),
    "bucket is two dots": ("s3://../outside", NoSuchBucketError),
    "leading dots": ("s3://data/../../outside/secret.txt", PathNotFoundError),
    "inner dots": ("s3://data/a/../b", PathNotFoundError),
    "trailing dots": ("s3://data/a/..", PathNotFoundError),
    "NUL": ("s3://data/a\0b", PathNotFoundError),
    "part too long": ("s3://data/" + "é" * 200, PathNotFoundError),
}


@pytest.mark.parametrize(("uri", "error"), REFUSED.values(), ids=REFUSED.keys())
def test_a_uri_that_names_nothing_in_the_lake_is_refused(store: s3.Lake, uri: str, error: type[GlueEtlError]) -> None:
    with pytest.raises(error):
        store.path_of(uri)


PATHS = {
    "a key": ("s3://data/a/b.csv", "a/b.csv"),
    "s3a": ("s3a://data/a", "a"),
    "s3n": ("s3n://data/a", "a"),
    "the bucket": ("s3://data", "."),
    "empty parts": ("s3://data//a//b/", "a/b"),
    "dots inside a name": ("s3://data/a..b/..c/d..", "a..b/..c/d.."),
    "percent is literal": ("s3://data/%2e%2e/x%20y", "%2e%2e/x%20y"),
    "odd characters": ("s3://data/a b+c=d:é#?*", "a b+c=d:é#?*"),
}


@pytest.mark.parametrize(("uri", "key"), PATHS.values(), ids=PATHS.keys())
def test_a_uri_is_a_file_below_its_bucket(store: s3.Lake, uri: str, key: str) -> None:
    assert store.path_of(uri) == store.root / "data" / key
    assert s3.resolve(uri, store.root) == store.root / "data" / key


@given(key=st.text(max_size=60))
def test_no_key_leaves_the_bucket(tmp_path_factory: pytest.TempPathFactory, key: str) -> None:
    store = s3.Lake(tmp_path_factory.getbasetemp() / "any-key")
    base = store.create_bucket("data").resolve()
    try:
        path = store.path_of(f"s3://data/{key}")
    except PathNotFoundError:
        return
    assert path.resolve().is_relative_to(base)


def test_the_message_names_the_bucket_and_how_to_make_it(store: s3.Lake) -> None:
    with pytest.raises(NoSuchBucketError, match=r"NoSuchBucket: the bucket 'nowhere' .* Hint: .*mkdir -p"):
        store.path_of("s3://nowhere/x")


def test_a_link_that_leads_outside_is_refused_and_one_inside_is_followed(store: s3.Lake, tmp_path: Path) -> None:
    base = store.root / "data"
    (base / "out").symlink_to(tmp_path / "outside")
    (base / "file").symlink_to(tmp_path / "outside" / "secret.txt")
    (base / "real").mkdir()
    (base / "real" / "x").write_text("x")
    (base / "in").symlink_to(base / "real")
    (base / "real" / "round").symlink_to(base)
    (store.root / "linked").symlink_to(tmp_path / "outside")
    for uri in ("s3://data/out", "s3://data/out/secret.txt", "s3://data/file"):
        with pytest.raises(PathNotFoundError, match="outside"):
            store.path_of(uri)
    with pytest.raises(NoSuchBucketError):
        store.path_of("s3://linked/secret.txt")
    assert store.buckets() == ["data"]
    assert store.outward_links("data") == ["file", "out"]
    assert store.path_of("s3://data/in/x").read_text() == "x"
    assert [each.key for each in store.list_objects("s3://data/")] == ["in/x", "real/x"]


# --- listing ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def filled(store: s3.Lake) -> s3.Lake:
    for key in ("a/1", "a/2", "a-b", "a.c", "b/c/3", "b/4", "_SUCCESS", ".hidden"):
        path = store.path_of(f"s3://data/{key}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(key)
    for key in ("a/.1.crc", "a/_temporary/0/part", ".spark-staging-1/part"):
        path = store.root / "data" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("working")
    return store


LISTINGS = {
    "whole bucket, in the order of S3": (
        "s3://data",
        True,
        [".hidden", "_SUCCESS", "a-b", "a.c", "a/1", "a/2", "b/4", "b/c/3"],
    ),
    "a folder": ("s3://data/b/", True, ["b/4", "b/c/3"]),
    "a folder alone": ("s3://data/b/", False, ["b/4"]),
    "one object": ("s3://data/a/2", True, ["a/2"]),
    "the beginning of a key": ("s3://data/a/1", True, ["a/1"]),
    "the beginning of names": ("s3://data/b/c/", True, ["b/c/3"]),
    "a prefix": ("s3://data/_SU", True, ["_SUCCESS"]),
    "nothing there": ("s3://data/zzz/", True, []),
    "nothing that deep": ("s3://data/x/y/z", True, []),
}


@pytest.mark.parametrize(("uri", "recurse", "keys"), LISTINGS.values(), ids=LISTINGS.keys())
def test_listing(filled: s3.Lake, uri: str, recurse: bool, keys: list[str]) -> None:
    found = sorted if uri == "s3://data" else list
    assert [each.key for each in filled.list_objects(uri, recurse=recurse)] == found(keys)


def test_a_listed_object_has_size_and_time_in_utc(filled: s3.Lake) -> None:
    (each,) = filled.list_objects("s3://data/a/1")
    assert (each.bucket, each.key, each.size, each.uri) == ("data", "a/1", 3, "s3://data/a/1")
    assert each.modified.tzinfo is UTC
    assert abs(datetime.now(UTC) - each.modified) < timedelta(minutes=5)


@given(keys=st.sets(st.text("abc-./_é", min_size=1, max_size=6), max_size=8))
def test_a_listing_is_in_the_order_of_utf8_bytes(tmp_path_factory: pytest.TempPathFactory, keys: set[str]) -> None:
    store = s3.Lake(tmp_path_factory.mktemp("order"))
    store.create_bucket("data")
    made = set()
    for key in keys:
        try:
            path = store.path_of(f"s3://data/{key}")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("x")
        except (OSError, PathNotFoundError):
            continue  # a file and a folder of one name, which a file system cannot hold
        name = path.relative_to(store.root / "data").as_posix()
        if not any(part.endswith(".crc") for part in name.split("/")):
            made.add(name)
    assert [each.key for each in store.list_objects("s3://data")] == sorted(made, key=str.encode)


# --- through Spark ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", s3.SCHEMES)
def test_spark_writes_and_reads_plain_files(spark: SparkSession, lake: Bucket, scheme: str) -> None:
    target = f"{scheme}://{lake.name}/out"
    spark.range(6).selectExpr("id", "id % 2 AS part").write.partitionBy("part").parquet(target)
    spark.range(2).selectExpr("id", "0 AS part").write.mode("append").partitionBy("part").parquet(target)
    assert spark.read.parquet(target).count() == 8
    assert spark.read.parquet(f"{target}/part=*").count() == 8
    files = [row.name for row in spark.read.parquet(target).selectExpr("input_file_name() AS name").collect()]
    assert all(name.startswith(f"{target}/part=") for name in files)
    spark.range(1).selectExpr("id", "1 AS part").write.mode("overwrite").partitionBy("part").parquet(target)
    assert {Path(key).parent.name for key in lake.keys("out/")} == {"out", "part=1"}
    assert not list(lake.path.rglob("*.crc"))


ODD_NAMES = ["a b", "a%20b", "a+b", "a=b", "a#b", "a:b", "é", "日本", "a..b", "a&b", "a'b", 'a"b', "a,b", "a;b", "a~b"]


@pytest.mark.parametrize("slash", ["/", ""], ids=["with a slash", "without one"])
def test_spark_reads_and_writes_the_root_of_a_bucket(spark: SparkSession, lake: Bucket, slash: str) -> None:
    lake.write("a.csv", "x\n1\n")
    lake.write("sub/b.csv", "x\n2\n")
    root = lake.uri("").rstrip("/") + slash
    assert [row.x for row in spark.read.csv(root, header=True).collect()] == ["1"]
    found = spark.read.option("recursiveFileLookup", "true").csv(root, header=True)
    assert sorted(row.x for row in found.collect()) == ["1", "2"]
    spark.range(2).coalesce(1).write.mode("append").csv(root)
    assert sum(1 for file in lake.path.iterdir() if file.name.startswith("part-")) == 1


@pytest.mark.parametrize("name", ODD_NAMES)
def test_spark_reads_keys_with_odd_characters(spark: SparkSession, lake: Bucket, name: str) -> None:
    uri = lake.write(f"in/{name}", name)
    assert lines(spark, uri) == [name]
    assert lines(spark, lake.uri("in")) == [name]


def test_a_partition_value_with_odd_characters_comes_back(spark: SparkSession, lake: Bucket) -> None:
    value = "a b:c%d/é"
    frame = spark.createDataFrame([(1, value)], "id int, part string")
    frame.write.partitionBy("part").parquet(lake.uri("out"))
    assert [tuple(row) for row in spark.read.parquet(lake.uri("out")).collect()] == [(1, value)]


OUTWARD = {
    "leading dots": "../../outside/secret.txt",
    "the bucket's parent": "..",
    "another bucket": "../other/",
    "inner dots that go too far": "x/../../../outside/secret.txt",
    "empty parts": "/../../outside/secret.txt",
    "a link to a folder": "link/secret.txt",
    "a link to a file": "deep/file.txt",
    "a pattern over a link": "li*/secret.txt",
    "a folder with a link in it": "deep",
}


@pytest.fixture
def tempting(lake: Bucket, spark: SparkSession, glue_settings: Settings) -> Bucket:
    outside = glue_settings.state_dir / "outside"
    outside.mkdir(exist_ok=True)
    (outside / "secret.txt").write_text(SECRET)
    (lake.path / "link").symlink_to(outside)
    (lake.path / "deep").mkdir()
    (lake.path / "deep" / "file.txt").symlink_to(outside / "secret.txt")
    s3.register_bucket(spark, glue_settings.lake_dir, lake.name)
    return lake


@pytest.mark.parametrize("key", OUTWARD.values(), ids=OUTWARD.keys())
def test_spark_itself_cannot_read_outside_the_lake(spark: SparkSession, tempting: Bucket, key: str) -> None:
    with pytest.raises(Exception) as caught:
        lines(spark, tempting.uri(key))
    ours = s3.translate_error(caught.value, tempting.store.root)
    assert isinstance(ours, PathNotFoundError)
    assert tempting.name in str(ours)
    assert SECRET not in str(caught.value)


PATTERNS = {"braces": "{..,x}/*", "classes": "[.][.]/*", "percent": "%2e%2e/*"}


@pytest.mark.parametrize("key", PATTERNS.values(), ids=PATTERNS.keys())
def test_a_pattern_finds_nothing_outside_the_lake(spark: SparkSession, tempting: Bucket, key: str) -> None:
    with pytest.raises(Exception, match=r"PATH_NOT_FOUND|path-outside-the-lake"):
        lines(spark, tempting.uri(key))


@pytest.mark.parametrize("key", ["../../outside/made", "link/made"])
def test_spark_itself_cannot_write_outside_the_lake(
    spark: SparkSession, tempting: Bucket, glue_settings: Settings, key: str
) -> None:
    with pytest.raises(Exception) as caught:
        spark.range(1).write.csv(tempting.uri(key))
    assert isinstance(s3.translate_error(caught.value, tempting.store.root), PathNotFoundError)
    assert not (glue_settings.state_dir / "outside" / "made").exists()


UNKNOWN = {
    "plain": ("s3://no-such-bucket/x", "no-such-bucket"),
    "without a hyphen": ("s3a://nowhere/x", "nowhere"),
    "looks like an archive of the root": ("s3://file-localhost/etc/a.har/b", "file-localhost"),
    "no name": ("s3:///etc/passwd", ""),
    "not a name": ("s3://No_Bucket/x", "No_Bucket"),
}


@pytest.mark.parametrize(("uri", "bucket"), UNKNOWN.values(), ids=UNKNOWN.keys())
def test_an_unknown_bucket_is_named(spark: SparkSession, glue_settings: Settings, uri: str, bucket: str) -> None:
    for act in (lambda: lines(spark, uri), lambda: spark.range(1).write.csv(uri)):
        with pytest.raises(Exception) as caught:
            act()
        ours = s3.translate_error(caught.value, glue_settings.lake_dir)
        assert isinstance(ours, NoSuchBucketError)
        assert repr(bucket) in str(ours)


def test_other_errors_are_not_about_the_lake(spark: SparkSession, lake: Bucket) -> None:
    with pytest.raises(Exception) as caught:
        lines(spark, lake.uri("not-there"))
    assert s3.translate_error(caught.value, lake.store.root) is None
    ours = PathNotFoundError("x")
    assert s3.translate_error(ours, lake.store.root) is ours


def test_a_bucket_made_while_the_session_runs(spark: SparkSession, glue_settings: Settings) -> None:
    with pytest.raises(Exception, match="s3://made-later/"):
        lines(spark, "s3://made-later/x")
    path = s3.register_bucket(spark, glue_settings.lake_dir, "made-later")
    (path / "x").write_text("late")
    assert lines(spark, "s3://made-later/x") == ["late"]
    assert lines(spark, "s3a://made-later/x") == ["late"]
    s3.unregister_bucket(spark, "made-later")
    with pytest.raises(Exception, match="s3://made-later/"):
        lines(spark, "s3://made-later/x")
