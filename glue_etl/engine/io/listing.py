"""Which files a source reads: folders, objects and globs, `recurse`, `exclusions`.

Listed in Python where the files are on this machine (the lake, `file:`), by Spark elsewhere. What Spark takes for
hidden (names that begin with `_` or `.`) is left out, and what a killed write has left is removed first. Source:
"Amazon S3 connections" in the AWS Glue guide.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from glue_etl.engine.io.globs import escape, has_glob, matcher, regex_of
from glue_etl.engine.io.lake import is_s3
from glue_etl.engine.io.staging import recover
from glue_etl.errors import PathNotFoundError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from glue_etl.engine.context import EngineContext

__all__ = ["Listing", "SourceFile", "list_files", "local_path"]


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of a source.

    Attributes:
        uri: Its path as the user would write it; no pattern.
        size: In bytes.
        root: The path of the source it was found by.
        local: Where it lies on this machine; None on another file system.
        modified: Its modification time when it was listed, in nanoseconds since 1970; 0 where it is not known.
    """

    uri: str
    size: int
    root: str
    local: Path | None = None
    modified: int = 0


@dataclass(frozen=True)
class Listing:
    """The files of a source, in the order of their names below each path.

    Attributes:
        files: All of them, empty ones included.
        roots: The source's folders and files, as patterns that match them alone.
        whole: Spark finds just these files when it is given the roots.
        recurse: Whether Spark must look into sub-folders for that.
        shown: Where files go by other names here: regular expressions, and what stands for them in a file's own path.
    """

    files: tuple[SourceFile, ...]
    roots: tuple[str, ...]
    whole: bool
    recurse: bool
    shown: tuple[tuple[str, str], ...] = ()

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)

    def narrowed(self, keep: Callable[[SourceFile], bool]) -> Listing:
        """The listing with some of its files; itself if these are all."""
        files = tuple(file for file in self.files if keep(file))
        return self if len(files) == len(self.files) else replace(self, files=files, whole=False)

    def spark_paths(self, files: Sequence[SourceFile] | None = None) -> tuple[list[str], dict[str, str]]:
        """What to hand Spark's reader for all files, or for some of them.

        Returns:
            The paths, and the options that go with them: no folder name `k=v` becomes a column.
        """
        lookup = {"recursiveFileLookup": "true"}
        if self.whole and (files is None or len(files) == len(self.files)):
            return list(self.roots), (lookup if self.recurse else {})
        return [escape(file.uri) for file in (self.files if files is None else files)], lookup


@dataclass(frozen=True, slots=True)
class _Root:
    uri: str
    local: Path | None


def list_files(
    ctx: EngineContext, paths: Sequence[str], *, recurse: bool = False, exclusions: Sequence[str] = ()
) -> Listing:
    """The files of a source.

    Args:
        ctx: For the lake and, on other file systems, the session.
        paths: Folders, objects or globs (`*`, `?`, `[a-z]`, `{a,b}`).
        recurse: Also what lies in folders below; else a folder's own files alone.
        exclusions: Globs; matched against the path below the given one, the key and the whole URI.

    Raises:
        PathNotFoundError: A path does not exist, or leads outside the lake.
        NoSuchBucketError: A bucket does not exist.
        OptionError: A pattern is malformed.
    """
    recover(ctx.settings.state_dir)
    excluded = matcher(exclusions)
    files: dict[str, SourceFile] = {}
    roots: list[str] = []
    whole = not exclusions
    for root in (root for path in paths for root in _roots(ctx, path)):
        roots.append(escape(root.uri) if root.local is not None else root.uri)
        if root.local is None:
            found = _listed_by_spark(ctx.session, root.uri, recurse)
            whole = whole and recurse
        else:
            found = _listed(ctx, root, recurse)
            whole = whole and (recurse or not _has_folders(root.local))
        for relative, file in found:
            key = file.uri.partition("://")[2].partition("/")[2]
            if not (exclusions and (excluded(relative) or excluded(key) or excluded(file.uri))):
                # Given two roots that overlap, Spark would read a file twice.
                whole = whole and file.uri not in files
                files.setdefault(file.uri, file)
    return Listing(tuple(files.values()), tuple(dict.fromkeys(roots)), whole, recurse)


def local_path(ctx: EngineContext, path: str) -> Path | None:
    """Where a path lies on this machine, None if it is on another file system.

    Raises:
        PathNotFoundError: It leads outside the lake.
        NoSuchBucketError: Its bucket does not exist.
    """
    if is_s3(path):
        return ctx.lake.path_of(path)
    if path.startswith("file:"):
        return Path("/" + path.removeprefix("file:").lstrip("/"))
    if "://" in path:
        return None
    return Path(os.path.abspath(path))


