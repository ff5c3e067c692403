"""Formats that a Python library decodes: the engine against the library alone on all cores.

    python benchmarks/decoded_formats.py [--mb 200] [--rounds 3] [--only NAME ...]

The engine reads as a script does and writes every column to Spark's `noop` sink; where a type must be inferred, that is
part of it. The library decodes the same files in a pool of as many processes as there are cores, started beforehand,
and makes Arrow columns of what it gives: records have to become columns for whoever goes on with them, and lists of
dicts would have to be sent or kept at many times the price. The data lies in several files, so that both sides can use
all cores.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

from glue_session import glue_session, no_result
from measure import Ratio, interleave, report

FILES = 8
BATCH = 10_000
BOUND = 1.3
START = datetime(2024, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Case:
    """One format.

    Attributes:
        format: As the script names it.
        options: The script's format_options.
        make: Writes one file of about so many bytes with its own random numbers; gives its records.
        alone: Decodes one file by the library; gives its records.
        suffix: Of the files.
    """

    format: str
    options: dict[str, Any]
    make: Callable[[Path, int, random.Random], int]
    alone: Callable[[str], int]
    suffix: str


# --- grok ------------------------------------------------------------------------------------------------------------

GROK = "%{COMBINEDAPACHELOG}"


def make_log(path: Path, size: int, random_: random.Random) -> int:
    written = rows = 0
    with path.open("w") as file:
        while written < size:
            at = START + timedelta(seconds=rows)
            written += file.write(
                f"10.{random_.randrange(256)}.{random_.randrange(256)}.7 - {random_.choice(['-', 'jane', 'frank'])} "
                f'[{at:%d/%b/%Y:%H:%M:%S} +0000] "GET /shop/item/{random_.randrange(10**6)}?ref=mail HTTP/1.1" '
                f"{random_.choice([200, 200, 304, 404])} {random_.randrange(50_000)} "
                f'"https://www.example.com/shop/{random_.randrange(1000)}" "Mozilla/5.0 (X11; Linux x86_64)"\n'
            )
            rows += 1
    return rows


def grok_alone(path: str) -> int:
    """Python's `re` with the same expression."""
    import pyarrow as pa

    from glue_etl.engine.io.grok_compile import compile_grok

    regex = compile_grok(GROK).regex
    rows = 0
    with open(path, encoding="utf-8") as file:
        while lines := list(islice(file, BATCH)):
            groups = [match.groups() for match in map(regex.search, lines) if match is not None]
            columns = [pa.array(column, pa.string()) for column in zip(*groups, strict=True)]
            rows += len(columns[0])
    return rows


# --- ion -------------------------------------------------------------------------------------------------------------


def make_ion(binary: bool) -> Callable[[Path, int, random.Random], int]:
    def make(path: Path, size: int, random_: random.Random) -> int:
        from amazon.ion import simpleion

        written = rows = 0
        with path.open("wb") as file:
            while written < size:
                records = [ion_record(rows + at, random_) for at in range(1000)]
                data = simpleion.dumps(records, binary=binary, sequence_as_stream=True)
                written += file.write(data if isinstance(data, bytes) else data.encode() + b"\n")
                rows += len(records)
        return rows

    return make


def ion_record(number: int, random_: random.Random) -> dict[str, Any]:
    return {
        "id": number,
        "user": f"user-{random_.randrange(10**6):06d}",
        "at": START + timedelta(seconds=number),
        "amount": Decimal(random_.randrange(10**6)) / 100,
        "score": random_.random(),
        "active": random_.random() < 0.5,
        "tags": ["a", "b", "c"][: random_.randrange(1, 4)],
        "address": {"city": random_.choice(["Omaha", "Łódź", "Lyon"]), "zip": f"{random_.randrange(99999):05d}"},
    }


def ion_alone(path: str) -> int:
    """amazon.ion's own loader, told to give plain Python values where it can."""
    import pyarrow as pa
    from amazon.ion import simpleion

    model = simpleion.IonPyValueModel
    rows = 0
    with open(path, "rb") as file:
        values = simpleion.load(
            file,
            single_value=False,
            parse_eagerly=False,
            value_model=model.MAY_BE_BARE | model.SYMBOL_AS_TEXT | model.STRUCT_AS_STD_DICT,
        )
        while records := list(islice(values, BATCH)):
            rows += pa.RecordBatch.from_pylist(records).num_rows
    return rows


# --- xml -------------------------------------------------------------------------------------------------------------


