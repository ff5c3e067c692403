"""A bookmark as the JSON that AWS documents, made from the tables.

Sources: "Using job bookmarks" in the AWS Glue guide (a job's states by transformation context, with run, attempt and
version) and the API's JobBookmarkEntry,
https://docs.aws.amazon.com/glue/latest/webapi/API_JobBookmarkEntry.html
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from glue_etl.engine.bookmarks.state import ContextState, Head, plain_keys
from glue_etl.engine.bookmarks.store import BookmarkStore

__all__ = ["document", "entry"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def document(store: BookmarkStore, head: Head, context: str | None = None) -> dict[str, Any]:
    """The state of a job's bookmark at one of its updates.

    Args:
        store: The bookmarks.
        head: One of `store.history(job)`.
        context: Only this transformation_ctx, and then with each of its files; None for all, with their number.

    Returns:
        `job_name`, `version`, `run_id`, `previous_run_id`, `run_number`, `attempt_number` and `states` by context.

    Raises:
        BookmarkError: The file is damaged, or has no such context at that time.
    """
    history = store.history(head.job)
    # After a rewind the run before is the one before that which was gone back to.
    until = next(
        (each.version for each in history if each.kind == "commit" and each.run_id == head.run_id), head.version
    )
    earlier = [each.run_id for each in history if each.kind == "commit" and each.version < until]
    states = store.contexts(head.job, head.version, context)
    found: dict[str, Any] = {
        "job_name": head.job,
        "version": head.version,
        "run_id": head.run_id,
        "previous_run_id": earlier[-1] if earlier else None,
        "run_number": head.run,
        "attempt_number": head.attempt,
        "states": {state.name: _state(state, history) for state in states},
    }
    if context is not None:
        with store.files(head.job, context, head.version) as files:
            found["states"][context]["files"] = [
                {"path": path, "modified": _moment(modified), "size": size} for path, modified, size in files
            ]
    return found


def entry(store: BookmarkStore, head: Head) -> dict[str, Any]:
    """The same as the API's JobBookmarkEntry, which has the states as a text of JSON."""
    found = document(store, head)
    named = {
        "JobName": found["job_name"],
        "Version": found["version"],
        "Run": found["run_number"],
        "Attempt": found["attempt_number"],
        "PreviousRunId": found["previous_run_id"],
        "RunId": found["run_id"],
        "JobBookmark": json.dumps(found["states"], ensure_ascii=False),
    }
    return {name: value for name, value in named.items() if value is not None}


def _state(state: ContextState, history: list[Head]) -> dict[str, Any]:
    if state.keys is not None:
        keys = {"keys": plain_keys(state.keys)}
        return {**_files(state, history), **keys} if state.files else keys
    return _files(state, history)


def _files(state: ContextState, history: list[Head]) -> dict[str, Any]:
    made = next((head for head in history if head.version == state.version), None)
    # The last update before a commit that is a start is the start of the run that committed.
    starts = [head.moment for head in history if head.kind == "start" and head.version <= state.version]
    began = starts[-1] if starts else ""
    return {
        # As AWS names it; the files themselves are kept here, so there is no band of time around the last run.
        "jsonClass": "HadoopDataSourceJobBookmarkState",
        "timestamps": {
            "RUN": str(made.run if made else 0),
            "HIGH_BAND": "0",
            "CURR_LATEST_PARTITION": "0",
            "CURR_LATEST_PARTITIONS": "",
            "CURR_RUN_START_TIME": began.replace("+00:00", "Z"),
            "INCLUDE_LIST": "",
        },
        "files": state.files,
    }


def _moment(nanoseconds: int) -> str:
    seconds, rest = divmod(nanoseconds, 10**9)
    return f"{(_EPOCH + timedelta(seconds=seconds)).strftime('%Y-%m-%dT%H:%M:%S')}.{rest:09d}Z"
