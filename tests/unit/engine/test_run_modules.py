"""Modules that pip installs for a run; none of these needs a network."""

from __future__ import annotations

import sys
import threading
import types
import zipfile
from pathlib import Path

import pytest

from glue_etl.engine import run_modules
from glue_etl.errors import GlueEtlError, JobError

from .wheels import write_wheel


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    bucket = tmp_path / "s3" / "code"
    write_wheel(bucket, "boxed", "0.2")
    write_wheel(bucket, "needy", "1.0", requires="boxed>=0.2")
    write_wheel(bucket, "pyspark", "9.9")
    with zipfile.ZipFile(bucket / "all-1.0.gluewheels.zip", "w") as archive:
        for name in ("boxed-0.2", "needy-1.0"):
            archive.write(bucket / f"{name}-py3-none-any.whl", f"wheels/{name}-py3-none-any.whl")
        archive.writestr("wheels/requirements.txt", "needy\n")
    (bucket / "requirements.txt").write_text(f"-f {bucket}\nneedy==1.0\n")
    (bucket / "empty.gluewheels.zip").write_bytes(zipfile_of({}))
    (bucket / "broken.gluewheels.zip").write_text("no zip")
    return tmp_path / "s3"


def zipfile_of(files: dict[str, str]) -> bytes:
    import io

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def install(lake: Path, *entries: str, options: tuple[str, ...] = ("--no-index",)) -> list[str] | None:
    """Names of the packages that are on the module path then."""
    folder = run_modules.install(entries, options, lake=lake, folder=lake.parent / "modules")
    return None if folder is None else sorted(each.name for each in folder.iterdir() if "." not in each.name)


INSTALLED = {
    "a wheel in the lake": (["s3://code/boxed-0.2-py3-none-any.whl"], ("--no-index",), ["boxed"]),
    "a zip of wheels": (["s3://code/all-1.0.gluewheels.zip"], ("--no-index",), ["boxed", "needy"]),
    "a requirements file": (["s3://code/requirements.txt"], ("-r", "--no-index"), ["boxed", "needy"]),
    "without what is required": (["s3://code/needy-1.0-py3-none-any.whl"], ("--no-index", "--no-deps"), ["needy"]),
    "what is here already": (["pytest", "packaging>=20"], ("--no-index",), None),
    "nothing": ([], (), None),
}


@pytest.mark.parametrize(("entries", "options", "names"), INSTALLED.values(), ids=INSTALLED)
def test_what_is_installed(lake: Path, entries: list[str], options: tuple[str, ...], names: list[str] | None):
    assert install(lake, *entries, options=options) == names


def test_spark_may_have_imported_distutils_before(lake: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "distutils", types.ModuleType("distutils"))
    assert install(lake, "s3://code/boxed-0.2-py3-none-any.whl") == ["boxed"]


def test_a_list_is_installed_once_and_again_when_a_wheel_has_changed(lake: Path, monkeypatch: pytest.MonkeyPatch):
    wheel = "s3://code/boxed-0.2-py3-none-any.whl"
    assert install(lake, wheel) == ["boxed"]
    monkeypatch.setattr(run_modules, "_pip", lambda *words: pytest.fail("pip was called again"))
    assert install(lake, wheel) == ["boxed"]
    monkeypatch.undo()
    write_wheel(lake / "code", "boxed", "0.2", source="changed = True")
    assert install(lake, wheel) == ["boxed"]
    environments = [each for each in (lake.parent / "modules").iterdir() if each.is_dir()]
    assert sorted("changed" in (each / "site/boxed/__init__.py").read_text() for each in environments) == [False, True]


def test_two_runs_at_once_install_once(lake: Path, monkeypatch: pytest.MonkeyPatch):
    calls: list[tuple[str, ...]] = []
    pip = run_modules._pip
    monkeypatch.setattr(run_modules, "_pip", lambda *words: (calls.append(words), pip(*words)))
    found: list[list[str] | None] = []
    threads = [
        threading.Thread(target=lambda: found.append(install(lake, "s3://code/boxed-0.2-py3-none-any.whl")))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [["boxed"]] * 3
    assert len(calls) == 2


def test_an_installation_that_is_cut_short_leaves_nothing_that_is_used(lake: Path, monkeypatch: pytest.MonkeyPatch):
    wheel, pip = "s3://code/boxed-0.2-py3-none-any.whl", run_modules._pip

    def cut(*words: str) -> None:
        if "--target" in words:
            raise KeyboardInterrupt
        pip(*words)

    monkeypatch.setattr(run_modules, "_pip", cut)
    # What `kill -9` leaves: nobody tidies up.
    monkeypatch.setattr(run_modules.shutil, "rmtree", lambda *args, **kwargs: None)
    with pytest.raises(KeyboardInterrupt):
        install(lake, wheel)
    monkeypatch.undo()
    folder = lake.parent / "modules"
    assert [each.name[0] for each in folder.iterdir() if each.is_dir()] == ["."]
    assert install(lake, wheel) == ["boxed"]
    assert [each.name[:2] for each in folder.iterdir() if each.is_dir()] == ["py"]


REFUSED: dict[str, tuple[list[str], tuple[str, ...], str]] = {
    "Spark itself": (["s3://code/pyspark-9.9-py3-none-any.whl"], ("--no-index",), "pyspark 9.9 in the place of"),
    "a wheel that is not there": (["s3://code/gone.whl"], (), "'s3://code/gone.whl', which does not exist"),
    "a folder": (["s3://code/"], (), "names the folder"),
    "requirements without -r": (["s3://code/requirements.txt"], (), "--python-modules-installer-option -r"),
    "-r without requirements": (["boxed"], ("-r",), "there is none"),
    "an option among the names": (["boxed", "--pre"], (), "'--pre'"),
    "a bundle without wheels": (["s3://code/empty.gluewheels.zip"], (), "holds no wheel"),
    "a bundle that is no zip": (["s3://code/broken.gluewheels.zip"], (), "not a zip archive"),
}


@pytest.mark.parametrize(("entries", "options", "said"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(lake: Path, entries: list[str], options: tuple[str, ...], said: str):
    with pytest.raises(GlueEtlError) as raised:
        install(lake, *entries, options=options)
    assert said in str(raised.value)
    folder = lake.parent / "modules"
    assert [each.name for each in folder.glob("*") if each.is_dir()] == []


def test_pips_last_lines_are_told(lake: Path):
    with pytest.raises(JobError) as raised:
        install(lake, "no-such-package-at-all")
    assert "pip ended with exit code 1" in str(raised.value)
    assert "No matching distribution found for no-such-package-at-all" in str(raised.value)
