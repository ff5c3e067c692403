"""s3:// (and s3a://, s3n://) on a directory: one plain file per object, by Hadoop configuration alone.

How Spark gets there: Hadoop's ViewFileSystemOverloadScheme answers the three schemes, and each bucket has a mount table
whose fallback is the bucket's folder. Source:
https://hadoop.apache.org/docs/r3.3.4/hadoop-project-dist/hadoop-hdfs/ViewFsOverloadScheme.html

Nothing outside the lake can be reached:

- An unknown bucket has no mount table, so Hadoop asks the scheme's own target. That one is HarFileSystem, which refuses
  the root of anything, and Hadoop names the bucket; `translate_error` makes a `NoSuchBucketError` of it.
- `..` survives Hadoop's own normalising at the head of a key, and its local file system follows it and links. A regular
  expression in the mount table, looked at before the fallback, sends every key with a `..` to a target that does not
  exist; every link that leads outside the lake too, as found when the session starts or the bucket is registered.
- A link that appears later is refused by `Lake.path_of` and `Lake.list_objects`, which all sources and sinks of this
  library ask first; Spark's own readers would follow it until the next session.

Keys: spaces, `%`, `+`, `=`, `#`, `:` and any script work. As on AWS, `*`, `?`, `[`, `{` and the backslash in a path are
a pattern to Spark's readers, and names that start with `.` or `_` are hidden from them. A key with an empty part
(`a//b`) is `a/b`, as folders have no such thing.
"""

from __future__ import annotations

import re
import string
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from glue_etl.engine import compat
from glue_etl.engine.io.lake import SCHEMES, Lake, StoredObject, is_s3, no_such_bucket, split_uri
from glue_etl.errors import GlueEtlError, PathNotFoundError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = [
    "SCHEMES",
    "Lake",
    "StoredObject",
    "hadoop_conf",
    "is_s3",
    "mounted_folder",
    "register_bucket",
    "resolve",
    "split_uri",
    "translate_error",
    "unregister_bucket",
]

_OUTSIDE = "path-outside-the-lake"
# Hadoop's words for a file system that cannot be opened, and for a class that does not exist.
_UNKNOWN_BUCKET = re.compile(r"Could not initialize target File System for URI : s3[an]?:/(?:/([^/\s]*))?")
_LED_OUTSIDE = re.compile(rf"{_OUTSIDE}@([a-z0-9.-]+)")
_MOUNTS = "fs.viewfs.mounttable"
# No name of a bucket, so that the mount tables cannot meet.
_LAKE = "Lake"


def resolve(uri: str, lake: Path) -> Path:
    """`Lake(lake).path_of(uri)`, for those who have no `Lake`."""
    return Lake(lake).path_of(uri)


def hadoop_conf(lake: Path) -> dict[str, str]:
    """Settings by which Spark reads and writes the lake as S3, with the prefix `spark.hadoop.`.

    Args:
        lake: Folder whose sub-folders are the buckets, each of which is mounted.
    """
    conf = {
        # A scheme of its own for the folder, because `file` would write a `.crc` file beside each object.
        "fs.lake.impl": "org.apache.hadoop.fs.RawLocalFileSystem",
        # The lake stands behind a mount of its own: where a bucket's root is listed, Hadoop renames what the fallback
        # gave it, and only what came through another mount can then still be asked for its permissions.
        f"{_MOUNTS}.{_LAKE}.link./{_LAKE}": "lake" + lake.absolute().as_uri().removeprefix("file"),
    }
    for scheme in SCHEMES:
        conf[f"fs.{scheme}.impl"] = "org.apache.hadoop.fs.viewfs.ViewFileSystemOverloadScheme"
        # Never a class that opens something: Hadoop would hand it the root of the machine for an unknown bucket.
        conf[f"fs.viewfs.overload.scheme.target.{scheme}.impl"] = "org.apache.hadoop.fs.HarFileSystem"
        # Hadoop has another committer for s3a, which needs the real S3 client.
        factory = "org.apache.hadoop.mapreduce.lib.output.FileOutputCommitterFactory"
        conf[f"mapreduce.outputcommitter.factory.scheme.{scheme}"] = factory
    store = Lake(lake)
    for bucket in store.buckets():
        conf.update(_mount(store, bucket))
    return {f"spark.hadoop.{key}": value for key, value in conf.items()}


