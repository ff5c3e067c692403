"""The session's settings, alone and in a JVM of its own."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from glue_etl.engine import session
from glue_etl.engine.compat import SPARK_MAJOR, glue_version, try_cast
from glue_etl.settings import Settings, child_environment, load

ROOT = Path(__file__).parents[3]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load(state_dir=tmp_path / "a state", master="local[2]")


def test_the_settings_a_job_relies_on(settings: Settings) -> None:
    conf = session.spark_conf(settings)
    assert conf["spark.master"] == "local[2]"
    assert conf["spark.driver.host"] == conf["spark.driver.bindAddress"] == "127.0.0.1"
    assert conf["spark.ui.enabled"] == "false"
    assert conf["spark.sql.session.timeZone"] == "UTC"
    assert conf["spark.sql.catalogImplementation"] == "in-memory"
    assert conf["spark.sql.warehouse.dir"] == (settings.state_dir / "warehouse").as_uri()
    assert conf["spark.hadoop.mapreduce.fileoutputcommitter.algorithm.version"] == "1"
    assert conf["spark.sql.shuffle.partitions"] == "8"
    assert conf["spark.executorEnv.PYTHONPATH"] == str(ROOT)
    assert all(isinstance(value, str) for value in conf.values())


def test_a_long_job_gets_the_whole_compiler(settings: Settings) -> None:
    assert "TieredStopAtLevel" not in session.spark_conf(settings)["spark.driver.extraJavaOptions"]
    tuned = session.spark_conf(settings, tuned_for_tests=True)
    assert "-XX:TieredStopAtLevel=1" in tuned["spark.driver.extraJavaOptions"]
    assert tuned["spark.sql.shuffle.partitions"] == "1"


SHUFFLES = {
    "one core": ("local", "8"),
    "eight cores": ("local[8]", "16"),
    "with retries": ("local[6,2]", "12"),
    "a cluster keeps Spark's default": ("spark://127.0.0.1:7077", None),
}


@pytest.mark.parametrize(("master", "partitions"), SHUFFLES.values(), ids=SHUFFLES.keys())
def test_shuffle_partitions_follow_the_cores(tmp_path: Path, master: str, partitions: str | None) -> None:
    conf = session.spark_conf(load(state_dir=tmp_path, master=master))
    assert conf.get("spark.sql.shuffle.partitions") == partitions


def test_the_users_settings_win_and_jvm_options_are_joined(settings: Settings) -> None:
    mine = {"spark.ui.enabled": "true", "spark.driver.extraJavaOptions": "-Dmine=1", "spark.new": "x"}
    conf = session.spark_conf(settings, mine)
    assert (conf["spark.ui.enabled"], conf["spark.new"]) == ("true", "x")
    assert conf["spark.driver.extraJavaOptions"].endswith(" -Dmine=1")
    assert "-Duser.timezone=UTC" in conf["spark.driver.extraJavaOptions"]


def test_jdbc_drivers_are_on_the_class_path_behind_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("glue_etl.engine.io.jdbc_jars.DEBIAN", tmp_path / "none")
    jar, mine = tmp_path / "drivers" / "postgresql-42.jar", tmp_path / "mine.jar"
    jar.parent.mkdir()
    for path in (jar, mine):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("org/postgresql/Driver.class", b"")
    settings = load(state_dir=tmp_path, jdbc_drivers=jar.parent)
    keys = ("spark.driver.extraClassPath", "spark.executor.extraClassPath")
    conf = session.spark_conf(settings, {keys[0]: "/a.jar"})
    assert [conf[key] for key in keys] == [f"/a.jar{os.pathsep}{jar}", str(jar)]
    # A driver that comes with the job stands alone.
    assert not set(keys) & set(session.spark_conf(settings, {"spark.jars": mine.as_uri()}))
    assert not set(keys) & set(session.spark_conf(load(state_dir=tmp_path)))


def test_submit_arguments_are_quoted() -> None:
    conf = {"spark.a": "x y", "spark.b": 'say "no"', "spark.c": "it's", "spark.d": "$HOME", "spark.e": ""}
    words = shlex.split(session.submit_arguments(conf))
    assert words[-1] == "pyspark-shell"
    assert dict(word.split("=", 1) for word in words[1:-1:2]) == conf
    assert set(words[:-1:2]) == {"--conf"}


def test_the_test_session_has_the_settings(spark: SparkSession, glue_settings: Settings) -> None:
    assert spark.conf.get("spark.sql.session.timeZone") == "UTC"
    assert spark.sparkContext.master == "local[2]"
    warehouse = spark.conf.get("spark.sql.warehouse.dir") or ""
    assert warehouse.removeprefix("file:").lstrip("/") == str(glue_settings.state_dir / "warehouse").lstrip("/")
    assert spark.conf.get("spark.sql.shuffle.partitions") == "1"


SCRIPT = """
import json, sys, time
from pyspark import SparkConf, SparkContext
from pyspark.sql import SparkSession
sc = SparkContext(conf=SparkConf().set("spark.sql.shuffle.partitions", "3").setAppName("mine"))
spark = SparkSession(sc)
udf = sc.parallelize([0], 1).map(lambda _: __import__("sys").executable).collect()[0]
spark.range(3).write.csv("s3://out/made")
print(json.dumps({
    "app": sc.appName, "master": sc.master, "worker": udf,
    "partitions": spark.conf.get("spark.sql.shuffle.partitions"), "zone": spark.conf.get("spark.sql.session.timeZone"),
    "derby": sc._jvm.java.lang.System.getProperty("derby.system.home"),
    "jvm_zone": sc._jvm.java.util.TimeZone.getDefault().getID(),
}))
"""


@pytest.mark.slow
def test_a_script_that_makes_its_own_context_gets_the_settings_and_its_own_win(
    settings: Settings, tmp_path: Path
) -> None:
    (settings.lake_dir / "out").mkdir(parents=True)
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    arguments = session.submit_arguments(session.spark_conf(settings, tuned_for_tests=True))
    launch = session.launch_environment(settings) | {"PYSPARK_SUBMIT_ARGS": arguments}
    done = subprocess.run(
        [sys.executable, str(script)],
        env=child_environment(settings, launch),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "app": "mine",
        "master": "local[2]",
        "worker": sys.executable,
        "partitions": "3",
        "zone": "UTC",
        "derby": str(settings.state_dir / "derby"),
        "jvm_zone": "UTC",
    }
    assert (settings.lake_dir / "out" / "made" / "_SUCCESS").is_file()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a state", "script.py"]


TWICE = """
import os, sys
from glue_etl.engine.session import create_session, stop_session
from glue_etl.settings import load
before = dict(os.environ)
for round in range(2):
    spark = create_session(load(master="local[1]"), tuned_for_tests=True)
    process = spark.sparkContext._gateway.proc
    print(spark.range(4 + round).count())
    stop_session(spark)
    assert process.poll() is not None
