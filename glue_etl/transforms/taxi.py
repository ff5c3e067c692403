"""NYC taxi trips of any TLC year: one schema, every fault named, nothing dropped.

The steps, each a pure function of DataFrames (no session, no reading or writing, no collect)::

    labelled = taxi.label(raw).persist()          # the source is read and cast once
    checked = taxi.mark_duplicates(labelled)      # one groupBy over a 64-bit hash, one broadcast join
    trips = taxi.accepted(checked)                # unified columns, flags, duration, speed, dates
    rejects = taxi.rejected(checked)              # reasons and the original values
    counts = taxi.outcome(checked)                # rows by reasons and flags; taxi.summarise(counts.collect())

Why persist: trips, rejects, duplicates and counts are four readings of the same rows. Cached columns are read for
each at a fraction of what splitting and casting text costs, and a row keeps its `_row` number between them, so that
of several copies exactly one stays.
"""

from __future__ import annotations

from collections.abc import Iterable

from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F

from glue_etl.transforms.taxi_faults import FAULTS, FLAGS, REJECTS, Fault, Limits, named
from glue_etl.transforms.taxi_schema import COLUMNS, Field, original_values, present, read_texts, typed, unfused
from glue_etl.transforms.taxi_zones import with_zones

__all__ = [
    "COLUMNS",
    "FAULTS",
    "FLAGS",
    "REJECTS",
    "Fault",
    "Field",
    "Limits",
    "accepted",
    "daily_summary",
    "label",
    "mark_duplicates",
    "outcome",
    "rejected",
    "summarise",
    "with_zones",
]

_NAMES = [field.name for field in COLUMNS]


def label(trips: DataFrame, limits: Limits | None = None) -> DataFrame:
    """Bring TLC rows to the unified schema and name their faults, row by row: as many rows out as in.

    Args:
        trips: Rows under any header of the TLC's, or a mix of them; all strings (CSV) or typed (Parquet). Times are
            taken in the session's time zone, which is UTC on Glue: the wall clock's reading stays as it is.
        limits: What is still believed of a trip.

    Returns:
        `taxi_type`, the columns of `COLUMNS`, and working columns that begin with `_`: `_reasons` and `_flags`
        (comma-separated), `_line`, `_hash` (of the original values; null where a copy means nothing) and `_row`.
        Persist it before using it twice.
    """
    limits = limits or Limits()
    texts = read_texts(trips)
    fields = present(trips.columns)
    types = {field.name: field.dataType for field in texts.schema.fields}
    found = {field.name for field in fields}
    values = texts.select(
        *(
            (typed(f, types[f.name]) if f.name in found else F.lit(None).cast(f.spark_type)).alias(f.name)
            for f in COLUMNS
        ),
        *(F.col(name).alias(f"_text_{name}") for name in _NAMES),
        *(F.col(name) for name in texts.columns if name.startswith("_") and name != "_empty"),
        unfused(F.col("_empty")).alias("_empty"),
    )
    reasons, flags = named(limits, [field.name for field in fields])
    structural = (
        F.when(unfused(F.col("_empty")), "empty_row")
        .when(F.col("_for_hire"), "not_a_taxi_trip")
        .when(~F.col("_known"), "unknown_header")
    )
    return values.select(
        F.when(structural.isNull(), F.col("_taxi_type")).alias("taxi_type"),
        *(F.col(name) for name in _NAMES),
        F.coalesce(structural, reasons).alias("_reasons"),
        F.when(structural.isNull(), flags).otherwise("").alias("_flags"),
        F.col("_line"),
        F.when(structural.isNull(), F.xxhash64("_line")).alias("_hash"),
        F.monotonically_increasing_id().alias("_row"),
    )


def mark_duplicates(labelled: DataFrame) -> DataFrame:
    """Name every copy of a row but the first: equal in all its original values to a row before it.

    Rows are compared by a 64-bit hash: among ten million rows, the chance that any two different ones are taken for
    copies is about three in a million, and the row would still be found among the rejects. Only hashes that come
    twice are sent to every worker.

    Args:
        labelled: What `label` gave, persisted: `_row` says which copy is the first, and must not change between two
            readings.

    Returns:
        The same rows and columns; the copies have the reason `duplicate` after their others.
    """
    copies = (
        labelled.where(F.col("_hash").isNotNull())
        .groupBy(F.col("_hash").alias("_copied"))
        .agg(F.count(F.lit(1)).alias("_copies"), F.min("_row").alias("_first"))
        .where(F.col("_copies") > 1)
        .select("_copied", "_first")
    )
    joined = labelled.join(F.broadcast(copies), F.col("_hash") == F.col("_copied"), "left")
    duplicate = F.when(F.col("_row") > F.col("_first"), "duplicate")
    reasons = F.when(duplicate.isNull(), F.col("_reasons")).otherwise(
        F.concat_ws(",", F.when(F.col("_reasons") != "", F.col("_reasons")), duplicate)
    )
    return joined.select(*(reasons.alias(name) if name == "_reasons" else F.col(name) for name in labelled.columns))


