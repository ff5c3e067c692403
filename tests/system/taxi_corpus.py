"""Every TLC file of a folder through the taxi job, one run each: rows in = rows out + rejects.

    python tests/system/taxi_corpus.py --data FOLDER [--parallel 2] [--only TEXT]

No pytest: it needs files that the project does not carry. Rows are counted here, by other means than the job's: lines
of a CSV file, footers of Parquet files, lines of the rejects. Prints a table, exits 1 if a sum is off or a run fails.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pyarrow.dataset
import pyarrow.parquet

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Outcome:
    name: str
    rows: int
    trips: int
    rejects: int
    state: str

    @property
    def right(self) -> bool:
        return self.state == "SUCCEEDED" and self.rows == self.trips + self.rejects


def rows_in(path: Path) -> int:
    """Records of a file: Parquet's own count, or the lines of a CSV file that are not blank, less the header."""
    if path.is_dir():
        return sum(rows_in(file) for file in sorted(path.iterdir()))
    if path.suffix == ".parquet":
        return int(pyarrow.parquet.read_metadata(path).num_rows)
    lines = path.read_bytes().replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    return max(0, sum(1 for line in lines if line.strip()) - 1)


def run_one(source: Path, name: str) -> Outcome:
    """Copy the source into a lake of its own, run the job over it, count what came out."""
    state = Path(tempfile.mkdtemp(prefix="glue-etl-corpus-"))
    try:
        bucket = state / "s3" / "tlc"
        (bucket / "in").mkdir(parents=True)
        for file in sorted(source.iterdir()) if source.is_dir() else [source]:
            shutil.copy(file, bucket / "in" / file.name)
        kind = "parquet" if source.suffix == ".parquet" else "csv"
        command = [sys.executable, "-m", "glue_etl", "run", str(ROOT / "jobs/nyc_taxi.py"), "--state", str(state)]
        # Small files: what is compiled well would never pay back here.
        command += ["--conf", "spark.driver.extraJavaOptions=-XX:TieredStopAtLevel=1"]
        command += ["--", "--JOB_NAME", "corpus", "--source_path", "s3://tlc/in/", "--source_format", kind]
        command += ["--destination_path", "s3://tlc/trips/", "--rejects_path", "s3://tlc/rejects/"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            print(done.stdout, done.stderr, file=sys.stderr)
        trips = bucket / "trips"
        kept = pyarrow.dataset.dataset(trips, format="parquet").count_rows() if trips.is_dir() else 0
        rejects = sum(len(file.read_bytes().splitlines()) for file in (bucket / "rejects").rglob("*") if file.is_file())
        return Outcome(name, rows_in(source), kept, rejects, "FAILED" if done.returncode else "SUCCEEDED")
    finally:
        shutil.rmtree(state, ignore_errors=True)


def sources(data: Path) -> dict[str, Path]:
    """The folder of yellow trips, each file of green trips and each head of a file."""
    found = {"nyc_yellow": data / "nyc_yellow"}
    for folder in ("nyc_green", "nyc_heads"):
        found |= {f"{folder}/{file.name}": file for file in sorted((data / folder).iterdir())}
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--parallel", type=int, default=1)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    wanted = {name: path for name, path in sources(arguments.data).items() if arguments.only in name}
    outcomes = []
    with ThreadPoolExecutor(arguments.parallel) as pool:
        for outcome in pool.map(lambda item: run_one(item[1], item[0]), wanted.items()):
            outcomes.append(outcome)
            mark = "" if outcome.right else "  WRONG"
            print(
                f"{outcome.name}: {outcome.rows} in, {outcome.trips} out, {outcome.rejects} rejected{mark}", flush=True
            )
    wrong = [outcome for outcome in outcomes if not outcome.right]
    print(f"{len(outcomes) - len(wrong)} passed, {len(wrong)} failed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
