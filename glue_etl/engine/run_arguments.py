"""The arguments of a job run: what those that AWS Glue itself understands ask of the engine.

Source: "Using job parameters in AWS Glue jobs",
https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-glue-arguments.html
"""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from glue_etl.engine.run_options import parse_conf, parse_environment, parse_list, split_conf
from glue_etl.engine.run_parameters import ACCEPTED, JOB_TYPES, PARAMETERS, PYTHON_SHELL, REFUSED, RESERVED, is_on
from glue_etl.errors import JobError, OptionError, UnsupportedError

__all__ = ["JobArguments", "mask", "named", "parse"]

_TABLE_FORMATS = {"hudi": "Apache Hudi", "delta": "Delta Lake", "iceberg": "Apache Iceberg"}
_MOST_BYTES = 260 * 1024
_BOOKMARKS = ("job-bookmark-enable", "job-bookmark-disable", "job-bookmark-pause")
# Options of pip that say where to install, which is decided here.
_PLACES = ("-t", "--target", "--user", "--prefix", "--root", "--dry-run", "--report")
_SECRET_NAME = re.compile(r"password|passwd|secret|token|key|credential", re.IGNORECASE)
_SECRET_IN_VALUE = re.compile(r"((?:password|passwd|secret|token|key)\w*=)[^&;\s]+", re.IGNORECASE)
_URL_SECRET = re.compile(r"(\w+://)[^/\s@]+@")
_MASK = "****"


@dataclass(frozen=True, slots=True)
class JobArguments:
    """What the arguments of a run mean.

    Attributes:
        argv: The arguments the script sees after its own name, Glue's standard ones included.
        job_name: `--JOB_NAME`, else the script's file name without `.py`.
        conf: Spark settings given by Glue's `--conf` and `--executor-cores`.
        extra_py_files: What `--extra-py-files` lists; the other lists alike.
        extra_files: What `--extra-files` lists.
        extra_jars: What `--extra-jars` lists.
        user_jars_first: Whether the JARs stand in front of Spark's own.
        modules: Entries of `--additional-python-modules`.
        installer_options: Words of `--python-modules-installer-option`.
        event_log: Whether `--enable-spark-ui` asks for Spark's event log.
        event_log_path: Where to; empty for the run's own folder.
        sql_catalog: Whether `--enable-glue-datacatalog` gives Spark SQL the Data Catalog.
        driver_variables: Environment variables of the script.
        executor_variables: Environment variables of the Python workers.
        notes: What the arguments ask for and this machine does not do, one line each.
    """

    argv: tuple[str, ...]
    job_name: str
    conf: Mapping[str, str]
    extra_py_files: tuple[str, ...] = ()
    extra_files: tuple[str, ...] = ()
    extra_jars: tuple[str, ...] = ()
    user_jars_first: bool = False
    modules: tuple[str, ...] = ()
    installer_options: tuple[str, ...] = ()
    event_log: bool = False
    event_log_path: str = ""
    sql_catalog: bool = False
    driver_variables: Mapping[str, str] = field(default_factory=dict)
    executor_variables: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def parse(
    arguments: Sequence[str], *, default_job_name: str, run_id: str, job_type: str = JOB_TYPES[0]
) -> JobArguments:
    """Understand the arguments of a run.

    Args:
        arguments: What follows the script's name, as `--name value` or `--name=value`.
        default_job_name: The job's name if `--JOB_NAME` is not given (Glue always gives it).
        run_id: The run's id, for `--JOB_RUN_ID`.
        job_type: One of `JOB_TYPES`.

    Returns:
        The arguments' meaning. `argv` holds the given ones unchanged, behind those that Glue adds by itself.

    Raises:
        UnsupportedError: An argument asks for something that is not built and would change the result.
        OptionError: A value is malformed, or two arguments contradict each other.
        JobError: The job is not a Python job, or its name is empty.
    """
    given = named(arguments)
    _refuse(arguments, given, job_type)
    _check_bookmarks(given, job_type)
    job_name = given.get("JOB_NAME", default_job_name)
    if not job_name.strip() or "\0" in job_name:
        raise JobError(f"The job name {job_name!r} is unusable.", hint="pass --JOB_NAME NAME after `--`")
    driver = parse_environment("customer-driver-env-vars", given.get("customer-driver-env-vars", ""))
    workers = parse_environment("customer-executor-env-vars", given.get("customer-executor-env-vars", ""))
    unset = [f"{name} is not set: AWS Glue sets only CUSTOMER_..." for name in (*driver.ignored, *workers.ignored)]
    modules, options = _modules(given, job_type)
    return JobArguments(
        argv=(*_standard(given, job_name, run_id, job_type), *arguments),
        job_name=job_name,
        conf=parse_conf(split_conf(given.get("conf", ""))) | _executor_cores(given),
        extra_py_files=parse_list(given.get("extra-py-files", "")),
        extra_files=parse_list(given.get("extra-files", "")),
        extra_jars=parse_list(given.get("extra-jars", "")),
        user_jars_first="user-jars-first" in given and is_on(given["user-jars-first"]),
        modules=modules,
        installer_options=options,
        event_log="enable-spark-ui" in given and is_on(given["enable-spark-ui"]),
        event_log_path=given.get("spark-event-logs-path", "").strip(),
        sql_catalog="enable-glue-datacatalog" in given and is_on(given["enable-glue-datacatalog"]),
        driver_variables=driver.values,
        executor_variables=workers.values,
        notes=(*_notes(given, job_type), *unset),
    )


