"""A stop waits for the batches that run and holds the others; whole runs are in tests/system/test_streams.py."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from glue_etl.engine.run_streams import StreamGate, StreamStop
from glue_etl.errors import JobError


class Query:
    """A query as far as the gate looks at one."""

    def __init__(self, *, busy: bool = False, batch: int = 0) -> None:
        self.isActive = True
        self.status = {"isTriggerActive": busy}
        self.lastProgress = {"batchId": batch}

    def stop(self) -> None:
        self.isActive = False


@pytest.fixture
def gate() -> Iterator[StreamGate]:
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    announced: list[int] = []
    gate = StreamGate(lambda: announced.append(1))
    gate.about_to_start()
    gate.about_to_start()
    assert announced == [1]
    try:
        yield gate
    finally:
        signal.signal(signal.SIGTERM, before)


def stopped_within(seconds: float) -> float:
    """Ask this process to stop as `glue-etl run` does; how long the answer took."""
    began = time.monotonic()
    with pytest.raises(StreamStop):
        signal.raise_signal(signal.SIGTERM)
        time.sleep(seconds)
    return time.monotonic() - began


def test_a_run_whose_streams_are_idle_stops_at_once(gate: StreamGate, capfd: pytest.CaptureFixture[str]) -> None:
    gate.started(Query())
    assert stopped_within(10) < 2
    assert "no other one begins" in capfd.readouterr().err


def test_the_batch_that_runs_ends_first(gate: StreamGate) -> None:
    ended: list[float] = []
    begun = threading.Event()

    def run() -> None:
        with gate.batch():
            begun.set()
            time.sleep(0.5)
            ended.append(time.monotonic())

    batch = threading.Thread(target=run)
    batch.start()
    begun.wait(5)
    stopped_within(10)
    batch.join(5)
    assert ended
    assert ended[0] <= time.monotonic()


def test_its_commit_is_waited_for(gate: StreamGate) -> None:
    query = Query(busy=True, batch=7)
    gate.started(query)
    threading.Timer(0.5, lambda: query.lastProgress.update(batchId=8)).start()
    assert stopped_within(10) >= 0.5


def test_a_batch_that_comes_then_is_held_and_never_begins(gate: StreamGate) -> None:
    query, problems, begun = Query(busy=True), [], []
    gate.started(query)

    def run() -> None:
        time.sleep(0.3)
        try:
            with gate.batch():
                begun.append(1)
        except JobError as error:
            problems.append(str(error))

    batch = threading.Thread(target=run)
    batch.start()
    # The query is busy all the time: that its batch is held at the gate says that the one before was committed.
    assert stopped_within(10) >= 0.3
    gate.stop_queries()
    batch.join(5)
    assert (begun, query.isActive) == ([], False)
    assert "comes with the next run" in problems[0]


def test_a_query_that_ended_is_not_waited_for(gate: StreamGate) -> None:
    query: Any = Query(busy=True)
    query.isActive = False
    gate.started(query)
    assert stopped_within(10) < 2


def test_no_stream_starts_any_more(gate: StreamGate) -> None:
    stopped_within(10)
    with pytest.raises(StreamStop):
        gate.about_to_start()


def test_the_first_stream_of_another_thread_leaves_signals_alone() -> None:
    before = signal.getsignal(signal.SIGTERM)
    announced: list[int] = []
    thread = threading.Thread(target=StreamGate(lambda: announced.append(1)).about_to_start)
    thread.start()
    thread.join()
    assert announced == []
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_script_that_heeds_the_signal_itself_keeps_it() -> None:
    def own(number: int, frame: object) -> None: ...

    before = signal.signal(signal.SIGTERM, own)
    try:
        announced: list[int] = []
        StreamGate(lambda: announced.append(1)).about_to_start()
        assert (announced, signal.getsignal(signal.SIGTERM)) == ([], own)
    finally:
        signal.signal(signal.SIGTERM, before)
