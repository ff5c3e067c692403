"""Every fault is named, and no row is lost over it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Set
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import DataFrame, SparkSession

from glue_etl.transforms import taxi

NAMES = [
    "VendorID",
    "tpep_pickup_datetime",
    "tpep_dropoff_datetime",
    "passenger_count",
    "trip_distance",
    "pickup_longitude",
    "RatecodeID",
    "store_and_fwd_flag",
    "PULocationID",
    "DOLocationID",
    "payment_type",
    "fare_amount",
    "extra",
    "mta_tax",
    "tip_amount",
    "tolls_amount",
    "total_amount",
    "pickup_latitude",
]
GOOD = [
    "1",
    "2017-01-09 11:13:28",
    "2017-01-09 11:25:45",
    "1",
    "3.30",
    "",
    "1",
    "N",
    "263",
    "161",
    "1",
    "12.5",
    "0",
    "0.5",
    "2",
    "0",
    "15.3",
    "",
]
LIMITS = taxi.Limits(now=dt.datetime(2020, 1, 1), period=("2017-01-01", "2017-02-01"))


class Case(NamedTuple):
    changes: dict[str, str | None]
    reasons: Set[str] = frozenset()
    flags: Set[str] = frozenset()


PICKUP, DROPOFF = "tpep_pickup_datetime", "tpep_dropoff_datetime"
OTHER_MONTH = {PICKUP: "2009-02-01 00:00:00", DROPOFF: "2009-02-01 00:09:00", "trip_distance": "1"}
CASES = {
    "a good row": Case({}),
    "blanks are nothing": Case({"tip_amount": "  "}),
    "spaces around a number": Case({"fare_amount": " 12.5 "}),
    "no pickup": Case({PICKUP: None}, {"missing_pickup_time"}),
    "no dropoff": Case({DROPOFF: None}, {"missing_dropoff_time"}),
    "no distance": Case({"trip_distance": None}, {"missing_trip_distance"}),
    "no fare": Case({"fare_amount": None}, {"missing_fare_amount"}),
    "no total": Case({"total_amount": None}, {"missing_total_amount"}),
    "negative fare and total": Case({"fare_amount": "-1", "total_amount": "-2"}, {"negative_fare", "negative_total"}),
    "a fortune": Case({"total_amount": "400000"}, {"absurd_amount"}),
    "backwards": Case({DROPOFF: "2017-01-09 11:13:27"}, {"dropoff_before_pickup"}),
    "a day and a second": Case({DROPOFF: "2017-01-10 11:13:29"}, {"longer_than_a_day"}),
    "a day to the second": Case({DROPOFF: "2017-01-10 11:13:28"}, set(), {"over_12_hours"}),
    "twelve hours": Case({DROPOFF: "2017-01-09 23:13:28"}),
    "before the first file": Case(
        {PICKUP: "2008-12-31 23:59:59", DROPOFF: "2009-01-01 00:30:00"}, {"pickup_out_of_range"}, {"outside_period"}
    ),
    "in the future": Case(
        {PICKUP: "2020-01-02 00:00:01", DROPOFF: "2020-01-02 00:30:00"}, {"pickup_out_of_range"}, {"outside_period"}
    ),
    "another month": Case(OTHER_MONTH, set(), {"outside_period"}),
    "less than nothing": Case({"trip_distance": "-0.1"}, {"negative_distance"}),
    "to the moon": Case({"trip_distance": "120098.84"}, {"absurd_distance"}, {"implausible_speed"}),
    "no such zone": Case({"PULocationID": "266"}, {"unknown_location"}),
    "zone nought": Case({"DOLocationID": "0"}, {"unknown_location"}),
    "a bus": Case({"passenger_count": "10"}, {"impossible_passengers"}),
    "minus a passenger": Case({"passenger_count": "-1"}, {"impossible_passengers"}),
    "standing": Case({"trip_distance": ".00"}, set(), {"zero_distance"}),
    "in no time": Case({DROPOFF: "2017-01-09 11:13:28"}, set(), {"zero_duration"}),
    "by air": Case({"trip_distance": "99"}, set(), {"implausible_speed"}),
    "for free": Case({"fare_amount": "0"}, set(), {"zero_fare"}),
    "a tip taken back": Case({"tip_amount": "-2"}, set(), {"negative_charge"}),
    "empty cab": Case({"passenger_count": "0"}, set(), {"no_passengers"}),
    "passengers unsaid": Case({"passenger_count": None}, set(), {"missing_passengers"}),
    "vendor 4": Case({"VendorID": "4"}, set(), {"unknown_vendor"}),
    "no vendor": Case({"VendorID": None}, set(), {"missing_vendor"}),
    "rate 99": Case({"RatecodeID": "99"}, set(), {"unknown_rate_code"}),
    "no rate": Case({"RatecodeID": None}, set(), {"missing_rate_code"}),
    "payment 7": Case({"payment_type": "7"}, set(), {"unknown_payment_type"}),
    "no payment": Case({"payment_type": None}, set(), {"missing_payment_type"}),
    "nowhere": Case({"PULocationID": None}, set(), {"missing_location"}),
    "at sea": Case({"pickup_longitude": "-30", "pickup_latitude": "40"}, set(), {"far_coordinates"}),
    "at nought, nought": Case({"pickup_longitude": "0", "pickup_latitude": "0"}),
    **{
        f"unreadable {name}: {text}": Case({name: text}, {f"unparsable_{field}"})
        for name, text, field in [
            ("VendorID", "XYZ", "vendor_id"),
            (PICKUP, "yesterday", "pickup_time"),
            (DROPOFF, "2017-13-09 11:25:45", "dropoff_time"),
            ("passenger_count", "1.5", "passenger_count"),
            ("passenger_count", "99999999999", "passenger_count"),
            ("trip_distance", "3,3", "trip_distance"),
            ("trip_distance", "NaN", "trip_distance"),
            ("RatecodeID", "1x", "rate_code"),
            ("store_and_fwd_flag", "*", "store_and_forward"),
            ("PULocationID", "here", "pickup_location_id"),
            ("payment_type", "gold", "payment_type"),
            ("fare_amount", "12..5", "fare_amount"),
            ("fare_amount", "Infinity", "fare_amount"),
            ("total_amount", "1e400", "total_amount"),
            ("tip_amount", "$2", "tip_amount"),
        ]
    },
}


def frame(spark: SparkSession, rows: list[list[str | None]]) -> DataFrame:
    return spark.createDataFrame(rows, ", ".join(f"`{name}` string" for name in NAMES))


@pytest.fixture(scope="module")
def labelled(spark: SparkSession) -> dict[str, tuple[set[str], set[str]]]:
    """The reasons and flags of every case, found in one job."""
    rows = [[case.changes.get(n, v or None) for n, v in zip(NAMES, GOOD, strict=True)] for case in CASES.values()]
    found = taxi.label(frame(spark, rows), LIMITS).select("_reasons", "_flags").collect()
    sets = [(set(filter(None, row[0].split(","))), set(filter(None, row[1].split(",")))) for row in found]
    return dict(zip(CASES, sets, strict=True))


@pytest.mark.parametrize("name", CASES)
def test_a_row_gets_the_names_of_its_faults(name: str, labelled: dict[str, tuple[set[str], set[str]]]) -> None:
    reasons, flags = labelled[name]
    assert reasons == CASES[name].reasons
    # a rejected row's flags follow from its fault; the case need not list them all
    assert flags == CASES[name].flags or (reasons and flags >= CASES[name].flags)


def test_every_fault_has_a_case_and_a_line_in_the_dictionary() -> None:
    in_cases = {name for case in CASES.values() for name in case.reasons | case.flags}
    assert {fault.name for fault in taxi.FAULTS} <= in_cases
    dictionary = (Path(__file__).parents[3] / "docs" / "taxi.md").read_text(encoding="utf-8")
    named = [*taxi.FLAGS, *(name for name in taxi.REJECTS if not name.startswith("unparsable_")), "unparsable_"]
    assert [name for name in named if f"`{name}" not in dictionary] == []
    assert [field.name for field in taxi.COLUMNS if f"`{field.name}`" not in dictionary] == []


def test_one_copy_of_several_stays_and_the_others_say_so(spark: SparkSession) -> None:
    good: list[str | None] = [value or None for value in GOOD]
    negative = [*good[:11], "-1", *good[12:]]
    other = [*good[:11], "13", *good[12:]]
    raw = frame(spark, [good, negative, good, other, good, negative]).repartition(3).persist()
    labelled = taxi.label(raw).persist()
    checked = taxi.mark_duplicates(labelled)
    assert sorted(row["_reasons"] for row in checked.collect()) == [
        "",
        "",
        "duplicate",
        "duplicate",
        "negative_fare",
        "negative_fare,duplicate",
    ]
    assert sorted(trip["fare_amount"] for trip in taxi.accepted(checked).collect()) == [12.5, 13.0]
    reject = taxi.rejected(checked).first()
    assert reject is not None
    assert json.loads(reject["raw"])[PICKUP] == "2017-01-09 11:13:28"
    labelled.unpersist()
    raw.unpersist()


def test_original_values_with_the_separator_in_them_are_kept_whole(spark: SparkSession) -> None:
    row: list[str | None] = [value or None for value in GOOD]
    row[11] = "1\x1f2"
    reject = taxi.rejected(taxi.label(frame(spark, [row]))).first()
    assert reject is not None
    assert reject["reasons"] == ["unparsable_fare_amount"]
    assert "1\x1f2" in json.loads(reject["raw"])["_line"]


VALUES = st.sampled_from(
    [None, "", " ", "0", "1", "-1", "1.0", "99", "abc", "NaN", "1e400", "2017-01-09 11:13:28", "é\x1f,"]
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.lists(VALUES, min_size=len(NAMES), max_size=len(NAMES)), max_size=8), copies=st.integers(1, 3))
def test_rows_in_are_rows_out_and_rejects(spark: SparkSession, rows: list[list[str | None]], copies: int) -> None:
    given_rows = [*rows, [value or None for value in GOOD]] * copies
    labelled = taxi.label(frame(spark, given_rows)).persist()
    checked = taxi.mark_duplicates(labelled)
    trips, rejects = taxi.accepted(checked).collect(), taxi.rejected(checked).collect()
    report = taxi.summarise(taxi.outcome(checked).collect(), unreadable=2)
    assert len(trips) + len(rejects) == len(given_rows)
    assert (report["rows_read"], report["rows_written"], report["rows_rejected"], report["rows_unreadable"]) == (
        len(given_rows) + 2,
        len(trips),
        len(rejects),
        2,
    )
    assert all(reject["reasons"] and set(reject["reasons"]) <= set(taxi.REJECTS) for reject in rejects)
    labelled.unpersist()
