"""Which version of a bookmark a run's id stands for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from glue_etl.engine.bookmarks.state import Head
from glue_etl.engine.bookmarks.store import BookmarkStore
from glue_etl.engine.run_records import read_runs
from glue_etl.errors import OptionError

__all__ = ["version_of"]

_SHOWN = 10


def version_of(store: BookmarkStore, logs_dir: Path | None, job: str, run_id: str) -> Head:
    """The update that holds what was processed "until the last successful run before and including" a run.

    A run that committed stands for its last commit; one that did not, for what stood when it began. Runs without
    bookmarks are found by their records.

    Args:
        store: The bookmarks.
        logs_dir: `Settings.logs_dir`; None if there are no records.
        job: The job's name.
        run_id: As `JOB_RUN_ID` and `run.json` have it.

    Raises:
        OptionError: The job has no such run, or it ended before the job had a bookmark.
        BookmarkError: The state is damaged.
    """
    history = store.history(job)
    # The same id may have been given twice: the last one counts.
    mine = [head for head in history if head.run_id == run_id and head.kind in ("start", "commit")]
    if mine:
        return next((head for head in reversed(mine) if head.kind == "commit"), mine[-1])
    record: dict[str, Any] | None = None
    if logs_dir is not None:
        record = next((each for each in read_runs(logs_dir, job) if each.get("run_id") == run_id), None)
    if record is not None and history:
        before = [head for head in history if head.moment <= str(record.get("started"))]
        if before:
            return before[-1]
    runs = list(dict.fromkeys(head.run_id for head in reversed(history) if head.kind == "commit" and head.run_id))
    raise OptionError(
        f"EntityNotFoundException: The bookmark of the job {job!r} has no run {run_id!r}.",
        available=runs[:_SHOWN],
        hint="take one of these, the newest first" if runs else "run the job with job-bookmark-enable first",
    )
