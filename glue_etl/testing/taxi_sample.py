"""Taxi data of the TLC's 2017 yellow shape, with the dirt that the real files have, counted.

Deterministic by seed, with the standard library alone: the trips are a pool of rides laid over the seconds of a month
by a stride that never repeats a pair, so that every copy in the files was put there on purpose and a row costs about
three microseconds.
"""

from __future__ import annotations

import calendar
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from glue_etl.errors import OptionError

__all__ = ["DIRT", "HEADER", "TaxiSample", "write_taxi", "write_zones"]

HEADER = (
    "VendorID,tpep_pickup_datetime,tpep_dropoff_datetime,passenger_count,trip_distance,RatecodeID,store_and_fwd_flag,PULocationID,"
    "DOLocationID,payment_type,fare_amount,extra,mta_tax,tip_amount,tolls_amount,improvement_surcharge,total_amount"
)

# Share of the rows that get each kind of dirt, at least one row in a file that has a thousand; one kind a row at most.
# `glue_etl.transforms.taxi` rejects the kinds up to `duplicate` under the same names, flags the others, and takes
# `outside_month` as it is.
DIRT: Mapping[str, float] = {
    "negative_fare": 0.0010,
    "dropoff_before_pickup": 0.0005,
    "longer_than_a_day": 0.0003,
    "pickup_out_of_range": 0.0003,
    "absurd_distance": 0.0002,
    "unknown_location": 0.0002,
    "unparsable_fare_amount": 0.0002,
    "missing_total_amount": 0.0002,
    "duplicate": 0.0010,
    "zero_distance": 0.0060,
    "no_passengers": 0.0020,
    "unknown_rate_code": 0.0010,
    "over_12_hours": 0.0020,
    "outside_month": 0.0005,
}

_POOL = 1 << 16  # rides; times 2.6 million seconds of a month: pairs enough for 170 billion different rows
_BLOCK = 20_000  # rows per write
_ROWS_PER_FILE = 1_350_000  # about 128 MB
_STRIDE = 7919  # a prime that divides no month's seconds


@dataclass
class TaxiSample:
    """What was written.

    Attributes:
        files: The files, in order.
        rows: Rows in all files, copies included.
        size: Bytes in all files.
        dirt: Rows by kind of dirt, the names of `DIRT`; `rejects` sums those that the taxi transforms reject.
    """

    files: list[Path] = field(default_factory=list)
    rows: int = 0
    size: int = 0
    dirt: dict[str, int] = field(default_factory=lambda: dict.fromkeys(DIRT, 0))

    @property
    def rejects(self) -> int:
        """Rows that no taxi system can take for a trip."""
        kept = ("zero_distance", "no_passengers", "unknown_rate_code", "over_12_hours", "outside_month")
        return sum(count for kind, count in self.dirt.items() if kind not in kept)


@dataclass(frozen=True)
class _Ride:
    seconds: int
    passengers: str
    miles: str
    places: str
    payment: str
    fare: str
    rest: str
    total: str

    def row(self, vendor: int, pickup: str, dropoff: str, **other: str) -> str:
        """The ride as a CSV row; `other` replaces single fields by dirt."""
        get = other.get
        fields = (
            str(vendor),
            pickup,
            dropoff,
            get("passengers", self.passengers),
            get("miles", self.miles),
            get("rate", "1"),
            "N",
            get("places", self.places),
            self.payment,
            get("fare", self.fare),
            self.rest,
            get("total", self.total),
        )
        return ",".join(fields)


