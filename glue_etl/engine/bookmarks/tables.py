"""The rows of the bookmarks' database: each function does one thing within the caller's transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from glue_etl.engine.bookmarks import schema
from glue_etl.engine.bookmarks.state import ContextState, FileVersion, Head, keys_from_text, keys_to_text, path_of
from glue_etl.errors import BookmarkError

__all__ = [
    "add_update",
    "chosen",
    "close_files",
    "context_number",
    "contexts",
    "examine",
    "files_of",
    "head_of",
    "history",
    "insert_files",
    "known",
    "moved",
    "put_state",
    "reopen_files",
    "standing",
    "state_of",
    "unknown_job",
]

_SELECT_UPDATES = (
    "SELECT version, kind, run_id, run, attempt, moment FROM updates JOIN jobs ON jobs.id = updates.job "
    "WHERE jobs.name = ?"
)


def _path(connection: sqlite3.Connection) -> Path:
    return Path(connection.execute("PRAGMA database_list").fetchone()[2])


def examine(connection: sqlite3.Connection) -> None:
    """Look at the whole file, as far as SQLite can tell that it is sound."""
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise schema.damaged(_path(connection), " ".join(str(found).split()))


def known(connection: sqlite3.Connection, job: str) -> Head:
    """The last update of a job that must have one."""
    head = head_of(connection, job)
    if head is None:
        raise unknown_job(job, [name for (name,) in connection.execute("SELECT name FROM jobs ORDER BY name LIMIT 20")])
    return head


def head_of(connection: sqlite3.Connection, job: str) -> Head | None:
    """The last update of a job; None if it has no bookmark."""
    query = _SELECT_UPDATES + " ORDER BY version DESC LIMIT 1"
    row = connection.execute(query, (job,)).fetchone()
    return Head(job, *row) if row else None


def history(connection: sqlite3.Connection, job: str) -> list[Head]:
    """All updates of a job, oldest first."""
    return [Head(job, *row) for row in connection.execute(_SELECT_UPDATES + " ORDER BY version", (job,))]


def standing(connection: sqlite3.Connection, job: str) -> Head:
    """The last update that changed what was read."""
    found = history(connection, job)
    return next((head for head in reversed(found) if head.kind != "start"), found[-1])


def add_update(connection: sqlite3.Connection, job: str, kind: str, run_id: str | None, run: int, attempt: int) -> Head:
    """Give the bookmark its next version."""
    before = head_of(connection, job)
    moment = datetime.now(UTC).isoformat(timespec="milliseconds")
    made = Head(job, before.version + 1 if before else 1, kind, run_id, run, attempt, moment)
    connection.execute(
        "INSERT INTO updates SELECT id, ?, ?, ?, ?, ?, ? FROM jobs WHERE name = ?",
        (made.version, kind, run_id, run, attempt, moment, job),
    )
    return made


def contexts(connection: sqlite3.Connection, job: str) -> dict[str, int]:
    """The numbers of a job's contexts, by name and sorted."""
    query = "SELECT c.name, c.id FROM contexts c JOIN jobs j ON j.id = c.job WHERE j.name = ? ORDER BY c.name"
    return dict(connection.execute(query, (job,)).fetchall())


def chosen(connection: sqlite3.Connection, job: str, context: str | None) -> dict[str, int]:
    """The same, or that of one context which must be there."""
    found = contexts(connection, job)
    if context is None:
        return found
    if context not in found:
        raise BookmarkError(f"The bookmark of the job {job!r} has no transformation_ctx {context!r}.", available=found)
    return {context: found[context]}


def context_number(connection: sqlite3.Connection, job: str, name: str) -> int:
    """The number of a context, which gets one if it is new."""
    connection.execute("INSERT OR IGNORE INTO contexts (job, name) SELECT id, ? FROM jobs WHERE name = ?", (name, job))
    return contexts(connection, job)[name]