def _listed(text: str) -> Column:
    return F.when(F.col(text) == "", F.array().cast("array<string>")).otherwise(F.split(F.col(text), ","))


def accepted(checked: DataFrame) -> DataFrame:
    """The trips that can be believed, with what is derived from them.

    Args:
        checked: What `mark_duplicates` (or `label`) gave.

    Returns:
        `taxi_type`, the columns of `COLUMNS`, `flags` (array of names, empty for most), `duration_minutes`,
        `speed_mph` (null for a trip of no duration), `pickup_date`, `pickup_year`, `pickup_month`.
    """
    minutes = (F.col("dropoff_time").cast("long") - F.col("pickup_time").cast("long")) / 60.0
    return (
        checked.where(F.col("_reasons") == "")
        .select(
            "taxi_type",
            *_NAMES,
            _listed("_flags").alias("flags"),
            minutes.alias("duration_minutes"),
        )
        .select(
            "*",
            F.when(F.col("duration_minutes") > 0, F.col("trip_distance") * 60.0 / F.col("duration_minutes")).alias(
                "speed_mph"
            ),
            F.to_date("pickup_time").alias("pickup_date"),
            F.year("pickup_time").alias("pickup_year"),
            F.month("pickup_time").alias("pickup_month"),
        )
    )


def rejected(checked: DataFrame) -> DataFrame:
    """The rows that are no trips, each with why and with its values as they came.

    Args:
        checked: What `mark_duplicates` (or `label`) gave.

    Returns:
        `reasons` (array of names, never empty), `taxi_type` (null for what is no taxi row), `raw` (a JSON object: the
        source's own column names and values, empty ones left out).
    """
    names = checked.schema["_line"].metadata["columns"]
    return checked.where(F.col("_reasons") != "").select(
        _listed("_reasons").alias("reasons"), "taxi_type", original_values(F.col("_line"), names).alias("raw")
    )


def outcome(checked: DataFrame) -> DataFrame:
    """Rows counted by their faults, in one aggregation: `reasons`, `flags` (both comma-separated), `rows`."""
    return checked.groupBy(F.col("_reasons").alias("reasons"), F.col("_flags").alias("flags")).agg(
        F.count(F.lit(1)).alias("rows")
    )


def summarise(counts: Iterable[Row], unreadable: int = 0) -> dict[str, int | dict[str, int]]:
    """Fold the rows of `outcome` into what a run reports.

    Args:
        counts: The collected rows of `outcome`: some hundred at most.
        unreadable: Records that the reader itself gave up.

    Returns:
        `rows_read`, `rows_written`, `rows_rejected`, `rows_unreadable`; `rejected_by_reason` and `flagged` by name,
        most first: a row with two reasons counts under both.
    """
    written = rejected_rows = 0
    reasons: dict[str, int] = {}
    flags: dict[str, int] = {}
    for row in counts:
        if row["reasons"]:
            rejected_rows += row["rows"]
        else:
            written += row["rows"]
        into, names = (reasons, row["reasons"]) if row["reasons"] else (flags, row["flags"])
        for name in names.split(",") if names else ():
            into[name] = into.get(name, 0) + row["rows"]

    def most_first(found: dict[str, int]) -> dict[str, int]:
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))

    return {
        "rows_read": written + rejected_rows + unreadable,
        "rows_written": written,
        "rows_rejected": rejected_rows,
        "rows_unreadable": unreadable,
        "rejected_by_reason": most_first(reasons),
        "flagged": most_first(flags),
    }


def daily_summary(trips: DataFrame) -> DataFrame:
    """One row for each kind of taxi and day.

    Args:
        trips: What `accepted` gave.

    Returns:
        `taxi_type`, `pickup_date`, `trips`, `passengers`, `miles`, `minutes`, `fares`, `tips`, `total` (US dollars,
        to the cent), `mean_speed_mph` (all miles over all hours; null where no time passed).
    """
    sums = trips.groupBy("taxi_type", "pickup_date").agg(
        F.count(F.lit(1)).alias("trips"),
        F.coalesce(F.sum("passenger_count"), F.lit(0)).alias("passengers"),
        F.round(F.sum("trip_distance"), 2).alias("miles"),
        F.round(F.sum("duration_minutes"), 2).alias("minutes"),
        F.round(F.sum("fare_amount"), 2).alias("fares"),
        F.round(F.coalesce(F.sum("tip_amount"), F.lit(0.0)), 2).alias("tips"),
        F.round(F.sum("total_amount"), 2).alias("total"),
    )
    return sums.withColumn(
        "mean_speed_mph", F.when(F.col("minutes") > 0, F.round(F.col("miles") * 60.0 / F.col("minutes"), 2))
    )
