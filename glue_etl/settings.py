"""What the user's environment says: the only module of this library that reads it.

Every other room gets a `Settings` object, so a test or a server can run several states in one process.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from importlib import util
from pathlib import Path
from typing import Any

from glue_etl.errors import SettingsError

__all__ = ["Settings", "child_environment", "environment", "load", "stray_spark_home", "variable"]

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off", ""})
# Variables of a session of ours or of Spark's launcher that must not leak into a child which gets its own.
_DROPPED = ("PYSPARK_GATEWAY_PORT", "PYSPARK_GATEWAY_SECRET", "PYSPARK_SUBMIT_ARGS", "SPARK_ENV_LOADED")


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything the engine takes from its surroundings.

    Attributes:
        state_dir: Folder of the lake, the logs and all state; made absolute (`GLUE_ETL_STATE`, default `.glue`).
        cache_dir: Per-user folder for what can be made again at any time (`GLUE_ETL_CACHE`, else the platform's cache).
        java_home: The value of `JAVA_HOME`, not checked; `engine.java.find_java` decides.
        search_path: The value of `PATH`.
        pyspark_python: Interpreter of Spark's Python workers (`PYSPARK_PYTHON`, default the running one).
        master: Spark master URL (`GLUE_ETL_MASTER`, default `local[*]`).
        driver_memory: Heap of the driver, such as `2g` (`GLUE_ETL_DRIVER_MEMORY`; None: the session's own rule).
        verbose: Show Java stacks and Spark's own log (`GLUE_ETL_VERBOSE`).
        region: AWS region (`AWS_REGION`, then `AWS_DEFAULT_REGION`, default `us-east-1`).
        endpoint_url: Endpoint of the AWS APIs, if not AWS itself (`AWS_ENDPOINT_URL`).
        catalog: `local` or `aws`: whose Data Catalog and secrets scripts see (`GLUE_ETL_CATALOG`; None: the endpoint's
            if there is one, else the local ones).
        jdbc_drivers: Folder of JDBC drivers' JARs (`GLUE_ETL_JDBC_DRIVERS`).
        sql_catalog: Whether Spark SQL finds and keeps its tables in the Data Catalog, as `--enable-glue-datacatalog`
            asks for (`GLUE_ETL_SQL_CATALOG`).
    """

    state_dir: Path
    cache_dir: Path = field(default_factory=lambda: _cache_dir(os.environ))
    java_home: str | None = None
    search_path: str = ""
    pyspark_python: str = sys.executable
    master: str = "local[*]"
    driver_memory: str | None = None
    verbose: bool = False
    region: str = "us-east-1"
    endpoint_url: str | None = None
    catalog: str | None = None
    jdbc_drivers: Path | None = None
    sql_catalog: bool = False

    def __post_init__(self) -> None:
        """Make the folders absolute: the working directory may change later."""
        object.__setattr__(self, "state_dir", Path(self.state_dir).expanduser().absolute())
        object.__setattr__(self, "cache_dir", Path(self.cache_dir).expanduser().absolute())

    @property
    def lake_dir(self) -> Path:
        """Folder whose sub-folders are the local S3 buckets."""
        return self.state_dir / "s3"

    @property
    def logs_dir(self) -> Path:
        """Folder of the runs' logs, `<job>/<run>/` below it."""
        return self.state_dir / "logs"


def load(**overrides: Any) -> Settings:
    """Read the environment.

    Args:
        **overrides: Fields of `Settings` that win over the environment; None means "not given".

    Returns:
        The settings, folders absolute. No folder is made.

    Raises:
        SettingsError: A variable has an unusable value, or an override names no setting.
    """
    names = [f.name for f in fields(Settings)]
    for name in overrides:
        if name not in names:
            raise SettingsError(f"{name!r} is not a setting.", available=names)
    env = os.environ
    values: dict[str, Any] = {
        "state_dir": _path("GLUE_ETL_STATE", env.get("GLUE_ETL_STATE") or ".glue"),
        "cache_dir": _cache_dir(env),
        "java_home": env.get("JAVA_HOME") or None,
        "search_path": env.get("PATH", os.defpath),
        "pyspark_python": env.get("PYSPARK_PYTHON") or sys.executable,
        "master": _master("GLUE_ETL_MASTER", env.get("GLUE_ETL_MASTER") or "local[*]"),
        "driver_memory": _memory("GLUE_ETL_DRIVER_MEMORY", env.get("GLUE_ETL_DRIVER_MEMORY") or None),
        "verbose": _boolean("GLUE_ETL_VERBOSE", env.get("GLUE_ETL_VERBOSE", "")),
        "region": env.get("AWS_REGION") or env.get("AWS_DEFAULT_REGION") or "us-east-1",
        "endpoint_url": env.get("AWS_ENDPOINT_URL") or None,
        "catalog": _catalog(env.get("GLUE_ETL_CATALOG") or None),
        "jdbc_drivers": _folder("GLUE_ETL_JDBC_DRIVERS", env.get("GLUE_ETL_JDBC_DRIVERS")),
        "sql_catalog": _boolean("GLUE_ETL_SQL_CATALOG", env.get("GLUE_ETL_SQL_CATALOG", "")),
    }
    values.update({name: value for name, value in overrides.items() if value is not None})
    _master("master", str(values["master"]))
    _path("state_dir", str(values["state_dir"]))
    _catalog(values["catalog"])
    return Settings(**values)


