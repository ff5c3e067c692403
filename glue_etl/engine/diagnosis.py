"""What this machine brings for running Glue jobs, and how to mend what is wrong. Starts no Spark unless asked."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from glue_etl.engine import compat, java
from glue_etl.engine.catalog.browse import tables
from glue_etl.engine.catalog.clients import Clients
from glue_etl.engine.io.jdbc_jars import drivers_on_disk
from glue_etl.engine.io.lake import Lake
from glue_etl.errors import JavaNotFoundError, StateError
from glue_etl.settings import Settings, stray_spark_home

__all__ = ["Finding", "examine", "try_spark"]

# What AWS runs on each Python: https://docs.aws.amazon.com/glue/latest/dg/release-notes.html
_EXPECTED = {"3.11": ("3.5", "5.1.0"), "3.13": ("4.1", "6.0.0")}
_INSTALL = "pip install 'glue-etl[local]'"
_LEAST_MEMORY_MIB = 2048
_LEAST_DISK_MIB = 1024
_SPARK_UI_PORT = 4040


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report.

    Attributes:
        name: What was looked at.
        value: What was found.
        ok: Whether jobs can run with it.
        hint: How to mend it, or what to know; empty if there is nothing to say.
    """

    name: str
    value: str
    ok: bool = True
    hint: str = ""


def examine(settings: Settings) -> list[Finding]:
    """Look at everything a job needs.

    Args:
        settings: The settings that a run would have.
    """
    checks: list[Callable[[Settings], Iterator[Finding]]] = [
        _python,
        _packages,
        _java,
        _launcher,
        _state,
        _lake,
        _catalog,
        _drivers,
        _network,
        _machine,
    ]
    return [finding for check in checks for finding in check(settings)]


def try_spark(settings: Settings) -> Finding:
    """Start Spark on a lake of its own, write and read a few rows through s3://, and stop it again."""
    from glue_etl.engine.io.s3 import register_bucket
    from glue_etl.engine.session import create_session, stop_session

    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="glue-etl-doctor-", ignore_cleanup_errors=True) as folder:
        state = Path(folder)
        trial = Settings(
            state_dir=state,
            cache_dir=settings.cache_dir,
            java_home=settings.java_home,
            search_path=settings.search_path,
            pyspark_python=settings.pyspark_python,
            master=settings.master,
        )
        try:
            spark = create_session(trial, "glue-etl doctor", tuned_for_tests=True)
        # Whatever goes wrong here is the finding.
        except Exception as error:
            return _failed(error)
        try:
            register_bucket(spark, trial.lake_dir, "doctor")
            spark.range(10).write.parquet("s3://doctor/rows")
            count = spark.read.parquet("s3://doctor/rows").count()
            workers = spark.sparkContext.parallelize([1], 1).map(lambda each: each + 1).collect()
        # A Java exception's text must be read while its JVM is alive.
        except Exception as error:
            return _failed(error)
        finally:
            stop_session(spark)
    seconds = time.monotonic() - begin
    if (count, workers) != (10, [2]):
        return Finding("Spark session", f"wrote 10 rows through s3:// and read {count}", False, "please report this")
    return Finding("Spark session", f"10 rows through s3:// and a Python worker in {seconds:.1f} s")


def _failed(error: Exception) -> Finding:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    # Py4J's first line says only that Java raised something.
    told = lines[1].lstrip(": ") if lines[0].startswith("An error occurred while calling") and lines[1:] else lines[0]
    return Finding("Spark session", f"failed: {told[:300]}", False, "mend what is marked above first")


def _python(settings: Settings) -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    short = ".".join(map(str, sys.version_info[:2]))
    known = short in _EXPECTED
    hint = "" if known else "use Python 3.11 (Glue 5.1) or 3.13 (Glue 6.0)"
    yield Finding("Python", f"{version} ({sys.executable})", known, hint)
    if known:
        yield Finding("Glue version", f"{compat.glue_version()} (chosen by Python {short})")
    worker = settings.pyspark_python
    if Path(worker) == Path(sys.executable):
        return
    found = _version_of(worker, settings)
    same = found == short
    value = f"{worker} (Python {found})" if found else f"{worker} (does not run)"
    yield Finding("Python workers", value, same, "" if same else f"unset PYSPARK_PYTHON, or set it to a Python {short}")


