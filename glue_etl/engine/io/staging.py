"""Writing so that a reader of the destination sees whole files of a finished write, or nothing.

What can be seen at which moment, whatever is killed with `kill -9`:

1. While Spark writes, all files lie in `_glue_etl_<id>/data`, in the destination, or beside it as long as it does not
   exist. Spark, Glue, Athena and crawlers take names that begin with `_` for hidden.
2. A destination that does not exist yet appears with all its files in a single rename. No reader ever sees a part.
3. Into a destination that exists, each file is renamed to its place: it appears there whole, under a name no
   other write uses. A journal in the hidden folder names them before the first rename, and its removal is the commit.
   A write that dies in between is rolled back: the files moved so far are removed again. `glue-etl run` does that at
   once when the script's process has died; if it was killed too, the next `glue-etl run`, read or write with the same
   state folder does, and the next write to the same destination with any. Until then, a reader that is not ours sees
   the files moved so far: a window of some tens of microseconds a file, which AWS Glue, too, has on S3.
4. The hidden folder is removed.

A write holds a lock on its hidden folder, which ends with its process: a folder whose lock is free is left over from a
killed write. Links `<state>/writes/<id>` lead to the hidden folders, so that no tree need be searched for them. Files
on other file systems (hdfs:) are left to Spark's own committer. A power failure is outside of this: nothing is synced.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from glue_etl.errors import SourceError

__all__ = ["PREFIX", "Staging", "recover", "staging"]

PREFIX = "_glue_etl_"
_DATA = "data"
_JOURNAL = "journal.json"
_LOCK = "lock"
_POINTERS = "writes"


@dataclass(frozen=True)
class Staging:
    """One write's staging folder.

    Attributes:
        destination: Where the files go.
        folder: `_glue_etl_<id>`, in the destination or beside it.
    """

    destination: Path
    folder: Path

    @property
    def data(self) -> Path:
        """Where Spark writes."""
        return self.folder / _DATA

    def files(self) -> list[Path]:
        """The data files that Spark has written, sorted."""
        return sorted(file for file in _walk(self.data) if not file.name.startswith(("_", ".")))

    def publish(self) -> list[Path]:
        """Move every file to its place; returns the places.

        Raises:
            OSError: A file cannot be moved; then none has been.
        """
        names = [file.relative_to(self.data) for file in self.files()]
        if not self._move_as_one(set(names)):
            self._move_each(names)
        return [self.destination / name for name in names]

    def _move_as_one(self, names: set[Path]) -> bool:
        if self.folder.parent == self.destination:
            return False
        for file in _walk(self.data):
            # Side files (`.crc`) would come along.
            if file.relative_to(self.data) not in names:
                file.unlink()
        try:
            os.rename(self.data, self.destination)
        except OSError as error:
            if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
                return False  # another write was faster
            raise
        return True

    def _move_each(self, names: list[Path]) -> None:
        wanted = {self.destination / parent for name in names for parent in name.parents}
        made = sorted((str(folder) for folder in wanted if not folder.exists()), key=len, reverse=True)
        journal = {"destination": str(self.destination), "files": [str(name) for name in names], "folders": made}
        draft = self.folder / f"{_JOURNAL}.draft"
        draft.write_text(json.dumps(journal), encoding="utf-8")
        os.replace(draft, self.folder / _JOURNAL)
        try:
            for name in names:
                target = self.destination / name
                target.parent.mkdir(parents=True, exist_ok=True)
                os.replace(self.data / name, target)
        except BaseException:
            _roll_back(self.folder)
            raise
        (self.folder / _JOURNAL).unlink()


@contextmanager
def staging(destination: Path, state_dir: Path | None = None) -> Iterator[Staging]:
    """A staging folder for the time of a block; leftovers of killed writes are removed first.

    Args:
        destination: The folder to write to; it need not exist.
        state_dir: `Settings.state_dir`, where the write is entered for `recover`; None enters it nowhere.

    Raises:
        SourceError: The destination is a file, or a killed write cannot be rolled back.
    """
    if destination.exists() and not destination.is_dir():
        raise SourceError(f"The destination {str(destination)!r} is a file.", hint="write to a folder")
    base = destination if destination.exists() else destination.parent
    made = _make_folders(base)
    if state_dir:
        recover(state_dir)
    for place in {base, destination}:
        for left in place.glob(f"{PREFIX}*"):
            _recovered(left)
    folder, lock = _locked_folder(base)
    pointer = _enter(folder, state_dir) if state_dir else None
    try:
        yield Staging(destination, folder)
    finally:
        if _removed(folder) and pointer:
            pointer.unlink(missing_ok=True)
        os.close(lock)
        for parent in made:
            # A write without a record makes no folder either.
            try:
                parent.rmdir()
            except OSError:
                break


def recover(state_dir: Path) -> int:
    """Roll back the writes of killed processes; those that are going on are left alone.

    Costs the listing of one folder, usually empty or missing.

    Args:
        state_dir: `Settings.state_dir` of the runs to look after.

    Returns:
        How many writes had been killed.

    Raises:
        SourceError: A file of a killed write cannot be removed.
    """
    try:
        names = os.listdir(state_dir / _POINTERS)
    except FileNotFoundError:
        return 0
    count = 0
    for name in names:
        pointer = state_dir / _POINTERS / name
        with suppress(FileNotFoundError):
            folder = pointer.readlink()
            # Never touch what is no folder of ours.
            if folder.name == f"{PREFIX}{name}" and folder.exists() and not _recovered(folder):
                continue
            pointer.unlink()
            count += 1
    return count


def _walk(folder: Path) -> Iterator[Path]:
    for parent, _, names in os.walk(folder):
        for name in names:
            yield Path(parent, name)


def _enter(folder: Path, state_dir: Path) -> Path:
    name = folder.name.removeprefix(PREFIX)
    pointer = state_dir / _POINTERS / name
    pointer.parent.mkdir(parents=True, exist_ok=True)
    # A link is there in one step, and nobody sees half of it.
    pointer.symlink_to(folder)
    return pointer


def _locked_folder(base: Path) -> tuple[Path, int]:
    while True:
        folder = base / f"{PREFIX}{uuid.uuid4().hex}"
        folder.mkdir()
        try:
            lock = os.open(folder / _LOCK, os.O_CREAT | os.O_RDWR)
        except FileNotFoundError:
            continue  # another write took it for a leftover
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (folder / _LOCK).exists():
            return folder, lock
        # The same, a moment later.
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


def _recovered(folder: Path) -> bool:
    """Roll a killed write back and remove its folder; whether it is gone, which that of a living write is not."""
    try:
        lock = os.open(folder / _LOCK, os.O_RDWR)
    except FileNotFoundError:
        # Killed before its lock was there or after it was gone.
        with suppress(OSError):
            folder.rmdir()
        return not folder.exists()
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _roll_back(folder)
        return _removed(folder)
    except BlockingIOError:
        return False
    except OSError as error:
        raise SourceError(
            f"A write to {str(folder.parent)!r} was killed, and its files cannot be removed: {error}.",
            hint=f"remove the files that {folder / _JOURNAL} names, then {folder}",
        ) from error
    finally:
        os.close(lock)


def _roll_back(folder: Path) -> None:
    """Remove what a write has moved, and the folders it has made for it; without a journal, nothing has been moved."""
    try:
        journal = json.loads((folder / _JOURNAL).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    for name in journal["files"]:
        # A file that is still here was not moved: what has its name at the destination is another's.
        if not (folder / _DATA / name).exists():
            Path(journal["destination"], name).unlink(missing_ok=True)
    for made in journal["folders"]:
        with suppress(OSError):
            os.rmdir(made)
    (folder / _JOURNAL).unlink()


def _removed(folder: Path) -> bool:
    """Remove a staging folder, its lock last, so that a kill in between leaves one that the next look removes."""
    shutil.rmtree(folder / _DATA, ignore_errors=True)
    if (folder / _DATA).exists():
        return False  # a dying JVM still writes to it
    for name in (f"{_JOURNAL}.draft", _JOURNAL, _LOCK):
        (folder / name).unlink(missing_ok=True)
    with suppress(OSError):
        folder.rmdir()
    return not folder.exists()
