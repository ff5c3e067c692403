"""The tuned test session against SparkSession defaults: start, first test, median test.

    python benchmarks/startup.py [--pairs 10] [--tests 20]

Every session runs in a fresh process; the two sides of a pair take turns in going first. A test is what a unit test of
a transform does: three rows in, a grouping and an ordering, the rows collected and compared.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from measure import Ratio, report

from glue_etl.engine.session import launch_environment
from glue_etl.settings import child_environment, load

ROOT = Path(__file__).resolve().parents[1]

CHILD = """
import json, sys, time
begin = time.perf_counter()
if sys.argv[1] == "tuned":
    from glue_etl.engine.session import create_session
    from glue_etl.settings import load
    spark = create_session(load(), tuned_for_tests=True)
else:
    from pyspark.sql import SparkSession
    spark = SparkSession.builder.master("local[2]").getOrCreate()
started = time.perf_counter()
from pyspark.sql import functions as F
times = []
for number in range(int(sys.argv[2])):
    before = time.perf_counter()
    frame = spark.createDataFrame([("a", number), ("b", 2), ("a", 3)], "key string, value int")
    rows = frame.groupBy("key").agg(F.sum("value").alias("sum")).orderBy("key").collect()
    assert [tuple(row) for row in rows] == [("a", number + 3), ("b", 2)]
    times.append(time.perf_counter() - before)
print("RESULT " + json.dumps({"start": started - begin, "tests": times}))
"""


def measure(side: str, tests: int, environment: dict[str, str], folder: Path) -> dict[str, float]:
    command = [sys.executable, "-c", CHILD, side, str(tests)]
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=600)
    lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    if done.returncode != 0 or not lines:
        raise SystemExit(f"the {side} session failed:\n{done.stderr[-3000:]}")
    result = json.loads(lines[-1].removeprefix("RESULT "))
    times = result["tests"]
    return {
        "start": result["start"],
        "start and first test": result["start"] + times[0],
        "median test": statistics.median(times[1:] or times),
        "start and all tests": result["start"] + sum(times),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--tests", type=int, default=20)
    args = parser.parse_args()
    found: dict[str, dict[str, list[float]]] = {}
    with tempfile.TemporaryDirectory(prefix="glue-etl-startup-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        settings = load(state_dir=folder / "state", master="local[2]")
        environment = child_environment(settings, launch_environment(settings))
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), environment.get("PYTHONPATH")]))
        for pair in range(args.pairs):
            sides = ("tuned", "defaults")
            for side in sides if pair % 2 == 0 else reversed(sides):
                for what, seconds in measure(side, args.tests, environment, folder).items():
                    found.setdefault(what, {each: [] for each in sides})[side].append(seconds)
    report("startup", [Ratio(what, seconds) for what, seconds in found.items()], pairs=args.pairs, tests=args.tests)


if __name__ == "__main__":
    main()
