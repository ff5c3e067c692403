"""The JVM's Job object and GlueLogger."""

from __future__ import annotations

import logging
from typing import Any

from glue_etl.errors import JobError

__all__ = ["GlueLogger", "JobControl"]


class JobControl:
    """The one job of a process: initialised once, committed at the end."""

    def __init__(self) -> None:
        self._name: str | None = None
        self._arguments: dict[str, Any] = {}
        self.commits = 0

    def init(self, name: str, spark: Any, arguments: Any = None) -> None:
        """Begin the job.

        Raises:
            JobError: The name is missing.
        """
        if not name:
            raise JobError("Job.init was called without a job name.", hint="pass args['JOB_NAME']")
        self._name = name
        self._arguments = {str(key): value for key, value in dict(arguments or {}).items()}

    def isInitialized(self) -> bool:
        """Whether `init` was called."""
        return self._name is not None

    def commit(self) -> None:
        """End the job's work.

        Raises:
            JobError: `init` was not called.
        """
        if self._name is None:
            raise JobError("Job.commit was called before Job.init.", hint="call job.init(args['JOB_NAME'], args)")
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
