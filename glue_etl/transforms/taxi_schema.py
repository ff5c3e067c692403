"""The one schema for every header that the New York TLC used for its taxi files, 2009 to today.

Names differ between the years in case, in spaces around them and in wording; vendors and payment types are words
before 2015 and numbers after; places are coordinates until mid 2016 and zone ids after. Sources: the files themselves
and the TLC's data dictionaries (https://www.nyc.gov/site/tlc/about/tlc-trip-record-data.page). Every step here is a
plain projection: no shuffle, no row lost, no cast that raises.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, NullType, StringType

__all__ = ["COLUMNS", "Field", "original_values", "present", "read_texts", "typed", "unfused"]

Kind = Literal["timestamp", "double", "int", "code", "flag"]


@dataclass(frozen=True)
class Field:
    """One column of the unified schema.

    Attributes:
        name: Its name in the unified schema.
        kind: How its text is read: `code` is a whole number or one of `words`, `flag` is Y/N or 1/0.
        spellings: Source names, lower-cased and without anything but letters and digits.
        words: Words that stand for a number, upper-cased.
    """

    name: str
    kind: Kind
    spellings: tuple[str, ...]
    words: Mapping[str, int] | None = None

    @property
    def spark_type(self) -> str:
        """The column's type in the unified schema, as Spark SQL writes it."""
        return {"timestamp": "timestamp", "double": "double", "flag": "boolean"}.get(self.kind, "int")


VENDORS = {"CMT": 1, "VTS": 2, "DDS": 3}
PAYMENTS = {
    **dict.fromkeys(("CREDIT", "CRE", "CRD", "CREDIT CARD"), 1),
    **dict.fromkeys(("CASH", "CAS", "CSH"), 2),
    **dict.fromkeys(("NO CHARGE", "NO", "NOC"), 3),
    **dict.fromkeys(("DISPUTE", "DIS"), 4),
    **dict.fromkeys(("UNKNOWN", "UNK", "NA", "N/A"), 5),
}

COLUMNS: tuple[Field, ...] = (
    Field("vendor_id", "code", ("vendorid", "vendorname"), VENDORS),
    Field(
        "pickup_time",
        "timestamp",
        ("trippickupdatetime", "pickupdatetime", "tpeppickupdatetime", "lpeppickupdatetime"),
    ),
    Field(
        "dropoff_time",
        "timestamp",
        ("tripdropoffdatetime", "dropoffdatetime", "tpepdropoffdatetime", "lpepdropoffdatetime"),
    ),
    Field("passenger_count", "int", ("passengercount",)),
    Field("trip_distance", "double", ("tripdistance",)),
    Field("pickup_longitude", "double", ("startlon", "pickuplongitude")),
    Field("pickup_latitude", "double", ("startlat", "pickuplatitude")),
    Field("dropoff_longitude", "double", ("endlon", "dropofflongitude")),
    Field("dropoff_latitude", "double", ("endlat", "dropofflatitude")),
    Field("pickup_location_id", "int", ("pulocationid",)),
    Field("dropoff_location_id", "int", ("dolocationid",)),
    Field("rate_code", "int", ("ratecode", "ratecodeid")),
    Field("store_and_forward", "flag", ("storeandforward", "storeandfwdflag")),
    Field("payment_type", "code", ("paymenttype",), PAYMENTS),
    Field("trip_type", "int", ("triptype",)),
    Field("fare_amount", "double", ("fareamt", "fareamount")),
    Field("extra", "double", ("surcharge", "extra")),
    Field("mta_tax", "double", ("mtatax",)),
    Field("tip_amount", "double", ("tipamt", "tipamount")),
    Field("tolls_amount", "double", ("tollsamt", "tollsamount")),
    Field("ehail_fee", "double", ("ehailfee",)),
    Field("improvement_surcharge", "double", ("improvementsurcharge",)),
    Field("congestion_surcharge", "double", ("congestionsurcharge",)),
    Field("airport_fee", "double", ("airportfee",)),
    Field("cbd_congestion_fee", "double", ("cbdcongestionfee",)),
    Field("total_amount", "double", ("totalamt", "totalamount")),
)

# Names that only the for-hire files (fhv, fhvhv) have; their rows carry no metered fare.
FOR_HIRE = frozenset(
    {
        "dispatchingbasenum", "dispatchingbasenumber", "affiliatedbasenumber", "originatingbasenum", "hvfhslicensenum",
        "pickupdate", "locationid", "srflag", "sharedrequestflag", "basepassengerfare", "driverpay", "tripmiles",
    }
)  # fmt: skip
# A green file is told by its own prefix; every other taxi header is yellow.
GREEN = frozenset({"lpeppickupdatetime", "lpepdropoffdatetime"})
# One of these must be in a header for its rows to be taxi trips.
TAXI_ONLY = frozenset({"fareamt", "fareamount", "totalamt", "totalamount", "tripdistance"})

_SEPARATOR = "\x1f"  # ASCII unit separator: joins a row's original values, and is no part of any TLC file


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _present(column: Column, data_type: DataType) -> Column:
    """Null for a text of blanks, so that one test tells a missing value from a wrong one."""
    if isinstance(data_type, StringType):
        trimmed = F.trim(column)
        return F.when(trimmed != "", trimmed)
    if data_type.typeName() in ("double", "float"):
        return F.when(~F.isnan(column), column)
    return column


