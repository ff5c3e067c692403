"""The bookmarks of all jobs of a state folder: read at any version, changed in one transaction each.

Source: "Tracking processed data using job bookmarks" and "Using job bookmarks" in the AWS Glue guide,
https://docs.aws.amazon.com/glue/latest/dg/monitor-continuations.html and
https://docs.aws.amazon.com/glue/latest/dg/programming-etl-connect-bookmarks.html
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from glue_etl.engine.bookmarks import schema
from glue_etl.engine.bookmarks.state import ContextState, FileVersion, Head, keys_from_text, keys_to_text
from glue_etl.errors import BookmarkError

__all__ = ["BookmarkStore"]

_ALIVE = "context = ? AND since <= ? AND (until IS NULL OR until > ?)"


class BookmarkStore:
    """Reads and changes the bookmarks below one state folder.

    Nothing is kept between two calls, and each opens the file anew: what is committed is what counts.

    Args:
        state_dir: `Settings.state_dir`; the file is `state/bookmarks.sqlite` below it.
    """

    def __init__(self, state_dir: Path) -> None:
        self.path = state_dir / "state" / "bookmarks.sqlite"

    def exists(self) -> bool:
        """Whether any job has begun with bookmarks here."""
        return self.path.exists()

    # --- reading

    def jobs(self) -> list[str]:
        """Names of the jobs that have a bookmark, sorted.

        Raises:
            BookmarkError: The file is damaged or cannot be reached; so with every method.
        """
        if not self.exists():
            return []
        with schema.opened(self.path) as connection:
            return [name for (name,) in connection.execute("SELECT name FROM jobs ORDER BY name")]

    def history(self, job: str) -> list[Head]:
        """All updates of a job's bookmark, oldest first; none if it has no bookmark."""
        if not self.exists():
            return []
        with schema.opened(self.path) as connection:
            return self._updates(connection, job)

    def contexts(self, job: str, version: int, only: str | None = None) -> list[ContextState]:
        """The contexts that have a state at a version, by name; or one of them."""
        if not self.exists():
            return []
        with schema.opened(self.path) as connection:
            chosen = self._chosen(connection, job, only)
            found = [self._state(connection, name, number, version) for name, number in chosen.items()]
        return [state for state in found if only is not None or state.files or state.keys is not None]

    def standing(self, job: str) -> Head:
        """Where a job's bookmark stands: its last commit, reset or rewind; the first start if there is none.

        Raises:
            BookmarkError: The job has no bookmark.
        """
        if not self.exists():
            raise _unknown(job, [])
        with schema.opened(self.path) as connection:
            self._known(connection, job)
            return self._standing(connection, job)

    def keys(self, job: str, context: str, version: int) -> dict[str, Any] | None:
        """The last values of a JDBC source's keys at a version; None before the first commit."""
        if not self.exists():
            return None
        with schema.opened(self.path) as connection:
            number = self._contexts(connection, job).get(context)
            return None if number is None else self._state(connection, context, number, version).keys

    @contextmanager
    def files(self, job: str, context: str, version: int) -> Iterator[Iterable[tuple[str, int, int]]]:
        """Path, modification time and size of each file at a version, one at a time and in the paths' order.

        Raises:
            BookmarkError: There are not as many as were committed.
        """
        if not self.exists():
            yield ()
            return
        with schema.opened(self.path) as connection:
            number = self._contexts(connection, job).get(context)
            yield () if number is None else self._files(connection, number, version)

    def _files(self, connection: sqlite3.Connection, context: int, version: int) -> Iterator[tuple[str, int, int]]:
        query = f"SELECT path, modified, size FROM files WHERE {_ALIVE} ORDER BY path"
        count = 0
        with schema.reading(self.path):
            for path, modified, size in connection.execute(query, (context, version, version)):
                count += 1
                yield path if isinstance(path, str) else path.decode("utf-8", "surrogateescape"), modified, size
        expected = self._state(connection, "", context, version).files
        if count != expected:
            raise schema.damaged(self.path, f"a state of {expected} files has {count}")

    # --- changing

    def start(self, job: str, run_id: str) -> Head:
        """Note that a run begins, and where the bookmark stands then."""
        with schema.opened(self.path) as connection:
            self._examine(connection)
            with schema.writing(connection):
                connection.execute("INSERT OR IGNORE INTO jobs (name) VALUES (?)", (job,))
                before = self._updates(connection, job)
                done = max((head.run for head in before if head.kind == "commit"), default=0)
                tries = 0
                for head in reversed(before):
                    if head.kind != "start":
                        break
                    tries += 1
                return self._update(connection, job, "start", run_id, done + 1, tries)

    def commit(
        self,
        head: Head,
        read: Mapping[str, Sequence[Iterable[FileVersion]]],
        keys: Mapping[str, Mapping[str, Any]],
    ) -> Head:
        """Put down what a run has read: all of it, or nothing if the bookmark has moved since the run began.

        Args:
            head: Where the bookmark stood when the run began, or at its last commit.
            read: Per context the files that were read.
            keys: Per context the last values of a JDBC source's keys.

        Returns:
            Where the bookmark stands now.

        Raises:
            BookmarkError: A reset, a rewind or another run has changed the bookmark meanwhile.
        """
        with schema.opened(self.path) as connection, schema.writing(connection):
            now = self._head(connection, head.job)
            if now is None or now.version != head.version:
                raise _moved(head, now)
            made = self._update(connection, head.job, "commit", head.run_id, head.run, head.attempt)
            for name in sorted({*read, *keys}):
                context = self._context(connection, head.job, name)
                for files in read.get(name, ()):
                    _insert(connection, context, made.version, files)
                self._set_state(connection, context, made.version, keys.get(name))
        return made

    def reset(self, job: str, context: str | None = None) -> Head:
        """Forget what was read: the next run reads everything.

        Args:
            job: The job's name.
            context: Only this transformation_ctx; None for all.
        """
        with schema.opened(self.path) as connection, schema.writing(connection):
            self._known(connection, job)
            contexts = self._chosen(connection, job, context)
            if context is None:
                made = self._update(connection, job, "reset", None, 0, 0)
            else:
                run = self._standing(connection, job)
                made = self._update(connection, job, "reset", run.run_id, run.run, run.attempt)
            for number in contexts.values():
                _close(connection, number, made.version, since=0)
                self._set_state(connection, number, made.version, None, forget=True)
        return made

    def rewind(self, job: str, target: Head, context: str | None = None) -> Head:
        """Go back to the state at an earlier version: the next run reads what came after it.

        Args:
            job: The job's name.
            target: One of `history(job)`.
            context: Only this transformation_ctx; None for all.
        """
        with schema.opened(self.path) as connection, schema.writing(connection):
            contexts = self._chosen(connection, job, context)
            run = target if context is None else self._standing(connection, job)
            made = self._update(connection, job, "rewind", run.run_id, run.run, run.attempt)
            for name, number in contexts.items():
                keys = self._state(connection, name, number, target.version).keys
                _close(connection, number, made.version, since=target.version)
                _reopen(connection, number, made.version, target.version)
                self._set_state(connection, number, made.version, keys, forget=keys is None)
        return made

    # --- rows

    def _examine(self, connection: sqlite3.Connection) -> None:
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise schema.damaged(self.path, " ".join(str(found).split()))

    def _known(self, connection: sqlite3.Connection, job: str) -> Head:
        head = self._head(connection, job)
        if head is None:
            raise _unknown(
                job, [name for (name,) in connection.execute("SELECT name FROM jobs ORDER BY name LIMIT 20")]
            )
        return head

    def _head(self, connection: sqlite3.Connection, job: str) -> Head | None:
        query = _SELECT_UPDATES + " ORDER BY version DESC LIMIT 1"
        row = connection.execute(query, (job,)).fetchone()
        return Head(job, *row) if row else None

    def _updates(self, connection: sqlite3.Connection, job: str) -> list[Head]:
        return [Head(job, *row) for row in connection.execute(_SELECT_UPDATES + " ORDER BY version", (job,))]

    def _standing(self, connection: sqlite3.Connection, job: str) -> Head:
        """The last update that changed what was read."""
        updates = self._updates(connection, job)
        return next((head for head in reversed(updates) if head.kind != "start"), updates[-1])

    def _update(
        self, connection: sqlite3.Connection, job: str, kind: str, run_id: str | None, run: int, attempt: int
    ) -> Head:
        before = self._head(connection, job)
        moment = datetime.now(UTC).isoformat(timespec="milliseconds")
        made = Head(job, before.version + 1 if before else 1, kind, run_id, run, attempt, moment)
        connection.execute(
            "INSERT INTO updates SELECT id, ?, ?, ?, ?, ?, ? FROM jobs WHERE name = ?",
            (made.version, kind, run_id, run, attempt, moment, job),
        )
        return made

    def _contexts(self, connection: sqlite3.Connection, job: str) -> dict[str, int]:
        query = "SELECT c.name, c.id FROM contexts c JOIN jobs j ON j.id = c.job WHERE j.name = ? ORDER BY c.name"
        return dict(connection.execute(query, (job,)).fetchall())

    def _chosen(self, connection: sqlite3.Connection, job: str, context: str | None) -> dict[str, int]:
        known = self._contexts(connection, job)
        if context is None:
            return known
        if context not in known:
            raise BookmarkError(
                f"The bookmark of the job {job!r} has no transformation_ctx {context!r}.", available=known
            )
        return {context: known[context]}

    def _context(self, connection: sqlite3.Connection, job: str, name: str) -> int:
        connection.execute(
            "INSERT OR IGNORE INTO contexts (job, name) SELECT id, ? FROM jobs WHERE name = ?", (name, job)
        )
        return self._contexts(connection, job)[name]

    def _state(self, connection: sqlite3.Connection, name: str, context: int, version: int) -> ContextState:
        query = (
            "SELECT version, files, keys FROM states WHERE context = ? AND version <= ? ORDER BY version DESC LIMIT 1"
        )
        made, files, text = connection.execute(query, (context, version)).fetchone() or (0, 0, None)
        try:
            return ContextState(name, made, files, None if text is None else keys_from_text(text))
        except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError) as error:
            raise schema.damaged(self.path, f"the keys {text!r} cannot be read") from error

    def _set_state(
        self,
        connection: sqlite3.Connection,
        context: int,
        version: int,
        keys: Mapping[str, Any] | None,
        forget: bool = False,
    ) -> None:
        """Note the state of a context at its newest version; without keys, those there were stay unless forgotten."""
        before = None if forget else self._state(connection, "", context, version).keys
        text = keys_to_text({**(before or {}), **keys}) if keys else (keys_to_text(before) if before else None)
        query = "SELECT count(*) FROM files WHERE context = ? AND until IS NULL"
        (files,) = connection.execute(query, (context,)).fetchone()
        connection.execute("INSERT INTO states VALUES (?, ?, ?, ?)", (context, version, files, text))


