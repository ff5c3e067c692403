"""The TLC's zone lookup joined to trips: 265 zones; 264 and 265 say that the place is unknown or out of the city."""

from __future__ import annotations

import re
from collections.abc import Callable

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from glue_etl.errors import FieldError

__all__ = ["with_zones"]

# 264 is "Unknown", 265 "N/A" or "Outside of NYC": no zone of the map
_UNMAPPED = (264, 265)
_NO_NAME = ("", "N/A", "NA", "NV", "UNKNOWN")


def _column(zones: DataFrame, spelling: str) -> Column:
    for name in zones.columns:
        if re.sub(r"[^a-z]", "", name.lower()) == spelling:
            return F.trim(F.col(f"`{name}`").cast("string"))
    raise FieldError(
        f"The zone lookup has no column {spelling!r}.",
        available=zones.columns,
        hint="use the TLC's taxi_zone_lookup.csv: LocationID, Borough, Zone, service_zone.",
    )


def _lookup(zones: DataFrame, end: str) -> DataFrame:
    """One row per id, so that the join can neither lose nor repeat a trip."""
    number = _column(zones, "locationid")
    location = F.expr("try_cast(location as int)")
    named = zones.select(
        number.alias("location"), _column(zones, "borough").alias("borough"), _column(zones, "zone").alias("zone")
    ).select(location.alias("location"), "borough", "zone")

    def name(column: str) -> Column:
        unnamed = F.col("location").isin(*_UNMAPPED) | F.upper(column).isin(*_NO_NAME)
        return F.min(F.when(~unnamed, F.col(column)))

    return (
        named.where(F.col("location").isNotNull())
        .groupBy(F.col("location").alias(f"_{end}_location"))
        .agg(name("borough").alias(f"{end}_borough"), name("zone").alias(f"{end}_zone"))
    )


def with_zones(zones: DataFrame) -> Callable[[DataFrame], DataFrame]:
    """A transform that adds the borough and zone name of both ends of a trip.

    Args:
        zones: The TLC's zone lookup under either header (`LocationID, Borough, Zone, service_zone` or
            `location_id, borough, zone, service_zone`), as strings or typed. An id that comes twice counts once.

    Returns:
        DataFrame -> DataFrame: as many rows out as in, with `pickup_borough`, `pickup_zone`, `dropoff_borough`,
        `dropoff_zone`; null where the id is null, not in the lookup, 264 or 265, or where the lookup says `N/A`.

    Raises:
        FieldError: The lookup lacks one of the columns.
    """
    lookups = {end: _lookup(zones, end) for end in ("pickup", "dropoff")}

    def join(trips: DataFrame) -> DataFrame:
        for end, lookup in lookups.items():
            matches = F.col(f"{end}_location_id") == F.col(f"_{end}_location")
            trips = trips.join(F.broadcast(lookup), matches, "left").drop(f"_{end}_location")
        return trips

    return join
