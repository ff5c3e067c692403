"""Reading and writing Avro: the engine against fastavro alone on all cores.

    python benchmarks/avro_format.py [--rows 1000000] [--rounds 3] [--only NAME ...]

Read: the engine writes every column to Spark's `noop` sink; the library decodes the same files in a pool of as many
processes as there are cores, started beforehand, and makes Arrow columns of the records. Write: both start from the
same Parquet files; the library's processes read them by pyarrow and hand fastavro their rows.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import shutil
from itertools import islice
from pathlib import Path
from typing import Any

import fastavro
import pyarrow as pa
from glue_session import glue_session, no_result
from measure import Ratio, interleave, report
from pyarrow import parquet

FILES = 8
BATCH = 10_000
BOUND = 1.3
CASES = ("read", "read, deflate", "read, one file", "write", "write, deflate")

ADDRESS = pa.struct([("city", pa.string()), ("zip", pa.string()), ("lat", pa.float64())])
COLUMNS = {
    "id": pa.int64(),
    "user": pa.string(),
    "at": pa.int64(),
    "amount": pa.float64(),
    "qty": pa.int32(),
    "active": pa.bool_(),
    "tags": pa.list_(pa.string()),
    "address": ADDRESS,
    "note": pa.string(),
    "price": pa.float64(),
}
SCHEMA = fastavro.parse_schema(
    {
        "type": "record",
        "name": "topLevelRecord",
        "fields": [
            {"name": "id", "type": ["null", "long"]},
            {"name": "user", "type": ["null", "string"]},
            {"name": "at", "type": ["null", "long"]},
            {"name": "amount", "type": ["null", "double"]},
            {"name": "qty", "type": ["null", "int"]},
            {"name": "active", "type": ["null", "boolean"]},
            {"name": "tags", "type": ["null", {"type": "array", "items": ["null", "string"]}]},
            {
                "name": "address",
                "type": [
                    "null",
                    {
                        "type": "record",
                        "name": "address",
                        "fields": [
                            {"name": "city", "type": ["null", "string"]},
                            {"name": "zip", "type": ["null", "string"]},
                            {"name": "lat", "type": ["null", "double"]},
                        ],
                    },
                ],
            },
            {"name": "note", "type": ["null", "string"]},
            {"name": "price", "type": ["null", "double"]},
        ],
    }
)


def record(number: int, random_: random.Random) -> dict[str, Any]:
    return {
        "id": number,
        "user": f"user-{random_.randrange(10**6):06d}",
        "at": 1_700_000_000_000 + number * 1000,
        "amount": random_.random() * 1000,
        "qty": random_.randrange(100),
        "active": random_.random() < 0.5,
        "tags": ["a", "b", "c"][: random_.randrange(1, 4)],
        "address": {
            "city": random_.choice(["Omaha", "Łódź", "Lyon"]),
            "zip": f"{random_.randrange(99999):05d}",
            "lat": random_.random() * 90,
        },
        "note": None if number % 3 else "x" * random_.randrange(40),
        "price": random_.random() * 100,
    }


def make(job: tuple[str, int, int, str]) -> None:
    """One Parquet file and the same rows as Avro."""
    path, start, count, codec = job
    random_ = random.Random(start)
    rows = [record(number, random_) for number in range(start, start + count)]
    parquet.write_table(pa.Table.from_pylist(rows, pa.schema(list(COLUMNS.items()))), path + ".parquet")
    with open(path + ".avro", "wb") as file:
        fastavro.writer(file, SCHEMA, rows, codec=codec, sync_interval=64_000)


def read_alone(path: str) -> int:
    rows = 0
    with open(path, "rb") as file:
        reader = fastavro.reader(file)
        while records := list(islice(reader, BATCH)):
            rows += pa.RecordBatch.from_pylist(records).num_rows
    return rows


def write_alone(job: tuple[str, str, str]) -> None:
    source, target, codec = job
    rows = (row for batch in parquet.ParquetFile(source).iter_batches(BATCH) for row in batch.to_pylist())
    with open(target, "wb") as file:
        fastavro.writer(file, SCHEMA, rows, codec=codec, sync_interval=64_000)


def measure(spark: Any, glue: Any, pool: Any, name: str, folder: Path, rows: int, rounds: int) -> Ratio:
    """One line of the table."""
    codec = "deflate" if "deflate" in name else "null"
    files = 1 if "one file" in name else FILES
    folder.mkdir(parents=True)
    names = [str(folder / f"{at}") for at in range(files)]
    pool.map(make, [(each, at * (rows // files), rows // files, codec) for at, each in enumerate(names)], chunksize=1)
    avro, plain = folder / "avro", folder / "parquet"
    for kind, below in (("avro", avro), ("parquet", plain)):
        below.mkdir()
        for each in names:
            shutil.move(f"{each}.{kind}", below)

    def read() -> Any:
        return glue.create_dynamic_frame.from_options("s3", {"paths": [avro.as_uri()]}, format="avro")

    def alone() -> int:
        return sum(pool.map(read_alone, map(str, avro.iterdir()), chunksize=1))

    def write() -> None:
        target = folder / "out"
        frame = glue.create_dynamic_frame.from_options("s3", {"paths": [plain.as_uri()]}, format="parquet")
        options = {"path": target.as_uri(), "compression": "uncompressed" if codec == "null" else codec}
        glue.write_dynamic_frame.from_options(frame, "s3", options, format="avro")
        shutil.rmtree(target)

    def alone_write() -> None:
        target = folder / "alone"
        target.mkdir()
        jobs = [(str(file), str(target / f"{file.stem}.avro"), codec) for file in plain.iterdir()]
        pool.map(write_alone, jobs, chunksize=1)
        shutil.rmtree(target)

    if name.startswith("read"):
        assert read().count() == rows // files * files == alone()
        sides = {"engine": lambda: no_result(read().toDF()), "fastavro alone": alone}
    else:
        sides = {"engine": write, "fastavro alone": alone_write}
    return Ratio(name, interleave(sides, rounds), BOUND, {"rows": rows})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="*", default=None, choices=CASES)
    arguments = parser.parse_args()
    # Started before Spark, by fresh interpreters: a fork would share the connection to the JVM.
    cores = os.cpu_count() or 1
    with multiprocessing.get_context("spawn").Pool(cores) as pool, glue_session() as (spark, glue, folder):
        ratios = [
            measure(spark, glue, pool, name, folder / str(at), arguments.rows, arguments.rounds)
            for at, name in enumerate(arguments.only or CASES)
        ]
    report("avro_format", ratios, rows=arguments.rows, rounds=arguments.rounds, cores=cores)


if __name__ == "__main__":
    main()