def _standard(given: Mapping[str, str], job_name: str, run_id: str, job_type: str) -> list[str]:
    """What AWS Glue adds to a job's arguments; a Python shell job gets none of it."""
    if job_type == PYTHON_SHELL:
        return []
    job_id = "j_" + hashlib.sha256(job_name.encode()).hexdigest()
    standard = {"JOB_ID": job_id, "JOB_RUN_ID": run_id, "JOB_NAME": job_name}
    return [word for name, value in standard.items() if name not in given for word in (f"--{name}", value)]


def named(arguments: Sequence[str]) -> dict[str, str]:
    """The arguments by name, as argparse reads them; of one given twice the last, of a name alone the empty text."""
    found: dict[str, str] = {}
    at = 0
    while at < len(arguments):
        word = arguments[at]
        at += 1
        if not word.startswith("--") or word == "--":
            continue
        name, equals, value = word[2:].partition("=")
        # argparse takes a word with a space for a value; the options for pip are a value that begins with a dash.
        is_value = at < len(arguments) and (
            not arguments[at].startswith("--") or " " in arguments[at] or name == "python-modules-installer-option"
        )
        if not equals and is_value:
            value = arguments[at]
            at += 1
        found[name] = value
    return found


def _refuse(arguments: Sequence[str], given: Mapping[str, str], job_type: str) -> None:
    if (size := sum(len(word.encode(errors="surrogateescape")) for word in arguments)) > _MOST_BYTES:
        raise OptionError(f"The job's arguments have {size} bytes.", hint="AWS Glue takes 260 KB at most")
    for name, value in given.items():
        parameter = PARAMETERS.get(name)
        if parameter is None or (parameter.switch and not is_on(value)):
            continue
        if job_type == PYTHON_SHELL and not parameter.shell and value.lower() != "false":
            raise OptionError(
                f"The job argument --{name} {value!r} is not for a Python shell job.",
                hint=_SHELL_HINTS.get(name, "leave it out, or run a Spark job with --job-type glueetl"),
            )
        if name == "datalake-formats":
            _refuse_table_formats(value)
        elif parameter.effect == REFUSED:
            raise UnsupportedError.of(f"The job argument --{name} {value!r}", parameter.why)
    language = given.get("job-language", "python")
    if language == "scala":
        raise UnsupportedError.of("The job argument --job-language 'scala'", "the engine runs Python scripts only")
    if language != "python":
        raise JobError(f"The job argument --job-language is {language!r}.", available=["python"])


_SHELL_HINTS = {
    "extra-files": "AWS Glue does not take it for Python shell jobs either: read the files with boto3",
    "python-modules-installer-option": "put the options of pip into --additional-python-modules: 'pkg==1.0 -i URL'",
}


def _refuse_table_formats(value: str) -> None:
    formats = parse_list(value)
    if not formats:
        return
    if unknown := [name for name in formats if name not in _TABLE_FORMATS]:
        raise OptionError(f"--datalake-formats has {unknown[0]!r}.", available=_TABLE_FORMATS)
    names = ", ".join(_TABLE_FORMATS[name] for name in formats)
    raise UnsupportedError(
        f"The job argument --datalake-formats {value!r} is not supported by the local engine: the JARs of {names} are "
        "not on PyPI, so pip cannot bring them.",
        hint=PARAMETERS["datalake-formats"].why,
    )


