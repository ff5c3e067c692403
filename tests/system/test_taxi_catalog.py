"""The taxi job on a table of the Data Catalog, with bookmarks: three months arrive, three runs, each month once."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from glue_etl.engine.runner import RunResult, run_script
from glue_etl.settings import Settings, load
from glue_etl.testing.taxi_sample import write_taxi

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

JOB = Path(__file__).parents[2] / "jobs" / "nyc_taxi.py"
ROWS = 3_000
TYPES = {
    "vendorid": "bigint", "tpep_pickup_datetime": "string", "tpep_dropoff_datetime": "string",
    "passenger_count": "bigint", "trip_distance": "double", "ratecodeid": "bigint", "store_and_fwd_flag": "string",
    "pulocationid": "bigint", "dolocationid": "bigint", "payment_type": "bigint", "fare_amount": "double",
    "extra": "double", "mta_tax": "double", "tip_amount": "double", "tolls_amount": "double",
    "improvement_surcharge": "double", "total_amount": "double",
}  # fmt: skip
"""As a crawler finds the columns of the TLC's files of 2017."""


def create_table(settings: Settings) -> None:
    from glue_etl.engine.catalog.clients import Clients
    from glue_etl.engine.catalog.serde import table_input

    client = Clients(settings).glue()
    client.create_database(DatabaseInput={"Name": "tlc"})
    columns = [{"Name": name, "Type": kind} for name, kind in TYPES.items()]
    table = table_input("yellow_tripdata", "csv", columns, "s3://tlc/yellow/", format_options={"withHeader": True})
    client.create_table(DatabaseName="tlc", TableInput=table)


def run(settings: Settings, *more: str) -> tuple[RunResult, dict[str, Any]]:
    arguments = ["--JOB_NAME", "taxi", "--source_database", "tlc", "--destination_path", "s3://tlc/trips/"]
    arguments += ["--rejects_path", "s3://tlc/rejects/", "--job-bookmark-option", "job-bookmark-enable", *more]
    result = run_script(JOB, arguments, settings=settings, progress=False, stdout=io.BytesIO())
    assert result.state == "SUCCEEDED", result.error
    (line,) = [line for line in (result.log_dir / "output.log").read_text().splitlines() if '"rows_read"' in line]
    return result, json.loads(line)


def test_each_month_is_read_once(tmp_path: Path) -> None:
    settings = load(state_dir=tmp_path / "state", master="local[2]", driver_memory="800m")
    bucket = settings.lake_dir / "tlc"
    sample = write_taxi(tmp_path / "months", ROWS, seed=5)
    assert len(sample.files) == 3
    folder = bucket / "yellow"
    folder.mkdir(parents=True)
    create_table(settings)

    read = []
    for month in sample.files:
        # Keeps the old time of the file: what came first is not what is oldest.
        month.rename(folder / month.name)
        read.append(run(settings)[1]["rows_read"])
    assert read == [ROWS // 3] * 3
    # Nothing new: nothing is read, and nothing is written.
    before = sorted(bucket.rglob("*.parquet"))
    assert run(settings)[1]["rows_read"] == 0
    assert sorted(bucket.rglob("*.parquet")) == before

    trips = [str(file) for file in before]
    rejects = [str(file) for file in (bucket / "rejects").iterdir() if file.is_file() and file.name[0] not in "._"]
    (written,) = duckdb.execute("select count(*) from read_parquet(?)", [trips]).fetchone() or (0,)
    (rejected,) = duckdb.execute("select count(*) from read_json(?)", [rejects]).fetchone() or (0,)
    assert rejected == sample.rejects
    assert written + rejected == ROWS
