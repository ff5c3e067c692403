"""The local S3 as folders and files: buckets, keys, listings, and what may be reached at all."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from glue_etl.engine.io.staging import PREFIX
from glue_etl.errors import NoSuchBucketError, PathNotFoundError

__all__ = ["SCHEMES", "Lake", "StoredObject", "is_s3", "no_such_bucket", "split_uri"]

SCHEMES = ("s3", "s3a", "s3n")

# S3's rule, without its least length of three:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_BUCKET_NAME = re.compile(r"(?!.*\.\.)[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?")
_LONGEST_NAME = 255


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object of the lake.

    Attributes:
        bucket: Its bucket.
        key: Its key, without a leading slash.
        size: In bytes.
        modified_ns: Time of the last change, in nanoseconds since 1970.
        path: The plain file.
    """

    bucket: str
    key: str
    size: int
    modified_ns: int
    path: Path

    @property
    def modified(self) -> datetime:
        """Time of the last change, in UTC."""
        return datetime.fromtimestamp(self.modified_ns / 1e9, UTC)

    @property
    def uri(self) -> str:
        """`s3://bucket/key`."""
        return f"s3://{self.bucket}/{self.key}"


def is_s3(uri: str) -> bool:
    """Whether a path is an S3 URI of any of the three schemes."""
    return uri.startswith(tuple(f"{scheme}://" for scheme in SCHEMES))


def split_uri(uri: str) -> tuple[str, str]:
    """The bucket and the key of an S3 URI; the key may be empty.

    Raises:
        PathNotFoundError: It is no S3 URI, or its key has a `..` or a NUL.
        NoSuchBucketError: No bucket can have this name.
    """
    if not is_s3(uri):
        raise PathNotFoundError(f"{uri!r} is not an S3 URI.", hint="write it like s3://bucket/key")
    bucket, _, key = uri.partition("://")[2].partition("/")
    if not _BUCKET_NAME.fullmatch(bucket):
        raise no_such_bucket(bucket, Path())
    parts = key.split("/")
    if ".." in parts or "\0" in key:
        raise PathNotFoundError(f"{uri!r} leads outside its bucket.", hint="write the key without '..'")
    return bucket, key


def no_such_bucket(name: str, lake: Path) -> NoSuchBucketError:
    """The error for a name that is no bucket of the lake, or could not be one."""
    if _BUCKET_NAME.fullmatch(name):
        return NoSuchBucketError.of(name, str(lake))
    return NoSuchBucketError(
        f"NoSuchBucket: {name!r} is not the name of a bucket.",
        hint="a bucket's name has lower-case letters, digits, dots and hyphens",
    )