def _version_of(interpreter: str, settings: Settings) -> str | None:
    path = shutil.which(interpreter, path=settings.search_path)
    if path is None:
        return None
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run([path, "-c", code], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None if done.returncode == 0 else None


def _packages(settings: Settings) -> Iterator[Finding]:
    spark, glue = _EXPECTED.get(".".join(map(str, sys.version_info[:2])), ("", ""))
    found = compat.SPARK_VERSION
    if found == "0":
        yield Finding("Spark", "pyspark is not installed", False, _INSTALL)
    else:
        fits = not spark or found.startswith(f"{spark}.")
        yield Finding("Spark", f"pyspark {found}", fits, "" if fits else f"{_INSTALL} brings pyspark {spark}")
    awsglue = _installed("AWSGlueDataplanePython")
    fits = awsglue is not None and (not glue or awsglue == glue)
    value = f"AWSGlueDataplanePython {awsglue}" if awsglue else "AWSGlueDataplanePython is not installed"
    yield Finding("awsglue", value, fits, "" if fits else f"{_INSTALL} brings {glue or 'it'}")
    for name, too_new, why in (("pandas", 3, "pandas 3 turns None into 'nan'"), ("pyarrow", None, "")):
        version = _installed(name)
        if version is None:
            yield Finding(name, "not installed", False, _INSTALL)
        else:
            fits = too_new is None or int(version.split(".")[0]) < too_new
            yield Finding(name, version, fits, "" if fits else f"{_INSTALL}: {why}")
    if home := stray_spark_home():
        yield Finding("SPARK_HOME", f"{home} (ignored)", hint="the pip package's own Spark is used")


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _java(settings: Settings) -> Iterator[Finding]:
    try:
        chosen = java.find_java(settings)
    except JavaNotFoundError as error:
        yield Finding("Java", error.fact, False, error.hint or "")
        chosen = None
    if chosen:
        yield Finding("Java", f"{chosen.version} from {chosen.source} ({chosen.home})")
    for each in java.candidates(settings):
        if not each.accepted:
            hint = f"Spark {compat.SPARK_VERSION} needs {java.accepted_versions()}"
            yield Finding("Java, passed over", f"{each.version} from {each.source} ({each.home})", hint=hint)
    if settings.java_home and not any(each.source == "JAVA_HOME" for each in java.candidates(settings)):
        yield Finding("JAVA_HOME", f"{settings.java_home} (ignored)", hint="it has no bin/java that runs")


def _launcher(settings: Settings) -> Iterator[Finding]:
    bash = shutil.which("bash", path=settings.search_path)
    hint = "" if bash else "Spark's launcher is a bash script: install bash"
    yield Finding("bash", bash or "not found on PATH", bash is not None, hint)


def _state(settings: Settings) -> Iterator[Finding]:
    for name, folder, variable in (
        ("State folder", settings.state_dir, "GLUE_ETL_STATE"),
        ("Cache folder", settings.cache_dir, "GLUE_ETL_CACHE"),
    ):
        there = "" if folder.is_dir() else " (made when needed)"
        writable = _writable(folder)
        hint = "" if writable else f"give yourself the right to write there, or set {variable} to another folder"
        yield Finding(name, f"{folder}{there}" if writable else f"{folder} cannot be written", writable, hint)
    nearest = _nearest(settings.state_dir)
    free = shutil.disk_usage(nearest).free // 2**20
    yield Finding("Free disk", f"{free} MiB", free >= _LEAST_DISK_MIB, _more(free, _LEAST_DISK_MIB, "of disk"))


def _nearest(folder: Path) -> Path:
    return next((path for path in (folder, *folder.parents) if path.exists()), Path("/"))


def _writable(folder: Path) -> bool:
    # Permission bits are not the whole truth (read-only mounts, quotas), so a file is really made.
    try:
        with tempfile.TemporaryFile(dir=_nearest(folder)):
            return True
    except OSError:
        return False


def _lake(settings: Settings) -> Iterator[Finding]:
    lake = Lake(settings.lake_dir)
    buckets = lake.buckets()
    hint = "" if buckets else f"a bucket is a folder: mkdir -p {settings.lake_dir}/my-bucket"
    yield Finding("Buckets", ", ".join(f"s3://{name}" for name in buckets) or "none yet", hint=hint)
    for name in buckets:
        if links := lake.outward_links(name):
            shown = ", ".join(links[:3]) + (" ..." if len(links) > 3 else "")
            value = f"{len(links)} in s3://{name}: {shown}"
            yield Finding("Links out of the lake", value, hint="they are refused: copy what they point to")


def _catalog(settings: Settings) -> Iterator[Finding]:
    name = "Data Catalog"
    if not Clients(settings).local:
        yield Finding(name, settings.endpoint_url or f"AWS, {settings.region}")
        return
    try:
        found = [f"{each['DatabaseName']}.{each['Name']}" for each in tables(settings)]
    except StateError as error:
        yield Finding(name, error.fact, False, error.hint or "")
        return
    shown = ", ".join([*found[:5], *(["..."] if len(found) > 5 else [])])
    yield Finding(name, f"local, {len(found)} tables: {shown}" if found else "local, no tables yet")


def _drivers(settings: Settings) -> Iterator[Finding]:
    found = drivers_on_disk(settings.jdbc_drivers)
    hint = "" if found else "only for jobs over databases: docs/jdbc.md says where drivers are looked for"
    yield Finding("JDBC drivers", ", ".join(map(str, found)) or "none", hint=hint)


def _network(settings: Settings) -> Iterator[Finding]:
    port = _free_port(0)
    hint = "" if port else "Spark talks to Python on 127.0.0.1: allow it in the firewall or sandbox"
    yield Finding(
        "Loopback", f"127.0.0.1, port {port} free" if port else "no port on 127.0.0.1", port is not None, hint
    )
    if _free_port(_SPARK_UI_PORT) is None:
        yield Finding(f"Port {_SPARK_UI_PORT}", "in use", hint="Spark's web page, if switched on, takes the next one")
    else:
        yield Finding(f"Port {_SPARK_UI_PORT}", "free for Spark's web page")


def _free_port(port: int) -> int | None:
    with socket.socket() as one:
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            return None
        return int(one.getsockname()[1])


def _machine(settings: Settings) -> Iterator[Finding]:
    yield Finding("Cores", f"{os.cpu_count()}, master {settings.master}")
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    except (AttributeError, OSError, ValueError):
        return
    fits = memory >= _LEAST_MEMORY_MIB
    yield Finding("Memory", f"{memory} MiB", fits, _more(memory, _LEAST_MEMORY_MIB, "of memory"))


def _more(found: int, least: int, what: str) -> str:
    return "" if found >= least else f"jobs need about {least} MiB {what}"