def state_of(connection: sqlite3.Connection, name: str, context: int, version: int) -> ContextState:
    """What a context has read at a version."""
    query = "SELECT version, files, keys FROM states WHERE context = ? AND version <= ? ORDER BY version DESC LIMIT 1"
    made, files, text = connection.execute(query, (context, version)).fetchone() or (0, 0, None)
    try:
        return ContextState(name, made, files, None if text is None else keys_from_text(text))
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError) as error:
        raise schema.damaged(_path(connection), f"the keys {text!r} cannot be read") from error


def put_state(connection: sqlite3.Connection, context: int, version: int, keys: Mapping[str, Any] | None) -> None:
    """Note the state of a context at its newest version, when its files have been put down."""
    query = "SELECT count(*) FROM files WHERE context = ? AND until IS NULL"
    (files,) = connection.execute(query, (context,)).fetchone()
    text = None if keys is None else keys_to_text(keys)
    connection.execute("INSERT INTO states VALUES (?, ?, ?, ?)", (context, version, files, text))


def unknown_job(job: str, names: list[str]) -> BookmarkError:
    """The error for a job that never began with bookmarks."""
    return BookmarkError(
        f"EntityNotFoundException: The job {job!r} has no bookmark.",
        available=names,
        hint="a job gets one when it runs with --job-bookmark-option job-bookmark-enable",
    )


def moved(head: Head, now: Head | None) -> BookmarkError:
    """The error for a commit that comes too late."""
    what = "is gone" if now is None else f"is at version {now.version} by a {now.kind} of {now.moment}"
    return BookmarkError(
        f"VersionMismatchException: The bookmark of the job {head.job!r} was at version {head.version} when the run "
        f"{head.run_id!r} began, and {what}. Nothing of this run is committed.",
        hint="run the job again: it reads by the bookmark as it is now",
    )


def _stored(path: str) -> str | bytes:
    """A path as SQLite takes it: a name that is no UTF-8 has no text there."""
    if path.isascii():
        return path
    encoded = path.encode("utf-8", "surrogateescape")
    try:
        encoded.decode()
    except UnicodeDecodeError:
        return encoded
    return path


def files_of(connection: sqlite3.Connection, context: int, version: int) -> Iterator[tuple[str, int, int]]:
    """Path, modification time and size of each file of a context at a version, in the paths' order.

    Raises:
        BookmarkError: There are not as many as were committed.
    """
    query = (
        "SELECT path, modified, size FROM files WHERE context = ? AND since <= ? AND (until IS NULL OR until > ?) "
        "ORDER BY path"
    )
    count = 0
    for path, modified, size in connection.execute(query, (context, version, version)):
        count += 1
        yield path if isinstance(path, str) else path.decode("utf-8", "surrogateescape"), modified, size
    expected = state_of(connection, "", context, version).files
    if count != expected:
        raise schema.damaged(_path(connection), f"a state of {expected} files has {count}")


def insert_files(connection: sqlite3.Connection, context: int, version: int, files: Sequence[FileVersion]) -> None:
    """New entries in one pass, then the end of those they replace in another."""
    if not files:
        return
    rows = ((context, _stored(path_of(file)), file.modified, file.size, version) for file in files)
    connection.executemany("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, NULL)", rows)
    connection.execute(
        "UPDATE files SET until = ? WHERE context = ? AND until IS NULL AND since < ? AND EXISTS ("
        "SELECT 1 FROM files AS n WHERE n.context = files.context AND n.path = files.path AND n.since = ?)",
        (version, context, version, version),
    )


def close_files(connection: sqlite3.Connection, context: int, version: int, since: int) -> None:
    """End all entries that are younger than a version."""
    query = "UPDATE files SET until = ? WHERE context = ? AND until IS NULL AND since > ?"
    connection.execute(query, (version, context, since))


def reopen_files(connection: sqlite3.Connection, context: int, version: int, target: int) -> None:
    """Bring back the entries of an earlier version that have ended since."""
    connection.execute(
        "INSERT INTO files SELECT context, path, modified, size, ?, NULL FROM files "
        "WHERE context = ? AND since <= ? AND until > ?",
        (version, context, target, target),
    )
