from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glue_etl.cli.main import _parse, build_parser, main
from glue_etl.engine import run_parameters
from glue_etl.errors import GlueEtlError

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
    "a job type that is none": (["job.py", "--job-type", "glueray"], "Available: glueetl"),
    "another Glue version": (["job.py", "--glue-version", "4.0"], "Available: 5.1 (Python 3.11)"),
    "a job parameter twice": (["job.py", "--TempDir", "s3://a/", "--", "--TempDir", "s3://b/"], "give it once"),
    "a Python shell job with Spark's settings": (
        ["job.py", "--job-type", "pythonshell", "--conf", "spark.a=1"],
        "glueetl",
    ),
    "what no local engine has": (["job.py", "--datalake-formats", "iceberg"], "--extra-jars"),
    "half a range of runs": (
        ["--job-bookmark-option", "job-bookmark-pause", "--job-bookmark-to", "jr", "job.py"],
        "both",
    ),
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


PARAMETERS = {
    "in front of the separator": (["--TempDir", "s3://b/t", "--enable-metrics", "{job}"], ["--day", "1"]),
    "behind it": (["{job}"], ["--TempDir", "s3://b/t", "--enable-metrics", "true", "--day", "1"]),
    "on both sides": (
        ["{job}", "--enable-metrics", "true", "--TempDir", "s3://b/t"],
        ["--TempDir", "s3://b/t", "--day=1"],
    ),
}


@pytest.mark.parametrize(("front", "behind"), PARAMETERS.values(), ids=PARAMETERS)
def test_job_parameters_reach_the_script_from_both_sides(
    front: list[str], behind: list[str], tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
):
    job = tmp_path / "job.py"
    job.write_text(
        "import argparse, sys\nparser = argparse.ArgumentParser()\n"
        "for name in ('TempDir', 'day', 'enable-metrics'): parser.add_argument(f'--{name}')\n"
        "known, _ = parser.parse_known_args(sys.argv[1:])\nprint(known.TempDir, known.day, known.enable_metrics)\n"
    )
    words = [word.format(job=job) for word in front]
    assert main(["run", *words, "--state", str(tmp_path / "s"), "--job-type", "pythonshell", "--", *behind]) == 0
    assert capfdbinary.readouterr().out == b"s3://b/t 1 true\n"


@pytest.mark.parametrize("line", [["--extra-files"], ["--extra-files", "--verbose"]])
def test_a_job_parameter_without_its_value(line: list[str], capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as raised:
        main(["run", "job.py", *line])
    assert raised.value.code == 2
    assert "argument --extra-files: expected one argument" in capsys.readouterr().err


def test_the_options_for_pip_may_begin_with_dashes():
    args = _parse(build_parser("run"), ["run", "--python-modules-installer-option", "--no-index", "job.py"])
    assert (getattr(args, "glue:python-modules-installer-option"), args.script) == ("--no-index", "job.py")


def test_what_has_no_effect_is_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    job = tmp_path / "job.py"
    job.write_text("pass")
    line = ["run", str(job), "--state", str(tmp_path / "s"), "--enable-auto-scaling", "true", "--", "--mode", "x"]
    assert main(line) == 0
    notes = [line for line in capfd.readouterr().err.splitlines() if line.startswith("note: ")]
    assert [note.split()[1] for note in notes] == ["--enable-auto-scaling", "--mode"]


def test_the_help_names_what_is_used_and_nothing_that_has_no_effect():
    told = _help("run")
    used = [name for name, each in run_parameters.PARAMETERS.items() if each.effect == run_parameters.USED]
    assert [name for name in used if f"--{name}" not in told] == []
    assert "--mode" not in told
    assert "--disable-proxy-v2" not in told


def _help(command: str) -> str:
    subparsers = build_parser(command)._subparsers
    assert subparsers is not None
    (action,) = subparsers._group_actions
    found: str = action.choices[command].format_help()  # type: ignore[index, union-attr]
    return found


WORDS = st.one_of(
    st.sampled_from([f"--{name}" for name in run_parameters.PARAMETERS]),
    st.sampled_from(
        ["job.py", "true", "--", "--conf", "spark.a=1", "--job-type", "pythonshell", "--verbose", "-x", "--z"]
    ),
    st.text(max_size=6),
)


@given(st.lists(WORDS, max_size=7))
def test_any_command_line_is_read_or_refused(words: list[str]):
    try:
        _parse(build_parser("run"), ["run", *words])
    except SystemExit as end:
        assert end.code in (0, 2)
    except GlueEtlError as error:
        assert str(error)


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
