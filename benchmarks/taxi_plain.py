"""The taxi job's work hand-written in plain PySpark: no awsglue, the same Spark settings, the same transforms.

python benchmarks/taxi_plain.py SOURCE TARGET STATE
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from pyspark import StorageLevel

from glue_etl.engine.session import create_session, stop_session
from glue_etl.settings import load
from glue_etl.transforms import taxi


def main(source: str, target: str, state: str) -> None:
    start = time.perf_counter()
    spark = create_session(load(state_dir=Path(state)), "taxi_plain")
    labelled = taxi.label(spark.read.csv(source, header=True)).persist(StorageLevel.MEMORY_AND_DISK)
    checked = taxi.mark_duplicates(labelled)
    taxi.accepted(checked).write.partitionBy("pickup_year", "pickup_month").parquet(f"{target}/trips")
    taxi.rejected(checked).write.json(f"{target}/rejects")
    report = taxi.summarise(taxi.outcome(checked).collect())
    labelled.unpersist()
    stop_session(spark)
    print(json.dumps({"seconds": time.perf_counter() - start, **report}))


if __name__ == "__main__":
    main(*sys.argv[1:])