def _roots(ctx: EngineContext, path: str) -> list[_Root]:
    """The existing folders and files of one path."""
    local = None if has_glob(path) else local_path(ctx, path)
    if local is not None and local.exists():
        return [_Root(path, local)]
    fixed, pattern = _fixed_part(path)
    base = local_path(ctx, fixed)
    if base is None:
        return [_Root(path, None)]
    if not pattern:
        raise _missing(path, base)
    literal = base.joinpath(*pattern)
    if literal.exists():
        return [_Root(path, literal)]
    found = [base]
    for part in pattern:
        # Braces may hold slashes in Hadoop; here each part of a path is a pattern of its own.
        matches = matcher([part])
        shown = part.startswith(("_", "."))
        found = [
            folder / name
            for folder in found
            if folder.is_dir()
            for name in sorted(os.listdir(folder))
            if matches(name) and (shown or not _hidden(name))
        ]
    if not found:
        raise PathNotFoundError(f"Nothing matches the path {path!r}.", hint="check the pattern and the bucket")
    prefix = fixed.rstrip("/") + "/" * bool(fixed)
    return [_Root(prefix + match.relative_to(base).as_posix(), match) for match in found]


def _fixed_part(path: str) -> tuple[str, list[str]]:
    """A path up to its first pattern, and the parts from there on."""
    head, separator, tail = path.partition("://")
    start = head + separator if separator else ""
    parts = (tail if separator else path).split("/")
    at = next((index for index, part in enumerate(parts) if has_glob(part)), len(parts))
    if at < len(parts):
        regex_of("/".join(parts[at:]))
    return start + "/".join(parts[:at]) + "/" * bool(at and at < len(parts)), [part for part in parts[at:] if part]


def _missing(path: str, local: Path) -> PathNotFoundError:
    parent = local.parent
    while not parent.exists():
        parent = parent.parent
    names = sorted(name for name in os.listdir(parent) if not _hidden(name))[:20] if parent.is_dir() else []
    return PathNotFoundError(f"The path {path!r} does not exist.", available=names, hint=f"looked in {parent}")


def _hidden(name: str) -> bool:
    return name.startswith(".") or (name.startswith("_") and "=" not in name) or name.endswith("._COPYING_")


def _has_folders(path: Path) -> bool:
    if not path.is_dir():
        return False
    with os.scandir(path) as scan:
        return any(entry.is_dir() and not _hidden(entry.name) for entry in scan)


def _listed(ctx: EngineContext, root: _Root, recurse: bool) -> Iterator[tuple[str, SourceFile]]:
    """Path below the root and file, hidden ones left out."""
    base = root.local
    if base is None or not base.is_dir():
        if base is not None:
            status = base.stat()
            yield base.name, SourceFile(root.uri, status.st_size, root.uri, base, status.st_mtime_ns)
        return
    prefix = root.uri.rstrip("/")
    if is_s3(root.uri):
        start = len(os.fspath(base)) + 1
        for stored in ctx.lake.list_objects(prefix + "/", recurse=recurse):
            relative = os.fspath(stored.path)[start:]
            if not any(_hidden(part) for part in relative.split("/")):
                uri = f"{prefix}/{relative}"
                yield relative, SourceFile(uri, stored.size, root.uri, stored.path, stored.modified_ns)
        return
    for folder, folders, names in os.walk(base, followlinks=True):
        folders[:] = sorted(name for name in folders if not _hidden(name)) if recurse else []
        for name in sorted(names):
            if not _hidden(name):
                path = Path(folder, name)
                relative = path.relative_to(base).as_posix()
                status = path.stat()
                yield relative, SourceFile(f"{prefix}/{relative}", status.st_size, root.uri, path, status.st_mtime_ns)


def _listed_by_spark(session: SparkSession, path: str, recurse: bool) -> Iterator[tuple[str, SourceFile]]:
    """The same on a file system that only Hadoop can reach; no content is read."""
    from pyspark.errors import AnalysisException

    reader = session.read.format("binaryFile").option("recursiveFileLookup", "true")
    try:
        # Hadoop knows whole milliseconds.
        modified = "unix_millis(modificationTime) AS modified"
        rows = reader.load(path).selectExpr("path", "length", modified).orderBy("path").collect()
    except AnalysisException as error:
        if "PATH_NOT_FOUND" not in str(error):
            raise
        raise PathNotFoundError(f"The path {path!r} does not exist.") from None
    fixed = _fixed_part(path)[0].rstrip("/")
    for row in rows:
        relative = row["path"].removeprefix(fixed).lstrip("/")
        if recurse or has_glob(path) or "/" not in relative:
            yield relative, SourceFile(row["path"], row["length"], path, None, row["modified"] * 10**6)
