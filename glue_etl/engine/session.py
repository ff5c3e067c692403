"""The SparkSession of a run and of a test: every setting with its reason."""

from __future__ import annotations

import os
import shlex
import subprocess
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from glue_etl.engine.io import s3
from glue_etl.engine.io.compression import HADOOP_CODECS
from glue_etl.engine.io.jdbc_jars import drivers_on_disk
from glue_etl.engine.java import find_java
from glue_etl.settings import Settings, environment, stray_spark_home

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["create_session", "launch_environment", "spark_conf", "stop_session", "submit_arguments"]

# The same options reach the JVM through one key, so ours and the user's have to be joined, not replaced.
_JVM_OPTIONS = "spark.driver.extraJavaOptions"
_CLASS_PATHS = ("spark.driver.extraClassPath", "spark.executor.extraClassPath")


def spark_conf(
    settings: Settings,
    overrides: Mapping[str, str] | None = None,
    *,
    tuned_for_tests: bool = False,
    scratch: Path | None = None,
) -> dict[str, str]:
    """Every Spark setting of a session of this library.

    Args:
        settings: Master, folders and interpreter.
        overrides: The user's settings, which win; `spark.driver.extraJavaOptions` is put behind ours.
        tuned_for_tests: Small queries in a short life: one shuffle partition, a JVM that compiles little.
        scratch: The JVM's temporary folder, by default the machine's. What Spark spills is another matter:
            SPARK_LOCAL_DIRS.

    Returns:
        Key and value, for `SparkConf`, `--conf` or `submit_arguments`.
    """
    conf = {
        "spark.master": settings.master,
        # A laptop's name often resolves to an address that is gone after a change of network, and nothing outside
        # this machine should reach the driver.
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        # The web page costs start-up time and a port; `--conf spark.ui.enabled=true` brings it back.
        "spark.ui.enabled": "false",
        # The runner draws its own progress; Spark's bar would mix into the job's output.
        "spark.ui.showConsoleProgress": "false",
        # Glue's machines run in UTC.
        "spark.sql.session.timeZone": "UTC",
        # Hive's metastore costs seconds and leaves metastore_db and derby.log behind.
        "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.warehouse.dir": (settings.state_dir / "warehouse").as_uri(),
        # Workers must run the driver's interpreter; the default is whatever `python3` on PATH is.
        "spark.pyspark.python": settings.pyspark_python,
        "spark.pyspark.driver.python": settings.pyspark_python,
        # HotSpot compiles no method over 8,000 bytes; Spark's own limit lets wide projections be one that stays
        # interpreted, several times slower than the same work in smaller methods.
        "spark.sql.codegen.hugeMethodLimit": "8000",
        # Version 1 moves files only when the job commits: a killed job leaves nothing but `_temporary`. Spark's own
        # `_SUCCESS` stays on, as on AWS; only Glue's sinks write none.
        "spark.hadoop.mapreduce.fileoutputcommitter.algorithm.version": "1",
        _JVM_OPTIONS: _joined(_jvm_options(settings, tuned_for_tests, scratch)),
        "spark.driver.memory": settings.driver_memory or ("1g" if tuned_for_tests else _heap()),
        **s3.hadoop_conf(settings.lake_dir),
        # Hadoop's own zstd needs a native library.
        "spark.hadoop.io.compression.codecs": HADOOP_CODECS,
    }
    root = _source_root()
    if root is not None:
        # Executors start in a folder of their own and must import the engine for Map and Filter.
        conf["spark.executorEnv.PYTHONPATH"] = str(root)
    if settings.master.startswith("local"):
        # 200 tasks per shuffle are for clusters; adaptive execution merges what is still too many.
        conf["spark.sql.shuffle.partitions"] = "1" if tuned_for_tests else str(max(8, 2 * _cores(settings.master)))
    if tuned_for_tests:
        # createDataFrame of three rows as one task instead of one per core.
        conf["spark.default.parallelism"] = "1"
    for key, value in (overrides or {}).items():
        conf[key] = f"{conf[key]} {value}" if key == _JVM_OPTIONS else value
    if drivers := _drivers(settings, conf):
        for key in _CLASS_PATHS:
            # Behind what the user gave: a script's own spark.read.format("jdbc") finds drivers here, as on AWS.
            conf[key] = os.pathsep.join([*([conf[key]] if conf.get(key) else []), *drivers])
    return conf


def submit_arguments(conf: Mapping[str, str]) -> str:
    """The `PYSPARK_SUBMIT_ARGS` by which a script's own `SparkContext()` gets these settings.

    What the script sets in its `SparkConf` or builder wins, apart from what must be known when the JVM starts
    (memory, JVM options, class path).

    Args:
        conf: Such as from `spark_conf`.

    Returns:
        One line, quoted for the shell rules that pyspark reads it with.
    """
    words = [word for key, value in conf.items() for word in ("--conf", f"{key}={value}")]
    return shlex.join([*words, "pyspark-shell"])


