"""The bookmarks of all jobs of a state folder: read at any version, changed in one transaction each.

Source: "Tracking processed data using job bookmarks" and "Using job bookmarks" in the AWS Glue guide,
https://docs.aws.amazon.com/glue/latest/dg/monitor-continuations.html and
https://docs.aws.amazon.com/glue/latest/dg/programming-etl-connect-bookmarks.html
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from glue_etl.engine.bookmarks import schema, tables
from glue_etl.engine.bookmarks.state import ContextState, FileVersion, Head

__all__ = ["BookmarkStore"]


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
            return tables.history(connection, job)

    def contexts(self, job: str, version: int, only: str | None = None) -> list[ContextState]:
        """The contexts that have a state at a version, by name; or one of them."""
        if not self.exists():
            return []
        with schema.opened(self.path) as connection:
            chosen = tables.chosen(connection, job, only)
            found = [tables.state_of(connection, name, number, version) for name, number in chosen.items()]
        return [state for state in found if only is not None or state.files or state.keys is not None]

    def standing(self, job: str) -> Head:
        """Where a job's bookmark stands: its last commit, reset or rewind; the first start if there is none.

        Raises:
            BookmarkError: The job has no bookmark.
        """
        if not self.exists():
            raise tables.unknown_job(job, [])
        with schema.opened(self.path) as connection:
            tables.known(connection, job)
            return tables.standing(connection, job)

    def keys(self, job: str, context: str, version: int) -> dict[str, Any] | None:
        """The last values of a JDBC source's keys at a version; None before the first commit."""
        if not self.exists():
            return None
        with schema.opened(self.path) as connection:
            number = tables.contexts(connection, job).get(context)
            return None if number is None else tables.state_of(connection, context, number, version).keys

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
            number = tables.contexts(connection, job).get(context)
            yield () if number is None else tables.files_of(connection, number, version)

    # --- changing

    @contextmanager
    def _changing(self, job: str) -> Iterator[sqlite3.Connection]:
        """One transaction on a job that must have a bookmark."""
        if not self.exists():
            raise tables.unknown_job(job, [])
        with schema.opened(self.path) as connection, schema.writing(connection):
            tables.known(connection, job)
            yield connection

    def start(self, job: str, run_id: str) -> Head:
        """Note that a run begins, and where the bookmark stands then."""
        with schema.opened(self.path) as connection:
            tables.examine(connection)
            with schema.writing(connection):
                connection.execute("INSERT OR IGNORE INTO jobs (name) VALUES (?)", (job,))
                before = tables.history(connection, job)
                done = max((head.run for head in before if head.kind == "commit"), default=0)
                tries = 0
                for head in reversed(before):
                    if head.kind != "start":
                        break
                    tries += 1
                return tables.add_update(connection, job, "start", run_id, done + 1, tries)

    def commit(
        self,
        head: Head,
        read: Mapping[str, Sequence[Sequence[FileVersion]]],
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
            now = tables.head_of(connection, head.job)
            if now is None or now.version != head.version:
                raise tables.moved(head, now)
            made = tables.add_update(connection, head.job, "commit", head.run_id, head.run, head.attempt)
            for name in sorted({*read, *keys}):
                context = tables.context_number(connection, head.job, name)
                for files in read.get(name, ()):
                    tables.insert_files(connection, context, made.version, files)
                before = tables.state_of(connection, name, context, head.version).keys
                tables.put_state(connection, context, made.version, {**(before or {}), **keys.get(name, {})} or None)
        return made

    def reset(self, job: str, context: str | None = None) -> Head:
        """Forget what was read: the next run reads everything.

        Args:
            job: The job's name.
            context: Only this transformation_ctx; None for all.
        """
        with self._changing(job) as connection:
            contexts = tables.chosen(connection, job, context)
            if context is None:
                made = tables.add_update(connection, job, "reset", None, 0, 0)
            else:
                run = tables.standing(connection, job)
                made = tables.add_update(connection, job, "reset", run.run_id, run.run, run.attempt)
            for number in contexts.values():
                tables.close_files(connection, number, made.version, since=0)
                tables.put_state(connection, number, made.version, None)
        return made

    def rewind(self, job: str, target: Head, context: str | None = None) -> Head:
        """Go back to the state at an earlier version: the next run reads what came after it.

        Args:
            job: The job's name.
            target: One of `history(job)`.
            context: Only this transformation_ctx; None for all.
        """
        with self._changing(job) as connection:
            contexts = tables.chosen(connection, job, context)
            run = target if context is None else tables.standing(connection, job)
            made = tables.add_update(connection, job, "rewind", run.run_id, run.run, run.attempt)
            for name, number in contexts.items():
                keys = tables.state_of(connection, name, number, target.version).keys
                tables.close_files(connection, number, made.version, since=target.version)
                tables.reopen_files(connection, number, made.version, target.version)
                tables.put_state(connection, number, made.version, keys)
        return made
