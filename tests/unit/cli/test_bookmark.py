"""`glue-etl bookmark`: what it prints, what it changes, what it refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from glue_etl.cli.main import main
from glue_etl.engine.bookmarks import Bookmarks
from glue_etl.engine.io.listing import Listing, SourceFile

FILES = ("a", "b", "c")


def _listing(count: int) -> Listing:
    return Listing(tuple(SourceFile(f"s3://b/{name}", 1, "s3://b/", None, 5) for name in FILES[:count]), (), True, True)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Three runs of a job; each finds one file more in two contexts."""
    for number in (1, 2, 3):
        bookmarks = Bookmarks(tmp_path)
        bookmarks.begin("my job", {"job_bookmark_option": "job-bookmark-enable", "JOB_RUN_ID": f"jr_{number}"})
        for context in ("x", "y"):
            bookmarks.read(context, bookmarks.new_files(context, _listing(number)))
        bookmarks.commit()
    return tmp_path


def _new(state: Path) -> dict[str, int]:
    bookmarks = Bookmarks(state)
    bookmarks.begin("my job", {"job_bookmark_option": "job-bookmark-pause"})
    return {context: len(bookmarks.new_files(context, _listing(3)).files) for context in ("x", "y")}


CHANGES = {
    "reset": (["reset", "my job"], {"x": 3, "y": 3}, "is reset: the next run reads everything"),
    "reset one": (["reset", "my job", "--context", "y"], {"x": 0, "y": 3}, "for the transformation_ctx 'y'"),
    "rewind": (["rewind", "my job", "--run", "jr_1"], {"x": 2, "y": 2}, "at the end of run jr_1"),
    "rewind one": (["rewind", "my job", "--run", "jr_2", "--context", "x"], {"x": 1, "y": 0}, "'x'"),
    "rewind to the last": (["rewind", "my job", "--run", "jr_3"], {"x": 0, "y": 0}, "at the end of run jr_3"),
}


@pytest.mark.parametrize(("line", "new", "said"), CHANGES.values(), ids=CHANGES.keys())
def test_what_the_next_run_reads(
    state: Path, capsys: pytest.CaptureFixture[str], line: list[str], new: dict[str, int], said: str
) -> None:
    assert main(["bookmark", *line, "--state", str(state)]) == 0
    assert said in capsys.readouterr().out
    assert _new(state) == new


def test_show(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def shown(*line: str) -> dict[str, object]:
        assert main(["bookmark", "show", "my job", *line, "--state", str(state)]) == 0
        return dict(json.loads(capsys.readouterr().out))

    now = shown()
    assert (now["run_id"], now["previous_run_id"], now["version"], list(now["states"])) == (
        "jr_3",
        "jr_2",
        6,
        ["x", "y"],
    )
    then = shown("--run", "jr_1", "--context", "x")
    assert (then["run_id"], then["previous_run_id"], then["run_number"]) == ("jr_1", None, 1)
    assert [file["path"] for file in then["states"]["x"]["files"]] == ["s3://b/a"]
    main(["bookmark", "rewind", "my job", "--run", "jr_2", "--state", str(state)])
    capsys.readouterr()
    assert (shown()["run_id"], shown()["previous_run_id"]) == ("jr_2", "jr_1")
    main(["bookmark", "reset", "my job", "--state", str(state)])
    capsys.readouterr()
    assert (shown()["run_number"], shown()["states"]) == (0, {})


REFUSED = {
    "no such job": (["show", "My Job"], "'My Job' has no bookmark. Available: my job."),
    "no such run": (["rewind", "my job", "--run", "jr_9"], "no run 'jr_9'. Available: jr_3, jr_2, jr_1."),
    "no such context": (["reset", "my job", "--context", "z"], "no transformation_ctx 'z'. Available: x, y."),
    "rewind to where": (["rewind", "my job"], "rewind needs --run ID. Available: jr_3"),
    "reset to a run": (["reset", "my job", "--run", "jr_1"], "Hint: glue-etl bookmark rewind JOB --run jr_1"),
}


@pytest.mark.parametrize(("line", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_refused(state: Path, capsys: pytest.CaptureFixture[str], line: list[str], said: str) -> None:
    before = (state / "state" / "bookmarks.sqlite").read_bytes()
    assert main(["bookmark", *line, "--state", str(state)]) == 1
    assert said in capsys.readouterr().err
    assert (state / "state" / "bookmarks.sqlite").read_bytes() == before


def test_it_starts_without_spark(state: Path) -> None:
    code = (
        "import sys; from glue_etl.cli.main import main; "
        f"main(['bookmark', 'show', 'my job', '--state', {str(state)!r}]); "
        "assert not {'pyspark', 'pyarrow', 'boto3'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