assert dict(os.environ) == before
"""


@pytest.mark.slow
def test_a_stopped_session_leaves_no_jvm_and_the_process_can_start_another(settings: Settings) -> None:
    environment = child_environment(settings) | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    done = subprocess.run([sys.executable, "-c", TWICE], env=environment, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["4", "5"]


CASTS = {
    "int": ("int", ["1", "x", None, " 7 ", "1e3"], [1, None, None, 7, None]),
    "decimal": ("decimal(5,2)", ["1.239", "99999", "x"], [1.24, None, None]),
    "date": ("date", ["2020-02-29", "2021-02-29", ""], ["2020-02-29", None, None]),
    "boolean": ("boolean", ["true", "no", "maybe"], [True, False, None]),
}


@pytest.mark.parametrize("ansi", ["true", "false"])
@pytest.mark.parametrize(("kind", "values", "expected"), CASTS.values(), ids=CASTS.keys())
def test_try_cast_gives_null_whatever_ansi_says(
    spark: SparkSession, ansi: str, kind: str, values: list[str | None], expected: list[object]
) -> None:
    before = spark.conf.get("spark.sql.ansi.enabled")
    frame = spark.createDataFrame([(value,) for value in values], "`a b` string")
    spark.conf.set("spark.sql.ansi.enabled", ansi)
    try:
        found = [row[0] for row in frame.select(try_cast(frame["a b"], kind)).collect()]
    finally:
        spark.conf.set("spark.sql.ansi.enabled", before or "false")
    plain = {"date": str, "decimal(5,2)": float}.get(kind, lambda value: value)
    assert [None if value is None else plain(value) for value in found] == expected


def test_try_cast_takes_a_type_that_sql_cannot_spell(spark: SparkSession) -> None:
    frame = spark.sql("SELECT named_struct('a b', '1', 'c', 'x') AS s")
    wanted = spark.createDataFrame([], "s struct<`a b`: int, c: int>").schema["s"].dataType
    assert [row[0].asDict() for row in frame.select(try_cast(frame["s"], wanted)).collect()] == [{"a b": 1, "c": None}]


def test_the_interpreter_selects_the_glue_version() -> None:
    assert {"5.1": 3, "6.0": 4}[glue_version()] == SPARK_MAJOR
