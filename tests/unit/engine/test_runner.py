"""Runs of scripts that start no Spark: how each end of a script becomes a state, an exit code and a message."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from glue_etl.engine.run_records import read_runs
from glue_etl.engine.runner import RunResult, run_script
from glue_etl.errors import GlueEtlError
from glue_etl.settings import Settings, load

Run = Callable[..., RunResult]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load(state_dir=tmp_path / "state", master="local[1]")


@pytest.fixture
def script(tmp_path: Path) -> Callable[[str], Path]:
    def write(source: str) -> Path:
        path = tmp_path / "job.py"
        path.write_text(textwrap.dedent(source))
        return path

    return write


@pytest.fixture
def run(settings: Settings, script: Callable[[str], Path]) -> Run:
    def start(source: str, *arguments: str, **options: Any) -> RunResult:
        options.setdefault("stdout", io.BytesIO())
        return run_script(script(source), arguments, settings=settings, progress=False, **options)

    return start


ENDS = {
    "falls off its end": ("pass", "SUCCEEDED", 0, ""),
    "sys.exit()": ("import sys; sys.exit()", "SUCCEEDED", 0, ""),
    "sys.exit(0)": ("import sys; sys.exit(0)", "SUCCEEDED", 0, ""),
    "sys.exit(3)": ("import sys; sys.exit(3)", "FAILED", 3, "sys.exit(3)"),
    "sys.exit(256)": ("import sys; sys.exit(256)", "FAILED", 1, "sys.exit(256)"),
    "sys.exit with a text": ("import sys; sys.exit('no rows')", "FAILED", 1, "ended itself: no rows"),
    "raises": ("\nraise ValueError('bad')", "FAILED", 1, "job.py, line 2: raise ValueError('bad')\nValueError: bad"),
    "os._exit(0)": ("import os; os._exit(0)", "FAILED", 1, "exit code 0 before the script's end"),
    "kill -9 of itself": ("import os; os.kill(os.getpid(), 9)", "FAILED", 137, "killed by signal SIGKILL"),
    "SIGTERM to itself": ("import os; os.kill(os.getpid(), 15)", "FAILED", 143, "killed by signal SIGTERM"),
    "fails at exit": ("import atexit, os; atexit.register(os._exit, 9)", "FAILED", 9, "exit code 9"),
    "a thread that works on": (
        "import threading, time; threading.Thread(target=lambda: (time.sleep(0.3), print('late'))).start()",
        "SUCCEEDED",
        0,
        "",
    ),
}


@pytest.mark.parametrize(("source", "state", "code", "said"), ENDS.values(), ids=ENDS)
def test_how_a_script_ends(run: Run, settings: Settings, source: str, state: str, code: int, said: str):
    result = run(source, "--JOB_NAME", "a job")
    assert (result.state, result.exit_code) == (state, code), result.error
    assert said in str(result.error or "")
    (record,) = read_runs(settings.logs_dir, "a job")
    assert (record["state"], record["exit_code"]) == (state, code)
    assert (record["error"] is None) is (state == "SUCCEEDED")
    assert sorted(file.name for file in result.log_dir.iterdir()) == ["error.log", "output.log", "run.json"]


def test_what_a_script_sees(run: Run, tmp_path: Path):
    (tmp_path / "neighbour.py").write_text("")
    source = """
        import importlib.util, json, sys, time
        print(json.dumps({
            "name": __name__, "file": __file__, "argv": sys.argv, "zone": time.tzname[0],
            "neighbour": importlib.util.find_spec("neighbour") is not None,
            "engine": importlib.util.find_spec("glue_etl") is not None,
            "input": sys.stdin.read(), "main": "json" in vars(sys.modules["__main__"]),
        }))
    """
    result = run(source, "--JOB_NAME", "x", "--day", "1")
    seen = json.loads((result.log_dir / "output.log").read_text())
    argv = seen.pop("argv")
    path = str(tmp_path / "job.py")
    assert argv[0] == path
    assert argv[-4:] == ["--JOB_NAME", "x", "--day", "1"]
    assert argv[argv.index("--JOB_RUN_ID") + 1] == result.run_id
    assert seen == {
        "name": "__main__", "file": path, "zone": "UTC", "neighbour": False, "engine": True, "input": "", "main": True
    }  # fmt: skip


def test_output_goes_to_the_log_and_on_at_once_and_errors_to_their_own_log(run: Run):
    screen = io.BytesIO()
    result = run("import sys\nprint('häl')\nprint('oops', file=sys.stderr)", stdout=screen)
    assert screen.getvalue().decode() == "häl\n"
    assert (result.log_dir / "output.log").read_bytes() == screen.getvalue()
    assert (result.log_dir / "error.log").read_text() == "oops\n"


def test_a_screen_that_is_closed_does_not_stop_the_run(run: Run):
    class Closed(io.BytesIO):
        def write(self, data: Any) -> int:
            raise BrokenPipeError

    result = run("print('a')\nprint('b')", stdout=Closed())
    assert result.state == "SUCCEEDED"
    assert (result.log_dir / "output.log").read_text() == "a\nb\n"


def test_the_error_log_has_the_traceback_without_the_librarys_frames(run: Run):
    result = run("def f():\n    1 / 0\n\nf()\n")
    log = (result.log_dir / "error.log").read_text()
    assert "ZeroDivisionError" in log
    assert "glue_etl" not in log


def test_the_record(run: Run, settings: Settings):
    run("raise KeyError('k')", "--db-password", "hunter2", conf={"spark.hadoop.fs.secret": "hunter2"})
    (record,) = read_runs(settings.logs_dir, "job")
    assert record["error"] == {
        "message": "KeyError: 'k'",
        "type": "KeyError",
        "script_line": {"file": record["script"], "line": 1, "text": "raise KeyError('k')"},
    }
    assert "hunter2" not in json.dumps({name: value for name, value in record.items() if name != "error"})
    assert record["started"] < record["finished"]
    assert record["duration_seconds"] > 0
    assert record["glue_version"] == {11: "5.1", 13: "6.0"}[sys.version_info.minor]


def test_missing_job_argument(run: Run):
    result = run("import sys\nfrom awsglue.utils import getResolvedOptions\ngetResolvedOptions(sys.argv, ['day'])")
    assert result.exit_code == 1
    assert "the following arguments are required: --day. Hint: glue-etl run" in str(result.error)


def test_extra_python_files_are_importable_and_nothing_beside_them(run: Run, tmp_path: Path, settings: Settings):
    folder = tmp_path / "lib"
    folder.mkdir()
    (folder / "extra_one.py").write_text("x = 1")
    (folder / "hidden.py").write_text("x = 1")
    bucket = settings.lake_dir / "code"
    bucket.mkdir(parents=True)
    (bucket / "extra_two.py").write_text("x = 2")
    source = """
        import extra_one, extra_two
        print(extra_one.x + extra_two.x)
        import hidden
    """
    result = run(source, "--extra-py-files", "s3://code/extra_two.py", extra_py_files=[str(folder / "extra_one.py")])
    assert (result.log_dir / "output.log").read_text() == "3\n"
    assert "No module named 'hidden'" in str(result.error)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


UNUSABLE: dict[str, tuple[dict[str, Any], str]] = {
    "an option that is refused": ({"arguments": ["--datalake-formats", "hudi"]}, "Apache Hudi are not on PyPI"),
    "a JAR that is not there": ({"arguments": ["--extra-jars", "gone.jar"]}, "--extra-jars names 'gone.jar'"),
    "an extra file without its bucket": ({"arguments": ["--extra-files", "s3://gone/x"]}, "NoSuchBucket"),
    "a job type that is none": ({"job_type": "glueray"}, "'glueray' .*Available: glueetl"),
    "a Python shell job with Spark's settings": (
        {"job_type": "pythonshell", "conf": {"spark.a": "1"}},
        "--conf 'spark.a' is not for a Python shell job",
    ),
    "a master that is none": ({"master": "yarn"}, r"The master 'yarn' .*Available: local, "),
    "a master without a port": ({"master": "spark://host"}, "spark://HOST:PORT"),
    "a master that does not answer": ({"master": f"spark://127.0.0.1:{_free_port()}"}, "No Spark master answers"),
    "an extra file that is not there": ({"extra_py_files": ["gone.py"]}, "'gone.py', which does not exist"),
    "an extra file of no kind": ({"extra_py_files": [__file__ + "c"]}, "does not exist"),
    "glue's conf without equals": ({"arguments": ["--conf", "spark.x"]}, "K=V"),
}


@pytest.mark.parametrize(("options", "said"), UNUSABLE.values(), ids=UNUSABLE)
def test_a_run_that_cannot_be_started_says_why_and_leaves_no_record(
    script: Callable[[str], Path], settings: Settings, options: dict[str, Any], said: str
):
    options = {"arguments": [], **options}
    with pytest.raises(GlueEtlError, match=said):
        run_script(script("pass"), options.pop("arguments"), settings=settings, **options)
    assert not settings.logs_dir.exists()


SCRIPTS = {
    "missing": ("gone.py", None, "does not exist"),
    "a folder": (".", None, "is not a .py file"),
    "not Python by name": ("job.sh", b"", "is not a .py file"),
    "a syntax error": ("job.py", b"x = 1\nif x\n", r"job.py, line 2: SyntaxError: .*: if x"),
    "not UTF-8": ("job.py", b"x = '\xff'\n", "SyntaxError|not Python source"),
    "a null byte": ("job.py", b"x = 1\0\n", "SyntaxError|not Python source"),
}


@pytest.mark.parametrize(("name", "content", "said"), SCRIPTS.values(), ids=SCRIPTS)
def test_scripts_that_are_none(tmp_path: Path, settings: Settings, name: str, content: bytes | None, said: str):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(GlueEtlError, match=said):
        run_script(tmp_path / name, [], settings=settings)


def test_runs_from_a_thread(run: Run):
    results: list[RunResult] = []
    threads = [threading.Thread(target=lambda: results.append(run("print(1)"))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [result.state for result in results] == ["SUCCEEDED", "SUCCEEDED"]


WAITING = """
    import os, subprocess, sys, time
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    print(os.getpid(), child.pid, flush=True)
    time.sleep(60)
