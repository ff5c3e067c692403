"""`glue-etl run`: one job script in a process of its own."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glue_etl.errors import JobError

if TYPE_CHECKING:
    from glue_etl.engine.runner import RunResult

__all__ = ["add_parser", "run"]

_USAGE = "glue-etl run SCRIPT [options] -- [--JOB_NAME NAME] [--KEY VALUE ...]"


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
    parser.add_argument("--verbose", action="store_true", help="show Spark's log and full tracebacks")
    parser.add_argument("--no-progress", action="store_true", help="do not show the progress of Spark's stages")
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
    from glue_etl.engine.run_arguments import parse_conf
    from glue_etl.engine.runner import run_script

    if args.unknown:
        raise JobError(
            f"{args.unknown[0]!r} is no option of `glue-etl run`.",
            hint=f"the job's own arguments follow `--`: glue-etl run {args.script} -- {' '.join(args.unknown)}",
        )
    loaded = settings.load(
        state_dir=Path(args.state) if args.state else None, master=args.master, verbose=args.verbose or None
    )
    result = run_script(
        Path(args.script),
        args.rest[1:],
        settings=loaded,
        conf=parse_conf(args.conf),
        extra_py_files=[part for group in args.extra_py_files for part in group.split(",") if part],
        verbose=loaded.verbose,
        progress=not args.no_progress,
    )
    print(_summary(result), file=sys.stderr)
    return result.exit_code


def _parse(
    parse: Callable[..., tuple[argparse.Namespace, list[str]]],
    words: Sequence[str],
    namespace: argparse.Namespace | None = None,
) -> tuple[argparse.Namespace, list[str]]:
    parsed, unknown = parse(words, namespace)
    parsed.unknown = unknown
    return parsed, []


def _summary(result: RunResult) -> str:
    took = f"{result.duration:.1f} s"
    if result.error is None:
        metrics = result.metrics
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
