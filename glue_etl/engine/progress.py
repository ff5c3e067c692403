"""Progress of Spark's stages: watched inside the script's process, drawn by the process that started it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, TextIO

__all__ = ["Renderer", "Watcher"]

_BAR = 24
_CLEAR = "\r\x1b[K"


class Watcher:
    """A thread that looks at the running SparkContext's stages and sends what it sees.

    It asks Spark's status tracker, some ten calls of a fraction of a millisecond at each look, and nothing else.

    Args:
        send: Gets a snapshot: `job_stages`, `running` and `finished`, the latter two lists of stages with `id`,
            `name`, `done` and `total` tasks.
        period: Seconds between two looks.
    """

    def __init__(self, send: Callable[[Mapping[str, Any]], None], period: float) -> None:
        self._send = send
        self._period = period
        self._stop = threading.Event()
        self._seen: dict[int, dict[str, Any]] = {}
        self._thread = threading.Thread(target=self._run, name="glue-etl-progress", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """End, waiting for a look that is under way: nothing may call Spark while it stops."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def _run(self) -> None:
        while not self._stop.wait(self._period):
            try:
                snapshot = self._look()
            except Exception:
                # A context that is just starting or stopping answers with all kinds of errors; the next look will do.
                continue
            if snapshot is not None:
                self._send(snapshot)

    def _look(self) -> dict[str, Any] | None:
        from pyspark import SparkContext

        context = SparkContext._active_spark_context
        if context is None or context._jsc is None:
            return None
        tracker = context.statusTracker()
        active = [int(stage) for stage in tracker.getActiveStageIds()]
        if not active and not self._seen:
            return None
        jobs = [info for job in tracker.getActiveJobsIds() if (info := tracker.getJobInfo(int(job)))]
        running = [found for stage in sorted(active) if (found := _stage(tracker, stage))]
        ended = [_stage(tracker, stage) or last for stage, last in self._seen.items() if stage not in active]
        self._seen = {stage["id"]: stage for stage in running}
        stages = sorted({int(stage) for info in jobs for stage in info.stageIds})
        return {"job_stages": stages, "running": running, "finished": ended}


def _stage(tracker: Any, stage: int) -> dict[str, Any] | None:
    info = tracker.getStageInfo(stage)
    if info is None:
        return None
    return {
        "id": stage,
        "name": str(info.name).split(" at ")[0],
        "done": int(info.numCompletedTasks),
        "total": int(info.numTasks),
    }


class Renderer:
    """Draws progress: one line that is redrawn on a terminal, and a line now and then elsewhere.

    Args:
        out: Where to draw, such as `sys.stderr`.
        quiet: Draw nothing.
        every: Seconds between two plain lines of which neither ends a long stage.
    """

    def __init__(self, out: TextIO, *, quiet: bool = False, every: float = 5.0) -> None:
        self._out = out
        self._quiet = quiet
        self._every = every
        self._tty = not quiet and out.isatty()
        self._start = self._last = time.monotonic()
        self._drawn = ""
        self._lock = threading.RLock()

    @property
    def period(self) -> float:
        """Seconds between two looks that suit this output; 0 if none are needed."""
        return 0.0 if self._quiet else 0.2 if self._tty else 1.0

    def update(self, snapshot: Mapping[str, Any]) -> None:
        """Show a `Watcher`'s snapshot."""
        if self._quiet:
            return
        with self._lock:
            if self._tty:
                self._redraw(self._bar(snapshot))
            else:
                self._line(snapshot)

    def above(self, write: Callable[[], None]) -> None:
        """Run `write`, which prints to the same terminal, with the bar out of its way."""
        with self._lock:
            if self._drawn:
                self._put(_CLEAR)
            write()
            if self._drawn:
                self._put(self._drawn)

    def close(self) -> None:
        """Take the bar away for good."""
        with self._lock:
            if self._drawn:
                self._put(_CLEAR)
            self._drawn = ""
            self._quiet = True

    def _redraw(self, text: str) -> None:
        if text != self._drawn:
            self._put(_CLEAR + text)
            self._drawn = text

    def _line(self, snapshot: Mapping[str, Any]) -> None:
        now = time.monotonic()
        if now - self._last < self._every:
            return
        stages = [*snapshot["finished"], *snapshot["running"]]
        if stages:
            self._put(_text(stages[-1], snapshot, now - self._start) + "\n")
            self._last = now

    def _bar(self, snapshot: Mapping[str, Any]) -> str:
        if not snapshot["running"]:
            return ""
        stage = snapshot["running"][-1]
        filled = _BAR * stage["done"] // max(1, stage["total"])
        bar = "#" * filled + "." * (_BAR - filled)
        return f"[{bar}] " + _text(stage, snapshot, time.monotonic() - self._start)

    def _put(self, text: str) -> None:
        try:
            self._out.write(text)
            self._out.flush()
        except (OSError, ValueError):
            # The terminal is gone; the run goes on.
            self._quiet = True
            self._drawn = ""


def _text(stage: Mapping[str, Any], snapshot: Mapping[str, Any], elapsed: float) -> str:
    ids: list[int] = snapshot["job_stages"]
    # Stages are numbered over the whole run; a reader wants to know how many this job still has.
    place = f"stage {ids.index(stage['id']) + 1} of {len(ids)}" if stage["id"] in ids else f"stage {stage['id'] + 1}"
    minutes, seconds = divmod(int(elapsed), 60)
    return f"{minutes}:{seconds:02d} {place} ({stage['name']}), {stage['done']} of {stage['total']} tasks"
