"""A script's process seen from outside: start it, pass its output on, hear its reports, and leave nothing behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType
from typing import IO, Any, BinaryIO

from glue_etl.engine.progress import Renderer
from glue_etl.engine.run_records import RunFolder

__all__ = ["Ended", "Process"]

# How long Spark gets to end by itself: its shutdown hooks remove its temporary files.
_GRACE_SECONDS = 10.0
# How long the running batch of a stream gets to end: AWS Glue's own window is 100 seconds.
_BATCH_SECONDS = 120.0
_WAITING = b"Stopping after the batch that runs. Once more to stop at once.\n"
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class Ended:
    """How the process ended.

    Attributes:
        returncode: As `subprocess` gives it: negative for a signal.
        outcome: What the process reported of its script; None if it ended before the script's end.
        stopped_by: The signal this process got, if that is why; else 0.
    """

    returncode: int
    outcome: dict[str, Any] | None
    stopped_by: int


class Process:
    """One run's process, in a session of its own so that all its children can be ended together.

    Args:
        environment: All its variables.
        folder: Where `output.log` and `error.log` go.
        renderer: Draws the progress it reports.
        stdout: Where its output goes besides the log; default this process's own.
        verbose: Copy its errors to stderr too.
        directory: Its working directory; default this process's own.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        folder: RunFolder,
        renderer: Renderer,
        *,
        stdout: BinaryIO | None,
        verbose: bool,
        directory: Path | None = None,
    ) -> None:
        self._environment = environment
        self._folder = folder
        self._renderer = renderer
        self._stdout = stdout if stdout is not None else getattr(sys.stdout, "buffer", None)
        self._verbose = verbose
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None
        self._outcome: dict[str, Any] | None = None
        self._stopped_by = 0
        self._streaming = False

    def run(self, task: Mapping[str, Any]) -> Ended:
        """Run to the end.

        Args:
            task: What `glue_etl.engine.child` reads from its socket.
        """
        ours, theirs = socket.socketpair()
        with ours, self._heeding_signals(), (self._folder.path / "error.log").open("ab") as errors:
            command = [sys.executable, "-P", "-m", "glue_etl.engine.child", str(theirs.fileno()), task["script"]]
            with theirs:
                self._process = process = subprocess.Popen(
                    command,
                    env=dict(self._environment),
                    cwd=self._directory,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE if self._verbose else errors,
                    pass_fds=(theirs.fileno(), self._folder.lock.fileno()),
                    start_new_session=True,
                )
            threads = self._start_threads(process, ours, errors)
            try:
                if self._stopped_by:
                    self._signal(signal.SIGTERM)
                with suppress(OSError):
                    ours.sendall((json.dumps(task) + "\n").encode())
                process.wait()
            finally:
                self._end(process, threads)
        return Ended(process.returncode, self._outcome, self._stopped_by)

    def _start_threads(
        self, process: subprocess.Popen[bytes], link: socket.socket, errors: IO[bytes]
    ) -> list[threading.Thread]:
        output = (self._folder.path / "output.log").open("ab")
        jobs: list[Callable[[], None]] = [lambda: self._copy(process.stdout, output, self._stdout, close=True)]
        if self._verbose:
            jobs.append(lambda: self._copy(process.stderr, errors, getattr(sys.stderr, "buffer", None)))
        jobs.append(lambda: self._listen(link))
        threads = [threading.Thread(target=job, name="glue-etl-run", daemon=True) for job in jobs]
        for thread in threads:
            thread.start()
        return threads

    def _copy(self, source: IO[bytes] | None, log: IO[bytes], screen: BinaryIO | None, *, close: bool = False) -> None:
        """Copy a pipe as it fills; a screen that is gone does not stop the log."""
        assert source is not None
        while chunk := os.read(source.fileno(), 65536):
            log.write(chunk)
            log.flush()
            if screen is not None:
                try:
                    self._renderer.above(partial(_show, screen, chunk))
                except (OSError, ValueError):
                    screen = None
        source.close()
        if close:
            log.close()

    def _listen(self, link: socket.socket) -> None:
        with suppress(OSError, ValueError), link.makefile("rb") as lines:
            for line in lines:
                event = json.loads(line)
                kind = event.pop("event")
                if kind == "outcome":
                    self._outcome = event
                elif kind == "streaming":
                    self._streaming = True
                elif kind == "progress":
                    self._renderer.update(event)

    def _end(self, process: subprocess.Popen[bytes], threads: list[threading.Thread]) -> None:
        """Wait for the JVM too: its end closes the output pipe. What is left after a while is killed."""
        if process.poll() is None:
            self._signal(signal.SIGKILL)
            process.wait()
        for thread in threads:
            thread.join(timeout=_GRACE_SECONDS)
        self._signal(signal.SIGKILL)
        for thread in threads:
            thread.join(timeout=_GRACE_SECONDS)
        self._renderer.close()

    def _signal(self, number: int) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)

    def _ask(self) -> threading.Timer:
        """Ask the process to end, and give it time: a job with streams as long as its batch may take."""
        seconds = _BATCH_SECONDS if self._streaming else _GRACE_SECONDS
        timer = threading.Timer(seconds, self._signal, [signal.SIGKILL])
        timer.daemon = True
        timer.start()
        if self._streaming and self._process is not None:
            # Its JVM has to live as long as the batch.
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGTERM)
            with suppress(OSError):
                os.write(2, _WAITING)
        else:
            self._signal(signal.SIGTERM)
        return timer

    @contextmanager
    def _heeding_signals(self) -> Iterator[None]:
        """Pass a signal to stop on: the first asks, a second one or the end of patience kills."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def stop(number: int, frame: FrameType | None) -> None:
            if self._stopped_by:
                self._signal(signal.SIGKILL)
                return
            self._stopped_by = number
            patience.append(self._ask())

        patience: list[threading.Timer] = []
        before = {number: signal.signal(number, stop) for number in _SIGNALS}
        try:
            yield
        finally:
            for timer in patience:
                timer.cancel()
            for number, handler in before.items():
                signal.signal(number, handler)


def _show(screen: BinaryIO, data: bytes) -> None:
    screen.write(data)
    screen.flush()
