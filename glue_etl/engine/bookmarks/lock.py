"""One run of a job at a time, by a lock of the kernel: it falls with the process that holds it, however that ends."""

from __future__ import annotations

import fcntl
import os
import weakref
from hashlib import sha256
from pathlib import Path

from glue_etl.errors import BookmarkError, ConcurrentRunsExceededException

__all__ = ["JobLock"]

_HELD: weakref.WeakSet[JobLock] = weakref.WeakSet()


class JobLock:
    """The lock of one job, held from the making of this object on until `release`.

    Args:
        state_dir: `Settings.state_dir`; the files are in `state/locks` below it and stay there.
        job: The job's name.

    Raises:
        ConcurrentRunsExceededException: Another run holds it.
        BookmarkError: The file cannot be made.
    """

    def __init__(self, state_dir: Path, job: str) -> None:
        # Names that differ in case only are two jobs, though not on every file system two files.
        path = state_dir / "state" / "locks" / f"{sha256(job.encode(errors='surrogateescape')).hexdigest()[:32]}.lock"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise BookmarkError(
                f"The lock of the job {job!r} cannot be made: {error.strerror}: {str(path)!r}.",
                hint="see to the rights of that folder",
            ) from error
        self._close = weakref.finalize(self, os.close, descriptor)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            raise ConcurrentRunsExceededException.of(job, str(path)) from None
        _HELD.add(self)

    def release(self) -> None:
        """Let the next run begin; a second call does nothing."""
        self._close()
        _HELD.discard(self)


def _forget_in_child() -> None:
    # A process that the script forks must not go on holding what its parent held.
    for lock in list(_HELD):
        lock.release()


os.register_at_fork(after_in_child=_forget_in_child)
