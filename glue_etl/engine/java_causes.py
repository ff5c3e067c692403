"""What a Java exception behind py4j means: its chain of causes, and which one of them to tell."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Cause", "causes_of", "describe_causes", "jvm_death"]

_DEEPEST = 20
_LOG_TAIL = 256 * 1024
# Messages that only say that something below failed.
_WRAPPER = re.compile(
    r"^(\[TASK_WRITE_FAILED\]|\[FAILED_EXECUTE_UDF\]|\[WRITING_JOB_ABORTED\]|Job aborted|Writing job aborted"
    r"|Task failed while|Exception thrown in|Multiple failures in stage|An error occurred while|\[JOB_EXECUTION)"
)
_LOST_TASK = re.compile(r"most recent failure: Lost task [^\n]*?\): ([\w.$]+)(?:: (.*?))?(?:\n\tat |\Z)", re.DOTALL)
_CAUSED_BY = re.compile(
    r"^Caused by: ([\w.$]+)(?:: (.*?))?(?=\n\tat |\n\t\.\.\. |\nCaused by: |\Z)", re.MULTILINE | re.DOTALL
)
_CLASS_FIRST = re.compile(r"^([\w.$]+(?:Exception|Error)): ")
# Where Spark's messages go over to plans, queries and stacks.
_TAIL = re.compile(r"\n\tat |\n\s*'?[+:]- |;\n|\n== SQL|\n\nJVM stacktrace|\nDriver stacktrace|\n\s*at org\.apache")
_SQL_STATE = re.compile(r"\s*\bSQLSTATE: \w{5}")
_OUT_OF_MEMORY = re.compile(r"java\.lang\.OutOfMemoryError: ([^\n]*)")
_START_FAILURE = re.compile(
    r"^(?:Error: |Exception in thread \"main\" |Invalid |Error occurred during )[^\n]*", re.MULTILINE
)
_MEMORY_HINT = "Hint: give the driver more memory, such as --conf spark.driver.memory=4g."


@dataclass(frozen=True, slots=True)
class Cause:
    """One exception of a chain.

    Attributes:
        name: Class name without its package.
        message: What it says, stack included where Spark put one into the message.
    """

    name: str
    message: str


def causes_of(error: BaseException) -> list[Cause] | None:
    """The chain of Java exceptions behind a Python one, outermost first.

    Args:
        error: What py4j or PySpark raised.

    Returns:
        The chain, or None if no Java exception is behind it.
    """
    java = getattr(error, "java_exception", None)
    if java is None:
        java = getattr(error, "_origin", None)
    if java is not None:
        try:
            return _walk(java)
        except Exception:
            # The JVM may be gone by now; what Python kept of the message has to do.
            pass
    text = getattr(error, "desc", None) or getattr(error, "_desc", None)
    if isinstance(text, str):
        return [Cause(type(error).__name__, text)]
    return [Cause(type(error).__name__, str(error))] if java is not None else None


def _walk(java: Any) -> list[Cause]:
    chain: list[Cause] = []
    while java is not None and len(chain) < _DEEPEST:
        name = str(java.getClass().getName()).rsplit(".", 1)[-1].rsplit("$", 1)[-1].removeprefix("Extended")
        message = str(java.getMessage() or "")
        chain.append(Cause(name, message))
        java = java.getCause()
    last = chain[-1].message
    lost = _LOST_TASK.search(last)
    for match in [*([lost] if lost else []), *_CAUSED_BY.finditer(last)]:
        chain.append(Cause(match.group(1).rsplit(".", 1)[-1], match.group(2) or ""))
    return chain


def describe_causes(causes: list[Cause], fallback: str) -> tuple[str, str]:
    """Choose what to tell of a chain.

    The deepest message that Spark itself classed, such as `[CAST_INVALID_INPUT] ...`, tells most; the deepest of
    all follows it in brackets if it says something else.

    Args:
        causes: Outermost first.
        fallback: Name to use if none tells anything.

    Returns:
        Class name and message, the latter without plans and stacks.
    """
    told = [(cause.name, _short(cause.message)) for cause in causes]
    telling = [(name, text) for name, text in told if text and not _WRAPPER.match(text)]
    if not telling:
        told = [(name, text) for name, text in told if text] or [(fallback, "no message; see the error log")]
        return told[-1]
    classed = [one for one in telling if one[1].startswith("[")]
    main, root = (classed or telling)[-1], telling[-1]
    if not classed:
        named = [one for one in telling[:-1] if re.search(r"\b(file|s3a?|s3n):/", one[1])]
        main = named[-1] if named and not re.search(r"\bfile:/|\bs3", root[1]) else root
    message = main[1] if _says_the_same(main[1], root[1]) else f"{main[1]} ({root[0]}: {root[1]})"
    if any(cause.name == "OutOfMemoryError" for cause in causes):
        message = f"{message.rstrip('.')}. {_MEMORY_HINT}"
    return main[0], message


def _says_the_same(main: str, root: str) -> bool:
    return root in main or main in root


def _short(message: str) -> str:
    text = _TAIL.split(message, maxsplit=1)[0].strip()
    text = _SQL_STATE.sub("", _CLASS_FIRST.sub("", text))
    return re.sub(r"\s*\n\s*", " ", text)


def jvm_death(error: BaseException | None, error_log: Path | None) -> str | None:
    """Why Spark's JVM is gone, if it is.

    Args:
        error: The exception; None to look at the log alone.
        error_log: The run's `error.log`; only its end is read.

    Returns:
        A message, or None if the JVM did not end (or, without an exception, the log names no reason).
    """
    if error is not None and not _is_lost_jvm(error):
        return None
    log = _tail_of(error_log)
    memory = _OUT_OF_MEMORY.findall(log)
    if memory:
        return f"Spark's JVM ran out of memory (OutOfMemoryError: {memory[-1]}). {_MEMORY_HINT}"
    if error is None:
        return None
    if "JAVA_GATEWAY_EXITED" in str(error):
        reason = _START_FAILURE.findall(log)
        # The first line names the cause, what follows are its consequences.
        said = f": {reason[0]}." if reason else "."
        return f"Spark's JVM did not start{said} Hint: `glue-etl doctor` checks Java; --conf settings may be wrong."
    return "Spark's JVM ended while the script was at work. Hint: the error log holds its last words."


def _is_lost_jvm(error: BaseException) -> bool:
    if "JAVA_GATEWAY_EXITED" in str(error):
        return True
    if type(error).__name__ == "Py4JNetworkError":
        return True
    if type(error).__name__ == "Py4JError" and getattr(error, "java_exception", None) is None:
        # py4j gives this text, without a Java exception, when the answer broke off.
        return "An error occurred while calling" in str(error) and "Trace:" not in str(error)
    return isinstance(error, ConnectionError) and "py4j" in _modules_of(error)


def _modules_of(error: BaseException) -> str:
    names = []
    frame = error.__traceback__
    while frame is not None:
        names.append(str(frame.tb_frame.f_globals.get("__name__", "")))
        frame = frame.tb_next
    return " ".join(names)


def _tail_of(file: Path | None) -> str:
    if file is None or not file.is_file():
        return ""
    with file.open("rb") as log:
        log.seek(max(0, file.stat().st_size - _LOG_TAIL))
        return log.read().decode("utf-8", "replace")