def _check_bookmarks(given: Mapping[str, str], job_type: str) -> None:
    option = given.get("job-bookmark-option", "job-bookmark-disable")
    if option not in _BOOKMARKS:
        raise OptionError(f"--job-bookmark-option is {option!r}.", available=_BOOKMARKS)
    ends = [name for name in ("job-bookmark-from", "job-bookmark-to") if name in given]
    if ends and option != "job-bookmark-pause":
        raise OptionError(
            f"--{ends[0]} {given[ends[0]]!r} contradicts --job-bookmark-option {option!r}.",
            hint="a range of runs goes with job-bookmark-pause only",
        )
    if len(ends) == 1:
        raise OptionError(
            f"--{ends[0]} {given[ends[0]]!r} is only one end of a range.",
            hint="give both --job-bookmark-from and --job-bookmark-to, or neither",
        )
    if option != "job-bookmark-disable" and job_type == PYTHON_SHELL:
        raise OptionError(
            f"--job-bookmark-option {option!r} is not for a Python shell job.", hint="AWS Glue has no bookmarks for it"
        )


def _executor_cores(given: Mapping[str, str]) -> dict[str, str]:
    if "executor-cores" not in given:
        return {}
    number = given["executor-cores"].strip()
    if not (number.isascii() and number.isdigit() and int(number) > 0):
        raise OptionError(f"--executor-cores is {number!r}.", hint="give a whole number from 1 on")
    return {"spark.executor.cores": number}


def _modules(given: Mapping[str, str], job_type: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    entries = parse_list(given.get("additional-python-modules", ""))
    text = given.get("python-modules-installer-option", "")
    if job_type == PYTHON_SHELL:
        # Documented for Python shell jobs alone: options of pip stand behind a package's name.
        parts = [re.split(r"\s+(?=-)", entry, maxsplit=1) for entry in entries]
        entries = tuple(part[0] for part in parts)
        text = " ".join(part[1] for part in parts if len(part) == 2)
        if hosted := [entry for entry in entries if re.match(r"s3[an]?://", entry)]:
            raise OptionError(
                f"--additional-python-modules has {hosted[0]!r}, and a Python shell job takes packages by name only.",
                hint="pass the wheel with --extra-py-files",
            )
    try:
        options = tuple(shlex.split(text))
    except ValueError as error:
        raise OptionError(f"--python-modules-installer-option {text!r}: {error}.") from None
    if forbidden := [word for word in options if word.partition("=")[0] in _PLACES]:
        raise OptionError(
            f"--python-modules-installer-option has {forbidden[0]!r}, which says where to install.",
            hint="leave it out: the modules of a run have a folder of their own",
        )
    if stray := [entry for entry in entries if re.match(r"[<>=!~]", entry)]:
        raise OptionError(
            f"--additional-python-modules has the entry {stray[0]!r}, which is no package.",
            hint="a comma separates packages: give one condition each, such as pandas==2.2.3",
        )
    return entries, options


def _notes(given: Mapping[str, str], job_type: str) -> Iterator[str]:
    for name, value in given.items():
        parameter = PARAMETERS.get(name)
        if parameter is None or (parameter.switch and not is_on(value)):
            continue
        if parameter.effect == ACCEPTED:
            yield f"--{name} has no effect here: {parameter.why}"
        elif parameter.effect == RESERVED:
            yield f"--{name} only reaches the script: {parameter.why} and says never to set it"
    if given.get("spark-event-logs-path") and not ("enable-spark-ui" in given and is_on(given["enable-spark-ui"])):
        yield "--spark-event-logs-path has no effect here: there is an event log with --enable-spark-ui true only"
    if "python-modules-installer-option" in given and not given.get("additional-python-modules"):
        yield "--python-modules-installer-option has no effect here: there are no --additional-python-modules"
    if "user-jars-first" in given and is_on(given["user-jars-first"]) and not given.get("extra-jars"):
        yield "--user-jars-first has no effect here: there are no --extra-jars"


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
        shown = _URL_SECRET.sub(rf"\1{_MASK}@", _SECRET_IN_VALUE.sub(rf"\1{_MASK}", word))
        result.append(f"{name}={_MASK}" if secret and equals else shown)
    return result
