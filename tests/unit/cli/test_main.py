"""The command table: what it promises without loading any command, and how errors reach the user."""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import glue_etl
from glue_etl.cli import main as cli
from glue_etl.errors import PathNotFoundError


def _fake_command(monkeypatch: pytest.MonkeyPatch, run: Any, takes_rest: bool = False) -> None:
    def add_parser(subparsers: Any) -> None:
        parser = subparsers.add_parser("doctor", help="fake")
        parser.add_argument("--number", type=int, default=0)
        parser.add_argument("--verbose", action="store_true")
        if takes_rest:
            parser.add_argument("script")
            parser.add_argument("rest", nargs=argparse.REMAINDER)

    module = SimpleNamespace(add_parser=add_parser, run=run)
    monkeypatch.setattr(cli, "_load", lambda command: module)


def _raise(error: BaseException) -> Any:
    def run(args: argparse.Namespace) -> int:
        raise error

    return run


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.main(["--help"])
    assert stopped.value.code == 0
    shown = capsys.readouterr().out
    for name, command in cli.COMMANDS.items():
        assert name in shown
        assert command.help.split()[0] in shown


def test_no_command_shows_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([]) == 0
    assert "COMMAND" in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.main(["--version"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out.strip() == f"glue-etl {glue_etl.__version__}"


def test_unknown_command_is_named_with_the_choices(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.main(["rnu"])
    assert stopped.value.code == 2
    message = capsys.readouterr().err
    assert "'rnu'" in message
    assert "run" in message


def test_exit_code_and_arguments_are_the_commands_own(monkeypatch: pytest.MonkeyPatch) -> None:
    _fake_command(monkeypatch, lambda args: int(args.number))
    assert cli.main(["doctor", "--number", "7"]) == 7


REST_CASES = {
    "behind the script": (["job.py", "--", "--JOB_NAME", "x"], ["--", "--JOB_NAME", "x"]),
    "behind an option": (["--number", "3", "job.py", "--", "--a"], ["--", "--a"]),
    "behind words of ours": (["job.py", "--number", "3", "--", "b"], ["--number", "3", "--", "b"]),
    "only the first is the border": (["job.py", "--", "--", "b"], ["--", "--", "b"]),
    "nothing": (["job.py"], []),
}


@pytest.mark.parametrize(("words", "expected"), REST_CASES.values(), ids=REST_CASES.keys())
def test_what_stands_behind_two_dashes_reaches_the_command(
    monkeypatch: pytest.MonkeyPatch, words: list[str], expected: list[str]
) -> None:
    seen: list[argparse.Namespace] = []
    _fake_command(monkeypatch, lambda args: seen.append(args) or 0, takes_rest=True)
    assert cli.main(["doctor", *words]) == 0
    assert seen[0].rest == expected
    assert seen[0].script == "job.py"


def test_two_dashes_for_a_command_that_takes_nothing_behind_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _fake_command(monkeypatch, lambda args: 0)
    with pytest.raises(SystemExit) as stopped:
        cli.main(["doctor", "--", "--JOB_NAME"])
    assert stopped.value.code == 2
    assert "-- --JOB_NAME" in capsys.readouterr().err


def test_our_errors_are_one_line_on_stderr(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    _fake_command(monkeypatch, _raise(PathNotFoundError("No file 'x.csv'.", hint="Check the path.")))
    assert cli.main(["doctor"]) == 1
    shown = capsys.readouterr()
    assert shown.err == "glue-etl doctor: error: No file 'x.csv'. Hint: Check the path.\n"
    assert shown.out == ""


@pytest.mark.parametrize("line", [["--debug", "doctor"], ["doctor", "--verbose"]], ids=["debug", "verbose"])
def test_the_traceback_is_there_for_those_who_ask(monkeypatch: pytest.MonkeyPatch, line: list[str]) -> None:
    _fake_command(monkeypatch, _raise(PathNotFoundError("No file 'x.csv'.")))
    with pytest.raises(PathNotFoundError):
        cli.main(line)


def test_ctrl_c_is_no_traceback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    _fake_command(monkeypatch, _raise(KeyboardInterrupt()))
    assert cli.main(["doctor"]) == 130
    assert "interrupted" in capsys.readouterr().err


@pytest.mark.parametrize("name", sorted(cli.COMMANDS))
def test_every_row_of_the_table_is_a_module_that_keeps_the_contract(name: str) -> None:
    command = cli.COMMANDS[name]
    if importlib.util.find_spec(command.module) is None:
        pytest.fail(f"{command.module} is in the table and does not exist")
    parser = cli.build_parser(name)
    with pytest.raises(SystemExit) as stopped:
        parser.parse_args([name, "--help"])
    assert stopped.value.code == 0


def test_help_is_quick_and_loads_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from glue_etl.cli.main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'pyspark', 'awsglue', 'boto3', 'pandas', 'numpy', 'pyarrow'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    root = Path(glue_etl.__file__).parents[1]
    seconds = []
    for _ in range(3):
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True, cwd=root, stdout=subprocess.DEVNULL)
        seconds.append(time.perf_counter() - begun)
    assert min(seconds) < 0.5, seconds
