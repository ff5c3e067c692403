"""Partitions found from folders named `key=value`, and entered into the catalog, as `MSCK REPAIR TABLE` does it.

Source: "Partitioning data in Athena" and "MSCK REPAIR TABLE" of the Amazon Athena guide.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from glue_etl.engine.catalog.key_types import NULL_VALUE, key_type
from glue_etl.engine.io.lake import Lake, is_s3
from glue_etl.errors import PathNotFoundError, SourceError

__all__ = ["Entered", "PartitionFolder", "add_partitions", "folder_keys", "partition_folders"]

# The most that BatchCreatePartition takes.
_BATCH = 100


@dataclass(frozen=True, slots=True)
class PartitionFolder:
    """A folder of a partition.

    Attributes:
        values: What its names say, in the order of the keys.
        location: Its path as the table's location begins it, with a slash at its end.
    """

    values: tuple[str, ...]
    location: str


@dataclass(frozen=True, slots=True)
class Entered:
    """What became of the folders of a table.

    Attributes:
        added: New partitions.
        known: Folders that were partitions before.
        skipped: Folders named `key=value` that are no partition of this table.
    """

    added: int
    known: int
    skipped: int


def folder_keys(lake: Lake, location: str) -> list[str]:
    """The keys that the folders below a location name, from the first one on every level; none without such folders.

    Raises:
        PathNotFoundError: The location does not exist.
    """
    keys = []
    folder = _folder(lake, location)
    while named := next(_named(folder), None):
        name, folder = named
        keys.append(name.partition("=")[0].lower())
    return keys


def partition_folders(lake: Lake, location: str, keys: Sequence[str]) -> tuple[list[PartitionFolder], int]:
    """The folders of a table's partitions that hold a file.

    Args:
        lake: The local S3.
        location: The table's folder.
        keys: Names of its partition keys, letter case ignored.

    Returns:
        The folders by name, and how many others are named `key=value` by other keys.

    Raises:
        PathNotFoundError: The location does not exist.
    """
    found: list[PartitionFolder] = []
    skipped = 0
    root = location.rstrip("/") + "/"
    pending: list[tuple[Path, tuple[str, ...], str]] = [(_folder(lake, location), (), root)]
    while pending:
        folder, values, uri = pending.pop()
        for name, path in _named(folder):
            key, _, value = name.partition("=")
            if len(values) == len(keys) or key.lower() != keys[len(values)].lower():
                skipped += 1
                continue
            here = ((*values, unquote(value)), f"{uri}{name}/")
            if len(here[0]) < len(keys):
                pending.append((path, *here))
            elif _has_files(path):
                found.append(PartitionFolder(*here))
    return sorted(found, key=lambda each: each.location), skipped


def add_partitions(client: Any, lake: Lake, table: Mapping[str, Any]) -> Entered:
    """Enter every folder of a table that is no partition yet.

    Args:
        client: A client of the Glue API.
        lake: The local S3.
        table: The table's document.

    Raises:
        PathNotFoundError: The table's location does not exist.
        SourceError: A folder's value is not of its key's type, or the catalog refuses it; nothing was entered then of
            what comes behind it.
    """
    storage = table["StorageDescriptor"]
    keys = list(table.get("PartitionKeys", []))
    folders, skipped = partition_folders(lake, storage["Location"], [key["Name"] for key in keys])
    _check(folders, keys)
    added = known = 0
    for batch in _batches(folders):
        answer = client.batch_create_partition(
            DatabaseName=table["DatabaseName"],
            TableName=table["Name"],
            PartitionInputList=[
                {"Values": list(each.values), "StorageDescriptor": {**storage, "Location": each.location}}
                for each in batch
            ],
        )
        errors = answer.get("Errors", [])
        for error in errors:
            if error["ErrorDetail"]["ErrorCode"] != "AlreadyExistsException":
                raise SourceError(
                    f"The partition {error['PartitionValues']!r} could not be entered: "
                    f"{error['ErrorDetail']['ErrorMessage']}"
                )
        known += len(errors)
        added += len(batch) - len(errors)
    return Entered(added, known, skipped)


def _check(folders: Iterable[PartitionFolder], keys: Sequence[Mapping[str, str]]) -> None:
    types = [key_type(key.get("Type", "string")) for key in keys]
    for folder in folders:
        for value, key, kind in zip(folder.values, keys, types, strict=True):
            try:
                if kind is not None and value != NULL_VALUE:
                    kind.read(value)
            except ValueError as error:
                raise SourceError(
                    f"The folder {folder.location!r} is no partition: {error} Its key {key['Name']!r} has the type "
                    f"{key['Type']!r}.",
                    hint="rename the folder, or make the key a string",
                ) from None


def _folder(lake: Lake, location: str) -> Path:
    path = lake.path_of(location) if is_s3(location) else Path(location.removeprefix("file://"))
    if not path.is_dir():
        raise PathNotFoundError(f"The location {location!r} does not exist.", hint="write the data first")
    return path


def _named(folder: Path) -> Iterator[tuple[str, Path]]:
    """The folders below that are named `key=value`, by name."""
    with os.scandir(folder) as entries:
        names = sorted(each.name for each in entries if each.name[0] not in "._" and each.is_dir())
    for name in names:
        key, sign, value = name.partition("=")
        if sign and key and value:
            yield name, folder / name


def _has_files(folder: Path) -> bool:
    return any(name[0] not in "._" for _, _, names in os.walk(folder) for name in names)


def _batches(folders: Sequence[PartitionFolder]) -> Iterator[Sequence[PartitionFolder]]:
    for start in range(0, len(folders), _BATCH):
        yield folders[start : start + _BATCH]
