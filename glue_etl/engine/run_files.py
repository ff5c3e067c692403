"""The files a run brings along, `--extra-py-files`, `--extra-files` and `--extra-jars`: found, checked, copied.

Source: https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-glue-arguments.html
"""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from glue_etl.engine.io.lake import Lake, is_s3
from glue_etl.errors import OptionError, PathNotFoundError

__all__ = ["copy_for_import", "copy_into", "find", "find_importable", "find_jars", "find_working_files"]

_IMPORTABLE = (".py", ".zip", ".egg", ".whl")
# Glue Studio's jobs list AWS's own modules, in a bucket of AWS's; engine.shims answers their imports.
_STUDIO = re.compile(r"s3[an]?://(?P<bucket>aws-glue-studio-transforms-[^/]+)/gs_\w+\.py")


def find(parameter: str, names: Sequence[str], lake: Path) -> list[Path]:
    """The plain files and folders behind a list of paths.

    Args:
        parameter: Whose list it is, for messages.
        names: Plain paths, or `s3://` ones of the lake.
        lake: Folder of the buckets.

    Raises:
        PathNotFoundError: One does not exist.
        NoSuchBucketError: One is in a bucket that does not exist.
    """
    found: list[Path] = []
    for name in names:
        path = Lake(lake).path_of(name) if is_s3(name) else Path(name).expanduser().absolute()
        if not path.exists():
            raise PathNotFoundError(f"--{parameter} names {name!r}, which does not exist.", hint="check the path")
        found.append(path)
    return found


def find_importable(names: Sequence[str], lake: Path) -> list[Path]:
    """What `--extra-py-files` lists: modules, archives, and folders too (AWS Glue takes single files only).

    Glue Studio's own modules are left out, unless their bucket is in the lake.

    Raises:
        OptionError: Nothing can be imported from one, or two have the same name.
        PathNotFoundError: One does not exist.
    """
    names = [name for name in names if not ((own := _STUDIO.fullmatch(name)) and not (lake / own["bucket"]).is_dir())]
    found = list(dict.fromkeys(find("extra-py-files", names, lake)))
    for path in found:
        if path.is_file() and path.suffix not in _IMPORTABLE:
            raise OptionError(f"--extra-py-files names {path.name!r}.", available=[*_IMPORTABLE, "a folder"])
        if path.is_file() and path.suffix != ".py" and not zipfile.is_zipfile(path):
            raise OptionError(
                f"--extra-py-files names {path.name!r}, which is not a zip archive.", hint="build it anew"
            )
    _check_names("extra-py-files", found)
    return found


def find_jars(names: Sequence[str], lake: Path) -> list[Path]:
    """What `--extra-jars` lists; the ending need not be `.jar`.

    Raises:
        OptionError: One is not a JAR.
        PathNotFoundError: One does not exist.
    """
    found = list(dict.fromkeys(find("extra-jars", names, lake)))
    for path in found:
        if not path.is_file() or not zipfile.is_zipfile(path):
            raise OptionError(
                f"--extra-jars names {str(path)!r}, which is not a JAR.", hint="name the files one by one"
            )
    return found


def _check_names(parameter: str, paths: Sequence[Path]) -> None:
    seen: dict[str, Path] = {}
    for path in paths:
        if (other := seen.setdefault(path.name, path)) != path:
            raise OptionError(
                f"--{parameter} has two files of the name {path.name!r}: {str(other)!r} and {str(path)!r}.",
                hint="rename one of them: they lie in one folder when the script runs",
            )


def copy_for_import(paths: Sequence[Path], folder: Path) -> list[str]:
    """Copy into the run's own folder, and only what was named, as on Glue.

    Args:
        paths: From `find_importable`.
        folder: Where to.

    Returns:
        What has to be on the module path for them: the folder of the modules once, an archive or folder itself.
    """
    search: list[str] = []
    for path in paths:
        folder.mkdir(exist_ok=True)
        copy = folder / path.name
        if path.is_dir():
            shutil.copytree(path, copy)
        else:
            shutil.copyfile(path, copy)
        search.append(str(folder if path.suffix == ".py" else copy))
    return list(dict.fromkeys(search))


def find_working_files(names: Sequence[str], lake: Path) -> list[Path]:
    """What `--extra-files` lists: files, and the content of folders.

    Raises:
        OptionError: Two have the same name.
        PathNotFoundError: One does not exist.
    """
    found = [each for path in find("extra-files", names, lake) for each in _content(path)]
    _check_names("extra-files", found)
    return found


def _content(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from sorted(path.iterdir())
    else:
        yield path


def copy_into(paths: Sequence[Path], folder: Path) -> None:
    """Copy files and folders into the script's working directory, each under its own name.

    Args:
        paths: From `find_working_files`.
        folder: The working directory; made if it is not there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for path in paths:
        if path.is_dir():
            shutil.copytree(path, folder / path.name)
        else:
            shutil.copyfile(path, folder / path.name)
