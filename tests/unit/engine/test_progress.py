from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any

import pytest

from glue_etl.engine import progress
from glue_etl.engine.progress import Renderer, Watcher


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def stage(number: int, done: int, total: int = 10) -> dict[str, Any]:
    return {"id": number, "name": "count", "done": done, "total": total}


def snapshot(*running: dict[str, Any], finished: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    return {"job_stages": [4, 5], "running": list(running), "finished": list(finished)}


def test_a_bar_on_a_terminal_is_redrawn_in_place_and_taken_away():
    out = Terminal()
    bar = Renderer(out)
    bar.update(snapshot(stage(5, 5)))
    assert out.getvalue() == "\r\x1b[K[############............] 0:00 stage 2 of 2 (count), 5 of 10 tasks"
    bar.close()
    assert out.getvalue().endswith("tasks\r\x1b[K")


def test_the_scripts_output_goes_above_the_bar():
    out = Terminal()
    bar = Renderer(out)
    bar.update(snapshot(stage(5, 5)))
    drawn = out.getvalue()
    bar.above(lambda: out.write("hello\n"))
    assert out.getvalue() == drawn + "\r\x1b[K" + "hello\n" + drawn.removeprefix("\r\x1b[K")


def test_plain_lines_come_at_most_every_few_seconds(monkeypatch: pytest.MonkeyPatch):
    clock = iter([0.0, 1.0, 6.0, 7.0, 12.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    out = io.StringIO()
    lines = Renderer(out)
    lines.update(snapshot(stage(4, 1)))
    lines.update(snapshot(stage(4, 5)))
    lines.update(snapshot(stage(4, 7)))
    lines.update(snapshot(finished=(stage(9, 10),)))
    assert out.getvalue().splitlines() == [
        "0:06 stage 1 of 2 (count), 5 of 10 tasks",
        "0:12 stage 10 (count), 10 of 10 tasks",
    ]


def test_quiet_draws_nothing_and_asks_for_no_looks():
    out = Terminal()
    quiet = Renderer(out, quiet=True)
    quiet.update(snapshot(stage(4, 1)))
    quiet.above(lambda: None)
    quiet.close()
    assert (out.getvalue(), quiet.period) == ("", 0.0)


def test_a_terminal_that_is_gone_does_not_fail_the_run():
    out = Terminal()
    bar = Renderer(out)
    out.close()
    bar.update(snapshot(stage(4, 1)))
    bar.close()


class Tracker:
    """Two looks: stage 1 of job 0 at work, then it is over."""

    def __init__(self) -> None:
        self.active = [1]

    def getActiveStageIds(self) -> list[int]:
        return self.active

    def getActiveJobsIds(self) -> list[int]:
        return [0] if self.active else []

    def getJobInfo(self, job: int) -> Any:
        return SimpleNamespace(stageIds=[0, 1])

    def getStageInfo(self, number: int) -> Any:
        done = 1 if self.active else 4
        return SimpleNamespace(name="count at x.java:0", numCompletedTasks=done, numTasks=4)


def test_a_stage_that_ends_is_reported_once(monkeypatch: pytest.MonkeyPatch):
    from pyspark import SparkContext

    tracker = Tracker()
    context = SimpleNamespace(_jsc=object(), statusTracker=lambda: tracker)
    monkeypatch.setattr(SparkContext, "_active_spark_context", context)
    watcher = Watcher(lambda snapshot: None, 1.0)
    seen = {"id": 1, "name": "count", "done": 1, "total": 4}
    assert watcher._look() == {"job_stages": [0, 1], "running": [seen], "finished": []}
    tracker.active = []
    assert watcher._look() == {"job_stages": [], "running": [], "finished": [{**seen, "done": 4}]}
    assert watcher._look() is None
