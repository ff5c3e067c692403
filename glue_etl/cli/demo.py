"""`glue-etl demo`, which is `make run`: sample taxi data, the taxi job over it, and what came of it."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import glue_etl
from glue_etl.errors import JobError, PathNotFoundError

if TYPE_CHECKING:
    from glue_etl.settings import Settings

__all__ = ["add_parser", "run", "summary"]

BUCKET = "glue-etl-demo"
JOB = "nyc_taxi"
ROWS = 200_000
SEED = 2017


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Add the command's arguments.

    Args:
        subparsers: What `argparse.ArgumentParser.add_subparsers` gave.

    Returns:
        The command's parser.
    """
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "demo",
        help="sample data, the taxi job and a summary: what `make run` does",
        description="Write sample taxi trips (once), run jobs/nyc_taxi.py over them and say what came of it.",
    )
    parser.add_argument("--rows", type=int, default=ROWS, help=f"rows of sample data (default {ROWS})")
    parser.add_argument("--state", help="state folder that holds the lake (default .glue)")
    return parser


def run(args: argparse.Namespace) -> int:
    """Make the data if it is not there, run the job, print the summary.

    Args:
        args: What the parser of `add_parser` gave.

    Returns:
        0 if the job ended well and accounts for every row; else the job's exit code, or 1.

    Raises:
        OptionError: `--rows` is not positive.
        PathNotFoundError: The job's script is not there: this is no clone of the project.
        JobError: The job ended without saying how many rows it saw.
    """
    from glue_etl import settings
    from glue_etl.cli.main import main

    current = settings.load(state_dir=args.state)
    script = _script()
    bucket = current.lake_dir / BUCKET
    source = _sample(bucket, args.rows)
    # Glue's sink adds files to what is there, here as on AWS: a second run would count every trip twice.
    for name in ("trips", "rejects"):
        shutil.rmtree(bucket / name, ignore_errors=True)
    uris = {
        "source_path": f"s3://{BUCKET}/{source.name}/",
        "destination_path": f"s3://{BUCKET}/trips/",
        "rejects_path": f"s3://{BUCKET}/rejects/",
    }
    words = [word for name, uri in uris.items() for word in (f"--{name}", uri)]
    print(f"Running {script.name} over {uris['source_path']}", flush=True)
    code = main(["run", str(script), "--state", str(current.state_dir), "--", "--JOB_NAME", JOB, *words])
    if code != 0:
        return code
    log_dir, counts = _counts(current)
    print(summary(counts, bucket=bucket, log_dir=log_dir, base=Path.cwd()))
    seen = sum(int(counts.get(name, 0)) for name in ("rows_written", "rows_rejected", "rows_unreadable"))
    if not args.rows == seen == counts["rows_read"]:
        print(f"The sample has {args.rows:,} rows, the job accounts for {seen:,}: rows were lost.", file=sys.stderr)
        return 1
    return 0


def summary(counts: Mapping[str, Any], *, bucket: Path, log_dir: Path, base: Path) -> str:
    """What the run did, for someone who sees the project for the first time.

    Args:
        counts: The job's own summary, as `transforms.taxi.summarise` gives it.
        bucket: Folder of the demo's bucket.
        log_dir: Folder of the run's logs.
        base: Paths below it are shown relative to it.

    Returns:
        Some lines of text.
    """
    read = int(counts["rows_read"])
    lines = ["", "What happened", _count("rows in", read)]
    lines.append(_count("rows out", int(counts["rows_written"]), read))
    lines.append(_count("rows rejected", int(counts["rows_rejected"]), read))
    if unreadable := int(counts.get("rows_unreadable", 0)):
        lines.append(_count("rows no reader could read", unreadable, read))
    lines += _reasons(
        "Why rows were rejected (a row may have more than one reason)", counts.get("rejected_by_reason", {})
    )
    lines += _reasons("Odd, but kept with a flag", counts.get("flagged", {}))
    trips, rejects = (_shown(bucket / name, base) for name in ("trips", "rejects"))
    lines += [
        "",
        "Where it lies",
        f"  trips, Parquet by year and month   {trips}",
        f"  rejected rows with their reasons   {rejects}",
        f"  log of this run and its run.json   {_shown(log_dir, base)}",
        "",
        "What to try next",
        f"  {_shown(Path(sys.executable), base)} -c \"import pandas; print(pandas.read_parquet('{trips}').head())\"",
        "  look at jobs/nyc_taxi.py: the script that runs unchanged on AWS Glue",
        "  write a job of your own: README.md, 'Your first own job, in five minutes'",
        "  make test",
    ]
    return "\n".join(lines)


def _script() -> Path:
    name = Path("jobs") / f"{JOB}.py"
    places = [Path(glue_etl.__file__).resolve().parents[1] / name, Path.cwd() / name]
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        raise PathNotFoundError(
            f"The taxi job {str(name)!r} is not there.",
            available=[],
            hint="run the demo in a clone of the project; the wheel carries the library alone",
        )
    return found


def _sample(bucket: Path, rows: int) -> Path:
    """The sample's folder; it gets its name only when it is complete."""
    from glue_etl.testing.taxi_sample import write_taxi

    folder = bucket / f"taxi-{rows}-rows"
    if folder.is_dir():
        return folder
    print(f"Writing {rows:,} rows of sample taxi trips", flush=True)
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    write_taxi(partial, rows, SEED)
    partial.rename(folder)
    return folder


def _counts(current: Settings) -> tuple[Path, dict[str, Any]]:
    from glue_etl.engine.run_records import read_runs

    runs: Sequence[Mapping[str, Any]] = read_runs(current.logs_dir, JOB)
    log_dir = Path(runs[-1]["log_dir"]) if runs else current.logs_dir
    log = log_dir / "output.log"
    for line in reversed(log.read_text(encoding="utf-8").splitlines() if log.is_file() else []):
        if line.startswith("{") and '"rows_read"' in line:
            counts: dict[str, Any] = json.loads(line)
            return log_dir, counts
    raise JobError(f"The job's output {str(log)!r} has no summary line.", hint="look at the log for what it did")


def _reasons(title: str, counts: Mapping[str, int]) -> list[str]:
    commonest_first = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    return ["", title, *(_count(name, count) for name, count in commonest_first)] if counts else []


def _count(name: str, count: int, whole: int | None = None) -> str:
    share = f"{count / whole:>9.2%}" if whole else ""
    return f"  {name:<28}{count:>12,}{share}"


def _shown(path: Path, base: Path) -> str:
    return str(path.relative_to(base) if path.is_relative_to(base) else path)
