"""What can be known of the Dockerfile without a Docker engine: it parses, and what it runs and copies is there."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
# The instructions we use, of those the Dockerfile reference lists; another one must be thought about first.
KNOWN = {"FROM", "USER", "RUN", "WORKDIR", "ENV", "COPY", "ENTRYPOINT", "CMD"}


class Instruction(NamedTuple):
    """One instruction.

    Args:
        name: In capitals.
        rest: Its arguments on one line.
        line: Where it begins, counted from 1.
    """

    name: str
    rest: str
    line: int


def parse(text: str) -> list[Instruction]:
    """The instructions of a Dockerfile, continued lines joined; ValueError names the line that is none."""
    found: list[Instruction] = []
    pending, begun = "", 0
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        begun = begun if pending else number
        if stripped.endswith("\\"):
            pending += stripped[:-1].rstrip() + " "
            continue
        name, _, rest = (pending + stripped).partition(" ")
        if name not in KNOWN or not rest.strip():
            raise ValueError(f"line {begun}: {name!r} with {rest!r} is no instruction we know")
        found.append(Instruction(name, rest.strip(), begun))
        pending = ""
    if pending:
        raise ValueError(f"line {begun}: continued past the end of the file")
    if not found or found[0].name != "FROM":
        raise ValueError("line 1: a Dockerfile begins with FROM")
    return found


def _make_targets(command: str) -> list[str]:
    quoted = re.findall(r'"([^"]*)"', command)
    return [target for words in quoted if words.startswith("make ") for target in words.split()[1:]]


@pytest.fixture(scope="module")
def instructions() -> list[Instruction]:
    return parse((ROOT / "Dockerfile").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def targets() -> set[str]:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return {name for line in re.findall(r"^\.PHONY: (.+)$", makefile, flags=re.MULTILINE) for name in line.split()}


def test_there_is_one_stage_on_the_official_image_pinned_by_tag(instructions: list[Instruction]) -> None:
    stages = [each.rest for each in instructions if each.name == "FROM"]
    assert stages == ["public.ecr.aws/glue/aws-glue-libs:5"]


def test_the_tests_do_not_run_as_root(instructions: list[Instruction]) -> None:
    assert [each.rest for each in instructions if each.name == "USER"][-1] == "hadoop"


def test_what_it_copies_is_there_and_not_ignored(instructions: list[Instruction]) -> None:
    ignored = {line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")}
    copies = [shlex.split(each.rest) for each in instructions if each.name == "COPY"]
    assert copies
    for words in copies:
        *sources, _destination = [word for word in words if not word.startswith("--")]
        for source in sources:
            assert (ROOT / source).exists(), source
            assert source not in ignored


def test_what_it_runs_are_targets_of_the_makefile(instructions: list[Instruction], targets: set[str]) -> None:
    commands = [each.rest for each in instructions if each.name in {"RUN", "CMD"}]
    used = [target for command in commands for target in _make_targets(command)]
    assert used == ["venv", "test"]
    assert set(used) <= targets


def test_it_ends_by_running_the_tests_in_a_login_shell(instructions: list[Instruction]) -> None:
    last = {each.name: each.rest for each in instructions}
    assert json.loads(last["ENTRYPOINT"]) == ["bash", "-lc"]
    assert json.loads(last["CMD"]) == ["make test"]


def test_it_installs_nothing_that_the_image_brings(instructions: list[Instruction]) -> None:
    for each in instructions:
        if each.name == "RUN":
            assert not re.search(r"\b(pyspark|awsglue|boto3|pandas|pip)\b", each.rest), each


def test_the_makefile_knows_the_container_mode(instructions: list[Instruction]) -> None:
    settings = dict(
        word.split("=", 1) for each in instructions if each.name == "ENV" for word in shlex.split(each.rest)
    )
    assert settings["GLUE_CONTAINER"] == "1"
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "ifneq ($(GLUE_CONTAINER),)" in makefile
    assert "--user --editable '.[dev]'" in makefile


BROKEN = {
    "no FROM": ("RUN true", "begins with FROM"),
    "a misspelt instruction": ("FROM a:1\nRUNN true", "line 2: 'RUNN'"),
    "an instruction without arguments": ("FROM a:1\n\nUSER", "line 3: 'USER'"),
    "a line continued past the end": ("FROM a:1\nRUN a \\", "line 2: continued"),
    "nothing": ("# empty", "begins with FROM"),
}


@pytest.mark.parametrize(("text", "message"), BROKEN.values(), ids=BROKEN.keys())
def test_the_parser_is_strict(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        parse(text)


def test_the_parser_joins_continued_lines() -> None:
    parsed = parse("FROM a:1\nENV A=1 \\\n    # why\n    B=2\n")
    assert parsed[1] == Instruction("ENV", "A=1 B=2", 2)
