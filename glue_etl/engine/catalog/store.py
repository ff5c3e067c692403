"""One SQLite file of the state directory: one transaction a call, safe for many threads and processes."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from glue_etl.engine.catalog.errors import ApiError
from glue_etl.errors import StateError

__all__ = ["Store"]

# Set in the file's head, so that no other SQLite file is taken for one of ours.
_APPLICATION = 0x676C7565
_VERSION = 1
_PATIENCE_S = 60.0


class Store:
    """A file with its tables, made at the first write.

    Every call opens the file and closes it again: nothing is shared between threads or with a forked process, and a
    state directory that is replaced is seen.

    Args:
        path: The file; its folder is made with it. It is readable for its owner alone.
        schema: The SQL that makes its tables.
    """

    def __init__(self, path: Path, schema: str) -> None:
        self.path = path
        self._schema = schema

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A transaction that sees one state of the file, an empty one if there is no file.

        Raises:
            StateError: The file is damaged or not ours; it is left as it is.
            ApiError: `OperationTimeoutException`, another process holds it for a minute.
        """
        with self._told(), closing(self._opened() if self.path.exists() else self._empty()) as connection:
            connection.execute("BEGIN")
            yield connection

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction that is committed when the block ends, durably, and rolled back if it raises.

        Raises:
            StateError: The file is damaged, not ours or cannot be written; it is left as it is.
            ApiError: `OperationTimeoutException`, another process holds it for a minute.
        """
        with self._told():
            if not self.path.exists():
                self._create()
            with closing(self._opened()) as connection:
                connection.execute("BEGIN IMMEDIATE")
                # Closing without a commit is the rollback.
                yield connection
                connection.execute("COMMIT")

    def _empty(self) -> sqlite3.Connection:
        connection = sqlite3.connect(":memory:", isolation_level=None)
        connection.executescript(self._schema)
        return connection

    def _opened(self) -> sqlite3.Connection:
        # mode=rw: a file that is removed in between must not come back empty.
        connection = sqlite3.connect(
            f"{self.path.as_uri()}?mode=rw", uri=True, timeout=_PATIENCE_S, isolation_level=None
        )
        try:
            self._check(connection)
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA synchronous = FULL")
        except BaseException:
            connection.close()
            raise
        return connection

    def _check(self, connection: sqlite3.Connection) -> None:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if application != _APPLICATION:
            raise self._unusable("it is no file of this library")
        if version != _VERSION:
            raise self._unusable(f"its version is {version}, this glue-etl knows version {_VERSION}")

    def _create(self) -> None:
        """Make the whole file beside its place and link it there: two processes that both do it, do it once."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{self.path.name}-", dir=self.path.parent)
        os.close(handle)
        made = Path(name)
        try:
            with closing(sqlite3.connect(made, isolation_level=None)) as connection:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.executescript(self._schema)
                connection.execute(f"PRAGMA application_id = {_APPLICATION}")
                connection.execute(f"PRAGMA user_version = {_VERSION}")
            self._place(made)
        finally:
            for left in self.path.parent.glob(f"{made.name}*"):
                left.unlink(missing_ok=True)

    def _place(self, made: Path) -> None:
        try:
            with suppress(FileExistsError):
                os.link(made, self.path)
        except OSError:
            # A file system without hard links.
            if not self.path.exists():
                made.rename(self.path)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            if "locked" in str(error) or "busy" in str(error):
                raise ApiError(
                    "OperationTimeoutException",
                    f"{str(self.path)!r} was held by another process for {_PATIENCE_S:.0f} s.",
                ) from None
            raise self._unusable(str(error)) from error
        except (sqlite3.DatabaseError, OSError) as error:
            raise self._unusable(str(error)) from error

    def _unusable(self, why: str) -> StateError:
        return StateError(
            f"The state file {str(self.path)!r} cannot be used: {why}. It was left as it is.",
            hint="move it away to begin anew, or put back a copy",
        )
