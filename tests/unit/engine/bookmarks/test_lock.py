"""The lock of a job over processes: held by a living one, free when it is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from glue_etl.engine.bookmarks.lock import JobLock
from glue_etl.errors import BookmarkError, ConcurrentRunsExceededException

HOLDER = """
import os, sys, time
from pathlib import Path
from glue_etl.engine.bookmarks.lock import JobLock
lock = JobLock(Path(sys.argv[1]), "job")
if os.fork() == 0:
    print("forked", flush=True)
time.sleep(60)
"""


def test_a_killed_process_frees_it_though_a_child_of_it_lives(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, start_new_session=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"forked\n"
        with pytest.raises(ConcurrentRunsExceededException):
            JobLock(tmp_path, "job")
        JobLock(tmp_path, "Job").release()
        process.kill()
        process.wait()
        try:
            JobLock(tmp_path, "job").release()
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def test_a_lock_that_nobody_keeps_is_free_again(tmp_path: Path) -> None:
    JobLock(tmp_path, "job")
    lock = JobLock(tmp_path, "job")
    lock.release()
    lock.release()


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    with pytest.raises(BookmarkError, match="'job' cannot be made"):
        JobLock(tmp_path, "job")
