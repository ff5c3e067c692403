from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest

from glue_etl.engine.java_causes import Cause, causes_of, describe_causes, jvm_death
from glue_etl.engine.run_errors import RunError, describe, died
from glue_etl.errors import FieldError, NoSuchBucketError

SCRIPT = "jobs/daily.py"


def raised_by(source: str, **names: Any) -> BaseException:
    try:
        exec(compile(source, SCRIPT, "exec"), names)
    except BaseException as error:
        return error
    raise AssertionError("the source raises nothing")


def fail(error: BaseException) -> None:
    raise error


def test_the_last_line_of_the_script_itself_is_named_not_the_librarys():
    error = raised_by(
        "x = 1\ndef f():\n    int('x')\n\nfail(FieldError('The field is gone.'))", fail=fail, FieldError=FieldError
    )
    told = describe(error, SCRIPT)
    assert (told.file, told.line, told.type, told.message) == (SCRIPT, 5, "FieldError", "The field is gone.")


PLAIN = {
    "with a message": ("int('x')", "ValueError: invalid literal for int() with base 10: 'x'"),
    "without a message": ("raise RuntimeError", "RuntimeError"),
    "an assertion": ("assert 1 == 2, 'no'", "AssertionError: no"),
    "a key": ("{}['k']", "KeyError: 'k'"),
}


@pytest.mark.parametrize(("source", "message"), PLAIN.values(), ids=PLAIN)
def test_plain_exceptions(source: str, message: str):
    told = describe(raised_by(source), SCRIPT)
    assert (told.message, told.line) == (message, 1)


def test_a_syntax_error_of_code_the_script_makes_is_an_ordinary_error():
    told = describe(raised_by("\ncompile('a b', 'made', 'exec')"), SCRIPT)
    assert told.line == 2
    assert told.type == "SyntaxError"


def test_missing_job_arguments_are_named_with_the_way_to_pass_them():
    class GlueArgumentError(Exception):
        pass

    error = GlueArgumentError("the following arguments are required: --day, --to")
    assert describe(error, SCRIPT).message == (
        "GlueArgumentError: the following arguments are required: --day, --to. "
        "Hint: glue-etl run jobs/daily.py -- --day VALUE --to VALUE"
    )


def test_what_can_be_translated_is():
    ours = NoSuchBucketError.of("b", "/lake")
    assert describe(ValueError("x"), SCRIPT, translate=lambda error: ours).message == str(ours)


def test_a_neighbour_of_the_script_is_hinted_at(tmp_path: Path):
    (tmp_path / "neighbour.py").write_text("")
    error = ModuleNotFoundError("No module named 'neighbour'", name="neighbour")
    assert f"--extra-py-files {tmp_path}/neighbour.py" in describe(error, str(tmp_path / "job.py")).message


class Java:
    """A Java exception as py4j hands it over."""

    def __init__(self, name: str, message: str | None, cause: Java | None = None) -> None:
        self._name, self._message, self._cause = name, message, cause

    def getClass(self) -> Java:
        return self

    def getName(self) -> str:
        return self._name

    def getMessage(self) -> str | None:
        return self._message

    def getCause(self) -> Java | None:
        return self._cause


class Py4JJavaError(Exception):
    def __init__(self, java: Java) -> None:
        super().__init__("An error occurred while calling o1.x.\n: a stack")
        self.java_exception = java


WRITE = "org.apache.spark.SparkException", "[TASK_WRITE_FAILED] Task failed while writing rows to file:/x."
LOST = (
    "Job aborted due to stage failure: Task 0 in stage 0.0 failed 1 times, most recent failure: "
    "Lost task 0.0 in stage 0.0 (TID 0) (host executor driver): "
)
WORKER = (
    "Traceback (most recent call last):\n"
    '  File "/x/site-packages/pyspark/worker.py", line 9, in main\n'
    "    process()\n"
    f'  File "{SCRIPT}", line 7, in boom\n'
    "    raise ValueError('bad row')\n"
    "ValueError: bad row\n"
)
JAVA = {
    "the cause below a wrapper": (
        Java(*WRITE, Java("java.io.IOException", "No space left on device")),
        "IOException: No space left on device",
    ),
    "Spark's own class of error, with a deeper reason": (
        Java(*WRITE, Java("a.b.SparkX", "[CAST] The value 'abc'. SQLSTATE: 22018", Java("c.Y", "For input"))),
        "SparkX: [CAST] The value 'abc'. (Y: For input)",
    ),
    "a plan behind the message": (
        Java("o.ExtendedAnalysisException", "[UNRESOLVED] no `x`.;\n'Project ['x]\n+- Range (0, 3)\n"),
        "AnalysisException: [UNRESOLVED] no `x`.",
    ),
    "a reason that is only in the text": (
        Java("o.SparkException", LOST + "java.lang.ArithmeticException: / by zero\n\tat a.b.C.d(C.java:1)\n"),
        "ArithmeticException: / by zero",
    ),
    "the file that could not be read": (
        Java("o.SparkException", "Encountered error while reading file file:/a.parquet.", Java("x.E", "bad magic")),
        "SparkException: Encountered error while reading file file:/a.parquet. (E: bad magic)",
    ),
    "out of memory": (
        Java("o.SparkException", LOST + "java.lang.OutOfMemoryError: Java heap space\n\tat a.b(C.java:1)\n"),
        "OutOfMemoryError: Java heap space. Hint: give the driver more memory, such as --conf spark.driver.memory=4g.",
    ),
    "no message at all": (Java("java.lang.NullPointerException", None), "Py4JJavaError: no message; see the error log"),
}


