"""Run one job script in its own process: prepare, start, follow, record."""

from __future__ import annotations

import ast
import dataclasses
import importlib.util
import os
import platform
import re
import socket
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from glue_etl.engine import compat, run_arguments, run_environment, run_records, run_scratch
from glue_etl.engine.io.staging import recover
from glue_etl.engine.metrics import Metrics
from glue_etl.engine.process import Ended, Process
from glue_etl.engine.progress import Renderer
from glue_etl.engine.run_errors import RunError, died
from glue_etl.engine.run_parameters import JOB_TYPES, PYTHON_SHELL
from glue_etl.errors import JobError, MissingExtraError, OptionError, PathNotFoundError, SettingsError, SourceError
from glue_etl.settings import Settings

__all__ = ["RunResult", "run_script"]

_LOCAL = re.compile(r"local(\[(\d+|\*)(,\s*\d+)?\])?")
_CLUSTER = re.compile(r"spark://([\w.-]+|\[[0-9a-fA-F:]+\]):(\d+)")
_CONNECT_SECONDS = 5.0
_SHELL_PYTHON = (3, 9)


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended.

    Attributes:
        state: `SUCCEEDED`, `FAILED`, or `STOPPED` by a signal to this process.
        job: The job's name.
        run_id: `jr_...`.
        exit_code: 0 only if the script ended well; 128 + n after signal n.
        duration: Seconds.
        metrics: Rows and bytes; all 0 if the process was killed.
        error: What went wrong; None if nothing did.
        log_dir: Folder with `output.log`, `error.log` and `run.json`.
        notes: What the arguments ask for and this machine does not do, one line each.
    """

    state: str
    job: str
    run_id: str
    exit_code: int
    duration: float
    metrics: Metrics
    error: RunError | None
    log_dir: Path
    notes: tuple[str, ...] = ()


def run_script(
    script: Path,
    arguments: Sequence[str],
    *,
    settings: Settings,
    master: str | None = None,
    conf: Mapping[str, str] | None = None,
    extra_py_files: Sequence[str] = (),
    job_type: str = JOB_TYPES[0],
    verbose: bool = False,
    progress: bool = True,
    stdout: BinaryIO | None = None,
) -> RunResult:
    """Run a Glue job script in a process of its own and wait for it.

    The script sees what it sees on Glue: `__main__`, UTC, no standard input, its own folder not on the module path.

    Args:
        script: The Python file.
        arguments: The job's arguments, as `--name value` or `--name=value`.
        settings: State folder, master and interpreter.
        master: Spark master; wins over `settings.master`.
        conf: Spark settings; win over ours and over Glue's `--conf` among the arguments.
        extra_py_files: More of what `--extra-py-files` lists.
        job_type: `glueetl`, `gluestreaming` or `pythonshell`; the last has no Spark.
        verbose: Copy `error.log` to stderr too.
        progress: Show the progress of Spark's stages on stderr.
        stdout: Where the script's output goes besides `output.log`; default this process's own.

    Returns:
        How it ended. A script that fails raises nothing here.

    Raises:
        GlueEtlError: The run could not be started: script, argument, file, module, master or setting unusable.
    """
    _check_script(script)
    settings = dataclasses.replace(settings, master=master or settings.master, verbose=verbose)
    _check_type(job_type, settings.master, conf)
    run_id = run_records.new_run_id()
    job = run_arguments.parse(arguments, default_job_name=script.stem, run_id=run_id, job_type=job_type)
    settings.lake_dir.mkdir(parents=True, exist_ok=True)
    if job_type == PYTHON_SHELL:
        job = dataclasses.replace(job, notes=(*job.notes, *_newer_syntax(script)))
    brought = run_environment.gather(job, extra_py_files, settings, job_type, _tell if progress else lambda line: None)
    recover(settings.state_dir)
    run_scratch.sweep(settings)
    folder = run_records.RunFolder.create(settings.logs_dir, job.job_name, run_id)
    scratch: Path | None = None
    try:
        scratch = None if job_type == PYTHON_SHELL else run_scratch.create(settings, run_id)
        environment = run_environment.variables(settings, job, brought, folder.path, dict(conf or {}), scratch)
        record = _first_record(script, job, run_id, settings, job_type, conf or {})
        folder.write(record)
        renderer = Renderer(sys.stderr, quiet=not progress)
        work = run_environment.working_directory(brought, folder.path)
        task = {
            "script": str(script.absolute() if work else script),
            "argv": job.argv,
            "job_type": job_type,
            "lake": str(settings.lake_dir),
            "error_log": str(folder.path / "error.log"),
            "period": renderer.period if job_type != PYTHON_SHELL else None,
        }
        started = time.monotonic()
        process = Process(environment, folder, renderer, stdout=stdout, verbose=verbose, directory=work)
        ended = process.run(task)
        with suppress(SourceError):
            # Of a script that was killed while it wrote. What cannot be removed is reported by the next run.
            recover(settings.state_dir)
        result = _result(ended, job, run_id, time.monotonic() - started, folder.path)
        folder.write({**record, **_last_record(result)})
        return result
    finally:
        if scratch is not None:
            run_scratch.remove(scratch)
        folder.close()


def _check_type(job_type: str, master: str, conf: Mapping[str, str] | None) -> None:
    if job_type not in JOB_TYPES:
        raise OptionError(f"The job type {job_type!r} is none the engine runs.", available=JOB_TYPES)
    if job_type != PYTHON_SHELL:
        _check_master(master)
        if importlib.util.find_spec("pyspark") is None:
            raise MissingExtraError.of("Running a script", "pyspark", "local")
    elif conf:
        raise OptionError(
            f"--conf {next(iter(conf))!r} is not for a Python shell job, which has no Spark.",
            hint="leave it out, or run a Spark job with --job-type glueetl",
        )


def _check_script(script: Path) -> None:
    if not script.exists():
        raise PathNotFoundError(f"The script {str(script)!r} does not exist.", hint="check the path")
    if not script.is_file() or script.suffix != ".py":
        raise JobError(f"The script {str(script)!r} is not a .py file.", hint="give the job's Python file")
    try:
        compile(script.read_bytes(), str(script), "exec", dont_inherit=True)
    except OSError as error:
        raise JobError(f"The script {str(script)!r} cannot be read: {error.strerror}.") from error
    except SyntaxError as error:
        text = (error.text or "").strip()
        raise JobError(
            f"{script}, line {error.lineno}: SyntaxError: {error.msg}" + (f": {text}" if text else "")
        ) from None
    except ValueError as error:
        raise JobError(f"The script {str(script)!r} is not Python source: {error}.") from error


def _newer_syntax(script: Path) -> Iterator[str]:
    """What AWS would not understand: it runs Python shell jobs on an older Python than this one.

    Source: https://docs.aws.amazon.com/glue/latest/dg/add-job-python.html
    """
    try:
        ast.parse(script.read_bytes(), str(script), feature_version=_SHELL_PYTHON)
    except SyntaxError as error:
        version = ".".join(map(str, _SHELL_PYTHON))
        yield f"AWS Glue runs Python shell jobs on Python {version}: {script}, line {error.lineno}: {error.msg}"


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _check_master(master: str) -> None:
    """Reject what Spark would try for a minute before it fails."""
    if _LOCAL.fullmatch(master):
        return
    cluster = _CLUSTER.fullmatch(master)
    if not cluster:
        raise SettingsError(
            f"The master {master!r} is not a Spark master this library can run on.",
            available=["local", "local[N]", "local[*]", "spark://HOST:PORT"],
        )
    host, port = cluster.group(1).strip("[]"), int(cluster.group(2))
    try:
        socket.create_connection((host, port), timeout=_CONNECT_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise SettingsError(
            f"No Spark master answers at {master!r}: {error}.", hint="start it, or leave --master out to run here"
        ) from error


def _first_record(
    script: Path,
    job: run_arguments.JobArguments,
    run_id: str,
    settings: Settings,
    job_type: str,
    conf: Mapping[str, str],
) -> dict[str, Any]:
    shell = job_type == PYTHON_SHELL
    return {
        "job": job.job_name,
        "job_type": job_type,
        "run_id": run_id,
        "state": run_records.RUNNING,
        "script": str(script.absolute()),
        "arguments": run_arguments.mask(job.argv),
        "notes": list(job.notes),
        "conf": run_arguments.mask([f"{key}={value}" for key, value in conf.items()]),
        "master": None if shell else settings.master,
        "started": run_records.now(),
        "finished": None,
        "duration_seconds": None,
        "metrics": None,
        "exit_code": None,
        "error": None,
        "pid": os.getpid(),
        "glue_version": compat.glue_version(),
        "spark_version": None if shell else compat.SPARK_VERSION,
        "python_version": platform.python_version(),
    }


def _last_record(result: RunResult) -> dict[str, Any]:
    return {
        "state": result.state,
        "finished": run_records.now(),
        "duration_seconds": round(result.duration, 3),
        "metrics": result.metrics.as_json(),
        "exit_code": result.exit_code,
        "error": result.error.as_json() if result.error else None,
    }


def _result(ended: Ended, job: run_arguments.JobArguments, run_id: str, duration: float, log_dir: Path) -> RunResult:
    outcome = ended.outcome or {}
    metrics = Metrics(**outcome.get("metrics", {}))
    error = RunError(**outcome["error"]) if outcome.get("error") else None
    code = ended.returncode if ended.returncode >= 0 else 128 - ended.returncode
    if ended.stopped_by:
        state, code = run_records.STOPPED, 128 + ended.stopped_by
        error = RunError(f"The run was stopped by signal {ended.stopped_by}.", "Stopped")
    elif ended.outcome is not None and error is None and code == 0:
        state = run_records.SUCCEEDED
    else:
        state, code = run_records.FAILED, code or 1
        error = error or died(ended.returncode, log_dir / "error.log")
    return RunResult(state, job.job_name, run_id, code, duration, metrics, error, log_dir, job.notes)
