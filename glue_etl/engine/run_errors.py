"""From an exception to one clear message: what is wrong, and at which line of the user's own script.

Java stacks, py4j's frames and Spark's wrappers say nothing to the author of a script; they stay in `error.log`.
"""

from __future__ import annotations

import linecache
import re
import traceback
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from glue_etl.engine.java_causes import Cause, causes_of, describe_causes, jvm_death
from glue_etl.errors import GlueEtlError

__all__ = ["RunError", "describe", "died", "exited", "strip_frames"]

_LONGEST = 800
# Modules that Spark's workers and this library show in a traceback, and that are no user's code.
_FOREIGN = re.compile(
    r"/(site-packages|dist-packages|lib/python3\.\d+|pyspark\.zip|pyspark|py4j[^/]*)/|glue_etl/engine/"
)
_FRAME = re.compile(r'^ +File "([^"]+)", line (\d+)', re.MULTILINE)
_LAST_LINE = re.compile(r"^([A-Za-z_][\w.]*)(?:: (.*))?$")


@dataclass(frozen=True, slots=True)
class RunError:
    """What went wrong in a run.

    Attributes:
        message: One or two lines, with the exception's type in front where it tells something.
        type: Class name of the exception, or a word for what is none, such as `SystemExit`.
        file: The user's file that failed, as it was given.
        line: Line number in it, from 1.
        text: The source line.
    """

    message: str
    type: str
    file: str | None = None
    line: int | None = None
    text: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The form that `run.json` holds."""
        place = {"file": self.file, "line": self.line, "text": self.text} if self.file else None
        return {"message": self.message, "type": self.type, "script_line": place}

    def as_event(self) -> dict[str, Any]:
        """The form that crosses the process border; `RunError(**event)` reads it."""
        return asdict(self)

    def __str__(self) -> str:
        """The place, if there is one, and the message."""
        if not self.file:
            return self.message
        place = f"{self.file}, line {self.line}" if self.line else self.file
        return f"{place}: {self.text}\n{self.message}" if self.text else f"{place}\n{self.message}"


def describe(
    error: BaseException,
    script: str,
    *,
    translate: Callable[[BaseException], GlueEtlError | None] | None = None,
    error_log: Path | None = None,
) -> RunError:
    """Say what an exception means to the author of a script.

    Args:
        error: What the script let out.
        script: The script's path, as its code objects name it.
        translate: Turns an exception of Spark into one of ours where it can, such as an unknown bucket.
        error_log: The run's `error.log`, looked at if the JVM has ended.

    Returns:
        The message without Java stack or library frames, and the last line of the script that was at work.
    """
    file, line = _place(error, script)
    if isinstance(error, SyntaxError) and error.filename == script:
        return _at(script, error.lineno, f"SyntaxError: {error.msg}", "SyntaxError")
    ours = error if isinstance(error, GlueEtlError) else translate(error) if translate else None
    if ours is not None:
        return _at(file, line, str(ours), type(ours).__name__)
    if type(error).__name__ == "GlueArgumentError":
        return _at(file, line, _missing_argument(str(error), script), "GlueArgumentError")
    if (death := jvm_death(error, error_log)) is not None:
        return _at(file, line, death, "JvmEnded")
    if (causes := causes_of(error)) is not None:
        return _from_java(causes, error, script, file, line)
    if isinstance(error, ModuleNotFoundError) and (hint := _sibling_hint(error, script)):
        return _at(file, line, f"ModuleNotFoundError: {error}. Hint: {hint}", "ModuleNotFoundError")
    name = type(error).__name__
    return _at(file, line, f"{name}: {error}" if str(error) else name, name)


def exited(code: object, script: str, error: SystemExit) -> RunError:
    """What `sys.exit(code)` with a code that means failure says."""
    file, line = _place(error, script)
    said = f"sys.exit({code})" if isinstance(code, int) else str(code)
    return _at(file, line, f"The script ended itself: {said}", "SystemExit")


def died(returncode: int, error_log: Path) -> RunError:
    """What is known of a process that ended without saying how its script ended.

    Args:
        returncode: As `subprocess` gives it: negative for a signal.
        error_log: The run's `error.log`.
    """
    import signal

    reason = jvm_death(None, error_log)
    if returncode < 0:
        name = signal.Signals(-returncode).name if -returncode in set(signal.Signals) else str(-returncode)
        message = f"The script's process was killed by signal {name}."
        if name == "SIGKILL":
            message += " Hint: if nobody killed it, the machine ran out of memory."
    else:
        message = f"The script's process ended with exit code {returncode} before the script's end (os._exit?)."
    return RunError(f"{message} {reason}" if reason else message, "ProcessDied")


def strip_frames(error: BaseException, script: str) -> TracebackType | None:
    """The traceback from the script's first frame on; the whole of it if the script has none."""
    frame = error.__traceback__
    while frame is not None and frame.tb_frame.f_code.co_filename != script:
        frame = frame.tb_next
    return frame or error.__traceback__


