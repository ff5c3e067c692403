"""One SQLite file: durable, shared by threads and processes, left as it is when damaged."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from glue_etl.engine.catalog.client import LocalGlueClient
from glue_etl.errors import StateError

FILE = "catalog.sqlite"


def test_looking_makes_no_file_and_writing_makes_one_for_its_owner_alone(tmp_path: Path) -> None:
    glue = LocalGlueClient(tmp_path / "state")
    assert glue.get_databases()["DatabaseList"] == []
    with pytest.raises(glue.exceptions.EntityNotFoundException):
        glue.get_database(Name="db")
    assert list(tmp_path.iterdir()) == []
    glue.create_database(DatabaseInput={"Name": "db"})
    made = list((tmp_path / "state").iterdir())
    assert [each.name for each in made] == [FILE]
    assert stat.S_IMODE(made[0].stat().st_mode) == 0o600


def test_a_folder_may_have_any_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a b", "50%25#x?mode=ro", "ä€'\""):
        glue = LocalGlueClient(Path(name))
        glue.create_database(DatabaseInput={"Name": "db"})
        assert glue.get_database(Name="db")["Database"]["Name"] == "db"
        assert (tmp_path / name / FILE).is_file()


def test_threads_share_one_client(tmp_path: Path) -> None:
    glue = LocalGlueClient(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: glue.create_database(DatabaseInput={"Name": f"db{number}"}), range(40)))
    assert len(glue.get_databases()["DatabaseList"]) == 40


def _many(folder: Path, own: int) -> None:
    glue = LocalGlueClient(folder)
    for number in range(15):
        glue.create_database(DatabaseInput={"Name": f"p{own}_{number}"})
        while True:
            table = glue.get_table(DatabaseName="db", Name="t")["Table"]
            count = int(table["Parameters"]["count"]) + 1
            changed = {"Name": "t", "Parameters": {"count": str(count)}}
            try:
                glue.update_table(DatabaseName="db", TableInput=changed, VersionId=table["VersionId"], SkipArchive=True)
                break
            except glue.exceptions.ConcurrentModificationException:
                continue


def test_processes_lose_nothing_of_each_other(tmp_path: Path) -> None:
    glue = LocalGlueClient(tmp_path)
    glue.create_database(DatabaseInput={"Name": "db"})
    glue.create_table(DatabaseName="db", TableInput={"Name": "t", "Parameters": {"count": "0"}})
    context = multiprocessing.get_context("spawn")
    running = [context.Process(target=_many, args=(tmp_path, number)) for number in range(3)]
    for each in running:
        each.start()
    for each in running:
        each.join(60)
    assert [each.exitcode for each in running] == [0, 0, 0]
    assert glue.get_table(DatabaseName="db", Name="t")["Table"]["Parameters"] == {"count": "45"}
    assert len(glue.get_databases()["DatabaseList"]) == 46


def test_the_file_is_made_once_whoever_comes_first(tmp_path: Path) -> None:
    with ThreadPoolExecutor(6) as pool:
        names = [f"db{number}" for number in range(6)]
        glues = [LocalGlueClient(tmp_path / "new") for _ in names]
        list(
            pool.map(
                lambda pair: pair[0].create_database(DatabaseInput={"Name": pair[1]}), zip(glues, names, strict=True)
            )
        )
    assert [each["Name"] for each in glues[0].get_databases()["DatabaseList"]] == names


KILLED = """
import sys
from pathlib import Path
from glue_etl.engine.catalog.client import LocalGlueClient
glue = LocalGlueClient(Path(sys.argv[1]))
number = 0
while True:
    glue.batch_create_partition(
        DatabaseName="db",
        TableName="t",
        PartitionInputList=[{"Values": [f"{number}-{each}"]} for each in range(100)],
    )
    number += 1
    print(number, flush=True)
"""


def test_a_kill_leaves_the_state_before_or_after_a_call(tmp_path: Path) -> None:
    glue = LocalGlueClient(tmp_path)
    glue.create_database(DatabaseInput={"Name": "db"})
    glue.create_table(DatabaseName="db", TableInput={"Name": "t", "PartitionKeys": [{"Name": "p", "Type": "string"}]})
    with subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        answered = [int(child.stdout.readline()) for _ in range(5)][-1]
        time.sleep(0.013)
        child.send_signal(signal.SIGKILL)
        answered = max([answered, *(int(line) for line in child.stdout)])
    pages = glue.get_paginator("get_partitions").paginate(DatabaseName="db", TableName="t")
    count = sum(len(page["Partitions"]) for page in pages)
    assert count % 100 == 0 and count >= answered * 100


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:3000])


def _overwrite(path: Path) -> None:
    path.write_bytes(b"not a database at all, " * 100)


def _scribble(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[100:] = os.urandom(len(data) - 100)
    path.write_bytes(data)


def _later(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA user_version = 99")


def _other(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE databases (name)")


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "cut off": (_truncate, "malformed|not a database"),
    "emptied": (lambda path: path.write_bytes(b""), "no file of this library"),
    "overwritten": (_overwrite, "not a database"),
    "scribbled": (_scribble, "malformed|not a database"),
    "of a later version": (_later, "its version is 99, this glue-etl knows version 1"),
    "of another program": (_other, "no file of this library"),
}


@pytest.mark.parametrize(("damage", "message"), DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_file_is_told_with_its_path_and_left(
    tmp_path: Path, damage: Callable[[Path], object], message: str
) -> None:
    glue = LocalGlueClient(tmp_path)
    glue.create_database(DatabaseInput={"Name": "db"})
    path = tmp_path / FILE
    damage(path)
    before = path.read_bytes()
    calls: list[Callable[[], Any]] = [
        lambda: glue.get_database(Name="db"),
        lambda: glue.create_database(DatabaseInput={"Name": "x"}),
    ]
    for call in calls:
        with pytest.raises(StateError, match=message) as caught:
            call()
        assert str(path) in str(caught.value) and "Hint: move it away" in str(caught.value)
    assert path.read_bytes() == before


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    glue = LocalGlueClient(tmp_path / "state")
    with pytest.raises(StateError, match=r"catalog\.sqlite"):
        glue.create_database(DatabaseInput={"Name": "db"})
