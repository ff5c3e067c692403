"""The arguments of a job run: which of them AWS Glue itself understands, and what the local engine does with each.

Source: "Using job parameters in AWS Glue jobs",
https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-glue-arguments.html
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from glue_etl.errors import JobError, OptionError, UnsupportedError

__all__ = ["HARMLESS", "REFUSED", "JobArguments", "mask", "parse", "parse_conf"]

HARMLESS: frozenset[str] = frozenset(
    {
        "TempDir",
        "auto-scale-within-microbatch",
        "class",
        "continuous-log-conversionPattern",
        "continuous-log-logGroup",
        "continuous-log-logStreamPrefix",
        "custom-logGroup-prefix",
        "custom-logStream-prefix",
        "disable-proxy-v2",
        "enable-auto-scaling",
        "enable-continuous-cloudwatch-log",
        "enable-continuous-log-filter",
        "enable-job-insights",
        "enable-metrics",
        "enable-observability-metrics",
        "enable-rename-algorithm-v2",
        "enable-s3-parquet-optimized-committer",
        "enable-glue-datacatalog",
        "job-bookmark-option",
        "job-language",
        "python-modules-installer-option",
        "scriptLocation",
        "spark-event-logs-path",
        "write-shuffle-files-to-s3",
        "write-shuffle-spills-to-s3",
    }
)
"""Glue's own arguments without which a job's result is the same; passed through to the script as Glue does."""

REFUSED: Mapping[str, str] = {
    "additional-python-modules": "install the modules beside glue-etl with pip and leave the argument out",
    "datalake-formats": "leave the argument out and give the table format's JAR by --conf spark.jars=FILE",
    "extra-files": "leave the argument out and read the files by their own path",
    "extra-jars": "leave the argument out and pass --conf spark.jars=FILE instead",
    "user-jars-first": "leave the argument out",
}
"""Glue's own arguments that change what a job does and that are not built yet, each with the way round it."""

_BOOKMARK_HINT = (
    "pass --job-bookmark-option job-bookmark-disable: the run then reads everything there is, "
    "as a first run with bookmarks does"
)
_SECRET_NAME = re.compile(r"password|passwd|secret|token|key|credential", re.IGNORECASE)
_SECRET_IN_VALUE = re.compile(r"((?:password|passwd|secret|token|key)\w*=)[^&;\s]+", re.IGNORECASE)
_MASK = "****"


@dataclass(frozen=True, slots=True)
class JobArguments:
    """What the arguments of a run mean.

    Attributes:
        argv: The arguments the script sees after its own name, Glue's standard ones included.
        job_name: `--JOB_NAME`, else the script's file name without `.py`.
        conf: Spark settings given by Glue's `--conf`.
        extra_py_files: What `--extra-py-files` lists.
        event_log: Whether `--enable-spark-ui` asks for Spark's event log.
    """

    argv: tuple[str, ...]
    job_name: str
    conf: Mapping[str, str]
    extra_py_files: tuple[str, ...]
    event_log: bool


def parse(arguments: Sequence[str], *, default_job_name: str, run_id: str) -> JobArguments:
    """Understand the arguments of a run.

    Args:
        arguments: What follows the script's name, as `--name value` or `--name=value`.
        default_job_name: The job's name if `--JOB_NAME` is not given (Glue always gives it).
        run_id: The run's id, for `--JOB_RUN_ID`.

    Returns:
        The arguments' meaning. `argv` holds the given ones unchanged, behind those that Glue adds by itself.

    Raises:
        UnsupportedError: An argument asks for something that is not built yet and would change the result.
        OptionError: `--conf` is malformed.
        JobError: The job is not a Python job, or its name is empty.
    """
    given = _options(arguments)
    _refuse(given)
    job_name = given.get("JOB_NAME", default_job_name)
    if not job_name.strip() or "\0" in job_name:
        raise JobError(f"The job name {job_name!r} is unusable.", hint="pass --JOB_NAME NAME after `--`")
    job_id = "j_" + hashlib.sha256(job_name.encode()).hexdigest()
    standard = {"JOB_ID": job_id, "JOB_RUN_ID": run_id, "JOB_NAME": job_name}
    added = [word for name, value in standard.items() if name not in given for word in (f"--{name}", value)]
    conf = given.get("conf", "")
    return JobArguments(
        argv=(*added, *arguments),
        job_name=job_name,
        conf=parse_conf(re.split(r"\s+--conf[\s=]+", conf.strip())) if conf.strip() else {},
        extra_py_files=tuple(part.strip() for part in given.get("extra-py-files", "").split(",") if part.strip()),
        event_log=given.get("enable-spark-ui", "false").lower() in ("", "true"),
    )


def _options(arguments: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for at, word in enumerate(arguments):
        if not word.startswith("--"):
            continue
        name, equals, value = word[2:].partition("=")
        if not equals and at + 1 < len(arguments) and not arguments[at + 1].startswith("--"):
            value = arguments[at + 1]
        found[name] = value
    return found


def _refuse(given: Mapping[str, str]) -> None:
    for name, hint in REFUSED.items():
        if given.get(name, "").lower() not in ("", "false"):
            raise UnsupportedError.of(f"The job argument --{name} {given[name]!r}", hint)
    bookmark = given.get("job-bookmark-option", "job-bookmark-disable")
    if bookmark in ("job-bookmark-enable", "job-bookmark-pause"):
        raise UnsupportedError.of(f"The job argument --job-bookmark-option {bookmark!r}", _BOOKMARK_HINT)
    language = given.get("job-language", "python")
    if language != "python":
        raise JobError(f"The job argument --job-language is {language!r}.", available=["python"])


def parse_conf(settings: Iterable[str]) -> dict[str, str]:
    """Read Spark settings of the form `K=V`.

    Args:
        settings: One `K=V` each; the value may hold `=` itself.

    Returns:
        The settings by name; a later one wins.

    Raises:
        OptionError: No `=`, or the name is not one of Spark's (Spark would drop it without a word).
    """
    result: dict[str, str] = {}
    for setting in settings:
        name, equals, value = setting.strip().partition("=")
        if not equals or not name.strip():
            raise OptionError(
                f"--conf {setting!r} is not of the form K=V.", hint="write it like spark.sql.shuffle.partitions=8"
            )
        if not name.startswith("spark."):
            raise OptionError(
                f"--conf {setting!r} names no Spark setting.", hint="the name of a Spark setting begins with 'spark.'"
            )
        result[name.strip()] = value.strip()
    return result


def mask(arguments: Sequence[str]) -> list[str]:
    """The arguments for a log: the values of those whose names speak of a secret are hidden.

    Args:
        arguments: As `--name value` or `--name=value`; Spark settings as `K=V` too.

    Returns:
        As many words as were given.
    """
    result: list[str] = []
    hide = False
    for word in arguments:
        if hide and not word.startswith("--"):
            result.append(_MASK)
            hide = False
            continue
        name, equals, _ = word.partition("=")
        secret = bool(_SECRET_NAME.search(name)) and (word.startswith("--") or bool(equals))
        hide = secret and not equals
        result.append(f"{name}={_MASK}" if secret and equals else _SECRET_IN_VALUE.sub(rf"\1{_MASK}", word))
    return result
