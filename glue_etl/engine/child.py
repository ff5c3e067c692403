"""What runs inside a job's own process: the script as `__main__`, behind the engine, and a report of how it ended.

One socket joins it to the process that started it: down comes what to run, up go progress and the outcome. When
that process dies, even by `kill -9`, the socket closes and this one ends with its whole process group.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

from glue_etl.engine import run_errors
from glue_etl.engine.install import installed, python_shell
from glue_etl.engine.metrics import Meter
from glue_etl.engine.progress import Watcher
from glue_etl.engine.run_parameters import PYTHON_SHELL, STREAMING
from glue_etl.engine.run_streams import StreamStop, clean_stop
from glue_etl.errors import GlueEtlError
from glue_etl.settings import load

__all__ = ["main"]


class _Link:
    """The socket to the process that started this one."""

    def __init__(self, descriptor: int) -> None:
        self._socket = socket.socket(fileno=descriptor)
        self._lock = threading.Lock()
        self._reader = self._socket.makefile("rb")
        self.task: dict[str, Any] = json.loads(self._reader.readline())

    def watch_parent(self) -> None:
        threading.Thread(target=self._die_with_parent, name="glue-etl-parent", daemon=True).start()

    def _die_with_parent(self) -> None:
        with suppress(OSError):
            while self._reader.read(1):
                pass
        os.killpg(os.getpgrp(), signal.SIGKILL)

    def send(self, event: str, body: Mapping[str, Any]) -> None:
        line = json.dumps({"event": event, **body}) + "\n"
        with self._lock, suppress(OSError):
            self._socket.sendall(line.encode())


def main() -> None:
    """Run the script that the parent names, report, and exit with the script's code."""
    link = _Link(int(sys.argv[1]))
    link.watch_parent()
    task = link.task
    # Through a pipe Python would keep the script's output back until its buffer is full.
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    if task["job_type"] == PYTHON_SHELL:
        code, error = _run(task, python_shell())
        _report(link, code, error, Meter())
    meter = Meter()
    watcher = Watcher(lambda snapshot: link.send("progress", snapshot), task["period"]) if task["period"] else None
    if watcher:
        watcher.start()
    with meter.watching():
        code, error = _run(task, _spark_job(task, link))
        if watcher:
            watcher.stop()
        _stop_spark(meter)
    _report(link, code, error, meter)


@contextmanager
def _spark_job(task: Mapping[str, Any], link: _Link) -> Iterator[None]:
    streaming = task["job_type"] == STREAMING
    with installed(load(), streaming_job=streaming), clean_stop(lambda: link.send("streaming", {})):
        yield


def _report(link: _Link, code: int, error: run_errors.RunError | None, meter: Meter) -> NoReturn:
    outcome = {"error": error.as_event() if error else None, "metrics": meter.metrics.as_json(), "exit_code": code}
    _flush()
    link.send("outcome", outcome)
    sys.exit(code)


def _run(task: Mapping[str, Any], surroundings: AbstractContextManager[None]) -> tuple[int, run_errors.RunError | None]:
    """Exit code and error of the script; the full traceback goes to stderr."""
    script: str = task["script"]
    try:
        with surroundings:
            _execute(script, task["argv"])
            _join_threads()
    except SystemExit as end:
        if end.code is None or end.code == 0:
            _join_threads()
            return 0, None
        traceback.print_exception(end.with_traceback(run_errors.strip_frames(end, script)))
        # The shell sees the lowest eight bits only, and a failure must not look like success.
        code = (end.code & 0xFF or 1) if isinstance(end.code, int) else 1
        return code, run_errors.exited(end.code, script, end)
    except StreamStop:
        # Whoever sent the signal knows of it.
        return 128 + signal.SIGTERM, None
    except BaseException as error:
        traceback.print_exception(error.with_traceback(run_errors.strip_frames(error, script)))
        sys.stderr.flush()
        translate = _translator(Path(task["lake"]))
        return 1, run_errors.describe(error, script, translate=translate, error_log=Path(task["error_log"]))
    return 0, None


def _execute(script: str, argv: list[str]) -> None:
    import __main__

    source = Path(script).read_bytes()
    code = compile(source, script, "exec", dont_inherit=True)
    # The real `__main__` and not a copy, so that what the script defines can be pickled for Spark's workers and lives
    # as long as the process.
    namespace = vars(__main__)
    builtins = namespace["__builtins__"]
    namespace.clear()
    namespace.update(
        __name__="__main__", __builtins__=builtins, __file__=script, __doc__=None, __package__=None, __spec__=None
    )
    namespace["__loader__"] = None
    sys.argv = [script, *argv]
    exec(code, namespace)


def _join_threads() -> None:
    """Wait as the interpreter does at its end: a script may write from threads of its own."""
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()


def _stop_spark(meter: Meter) -> None:
    from pyspark import SparkContext

    context = SparkContext._active_spark_context
    if context is None:
        return
    meter.read(context)
    # The script has ended well or badly by now; a JVM that is gone cannot change that.
    with suppress(Exception):
        context.stop()


def _translator(lake: Path) -> Any:
    try:
        from glue_etl.engine.io import s3
    except ImportError:
        return None

    def translate(error: BaseException) -> GlueEtlError | None:
        try:
            return s3.translate_error(error, lake)
        except Exception:
            return None

    return translate


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()


if __name__ == "__main__":
    # Imported again under its own name: the script takes over the namespace of `__main__`.
    from glue_etl.engine import child

    child.main()