_SELECT_UPDATES = (
    "SELECT version, kind, run_id, run, attempt, moment FROM updates JOIN jobs ON jobs.id = updates.job "
    "WHERE jobs.name = ?"
)


def _unknown(job: str, names: list[str]) -> BookmarkError:
    return BookmarkError(
        f"EntityNotFoundException: The job {job!r} has no bookmark.",
        available=names,
        hint="a job gets one when it runs with --job-bookmark-option job-bookmark-enable",
    )


def _moved(head: Head, now: Head | None) -> BookmarkError:
    what = "is gone" if now is None else f"is at version {now.version} by a {now.kind} of {now.moment}"
    return BookmarkError(
        f"VersionMismatchException: The bookmark of the job {head.job!r} was at version {head.version} when the run "
        f"{head.run_id!r} began, and {what}. Nothing of this run is committed.",
        hint="run the job again: it reads by the bookmark as it is now",
    )


def _stored(path: str) -> str | bytes:
    # A name that is no UTF-8 has no text in SQLite.
    return path if path.isascii() else _stored_encoded(path)


def _stored_encoded(path: str) -> str | bytes:
    encoded = path.encode("utf-8", "surrogateescape")
    try:
        encoded.decode()
    except UnicodeDecodeError:
        return encoded
    return path


def _insert(connection: sqlite3.Connection, context: int, version: int, files: Iterable[FileVersion]) -> None:
    """New entries in one pass, then the end of those they replace in another."""
    rows = ((context, _stored(file.uri), file.modified, file.size, version) for file in files)
    connection.executemany("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, NULL)", rows)
    connection.execute(
        "UPDATE files SET until = ? WHERE context = ? AND until IS NULL AND since < ? AND EXISTS ("
        "SELECT 1 FROM files AS n WHERE n.context = files.context AND n.path = files.path AND n.since = ?)",
        (version, context, version, version),
    )


def _close(connection: sqlite3.Connection, context: int, version: int, since: int) -> None:
    """End all entries that are younger than a version."""
    query = "UPDATE files SET until = ? WHERE context = ? AND until IS NULL AND since > ?"
    connection.execute(query, (version, context, since))


def _reopen(connection: sqlite3.Connection, context: int, version: int, target: int) -> None:
    """Bring back the entries of an earlier version that have ended since."""
    connection.execute(
        "INSERT INTO files SELECT context, path, modified, size, ?, NULL FROM files "
        "WHERE context = ? AND since <= ? AND until > ?",
        (version, context, target, target),
    )