def _rides(rng: random.Random) -> list[_Ride]:
    rides = []
    for _ in range(_POOL):
        miles = min(0.3 + rng.lognormvariate(0.5, 0.8), 60.0)
        seconds = max(60, int(miles / rng.uniform(6.0, 25.0) * 3600))
        fare = round((2.5 + 2.5 * miles) * 2) / 2
        extra = rng.choice((0.0, 0.0, 0.5, 1.0))
        card = rng.random() < 0.67
        tip = round(fare * rng.choice((0.1, 0.15, 0.2, 0.25)), 2) if card else 0.0
        tolls = 5.76 if miles > 9 and rng.random() < 0.4 else 0.0
        rides.append(
            _Ride(
                seconds,
                str(rng.choice((1, 1, 1, 1, 1, 2, 2, 3, 5, 6))),
                f"{miles:.2f}".removeprefix("0"),
                f"{rng.randint(1, 263)},{rng.randint(1, 263)}",
                "1" if card else rng.choice("22222234"),
                f"{fare:g}",
                f"{extra:g},0.5,{tip:g},{tolls:g},0.3",
                f"{fare + extra + 0.5 + tip + tolls + 0.3:.2f}".removesuffix("0"),
            )
        )
    return rides


class _Month:
    """The texts of a month's seconds and of some days after it, and where in the month its rides start."""

    def __init__(self, year: int, month: int, clock: list[str], rng: random.Random) -> None:
        self.clock = clock
        days = calendar.monthrange(year, month)[1]
        self.seconds = days * 86_400
        self.starts = [rng.randrange(self.seconds) for _ in range(256)]
        self.dates = [f"{year}-{month:02d}-{day:02d} " for day in range(1, days + 1)]
        after = (year, month + 1) if month < 12 else (year + 1, 1)
        self.dates += [f"{after[0]}-{after[1]:02d}-{day:02d} " for day in range(1, 6)]

    def text(self, second: int) -> str:
        day, rest = divmod(second, 86_400)
        return self.dates[day] + self.clock[rest]


def _dirty_row(kind: str, ride: _Ride, month: _Month, second: int, vendor: int) -> str:
    """One row with one fault, of the kinds that the real files have."""
    pickup, dropoff = month.text(second), month.text(second + ride.seconds)
    if kind == "negative_fare":
        return ride.row(vendor, pickup, dropoff, fare=f"-{ride.fare}", total=f"-{ride.total}")
    if kind == "dropoff_before_pickup":
        return ride.row(vendor, dropoff, pickup)
    if kind == "longer_than_a_day":
        return ride.row(vendor, pickup, month.text(second + 86_400 + 600 + ride.seconds))
    if kind == "over_12_hours":
        return ride.row(vendor, pickup, month.text(second + 86_000))
    if kind in ("pickup_out_of_range", "outside_month"):
        date = ("2001-01-01 " if vendor == 1 else "2088-01-24 ") if kind == "pickup_out_of_range" else "2009-01-01 "
        start = second % 43_200
        return ride.row(vendor, date + month.clock[start], date + month.clock[start + min(ride.seconds, 43_000)])
    changed = {
        "absurd_distance": {"miles": "120098.84"},
        "unknown_location": {"places": "999,264"},
        "unparsable_fare_amount": {"fare": "12..5"},
        "missing_total_amount": {"total": ""},
        "zero_distance": {"miles": ".00"},
        "no_passengers": {"passengers": "0"},
        "unknown_rate_code": {"rate": "99"},
    }
    return ride.row(vendor, pickup, dropoff, **changed[kind])


def _plan(rng: random.Random, rows: int) -> dict[int, str]:
    """Which row of a file gets which dirt."""
    counts = {kind: max(round(rows * share), 1 if rows >= 1000 else 0) for kind, share in DIRT.items()}
    # row 0 has none before it to copy
    chosen = rng.sample(range(1, rows), sum(counts.values())) if rows > 1 else []
    kinds = [kind for kind, count in counts.items() for _ in range(count)]
    return dict(zip(chosen, kinds, strict=False))