def _mount(lake: Lake, bucket: str) -> dict[str, str]:
    refused = "|".join([r"(?:.*/)?\.\.", *(_java_literal(key) for key in lake.outward_links(bucket))])
    # No `=` in it: Spark's command line cuts a setting at the first one.
    barrier = f"^/(?:{refused})(?:/.*)?$"
    return {
        f"{_MOUNTS}.{bucket}.linkFallback": f"viewfs://{_LAKE}/{_LAKE}/{bucket}",
        f"{_MOUNTS}.{bucket}.linkRegex.#.{barrier}": f"{_OUTSIDE}.{bucket}:///",
        # No such class, and Hadoop's message is its name. A class that fails to open would not do: Hadoop would go on
        # to the fallback.
        f"fs.{_OUTSIDE}.{bucket}.impl": f"{_OUTSIDE}@{bucket}",
    }


def _java_literal(text: str) -> str:
    plain = string.ascii_letters + string.digits + "/_-"
    return "".join(c if c in plain else rf"\x{{{ord(c):X}}}" for c in text)


def mounted_folder(spark: SparkSession, bucket: str) -> Path | None:
    """Where a bucket that a session has mounted lies on this machine; None if it has mounted none of that name."""
    hadoop = _hadoops(spark)[0]
    if hadoop.get(f"{_MOUNTS}.{bucket}.linkFallback") is None:
        return None
    return Path(unquote(urlsplit(hadoop.get(f"{_MOUNTS}.{_LAKE}.link./{_LAKE}")).path)) / bucket


def register_bucket(spark: SparkSession, lake: Path, name: str) -> Path:
    """Make a bucket (if it is not there) and mount it in a running session.

    Returns:
        The bucket's folder.
    """
    store = Lake(lake)
    path = store.create_bucket(name)
    for hadoop in _hadoops(spark):
        for key, value in _mount(store, name).items():
            hadoop.set(key, value)
    _forget(hadoop, name)
    return path


def unregister_bucket(spark: SparkSession, name: str) -> None:
    """Take a bucket's mount away from a running session; its folder stays as it is."""
    hadoops = _hadoops(spark)
    _forget(hadoops[0], name)
    for hadoop in hadoops:
        for key in list(hadoop.getPropsWithPrefix(f"{_MOUNTS}.{name}.").keySet()):
            hadoop.unset(f"{_MOUNTS}.{name}.{key}")
        hadoop.unset(f"fs.{_OUTSIDE}.{name}.impl")


def _hadoops(spark: SparkSession) -> list[Any]:
    context = spark.sparkContext._jsc
    if context is None:
        raise RuntimeError("The session has been stopped.")
    java: Any = spark._jsparkSession
    # Spark's catalog makes folders by a copy of its own.
    return [context.hadoopConfiguration(), java.sharedState().hadoopConf()]


def _forget(hadoop: Any, name: str) -> None:
    # Whoever asked for the bucket before has left a file system with the former mounts in Hadoop's cache.
    java = compat.java_packages(hadoop)
    for scheme in SCHEMES:
        java.org.apache.hadoop.fs.FileSystem.get(java.java.net.URI(f"{scheme}://{name}/"), hadoop).close()


def translate_error(error: BaseException, lake: Path) -> GlueEtlError | None:
    """What an exception of Spark's says about the lake, if it is about a bucket or a path that may not be reached.

    Args:
        error: Any exception; a Py4JJavaError's text holds the Java exception.
        lake: The lake of the session it comes from.

    Returns:
        An error of ours to raise in its place, or None if it is about something else.
    """
    if isinstance(error, GlueEtlError):
        return error
    text = str(error)
    if outside := _LED_OUTSIDE.search(text):
        return PathNotFoundError(
            f"A path of the bucket {outside[1]!r} leads outside the local lake {lake}, by '..' or a link.",
            hint="write keys without '..', and copy what a link points to into the bucket",
        )
    if unknown := _UNKNOWN_BUCKET.search(text):
        return no_such_bucket(unknown[1] or "", lake)
    return None
