"""Partitions found from folders named key=value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from glue_etl.engine.catalog.client import LocalGlueClient
from glue_etl.engine.catalog.folders import Entered, add_partitions, folder_keys, partition_folders
from glue_etl.engine.io.lake import Lake
from glue_etl.errors import PathNotFoundError, SourceError


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "s3")


def _write(lake: Lake, *keys: str) -> None:
    for key in keys:
        path = lake.root / "b" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")


def test_folders_name_keys_and_values(lake: Lake) -> None:
    _write(lake, "t/Year=2024/month=1/a.csv", "t/Year=2024/month=02/deep/a.csv", "t/Year=2025/month=1/_SUCCESS")
    _write(lake, "t/Year=2025/day=1/a.csv", "t/other/a.csv", "t/_temporary/x=1/a", "t/Year=2025/month=a%2Fb%3D/a.csv")
    assert folder_keys(lake, "s3://b/t/") == ["year", "month"]
    found, skipped = partition_folders(lake, "s3://b/t", ["year", "month"])
    assert [(each.values, each.location) for each in found] == [
        (("2024", "02"), "s3://b/t/Year=2024/month=02/"),
        (("2024", "1"), "s3://b/t/Year=2024/month=1/"),
        (("2025", "a/b="), "s3://b/t/Year=2025/month=a%2Fb%3D/"),
    ]
    assert skipped == 1


def test_a_plain_folder_is_a_location_too(lake: Lake, tmp_path: Path) -> None:
    _write(lake, "t/y=1/a.csv")
    folder = tmp_path / "s3" / "b" / "t"
    assert [each.location for each in partition_folders(lake, f"file://{folder}", ["y"])[0]] == [
        f"file://{folder}/y=1/"
    ]
    assert folder_keys(lake, str(folder / "y=1")) == []
    with pytest.raises(PathNotFoundError, match="nosuch"):
        folder_keys(lake, "s3://b/nosuch")


def _table(glue: LocalGlueClient, kind: str = "int") -> dict[str, Any]:
    storage = {"Columns": [{"Name": "a", "Type": "int"}], "Location": "s3://b/t/", "SerdeInfo": {"Name": "x"}}
    given = {"Name": "t", "StorageDescriptor": storage, "PartitionKeys": [{"Name": "y", "Type": kind}]}
    glue.create_database(DatabaseInput={"Name": "db"})
    glue.create_table(DatabaseName="db", TableInput=given)
    table: dict[str, Any] = glue.get_table(DatabaseName="db", Name="t")["Table"]
    return table


def test_new_folders_are_entered_once(glue: LocalGlueClient, lake: Lake) -> None:
    table = _table(glue)
    _write(lake, *[f"t/y={number}/a.csv" for number in range(150)], "t/y=__HIVE_DEFAULT_PARTITION__/a.csv")
    assert add_partitions(glue, lake, table) == Entered(151, 0, 0)
    _write(lake, "t/y=150/a.csv", "t/y=7/z=1/a.csv")
    assert add_partitions(glue, lake, table) == Entered(1, 151, 0)
    one = glue.get_partition(DatabaseName="db", TableName="t", PartitionValues=["7"])["Partition"]
    assert one["StorageDescriptor"]["Location"] == "s3://b/t/y=7/"
    assert one["StorageDescriptor"]["Columns"] == [{"Name": "a", "Type": "int"}]


def test_a_folder_whose_value_is_not_of_its_keys_type_is_told_before_anything_is_entered(
    glue: LocalGlueClient, lake: Lake
) -> None:
    table = _table(glue)
    _write(lake, "t/y=1/a.csv", "t/y=May/a.csv")
    with pytest.raises(SourceError, match=r"'s3://b/t/y=May/' is no partition: \"May\" is not an integer"):
        add_partitions(glue, lake, table)
    assert glue.get_partitions(DatabaseName="db", TableName="t")["Partitions"] == []
