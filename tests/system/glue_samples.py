"""AWS's two well-known samples over real data, as Glue scripts; what they write is checked by plain Python.

    python tests/system/glue_samples.py --data FOLDER [--json FILE]

No pytest: FOLDER has `legislators/*.json` and `medicare/*_2badids.csv`, which the project does not carry. Each script
runs like any job, in a lake of its own. The check reads the source files with Python's own json and csv and rebuilds
every record from the Parquet files written, the relational tables put together again by their keys. Prints a table of
rows and schemas (and writes it as JSON), exits 1 if a record differs.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import shutil
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pyarrow.parquet

from glue_etl.engine.runner import run_script
from glue_etl.settings import load

SAMPLES = Path(__file__).resolve().parent / "samples"
ARRAYS = ("identifiers", "links", "images", "contact_details", "other_names")
Record = dict[str, Any]


def run(name: str, files: list[Path], work: Path, *arguments: str) -> list[Record]:
    """Run one script over copies of the files; gives what it told of its tables."""
    settings = load(state_dir=work / "state")
    bucket = settings.lake_dir / "sample"
    (bucket / "in").mkdir(parents=True)
    for file in files:
        shutil.copy(file, bucket / "in" / file.name)
    output = io.BytesIO()
    result = run_script(
        SAMPLES / f"{name}.py",
        ["--JOB_NAME", name, "--target", "s3://sample/out", "--TempDir", "s3://sample/tmp", *arguments],
        settings=settings,
        stdout=output,
        progress=False,
    )
    if result.state != "SUCCEEDED":
        raise SystemExit(f"{name} failed: {result.error}")
    return [json.loads(line) for line in output.getvalue().decode().splitlines() if line.startswith("{")]


def written(work: Path, name: str) -> list[Record]:
    """The records of a folder of Parquet files; a folder's name is no column here."""
    files = sorted((work / "state/s3/sample/out" / name).rglob("*.parquet"))
    return [row for file in files for row in pyarrow.parquet.ParquetFile(file).read().to_pylist()]


def bag(records: list[Record]) -> Counter[str]:
    """Records without their null fields, as text, so that they can be counted."""

    def bare(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: bare(part) for key, part in value.items() if part is not None}
        return [bare(part) for part in value] if isinstance(value, list) else value

    return Counter(json.dumps(bare(record), sort_keys=True, default=str) for record in records)


def same(name: str, found: list[Record], expected: list[Record]) -> None:
    """Raise unless both have the same records, each as often."""
    left, right = bag(found), bag(expected)
    if left != right:
        one = next(iter((left - right) or (right - left)))
        raise SystemExit(f"{name}: {sum((left - right).values())} records differ, such as {one}")


def lines(path: Path) -> list[Record]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def legislators(data: Path, work: Path) -> list[Record]:
    """Join and relationalize."""
    folder = data / "legislators"
    files = [folder / f"{name}.json" for name in ("persons", "memberships", "organizations")]
    told = run("legislators", files, work, "--source", "s3://sample/in")
    persons, memberships, organizations = (lines(file) for file in files)
    people = {person["id"]: person for person in persons}
    chambers = {each["id"]: each for each in organizations}
    expected = []
    for membership in memberships:
        chamber = dict(chambers[membership["organization_id"]])
        record = {**people[membership["person_id"]], **membership, "org_name": chamber.pop("name")}
        record |= {key: value for key, value in chamber.items() if key not in ("id", "identifiers", "other_names")}
        del record["person_id"]
        expected.append(record)
    same("history", written(work, "history"), expected)
    without = [{key: value for key, value in record.items() if key != "org_name"} for record in expected]
    same("history_by_chamber", written(work, "history_by_chamber"), without)
    same("hist_root", rebuilt(work), expected)
    counts = {"hist_root": len(expected), "history": len(expected)}
    counts |= {f"hist_root_{name}": sum(len(record.get(name, [])) for record in expected) for name in ARRAYS}
    for table in told:
        if table["table"] in counts and counts[table["table"]] != table["rows"]:
            raise SystemExit(f"{table['table']} has {table['rows']} rows, not {counts[table['table']]}")
    return told


def rebuilt(work: Path) -> list[Record]:
    """The records of the relational tables, their arrays put back by key and index."""
    roots = written(work, "relational/hist_root")
    for name in ARRAYS:
        elements: dict[int, dict[int, Record]] = defaultdict(dict)
        for row in written(work, f"relational/hist_root_{name}"):
            element = {key.removeprefix(f"{name}.val."): value for key, value in row.items()}
            elements[element.pop("id")][element.pop("index")] = element
        for root in roots:
            if root[name] is not None:
                found = elements.pop(root[name], {})
                root[name] = [found[index] for index in range(len(found))]
        if elements:
            raise SystemExit(f"hist_root_{name} has {len(elements)} keys that no row of hist_root has")
    return roots


def medicare(data: Path, work: Path) -> list[Record]:
    """One column of two types, resolved in four ways."""
    (source,) = (data / "medicare").glob("*_2badids.csv")
    told = run("medicare", [source], work, "--source", f"s3://sample/in/{source.name}")
    with source.open(newline="", encoding="utf-8") as file:
        rows = [{name.strip().lower(): value for name, value in row.items() if name} for row in csv.DictReader(file)]
    for way in ("cast", "project", "make_cols", "make_struct"):
        same(way, written(work, way), [resolved(row, way) for row in rows])
    if {table["rows"] for table in told} != {len(rows)}:
        raise SystemExit(f"not every table has {len(rows)} rows: {told}")
    return told


def number(text: str) -> int | None:
    return int(text) if text.isdigit() else None


def resolved(row: Record, way: str) -> Record:
    """One record, as it has to be after that way of resolving."""
    record: Record = {
        **row,
        "provider zip code": number(row["provider zip code"]),
        "total discharges": number(row["total discharges"]),
    }
    given = record.pop("provider id")
    text = None if given.isdigit() else given
    if way == "make_cols":
        return {**record, "provider id_long": number(given), "provider id_string": text}
    if way == "make_struct":
        return {**record, "provider id": {"long": number(given), "string": text}}
    return {**record, "provider id": number(given)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--json", type=Path, default=None)
    options = parser.parse_args()
    results = {}
    for name, sample in (("legislators", legislators), ("medicare", medicare)):
        work = Path(tempfile.mkdtemp(prefix="glue-etl-sample-"))
        try:
            results[name] = sample(options.data, work)
        finally:
            shutil.rmtree(work, ignore_errors=True)
        print(f"## {name}: every record written is the one expected\n\n| table | rows | fields |\n|---|---|---|")
        for table in results[name]:
            fields = ", ".join(f"`{field}` {kind}" for field, kind in table["schema"].items())
            print(f"| {table['table']} | {table['rows']} | {fields} |")
        print()
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
