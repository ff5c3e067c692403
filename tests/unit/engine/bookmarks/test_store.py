"""The store against a model of it, and what it does with a file that was damaged by hand."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from subprocess import PIPE
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from glue_etl.engine.bookmarks import Bookmarks, BookmarkStore
from glue_etl.errors import BookmarkError

from .listed import ROOT, listing, read

CONTEXTS = st.sampled_from(["x", "y"])
FILES = st.dictionaries(st.sampled_from("abcde"), st.tuples(st.integers(0, 3), st.integers(0, 2)), max_size=5)
State = dict[str, dict[str, tuple[int, int]]]


class StoreMachine(RuleBasedStateMachine):
    """Runs that commit and runs that do not, resets and rewinds; any state that ever was stays readable."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.store = BookmarkStore(self.folder)
        self.states: list[State] = [{}]
        self.keys: list[dict[str, int]] = [{}]
        self.runs = 0

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    def _put(self, state: State, keys: dict[str, int]) -> None:
        self.states.append(state)
        self.keys.append(keys)

    def _same(self) -> None:
        self._put(self.states[-1], self.keys[-1])

    @rule(listed=st.dictionaries(CONTEXTS, FILES), commits=st.booleans(), key=st.none() | st.integers())
    def run(self, listed: State, commits: bool, key: int | None) -> None:
        self.runs += 1
        bookmarks = Bookmarks(self.folder)
        bookmarks.begin("job", {"job_bookmark_option": "job-bookmark-enable", "JOB_RUN_ID": f"r{self.runs}"})
        self._same()
        after, keys = dict(self.states[-1]), dict(self.keys[-1])
        for context, files in listed.items():
            known = after.get(context, {})
            new = {name for name, version in files.items() if known.get(name) != version}
            assert set(read(bookmarks, listing(*((n, *v) for n, v in files.items())), context)) == new
            after[context] = {**known, **{name: files[name] for name in new}}
        if key is not None:
            bookmarks.advance("k", {"id": key})
            keys["k"] = key
        if commits:
            bookmarks.commit()
            self._put(after, keys)
        bookmarks.end()

    @precondition(lambda self: self.runs)
    @rule()
    def reset(self) -> None:
        self.store.reset("job")
        self._put({}, {})

    @precondition(lambda self: self.runs)
    @rule(context=CONTEXTS)
    def reset_one(self, context: str) -> None:
        if context in {state.name for head in self.store.history("job") for state in self._seen(head.version)}:
            self.store.reset("job", context)
            self._put({**self.states[-1], context: {}}, self.keys[-1])

    def _seen(self, version: int) -> list[Any]:
        return self.store.contexts("job", version)

    @precondition(lambda self: self.runs)
    @rule(data=st.data())
    def rewind(self, data: st.DataObject) -> None:
        history = self.store.history("job")
        at = data.draw(st.integers(0, len(history) - 1))
        self.store.rewind("job", history[at])
        self._put(self.states[at + 1], self.keys[at + 1])

    @invariant()
    def every_state_is_as_it_was(self) -> None:
        assert [head.version for head in self.store.history("job")] == list(range(1, len(self.states)))
        # Any version holds; three of them tell as much as all.
        for version in {len(self.states) - 1, len(self.states) // 2, len(self.states) // 3} - {0}:
            for context in ("x", "y"):
                with self.store.files("job", context, version) as rows:
                    found = {path.removeprefix(ROOT): (modified, size) for path, modified, size in rows}
                assert found == self.states[version].get(context, {})
            keys = self.store.keys("job", "k", version)
            assert (keys or {}).get("id") == self.keys[version].get("k")


StoreMachine.TestCase.settings = settings(max_examples=15, stateful_step_count=12, deadline=None)
test_the_store_keeps_every_state = StoreMachine.TestCase


@pytest.fixture
def store(tmp_path: Path) -> BookmarkStore:
    bookmarks = Bookmarks(tmp_path)
    for number in (1, 2):
        bookmarks.begin("job", {"job_bookmark_option": "job-bookmark-enable", "JOB_RUN_ID": f"r{number}"})
        read(bookmarks, listing(*(f"part-{at:04d}" for at in range(200 * number))))
        bookmarks.advance("table", {"id": number})
        bookmarks.commit()
    return BookmarkStore(tmp_path)


def _sql(*statements: str) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        with closing(sqlite3.connect(path)) as connection, connection:
            for statement in statements:
                connection.execute(statement)

    return damage


def _overwrite(at: float, content: bytes) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        with path.open("r+b") as file:
            file.seek(int(path.stat().st_size * at))
            file.write(content)

    return damage


DAMAGE: dict[str, tuple[Callable[[Path], Any], str]] = {
    "emptied": (lambda path: path.write_bytes(b""), "it is empty"),
    "another text": (lambda path: path.write_text("{}" * 600), "not a database"),
    "another database": (
        lambda path: (path.unlink(), _sql("CREATE TABLE t (x)")(path)), "another database",
    ),
    "cut off": (lambda path: os.truncate(path, path.stat().st_size // 2), "malformed|damaged"),
    "its head overwritten": (_overwrite(0, b"\0" * 100), "not a database"),
    "its middle overwritten": (_overwrite(0.5, b"\xff" * 5000), "damaged"),
    "a table dropped": (_sql("DROP TABLE files"), "no such table"),
    "rows deleted": (_sql("DELETE FROM files WHERE path LIKE '%7'"), "a state of 400 files has 360"),
    "keys that are no JSON": (_sql("UPDATE states SET keys = '{' WHERE keys IS NOT NULL"), "keys '{' cannot be read"),
    "keys of another kind": (_sql("UPDATE states SET keys = '[1]' WHERE keys IS NOT NULL"), "cannot be read"),
    "another version": (_sql("PRAGMA user_version = 9"), "version 9, and this glue-etl knows version 1"),
}  # fmt: skip


@pytest.mark.parametrize(("damage", "said"), DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_state_is_told_and_left_as_it_is(
    store: BookmarkStore, tmp_path: Path, damage: Callable[[Path], Any], said: str
) -> None:
    damage(store.path)
    before = store.path.read_bytes()
    bookmarks = Bookmarks(tmp_path)
    with pytest.raises(BookmarkError, match=said) as raised:
        bookmarks.begin("job", {"job_bookmark_option": "job-bookmark-enable"})
        before = store.path.read_bytes()
        read(bookmarks, listing("part-0001"))
        bookmarks.keys("table")
    assert str(store.path) in str(raised.value)
    assert "Hint: " in str(raised.value)
    assert store.path.read_bytes() == before


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    with pytest.raises(BookmarkError, match="Hint: see to the rights"):
        Bookmarks(tmp_path).begin("job", {"job_bookmark_option": "job-bookmark-enable"})


def test_a_job_without_a_bookmark_is_told_with_those_that_have_one(store: BookmarkStore, tmp_path: Path) -> None:
    for call in (store.standing, store.reset):
        with pytest.raises(BookmarkError, match=r"'none' has no bookmark\. Available: job\."):
            call("none")
    with pytest.raises(BookmarkError, match=r"no transformation_ctx 'c'\. Available: source, table\."):
        store.reset("job", "c")
    with pytest.raises(BookmarkError, match="Available: none"):
        BookmarkStore(tmp_path / "empty").standing("job")


FIRST = """
import sys
from pathlib import Path
from subprocess import PIPE
from glue_etl.engine.bookmarks import Bookmarks
bookmarks = Bookmarks(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
bookmarks.begin(sys.argv[2], {"job_bookmark_option": "job-bookmark-enable"})
bookmarks.advance("table", {"id": 1})
bookmarks.commit()
"""


def test_jobs_that_begin_at_the_same_moment_share_one_new_file(tmp_path: Path) -> None:
    jobs = [f"job-{number}" for number in range(4)]
    running = [
        subprocess.Popen([sys.executable, "-c", FIRST, str(tmp_path), job], stdin=PIPE, stdout=PIPE) for job in jobs
    ]
    for process in running:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
    for process in running:
        assert process.stdin is not None
        process.stdin.write(b"\n")
        process.stdin.flush()
    for process in running:
        process.communicate()
        assert process.returncode == 0
    store = BookmarkStore(tmp_path)
    assert store.jobs() == jobs
    assert [store.keys(job, "table", store.standing(job).version) for job in jobs] == [{"id": 1}] * 4
    assert [path.name for path in store.path.parent.iterdir() if path.is_file()] == ["bookmarks.sqlite"]
