"""The fresh folder a case works in: its files on disk, and the URI by which Glue sees them."""

from __future__ import annotations

import gzip
import os
import time
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

MARKERS = ("_SUCCESS",)
MARKER_ENDINGS = (".crc", "$folder$", "_$folder$")


class Workspace:
    """One case's folder.

    Args:
        root: The folder on disk; made if it is missing.
        uri: The same folder as Glue names it, `s3://bucket/key` or `file:///folder`, without a trailing slash.
    """

    def __init__(self, root: Path, uri: str) -> None:
        self.root = root
        self.uri_root = uri.rstrip("/")
        self._clock = time.time()
        root.mkdir(parents=True, exist_ok=True)

    def uri(self, path: str) -> str:
        """The URI of a workspace path; a trailing slash is kept."""
        return f"{self.uri_root}/{path.lstrip('/')}"

    def file(self, path: str) -> Path:
        """Where a workspace path lies on disk."""
        return self.root / path.lstrip("/")

    def write(self, path: str, content: str | dict[str, str]) -> None:
        """Write a file, with a modification time later than that of every file written before."""
        target = self.file(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, dict):
            target.write_bytes(gzip.compress(content["gzip"].encode()))
        else:
            target.write_text(content, encoding="utf-8", newline="")
        # Hadoop would compare the new content with the old checksum.
        target.with_name(f".{target.name}.crc").unlink(missing_ok=True)
        # Bookmarks compare modification times, which may be as coarse as a second.
        if self._clock > time.time() or target.stat().st_mtime <= self._clock:
            os.utime(target, (self._clock, self._clock))
        self._clock += 2

    def age(self, path: str, hours: float) -> None:
        """Set a file's modification time to so many hours ago."""
        then = time.time() - hours * 3600
        os.utime(self.file(path), (then, then))

    def files(self, under: str) -> list[PurePosixPath]:
        """Data files below a folder, relative to it and in order; markers and checksums are left out."""
        base = self.file(under)
        found = (path.relative_to(base) for path in base.rglob("*") if path.is_file())
        return sorted(PurePosixPath(path.as_posix()) for path in found if not _is_marker(path.name))

    def directories(self, under: str) -> list[str]:
        """Folders below a folder that hold a data file at any depth, relative to it and in order."""
        found = {str(parent) for path in self.files(under) for parent in path.parents if str(parent) != "."}
        return sorted(found)

    def glob(self, pattern: str) -> Iterator[Path]:
        """Data files that match a pattern of the case; `dir/**` means everything below `dir`."""
        if pattern.endswith("**"):
            pattern += "/*"
        for path in sorted(self.root.glob(pattern)):
            if path.is_file() and not _is_marker(path.name):
                yield path

    @staticmethod
    def text(path: Path) -> str:
        """A file's text, uncompressed if its name says gzip."""
        data = path.read_bytes()
        return (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8")


def _is_marker(name: str) -> bool:
    return name in MARKERS or name.endswith(MARKER_ENDINGS)