def make_xml(path: Path, size: int, random_: random.Random) -> int:
    written = rows = 0
    with path.open("w", encoding="utf-8") as file:
        file.write('<?xml version="1.0" encoding="UTF-8"?>\n<orders>\n')
        while written < size:
            items = "".join(
                f'    <item sku="A-{random_.randrange(10**5)}"><quantity>{random_.randrange(1, 9)}</quantity>'
                f"<price>{random_.randrange(10**5) / 100}</price></item>\n"
                for _ in range(random_.choice([1, 2, 2, 3]))
            )
            note = "    <note>leave it with Smith &amp; Sons</note>\n" if random_.random() < 0.2 else ""
            written += file.write(
                f'  <order id="{rows}">\n    <user>user-{random_.randrange(10**6):06d}</user>\n'
                f"    <at>{START + timedelta(seconds=rows):%Y-%m-%dT%H:%M:%SZ}</at>\n"
                f"    <address><city>{random_.choice(['Omaha', 'Łódź', 'Lyon'])}</city>"
                f"<zip>{random_.randrange(99999):05d}</zip></address>\n{items}{note}"
                f"    <active>{'true' if random_.random() < 0.5 else 'false'}</active>\n  </order>\n"
            )
            rows += 1
        file.write("</orders>\n")
    return rows


def xml_alone(path: str) -> int:
    """ElementTree's iterparse, and the fields picked by name as who knows the file does; values stay texts."""
    from xml.etree.ElementTree import iterparse

    import pyarrow as pa

    records = (xml_record(element) for _, element in iterparse(path) if element.tag == "order")
    rows = 0
    while batch := list(islice(records, BATCH)):
        rows += pa.RecordBatch.from_pylist(batch).num_rows
    return rows


def xml_record(order: Any) -> dict[str, Any]:
    address = order.find("address")
    record = {
        "id": order.get("id"),
        "user": order.findtext("user"),
        "at": order.findtext("at"),
        "address": {"city": address.findtext("city"), "zip": address.findtext("zip")},
        "items": [
            {"sku": item.get("sku"), "quantity": item.findtext("quantity"), "price": item.findtext("price")}
            for item in order.iterfind("item")
        ],
        "note": order.findtext("note"),
        "active": order.findtext("active"),
    }
    order.clear()
    return record


CASES: dict[str, Case] = {
    "grokLog": Case("grokLog", {"logFormat": GROK}, make_log, grok_alone, ".log"),
    "ion, binary": Case("ion", {}, make_ion(True), ion_alone, ".10n"),
    "ion, text": Case("ion", {}, make_ion(False), ion_alone, ".ion"),
    "xml": Case("xml", {"rowTag": "order"}, make_xml, xml_alone, ".xml"),
}


def measure(glue: Any, pool: Any, name: str, folder: Path, megabytes: float, rounds: int) -> Ratio:
    """One line of the table."""
    case = CASES[name]
    folder.mkdir(parents=True)
    files = [folder / f"{at}{case.suffix}" for at in range(FILES)]
    size = int(megabytes * 1_000_000 / FILES)
    rows = sum(case.make(file, size, random.Random(at)) for at, file in enumerate(files))

    def read() -> Any:
        return glue.create_dynamic_frame.from_options(
            connection_type="s3",
            connection_options={"paths": [folder.as_uri()]},
            format=case.format,
            format_options=case.options,
        )

    def alone() -> int:
        return sum(pool.map(case.alone, [str(file) for file in files], chunksize=1))

    frame = read()
    assert frame.count() == rows == alone()
    assert frame.errorsCount() == 0
    sides = {"engine": lambda: no_result(read().toDF()), "library alone": alone}
    return Ratio(name, interleave(sides, rounds), BOUND, {"rows": rows})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mb", type=float, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="*", default=None, choices=list(CASES))
    arguments = parser.parse_args()
    # Started before Spark, by fresh interpreters: a fork would share the connection to the JVM.
    cores = os.cpu_count() or 1
    with multiprocessing.get_context("spawn").Pool(cores) as pool, glue_session() as (_, glue, folder):
        ratios = [
            measure(glue, pool, name, folder / str(at), arguments.mb, arguments.rounds)
            for at, name in enumerate(arguments.only or CASES)
        ]
    report("decoded_formats", ratios, mb=arguments.mb, rounds=arguments.rounds, cores=cores)


if __name__ == "__main__":
    main()
