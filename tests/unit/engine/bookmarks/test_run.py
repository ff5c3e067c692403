"""What the sources of a job read by its bookmark, run after run."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from glue_etl.engine.bookmarks import Bookmarks, BookmarkStore, json_form
from glue_etl.engine.io.listing import Listing, SourceFile
from glue_etl.errors import BookmarkError, ConcurrentRunsExceededException, OptionError

from .listed import ROOT, listing, names, read

Begin = Callable[..., Bookmarks]
ENABLE, PAUSE = "job-bookmark-enable", "job-bookmark-pause"


@pytest.fixture
def begin(tmp_path: Path) -> Begin:
    """A run of a job that has begun."""

    def begun(run_id: str | None = None, option: str = ENABLE, job: str = "job", **more: Any) -> Bookmarks:
        bookmarks = Bookmarks(tmp_path, tmp_path / "logs")
        bookmarks.begin(job, {"job_bookmark_option": option, "JOB_NAME": job, "JOB_RUN_ID": run_id, **more})
        return bookmarks

    return begun


@pytest.fixture
def committed(begin: Begin) -> Callable[..., list[str]]:
    """A whole run over one source; what it read."""

    def run(*files: Any, run_id: str | None = None, **more: Any) -> list[str]:
        bookmarks = begin(run_id, **more)
        found = read(bookmarks, listing(*files))
        bookmarks.commit()
        return found

    return run


Run = Callable[..., list[str]]

INCREMENTS = {
    "nothing new": ([["a", "b"], ["a", "b"]], []),
    "a new file": ([["a"], ["a", "b"]], ["b"]),
    "changed later": ([[("a", 5)], [("a", 6)]], ["a"]),
    "changed by a nanosecond, of the same size": ([[("a", 5, 9)], [("a", 6, 9)]], ["a"]),
    "changed to an older time": ([[("a", 5)], [("a", 4)]], ["a"]),
    "of the same time and another size": ([[("a", 5, 9)], [("a", 5, 8)]], ["a"]),
    "changed and changed back": ([[("a", 5)], [("a", 6)], [("a", 5)]], ["a"]),
    "arrived late with an old time": ([[("a", 500)], [("a", 500), ("late", 3)]], ["late"]),
    "from the future": ([[("a", 10**19 // 4)], [("a", 10**19 // 4), ("b", 7)]], ["b"]),
    "before 1970": ([[("a", -5)], [("a", -5), ("b", -6)]], ["b"]),
    "deleted": ([["a", "b"], ["b"]], []),
    "gone and back as it was": ([["a", "b"], ["b"], ["a", "b"]], []),
    "gone and written anew": ([[("a", 5)], [], [("a", 6)]], ["a"]),
    "hidden by a filter for one run": ([["m=1/a"], ["m=2/b"], ["m=1/a", "m=2/b"]], []),
    "another case of the name": ([["a"], ["a", "A"]], ["A"]),
    "a name that is no UTF-8": ([["a\udcff"], ["a\udcff", "\udcff"]], ["\udcff"]),
    "odd names": ([["ü", "' OR 1=1 --"], ["ü", "' OR 1=1 --", "%", "a\nb"]], ["%", "a\nb"]),
}


@pytest.mark.parametrize(("runs", "last"), INCREMENTS.values(), ids=INCREMENTS.keys())
def test_a_run_reads_what_is_new(committed: Run, runs: list[list[Any]], last: list[str]) -> None:
    assert [committed(*files) for files in runs][-1] == last
    assert committed(*runs[-1]) == []


def test_without_a_commit_there_is_no_progress(begin: Begin, committed: Run) -> None:
    first = begin()
    assert read(first, listing("a")) == ["a"]
    first.end()
    assert committed("a", "b") == ["a", "b"]


def test_each_context_and_each_job_has_its_own_state(begin: Begin, committed: Run) -> None:
    committed("a")
    assert committed("a", job="JOB") == ["a"]
    bookmarks = begin()
    assert [read(bookmarks, listing("a"), name) for name in ("source", "other", "Source", "")] == [[], *[["a"]] * 3]
    bookmarks.commit()
    bookmarks = begin()
    assert [read(bookmarks, listing("a"), name) for name in ("source", "other", "Source", "")] == [[], [], [], ["a"]]


OFF: dict[str, dict[str, Any]] = {
    "no arguments": {},
    "disabled": {"job_bookmark_option": "job-bookmark-disable"},
    "no option": {"job_bookmark_option": None},
}


@pytest.mark.parametrize("arguments", OFF.values(), ids=OFF.keys())
def test_off_means_everything_and_no_state(tmp_path: Path, arguments: dict[str, Any]) -> None:
    for _ in range(2):
        bookmarks = Bookmarks(tmp_path)
        bookmarks.begin("job", arguments)
        assert read(bookmarks, listing("a")) == ["a"]
        assert bookmarks.keys("source") is None
        bookmarks.advance("source", {"id": 1})
        bookmarks.commit()
    assert list(tmp_path.iterdir()) == []


def test_arguments_may_stand_as_on_a_command_line(tmp_path: Path) -> None:
    for expected in (["a"], []):
        bookmarks = Bookmarks(tmp_path)
        bookmarks.begin("job", {"--job-bookmark-option": ENABLE})
        assert read(bookmarks, listing("a")) == expected
        bookmarks.commit()
        bookmarks.end()


def test_pause_reads_by_the_state_and_moves_nothing(committed: Run) -> None:
    assert committed("a", option=PAUSE) == ["a"]
    committed("a")
    assert [committed("a", "b", option=PAUSE) for _ in range(2)] == [["b"], ["b"]]
    assert committed("a", "b") == ["b"]


RANGES = {
    "between two runs": ("r1", "r3", ["b", "c"]),
    "the last": ("r3", "r4", ["d"]),
    "nothing": ("r2", "r2", []),
    "a run that failed stands for the one before": ("r2", "failed", ["c"]),
    "from a run that failed": ("failed", "r4", ["d"]),
}


@pytest.mark.parametrize(("first", "last", "expected"), RANGES.values(), ids=RANGES.keys())
def test_a_range_of_runs(begin: Begin, committed: Run, first: str, last: str, expected: list[str]) -> None:
    arrived: list[str] = []
    for number, name in enumerate("abcd", start=1):
        if name == "d":
            failed = begin("failed")
            read(failed, listing("a", "x"))
            failed.end()
        arrived.append(name)
        committed(*arrived, run_id=f"r{number}")
    given = {"job_bookmark_from": first, "job_bookmark_to": last}
    assert committed(*arrived, "later", option=PAUSE, **given) == expected
    assert committed(*arrived, "later") == ["later"]


def test_a_range_leaves_out_what_changed_after_it(committed: Run) -> None:
    committed(("a", 1), run_id="r1")
    committed(("a", 1), ("b", 1), ("c", 1), run_id="r2")
    given = {"job_bookmark_from": "r1", "job_bookmark_to": "r2"}
    assert committed(("a", 1), ("b", 1), ("c", 2), option=PAUSE, **given) == ["b"]


def test_a_run_without_bookmarks_is_found_by_its_record(tmp_path: Path, committed: Run) -> None:
    committed("a", run_id="r1")
    folder = tmp_path / "logs" / "job" / "plain"
    folder.mkdir(parents=True)
    record = {"run_id": "plain", "state": "SUCCEEDED", "started": datetime.now(UTC).isoformat(timespec="milliseconds")}
    (folder / "run.json").write_text(json.dumps(record))
    given = {"job_bookmark_from": "plain", "job_bookmark_to": "plain"}
    assert committed("a", "b", option=PAUSE, **given) == []


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "an option that is none": ({"option": "on"}, "Available: job-bookmark-enable"),
    "half a range": ({"option": PAUSE, "job_bookmark_to": "r1"}, "only one end"),
    "a range without pause": ({"job_bookmark_from": "r1", "job_bookmark_to": "r1"}, "'job-bookmark-pause'"),
    "a run that is none": (
        {"option": PAUSE, "job_bookmark_from": "r1", "job_bookmark_to": "gone"}, r"no run 'gone'\. Available: r2, r1\.",
    ),
    "a range backwards": ({"option": PAUSE, "job_bookmark_from": "r2", "job_bookmark_to": "r1"}, "later run"),
}  # fmt: skip


@pytest.mark.parametrize(("given", "said"), WRONG.values(), ids=WRONG.keys())
def test_what_cannot_begin(begin: Begin, committed: Run, given: dict[str, Any], said: str) -> None:
    committed("a", run_id="r1")
    committed("a", run_id="r2")
    with pytest.raises(OptionError, match=said):
        begin(**given)
    assert committed("a", "b") == ["b"]


def test_a_second_run_at_the_same_time_is_refused(begin: Begin, committed: Run) -> None:
    first = begin("r1")
    with pytest.raises(ConcurrentRunsExceededException, match=r"^ConcurrentRunsExceededException: .*'job'"):
        begin("r2")
    assert committed("a", option=PAUSE) == ["a"]
    assert committed("a", job="another") == ["a"]
    assert read(first, listing("a")) == ["a"]
    first.commit()
    assert committed("a") == []


def test_init_again_in_one_process_is_a_fresh_run(tmp_path: Path) -> None:
    bookmarks = Bookmarks(tmp_path)
    for expected in (["a"], ["a"]):
        bookmarks.begin("job", {"job_bookmark_option": ENABLE})
        assert read(bookmarks, listing("a")) == expected
    bookmarks.commit()
    bookmarks.begin("job", {"job_bookmark_option": ENABLE})
    assert read(bookmarks, listing("a")) == []


def test_a_run_may_commit_more_than_once(begin: Begin, committed: Run, tmp_path: Path) -> None:
    bookmarks = begin("r1")
    assert read(bookmarks, listing("a")) == ["a"]
    bookmarks.commit()
    bookmarks.commit()
    assert read(bookmarks, listing("a", "b")) == ["b"]
    bookmarks.commit()
    assert committed("a", "b", "c", run_id="r2") == ["c"]
    heads = [(head.kind, head.run_id, head.run) for head in BookmarkStore(tmp_path).history("job")]
    assert heads == [
        ("start", "r1", 1),
        ("commit", "r1", 1),
        ("commit", "r1", 1),
        ("start", "r2", 2),
        ("commit", "r2", 2),
    ]


def test_two_sources_of_one_context_are_both_read(begin: Begin, committed: Run) -> None:
    bookmarks = begin()
    assert read(bookmarks, listing("a", "b")) == ["a", "b"]
    assert read(bookmarks, listing("b", "c")) == ["b", "c"]
    bookmarks.commit()
    assert committed("a", "b", "c", "d") == ["d"]


def test_the_schemes_of_s3_are_one(begin: Begin) -> None:
    found = []
    for scheme in ("s3", "s3a", "s3n"):
        bookmarks = begin()
        found.append(read(bookmarks, Listing((SourceFile(f"{scheme}://b/in/a", 1, "", None, 1),), (), True, True)))
        bookmarks.commit()
    assert [len(each) for each in found] == [1, 0, 0]


def test_what_a_bound_left_comes_next(begin: Begin) -> None:
    found = []
    for _ in range(3):
        bookmarks = begin()
        new = bookmarks.new_files("source", listing("a", "b", "c"))
        taken = new.narrowed(lambda file, kept=new.files[:2]: file in kept)
        bookmarks.read("source", taken)
        bookmarks.commit()
        found.append(names(taken))
    assert found == [["a", "b"], ["c"], []]


@pytest.mark.parametrize("change", ["reset", "rewind"])
def test_a_bookmark_that_moved_meanwhile_is_not_overwritten(
    begin: Begin, committed: Run, tmp_path: Path, change: str
) -> None:
    committed("a", run_id="r1")
    running = begin("r2")
    assert read(running, listing("a", "b")) == ["b"]
    store = BookmarkStore(tmp_path)
    if change == "reset":
        store.reset("job")
    else:
        store.rewind("job", store.history("job")[1])
    before = store.path.read_bytes()
    with pytest.raises(BookmarkError, match=rf"VersionMismatchException.*by a {change}.*Nothing of this run"):
        running.commit()
    assert store.path.read_bytes() == before
    running.end()
    assert committed("a", "b") == (["a", "b"] if change == "reset" else ["b"])


def test_attempts_and_runs_are_counted(begin: Begin, committed: Run, tmp_path: Path) -> None:
    committed("a", run_id="r1")
    for name in ("f1", "f2"):
        begin(name).end()
    committed("a", run_id="r2")
    head = BookmarkStore(tmp_path).standing("job")
    assert (head.run_id, head.run, head.attempt, head.version) == ("r2", 2, 2, 6)


KEYS = {"id": 7, "name": "ü'", "price": Decimal("1.50"), "day": date(2024, 5, 1), "at": datetime(2024, 5, 1, 12, 0, 1)}


def test_keys_go_on_where_the_last_commit_was(begin: Begin) -> None:
    first = begin("r1")
    assert first.keys("table") is None
    first.advance("table", KEYS)
    first.commit()
    second = begin("r2")
    assert second.keys("table") == KEYS
    second.advance("table", {"id": 9})
    second.commit()
    third = begin("r3")
    assert third.keys("table") == {**KEYS, "id": 9}
    third.end()
    ranged = begin(option=PAUSE, job_bookmark_from="r1", job_bookmark_to="r2")
    assert (ranged.keys("table"), ranged.last_keys("table")) == (KEYS, {**KEYS, "id": 9})


def test_numbers_are_given_away_once(begin: Begin) -> None:
    off = Bookmarks()
    assert [off.numbers("ids", 10), off.numbers("ids", 10)] == [0, 0]
    found = []
    for commits in (True, False, True):
        bookmarks = begin()
        found.append([bookmarks.numbers("ids", 10), bookmarks.numbers("ids", 10), bookmarks.numbers("", 10)])
        if commits:
            bookmarks.commit()
        bookmarks.end()
    assert found == [[0, 10, 0], [20, 30, 0], [20, 30, 0]]


def test_keys_of_odd_types_are_refused(begin: Begin) -> None:
    bookmarks = begin()
    bookmarks.advance("table", {"blob": b"x"})
    with pytest.raises(BookmarkError, match="'blob' has a value of the type 'bytes'"):
        bookmarks.commit()


def test_the_documented_json(begin: Begin, committed: Run, tmp_path: Path) -> None:
    committed("a", run_id="r1")
    bookmarks = begin("r2")
    read(bookmarks, listing("a", ("b", 1_700_000_000_000_000_001, 3)))
    bookmarks.advance("table", {"id": Decimal("7.0")})
    bookmarks.commit()
    store = BookmarkStore(tmp_path)
    head = store.standing("job")
    found = json_form.document(store, head)
    files, keys = found["states"].pop("source"), found["states"].pop("table")
    assert found == {
        **{"job_name": "job", "version": 4, "run_id": "r2", "previous_run_id": "r1"},
        **{"run_number": 2, "attempt_number": 0, "states": {}},
    }
    assert (files["files"], files["timestamps"]["RUN"], keys) == (2, "2", {"keys": {"id": {"decimal": "7.0"}}})
    listed = json_form.document(store, head, "source")["states"]["source"]["files"]
    assert listed[1] == {"path": ROOT + "b", "modified": "2023-11-14T22:13:20.000000001Z", "size": 3}
    api = json_form.entry(store, head)
    assert (api["Run"], api["RunId"], api["PreviousRunId"], api["Version"]) == (2, "r2", "r1", 4)
    assert json.loads(api["JobBookmark"])["table"] == keys
