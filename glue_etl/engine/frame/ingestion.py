"""Columns that tell when a record came in: `add_ingestion_time_columns`.

Source: "GlueContext class", add_ingestion_time_columns, in the AWS Glue guide.
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as f

from glue_etl.errors import OptionError

__all__ = ["GRANULARITIES", "add_ingestion_time_columns"]

# Texts with leading zeros: they are made for folder names such as ingest_month=04, which then sort by time.
_COLUMNS = {
    "ingest_year": "yyyy",
    "ingest_month": "MM",
    "ingest_day": "dd",
    "ingest_hour": "HH",
    "ingest_minute": "mm",
}
# No granularity, which is the default of the Scala method, means all of the columns.
GRANULARITIES = {"day": 3, "hour": 4, "minute": 5, "": 5}


def add_ingestion_time_columns(df: DataFrame, granularity: str) -> DataFrame:
    """Append the time of processing.

    Args:
        df: Any DataFrame; columns of the same names are replaced.
        granularity: The finest column: `day`, `hour` or `minute`.

    Returns:
        The DataFrame with `ingest_year`, `ingest_month`, `ingest_day` and so on: strings, in the session's time zone.

    Raises:
        OptionError: Another granularity.
    """
    if granularity not in GRANULARITIES:
        raise OptionError(
            f"{granularity!r} is no time granularity.", available=[name for name in GRANULARITIES if name]
        )
    now = f.current_timestamp()
    names = list(_COLUMNS)[: GRANULARITIES[granularity]]
    return df.withColumns({name: f.date_format(now, _COLUMNS[name]) for name in names})
