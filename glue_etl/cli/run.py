"""`glue-etl run`: one job script in a process of its own."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glue_etl.engine.run_parameters import JOB_TYPES, PARAMETERS, RESERVED, USED
from glue_etl.errors import JobError, OptionError

if TYPE_CHECKING:
    from glue_etl.engine.runner import RunResult

__all__ = ["add_parser", "run"]

_USAGE = "glue-etl run SCRIPT [options] -- [--JOB_NAME NAME] [--KEY VALUE ...]"
# These were options of this command before, and may be repeated; the script does not see them.
_OWN = ("conf", "extra-py-files")
_FLAGS = {name: each for name, each in PARAMETERS.items() if name not in _OWN and each.effect != RESERVED}


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Add the command `run` with its options."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "run",
        help="run a Glue job script in a process of its own",
        usage=_USAGE,
        allow_abbrev=False,
        description="Run a Glue job script, unchanged, in a process of its own. What follows `--` are the job's own "
        "arguments, as a Glue job gets them.",
        epilog="Logs and run.json lie under .glue/logs/JOB/RUN/. The exit code is 0 only if the script ended well.",
    )
    parser.add_argument("script", metavar="SCRIPT", help="the Python file")
    parser.add_argument("--state", metavar="DIR", help="folder of the lake and the logs (default: .glue)")
    parser.add_argument("--master", metavar="URL", help="local[N] or spark://HOST:PORT (default: local[*])")
    parser.add_argument("--conf", metavar="K=V", action="append", default=[], help="a Spark setting; may be repeated")
    parser.add_argument(
        "--extra-py-files", metavar="FILES", action="append", default=[], help="a.py,b.zip or s3:// of them, for import"
    )
    parser.add_argument(
        "--job-type", metavar="TYPE", default=JOB_TYPES[0], help=f"{', '.join(JOB_TYPES)} (default: {JOB_TYPES[0]})"
    )
    parser.add_argument("--glue-version", metavar="V", help="fail if this interpreter stands for another Glue version")
    parser.add_argument("--verbose", action="store_true", help="show Spark's log and full tracebacks")
    parser.add_argument("--no-progress", action="store_true", help="do not show the progress of Spark's stages")
    group = parser.add_argument_group(
        "job parameters of AWS Glue", "the same in front of `--` as behind it; README.md says what each does here"
    )
    for name, each in _FLAGS.items():
        told = each.why if each.effect == USED else argparse.SUPPRESS
        group.add_argument(f"--{name}", metavar="[true]" if each.switch else "VALUE", dest=f"glue:{name}", help=told)
    # `--` and the job's arguments are taken off by `main` before argparse looks.
    parser.set_defaults(rest=[])
    # A job's argument in front of `--` deserves a better word than argparse has for it.
    parser.parse_known_args = partial(_parse, parser.parse_known_args)  # type: ignore[method-assign, assignment]
    return parser


def run(args: argparse.Namespace) -> int:
    """Run the script and say how it ended, on stderr.

    Returns:
        0 only if the script ended well; else its own exit code, 128 + n for signal n, or 1.

    Raises:
        GlueEtlError: The script could not be started.
    """
    from glue_etl import settings
    from glue_etl.engine.run_options import parse_conf, parse_list
    from glue_etl.engine.runner import run_script

    if args.unknown:
        raise JobError(
            f"{args.unknown[0]!r} is no option of `glue-etl run`.",
            hint=f"the job's own arguments follow `--`: glue-etl run {args.script} -- {' '.join(args.unknown)}",
        )
    _check_version(args.glue_version, args.job_type)
    loaded = settings.load(
        state_dir=Path(args.state) if args.state else None, master=args.master, verbose=args.verbose or None
    )
    result = run_script(
        Path(args.script),
        [*_flags(args), *args.rest[1:]],
        settings=loaded,
        conf=parse_conf(args.conf),
        extra_py_files=[part for group in args.extra_py_files for part in parse_list(group)],
        job_type=args.job_type,
        verbose=loaded.verbose,
        progress=not args.no_progress,
    )
    for note in result.notes:
        print(f"note: {note}", file=sys.stderr)
    print(_summary(result), file=sys.stderr)
    return result.exit_code


def _parse(
    parse: Callable[..., tuple[argparse.Namespace, list[str]]],
    words: Sequence[str],
    namespace: argparse.Namespace | None = None,
) -> tuple[argparse.Namespace, list[str]]:
    parsed, unknown = parse(list(_joined(words)), namespace)
    parsed.unknown = unknown
    return parsed, []


def _joined(words: Sequence[str]) -> Iterator[str]:
    """Each job parameter and its value as one word, as argparse cannot know which of them stands alone."""
    left = list(words)
    while left:
        word = left.pop(0)
        parameter = _FLAGS.get(word.removeprefix("--")) if word.startswith("--") else None
        if parameter is None:
            yield word
        elif parameter.switch:
            yield f"{word}={left.pop(0) if left and left[0].lower() in ('true', 'false') else 'true'}"
        elif left and (not left[0].startswith("--") or word == "--python-modules-installer-option"):
            yield f"{word}={left.pop(0)}"
        else:
            yield word


def _flags(args: argparse.Namespace) -> Iterator[str]:
    """The job parameters given in front of `--`, as the job's arguments.

    Raises:
        OptionError: One is given behind `--` too, with another value.
    """
    from glue_etl.engine.run_arguments import named

    behind = named(args.rest[1:])
    for name in _FLAGS:
        value: str | None = getattr(args, f"glue:{name}")
        if value is None:
            continue
        if behind.get(name, value) != value:
            raise OptionError(
                f"--{name} is {value!r} in front of `--` and {behind[name]!r} behind it.", hint="give it once"
            )
        if name not in behind:
            # Two words, as AWS Glue hands a script its arguments.
            yield from (f"--{name}", value)


def _check_version(version: str | None, job_type: str) -> None:
    from glue_etl.engine.compat import glue_version
    from glue_etl.engine.run_parameters import PYTHON_SHELL

    # AWS Glue ignores the version of a Python shell job too.
    if version is not None and job_type != PYTHON_SHELL and version != glue_version():
        raise OptionError(
            f"--glue-version is {version!r}, and this interpreter stands for Glue {glue_version()}.",
            available=["5.1 (Python 3.11)", "6.0 (Python 3.13)"],
            hint="install glue-etl for the other Python",
        )


def _summary(result: RunResult) -> str:
    took = f"{result.duration:.1f} s"
    if result.error is None:
        metrics = result.metrics
        if metrics.stages == 0:
            return f"{result.state} {result.job} in {took}. Log: {result.log_dir}"
        return (
            f"{result.state} {result.job} in {took}: "
            f"Spark read {metrics.rows_read:,} rows ({_size(metrics.bytes_read)}; repeated reads count again), "
            f"wrote {metrics.rows_written:,} rows ({_size(metrics.bytes_written)}). Log: {result.log_dir}"
        )
    lines = [f"  {line}" for line in str(result.error).splitlines()]
    return "\n".join([f"{result.state} {result.job} after {took}", *lines, f"  Log: {result.log_dir}/error.log"])


def _size(count: int) -> str:
    size = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return ""
