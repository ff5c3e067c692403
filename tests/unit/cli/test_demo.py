"""The demo around the job: its data, its summary, and what it says when something is missing."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from glue_etl.cli import demo
from glue_etl.cli import main as cli
from glue_etl.errors import JobError, PathNotFoundError
from glue_etl.testing import taxi_sample

COUNTS = {
    "rows_read": 1000,
    "rows_written": 990,
    "rows_rejected": 9,
    "rows_unreadable": 1,
    "rejected_by_reason": {"duplicate": 3, "negative_fare": 8},
    "flagged": {"zero_distance": 60},
}


def _write_taxi(folder: Path, rows: int, seed: int) -> None:
    folder.mkdir(parents=True)
    (folder / "whole.csv").write_text("a\n" * rows)


@pytest.fixture
def job(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[list[str]]:
    """The command lines of the job's runs; instead of the job, a run is recorded that says COUNTS."""
    lines: list[list[str]] = []

    def main(argv: list[str]) -> int:
        lines.append(argv)
        folder = tmp_path / "state" / "logs" / "nyc_taxi" / "jr_1"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "run.json").write_text('{"state": "SUCCEEDED"}')
        (folder / "output.log").write_text(f"a line\n{json.dumps(COUNTS)}\nanother\n")
        return 0

    monkeypatch.setattr(cli, "main", main)
    monkeypatch.setattr(taxi_sample, "write_taxi", _write_taxi)
    monkeypatch.setattr(demo, "_script", lambda: tmp_path / "nyc_taxi.py")
    return lines


def _args(tmp_path: Path, rows: int = 1000) -> argparse.Namespace:
    return argparse.Namespace(rows=rows, state=str(tmp_path / "state"))


def test_a_newcomer_is_told_what_happened_where_it_lies_and_what_is_next(
    job: list[list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert demo.run(_args(tmp_path)) == 0
    shown = capsys.readouterr().out
    for words in (
        "rows in",
        "1,000",
        "rows out",
        "99.00%",
        "rows rejected",
        "0.90%",
        "s3/glue-etl-demo/trips",
        "make test",
    ):
        assert words in shown, words
    assert shown.index("negative_fare") < shown.index("duplicate"), "the commonest reason comes first"


def test_the_job_gets_its_paths_as_s3_uris(job: list[list[str]], tmp_path: Path) -> None:
    demo.run(_args(tmp_path))
    ((*_, state, dashes, job_name, name, _, source, _, target, _, rejects),) = job
    assert [dashes, job_name, name] == ["--", "--JOB_NAME", "nyc_taxi"]
    assert state == str(tmp_path / "state")
    assert source.startswith("s3://glue-etl-demo/taxi-1000-rows/")
    assert (target, rejects) == ("s3://glue-etl-demo/trips/", "s3://glue-etl-demo/rejects/")


def test_the_data_is_written_once_and_the_output_of_an_earlier_run_goes(
    job: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    demo.run(_args(tmp_path))
    bucket = tmp_path / "state" / "s3" / "glue-etl-demo"
    old = bucket / "trips" / "old.parquet"
    old.parent.mkdir()
    old.touch()

    def write(*args: Any) -> None:
        raise AssertionError("the sample is there already")

    monkeypatch.setattr(taxi_sample, "write_taxi", write)
    assert demo.run(_args(tmp_path)) == 0
    assert not old.exists()
    assert [folder.name for folder in bucket.iterdir()] == ["taxi-1000-rows"]


def test_a_sample_cut_short_is_written_anew(
    job: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(folder: Path, rows: int, seed: int) -> None:
        folder.mkdir(parents=True)
        (folder / "yellow.csv").write_text("half a")
        raise KeyboardInterrupt

    monkeypatch.setattr(taxi_sample, "write_taxi", cut)
    with pytest.raises(KeyboardInterrupt):
        demo.run(_args(tmp_path))
    monkeypatch.setattr(taxi_sample, "write_taxi", _write_taxi)
    assert demo.run(_args(tmp_path)) == 0
    source = tmp_path / "state" / "s3" / "glue-etl-demo" / "taxi-1000-rows"
    assert [path.name for path in source.iterdir()] == ["whole.csv"]


LOST = {
    "in does not match out": {"rows_written": 989},
    "the source was not read whole": {"rows_read": 900, "rows_written": 890},
}


@pytest.mark.parametrize("changes", LOST.values(), ids=LOST.keys())
def test_lost_rows_are_a_failure(
    job: list[list[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    changes: dict[str, int],
) -> None:
    for name, count in changes.items():
        monkeypatch.setitem(COUNTS, name, count)
    assert demo.run(_args(tmp_path)) == 1
    assert "rows were lost" in capsys.readouterr().err


def test_a_failed_job_gives_its_exit_code(
    job: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "main", lambda argv: 3)
    assert demo.run(_args(tmp_path)) == 3


def test_a_job_without_a_summary_line_is_named_with_its_log(
    job: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "main", lambda argv: 0)
    with pytest.raises(JobError, match=r"no summary line"):
        demo.run(_args(tmp_path))


def test_outside_a_clone_the_job_is_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(demo, "glue_etl", SimpleNamespace(__file__=str(tmp_path / "site" / "glue_etl" / "__init__.py")))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PathNotFoundError, match="Hint: run the demo in a clone"):
        demo._script()
