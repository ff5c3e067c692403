from __future__ import annotations

import json
from pathlib import Path

import pytest

from glue_etl.cli.main import _parse, build_parser, main

ORDERS = {
    "options first": ["run", "--state", "s", "--conf", "spark.a=1", "job.py", "--", "--JOB_NAME", "x"],
    "options behind the script": ["run", "job.py", "--state", "s", "--conf", "spark.a=1", "--", "--JOB_NAME", "x"],
    "on both sides": ["run", "--state", "s", "job.py", "--conf", "spark.a=1", "--", "--JOB_NAME", "x"],
}


@pytest.mark.parametrize("line", ORDERS.values(), ids=ORDERS)
def test_options_may_stand_on_either_side_of_the_script(line: list[str]):
    args = _parse(build_parser("run"), line)
    assert args.rest == ["--", "--JOB_NAME", "x"]
    assert (args.script, args.state, args.conf, args.verbose) == ("job.py", "s", ["spark.a=1"], False)


def test_conf_adds_up_over_both_sides():
    args = _parse(build_parser("run"), ["run", "--conf", "spark.a=1", "job.py", "--conf", "spark.b=2"])
    assert args.rest == []
    assert args.conf == ["spark.a=1", "spark.b=2"]


def test_a_second_separator_belongs_to_the_job():
    args = _parse(build_parser("run"), ["run", "job.py", "--", "--a", "--", "b"])
    assert args.rest == ["--", "--a", "--", "b"]


BAD = {
    "job arguments without the separator": (["job.py", "--day", "1"], "glue-etl run job.py -- --day 1"),
    "a conf without equals": (["job.py", "--conf", "x"], "K=V"),
    "a master that is none": (["job.py", "--master", "mesos://x"], "spark://HOST:PORT"),
    "a script that is not there": (["gone.py"], "'gone.py' does not exist"),
}


@pytest.mark.parametrize(("line", "said"), BAD.values(), ids=BAD)
def test_what_cannot_be_run(
    line: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    Path("job.py").write_text("pass")
    assert main(["run", *line]) == 1
    told = capsys.readouterr().err
    assert said in told
    assert "Hint: " in told or "Available: " in told


def test_a_run_from_the_command_line(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]):
    job = tmp_path / "job.py"
    job.write_text("print('hello')")
    assert main(["run", str(job), "--state", str(tmp_path / "s"), "--", "--JOB_NAME", "daily"]) == 0
    out, err = capfdbinary.readouterr()
    assert out == b"hello\n"
    assert err.startswith(b"SUCCEEDED daily in ")
    (record,) = (tmp_path / "s" / "logs" / "daily").glob("*/run.json")
    assert json.loads(record.read_text())["state"] == "SUCCEEDED"


def test_a_failed_run_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    job = tmp_path / "job.py"
    job.write_text("\nint('x')")
    assert main(["run", "--no-progress", str(job), "--state", str(tmp_path / "s")]) == 1
    told = capsys.readouterr().err.splitlines()
    assert told[0].startswith("FAILED job after ")
    assert told[1:3] == [
        f"  {job}, line 2: int('x')",
        "  ValueError: invalid literal for int() with base 10: 'x'",
    ]
    assert told[3].endswith("error.log")


def test_verbose_shows_the_traceback(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    job = tmp_path / "job.py"
    job.write_text("int('x')")
    assert main(["run", "--verbose", str(job), "--state", str(tmp_path / "s")]) == 1
    assert "Traceback (most recent call last)" in capfd.readouterr().err
