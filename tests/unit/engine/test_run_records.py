from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glue_etl.engine.run_records import RunFolder, job_dir, new_run_id, read_runs
from glue_etl.errors import GlueEtlError


@given(st.text(min_size=1))
def test_a_job_name_is_always_one_visible_folder_below_the_logs(job: str):
    logs = Path("/logs")
    folder = job_dir(logs, job.encode("utf-8", "replace").decode())
    assert folder.parent == logs
    assert not folder.name.startswith(".")
    assert len(folder.name.encode()) < 256


def test_different_long_names_have_different_folders(tmp_path: Path):
    assert job_dir(tmp_path, "x" * 300 + "a") != job_dir(tmp_path, "x" * 300 + "b")


def test_run_ids_sort_by_time():
    ids = [new_run_id() for _ in range(5)]
    assert len(set(ids)) == 5
    assert [name.split("_")[1] for name in ids] == sorted(name.split("_")[1] for name in ids)


def test_a_run_whose_process_lives_reads_as_running(tmp_path: Path):
    folder = RunFolder.create(tmp_path, "job", "jr_1")
    folder.write({"state": "RUNNING", "pid": 1})
    assert [run["state"] for run in read_runs(tmp_path, "job")] == ["RUNNING"]
    folder.close()


def test_a_run_whose_process_died_reads_as_failed(tmp_path: Path):
    folder = RunFolder.create(tmp_path, "job", "jr_1")
    folder.write({"state": "RUNNING", "pid": 4711})
    folder.lock.close()
    (run,) = read_runs(tmp_path, "job")
    assert run["state"] == "FAILED"
    assert "4711" in run["error"]["message"]
    assert json.loads((folder.path / "run.json").read_text())["state"] == "RUNNING"


def test_runs_are_given_oldest_first_and_damaged_records_left_out(tmp_path: Path):
    for run in ("jr_2", "jr_1", "jr_3"):
        folder = RunFolder.create(tmp_path, "a/b", run)
        folder.write({"state": "SUCCEEDED", "run_id": run})
        folder.close()
    (job_dir(tmp_path, "a/b") / "jr_2" / "run.json").write_text('{"state": ')
    assert [run["run_id"] for run in read_runs(tmp_path, "a/b")] == ["jr_1", "jr_3"]


def test_nothing_but_the_record_is_left_behind(tmp_path: Path):
    folder = RunFolder.create(tmp_path, "job", "jr_1")
    folder.write({"state": "RUNNING"})
    folder.write({"state": "SUCCEEDED"})
    folder.close()
    assert [file.name for file in folder.path.iterdir()] == ["run.json"]


def test_a_log_folder_that_cannot_be_made(tmp_path: Path):
    (tmp_path / "logs").write_text("")
    with pytest.raises(GlueEtlError, match=r"cannot be made: .*Hint: choose another state folder"):
        RunFolder.create(tmp_path / "logs", "job", "jr_1")
