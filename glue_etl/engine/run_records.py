"""The record of each job run, `<logs>/<job>/<run id>/run.json`, and what a later reader makes of it."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from glue_etl.errors import GlueEtlError

__all__ = [
    "FAILED",
    "RUNNING",
    "STOPPED",
    "SUCCEEDED",
    "RunFolder",
    "is_running",
    "job_dir",
    "new_run_id",
    "now",
    "read_runs",
]

RUNNING = "RUNNING"
SUCCEEDED = "SUCCEEDED"
FAILED = "FAILED"
STOPPED = "STOPPED"

_RECORD = "run.json"
_LOCK = ".lock"
_LONGEST_NAME = 200


def now() -> str:
    """The present moment in UTC, ISO 8601 with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def new_run_id() -> str:
    """A run id of Glue's shape, `jr_...`, that sorts by time."""
    return f"jr_{datetime.now(UTC):%Y%m%dT%H%M%S%f}_{secrets.token_hex(4)}"


def job_dir(logs_dir: Path, job: str) -> Path:
    """The folder of a job's runs: its name, with what no file name may hold written as `%XX`."""
    name = quote(job, safe=" ")
    if name.startswith("."):
        name = "%2E" + name[1:]
    if len(name) > _LONGEST_NAME:
        name = name[:_LONGEST_NAME] + "-" + sha256(job.encode()).hexdigest()[:16]
    return logs_dir / name


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The folder of one run, held under a lock for as long as the run lives.

    Attributes:
        path: The folder, with `output.log`, `error.log` and `run.json`.
        lock: The open lock file. Given to the child too, so that the lock falls only when both are gone.
    """

    path: Path
    lock: IO[bytes]

    @classmethod
    def create(cls, logs_dir: Path, job: str, run_id: str) -> RunFolder:
        """Make the folder of a new run and lock it.

        Raises:
            GlueEtlError: The folder cannot be made.
        """
        path = job_dir(logs_dir, job) / run_id
        try:
            path.mkdir(parents=True)
            lock = (path / _LOCK).open("wb")
        except OSError as error:
            raise GlueEtlError(
                f"The log folder {str(path)!r} cannot be made: {error.strerror}.",
                hint="choose another state folder with --state",
            ) from error
        fcntl.flock(lock, fcntl.LOCK_EX)
        return cls(path, lock)

    def write(self, record: Mapping[str, Any]) -> None:
        """Replace `run.json` in one step: a reader sees the old record or the new one."""
        handle, name = tempfile.mkstemp(dir=self.path, prefix=".run-")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(record, file, indent=2, ensure_ascii=False)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(self.path / _RECORD)

    def close(self) -> None:
        """Give the lock up."""
        (self.path / _LOCK).unlink(missing_ok=True)
        self.lock.close()


def read_runs(logs_dir: Path, job: str) -> list[dict[str, Any]]:
    """The runs of a job, oldest first.

    A record that says RUNNING though nobody holds the run's lock belongs to a process that was killed: it is given
    as FAILED with an error that says so. The file itself is left as it is.

    Args:
        logs_dir: `Settings.logs_dir`.
        job: The job's name.

    Returns:
        The content of each `run.json`, with `log_dir` added. A folder without a readable record is left out.
    """
    runs: list[dict[str, Any]] = []
    for file in sorted(job_dir(logs_dir, job).glob(f"*/{_RECORD}")):
        record = _read(file)
        if record and record.get("state") == RUNNING and not _is_held(file.parent / _LOCK):
            # The run may have ended between the two looks, so the record is read again.
            record = _as_died(_read(file))
        if record:
            runs.append({**record, "log_dir": str(file.parent)})
    return runs


def is_running(logs_dir: Path, run_id: str) -> bool:
    """Whether a process holds the run of that id, of whatever job."""
    return any(_is_held(lock) for lock in logs_dir.glob(f"*/{run_id}/{_LOCK}"))


def _as_died(record: dict[str, Any] | None) -> dict[str, Any] | None:
    if record is None or record.get("state") != RUNNING:
        return record
    message = f"The process {record.get('pid')} of this run died before it could say how the run ended."
    return {**record, "state": FAILED, "error": {"message": message, "type": "ProcessDied"}}


def _read(file: Path) -> dict[str, Any] | None:
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) else None


def _is_held(lock: Path) -> bool:
    try:
        with lock.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False
