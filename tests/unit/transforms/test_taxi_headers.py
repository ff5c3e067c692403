"""Every header that the TLC used comes out as the one schema."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any, NamedTuple

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from glue_etl.transforms import taxi

PLACES_2009 = "Start_Lon,Start_Lat,Rate_Code,store_and_forward,End_Lon,End_Lat"
PLACES_2010 = "pickup_longitude,pickup_latitude,rate_code,store_and_fwd_flag,dropoff_longitude,dropoff_latitude"
YELLOW_2010 = (
    f"vendor_id,pickup_datetime,dropoff_datetime,passenger_count,trip_distance,{PLACES_2010},payment_type,fare_amount,"
    "surcharge,mta_tax,tip_amount,tolls_amount,total_amount"
)
YELLOW_2015 = YELLOW_2010.replace("vendor_id,pickup_d", "VendorID,tpep_pickup_d").replace(
    ",dropoff_d", ",tpep_dropoff_d"
)
YELLOW_2015 = YELLOW_2015.replace("surcharge", "extra").replace("tolls_amount", "tolls_amount,improvement_surcharge")
YELLOW_2017 = (
    "VendorID,tpep_pickup_datetime,tpep_dropoff_datetime,passenger_count,trip_distance,RatecodeID,store_and_fwd_flag,"
    "PULocationID,DOLocationID,payment_type,fare_amount,extra,mta_tax,tip_amount,tolls_amount,improvement_surcharge,"
    "total_amount"
)
GREEN_2014 = (
    "VendorID,lpep_pickup_datetime,Lpep_dropoff_datetime,Store_and_fwd_flag,RateCodeID,Pickup_longitude,"
    "Pickup_latitude,Dropoff_longitude,Dropoff_latitude,Passenger_count,Trip_distance,Fare_amount,Extra,MTA_tax,"
    "Tip_amount,Tolls_amount,Ehail_fee,Total_amount,Payment_type,Trip_type "
)
GREEN_2017 = (
    "VendorID,lpep_pickup_datetime,lpep_dropoff_datetime,store_and_fwd_flag,RatecodeID,PULocationID,DOLocationID,"
    "passenger_count,trip_distance,fare_amount,extra,mta_tax,tip_amount,tolls_amount,ehail_fee,improvement_surcharge,"
    "total_amount,payment_type,trip_type"
)


class Era(NamedTuple):
    header: str
    row: str
    expected: dict[str, Any]


TIMES = "2014-01-09 20:45:25,2014-01-09 21:00:25"
COORDINATES = "-73.99,40.73,1,N,-73.98,40.72"
ON_THE_MAP = {"pickup_longitude": -73.99, "dropoff_latitude": 40.72, "pickup_location_id": None, "rate_code": 1}
ZONES = {"pickup_location_id": 263, "dropoff_location_id": 161, "pickup_longitude": None, "rate_code": 1}

ERAS = {
    "yellow 2009: words for vendor and payment": Era(
        "vendor_name,Trip_Pickup_DateTime,Trip_Dropoff_DateTime,Passenger_Count,Trip_Distance,"
        f"{PLACES_2009},Payment_Type,Fare_Amt,surcharge,mta_tax,Tip_Amt,Tolls_Amt,Total_Amt",
        f"VTS,{TIMES},1,2.6299999999999999,-73.99,40.73,,,-73.98,40.72,Credit,8.9,0.5,,2,0,11.4",
        {
            **ON_THE_MAP,
            "rate_code": None,
            "vendor_id": 2,
            "payment_type": 1,
            "trip_distance": 2.63,
            "extra": 0.5,
            "mta_tax": None,
        },
    ),
    "yellow 2010: short words": Era(
        YELLOW_2010,
        f"DDS,{TIMES},1,5.9,{COORDINATES},CAS,15.3,0.5,0.5,0,0,16.3",
        {**ON_THE_MAP, "vendor_id": 3, "payment_type": 2, "store_and_forward": False, "total_amount": 16.3},
    ),
    "yellow 2014: a space before every name": Era(
        YELLOW_2010.replace(",", ", "),
        f"CMT,{TIMES},1,0.7,{COORDINATES},CRD,6.5,0.5,0.5,1.4,0,8.9",
        {**ON_THE_MAP, "vendor_id": 1, "payment_type": 1, "extra": 0.5},
    ),
    "yellow 2015: RateCodeID and numbers": Era(
        YELLOW_2015.replace("rate_code", "RateCodeID"),
        f"2,{TIMES},1,1.59,{COORDINATES.replace('N', 'Y')},1,12,1,0.5,3.25,0,0.3,17.05",
        {**ON_THE_MAP, "vendor_id": 2, "store_and_forward": True, "improvement_surcharge": 0.3},
    ),
    "yellow 2016: RatecodeID": Era(
        YELLOW_2015.replace("rate_code", "RatecodeID"),
        f"1,{TIMES},1,1.59,{COORDINATES},4,12,1,0.5,0,0,0.3,13.8",
        {**ON_THE_MAP, "vendor_id": 1, "payment_type": 4},
    ),
    "yellow 2017: zone ids": Era(
        YELLOW_2017,
        f"1,{TIMES},1,3.30,1,N,263,161,1,12.5,0,0.5,2,0,0.3,15.3",
        {**ZONES, "vendor_id": 1, "congestion_surcharge": None},
    ),
    "yellow 2019: congestion surcharge": Era(
        YELLOW_2017 + ",congestion_surcharge",
        f"1,{TIMES},1,3.30,1,N,263,161,1,12.5,0,0.5,2,0,0.3,15.3,2.5",
        {**ZONES, "congestion_surcharge": 2.5},
    ),
    "yellow 2025: airport and congestion zone fees": Era(
        YELLOW_2017 + ",congestion_surcharge,Airport_fee,cbd_congestion_fee",
        f"1,{TIMES},1.0,3.30,1.0,N,263,161,0,12.5,0,0.5,2,0,0.3,15.3,2.5,1.75,0.75",
        {**ZONES, "airport_fee": 1.75, "cbd_congestion_fee": 0.75, "payment_type": 0},
    ),
    "green 2014: a space after the last name": Era(
        GREEN_2014,
        f"2,{TIMES},N,1,-73.99,40.73,-73.98,40.72,1,.88,5,0.5,0.5,0,0,,6.3,2,1",
        {**ON_THE_MAP, "taxi_type": "green", "trip_type": 1, "payment_type": 2, "ehail_fee": None},
    ),
    "green 2015: improvement surcharge": Era(
        GREEN_2014.replace("Total_amount", "improvement_surcharge,Total_amount"),
        f"2,{TIMES},N,1,-73.99,40.73,-73.98,40.72,1,.88,5,0.5,0.5,0,0,,0.3,6.3,2,1",
        {**ON_THE_MAP, "taxi_type": "green", "improvement_surcharge": 0.3, "total_amount": 6.3},
    ),
    "green 2017: zone ids": Era(
        GREEN_2017,
        f"2,{TIMES},N,1,263,161,1,1.71,9,0,0.5,0,0,,0.3,9.8,2,1",
        {**ZONES, "taxi_type": "green", "trip_type": 1},
    ),
    "green 2023: whole numbers written 1.0": Era(
        GREEN_2017 + ",congestion_surcharge",
        f"2,{TIMES},N,1.0,263,161,1.0,2.58,14.9,1.0,0.5,4.03,0.0,,1.0,24.18,1.0,1.0,2.75",
        {**ZONES, "taxi_type": "green", "passenger_count": 1, "payment_type": 1, "congestion_surcharge": 2.75},
    ),
}


def strings(spark: SparkSession, header: str, *rows: str) -> DataFrame:
    """Rows as a CSV reader gives them: strings, null where nothing is written."""
    names = header.split(",")
    data = [[value or None for value in row.split(",")] for row in rows]
    # toDF keeps names that a schema text could not hold
    return spark.createDataFrame(data, ",".join(f"c{i} string" for i in range(len(names)))).toDF(*names)


@pytest.mark.parametrize("era", ERAS.values(), ids=ERAS.keys())
def test_an_era_comes_out_as_the_one_schema(spark: SparkSession, era: Era) -> None:
    checked = taxi.label(strings(spark, era.header, era.row))
    row = checked.first()
    assert row is not None
    assert row["_reasons"] == ""
    expected = {"taxi_type": "yellow", "pickup_time": dt.datetime(2014, 1, 9, 20, 45, 25), **era.expected}
    assert {name: row[name] for name in expected} == expected
    assert checked.dtypes[: len(taxi.COLUMNS) + 1] == [
        ("taxi_type", "string"),
        *((field.name, field.spark_type) for field in taxi.COLUMNS),
    ]


def test_a_folder_of_several_eras_is_read_row_by_row(spark: SparkSession) -> None:
    frames = [strings(spark, era.header, era.row) for era in ERAS.values()]
    renamed = []
    union: dict[str, int] = {}
    for frame in frames:
        for name in frame.columns:
            union.setdefault(name, len(union))
    for frame in frames:
        at = {name: i for i, name in enumerate(frame.columns)}
        safe = frame.toDF(*(f"c{i}" for i in range(len(frame.columns))))
        renamed.append(
            safe.select(
                *(
                    (F.col(f"c{at[name]}") if name in at else F.lit(None).cast("string")).alias(f"u{i}")
                    for name, i in union.items()
                )
            )
        )
    mixed = renamed[0]
    for other in renamed[1:]:
        mixed = mixed.unionAll(other)
    rows = taxi.label(mixed.toDF(*union)).collect()
    assert [row["_reasons"] for row in rows] == [""] * len(ERAS)
    for row, era in zip(rows, ERAS.values(), strict=True):
        assert {name: row[name] for name in era.expected} == era.expected


def test_typed_columns_are_taken_as_they_are(spark: SparkSession) -> None:
    raw = spark.sql(
        "select 2L as VendorID, timestamp_ntz'2023-01-01 00:26:10' as lpep_pickup_datetime,"
        " timestamp'2023-01-01 00:37:11' as lpep_dropoff_datetime, 'N' as store_and_fwd_flag, 1.0D as RatecodeID,"
        " 166L as PULocationID, 143L as DOLocationID, double('NaN') as passenger_count, 2.58D as trip_distance,"
        " 14.9D as fare_amount, cast(14.9 as decimal(10,2)) as total_amount, null as ehail_fee"
    )
    checked = taxi.label(raw)
    row = checked.first()
    assert row is not None
    assert (row["_reasons"], row["passenger_count"], row["rate_code"]) == ("", None, 1)
    assert row["_flags"].split(",")[0] == "missing_passengers"
    assert row["pickup_time"] == dt.datetime(2023, 1, 1, 0, 26, 10)
    assert row["total_amount"] == 14.9


FOR_HIRE = {
    "fhv 2015": ("Dispatching_base_num,Pickup_date,locationID", "B00013,2015-01-01 00:30:00,"),
    "fhv 2018": (
        "Pickup_DateTime,DropOff_datetime,PUlocationID,DOlocationID,SR_Flag,Dispatching_base_number",
        "2018-01-30 21:06:50,2018-01-30 21:15:34,56,129,,B02884",
    ),
    "fhvhv 2019": (
        "hvfhs_license_num,dispatching_base_num,pickup_datetime,dropoff_datetime,PULocationID,DOLocationID,SR_Flag",
        "HV0003,B02867,2019-02-01 00:05:18,2019-02-01 00:14:57,245,251,",
    ),
    "fhv, cut before its base": ("Pickup_DateTime,Dispatching_base_num", "2018-01-30 21:0,"),
}


@pytest.mark.parametrize(("header", "row"), FOR_HIRE.values(), ids=FOR_HIRE.keys())
def test_a_for_hire_record_has_one_clear_reason(spark: SparkSession, header: str, row: str) -> None:
    rejects = taxi.rejected(taxi.label(strings(spark, header, row, row))).collect()
    assert [r["reasons"] for r in rejects] == [["not_a_taxi_trip"]] * 2
    assert json.loads(rejects[0]["raw"]) == {
        name: value for name, value in zip(header.split(","), row.split(","), strict=True) if value
    }


def test_an_unknown_header_and_an_empty_row_are_said(spark: SparkSession) -> None:
    rejects = taxi.rejected(taxi.label(strings(spark, "alpha,beta", "1,2", ","))).collect()
    assert [r["reasons"] for r in rejects] == [["unknown_header"], ["empty_row"]]
