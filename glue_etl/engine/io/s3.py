"""s3:// (and s3a://, s3n://) on a directory, by Hadoop configuration alone."""

from __future__ import annotations

from pathlib import Path

__all__ = ["SCHEMES", "hadoop_conf"]

SCHEMES = ("s3", "s3a", "s3n")


def hadoop_conf(lake: Path) -> dict[str, str]:
    """Settings by which Spark reads and writes the lake as S3.

    Args:
        lake: Folder whose sub-folders are the buckets.
    """
    conf = {
        "spark.hadoop.fs.lake.impl": "org.apache.hadoop.fs.RawLocalFileSystem",
    }
    for scheme in SCHEMES:
        conf[f"spark.hadoop.fs.{scheme}.impl"] = "org.apache.hadoop.fs.viewfs.ViewFileSystemOverloadScheme"
        conf[f"spark.hadoop.fs.viewfs.overload.scheme.target.{scheme}.impl"] = "glue_etl.NoSuchBucket"
        conf[f"spark.hadoop.mapreduce.outputcommitter.factory.scheme.{scheme}"] = (
            "org.apache.hadoop.mapreduce.lib.output.FileOutputCommitterFactory"
        )
    if lake.is_dir():
        for bucket in sorted(p for p in lake.iterdir() if p.is_dir()):
            conf[f"spark.hadoop.fs.viewfs.mounttable.{bucket.name}.linkFallback"] = "lake" + bucket.as_uri()[4:]
    return conf
