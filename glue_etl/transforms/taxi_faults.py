"""What can be wrong with a taxi row: one literal table of faults, each with what it does to the row and why.

A fault **rejects** when the trip's time, place, distance or money cannot be believed; it only **flags** when the trip
can be counted and a describing value is odd. The table is what `docs/taxi.md` lists, and a test compares the two.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from pyspark.sql import Column
from pyspark.sql import functions as F

from glue_etl.transforms.taxi_schema import COLUMNS

__all__ = ["FAULTS", "FLAGS", "REJECTS", "STRUCTURAL", "Fault", "Limits", "named"]


@dataclass(frozen=True)
class Limits:
    """What is still believed of a trip.

    Attributes:
        first_pickup: No pickup before it; the TLC's files begin with 2009.
        now: No pickup later than a day after it; None is the moment the query runs.
        period: First and last moment (last excluded) of the pickups expected, to flag the others; None expects any.
        hours: Longest trip, in hours.
        miles: Longest trip, in miles.
        dollars: Largest fare or total, in US dollars.
        passengers: Most passengers; a taxi seats 6, and 9 has been a van.
        mph: Highest mean speed, in miles per hour.
    """

    first_pickup: str = "2009-01-01 00:00:00"
    now: datetime | None = None
    period: tuple[str, str] | None = None
    hours: float = 24.0
    miles: float = 500.0
    dollars: float = 5000.0
    passengers: int = 9
    mph: float = 100.0


@dataclass(frozen=True)
class Fault:
    """A named fault.

    Attributes:
        name: The reason as it stands in `reasons` or `flags`.
        rejects: True if the row goes to the rejects, False if it stays among the trips with a flag.
        why: One sentence for the data dictionary.
        holds: Limits -> condition over the unified columns; null counts as not met.
    """

    name: str
    rejects: bool
    why: str
    holds: Callable[[Limits], Column]


# A row with one of these has no other reason: nothing more can be said of it.
STRUCTURAL: dict[str, str] = {
    "empty_row": "every field is empty",
    "not_a_taxi_trip": "a for-hire vehicle's record (fhv, fhvhv): it carries no metered fare",
    "unknown_header": "no column of any TLC taxi header has a value in it",
}


def _missing(column: str) -> Callable[[Limits], Column]:
    # the text and not the value: what cannot be read is unparsable, and not missing as well
    return lambda _: F.col(f"_text_{column}").isNull()


_LARGEST = 1e15  # beyond it a double no longer tells cents apart; NaN and infinity, which are no numbers, fall here too


def _over(column: str, bound: float) -> Column:
    return (F.col(column) > bound) & (F.col(column) <= _LARGEST)


def _seconds() -> Column:
    return F.col("dropoff_time").cast("long") - F.col("pickup_time").cast("long")


def _timestamp(text: str) -> Column:
    return F.lit(text).cast("timestamp")


def _latest(limits: Limits) -> Column:
    now = F.current_timestamp() if limits.now is None else F.lit(limits.now.strftime("%Y-%m-%d %H:%M:%S"))
    return now.cast("timestamp") + F.expr("interval 1 day")


def _outside_period(limits: Limits) -> Column:
    if limits.period is None:
        return F.lit(False)
    first, end = (_timestamp(moment) for moment in limits.period)
    return (F.col("pickup_time") < first) | (F.col("pickup_time") >= end)


def _no_place(end: str) -> Column:
    # coordinates of an unfixed receiver are written as 0, 0
    coordinates = F.coalesce(F.col(f"{end}_longitude"), F.lit(0.0)) != 0
    return F.col(f"{end}_location_id").isNull() & ~coordinates


def _far(end: str) -> Column:
    longitude, latitude = F.col(f"{end}_longitude"), F.col(f"{end}_latitude")
    return (longitude != 0) & ~(longitude.between(-75.5, -72.5) & latitude.between(39.5, 42.0))


def _too_fast(limits: Limits) -> Column:
    return (_seconds() > 0) & (F.col("trip_distance") * 3600 > _seconds() * limits.mph)


_EXTRAS = ("extra", "mta_tax", "tip_amount", "tolls_amount", "improvement_surcharge", "congestion_surcharge")

FAULTS: tuple[Fault, ...] = (
    Fault("missing_pickup_time", True, "no pick-up time", _missing("pickup_time")),
    Fault("missing_dropoff_time", True, "no drop-off time", _missing("dropoff_time")),
    Fault("missing_trip_distance", True, "no distance", _missing("trip_distance")),
    Fault("missing_fare_amount", True, "no fare", _missing("fare_amount")),
    Fault("missing_total_amount", True, "no total, as in a line cut before its end", _missing("total_amount")),
    Fault("negative_fare", True, "a reversal of another row, not a trip", lambda _: F.col("fare_amount") < 0),
    Fault("negative_total", True, "as a negative fare", lambda _: F.col("total_amount") < 0),
    Fault(
        "absurd_amount",
        True,
        "a fare or total over 5,000 dollars",
        lambda limits: _over("fare_amount", limits.dollars) | _over("total_amount", limits.dollars),
    ),
    Fault("dropoff_before_pickup", True, "the trip ends before it begins", lambda _: _seconds() < 0),
    Fault(
        "longer_than_a_day",
        True,
        "over 24 hours: a meter left running",
        lambda limits: _seconds() > limits.hours * 3600,
    ),
    Fault(
        "pickup_out_of_range",
        True,
        "picked up before 2009 or in the future: a clock never set",
        lambda limits: (
            (F.col("pickup_time") < _timestamp(limits.first_pickup)) | (F.col("pickup_time") > _latest(limits))
        ),
    ),
    Fault("negative_distance", True, "fewer than 0 miles", lambda _: F.col("trip_distance") < 0),
    Fault("absurd_distance", True, "over 500 miles", lambda limits: _over("trip_distance", limits.miles)),
    Fault(
        "unknown_location",
        True,
        "a zone id outside 1 to 265",
        lambda _: ~F.col("pickup_location_id").between(1, 265) | ~F.col("dropoff_location_id").between(1, 265),
    ),
    Fault(
        "impossible_passengers",
        True,
        "fewer than 0 or more than 9 passengers",
        lambda limits: ~F.col("passenger_count").between(0, limits.passengers),
    ),
    Fault("outside_period", False, "picked up outside the period asked for", _outside_period),
    Fault("zero_distance", False, "0 miles", lambda _: F.col("trip_distance") == 0),
    Fault("zero_duration", False, "ends in the second it begins", lambda _: _seconds() == 0),
    Fault(
        "over_12_hours",
        False,
        "longer than a shift; a vendor closes open trips at midnight",
        lambda limits: _seconds().between(12 * 3600 + 1, limits.hours * 3600),
    ),
    Fault("implausible_speed", False, "a mean speed over 100 mph", _too_fast),
    Fault("zero_fare", False, "a fare of 0", lambda _: F.col("fare_amount") == 0),
    Fault(
        "negative_charge",
        False,
        "a tax, tip, toll or surcharge below 0",
        lambda _: F.least(*(F.coalesce(F.col(name), F.lit(0.0)) for name in _EXTRAS)) < 0,
    ),
    Fault(
        "no_passengers", False, "0 passengers: the driver did not enter them", lambda _: F.col("passenger_count") == 0
    ),
    Fault("missing_passengers", False, "no passenger count", _missing("passenger_count")),
    Fault(
        "unknown_vendor", False, "a vendor id not in the dictionary", lambda _: ~F.col("vendor_id").isin(1, 2, 3, 6, 7)
    ),
    Fault("missing_vendor", False, "no vendor", _missing("vendor_id")),
    Fault(
        "unknown_rate_code",
        False,
        "a rate code outside 1 to 6; 99 is common",
        lambda _: ~F.col("rate_code").between(1, 6),
    ),
    Fault("missing_rate_code", False, "no rate code", _missing("rate_code")),
    Fault(
        "unknown_payment_type", False, "a payment type outside 0 to 6", lambda _: ~F.col("payment_type").between(0, 6)
    ),
    Fault("missing_payment_type", False, "no payment type", _missing("payment_type")),
    Fault(
        "missing_location",
        False,
        "neither zone id nor coordinates",
        lambda _: _no_place("pickup") | _no_place("dropoff"),
    ),
    Fault("far_coordinates", False, "coordinates far outside the region", lambda _: _far("pickup") | _far("dropoff")),
)

# Every reason a rejected row can have.
REJECTS: tuple[str, ...] = (
    *STRUCTURAL,
    *(f"unparsable_{field.name}" for field in COLUMNS),
    *(fault.name for fault in FAULTS if fault.rejects),
    "duplicate",
)
FLAGS: tuple[str, ...] = tuple(fault.name for fault in FAULTS if not fault.rejects)


def _unparsable(name: str, numeric: bool) -> Column:
    value = F.col(name)
    read = F.coalesce(F.abs(value) <= _LARGEST, F.lit(False)) if numeric else value.isNotNull()
    return F.when(F.col(f"_text_{name}").isNotNull() & ~read, f"unparsable_{name}")


def named(limits: Limits, present: Sequence[str]) -> tuple[Column, Column]:
    """The names of a row's faults, those that reject and those that flag: two comma-separated texts, '' for none.

    A text, for it costs a clean row next to nothing where an array costs an allocation, and caches in a few bytes.

    Args:
        limits: What is still believed.
        present: The unified columns that the source has: a column it never had cannot be unparsable.
    """
    fields = {field.name: field for field in COLUMNS}
    unparsable = [_unparsable(name, fields[name].kind == "double") for name in present]
    rejects = [F.when(fault.holds(limits), fault.name) for fault in FAULTS if fault.rejects]
    flags = [F.when(fault.holds(limits), fault.name) for fault in FAULTS if not fault.rejects]
    return F.concat_ws(",", *unparsable, *rejects), F.concat_ws(",", *flags)