"""
SIGNALS = {
    "Ctrl-C": (signal.SIGINT, 130, "STOPPED"),
    "SIGTERM": (signal.SIGTERM, 143, "STOPPED"),
    "kill -9 of the command": (signal.SIGKILL, -9, "FAILED"),
}


@pytest.mark.parametrize(("number", "code", "state"), SIGNALS.values(), ids=SIGNALS)
def test_a_signal_to_the_command_ends_the_script_and_all_it_started(
    script: Callable[[str], Path], settings: Settings, number: int, code: int, state: str
):
    command = [sys.executable, "-m", "glue_etl", "run", str(script(WAITING)), "--state", str(settings.state_dir)]
    root = Path(__file__).parents[3]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        pids = [int(word) for word in process.stdout.readline().split()]
        assert [run["state"] for run in read_runs(settings.logs_dir, "job")] == ["RUNNING"]
        process.send_signal(number)
        assert process.wait(timeout=30) == code
    _until(lambda: not any(_lives(pid) for pid in pids))
    _until(lambda: read_runs(settings.logs_dir, "job")[0]["state"] == state)


def _lives(pid: int) -> bool:
    """Whether a process runs; one that ended and that nobody asked about does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not (status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] == "Z")


def _until(condition: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the condition did not come true in time"
        time.sleep(0.05)
