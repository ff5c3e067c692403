"""What is left of a write that is killed, at every moment there is: before each change it makes to the file system."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from glue_etl.engine.io.staging import PREFIX, recover, staging
from glue_etl.errors import SourceError

FILES = {"k=1/a", "k=1/b", "k=2/c"}
OLD = {"k=1/old"}

# Kills itself before its n-th change of the given kinds.
KILLED = """
import os, signal, sys
from pathlib import Path
from glue_etl.engine.io import staging

CHANGES = ("mkdir", "rename", "replace", "unlink", "rmdir", "symlink", "open")

def kill_before(number, names=CHANGES):
    left = number

    def counted(change):
        def changed(*args, **options):
            nonlocal left
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return change(*args, **options)
        return changed

    for name in names:
        setattr(os, name, counted(getattr(os, name)))

def write(destination, state, files):
    with staging.staging(Path(destination), Path(state)) as stage:
        for name in files:
            file = stage.data / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("new")
        (stage.data / ".a.crc").write_text("side file")
        stage.publish()
"""

# For n = 0, 1, ... in a process each, which is forked because Python takes longer to start than to write.
EACH_CHANGE = """
base, destination, *files = sys.argv[1:]
number = 0
while True:
    child = os.fork()
    if not child:
        kill_before(number)
        write(f"{base}/{number}/{destination}", f"{base}/{number}/state", files)
        os._exit(0)
    number += 1
    if os.waitpid(child, 0)[1] == 0:
        break
print(number)
"""


def visible(folder: Path) -> set[str]:
    found = (file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())
    return {name for name in found if not any(part[0] in "_." for part in name.split("/"))}


def left_over(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.name.startswith(PREFIX) or path.parent.name == "writes"]


def make_old(folder: Path) -> None:
    for name in OLD:
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text("old")


def run(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, timeout=60)


def killed_at_each_change(tmp_path: Path, destination: str, old: bool) -> list[tuple[Path, Path]]:
    """A lake and its destination for each change that a write makes, where the write was killed before the change."""
    base = tmp_path / "lakes"
    for number in range(100):
        (base / str(number)).mkdir(parents=True)
        if old:
            make_old(base / str(number) / destination)
    count = int(run(KILLED + EACH_CHANGE, base, destination, *sorted(FILES)).stdout)
    assert 15 < count < 100
    return [(base / str(number), base / str(number) / destination) for number in range(count)]


def test_a_new_destination_is_whole_or_missing_at_every_moment(tmp_path: Path) -> None:
    seen = []
    for lake, destination in killed_at_each_change(tmp_path, "a/out", old=False):
        # Before anything of ours has looked at it.
        assert visible(lake) in (set(), {f"a/out/{name}" for name in FILES})
        seen.append(bool(visible(lake)))
        recover(lake / "state")
        with staging(destination, lake / "state"):
            pass
        assert left_over(lake) == []
        assert visible(destination) == (FILES if seen[-1] else set())
    assert seen == sorted(seen)
    assert seen[-1]


@pytest.mark.parametrize("by", ["state", "the next write"])
def test_a_killed_write_to_an_old_destination_is_rolled_back(by: str, tmp_path: Path) -> None:
    parts = 0
    for lake, destination in killed_at_each_change(tmp_path, "out", old=True):
        parts += OLD < visible(destination) < OLD | FILES
        if by == "state":
            recover(lake / "state")
        else:
            with staging(destination):
                pass
        assert visible(destination) in (OLD, OLD | FILES)
        if visible(destination) == OLD:
            assert not (destination / "k=2").exists()
    assert parts >= len(FILES) - 1, "no kill fell between two renames"
    assert visible(destination) == OLD | FILES


def test_a_roll_back_that_is_killed_goes_on_the_next_time(tmp_path: Path) -> None:
    for lake, destination in killed_at_each_change(tmp_path, "out", old=True)[:-1]:
        if OLD < visible(destination) < OLD | FILES:
            for number in range(0, 8, 3):
                run(KILLED + f"kill_before({number}); staging.recover(Path(sys.argv[1]))", lake / "state")
            recover(lake / "state")
            assert visible(destination) == OLD
            assert left_over(lake) == []


def test_a_write_that_fails_between_two_renames_is_rolled_back(tmp_path: Path) -> None:
    destination = tmp_path / "out"
    make_old(destination)
    (destination / "k=2").write_text("a file where a folder has to be")
    with pytest.raises(OSError), staging(destination, tmp_path / "state") as stage:
        for name in FILES:
            (stage.data / name).parent.mkdir(parents=True, exist_ok=True)
            (stage.data / name).write_text("new")
        stage.publish()
    assert visible(destination) == OLD | {"k=2"}
    assert left_over(tmp_path) == []


def test_a_living_write_is_left_alone(tmp_path: Path) -> None:
    with staging(tmp_path / "out", tmp_path / "state") as stage:
        stage.data.mkdir()
        (stage.data / "a").write_text("x")
        assert recover(tmp_path / "state") == 0
        assert (stage.data / "a").exists()
        stage.publish()
    assert visible(tmp_path / "out") == {"a"}
    assert left_over(tmp_path) == []


def test_two_first_writes_at_a_time_add_up(tmp_path: Path) -> None:
    destination = tmp_path / "out"
    with staging(destination) as first, staging(destination) as second:
        for stage, name in ((first, "a"), (second, "b")):
            stage.data.mkdir()
            (stage.data / name).write_text("x")
            assert stage.publish() == [destination / name]
    assert visible(destination) == {"a", "b"}
    assert left_over(tmp_path) == []


def test_what_cannot_be_rolled_back_is_named(tmp_path: Path) -> None:
    destination = tmp_path / "out"
    make_old(destination)
    # The journal is put in its place first.
    code = KILLED + "kill_before(2, ['replace']); write(sys.argv[1], sys.argv[2], sys.argv[3:])"
    assert run(code, destination, tmp_path / "state", *sorted(FILES)).returncode == -signal.SIGKILL
    (moved,) = visible(destination) - OLD
    # A folder in its place cannot be unlinked, not even by root.
    os.unlink(destination / moved)
    (destination / moved).mkdir()
    with pytest.raises(SourceError, match=r"was killed.*cannot be removed.*Hint: remove the files"):
        recover(tmp_path / "state")
