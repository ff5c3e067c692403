"""The bookmarks of the running job: what its sources have still to read, and what it commits.

Source: "Tracking processed data using job bookmarks" in the AWS Glue guide,
https://docs.aws.amazon.com/glue/latest/dg/monitor-continuations.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self, TypeVar

from glue_etl.engine import run_records
from glue_etl.engine.bookmarks.lock import JobLock
from glue_etl.engine.bookmarks.runs import version_of
from glue_etl.engine.bookmarks.state import FileVersion, Head, path_of
from glue_etl.engine.bookmarks.store import BookmarkStore
from glue_etl.errors import OptionError

__all__ = ["FORMATS", "OPTIONS", "Bookmarks"]

OPTIONS = ("job-bookmark-enable", "job-bookmark-disable", "job-bookmark-pause")
ENABLE, DISABLE, PAUSE = OPTIONS

FORMATS = frozenset({"json", "csv", "avro", "xml", "parquet", "glueparquet", "orc"})
"""The formats whose files bookmarks track; of the others AWS Glue reads everything in each run."""


class FileList(Protocol):
    """A listing of files: `engine.io.listing.Listing` as far as it matters here."""

    @property
    def files(self) -> Sequence[FileVersion]:
        """The files."""

    def narrowed(self, keep: Callable[[Any], bool]) -> Self:
        """The listing with some of its files."""


_NUMBERS = "numbers"

_List = TypeVar("_List", bound=FileList)


@dataclass
class _Run:
    """A job between its init and its end.

    Attributes:
        store: The bookmarks.
        job: The job's name.
        head: Where the bookmark stood at init or at the last commit; None if the run commits nothing.
        version: By which version it reads; with a range of runs the last one whose input it takes.
        after: With a range of runs the version whose input is left out; None without.
        lock: Held until the commit; None if the run commits nothing.
        read: The listings that were read since, by context.
        keys: The keys that were advanced since, by context.
    """

    store: BookmarkStore
    job: str
    head: Head | None
    version: int
    after: int | None = None
    lock: JobLock | None = None
    read: dict[str, list[Sequence[FileVersion]]] = field(default_factory=dict)
    keys: dict[str, dict[str, Any]] = field(default_factory=dict)


class Bookmarks:
    """Asked by every source; does nothing before a job begins with bookmarks on.

    Args:
        state_dir: `Settings.state_dir`; None for bookmarks that stay off.
        logs_dir: `Settings.logs_dir`, where runs are found that had no bookmarks.
    """

    def __init__(self, state_dir: Path | None = None, logs_dir: Path | None = None) -> None:
        self._state_dir = state_dir
        self._logs_dir = logs_dir
        self._run: _Run | None = None

    def begin(self, job: str, arguments: Mapping[str, Any]) -> None:
        """Begin a run; one that went on in this process before is over, without a commit.

        Args:
            job: The job's name; two names that differ in case are two jobs.
            arguments: What `getResolvedOptions` gave, or the same names as they stand on a command line.

        Raises:
            ConcurrentRunsExceededException: Another run of the job goes on with bookmarks enabled.
            BookmarkError: The state is damaged, or cannot be reached.
            OptionError: An option or a run id that does not exist.
        """
        self.end()
        given = {str(name).lstrip("-").replace("-", "_"): value for name, value in arguments.items()}
        option = given.get("job_bookmark_option") or DISABLE
        first, last = given.get("job_bookmark_from"), given.get("job_bookmark_to")
        _check(option, first, last)
        if option == DISABLE or self._state_dir is None:
            return
        store = BookmarkStore(self._state_dir)
        if option == ENABLE:
            lock = JobLock(self._state_dir, job)
            try:
                head = store.start(job, str(given.get("JOB_RUN_ID") or run_records.new_run_id()))
            except BaseException:
                lock.release()
                raise
            self._run = _Run(store, job, head, head.version, lock=lock)
        elif first is None:
            history = store.history(job)
            self._run = _Run(store, job, None, history[-1].version if history else 0)
        else:
            after, version = (version_of(store, self._logs_dir, job, str(each)) for each in (first, last))
            if after.version > version.version:
                raise OptionError(
                    f"--job-bookmark-from {first!r} is a later run than --job-bookmark-to {last!r}.",
                    hint="give the earlier run as the first one",
                )
            self._run = _Run(store, job, None, version.version, after=after.version)

    def commit(self) -> None:
        """Put down what was read since `begin`, or since the last commit; nothing if the run only reads.

        Raises:
            BookmarkError: The bookmark has moved since, or cannot be written. Nothing is changed then.
        """
        run = self._run
        if run is None or run.head is None:
            return
        if run.head.kind == "commit" and not run.read and not run.keys:
            return
        run.head = run.store.commit(run.head, run.read, run.keys)
        run.version = run.head.version
        run.read, run.keys = {}, {}
        if run.lock is not None:
            # Nothing is left that a next run could read twice; should this one read on, its commit looks again.
            run.lock.release()

    def end(self) -> None:
        """Give up what was not committed."""
        if self._run is not None and self._run.lock is not None:
            self._run.lock.release()
        self._run = None

    def tracks(self, transformation_ctx: str) -> bool:
        """Whether a source of that name is read by its bookmark."""
        return self._run is not None and bool(transformation_ctx)

    # --- sources of files

    def new_files(self, transformation_ctx: str, listing: _List) -> _List:
        """What of a listing is still to be read.

        A file is new if the bookmark has no entry with its path, modification time and size.

        Raises:
            BookmarkError: The state is damaged.
        """
        run = self._run
        if run is None or not transformation_ctx or not listing.files:
            return listing
        known = self._among(run, transformation_ctx, listing.files, run.version)
        if run.after is None:
            return listing.narrowed(lambda file: file.uri not in known) if known else listing
        before = self._among(run, transformation_ctx, listing.files, run.after)
        return listing.narrowed(lambda file: file.uri in known and file.uri not in before)

    def read(self, transformation_ctx: str, listing: FileList) -> None:
        """Note what a source takes in this run, as it was listed: a file that changes from now on is read again."""
        if self._run is not None and self._run.head is not None and transformation_ctx:
            self._run.read.setdefault(transformation_ctx, []).append(listing.files)

    @staticmethod
    def _among(run: _Run, context: str, files: Sequence[FileVersion], version: int) -> set[str]:
        """Paths of those files that have an entry as they are now."""
        listed = {path_of(file): file for file in files}
        found: set[str] = set()
        with run.store.files(run.job, context, version) as entries:
            for path, modified, size in entries:
                file = listed.get(path)
                if file is not None and file.modified == modified and file.size == size:
                    found.add(file.uri)
        return found

    # --- sources with keys

    def keys(self, transformation_ctx: str) -> dict[str, Any] | None:
        """The last values of a JDBC source's keys: what is read comes after them. None to read from the start."""
        run = self._run
        if run is None or not transformation_ctx:
            return None
        version = run.version if run.after is None else run.after
        return run.store.keys(run.job, transformation_ctx, version)

    def last_keys(self, transformation_ctx: str) -> dict[str, Any] | None:
        """The values that a range of runs ends with: what is read does not go beyond. None without a range."""
        run = self._run
        if run is None or not transformation_ctx or run.after is None:
            return None
        return run.store.keys(run.job, transformation_ctx, run.version)

    def numbers(self, transformation_ctx: str, count: int) -> int:
        """Take a range of numbers that no committed run has taken, and this one neither.

        Args:
            transformation_ctx: The name of the transformation that gives the numbers away.
            count: How many.

        Returns:
            The number below the first of them; 0 without bookmarks.
        """
        run = self._run
        if run is None or not transformation_ctx:
            return 0
        taken = run.keys.get(transformation_ctx) or self.keys(transformation_ctx) or {}
        start = int(taken.get(_NUMBERS, 0))
        run.keys.setdefault(transformation_ctx, {})[_NUMBERS] = start + count
        return start

    def advance(self, transformation_ctx: str, keys: Mapping[str, Any]) -> None:
        """Note how far a JDBC source was read in this run.

        Args:
            transformation_ctx: The source's name.
            keys: Last value by column: numbers, texts, dates and timestamps.
        """
        if self._run is not None and self._run.head is not None and transformation_ctx:
            self._run.keys.setdefault(transformation_ctx, {}).update(keys)


def _check(option: Any, first: Any, last: Any) -> None:
    if option not in OPTIONS:
        raise OptionError(f"The job argument job_bookmark_option is {option!r}.", available=OPTIONS)
    if (first is None) != (last is None):
        given = "job-bookmark-from" if last is None else "job-bookmark-to"
        raise OptionError(f"--{given} is only one end of a range.", hint="give both ends, or neither")
    if first is not None and option != PAUSE:
        raise OptionError(f"A range of runs goes with {PAUSE!r}, not with {option!r}.", hint="leave the range out")
