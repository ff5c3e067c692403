"""Which files of a source the workers can open themselves: plain text on this machine, in the lake or elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote

from pyspark.sql import SparkSession

from glue_etl.engine.io.compression import HADOOP_CODECS, SUFFIXES
from glue_etl.engine.io.s3 import Lake, is_s3, mounted_folder, split_uri
from glue_etl.engine.types.inference_files import LocalFile

__all__ = ["local_files"]

_HARMLESS = {"recursivefilelookup", "pathglobfilter", "modifiedbefore", "modifiedafter"}


def local_files(session: SparkSession, uris: Sequence[str], options: Mapping[str, str]) -> list[LocalFile] | None:
    """The files as every worker sees them, or None if Spark must read some of them.

    Spark opens `file:` on each worker too, so a cluster changes nothing.

    Args:
        session: Knows where the buckets lie.
        uris: As `DataFrame.inputFiles` gives them, percent-encoded.
        options: Of Spark's reader; any that changes what a line is rules this out.
    """
    codecs = session.conf.get("spark.hadoop.io.compression.codecs", None)
    if {name.lower() for name in options} - _HARMLESS or codecs not in (None, "", HADOOP_CODECS):
        return None
    buckets: dict[str, Path | None] = {}
    files: list[LocalFile] = []
    for uri in uris:
        path = _path(session, uri, buckets)
        if path is None or path.name.endswith(SUFFIXES):
            return None
        try:
            size = path.stat().st_size
        except OSError:
            return None  # Spark says it better
        files.append(LocalFile(uri, str(path), size))
    return files


def _path(session: SparkSession, uri: str, buckets: dict[str, Path | None]) -> Path | None:
    plain = unquote(uri)
    if plain.startswith("file:/"):
        return Path("/" + plain.removeprefix("file:").lstrip("/"))
    if not is_s3(plain):
        return None
    bucket, _ = split_uri(plain)
    if bucket not in buckets:
        buckets[bucket] = mounted_folder(session, bucket)
    folder = buckets[bucket]
    return None if folder is None else Lake(folder.parent).path_of(plain)