def child_environment(settings: Settings, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a process that runs a script or Spark with these settings.

    What the caller's own Spark left behind is dropped, and a `SPARK_HOME` as `stray_spark_home` says.

    Args:
        settings: The settings the child shall see.
        extra: Variables that win over everything else.

    Returns:
        A new mapping; this process's environment stays as it is.
    """
    result = {name: value for name, value in os.environ.items() if name not in _DROPPED}
    if stray_spark_home():
        del result["SPARK_HOME"]
    result.update(
        GLUE_ETL_STATE=str(settings.state_dir),
        GLUE_ETL_CACHE=str(settings.cache_dir),
        GLUE_ETL_MASTER=settings.master,
        GLUE_ETL_VERBOSE="1" if settings.verbose else "0",
        GLUE_ETL_SQL_CATALOG="1" if settings.sql_catalog else "0",
        PYSPARK_PYTHON=settings.pyspark_python,
        PYSPARK_DRIVER_PYTHON=settings.pyspark_python,
        SPARK_LOCAL_IP="127.0.0.1",
        AWS_REGION=settings.region,
        AWS_DEFAULT_REGION=settings.region,
    )
    optional = {
        "JAVA_HOME": settings.java_home,
        "GLUE_ETL_DRIVER_MEMORY": settings.driver_memory,
        "AWS_ENDPOINT_URL": settings.endpoint_url,
        "GLUE_ETL_CATALOG": settings.catalog,
        "GLUE_ETL_JDBC_DRIVERS": str(settings.jdbc_drivers) if settings.jdbc_drivers else None,
    }
    result.update({name: value for name, value in optional.items() if value})
    result.update(extra or {})
    return result


def stray_spark_home() -> str | None:
    """A `SPARK_HOME` that would put another Spark in the place of the one pip installed for this interpreter.

    Where pyspark is not from pip (the Glue container) `SPARK_HOME` is what finds its JARs, and stays.
    """
    home = os.environ.get("SPARK_HOME")
    spec = util.find_spec("pyspark") if home else None
    if not home or spec is None or not spec.submodule_search_locations:
        return None
    package = Path(next(iter(spec.submodule_search_locations)))
    return home if (package / "jars").is_dir() and package != Path(home) else None


def variable(name: str) -> str | None:
    """A variable of the user's own that a command line names, such as the one with a password."""
    return os.environ.get(name)


@contextmanager
def environment(changes: Mapping[str, str | None]) -> Iterator[None]:
    """Set (or with None remove) variables of this process for the time of a block."""
    before = {name: os.environ.get(name) for name in changes}
    _apply(changes)
    try:
        yield
    finally:
        _apply(before)


def _apply(changes: Mapping[str, str | None]) -> None:
    for name, value in changes.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def _boolean(name: str, value: str) -> bool:
    word = value.strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise SettingsError(f"{name}={value!r} is neither true nor false.", available=sorted((_TRUE | _FALSE) - {""}))


def _path(name: str, value: str) -> Path:
    if "\0" in value or "://" in value:
        raise SettingsError(f"{name}={value!r} is not a folder of this machine.", hint="give a plain path")
    path = Path(value).expanduser()
    if path.exists() and not path.is_dir():
        raise SettingsError(f"{name}={value!r} is a file, not a folder.", hint="choose another folder")
    return path


def _folder(name: str, value: str | None) -> Path | None:
    return _path(name, value).absolute() if value else None


def _master(name: str, value: str) -> str:
    if value == "local" or (value.startswith("local[") and value.endswith("]")) or value.startswith("spark://"):
        return value
    raise SettingsError(
        f"{name}={value!r} is not a Spark master this library can run on.",
        available=["local", "local[N]", "local[*]", "spark://HOST:PORT"],
    )


def _catalog(value: str | None) -> str | None:
    if value in (None, "aws", "local"):
        return value
    raise SettingsError(f"GLUE_ETL_CATALOG={value!r} is no Data Catalog.", available=["local", "aws"])


def _memory(name: str, value: str | None) -> str | None:
    if value is None or (value[:-1].isdigit() and value[-1].lower() in "kmgt"):
        return value
    raise SettingsError(f"{name}={value!r} is not a memory size.", hint="write it like 512m or 4g")


def _cache_dir(env: Mapping[str, str]) -> Path:
    if given := env.get("GLUE_ETL_CACHE"):
        return Path(given)
    if base := env.get("XDG_CACHE_HOME"):
        return Path(base) / "glue-etl"
    return Path("~/.cache/glue-etl").expanduser()
