"""purge_table: which files go, and which partitions with them."""

from __future__ import annotations

import os
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from glue_etl.engine.catalog.client import LocalGlueClient
from glue_etl.engine.catalog.serde import table_input
from glue_etl.engine.io.catalog_entries import Target
from glue_etl.engine.io.lake import Lake
from glue_etl.engine.io.purge_table import check_table_transition, purge_table
from glue_etl.errors import OptionError, PathNotFoundError, SourceError, UnsupportedError
from glue_etl.settings import Settings

ACCOUNT = {"accountId": "1", "roleArn": "r"}


class Store(SimpleNamespace):
    """A lake and a catalog with tables of JSON files; ages in hours."""

    def put(self, key: str, age: float = 0) -> None:
        path: Path = self.lake.root / "b" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}\n", encoding="utf-8")
        then = time.time() - age * 3600
        os.utime(path, (then, then))

    def make(self, keys: str, **partitions: str) -> Target:
        """The table `db.t` at `t/`, with partitions at folders of the bucket."""
        names = [{"Name": key, "Type": "string"} for key in keys.split()]
        document = table_input("t", "json", [{"Name": "v", "Type": "int"}], "s3://b/t/", partition_keys=names)
        self.client.create_table(DatabaseName="db", TableInput=document)
        for values, folder in partitions.items():
            storage = {**document["StorageDescriptor"], "Location": f"s3://b/{folder}"}
            given = {"Values": values.split("_"), "StorageDescriptor": storage}
            self.client.create_partition(DatabaseName="db", TableName="t", PartitionInput=given)
        return Target(self.client, "db", "t")

    def keys(self) -> list[str]:
        base = self.lake.root / "b"
        return sorted(path.relative_to(base).as_posix() for path in base.rglob("*") if path.is_file())

    def partitions(self) -> list[str]:
        found = self.client.get_partitions(DatabaseName="db", TableName="t")["Partitions"]
        return ["_".join(partition["Values"]) for partition in found]


@pytest.fixture
def store(tmp_path: Path) -> Any:
    settings = Settings(tmp_path)
    client: Any = LocalGlueClient(tmp_path)
    client.create_database(DatabaseInput={"Name": "db"})
    made = Store(lake=Lake(settings.lake_dir), settings=settings, client=client)
    made.lake.create_bucket("b")
    return made


AGES = [
    pytest.param({}, ["t/y=1/new", "t/y=2/new"], ["1", "2"], id="a week by default"),
    pytest.param({"retentionPeriod": 1}, ["t/y=1/new", "t/y=2/new"], ["1", "2"], id="hours"),
    pytest.param({"retentionPeriod": 0}, [], [], id="0 keeps none"),
    pytest.param({"retentionPeriod": 10**6}, None, ["1", "2", "3"], id="for ever"),
    pytest.param({"retentionPeriod": 0, "excludeStorageClasses": ["STANDARD"]}, None, ["1", "2", "3"], id="class"),
]


@pytest.mark.parametrize(("options", "left", "partitions"), AGES)
def test_old_files_go_and_partitions_without_files(store: Any, options: Any, left: Any, partitions: Any) -> None:
    target = store.make("y", **{"1": "t/y=1/", "2": "t/y=2", "3": "t/y=3/"})
    for key, age in {"t/y=1/new": 0, "t/y=1/old": 999, "t/y=2/new": 0, "t/y=3/old": 999}.items():
        store.put(key, age)
    all_keys = store.keys()
    purge_table(store, target, options)
    assert store.keys() == (all_keys if left is None else left)
    assert store.partitions() == partitions


def test_what_is_in_no_partition_stays_and_so_does_a_partition_that_was_empty(store: Any) -> None:
    target = store.make("y", **{"1": "t/y=1/", "2": "elsewhere/", "3": "t/y=3/"})
    for key in ("t/stray", "t/y=10/other", "t/y=1/deep/a", "elsewhere/b"):
        store.put(key)
    purge_table(store, target, {"retentionPeriod": 0})
    assert store.keys() == ["t/stray", "t/y=10/other"]
    assert store.partitions() == ["3"]


