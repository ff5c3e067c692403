"""What is derived from trips: speed and dates, zones, daily sums."""

from __future__ import annotations

import datetime as dt

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from glue_etl.errors import FieldError
from glue_etl.transforms import taxi

COLUMNS = (
    "VendorID string, lpep_pickup_datetime string, lpep_dropoff_datetime string, passenger_count string,"
    " trip_distance string, PULocationID string, DOLocationID string, fare_amount string, tip_amount string,"
    " total_amount string"
)
ROWS = [
    ("1", "2017-01-31 23:50:00", "2017-02-01 00:20:00", "2", "10", "1", "264", "30", "3", "33"),
    ("2", "2017-02-01 08:00:00", "2017-02-01 08:00:00", None, "0", "2", "265", "2.5", None, "2.5"),
    ("2", "2017-02-01 09:00:00", "2017-02-01 10:00:00", "1", "20", "77", None, "50.1", "0.2", "50.3"),
]


@pytest.fixture
def trips(spark: SparkSession) -> DataFrame:
    return taxi.accepted(taxi.label(spark.createDataFrame(ROWS, COLUMNS)))


def test_duration_speed_and_dates_come_from_the_pickup(trips: DataFrame) -> None:
    names = ("duration_minutes", "speed_mph", "pickup_date", "pickup_year", "pickup_month")
    rows = [tuple(row[name] for name in names) for row in trips.orderBy("pickup_time").collect()]
    assert rows == [
        (30.0, 20.0, dt.date(2017, 1, 31), 2017, 1),
        (0.0, None, dt.date(2017, 2, 1), 2017, 2),
        (60.0, 20.0, dt.date(2017, 2, 1), 2017, 2),
    ]


def test_flags_are_a_list_empty_for_a_row_without(trips: DataFrame) -> None:
    flags = [row["flags"] for row in trips.orderBy("pickup_time").collect()]
    assert {"zero_distance", "zero_duration", "missing_passengers"} <= set(flags[1])
    assert all(isinstance(one, list) for one in flags)


ZONES = [("1", "EWR", "Newark Airport", "EWR"), ("2", "Queens", "Jamaica Bay", "Boro Zone")]
UNMAPPED = [
    ("264", "Unknown", "NV", "N/A"),
    ("265", "N/A", "Outside of NYC", "N/A"),
    ("2", "Queens", "Jamaica Bay", ""),
]


@pytest.mark.parametrize(
    "header",
    ["LocationID,Borough,Zone,service_zone", "location_id,borough,zone,service_zone"],
    ids=["the TLC's header", "the variant's header"],
)
def test_zones_name_both_ends_and_change_no_count(spark: SparkSession, trips: DataFrame, header: str) -> None:
    zones = spark.createDataFrame(ZONES + UNMAPPED, "a string, b string, c string, d string").toDF(*header.split(","))
    joined = trips.transform(taxi.with_zones(zones))
    names = ("pickup_borough", "pickup_zone", "dropoff_borough", "dropoff_zone")
    rows = [tuple(row[name] for name in names) for row in joined.orderBy("pickup_time").collect()]
    assert rows == [
        ("EWR", "Newark Airport", None, None),
        ("Queens", "Jamaica Bay", None, None),
        (None, None, None, None),
    ]
    assert joined.columns == [*trips.columns, *names]


def test_a_lookup_without_a_zone_column_is_refused_by_name(spark: SparkSession) -> None:
    zones = spark.createDataFrame([("1", "EWR")], "LocationID string, Borough string")
    with pytest.raises(FieldError, match=r"no column 'zone'.*Available: LocationID, Borough.*Hint:"):
        taxi.with_zones(zones)


def test_daily_sums_are_the_trips_sums(trips: DataFrame) -> None:
    daily = taxi.daily_summary(trips)
    days = {row["pickup_date"]: row for row in daily.collect()}
    second = days[dt.date(2017, 2, 1)]
    assert (second["trips"], second["passengers"], second["miles"], second["fares"], second["tips"]) == (
        2,
        1,
        20,
        52.6,
        0.2,
    )
    assert second["mean_speed_mph"] == 20.0
    sums = [F.sum(name) for name in ("trips", "miles", "minutes", "fares", "total")]
    whole = [F.count("*"), *(F.sum(n) for n in ("trip_distance", "duration_minutes", "fare_amount", "total_amount"))]
    assert daily.agg(*sums).first() == pytest.approx(trips.agg(*whole).first())
