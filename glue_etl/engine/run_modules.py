"""`--additional-python-modules`: installed by pip once, into a folder that later runs with the same list use again.

What a list resolves to is asked of pip first, against what is installed here: only what is missing or of another
version is installed, and nothing that the engine stands on is replaced. Source:
https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-python-libraries.html
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib import metadata
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

from glue_etl.engine import run_files
from glue_etl.engine.io.lake import is_s3
from glue_etl.engine.run_arguments import mask
from glue_etl.errors import GlueEtlError, JobError, OptionError, UnsupportedError

__all__ = ["install"]

_BUNDLE = ".gluewheels.zip"
_REQUIREMENTS = ("-r", "--requirement")
# Another version of these would not run the script on the Glue version this interpreter stands for.
_PROTECTED = ("awsgluedataplanepython", "awsglue", "glue-etl", "py4j", "pyspark", "pyspark-client")
# Lines of a requirements file that bring packages or other files.
_INCLUDES = ("-r", "--requirement", "-e", "--editable", "-c", "--constraint")
_TOLD_LINES = 8


def install(
    entries: Sequence[str],
    options: Sequence[str],
    *,
    lake: Path,
    folder: Path,
    tell: Callable[[str], None] = lambda line: None,
) -> Path | None:
    """Install the modules of a run, or find them installed.

    Args:
        entries: Packages such as `name==version`, and plain or `s3://` paths of wheels, source archives,
            `.gluewheels.zip` bundles or, with `-r` among the options, requirements files.
        options: Options for pip.
        lake: Folder of the buckets.
        folder: Folder of all such environments; made if it is not there.
        tell: Gets a line before pip starts, which may take a while.

    Returns:
        The folder to put on the module path; None if everything is installed here already.

    Raises:
        JobError: pip failed; its last lines are told.
        UnsupportedError: The modules would replace Spark or awsglue.
        OptionError: The entries and options contradict each other.
        PathNotFoundError: A path does not exist.
    """
    if not entries:
        return None
    # PathFinder, for util.find_spec asks setuptools' import hook, which warns once Spark has imported distutils.
    if PathFinder.find_spec("pip") is None:
        raise JobError("--additional-python-modules needs pip.", hint="run `python -m ensurepip` for this interpreter")
    files = {entry: path for entry in entries if (path := _file_of(entry, lake)) is not None}
    _check(entries, options, files)
    folder.mkdir(parents=True, exist_ok=True)
    key = _key(entries, options, files)
    home = folder / key
    with _locked(folder / f"{key}.lock"):
        if not home.is_dir():
            for left in folder.glob(f".{key}-*"):
                # Of an installation that was killed.
                shutil.rmtree(left)
            tell(f"installing additional Python modules: {', '.join(mask(entries))}")
            made = Path(tempfile.mkdtemp(prefix=f".{key}-", dir=folder))
            try:
                targets = _targets(entries, files, made / "wheels")
                plain = [word for word in options if word not in _REQUIREMENTS]
                _install(targets, plain, _places(files.values()), made / "site")
                shutil.rmtree(made / "wheels", ignore_errors=True)
                made.chmod(0o755)
                made.rename(home)
            finally:
                shutil.rmtree(made, ignore_errors=True)
    return home / "site" if (home / "site").is_dir() else None


def _file_of(entry: str, lake: Path) -> Path | None:
    if not is_s3(entry) and not entry.endswith((".whl", ".tar.gz", ".zip", ".txt")):
        return None
    (path,) = run_files.find("additional-python-modules", [entry], lake)
    if not path.is_file():
        raise OptionError(f"--additional-python-modules names the folder {entry!r}.", hint="name each wheel")
    return path


def _check(entries: Sequence[str], options: Sequence[str], files: dict[str, Path]) -> None:
    lists = [entry for entry in entries if entry in files and files[entry].suffix == ".txt"]
    asked = [word for word in options if word in _REQUIREMENTS]
    if lists and not asked:
        raise OptionError(
            f"--additional-python-modules names the requirements file {lists[0]!r}.",
            hint="pass --python-modules-installer-option -r too, as on AWS Glue",
        )
    if asked and not lists:
        raise OptionError(
            f"--python-modules-installer-option {asked[0]!r} goes with a requirements file, and there is none.",
            hint="name it with --additional-python-modules s3://BUCKET/requirements.txt",
        )
    if dashed := [entry for entry in entries if entry.startswith("-")]:
        raise OptionError(
            f"--additional-python-modules has {dashed[0]!r}.",
            hint="options for pip belong into --python-modules-installer-option",
        )


def _key(entries: Sequence[str], options: Sequence[str], files: dict[str, Path]) -> str:
    """Changes with the list, the content of its files, the interpreter, and what is installed beside glue-etl."""
    content = {entry: hashlib.sha256(path.read_bytes()).hexdigest() for entry, path in files.items()}
    python = [sys.implementation.cache_tag, sysconfig.get_platform()]
    told = json.dumps([list(entries), list(options), content, python, _installed()])
    return f"py{sys.version_info.major}{sys.version_info.minor}-{hashlib.sha256(told.encode()).hexdigest()[:20]}"


def _installed() -> list[str]:
    found = ((each.name, each.version) for each in metadata.distributions())
    return sorted({f"{name}=={version}" for name, version in found})


def _targets(entries: Sequence[str], files: dict[str, Path], wheels: Path) -> list[str]:
    """The words that tell pip what to install."""
    words: list[str] = []
    for entry in entries:
        path = files.get(entry)
        if path is None:
            words.append(entry)
        elif path.suffix == ".txt":
            words += ["-r", str(path)]
        elif path.name.endswith(_BUNDLE):
            words += _unpacked(path, wheels)
        else:
            words.append(str(path))
    return words


def _unpacked(bundle: Path, folder: Path) -> list[str]:
    """A zip of wheels: each of them is installed, and pip finds what they need among them."""
    folder.mkdir(exist_ok=True)
    try:
        with zipfile.ZipFile(bundle) as archive:
            names = [name for name in archive.namelist() if name.endswith(".whl")]
            for name in names:
                (folder / Path(name).name).write_bytes(archive.read(name))
    except zipfile.BadZipFile:
        raise OptionError(f"--additional-python-modules names {bundle.name!r}, which is not a zip archive.") from None
    if not names:
        raise OptionError(f"--additional-python-modules names {bundle.name!r}, which holds no wheel.")
    return ["-f", str(folder), *(str(folder / Path(name).name) for name in names)]


def _install(targets: Sequence[str], options: Sequence[str], pinned: Iterable[str], site: Path) -> None:
    report = site.parent / "report.json"
    # Without a target folder pip looks at what is installed here, and reports only what has to be added.
    _pip(*options, "--dry-run", "--report", str(report), *targets)
    wanted: list[dict[str, Any]] = json.loads(report.read_text(encoding="utf-8"))["install"]
    for each in wanted:
        name, version = each["metadata"]["name"], each["metadata"]["version"]
        if re.sub(r"[-_.]+", "-", name).lower() in _PROTECTED:
            raise UnsupportedError(
                f"--additional-python-modules would put {name} {version} in the place of the one the engine runs on.",
                hint="leave it out of the list, or pass --python-modules-installer-option --no-deps",
            )
    if not wanted:
        return
    # What was resolved, and no more: with a target folder pip would install all that is here a second time.
    pins = site.parent / "pins.txt"
    pins.write_text("\n".join([*pinned, *(_exactly(each) for each in wanted), ""]), encoding="utf-8")
    _pip(*options, "--no-deps", "--target", str(site), "-r", str(pins))


def _exactly(each: dict[str, Any]) -> str:
    name, version = each["metadata"]["name"], each["metadata"]["version"]
    return f"{name} @ {each['download_info']['url']}" if each.get("is_direct") else f"{name}=={version}"


def _places(files: Iterable[Path]) -> Iterator[str]:
    """The lines of requirements files that are options, such as where packages are looked for."""
    for file in files:
        if file.suffix == ".txt":
            lines = (line.strip() for line in file.read_text(encoding="utf-8", errors="replace").splitlines())
            yield from (line for line in lines if line.startswith("-") and not line.startswith(_INCLUDES))


def _pip(*words: str) -> None:
    command = [sys.executable, "-m", "pip", "install", "--no-input", "--disable-pip-version-check", *words]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        lines = [line for line in done.stdout.decode(errors="replace").splitlines() if line.strip()]
        told = "\n".join(mask(lines[-_TOLD_LINES:]))
        raise JobError(
            "--additional-python-modules could not be installed: "
            f"pip ended with exit code {done.returncode}.\n{told}\n",
            hint="check names, versions and the network; a wheel in the lake needs none",
        )


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Let one process at a time install a list; the lock falls with the process."""
    try:
        file = path.open("wb")
    except OSError as error:
        raise GlueEtlError(f"The folder {str(path.parent)!r} cannot be written: {error.strerror}.") from error
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
