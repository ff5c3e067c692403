"""The taxi job through the engine against the same work in plain PySpark and in DuckDB.

    python benchmarks/taxi_job.py [--rows 12000000] [--rounds 3] [--cores 2] [--keep DIR]

Each side is a process of its own, start-up included, and the three take turns. `work` leaves out what differs before a
job begins (the command line, imports): run.json's duration against plain PySpark's own clock, both with the JVM's
start. Peak memory is the largest sum of resident sizes of a side's process tree, sampled ten times a second.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from measure import Ratio, report

from glue_etl.testing.taxi_sample import write_taxi

BOUND = 1.05
HERE = Path(__file__).resolve().parent


def tree_rss(root: int) -> int:
    """Resident bytes of a process and of all below it."""
    below: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except (OSError, IndexError):
                continue
            below.setdefault(parent, []).append(int(entry.name))
    total, waiting = 0, [(root, 0)]
    while waiting:
        pid, parents_size = waiting.pop()
        try:
            size, resident = map(int, Path(f"/proc/{pid}/statm").read_text().split()[:2])
        except OSError:
            size = resident = 0
        waiting += [(child, size) for child in below.get(pid, [])]
        # Of the same size as its parent, it has only just been forked: its pages are the parent's, not more of them.
        total += 0 if size == parents_size else resident * os.sysconf("SC_PAGE_SIZE")
    return total


def measured(command: list[str], log: Path) -> tuple[float, int]:
    """Wall seconds and peak bytes of a command; its output goes to `log`."""
    start, peak = time.perf_counter(), 0
    with log.open("w") as out:
        environment = {**os.environ, "PYTHONPATH": str(HERE.parent), "PYSPARK_PYTHON": sys.executable}
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env=environment, cwd=HERE.parent)
        while process.poll() is None:
            peak = max(peak, tree_rss(process.pid))
            time.sleep(0.1)
    seconds = time.perf_counter() - start
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}:\n{log.read_text()[-3000:]}")
    return seconds, peak


def last_json(log: Path) -> dict[str, Any]:
    lines = [line for line in log.read_text().splitlines() if line.startswith("{")]
    result: dict[str, Any] = json.loads(lines[-1])
    return result


def one(side: str, folder: Path, cores: int) -> tuple[float, int, float, tuple[int, int]]:
    """Run a side once: wall seconds, peak bytes, seconds of work, (rows read, rows rejected)."""
    state, source, log = folder / "state", folder / "state" / "s3" / "raw" / "taxi", folder / f"{side}.log"
    target = folder / side
    shutil.rmtree(target, ignore_errors=True)
    os.environ["GLUE_ETL_MASTER"] = f"local[{cores}]"
    if side == "engine":
        lake = state / "s3" / "out"
        shutil.rmtree(lake, ignore_errors=True)
        lake.mkdir()
        paths = ["--source_path", "s3://raw/taxi/", "--destination_path", "s3://out/trips/"]
        job = ["--JOB_NAME", "taxi", *paths, "--rejects_path", "s3://out/rejects/"]
        run = [sys.executable, "-m", "glue_etl", "run", "--state", str(state), "--no-progress"]
        seconds, peak = measured([*run, "jobs/nyc_taxi.py", "--", *job], log)
        record = max((state / "logs" / "taxi").glob("*/run.json"), key=lambda path: path.stat().st_mtime)
        found = last_json(log)
        work = json.loads(record.read_text())["duration_seconds"]
    else:
        last = str(cores) if side == "duckdb" else str(state)
        target.mkdir()
        script = HERE / f"taxi_{side}.py"
        seconds, peak = measured([sys.executable, str(script), str(source), str(target), last], log)
        found = last_json(log)
        work = found["seconds"]
    return seconds, peak, work, (found["rows_read"], found["rows_rejected"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--rows", type=int, default=12_000_000, help="about 92 bytes each (default: a little over 1 GB)"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="folder for data and logs, kept afterwards")
    args = parser.parse_args()
    folder = (args.keep or Path(tempfile.mkdtemp(prefix="taxi-job-"))).resolve()
    try:
        sample = write_taxi(folder / "state" / "s3" / "raw" / "taxi", args.rows, seed=1)
        # Else the side that goes first shares the disk with the writing-back of a gigabyte.
        os.sync()
        sides = ["engine", "plain", "duckdb"]
        wall: dict[str, list[float]] = {side: [] for side in sides}
        work: dict[str, list[float]] = {side: [] for side in sides}
        peaks: dict[str, list[int]] = {side: [] for side in sides}
        for number in range(args.rounds):
            for side in sides if number % 2 == 0 else reversed(sides):
                seconds, peak, working, rows = one(side, folder, args.cores)
                if rows != (sample.rows, sample.rejects):
                    raise SystemExit(f"{side} read and rejected {rows}, not {(sample.rows, sample.rejects)}")
                wall[side].append(seconds)
                work[side].append(working)
                peaks[side].append(peak)
                print(f"round {number + 1} {side}: {seconds:.1f} s, {peak / 1e9:.2f} GB", flush=True)
    finally:
        if not args.keep:
            shutil.rmtree(folder, ignore_errors=True)
    memory = {f"{side} peak GB": f"{statistics.median(peaks[side]) / 1e9:.2f}" for side in sides}
    report(
        "taxi_job",
        [Ratio("whole process", wall, BOUND, memory), Ratio("work", work, BOUND)],
        rows=sample.rows,
        gigabytes=round(sample.size / 1e9, 2),
        rounds=args.rounds,
        cores=args.cores,
    )


if __name__ == "__main__":
    main()
