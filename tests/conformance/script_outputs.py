"""Whether what a run left in the lake is what a script case expects. Reads files without Spark."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import json
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from urllib.parse import unquote

Json = Any
Row = dict[str, Any]

_NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
_TEXT_FORMATS = {"csv"}


@dataclass
class Output:
    """What lies below a path.

    Attributes:
        rows: All rows, the partition folders' values among their columns.
        columns: The columns of all files, partition columns not counted.
        partitions: The `k=v/k=v` folders that hold files.
        texts: Names of the columns whose values are text because a folder or a CSV file has nothing else.
    """

    rows: list[Row] = field(default_factory=list)
    columns: set[str] = field(default_factory=set)
    partitions: set[str] = field(default_factory=set)
    texts: set[str] = field(default_factory=set)


def problems(expected: Mapping[str, Json], lake: Path, case: Path, output: Output | None = None) -> list[str]:
    """What differs between an expected output and the lake; empty if nothing does.

    Args:
        expected: One entry of `outputs`.
        lake: Folder of the buckets.
        case: The case's folder, for `rows_file`.
        output: What there is, if it is not in the lake.
    """
    if output is None:
        output = read(lake / expected["path"].split("://", 1)[1], expected["format"], expected.get("read_options", {}))
    if "where" in expected:
        column, _, value = (part.strip().strip("'") for part in expected["where"].partition("="))
        output.rows = [row for row in output.rows if str(row.get(column)) == value]
    found: list[str] = []
    if "count" in expected and len(output.rows) != expected["count"]:
        found.append(f"{len(output.rows)} rows, expected {expected['count']}")
    if "partitions" in expected and output.partitions != set(expected["partitions"]):
        found.append(f"partitions {sorted(output.partitions)}, expected {sorted(expected['partitions'])}")
    if "columns" in expected and output.columns != set(expected["columns"]):
        found.append(f"columns {sorted(output.columns)}, expected {sorted(expected['columns'])}")
    for column in expected.get("not_null", []):
        if any(canonical(row.get(column)) is None for row in output.rows):
            found.append(f"null in {column!r}")
    for left, right in expected.get("equal_where_not_null", []):
        if any(row.get(left) is not None and canonical(row[left]) != canonical(row.get(right)) for row in output.rows):
            found.append(f"{right!r} differs from {left!r}")
    wanted = _expected_rows(expected, case)
    return found if wanted is None else found + list(_differences(wanted, output))


def _expected_rows(expected: Mapping[str, Json], case: Path) -> list[Row] | None:
    if "rows_file" in expected:
        text = (case / expected["rows_file"]).read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    return expected.get("rows")


def _differences(wanted: list[Row], output: Output) -> Iterator[str]:
    samples: Row = {}
    for row in wanted:
        for name, value in row.items():
            if samples.get(name) is None:
                samples[name] = value

    def key(row: Row) -> Hashable:
        return canonical({name: _cell(value, samples.get(name), name in output.texts) for name, value in row.items()})

    expected, found = Counter(key(row) for row in wanted), Counter(key(row) for row in output.rows)
    for row, number in (expected - found).items():
        yield f"missing {number} x {row}"
    for row, number in (found - expected).items():
        yield f"not expected {number} x {row}"


def _cell(value: Any, sample: Json, is_text: bool) -> Any:
    """A value of a text column as the type that is expected of it; empty text stands for null."""
    if not is_text or not isinstance(value, str):
        return value
    if value == "":
        return None
    if isinstance(sample, bool):
        return {"true": True, "false": False}.get(value.lower(), value)
    if isinstance(sample, (int, float)) or _is_decimal(sample):
        try:
            return Decimal(value)
        except InvalidOperation:
            return value
    return value


def _is_decimal(value: Json) -> bool:
    return isinstance(value, dict) and set(value) == {"decimal"}


def canonical(value: Any) -> Hashable:
    """One spelling for all values that count as the same.

    Null, a missing field and a struct of nothing but nulls are one; numbers go by value, fractions to nine digits;
    dates and timestamps are ISO text in UTC; a boolean is no number.
    """
    if value is None:
        return None
    if isinstance(value, bool):
        return ("boolean", value)
    if isinstance(value, (int, float, Decimal)):
        return _number(value)
    if _is_decimal(value):
        return _number(Decimal(value["decimal"]))
    if isinstance(value, Mapping):
        fields = tuple(
            sorted((name, canonical(inner)) for name, inner in value.items() if canonical(inner) is not None)
        )
        return ("struct", fields) if fields else None
    if isinstance(value, (list, tuple)):
        return ("array", tuple(canonical(inner) for inner in value))
    if isinstance(value, dt.datetime):
        plain = value.astimezone(dt.UTC).replace(tzinfo=None) if value.tzinfo else value
        return ("text", plain.isoformat(sep=" "))
    if isinstance(value, dt.date):
        return ("text", value.isoformat())
    return ("text", value.decode() if isinstance(value, bytes) else str(value))


def _number(value: int | float | Decimal) -> Hashable:
    exact = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if exact.is_nan():
        return ("number", "nan")
    if exact.is_finite() and exact == exact.to_integral_value():
        return ("number", str(int(exact)))
    return ("number", f"{float(exact):.9g}")


# --- reading ---------------------------------------------------------------------------------------------------------


def read(path: Path, kind: str, options: Mapping[str, Json]) -> Output:
    """Read every data file at or below a path; nothing there gives an output without rows."""
    output = Output()
    for file in _files(path):
        folders = file.relative_to(path).parts[:-1] if file != path else ()
        pairs = [part.partition("=")[::2] for part in folders if "=" in part]
        values = {name: None if value == _NO_VALUE else unquote(value) for name, value in pairs}
        if values:
            output.partitions.add("/".join(part for part in folders if "=" in part))
        columns, rows = _READERS[kind](file, options)
        output.columns |= set(columns)
        output.texts |= values.keys() | (set(columns) if kind in _TEXT_FORMATS else set())
        output.rows += [{**row, **values} for row in rows]
    return output


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return [
        file
        for file in sorted(path.rglob("*"))
        if file.is_file() and not any(part.startswith(("_", ".")) for part in file.relative_to(path).parts)
    ]


def _text(file: Path) -> str:
    raw = file.read_bytes()
    return (gzip.decompress(raw) if file.suffix == ".gz" or raw[:2] == b"\x1f\x8b" else raw).decode("utf-8")


def _json(file: Path, options: Mapping[str, Json]) -> tuple[Iterable[str], list[Row]]:
    rows = [json.loads(line) for line in _text(file).splitlines() if line.strip()]
    return {name for row in rows for name in row}, rows


def _csv(file: Path, options: Mapping[str, Json]) -> tuple[Iterable[str], list[Row]]:
    lines = list(csv.reader(io.StringIO(_text(file), newline=""), delimiter=options.get("separator", ",")))
    if options.get("header", True):
        names, lines = (lines[0], lines[1:]) if lines else ([], [])
    else:
        names = [f"_c{number}" for number in range(max(map(len, lines), default=0))]
    return names, [dict(zip(names, line, strict=False)) for line in lines]


def _parquet(file: Path, options: Mapping[str, Json]) -> tuple[Iterable[str], list[Row]]:
    from pyarrow import parquet

    # One file and not a data set: pyarrow would make columns of the folders in the path.
    table = parquet.ParquetFile(file).read()
    return table.column_names, table.to_pylist()


def _orc(file: Path, options: Mapping[str, Json]) -> tuple[Iterable[str], list[Row]]:
    from pyarrow import orc

    table = orc.ORCFile(str(file)).read()
    return table.column_names, table.to_pylist()


def _avro(file: Path, options: Mapping[str, Json]) -> tuple[Iterable[str], list[Row]]:
    import fastavro

    with file.open("rb") as opened:
        reader = fastavro.reader(opened)
        schema: Json = reader.writer_schema
        return [each["name"] for each in schema["fields"]], [row for row in reader if isinstance(row, dict)]


_READERS = {"json": _json, "csv": _csv, "parquet": _parquet, "orc": _orc, "avro": _avro}
