from __future__ import annotations

from pathlib import Path

import pytest

from glue_etl.engine import run_scratch, session
from glue_etl.engine.run_records import RunFolder
from glue_etl.errors import GlueEtlError
from glue_etl.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(state_dir=tmp_path / "a state")


def test_a_sweep_takes_what_no_run_holds(settings: Settings):
    held = RunFolder.create(settings.logs_dir, "a/b", "jr_1")
    killed = RunFolder.create(settings.logs_dir, "job", "jr_2")
    folders = {name: run_scratch.create(settings, name) for name in ("jr_1", "jr_2", "jr_3")}
    for folder in folders.values():
        (folder / "spark-1").mkdir()
        (folder / "spark-1" / "block").write_bytes(b"x")
    killed.lock.close()
    run_scratch.sweep(settings)
    assert [name for name, folder in folders.items() if folder.exists()] == ["jr_1"]
    held.close()
    run_scratch.sweep(settings)
    assert list((settings.state_dir / "tmp").iterdir()) == []


def test_a_sweep_of_a_new_state_folder_makes_nothing(settings: Settings):
    run_scratch.sweep(settings)
    assert not settings.state_dir.exists()


def test_a_folder_that_cannot_be_made_says_so(settings: Settings):
    settings.state_dir.mkdir()
    (settings.state_dir / "tmp").touch()
    with pytest.raises(GlueEtlError, match=r"temporary files .*state/tmp/jr_1.*--state"):
        run_scratch.create(settings, "jr_1")


def test_the_jvm_gets_it_as_its_temporary_folder_and_the_users_option_wins(settings: Settings):
    scratch = settings.state_dir / "tmp" / "jr_1"
    conf = session.spark_conf(settings, {"spark.driver.extraJavaOptions": "-Djava.io.tmpdir=/mine"}, scratch=scratch)
    options = conf["spark.driver.extraJavaOptions"]
    assert f'"-Djava.io.tmpdir={scratch}"' in options
    assert options.endswith(" -Djava.io.tmpdir=/mine")