def _lines(rides: list[_Ride], month: _Month, rows: range, dirt: dict[int, str]) -> Iterator[str]:
    clock, dates, span, starts = month.clock, month.dates, month.seconds, month.starts
    clean = ""
    for row in rows:
        ride = rides[row % _POOL]
        second = (starts[row & 255] + row // _POOL * _STRIDE + (row % _POOL >> 8) * 9_973) % span
        kind = dirt.get(row - rows.start)
        if kind is None:
            day, rest = divmod(second, 86_400)
            end_day, end_rest = divmod(second + ride.seconds, 86_400)
            clean = (
                f"{1 + (row & 1)},{dates[day]}{clock[rest]},{dates[end_day]}{clock[end_rest]},{ride.passengers},"
                f"{ride.miles},1,N,{ride.places},{ride.payment},{ride.fare},{ride.rest},{ride.total}"
            )
            yield clean
        elif kind == "duplicate":
            yield clean
        else:
            yield _dirty_row(kind, ride, month, second, 1 + (row & 1))


def _write_file(path: Path, lines: Iterator[str]) -> int:
    """The TLC's own shape: the header ends in LF, then a blank line, and every row ends in CRLF."""
    with path.open("w", encoding="ascii", newline="", buffering=1 << 20) as out:
        out.write(HEADER + "\n\r\n")
        block: list[str] = []
        for line in lines:
            block.append(line)
            if len(block) == _BLOCK:
                out.write("\r\n".join(block) + "\r\n")
                block.clear()
        if block:
            out.write("\r\n".join(block) + "\r\n")
    return path.stat().st_size


def _sizes(rows: int) -> list[int]:
    """Rows of each file: three months at least where there are rows for it, and no file much over 128 MB."""
    files = max(3 if rows >= 3 else 1, -(-rows // _ROWS_PER_FILE))
    each, more = divmod(rows, files)
    return [each + (1 if index < more else 0) for index in range(files)]


def write_taxi(folder: Path, rows: int, seed: int = 0) -> TaxiSample:
    """Write yellow taxi trips of 2017 as CSV files of the TLC's names, one month after the other.

    Args:
        folder: Where; made if it is not there. Files of the same names are written anew.
        rows: How many rows in all, copies and dirt included; about 92 bytes each.
        seed: The same seed gives the same bytes.

    Returns:
        The files, and how many rows have each kind of dirt.

    Raises:
        OptionError: `rows` is not positive.
    """
    if rows < 1:
        raise OptionError(f"{rows!r} rows cannot be written.", hint="give --rows a number of 1 or more.")
    folder.mkdir(parents=True, exist_ok=True)
    rng = random.Random(seed)
    rides = _rides(rng)
    clock = [f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}" for second in range(86_400)]
    sample = TaxiSample()
    months = [_Month(2017, number, clock, rng) for number in range(1, 13)]
    for index, size in enumerate(_sizes(rows)):
        number, part = index % 12 + 1, index // 12
        path = folder / f"yellow_tripdata_2017-{number:02d}{f'-{part + 1}' if part else ''}.csv"
        dirt = _plan(rng, size)
        # another part of the same month goes on where the part before ended, so that no trip repeats
        numbers = range(part * _ROWS_PER_FILE, part * _ROWS_PER_FILE + size)
        sample.size += _write_file(path, _lines(rides, months[number - 1], numbers, dirt))
        sample.files.append(path)
        sample.rows += size
        for kind in dirt.values():
            sample.dirt[kind] += 1
    return sample


_BOROUGHS = ("Bronx", "Brooklyn", "Manhattan", "Queens", "Staten Island")


def write_zones(folder: Path) -> Path:
    """Write a zone lookup of the TLC's shape with invented names: 265 ids, a name that repeats, two that are no place.

    Args:
        folder: Where; made if it is not there.

    Returns:
        The file, `taxi_zone_lookup.csv`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["LocationID,Borough,Zone,service_zone", "1,EWR,Sample Airport,EWR"]
    for zone in range(2, 264):
        borough = _BOROUGHS[zone % len(_BOROUGHS)]
        service = "Yellow Zone" if borough == "Manhattan" else "Boro Zone"
        # the real lookup has names that repeat under different ids
        lines.append(f"{zone},{borough},{borough} {61 if zone == 56 else zone},{service}")
    lines += ["264,Unknown,N/A,N/A", "265,N/A,Outside of NYC,N/A"]
    path = folder / "taxi_zone_lookup.csv"
    path.write_text("\n".join(lines) + "\n", encoding="ascii")
    return path