@pytest.mark.parametrize(("java", "message"), JAVA.values(), ids=JAVA)
def test_java_exceptions(java: Java, message: str):
    assert describe(Py4JJavaError(java), SCRIPT).message == message


def test_an_error_in_a_worker_names_the_line_of_the_users_function():
    told = describe(
        Py4JJavaError(Java("o.SparkException", LOST + "o.PythonException: " + WORKER + "\n\tat x.y")), SCRIPT
    )
    assert (told.file, told.line, told.message, told.type) == (SCRIPT, 7, "ValueError: bad row", "ValueError")


def test_a_message_of_several_lines_from_a_worker():
    text = WORKER + "second line\n\n\tat org.apache.spark.X"
    assert describe(Py4JJavaError(Java("o.E", text)), SCRIPT).message == "ValueError: bad row\nsecond line"


def test_an_error_of_spark_without_java_behind_it():
    assert causes_of(ValueError("x")) is None


def test_a_captured_exception_whose_jvm_is_gone_keeps_its_text():
    class Captured(Exception):
        desc = "[X] text"
        _origin = object()

    assert causes_of(Captured()) == [Cause("Captured", "[X] text")]


def test_nothing_to_tell():
    assert describe_causes([Cause("A", "")], "Fallback") == ("Fallback", "no message; see the error log")


class Py4JNetworkError(Exception):
    pass


LOGS = {
    "memory": ("x\njava.lang.OutOfMemoryError: GC overhead\n", Py4JNetworkError(), "ran out of memory (OutOfMemory"),
    "no reason": ("", Py4JNetworkError(), "JVM ended while the script was at work"),
    "no start": (
        "Invalid maximum heap size: -Xmxlots\nError: Could not create the Java Virtual Machine.\n",
        RuntimeError("[JAVA_GATEWAY_EXITED] Java gateway process exited"),
        "did not start: Invalid maximum heap size: -Xmxlots. Hint: ",
    ),
}


@pytest.mark.parametrize(("log", "error", "said"), LOGS.values(), ids=LOGS)
def test_a_jvm_that_is_gone(tmp_path: Path, log: str, error: Exception, said: str):
    (tmp_path / "error.log").write_text(log)
    assert said in (jvm_death(error, tmp_path / "error.log") or "")


def test_a_connection_error_of_the_scripts_own_is_not_the_jvms():
    assert jvm_death(raised_by("raise ConnectionRefusedError('db')"), None) is None


DEATHS = {
    "kill -9": (-signal.SIGKILL, "killed by signal SIGKILL. Hint: if nobody killed it"),
    "a crash": (-signal.SIGSEGV, "killed by signal SIGSEGV."),
    "os._exit": (0, "ended with exit code 0 before the script's end"),
}


@pytest.mark.parametrize(("returncode", "said"), DEATHS.values(), ids=DEATHS)
def test_processes_that_die(tmp_path: Path, returncode: int, said: str):
    assert said in died(returncode, tmp_path / "error.log").message


def test_text_of_an_error_is_place_and_message():
    error = RunError("ValueError: x", "ValueError", SCRIPT, 3, "int('x')")
    assert str(error) == "jobs/daily.py, line 3: int('x')\nValueError: x"
    assert RunError(**error.as_event()) == error
    assert error.as_json()["script_line"] == {"file": SCRIPT, "line": 3, "text": "int('x')"}
    assert RunError("m", "T").as_json()["script_line"] is None


def test_a_very_long_message_is_cut():
    assert len(describe(ValueError("x" * 5000), SCRIPT).message) < 1000
