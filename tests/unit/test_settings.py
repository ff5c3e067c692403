"""What the environment says, and what a child of ours is told."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from glue_etl import settings
from glue_etl.errors import SettingsError

OURS = (
    "GLUE_ETL_STATE",
    "GLUE_ETL_CACHE",
    "GLUE_ETL_MASTER",
    "GLUE_ETL_VERBOSE",
    "GLUE_ETL_DRIVER_MEMORY",
    "GLUE_ETL_CATALOG",
    "GLUE_ETL_SQL_CATALOG",
)
OTHERS = ("JAVA_HOME", "PYSPARK_PYTHON", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "XDG_CACHE_HOME")


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in OURS + OTHERS:
        monkeypatch.delenv(name, raising=False)


def test_the_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = settings.load()
    assert found.state_dir == tmp_path / ".glue"
    assert found.lake_dir == tmp_path / ".glue" / "s3"
    assert found.logs_dir == tmp_path / ".glue" / "logs"
    assert (found.master, found.region, found.verbose) == ("local[*]", "us-east-1", False)
    assert (found.java_home, found.driver_memory, found.endpoint_url) == (None, None, None)
    assert found.pyspark_python == sys.executable
    assert list(tmp_path.iterdir()) == []


def test_the_folders_stay_when_the_working_directory_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = settings.load(state_dir=Path("here"))
    monkeypatch.chdir("/")
    assert found.state_dir == tmp_path / "here"


VARIABLES = {
    "state": ("GLUE_ETL_STATE", "/some/where", "state_dir", Path("/some/where")),
    "empty state is no state": ("GLUE_ETL_STATE", "", "state_dir", Path.cwd() / ".glue"),
    "cache": ("GLUE_ETL_CACHE", "/c", "cache_dir", Path("/c")),
    "cache by the platform's rule": ("XDG_CACHE_HOME", "/x", "cache_dir", Path("/x/glue-etl")),
    "one core": ("GLUE_ETL_MASTER", "local", "master", "local"),
    "cores": ("GLUE_ETL_MASTER", "local[2]", "master", "local[2]"),
    "a cluster": ("GLUE_ETL_MASTER", "spark://host:7077", "master", "spark://host:7077"),
    "memory": ("GLUE_ETL_DRIVER_MEMORY", "4g", "driver_memory", "4g"),
    "java": ("JAVA_HOME", "/j", "java_home", "/j"),
    "interpreter": ("PYSPARK_PYTHON", "/p/python", "pyspark_python", "/p/python"),
    "region": ("AWS_REGION", "eu-west-1", "region", "eu-west-1"),
    "default region": ("AWS_DEFAULT_REGION", "eu-west-2", "region", "eu-west-2"),
    "endpoint": ("AWS_ENDPOINT_URL", "http://127.0.0.1:1", "endpoint_url", "http://127.0.0.1:1"),
    "spark sql with the data catalog": ("GLUE_ETL_SQL_CATALOG", "1", "sql_catalog", True),
    **{f"verbose {word!r}": ("GLUE_ETL_VERBOSE", word, "verbose", True) for word in ("1", "true", "YES", " on ")},
    **{f"quiet {word!r}": ("GLUE_ETL_VERBOSE", word, "verbose", False) for word in ("0", "false", "No", "off", "")},
}


@pytest.mark.parametrize(("name", "value", "field", "expected"), VARIABLES.values(), ids=VARIABLES.keys())
def test_a_variable(monkeypatch: pytest.MonkeyPatch, name: str, value: str, field: str, expected: object) -> None:
    monkeypatch.setenv(name, value)
    assert getattr(settings.load(), field) == expected


BAD = {
    "neither true nor false": ("GLUE_ETL_VERBOSE", "maybe"),
    "no master": ("GLUE_ETL_MASTER", "yarn"),
    "unclosed master": ("GLUE_ETL_MASTER", "local[2"),
    "no size": ("GLUE_ETL_DRIVER_MEMORY", "lots"),
    "a state that is a file": ("GLUE_ETL_STATE", __file__),
    "a state that is a URI": ("GLUE_ETL_STATE", "s3://bucket/state"),
}


@pytest.mark.parametrize(("name", "value"), BAD.values(), ids=BAD.keys())
def test_a_bad_value_is_named_with_its_variable(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        settings.load()
    assert f"{name}={value!r}" in str(caught.value)


def test_an_override_wins_and_none_is_no_override(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLUE_ETL_MASTER", "local[3]")
    assert settings.load(master="local[1]").master == "local[1]"
    assert settings.load(master=None).master == "local[3]"
    with pytest.raises(SettingsError, match="'colour' is not a setting"):
        settings.load(colour="red")
    with pytest.raises(SettingsError, match="master='mesos'"):
        settings.load(master="mesos")


def test_a_child_sees_the_same_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    parent = settings.load(state_dir=tmp_path, master="local[2]", verbose=True, region="eu-west-1", java_home="/j")
    monkeypatch.setenv("PYSPARK_SUBMIT_ARGS", "--conf a=b pyspark-shell")
    monkeypatch.setenv("PYSPARK_GATEWAY_PORT", "1")
    child = settings.child_environment(parent, {"EXTRA": "1"})
    assert "PYSPARK_SUBMIT_ARGS" not in child
    assert "PYSPARK_GATEWAY_PORT" not in child
    assert (child["EXTRA"], child["PATH"]) == ("1", os.environ["PATH"])
    for name in (*OURS, *OTHERS, "PATH"):
        monkeypatch.delenv(name, raising=False)
    for name, value in child.items():
        monkeypatch.setenv(name, value)
    assert settings.load() == parent


def test_another_spark_does_not_reach_a_child(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SPARK_HOME", str(tmp_path))
    assert settings.stray_spark_home() == str(tmp_path)
    assert "SPARK_HOME" not in settings.child_environment(settings.load())


def test_a_change_of_the_environment_is_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEPT", "before")
    monkeypatch.delenv("NEW", raising=False)
    with pytest.raises(KeyError), settings.environment({"KEPT": None, "NEW": "1"}):
        assert os.environ["NEW"] == "1"
        os.environ["KEPT"]
    assert os.environ["KEPT"] == "before"
    assert "NEW" not in os.environ


def test_the_catalog_is_chosen_by_name_and_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings.load().catalog is None
    assert "GLUE_ETL_CATALOG" not in settings.child_environment(settings.load())
    monkeypatch.setenv("GLUE_ETL_CATALOG", "aws")
    assert settings.load().catalog == "aws"
    assert settings.child_environment(settings.load(catalog="local"))["GLUE_ETL_CATALOG"] == "local"
    monkeypatch.setenv("GLUE_ETL_CATALOG", "AWS?")
    with pytest.raises(SettingsError, match="'AWS\\?' is no Data Catalog"):
        settings.load()
