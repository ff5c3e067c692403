"""What is entered in the Data Catalog: over the local one, without Spark."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from glue_etl.engine.catalog.client import LocalGlueClient
from glue_etl.engine.catalog.serde import table_input
from glue_etl.engine.io.catalog_entries import (
    Target,
    change_table,
    create_table,
    enter_partitions,
    find_table,
    required_table,
    same_place,
)
from glue_etl.errors import SourceError

COLUMNS = [{"Name": "id", "Type": "int"}]
Entries = dict[tuple[str, ...], str]
KEYS = [{"Name": "year", "Type": "string"}]


class Watched:
    """A client whose calls are noted, and may be preceded by something."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.calls: list[str] = []
        self.before: dict[str, Callable[[], None]] = {}

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        if name in ("exceptions", "meta"):
            return found

        def noted(**request: Any) -> Any:
            self.calls.append(name)
            if before := self.before.get(name):
                before()
            return found(**request)

        return noted


@pytest.fixture
def target(tmp_path: Path) -> Target:
    client = LocalGlueClient(tmp_path)
    client.create_database(DatabaseInput={"Name": "db"})
    document = table_input("t", "json", COLUMNS, "s3://b/t/", partition_keys=KEYS)
    client.create_table(DatabaseName="db", TableInput=document)
    return Target(Watched(client), "db", "t")


def partitions(target: Target) -> dict[str, str]:
    found = target.client.get_partitions(DatabaseName="db", TableName="t")["Partitions"]
    return {part["Values"][0]: part["StorageDescriptor"]["Location"] for part in found}


def test_what_is_there_is_found(target: Target) -> None:
    assert required_table(target)["Name"] == "t"
    other = Target(target.client, "db", "other")
    assert find_table(other) is None
    with pytest.raises(SourceError, match=r"EntityNotFoundException: the table 'db\.other' is not in"):
        required_table(other)
    with pytest.raises(SourceError, match="EntityNotFoundException: the database 'nowhere' is not in"):
        find_table(Target(target.client, "nowhere", "t"))


def test_a_table_is_made_once(target: Target) -> None:
    new = Target(target.client, "db", "new", "123456789012")
    document = table_input("new", "csv", COLUMNS, "s3://b/n/")
    assert create_table(new, document)
    assert not create_table(new, document)


def test_partitions_are_entered_a_hundred_a_call(target: Target) -> None:
    table = required_table(target)
    entries: Entries = {(str(n),): f"s3://b/t/year={n}/" for n in range(250)}
    target.client.calls.clear()
    assert enter_partitions(target, table, entries, COLUMNS) == 250
    assert target.client.calls == ["batch_create_partition"] * 3
    assert partitions(target) == {values[0]: place for values, place in entries.items()}
    part = target.client.get_partition(DatabaseName="db", TableName="t", PartitionValues=["7"])["Partition"]
    serde = table["StorageDescriptor"]["SerdeInfo"]
    assert part["StorageDescriptor"]["SerdeInfo"] == serde
    assert part["StorageDescriptor"]["Columns"] == COLUMNS


def test_known_partitions_are_left_alone(target: Target) -> None:
    table = required_table(target)
    enter_partitions(target, table, {("1",): "s3://b/t/year=1/"}, COLUMNS)
    target.client.calls.clear()
    both: Entries = {("1",): "s3://b/t/year=1/", ("2",): "s3://b/t/year=2/"}
    assert enter_partitions(target, table, both, COLUMNS) == 1
    assert target.client.calls == ["batch_create_partition", "batch_get_partition"]


def test_known_partitions_get_the_schema_of_their_new_files(target: Target) -> None:
    table = required_table(target)
    entries: Entries = {("1",): "s3://b/t/year=1/"}
    enter_partitions(target, table, entries, None)
    wider = [*COLUMNS, {"Name": "more", "Type": "string"}]
    enter_partitions(target, table, entries, wider)
    (part,) = target.client.get_partitions(DatabaseName="db", TableName="t")["Partitions"]
    assert part["StorageDescriptor"]["Columns"] == wider
    enter_partitions(target, table, entries, None)
    (again,) = target.client.get_partitions(DatabaseName="db", TableName="t")["Partitions"]
    assert again["StorageDescriptor"]["Columns"] == wider


