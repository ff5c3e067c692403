"""Ten partitions of a table with many, against `spark.read` of those ten folders.

    python benchmarks/catalog.py [--partitions 10000] [--rows 5000000] [--rounds 5] [--only NAME ...]

The table has two partition keys and Parquet files, the ten that are read of `rows` rows together. Both sides write
every column to Spark's `noop` sink, in one session, taking turns. Ours asks the local Data Catalog each time. What a
predicate of functions alone costs is told without a bound: all partitions have to be looked at for it.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import Any

from glue_session import chosen, glue_session, no_result
from measure import Ratio, interleave, report
from pyspark.sql import SparkSession

from glue_etl.engine.catalog.clients import Clients
from glue_etl.engine.catalog.serde import table_input
from glue_etl.settings import load

BOUND = 1.3
BOUNDS: dict[str, float | None] = {"functions only": None}
COLUMNS = [("id", "bigint"), ("amount", "double"), ("city", "string")]
KEYS = [("station", "string"), ("day", "int")]
DAYS = 1000
KEPT = range(100, 110)

PREDICATES: dict[str, dict[str, Any]] = {
    # The catalog judges all of it.
    "comparisons": {"push_down_predicate": "station = 's1' and day >= 100 and day < 110"},
    # The catalog judges the station, Spark the rest.
    "a function": {
        "push_down_predicate": "station = 's1' and substring(cast(day as string), 1, 2) = '10' and day > 99"
    },
    # Spark judges all partitions.
    "functions only": {"push_down_predicate": "upper(station) = 'S1' and day + 0 between 100 and 109"},
    "catalogPartitionPredicate": {
        "additional_options": {"catalogPartitionPredicate": "station = 's1' AND day BETWEEN 100 AND 109"}
    },
}


def folder(base: str, station: int, day: int) -> str:
    return f"{base}/station=s{station}/day={day}"


def make_table(spark: SparkSession, state: Path, base: Path, partitions: int, rows: int) -> None:
    """One file of a tenth of the rows in each partition that is read, one of a single row in the others."""
    settings = load(state_dir=state)
    client = Clients(settings).glue()
    client.create_database(DatabaseInput={"Name": "bench"})
    named = [[{"Name": name, "Type": kind} for name, kind in each] for each in (COLUMNS, KEYS)]
    table = table_input("trips", "parquet", named[0], base.as_uri(), partition_keys=named[1])
    client.create_table(DatabaseName="bench", TableInput=table)
    sources = {}
    for size in (1, rows // len(KEPT)):
        df = spark.range(size).selectExpr("id", "id * 0.5 as amount", "concat('city-', id % 1000) as city")
        df.coalesce(1).write.parquet(str(base.parent / f"size-{size}"))
        (sources[size],) = (base.parent / f"size-{size}").glob("*.parquet")
    entries = []
    for number in range(partitions):
        station, day = divmod(number, DAYS)
        size = rows // len(KEPT) if station == 1 and day in KEPT else 1
        place = Path(folder(str(base), station, day))
        place.mkdir(parents=True)
        shutil.copy(sources[size], place / "part-00000.parquet")
        location = folder(base.as_uri(), station, day)
        descriptor = {**table["StorageDescriptor"], "Location": location}
        entries.append({"Values": [f"s{station}", str(day)], "StorageDescriptor": descriptor})
    for start in range(0, len(entries), 100):
        client.batch_create_partition(
            DatabaseName="bench", TableName="trips", PartitionInputList=entries[start : start + 100]
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--partitions", type=int, default=10_000)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="*", default=None, metavar="NAME")
    options = parser.parse_args()
    if options.partitions < 2 * DAYS:
        parser.error(f"--partitions is at least {2 * DAYS}")
    ratios = []
    with glue_session() as (spark, glue_context, work):
        base = work / "trips"
        base.mkdir(parents=True)
        make_table(spark, work.parent / "state", base, options.partitions, options.rows)
        folders = [folder(base.as_uri(), 1, day) for day in KEPT]

        def plain() -> None:
            no_result(spark.read.option("basePath", base.as_uri()).parquet(*folders))

        for name, arguments in chosen(PREDICATES, options.only).items():

            def ours(arguments: dict[str, Any] = arguments) -> None:
                frame = glue_context.create_dynamic_frame.from_catalog("bench", "trips", **arguments)
                no_result(frame.toDF())

            ratios.append(
                Ratio(name, interleave({"glue-etl": ours, "spark": plain}, options.rounds), BOUNDS.get(name, BOUND))
            )
        facts = {"partitions": options.partitions, "rows": options.rows, "spark": spark.version}
        report("catalog", ratios, **facts)


if __name__ == "__main__":
    main()
