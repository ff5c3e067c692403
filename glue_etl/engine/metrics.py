"""Rows and bytes that a run reads and writes, as Spark's own stages count them."""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["RETAINED_STAGES", "Meter", "Metrics"]

RETAINED_STAGES = 10_000
"""Stages Spark keeps in its status store (`spark.ui.retainedStages`); the oldest of more are not counted."""

_DRAIN_MILLISECONDS = 5_000


@dataclass(slots=True)
class Metrics:
    """Sums over a run's completed stages.

    Attributes:
        rows_read: Rows that Spark's tasks read from files or caches: what is read again, also from a cache, counts
            again (a stage has one figure for both), and some are read for a schema alone.
        bytes_read: Bytes of them, as the format's reader counts.
        rows_written: Rows written to files.
        bytes_written: Bytes of those files.
        stages: Completed stages.
    """

    rows_read: int = 0
    bytes_read: int = 0
    rows_written: int = 0
    bytes_written: int = 0
    stages: int = 0

    def as_json(self) -> dict[str, int]:
        """The form that `run.json` holds."""
        return asdict(self)


class Meter:
    """Reads the status store of each SparkContext before it stops.

    Nothing is done while the job runs: the cost is five small calls for each stage, at the end.
    """

    def __init__(self) -> None:
        self.metrics = Metrics()
        self._read: set[str] = set()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Read each context that the script stops by itself within the block."""
        from pyspark import SparkContext

        original = SparkContext.stop

        @functools.wraps(original)
        def stop(context: Any) -> None:
            self.read(context)
            original(context)

        SparkContext.stop = stop  # type: ignore[method-assign, assignment]
        try:
            yield
        finally:
            SparkContext.stop = original  # type: ignore[method-assign]

    def read(self, context: Any) -> None:
        """Add up the stages of a running context, once.

        Args:
            context: A SparkContext; one that is stopped or whose JVM is gone adds nothing.
        """
        try:
            application = str(context.applicationId)
            if context._jsc is None or application in self._read:
                return
            self._read.add(application)
            self._add(context._jsc.sc())
        except Exception as error:
            # The figures are worth less than the script's own end, which must not fail for them.
            print(f"glue-etl: the stages' figures could not be read: {error!r}", file=sys.stderr)

    def _add(self, scala_context: Any) -> None:
        # Stage ends reach the store through a queue.
        scala_context.listenerBus().waitUntilEmpty(_DRAIN_MILLISECONDS)
        store = scala_context.statusStore()
        defaults = [getattr(store, f"stageList$default${at}")() for at in (2, 3, 4, 5)]
        stages = store.stageList(None, *defaults)
        for at in range(stages.size()):
            stage = stages.apply(at)
            if str(stage.status()) != "COMPLETE":
                continue
            self.metrics.rows_read += int(stage.inputRecords())
            self.metrics.bytes_read += int(stage.inputBytes())
            self.metrics.rows_written += int(stage.outputRecords())
            self.metrics.bytes_written += int(stage.outputBytes())
            self.metrics.stages += 1