def test_files_beside_the_place_of_their_partition_are_told(target: Target, caplog: Any) -> None:
    table = required_table(target)
    enter_partitions(target, table, {("1",): "s3://b/elsewhere/"}, COLUMNS)
    with caplog.at_level(logging.WARNING):
        enter_partitions(target, table, {("1",): "s3://b/t/year=1/"}, COLUMNS)
    assert "1 partitions of db.t have another location" in caplog.text
    assert partitions(target) == {"1": "s3://b/elsewhere/"}


def test_a_partition_that_is_refused_is_told(target: Target) -> None:
    with pytest.raises(SourceError, match=r"the partition \['1', '2'\] cannot be entered in the table db\.t"):
        enter_partitions(target, required_table(target), {("1", "2"): "s3://b/t/x/"}, COLUMNS)


def with_description(table: Any) -> dict[str, Any]:
    kept = {name: table[name] for name in ("Name", "StorageDescriptor", "PartitionKeys", "Parameters")}
    return {**kept, "Description": f"{table.get('Description', '')}+mine"}


def test_a_change_in_between_is_not_lost(target: Target) -> None:
    plain = target.client._client

    def other() -> None:
        target.client.before.clear()
        table = plain.get_table(DatabaseName="db", Name="t")["Table"]
        plain.update_table(DatabaseName="db", TableInput={**with_description(table), "Description": "theirs"})

    target.client.before["update_table"] = other
    change_table(target, with_description)
    assert required_table(target)["Description"] == "theirs+mine"


def test_changes_without_end_are_given_up(target: Target) -> None:
    plain = target.client._client

    def other() -> None:
        table = plain.get_table(DatabaseName="db", Name="t")["Table"]
        plain.update_table(DatabaseName="db", TableInput=with_description(table))

    target.client.before["update_table"] = other
    with pytest.raises(SourceError, match=r"ConcurrentModificationException: the table db\.t was changed by others"):
        change_table(target, with_description)


def test_nothing_to_change_makes_no_version(target: Target) -> None:
    before = required_table(target)["VersionId"]
    change_table(target, lambda table: None)
    assert required_table(target)["VersionId"] == before


def test_a_table_that_was_deleted_meanwhile(target: Target) -> None:
    target.client.delete_table(DatabaseName="db", Name="t")
    with pytest.raises(SourceError, match="was deleted while it was written to"):
        change_table(target, with_description)


def test_jobs_that_add_columns_at_once_lose_none(target: Target, tmp_path: Path) -> None:
    def adds(number: int) -> None:
        own = Target(LocalGlueClient(tmp_path), "db", "t")

        def change(table: Any) -> dict[str, Any]:
            storage = table["StorageDescriptor"]
            columns = [*storage["Columns"], {"Name": f"c{number}", "Type": "int"}]
            kept = {name: table[name] for name in ("Name", "PartitionKeys", "Parameters")}
            return {**kept, "StorageDescriptor": {**storage, "Columns": columns}}

        change_table(own, change)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(adds, range(12)))
    names = [column["Name"] for column in required_table(target)["StorageDescriptor"]["Columns"]]
    assert sorted(names) == sorted(["id", *(f"c{number}" for number in range(12))])


PLACES = [
    pytest.param("s3://b/t", "s3a://b/t/", True, id="schemes of S3"),
    pytest.param("/x/t/", "file:///x/t", True, id="local"),
    pytest.param("file:/x/t", "file:///x/t", True, id="slashes of a URI"),
    pytest.param("s3://b/t", "s3://b/tt", False, id="another folder"),
    pytest.param("s3://b/t", "/b/t", False, id="S3 and local"),
]


@pytest.mark.parametrize(("left", "right", "same"), PLACES)
def test_locations_that_are_one_folder(left: str, right: str, same: bool) -> None:
    assert same_place(left, right) is same
