"""The sample is the same for the same seed, and its dirt is what the taxi transforms find."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from glue_etl.cli import sample as command
from glue_etl.errors import OptionError
from glue_etl.testing.taxi_sample import HEADER, write_taxi, write_zones
from glue_etl.transforms import taxi


def arguments(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    command.add_parser(parser.add_subparsers(dest="command"))
    return parser.parse_args(["sample", *words])


def contents(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(folder.iterdir())]


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(tmp_path: Path) -> None:
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        write_taxi(tmp_path / name, 3000, seed)
    assert contents(tmp_path / "a") == contents(tmp_path / "b") != contents(tmp_path / "c")


def test_a_file_has_the_shape_of_the_tlcs(tmp_path: Path) -> None:
    sample = write_taxi(tmp_path, 10, 0)
    assert [path.name for path in sample.files] == [f"yellow_tripdata_2017-0{month}.csv" for month in (1, 2, 3)]
    lines = sample.files[0].read_bytes().split(b"\n")
    assert lines[:2] == [HEADER.encode(), b"\r"]
    assert all(line.endswith(b"\r") and line.count(b",") == 16 for line in lines[2:-1])
    assert (len(lines) - 3, sample.rows) == (4, 10)
    assert sample.size == sum(path.stat().st_size for path in sample.files)


def test_the_transforms_find_the_dirt_that_was_put_in(tmp_path: Path, spark: SparkSession) -> None:
    sample = write_taxi(tmp_path, 20_000, 3)
    labelled = taxi.label(spark.read.csv(str(tmp_path), header=True)).persist()
    report = taxi.summarise(taxi.outcome(taxi.mark_duplicates(labelled)).collect())
    labelled.unpersist()
    assert (report["rows_read"], report["rows_rejected"]) == (sample.rows, sample.rejects)
    reasons, flags = report["rejected_by_reason"], report["flagged"]
    assert isinstance(reasons, dict)
    assert isinstance(flags, dict)
    # a reversal's total is negative too
    assert reasons.pop("negative_total") == sample.dirt["negative_fare"]
    put_in = {kind: count for kind, count in sample.dirt.items() if kind != "outside_month"}
    assert reasons == {kind: count for kind, count in put_in.items() if kind in taxi.REJECTS}
    assert {kind: flags.get(kind) for kind in put_in if kind in taxi.FLAGS} == {
        kind: count for kind, count in put_in.items() if kind in taxi.FLAGS
    }


def test_zones_have_265_ids_and_a_name_that_repeats(tmp_path: Path) -> None:
    rows = [line.split(",") for line in write_zones(tmp_path).read_text().splitlines()[1:]]
    assert [int(row[0]) for row in rows] == list(range(1, 266))
    assert len({row[2] for row in rows}) < 265


def test_the_command_writes_into_the_lake_and_reports(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = str(tmp_path / "state")
    assert command.run(arguments("taxi", "--rows", "3000", "--to", "s3://raw/taxi", "--state", state, "--json")) == 0
    report = json.loads(capsys.readouterr().out)
    written = sorted((tmp_path / "state" / "s3" / "raw" / "taxi").iterdir())
    assert [path.name for path in written] == report["files"]
    assert (report["rows"], report["rejects"]) == (
        3000,
        sum(report["dirt"][k] for k in report["dirt"] if k in taxi.REJECTS),
    )


def test_the_command_writes_zones_into_a_plain_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.run(arguments("taxi_zones", "--to", str(tmp_path / "zones"))) == 0
    assert (tmp_path / "zones" / "taxi_zone_lookup.csv").is_file()
    assert "265 zones" in capsys.readouterr().out


WRONG = {
    "another scheme": ("gs://bucket/x", "is no place to write samples"),
    "no bucket": ("s3://", "names no bucket"),
    "a bucket that is two dots": ("s3://../x", "names no bucket"),
    "out of the bucket": ("s3://bucket/../../x", "leaves its bucket"),
}


@pytest.mark.parametrize(("target", "message"), WRONG.values(), ids=WRONG.keys())
def test_a_target_that_cannot_be_is_refused(tmp_path: Path, target: str, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        command.folder_of(target, tmp_path)


def test_a_link_does_not_lead_out_of_the_lake(tmp_path: Path) -> None:
    (tmp_path / "lake" / "bucket").mkdir(parents=True)
    (tmp_path / "lake" / "bucket" / "link").symlink_to(tmp_path)
    with pytest.raises(OptionError, match="by a link"):
        command.folder_of("s3://bucket/link/x", tmp_path / "lake")


@pytest.mark.parametrize("rows", ["0", "-5", "many"])
def test_a_wrong_number_of_rows_is_said(rows: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        arguments("taxi", "--rows", rows, "--to", "s3://raw/taxi")
    assert f"{rows!r} is not a number of rows" in capsys.readouterr().err
