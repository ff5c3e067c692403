"""A clean end for a run with streams: the batch that runs ends and is committed, and no other one begins.

Without it a signal would end the script in the middle of a batch. Its own half-written output is taken back, but what
the batch function had finished would be there, and would come once more when the next run repeats the batch.
"""

from __future__ import annotations

import functools
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from glue_etl.errors import JobError

__all__ = ["StreamGate", "StreamStop", "clean_stop"]

_POLL_SECONDS = 0.05
_STOP_SECONDS = 5.0


class StreamStop(KeyboardInterrupt):
    """Ends the script once its streams stand still.

    Scripts, and awsglue's loop of retries, let a KeyboardInterrupt pass; py4j gives its connection up for one.
    """


class StreamGate:
    """Every batch function of the process passes here, so that a stop can wait for those that run and hold the rest.

    Args:
        announce: Called when the first stream is about to start and a SIGTERM will be heeded.
    """

    def __init__(self, announce: Callable[[], None]) -> None:
        self._announce = announce
        self._heeding = False
        self._stopping = False
        self._ended = False
        self._queries: list[Any] = []
        self._changed = threading.Condition()
        self._running = 0
        self._held = 0
        self._closed = False
        self._released = False

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Run a batch function in this block.

        Raises:
            JobError: The gate has been closed; the batch has not begun.
        """
        with self._changed:
            if self._closed:
                self._held += 1
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._released)
                raise JobError("The run is being stopped: the batch was not begun, and comes with the next run.")
            self._running += 1
        try:
            yield
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    def about_to_start(self) -> None:
        """A stream is about to start.

        Raises:
            StreamStop: The run is being stopped.
        """
        if self._closed:
            self._end()
        mine = threading.current_thread() is threading.main_thread()
        if not self._heeding and mine and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            self._heeding = True
            signal.signal(signal.SIGTERM, self._on_signal)
            self._announce()

    def started(self, query: Any) -> None:
        """A stream has started."""
        self._queries = [*(each for each in self._queries if _active(each)), query]

    def over(self) -> None:
        """The script has ended: from now on a signal ends the process at once."""
        self._ended = True

    def _end(self) -> None:
        self._ended = True
        raise StreamStop

    def _on_signal(self, number: int, frame: object) -> None:
        if self._stopping:
            # By `_drain`: all is still.
            if not self._ended:
                self._end()
            return
        self._stopping = True
        if self._ended:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.killpg(os.getpgrp(), signal.SIGTERM)
        # Not here: the main thread may be in the middle of a call into the JVM.
        threading.Thread(target=self._drain, name="glue-etl-drain", daemon=True).start()

    def _drain(self) -> None:
        print("Stopping: the batch that runs ends, no other one begins.", file=sys.stderr, flush=True)
        with self._changed:
            self._closed = True
            self._changed.wait_for(lambda: self._running == 0)
        with suppress(Exception):
            self._await_commits()
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)

    def _await_commits(self) -> None:
        """Wait until each query has committed its batch: it is idle, has reported one more, or is held at the gate."""
        before = {id(query): _last_batch(query) for query in self._queries}
        while True:
            busy = [
                query
                for query in self._queries
                if _active(query) and query.status["isTriggerActive"] and _last_batch(query) == before[id(query)]
            ]
            with self._changed:
                if len(busy) <= self._held:
                    return
            time.sleep(_POLL_SECONDS)

    def stop_queries(self) -> None:
        """Stop what is still active; batches that are held end without having begun."""
        active = [query for query in self._queries if _active(query)]
        threads = [threading.Thread(target=_stop, args=(query,), daemon=True) for query in active]
        for thread in threads:
            thread.start()
        until = time.monotonic() + _STOP_SECONDS
        # Spark takes no notice of the error of a batch whose query has been told to stop.
        while any(_active(query) for query in active) and time.monotonic() < until:
            time.sleep(_POLL_SECONDS)
        with self._changed:
            self._released = True
            self._changed.notify_all()
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))


def _active(query: Any) -> bool:
    with suppress(Exception):
        return bool(query.isActive)
    return False


def _last_batch(query: Any) -> Any:
    progress = query.lastProgress
    return progress["batchId"] if progress else None


def _stop(query: Any) -> None:
    with suppress(Exception):
        query.stop()


@contextmanager
def clean_stop(announce: Callable[[], None]) -> Iterator[None]:
    """Let a SIGTERM to this process wait for the batches of its streams.

    Args:
        announce: Called when the first stream is about to start; from then on a SIGTERM is heeded.

    Raises:
        StreamStop: The process got one, and its streams stand still.
    """
    from pyspark.sql.streaming.readwriter import DataStreamWriter

    gate = StreamGate(announce)
    writer: Any = DataStreamWriter
    before = {name: getattr(writer, name) for name in ("foreachBatch", "start", "toTable")}

    @functools.wraps(before["foreachBatch"])
    def for_each_batch(self: Any, func: Any) -> Any:
        if not callable(func):
            return before["foreachBatch"](self, func)

        @functools.wraps(func)
        def gated(df: Any, batch_id: int) -> None:
            with gate.batch():
                func(df, batch_id)

        return before["foreachBatch"](self, gated)

    def starting(name: str) -> Callable[..., Any]:
        @functools.wraps(before[name])
        def start(self: Any, *args: Any, **kwargs: Any) -> Any:
            gate.about_to_start()
            query = before[name](self, *args, **kwargs)
            gate.started(query)
            return query

        return start

    writer.foreachBatch, writer.start, writer.toTable = for_each_batch, starting("start"), starting("toTable")
    try:
        yield
    except StreamStop:
        gate.stop_queries()
        raise
    finally:
        gate.over()
        for name, function in before.items():
            setattr(writer, name, function)
