"""The SQLite file of the bookmarks: made whole or not at all, opened with care, never repaired.

A file that is damaged stays as it is: every way of opening it ends in an error that names the file and the next step.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from glue_etl.errors import BookmarkError

__all__ = ["damaged", "opened", "reading", "writing"]

_APPLICATION = 0x474C5545  # "GLUE"
_VERSION = 1
_BUSY_SECONDS = 30.0

# Every update of a job's bookmark has a version: the start of a run, its commit, a reset, a rewind. What a row of
# `files` or `states` says holds from one version on, so that the state at any version can still be read.
_TABLES = (
    "CREATE TABLE jobs (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
    """CREATE TABLE updates (
        job INTEGER NOT NULL REFERENCES jobs (id), version INTEGER NOT NULL CHECK (version > 0),
        kind TEXT NOT NULL CHECK (kind IN ('start', 'commit', 'reset', 'rewind')),
        run_id TEXT, run INTEGER NOT NULL CHECK (run >= 0), attempt INTEGER NOT NULL CHECK (attempt >= 0),
        moment TEXT NOT NULL, PRIMARY KEY (job, version)) WITHOUT ROWID""",
    "CREATE INDEX updates_of_a_run ON updates (job, run_id)",
    """CREATE TABLE contexts (
        id INTEGER PRIMARY KEY, job INTEGER NOT NULL REFERENCES jobs (id), name TEXT NOT NULL, UNIQUE (job, name))""",
    """CREATE TABLE states (
        context INTEGER NOT NULL REFERENCES contexts (id), version INTEGER NOT NULL, files INTEGER NOT NULL,
        keys TEXT, PRIMARY KEY (context, version)) WITHOUT ROWID""",
    """CREATE TABLE files (
        context INTEGER NOT NULL REFERENCES contexts (id), path NOT NULL,
        modified INTEGER NOT NULL CHECK (typeof(modified) = 'integer'),
        size INTEGER NOT NULL CHECK (typeof(size) = 'integer'),
        since INTEGER NOT NULL, until INTEGER, PRIMARY KEY (context, path, since)) WITHOUT ROWID""",
)


def damaged(path: Path, what: str) -> BookmarkError:
    """The error for a file that is no state of bookmarks any more."""
    return BookmarkError(
        f"The job bookmarks in {str(path)!r} are damaged: {what}. The file is left as it is.",
        hint="put a copy of it back, or move it away: every job then reads everything again",
    )


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection to the file, which is made if it is not there.

    Raises:
        BookmarkError: The file is damaged, or cannot be reached.
    """
    with reading(path):
        if not path.exists():
            _create(path)
        if path.stat().st_size == 0:
            # SQLite would take it for a new database, and every file would be new again.
            raise damaged(path, "it is empty")
        # Opened by URI so that a file which vanishes now is not made anew, without its tables.
        connection = sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=_BUSY_SECONDS, isolation_level=None)
        with closing(connection):
            connection.execute("PRAGMA synchronous = FULL")
            _check(connection, path)
            yield connection


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Say in our words what SQLite or the file system says of the file."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if "no such" in str(error):
            raise damaged(path, str(error)) from error
        if "locked" not in str(error):
            raise _unreachable(path, str(error)) from error
        raise BookmarkError(
            f"The job bookmarks in {str(path)!r} were locked for {_BUSY_SECONDS:.0f} seconds.",
            hint="end what holds the file open for writing, and run again",
        ) from error
    except sqlite3.DatabaseError as error:
        raise damaged(path, str(error)) from error
    except OSError as error:
        raise _unreachable(path, error.strerror or str(error)) from error


@contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[None]:
    """One transaction: all of it or nothing, and nobody else writes meanwhile."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


def _unreachable(path: Path, why: str) -> BookmarkError:
    return BookmarkError(
        f"The job bookmarks in {str(path)!r} cannot be opened: {why}.",
        hint="see to the rights and the space of that folder",
    )


def _check(connection: sqlite3.Connection, path: Path) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != _APPLICATION:
        raise damaged(path, "it is another database")
    if version != _VERSION:
        raise BookmarkError(
            f"The job bookmarks in {str(path)!r} are of version {version}, and this glue-etl knows version {_VERSION}.",
            hint="use the glue-etl that wrote them",
        )


def _create(path: Path) -> None:
    """Make the file beside its place and put it there in one step; whoever comes second takes the first one's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".bookmarks-")
    os.close(handle)
    try:
        with closing(sqlite3.connect(name, isolation_level=None)) as connection:
            # No WAL: what is committed is in this one file, whatever becomes of files beside it.
            connection.execute(f"PRAGMA application_id = {_APPLICATION}")
            connection.execute(f"PRAGMA user_version = {_VERSION}")
            with writing(connection):
                for statement in _TABLES:
                    connection.execute(statement)
        try:
            os.link(name, path)
        except OSError:
            # It is there by now, or this file system has no links.
            if not path.exists():
                Path(name).rename(path)
    finally:
        for left in (name, f"{name}-journal"):
            Path(left).unlink(missing_ok=True)
