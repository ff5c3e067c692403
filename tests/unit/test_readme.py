"""Every command of the README: run here, or, where that is too heavy, known to the Makefile or to the parser."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from glue_etl.cli.main import COMMANDS, build_parser

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
# Words of the README that stand for a value of the reader's.
PLACEHOLDERS = {"N": "1", "S": "1", "FILES": "a.py", "KEY=VALUE": "spark.a=b", "DIR": ".glue", "URL": "local[2]"}
SHELL = {"cp", "mkdir", "source"}


def blocks(language: str) -> list[str]:
    """The fenced code blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    """Every command line: those of the bash blocks, and those in back-ticks that begin with one of our programs."""
    prose = re.sub(r"^```.*?^```$", "", README, flags=re.MULTILINE | re.DOTALL)
    inline = re.findall(r"`((?:PYTHON=\S+ )?(?:make|glue-etl|source) [^`]+)`", prose)
    return sorted({line for block in blocks("bash") for line in block.splitlines() if line} | set(inline))


def _words(command: str) -> list[str]:
    words = [word for word in shlex.split(command) if word != "..."]
    while words and re.fullmatch(r"[A-Z_]+=\S+", words[0]):
        words.pop(0)
    return words


def _of(program: str) -> list[str]:
    return [command for command in commands() if _words(command)[0] == program]


def test_every_command_belongs_to_a_program_that_is_checked_below() -> None:
    assert {_words(command)[0] for command in commands()} <= {"make", "glue-etl", "pip"} | SHELL


@pytest.mark.parametrize("command", _of("make"))
def test_make_targets_exist(command: str) -> None:
    phony = re.findall(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    targets = {name for line in phony for name in line.split()}
    assert {word for word in _words(command)[1:] if "=" not in word} <= targets


@pytest.mark.parametrize("command", _of("glue-etl"))
def test_command_lines_are_understood(command: str) -> None:
    words = [PLACEHOLDERS.get(word, word) for word in _words(command)[1:]]
    if importlib.util.find_spec(COMMANDS[words[0]].module) is None:
        pytest.fail(f"{command!r} is in the README and does not exist")
    if "--help" in words:
        with pytest.raises(SystemExit, match=r"^0$"):
            build_parser(words[0]).parse_args(words)
        return
    assert build_parser(words[0]).parse_args(words).command == words[0]


def test_every_subcommand_is_in_the_readme() -> None:
    assert set(COMMANDS) == {_words(command)[1] for command in _of("glue-etl")}


@pytest.mark.parametrize("command", _of("pip"))
def test_what_pip_shall_install_is_an_extra_of_ours(command: str) -> None:
    requirement = Requirement(_words(command)[2])
    config = ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    assert requirement.name == config["metadata"]["name"]
    assert requirement.extras <= set(config["options.extras_require"])


def test_every_file_it_names_is_there() -> None:
    named = set(re.findall(r"`((?:docs|jobs|tests|benchmarks|glue_etl)/[\w./-]*|[A-Z]+\.md)`", README))
    assert named
    assert sorted(name for name in named if not (ROOT / name).exists()) == []


def test_it_says_that_the_container_was_not_run() -> None:
    assert "**was not run**" in README


def test_the_first_own_job_does_what_the_readme_says(tmp_path: Path) -> None:
    (data,), (script,) = blocks("csv"), blocks("python")
    (tmp_path / "orders.csv").write_text(data, encoding="utf-8")
    (tmp_path / "my_job.py").write_text(script, encoding="utf-8")
    (shell,) = (block for block in blocks("bash") if "my_job.py" in block)
    program = f'set -eu\nglue-etl() {{ {shlex.quote(sys.executable)} -m glue_etl "$@"; }}\n{shell}'
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "GLUE_ETL_MASTER": "local[2]"}
    environment.pop("GLUE_ETL_STATE", None)
    done = subprocess.run(
        ["bash", "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stdout + done.stderr

    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow reads what the job wrote")
    typed = tmp_path / ".glue" / "s3" / "shop" / "typed"
    assert {folder.name for folder in typed.iterdir() if folder.is_dir()} == {"customer=ada", "customer=grace"}
    rows = {row["order_id"]: row["amount"] for row in parquet.read_table(typed).to_pylist()}
    assert rows == {1: 12.5, 2: 7.0, 3: None}
    assert list((tmp_path / ".glue" / "logs" / "my_job").glob("*/run.json"))