def _at(file: str | None, line: int | None, message: str, kind: str) -> RunError:
    text = linecache.getline(file, line).strip() if file and line else ""
    if len(message) > _LONGEST:
        message = message[:_LONGEST] + " ..."
    return RunError(message.strip(), kind, file, line, text or None)


def _place(error: BaseException, script: str) -> tuple[str | None, int | None]:
    """Line of the script that was at work, also where it raised a second error while handling a first one."""
    for link in _chain(error):
        lines = [frame.lineno for frame in traceback.extract_tb(link.__traceback__) if frame.filename == script]
        if lines:
            return script, lines[-1]
    return None, None


def _chain(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    for _ in range(20):
        if link is None:
            return
        yield link
        link = link.__cause__ or link.__context__


def _from_java(causes: list[Cause], error: BaseException, script: str, file: str | None, line: int | None) -> RunError:
    for cause in reversed(causes):
        worker = _from_worker(cause.message, script)
        if worker is not None:
            return worker if worker.file else _at(file, line, worker.message, worker.type)
    kind, message = describe_causes(causes, type(error).__name__)
    return _at(file, line, f"{kind}: {message}", kind)


def _from_worker(text: str, script: str) -> RunError | None:
    """Read the traceback that a Python worker sent, of a function of the user's."""
    _, found, block = text.rpartition("Traceback (most recent call last):\n")
    if not found:
        return None
    block = block.split("\n\tat ")[0]
    kind, message = _exception_line(block)
    frames = [(name, int(number)) for name, number in _FRAME.findall(block)]
    own = [frame for frame in frames if frame[0] == script]
    own = own or [frame for frame in frames if not _FOREIGN.search(frame[0]) and not frame[0].startswith("<")]
    said = f"{kind}: {message}" if message else kind
    return _at(*own[-1], said, kind) if own else _at(None, None, said, kind)


def _exception_line(block: str) -> tuple[str, str]:
    """The exception's name and message; the message may go over several lines."""
    lines = block.rstrip().split("\n")
    start = next((at for at, line in enumerate(lines) if line[:1] not in ("", " ")), None)
    if start is None:
        return "Exception", block.strip()
    match = _LAST_LINE.match(lines[start])
    if not match:
        return "Exception", " ".join(lines[start:]).strip()
    name, first = match.groups()
    return name.rsplit(".", 1)[-1], "\n".join([first or "", *lines[start + 1 :]]).strip()


def _missing_argument(message: str, script: str) -> str:
    prefix = "the following arguments are required: "
    if message.startswith(prefix):
        names = [name.strip() for name in message.removeprefix(prefix).split(",")]
        usage = " ".join(f"{name} VALUE" for name in names)
        return f"GlueArgumentError: {message}. Hint: glue-etl run {script} -- {usage}"
    return f"GlueArgumentError: the job's arguments are wrong: {message}. Hint: they follow `--`, each as --name value"


def _sibling_hint(error: ModuleNotFoundError, script: str) -> str | None:
    """A script is alone on Glue, so its own folder is not searched: say how its neighbour comes along."""
    name = (error.name or "").split(".")[0]
    if name == "pyspark":
        return "a Python shell job has no Spark, here and on AWS Glue; run a Spark job with --job-type glueetl"
    folder = Path(script).parent
    if name and (folder / f"{name}.py").is_file():
        return f"on AWS Glue a script is alone; bring the file along with --extra-py-files {folder / name}.py"
    if name and (folder / name).is_dir():
        return f"on AWS Glue a script is alone; zip the folder {name!r} and bring it along with --extra-py-files"
    return None
