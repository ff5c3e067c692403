"""Writing so that a reader of the destination sees whole files of a finished write, or nothing.

What can be seen at which moment:

1. While Spark writes, all files lie in `<destination>/_glue_etl_<id>/data`. Spark, Glue, Athena and crawlers take names
   that begin with `_` for hidden. A job that is killed here leaves nothing but this folder.
2. When Spark's job has ended, each file is renamed to its place: it appears there whole, under a name no other write
   uses. This takes some tens of microseconds a file. A kill between two renames leaves the files moved so far, which is
   what S3, where AWS Glue writes each object on its own, can leave too.
3. The staging folder is removed.

A write holds a lock on its staging folder, which ends with its process. The next write to the same destination removes
staging folders whose lock is free. Files on other file systems (hdfs:) are left to Spark's own committer.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from glue_etl.errors import SourceError

__all__ = ["PREFIX", "Staging", "staging"]

PREFIX = "_glue_etl_"
_LOCK = "lock"


@dataclass(frozen=True)
class Staging:
    """One write's staging folder.

    Attributes:
        destination: Where the files go.
        folder: `<destination>/_glue_etl_<id>`.
    """

    destination: Path
    folder: Path

    @property
    def data(self) -> Path:
        """Where Spark writes."""
        return self.folder / "data"

    def files(self) -> list[Path]:
        """The data files that Spark has written, sorted."""
        found = []
        for folder, _, names in os.walk(self.data):
            found += [Path(folder, name) for name in names if not name.startswith(("_", "."))]
        return sorted(found)

    def publish(self) -> list[Path]:
        """Move every file to its place; returns the places."""
        moved = []
        for file in self.files():
            target = self.destination / file.relative_to(self.data)
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(file, target)
            moved.append(target)
        return moved


@contextmanager
def staging(destination: Path) -> Iterator[Staging]:
    """A staging folder for the time of a block; leftovers of killed writes are removed first.

    Raises:
        SourceError: The destination is a file.
    """
    if destination.exists() and not destination.is_dir():
        raise SourceError(f"The destination {str(destination)!r} is a file.", hint="write to a folder")
    made = _make_folders(destination)
    _remove_leftovers(destination)
    folder, lock = _locked_folder(destination)
    try:
        yield Staging(destination, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)
        for parent in made:
            # A write without a record makes no folder either.
            try:
                parent.rmdir()
            except OSError:
                break


def _locked_folder(destination: Path) -> tuple[Path, int]:
    while True:
        folder = destination / f"{PREFIX}{uuid.uuid4().hex}"
        folder.mkdir()
        lock = os.open(folder / _LOCK, os.O_CREAT | os.O_RDWR)
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (folder / _LOCK).exists():
            return folder, lock
        # Another write took it for a leftover before it was locked.
        os.close(lock)


def _make_folders(path: Path) -> list[Path]:
    """Make a folder and its parents; returns those that were not there, innermost first."""
    missing = []
    while not path.exists():
        missing.append(path)
        path = path.parent
    for folder in reversed(missing):
        folder.mkdir(exist_ok=True)
    return missing


def _remove_leftovers(destination: Path) -> None:
    for folder in destination.glob(f"{PREFIX}*"):
        try:
            lock = os.open(folder / _LOCK, os.O_RDWR)
        except OSError:
            # Another write has just made it, or is removing it.
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        except BlockingIOError:
            pass
        finally:
            os.close(lock)
