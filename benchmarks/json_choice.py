"""Reading JSON lines as a DynamicFrame, inference included, against plain `spark.read.json`.

    python benchmarks/json_choice.py [--mb 250] [--rounds 3] [--only NAME ...]

Both sides infer the schema and write every column to Spark's `noop` sink, in one session, taking turns.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from measure import Ratio, interleave, report
from pyspark.sql import DataFrame, SparkSession

from glue_etl.engine.io.json import read_json
from glue_etl.engine.session import create_session
from glue_etl.settings import load

CITIES = ["Omaha", "New York", "Łódź", "Lyon", "Osaka"]


def fraction(random_: random.Random, scale: float) -> float:
    """Never whole: a whole double is still a double, but has to be looked at."""
    return round(random_.random() * scale, 2) + 0.001


def record(number: int, random_: random.Random) -> dict[str, Any]:
    """Eleven fields, two of them nested."""
    return {
        "id": number,
        "user": f"user-{random_.randrange(10**6):06d}",
        "at": f"2024-{random_.randrange(1, 13):02d}-{random_.randrange(1, 29):02d}T{random_.randrange(24):02d}:00:00Z",
        "amount": fraction(random_, 1000),
        "qty": random_.randrange(100),
        "active": random_.random() < 0.5,
        "tags": ["a", "b", "c"][: random_.randrange(1, 4)],
        "address": {
            "city": random_.choice(CITIES),
            "zip": f"{random_.randrange(99999):05d}",
            "geo": {"lat": fraction(random_, 90), "lon": fraction(random_, 90)},
        },
        "note": "x" * random_.randrange(40),
        "code": random_.randrange(10**6),
        "price": fraction(random_, 100),
    }


def whole_doubles(row: dict[str, Any], random_: random.Random) -> None:
    row["price"] = float(random_.randrange(100))


def mixed(row: dict[str, Any], random_: random.Random) -> None:
    if random_.random() < 0.4:
        row["code"] = f"C{row['code']}"
    if random_.random() < 0.3:
        row["price"] = random_.randrange(100)


def quoted_numbers(row: dict[str, Any], random_: random.Random) -> None:
    if random_.random() < 0.4:
        row["code"] = str(row["code"])
    if random_.random() < 0.3:
        row["price"] = str(row["price"])


CASES: dict[str, tuple[Callable[[dict[str, Any], random.Random], None] | None, float | None]] = {
    "no mixed field": (None, 1.15),
    "two mixed fields": (mixed, 1.5),
    "no mixed field, whole doubles": (whole_doubles, None),
    "two mixed fields, numbers in quotes": (quoted_numbers, None),
}


def make_data(path: Path, megabytes: int, change: Callable[[dict[str, Any], random.Random], None] | None) -> int:
    """Write the lines; the same on every machine. Gives their number."""
    random_, written, number = random.Random(7), 0, 0
    with path.open("wb") as file:
        while written < megabytes * 1_000_000:
            row = record(number, random_)
            if change is not None:
                change(row, random_)
            written += file.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
            number += 1
    return number


def no_result(df: DataFrame) -> None:
    df.write.format("noop").mode("overwrite").save()


def measure(spark: SparkSession, name: str, path: Path, rounds: int, bound: float | None, rows: int) -> Ratio:
    """One line of the table."""
    frame = read_json(spark, [str(path)])
    assert frame.plan.df.count() == rows == spark.read.json(str(path)).count()
    sides = {
        "engine": lambda: no_result(read_json(spark, [str(path)]).plan.df),
        "spark.read.json": lambda: no_result(spark.read.json(str(path))),
    }
    return Ratio(name, interleave(sides, rounds), bound, {"rows": rows})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mb", type=int, default=250)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="*", default=None, choices=list(CASES))
    arguments = parser.parse_args()
    ratios: list[Ratio] = []
    with tempfile.TemporaryDirectory(prefix="glue-etl-bench-") as work:
        spark = create_session(load(state_dir=Path(work) / "state"), "benchmark")
        for name in arguments.only or CASES:
            change, bound = CASES[name]
            path = Path(work) / "data.json"
            rows = make_data(path, arguments.mb, change)
            ratios.append(measure(spark, name, path, arguments.rounds, bound, rows))
            path.unlink()
        spark.stop()
    report("json_choice", ratios, mb=arguments.mb, rounds=arguments.rounds)


if __name__ == "__main__":
    main()