@dataclass(frozen=True, slots=True)
class Lake:
    """The folder whose sub-folders are the local S3 buckets.

    Attributes:
        root: The folder; it need not exist.
    """

    root: Path

    def buckets(self) -> list[str]:
        """Names of the buckets, sorted; folders that cannot be a bucket or lead outside the lake are left out."""
        if not self.root.is_dir():
            return []
        names = (entry.name for entry in self.root.iterdir() if entry.is_dir())
        return sorted(n for n in names if _BUCKET_NAME.fullmatch(n) and self._inside(self.root / n))

    def create_bucket(self, name: str) -> Path:
        """Make the bucket's folder if it is not there; a running session sees it after `register_bucket`."""
        split_uri(f"s3://{name}/")
        (self.root / name).mkdir(parents=True, exist_ok=True)
        return self.bucket_path(name)

    def bucket_path(self, name: str) -> Path:
        """The folder of a bucket.

        Raises:
            NoSuchBucketError: There is none.
        """
        path = self.root / name
        if not path.is_dir() or not self._inside(path):
            raise no_such_bucket(name, self.root)
        return path

    def path_of(self, uri: str) -> Path:
        """The plain file or folder of a URI, whether it exists or not.

        Args:
            uri: Taken literally: no patterns, no percent-decoding, as Hadoop reads it.

        Raises:
            NoSuchBucketError: The bucket does not exist.
            PathNotFoundError: It leads outside the lake, by `..` or a link, or no file can have this name.
        """
        bucket, key = split_uri(uri)
        base = self.bucket_path(bucket)
        parts = [part for part in key.split("/") if part not in ("", ".")]
        if any(len(os.fsencode(part)) > _LONGEST_NAME for part in parts):
            raise PathNotFoundError(
                f"{uri!r} has a part longer than {_LONGEST_NAME} bytes, which no local file can have."
            )
        path = base.joinpath(*parts)
        if not self._inside(path):
            raise PathNotFoundError(
                f"{uri!r} leads outside the local lake {self.root}, by a link.",
                hint="copy what it points to into the bucket",
            )
        return path

    def list_objects(self, uri: str, *, recurse: bool = True) -> Iterator[StoredObject]:
        """The objects whose key is the URI's, lies below it or starts with it, in S3's order (UTF-8 bytes).

        What Spark and our sinks leave while they work (`_temporary`, `.spark-staging-*`, `.crc` files, `_glue_etl_*`)
        and links that lead outside are left out. Source of the order: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html

        Args:
            uri: A bucket, a folder, one object or the beginning of a key.
            recurse: Also what lies in folders below.

        Raises:
            NoSuchBucketError: The bucket does not exist.
            PathNotFoundError: The URI leads outside the lake.
        """
        path = self.path_of(uri)
        bucket, _ = split_uri(uri)
        base = self.root / bucket
        if path.is_dir():
            yield from self._walk(bucket, base, path, "", recurse)
        elif path.is_file():
            yield from self._one(bucket, base, path)
        elif not uri.endswith("/") and path != base and path.parent.is_dir():
            yield from self._walk(bucket, base, path.parent, path.name, recurse)

    def _walk(self, bucket: str, base: Path, folder: Path, start: str, recurse: bool) -> Iterator[StoredObject]:
        pending = [(folder, True)]
        while pending:
            path, is_folder = pending.pop()
            if not is_folder:
                yield from self._one(bucket, base, path)
                continue
            if path != folder and not recurse:
                continue
            found = [(e, e.is_dir()) for e in _entries(path) if path != folder or e.name.startswith(start)]
            # A folder sorts as its keys do, with the slash.
            found.sort(key=lambda e: os.fsencode(e[0].name + "/" * e[1]), reverse=True)
            pending += [(path / e.name, d) for e, d in found if not e.is_symlink() or self._followed(path / e.name)]

    def _one(self, bucket: str, base: Path, path: Path) -> Iterator[StoredObject]:
        try:
            status = path.stat()
        except OSError:
            return  # gone since its folder was read
        # Not by `relative_to`, which is most of the time of a long listing.
        key = os.fspath(path)[len(os.fspath(base)) + 1 :]
        yield StoredObject(bucket, key, status.st_size, status.st_mtime_ns, path)

    def _inside(self, path: Path) -> bool:
        root, real = os.path.realpath(self.root), os.path.realpath(path)
        return real.startswith(root + os.sep)

    def _followed(self, link: Path) -> bool:
        # A link to a folder it lies in would go round for ever.
        here, real = os.path.realpath(link.parent), os.path.realpath(link)
        return self._inside(link) and not (here + os.sep).startswith(real + os.sep)

    def outward_links(self, bucket: str) -> list[str]:
        """Keys of the links in a bucket that lead outside the lake."""
        base, found = self.root / bucket, []
        pending = [base]
        while pending:
            folder = pending.pop()
            for entry in _entries(folder, hidden=True):
                if entry.is_symlink():
                    if not self._inside(folder / entry.name):
                        found.append((folder / entry.name).relative_to(base).as_posix())
                elif entry.is_dir(follow_symlinks=False):
                    pending.append(folder / entry.name)
        return sorted(found)


def _entries(folder: Path, *, hidden: bool = False) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as scan:
            return [entry for entry in scan if hidden or not _in_progress(entry.name)]
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return []


def _in_progress(name: str) -> bool:
    side_file = name.startswith(".") and name.endswith(".crc")
    return side_file or name == "_temporary" or name.startswith((".spark-staging", PREFIX))