def _first(columns: Sequence[tuple[Column, DataType]], absent: str) -> Column:
    """The first value that is there, of the variants that several eras in one folder bring."""
    if not columns:
        return F.lit(None).cast(absent)
    found = [_present(column, data_type) for column, data_type in columns]
    if len({data_type.typeName() for _, data_type in columns}) > 1:
        found = [column.cast("string") for column in found]
    return F.coalesce(*found) if len(found) > 1 else found[0]


def _any_there(columns: Sequence[tuple[Column, DataType]]) -> Column:
    return F.coalesce(*(_present(c, t).cast("string") for c, t in columns)).isNotNull() if columns else F.lit(False)


def unfused(condition: Column) -> Column:
    """The same condition, in a form that keeps its projection out of Spark's whole-stage code generation.

    Fused, the projections of `taxi.label` become one Java method of 23 kB; HotSpot compiles no method over 8,000 bytes,
    and interpreting it took some three times as long. A projection with a higher-order function in it is generated by
    itself, in small methods, whatever the session's settings.
    """
    return F.exists(F.array(condition), lambda value: value)


def _original_names(names: Sequence[str]) -> list[str]:
    """The source's names as they are; a name that comes twice gets a number, for a JSON key must be unique."""
    seen: dict[str, int] = {}
    unique = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        unique.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return unique


def present(columns: Sequence[str]) -> list[Field]:
    """The fields of `COLUMNS` that a source with these column names has, under whatever spelling."""
    spellings = {_plain(name) for name in columns}
    return [field for field in COLUMNS if spellings.intersection(field.spellings)]


def read_texts(trips: DataFrame) -> DataFrame:
    """One column per field of `COLUMNS`, not cast yet, whatever header or mix of headers the source has.

    Args:
        trips: TLC rows: all-string columns (CSV) or typed ones (Parquet), any subset of the spellings known.

    Returns:
        The fields of `COLUMNS` under their unified names, and the working columns `_line` (every original value,
        joined; the original names are in its metadata), `_taxi_type`, `_for_hire`, `_known` (some known field has a
        value) and `_empty` (nothing has).
    """
    # Names that differ in case or spaces alone are ambiguous to Spark; positions are not.
    source = trips.toDF(*(f"c{i}" for i in range(len(trips.columns))))
    by_spelling: dict[str, list[tuple[Column, DataType]]] = {}
    everything: list[tuple[Column, DataType]] = []
    for position, field in enumerate(trips.schema.fields):
        if isinstance(field.dataType, NullType):
            continue
        entry = (F.col(f"c{position}"), field.dataType)
        everything.append(entry)
        by_spelling.setdefault(_plain(field.name), []).append(entry)

    def of(spellings: Sequence[str]) -> list[tuple[Column, DataType]]:
        return [entry for spelling in spellings for entry in by_spelling.get(spelling, [])]

    spellings = {_plain(name) for name in trips.columns}
    taxi = bool(spellings & TAXI_ONLY)
    for_hire = _any_there(of(sorted(FOR_HIRE))) if taxi else F.lit(bool(spellings & FOR_HIRE))
    known = [entry for field in COLUMNS for entry in of(field.spellings)]
    names = _original_names(trips.columns)
    line = F.concat_ws(
        _SEPARATOR, *(F.coalesce(F.col(f"c{i}").cast("string"), F.lit("")) for i in range(len(trips.columns)))
    )
    return source.select(
        *(_first(of(f.spellings), "string").alias(f.name) for f in COLUMNS),
        line.alias("_line", metadata={"columns": names}),
        F.when(_any_there(of(sorted(GREEN))), "green").otherwise("yellow").alias("_taxi_type"),
        for_hire.alias("_for_hire"),
        unfused(_any_there(known)).alias("_known"),
        (~_any_there(everything)).alias("_empty"),
    )


def typed(field: Field, data_type: DataType) -> Column:
    """The field's text as its type; null where it cannot be read, on Spark 3.5 and in Spark 4's ANSI mode alike."""
    name = field.name
    if not isinstance(data_type, StringType):
        return F.expr(f"try_cast({name} as {field.spark_type})") if field.kind != "flag" else _flag(F.col(name))
    text = F.col(name)
    if field.kind == "flag":
        return _flag(text)
    if field.kind in ("timestamp", "double"):
        return F.expr(f"try_cast({name} as {field.spark_type})")
    # pandas writes whole numbers with a gap among them as 1.0
    number = F.expr(f"try_cast(if(endswith({name}, '.0'), substring({name}, 1, length({name}) - 2), {name}) as int)")
    if not field.words:
        return number
    code = F.when(text < "A", number)
    for value in sorted(set(field.words.values())):
        code = code.when(F.upper(text).isin([w for w, v in field.words.items() if v == value]), value)
    return code


def _flag(text: Column) -> Column:
    word = F.upper(text.cast("string"))
    return F.when(word.isin("N", "0", "0.0", "FALSE"), False).when(word.isin("Y", "1", "1.0", "TRUE"), True)


def original_values(line: Column, names: Sequence[str]) -> Column:
    """A row's values as they came, empty ones left out: a JSON object by the source's own column names."""
    values = F.split(line, _SEPARATOR, -1)
    whole = F.create_map(F.lit("_line"), line)  # a value with the separator in it: the row is kept in one piece
    if not names:
        return F.to_json(whole)
    fields = F.map_from_arrays(F.array(*(F.lit(name) for name in names)), values)
    fields = F.when(F.size(values) == len(names), fields).otherwise(whole)
    return F.to_json(F.map_filter(fields, lambda _, value: value != ""))
