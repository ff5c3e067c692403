"""The taxi job's work hand-written in DuckDB SQL, for the 2017 header alone.

    python benchmarks/taxi_duckdb.py SOURCE TARGET THREADS

The same: reading text, casting, the rejecting faults that the sample has, one of several copies kept, trips partitioned
by year and month, rejects as JSON with their reasons and original values, counts. Not the same: one header instead of
all, fewer faults, no flags.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import duckdb

NAMES = (
    "VendorID,tpep_pickup_datetime,tpep_dropoff_datetime,passenger_count,trip_distance,RatecodeID,store_and_fwd_flag,"
    "PULocationID,DOLocationID,payment_type,fare_amount,extra,mta_tax,tip_amount,tolls_amount,improvement_surcharge,"
    "total_amount"
)
HEADER = NAMES.split(",")
TYPES = {"tpep_pickup_datetime": "timestamp", "tpep_dropoff_datetime": "timestamp", "store_and_fwd_flag": "varchar"}
TYPES |= dict.fromkeys(["VendorID", "passenger_count", "RatecodeID", "PULocationID", "DOLocationID"], "integer")
TYPES["payment_type"] = "integer"

PICKUP, DROPOFF = "tpep_pickup_datetime", "tpep_dropoff_datetime"
FAULTS = {
    "missing_total_amount": "raw.total_amount is null",
    "negative_fare": "fare_amount < 0",
    "negative_total": "total_amount < 0",
    "absurd_amount": "fare_amount > 5000 or total_amount > 5000",
    "dropoff_before_pickup": f"{DROPOFF} < {PICKUP}",
    "longer_than_a_day": f"{DROPOFF} > {PICKUP} + interval 1 day",
    "pickup_out_of_range": f"{PICKUP} < timestamp '2009-01-01' or {PICKUP} > now()::timestamp + interval 1 day",
    "absurd_distance": "trip_distance > 500",
    "unknown_location": "PULocationID not between 1 and 265 or DOLocationID not between 1 and 265",
}


def main(source: str, target: str, threads: str) -> None:
    start = time.perf_counter()
    db = duckdb.connect()
    db.execute(f"set threads to {int(threads)}; set preserve_insertion_order to false")
    db.execute(f"set temp_directory to '{target}/tmp'")
    (Path(target) / "trips").mkdir(parents=True)
    columns = "{" + ", ".join(f"'{name}': 'varchar'" for name in HEADER) + "}"
    casts = ", ".join(f"try_cast({name} as {TYPES.get(name, 'double')}) as {name}" for name in HEADER)
    unread = [f"case when raw.{n} is not null and {n} is null then 'unparsable_{n}' end" for n in HEADER]
    named = [f"case when {condition} then '{name}' end" for name, condition in FAULTS.items()]
    db.execute(f"""
        create table labelled as
        with source as (
            select raw, row_number() over () as number
            from read_csv('{source}/*.csv', columns={columns}, header=true, strict_mode=false, null_padding=true,
                          auto_detect=false, delim=',', quote='"') as raw
        ), cast_ as (select raw, number, hash(raw) as hashed, unnest(raw) from source),
        values_ as (select raw, number, hashed, {casts} from cast_)
        select *, list_filter([{", ".join(unread + named)}], lambda x: x is not null) as reasons from values_
        where raw.VendorID is not null
    """)
    db.execute(
        "create table copies as select hashed, min(number) as first_one from labelled group by 1 having count(*) > 1"
    )
    db.execute("""
        create view checked as select l.*,
            case when c.first_one < l.number then list_append(reasons, 'duplicate') else reasons end as all_reasons
        from labelled l left join copies c using (hashed)
    """)
    db.execute(f"""
        copy (select * exclude (raw, number, hashed, reasons, all_reasons),
                     date_diff('second', {PICKUP}, {DROPOFF}) / 60.0 as duration_minutes,
                     case when {DROPOFF} > {PICKUP}
                          then trip_distance * 3600.0 / date_diff('second', {PICKUP}, {DROPOFF}) end as speed_mph,
                     {PICKUP}::date as pickup_date, year({PICKUP}) as pickup_year, month({PICKUP}) as pickup_month
              from checked where len(all_reasons) = 0)
        to '{target}/trips' (format parquet, partition_by (pickup_year, pickup_month), overwrite_or_ignore)
    """)
    db.execute(
        f"copy (select all_reasons as reasons, raw from checked where len(all_reasons) > 0) to '{target}/rejects.json'"
    )
    counts = db.execute("select count(*), count(*) filter (len(all_reasons) > 0) from checked").fetchone()
    assert counts is not None
    print(json.dumps({"seconds": time.perf_counter() - start, "rows_read": counts[0], "rows_rejected": counts[1]}))


if __name__ == "__main__":
    main(*sys.argv[1:])