def launch_environment(settings: Settings) -> dict[str, str]:
    """The variables Spark's launcher reads; for a child process put them into `settings.child_environment(extra)`.

    Raises:
        JavaNotFoundError: No usable Java.
    """
    return {
        "JAVA_HOME": str(find_java(settings).home),
        "PYSPARK_PYTHON": settings.pyspark_python,
        "PYSPARK_DRIVER_PYTHON": settings.pyspark_python,
        # Saves the look-up of the machine's name, and the warning when it is a loop-back address.
        "SPARK_LOCAL_IP": "127.0.0.1",
    }


def create_session(
    settings: Settings,
    app_name: str = "glue-etl",
    overrides: Mapping[str, str] | None = None,
    *,
    tuned_for_tests: bool = False,
) -> SparkSession:
    """Start Spark in this process.

    Args:
        settings: Where and with what.
        app_name: Shown in Spark's log and web page.
        overrides: Settings that win over ours.
        tuned_for_tests: See `spark_conf`.

    Returns:
        The session; end it with `stop_session`. If this process already has one, that one.

    Raises:
        JavaNotFoundError: No usable Java.
    """
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    settings.lake_dir.mkdir(parents=True, exist_ok=True)
    conf = spark_conf(settings, overrides, tuned_for_tests=tuned_for_tests)
    variables: dict[str, str | None] = {**launch_environment(settings), "PYSPARK_SUBMIT_ARGS": submit_arguments(conf)}
    if stray_spark_home():
        variables["SPARK_HOME"] = None
    with environment(variables), warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        # Here, not by the builder: a configuration object made after an earlier session would ask that one's JVM.
        SparkContext._ensure_initialized()
        builder = SparkSession.builder.appName(app_name)
        for key, value in conf.items():
            builder = builder.config(key, value)
        spark = builder.getOrCreate()
    if not settings.verbose:
        spark.sparkContext.setLogLevel("ERROR")
    return spark


def stop_session(spark: SparkSession) -> None:
    """Stop Spark and wait for its JVM to end, so that nothing of it is left when this returns."""
    from pyspark import SparkContext

    gateway = spark.sparkContext._gateway
    spark.stop()
    if gateway is None:
        return
    process: subprocess.Popen[bytes] | None = getattr(gateway, "proc", None)
    gateway.shutdown()
    # pyspark keeps the gateway on the class for the next context: that one has to start its own JVM.
    SparkContext._gateway = None
    if process is None:
        return
    if process.stdin is not None:
        # The JVM's only sign that its Python is gone.
        process.stdin.close()
    try:
        process.wait(timeout=30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _jvm_options(settings: Settings, tuned_for_tests: bool, scratch: Path | None) -> list[str]:
    # A script that asks for Hive support gets its Derby files below the state folder, not in the working directory.
    options = [f"-Dderby.system.home={settings.state_dir / 'derby'}", "-Duser.timezone=UTC"]
    if scratch is not None:
        # The native libraries of compression are unpacked there.
        options.append(f"-Djava.io.tmpdir={scratch}")
    if tuned_for_tests:
        # A test's code runs a few times only: the optimising compiler and a parallel collector cost more than they
        # give.
        options += ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto"]
    return options


def _drivers(settings: Settings, conf: Mapping[str, str]) -> list[str]:
    """JDBC drivers found on this machine, but for databases whose driver is among the user's JARs."""
    given = [*conf.get("spark.jars", "").split(","), *conf.get(_CLASS_PATHS[0], "").split(os.pathsep)]
    paths = [Path(unquote(each.strip().removeprefix("file://"))) for each in given if each.strip()]
    return [str(path) for path in drivers_on_disk(settings.jdbc_drivers, paths)]


def _joined(options: list[str]) -> str:
    # Spark splits this value like a shell does; a folder may have a space.
    return " ".join(_quoted(option) if " " in option else option for option in options)


def _quoted(option: str) -> str:
    escaped = option.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _cores(master: str) -> int:
    number = master.removeprefix("local").strip("[]").split(",")[0]
    return int(number) if number.isdigit() else (1 if master == "local" else os.cpu_count() or 1)


def _heap() -> str:
    # In local mode the driver is also the executor, and Spark's default of 1g is too small for a gigabyte of CSV;
    # a quarter of the machine leaves room for Python workers.
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return "2g"
    return f"{min(8192, max(1024, total // 4 // 2**20))}m"


def _source_root() -> Path | None:
    root = Path(__file__).resolve().parents[2]
    # Installed packages are found anyway, and putting site-packages first could hide the standard library.
    return None if root.name in ("site-packages", "dist-packages") else root