def test_many_partitions(store: Any) -> None:
    target = store.make("y", **{str(n): f"t/y={n}/" for n in range(60)})
    for n in range(60):
        store.put(f"t/y={n}/f", n % 2 * 999)
    purge_table(store, target, {})
    assert store.partitions() == sorted(str(n) for n in range(0, 60, 2))


def test_a_table_without_partition_keys_is_its_folder(store: Any) -> None:
    target = store.make("")
    for key in ("t/a", "t/deep/b", "tt/c"):
        store.put(key)
    purge_table(store, target, {"retentionPeriod": 0})
    assert store.keys() == ["tt/c"]
    assert store.client.get_table(DatabaseName="db", Name="t")["Table"]["Name"] == "t"


def test_one_manifest_for_all_partitions(store: Any) -> None:
    target = store.make("y", **{"1": "t/y=1/", "2": "t/y=2/"})
    store.put("t/y=1/a")
    store.put("t/y=2/b")
    purge_table(store, target, {"retentionPeriod": 0, "manifestFilePath": "s3://b/m/"}, "ctx")
    text = (store.lake.root / "b/m/ctx/Success.csv").read_text(encoding="utf-8")
    assert text == "b,t/y=1/a\nb,t/y=2/b\n"


REFUSED = [
    pytest.param("", {"partitionPredicate": "y == '1'"}, OptionError, "has no partition keys", id="no keys"),
    pytest.param("y", {"partitionPredicate": ["y"]}, OptionError, "not a text", id="no text"),
    pytest.param("y", {"retentionPeriod": "soon"}, OptionError, "no number of hours", id="hours"),
    pytest.param("y", {"manifestFilePath": "/tmp/x"}, PathNotFoundError, "is not an S3 URI", id="manifest"),
]


@pytest.mark.parametrize(("keys", "options", "error", "message"), REFUSED)
def test_bad_options_delete_nothing(store: Any, keys: str, options: Any, error: Any, message: str) -> None:
    target = store.make(keys, **({"1": "t/y=1/"} if keys else {}))
    store.put("t/y=1/a", 9999)
    with pytest.raises(error, match=message):
        purge_table(store, target, options)
    assert store.keys() == ["t/y=1/a"]


def test_a_partition_outside_the_lake_is_refused_before_anything_is_deleted(store: Any) -> None:
    target = store.make("y", **{"1": "t/y=1/", "2": "../x/"})
    store.put("t/y=1/a")
    with pytest.raises(PathNotFoundError, match="leads outside its bucket"):
        purge_table(store, target, {"retentionPeriod": 0})
    assert store.keys() == ["t/y=1/a"]


def test_a_table_that_is_not_there(store: Any) -> None:
    with pytest.raises(SourceError, match="EntityNotFoundException"):
        purge_table(store, Target(store.client, "db", "t"), {})


def test_a_table_with_metadata_of_its_own_is_left_alone(store: Any) -> None:
    target = store.make("")
    document = {"Name": "t", "StorageDescriptor": {"Location": "s3://b/t/"}, "Parameters": {"table_type": "ICEBERG"}}
    store.client.update_table(DatabaseName="db", TableInput=document)
    store.put("t/a")
    with pytest.raises(UnsupportedError, match=r"purge_table of 'db\.t'.*'iceberg'"):
        purge_table(store, target, {"retentionPeriod": 0})
    assert store.keys() == ["t/a"]


def test_the_arguments_of_a_transition(store: Any) -> None:
    target = store.make("y")
    check_table_transition(store, target, "GLACIER", {**ACCOUNT, "partitionPredicate": "y == '1'"})
    with pytest.raises(OptionError, match="transition_table needs the option 'accountId'"):
        check_table_transition(store, target, "GLACIER", {})
    with pytest.raises(OptionError, match="'COLD' is no storage class"):
        check_table_transition(store, target, "COLD", ACCOUNT)
    with pytest.raises(SourceError, match="EntityNotFoundException"):
        check_table_transition(store, Target(store.client, "db", "none"), "GLACIER", ACCOUNT)
