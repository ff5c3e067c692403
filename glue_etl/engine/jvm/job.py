"""The JVM's Job object and GlueLogger."""

from __future__ import annotations

import logging
from typing import Any

from glue_etl.engine.bookmarks import Bookmarks
from glue_etl.engine.context import RunningJob
from glue_etl.errors import JobError

__all__ = ["GlueLogger", "JobControl"]


class JobControl:
    """The one job of a process: initialised once, committed at the end.

    Args:
        bookmarks: What the sources of this process are read by; off if None.
    """

    def __init__(self, bookmarks: Bookmarks | None = None) -> None:
        self._name: str | None = None
        self.bookmarks = bookmarks or Bookmarks()
        self.running = RunningJob()
        self.commits = 0

    def init(self, name: str, spark: Any, arguments: Any = None) -> None:
        """Begin the job; one that was begun before ends without a commit.

        Args:
            name: The job's name.
            spark: The Java session, which is not needed here.
            arguments: What `getResolvedOptions` gave.

        Raises:
            JobError: The name is missing, or another run of the job goes on.
            BookmarkError: The state of its bookmarks is damaged.
            OptionError: An option of the bookmarks, or a run that it names, does not exist.
        """
        if not name:
            raise JobError("Job.init was called without a job name.", hint="pass args['JOB_NAME']")
        self._name = None
        self.bookmarks.begin(str(name), dict(arguments or {}))
        self._name = name
        self.running.name, self.running.run_id = str(name), str(dict(arguments or {}).get("JOB_RUN_ID") or "")

    def isInitialized(self) -> bool:
        """Whether `init` was called."""
        return self._name is not None

    def commit(self) -> None:
        """End the job's work: what its sources have read is put down in the bookmark.

        Raises:
            JobError: `init` was not called.
            BookmarkError: The bookmark was changed by others since `init`, or cannot be written.
        """
        if self._name is None:
            raise JobError("Job.commit was called before Job.init.", hint="call job.init(args['JOB_NAME'], args)")
        self.bookmarks.commit()
        self.commits += 1


class GlueLogger:
    """`glueContext.get_logger()`: to the run's error log, as Glue 5 does."""

    def __init__(self) -> None:
        self._logger = logging.getLogger("GlueLogger")

    def info(self, message: Any) -> None:
        """Log at INFO."""
        self._logger.info("%s", message)

    def warn(self, message: Any) -> None:
        """Log at WARN."""
        self._logger.warning("%s", message)

    def error(self, message: Any) -> None:
        """Log at ERROR."""
        self._logger.error("%s", message)

    def debug(self, message: Any) -> None:
        """Log at DEBUG."""
        self._logger.debug("%s", message)
