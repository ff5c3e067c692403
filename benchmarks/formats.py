"""Reading and writing each file format through the engine's sources and sinks, against plain Spark doing the same.

    python benchmarks/formats.py [--rows 2000000] [--rounds 3] [--only NAME ...]

Reads end in Spark's `noop` sink, writes in a folder of their own; both sides share one session and take turns.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from measure import Ratio, interleave, report
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

from glue_etl.engine.context import EngineContext
from glue_etl.engine.frame.core import Frame, Stage
from glue_etl.engine.io.compression import CODECS
from glue_etl.engine.io.lake import Lake
from glue_etl.engine.io.sinks import write_frame
from glue_etl.engine.io.sources import open_source
from glue_etl.engine.session import create_session
from glue_etl.settings import load

BOUND = 1.10
COLUMNS = [
    "id",
    "id % 7 as part",
    "concat('user-', lpad(cast(id * 7919 % 1000003 as string), 7, '0')) as user",
    "concat('a text, with \"quotes\" ', cast(id % 1000 as string)) as note",
    "id * 0.25 + 0.01 as amount",
    "id % 3 = 0 as flag",
    "cast(id % 100000 as int) as qty",
    "struct(cast(id % 90 as double) + 0.5 as lat, concat('zip', cast(id % 99999 as string)) as zip) as place",
]
FLAT = ["id", "part", "user", "note", "amount", "flag", "qty"]
ZSTD = CODECS["zstd"].writer

# name: (format, options of the connection, options of the format, how plain Spark reads it)
READS: dict[str, tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "read csv": ("csv", {}, {"withHeader": True}, {"header": True, "escape": '"'}),
    "read csv, plain values": ("plain.csv", {}, {"withHeader": True}, {"header": True, "escape": '"'}),
    "read csv, multiLine": (
        *("csv", {}, {"withHeader": True, "multiLine": True}),
        {"header": True, "escape": '"', "multiLine": True},
    ),
    "read csv, gzip": ("csv.gz", {}, {"withHeader": True}, {"header": True, "escape": '"'}),
    "read csv, zstd": ("csv.zst", {}, {"withHeader": True}, {"header": True, "escape": '"'}),
    "read csv, attachFilename": (
        *("csv", {}, {"withHeader": True, "attachFilename": "file"}),
        {"header": True, "escape": '"', "file": True},
    ),
    "read json, withSchema": ("json", {}, {"schema": True}, {"schema": True}),
    "read json": ("json", {}, {}, {}),
    "read parquet": ("parquet", {}, {}, {}),
    "read glueparquet": ("glueparquet", {}, {}, {}),
    "read parquet, folders": ("folders.parquet", {"recurse": True}, {}, {}),
    "read orc": ("orc", {}, {}, {}),
}
# name: (format, options of the connection, options of the format, compression of plain Spark)
WRITES: dict[str, tuple[str, dict[str, Any], dict[str, Any], str]] = {
    "write csv": ("csv", {}, {}, "none"),
    "write csv, no quotes": ("csv", {}, {"quoteChar": "-1"}, "none"),
    "write csv, gzip": ("csv", {"compression": "gzip"}, {}, "gzip"),
    "write json": ("json", {}, {}, "none"),
    "write json, zstd": ("json", {"compression": "zstd"}, {}, ZSTD),
    "write json, partitionKeys": ("json", {"partitionKeys": ["part"]}, {}, "none"),
    "write parquet": ("parquet", {}, {}, "snappy"),
    "write glueparquet": ("glueparquet", {}, {}, "snappy"),
    "write parquet, partitionKeys": ("parquet", {"partitionKeys": ["part"]}, {}, "snappy"),
    "write orc": ("orc", {}, {}, "snappy"),
}


def make_data(spark: SparkSession, folder: Path, rows: int) -> None:
    """The same rows in every format, written by plain Spark."""
    df = spark.range(0, rows, 1, 4).selectExpr(*COLUMNS)
    df.write.parquet(str(folder / "parquet"))
    df = spark.read.parquet(str(folder / "parquet"))
    flat = df.select(*FLAT)
    csv = {"header": True, "escape": '"'}
    flat.write.options(**csv).csv(str(folder / "csv"))
    flat.drop("note").write.options(**csv).csv(str(folder / "plain.csv"))
    flat.write.options(**csv, compression="gzip").csv(str(folder / "csv.gz"))
    flat.write.options(**csv, compression=ZSTD).csv(str(folder / "csv.zst"))
    df.write.json(str(folder / "json"))
    df.write.orc(str(folder / "orc"))
    df.write.partitionBy("part").parquet(str(folder / "folders.parquet"))
    (folder / "glueparquet").symlink_to(folder / "parquet")


def no_result(df: DataFrame) -> None:
    df.write.format("noop").mode("overwrite").save()


def reads(ctx: EngineContext, folder: Path) -> dict[str, dict[str, Callable[[], Any]]]:
    """Both sides of every read."""
    spark = ctx.session
    schema = spark.read.parquet(str(folder / "parquet")).schema

    def sides(data: str, options: Any, format_options: Any, plain: dict[str, Any]) -> dict[str, Callable[[], Any]]:
        fmt = "csv" if "csv" in data else data.rpartition(".")[2]
        path = str(folder / data)
        if "schema" in format_options:
            from glue_etl.engine.types import json_form
            from glue_etl.engine.types.spark import struct_from_spark

            format_options = {"withSchema": json_form.dumps(struct_from_spark(schema))}

        def ours() -> None:
            by_spark = fmt in ("parquet", "orc")
            given = {"paths": [path], **options}
            kind, name = (fmt, None) if by_spark else ("s3", fmt)
            no_result(open_source(ctx, kind, given, name, format_options, Stage()).plan.df)

        def by_spark() -> None:
            known = dict(plain)
            reader = spark.read.schema(schema) if known.pop("schema", False) else spark.read
            file = known.pop("file", False)
            df = reader.options(**known).format(fmt.removeprefix("glue")).load(path)
            no_result(df.select("*", f.input_file_name().alias("file")) if file else df)

        return {"engine": ours, "plain Spark": by_spark}

    return {name: sides(*what) for name, what in READS.items()}


def writes(ctx: EngineContext, folder: Path) -> dict[str, dict[str, Callable[[], Any]]]:
    """Both sides of every write; what was written is removed at once."""
    df = ctx.session.read.parquet(str(folder / "parquet"))

    def sides(fmt: str, options: Any, format_options: Any, codec: str) -> dict[str, Callable[[], Any]]:
        rows = df.select(*FLAT) if fmt == "csv" else df
        out = folder / "out"

        def ours() -> None:
            kind, name = (fmt, None) if fmt in ("parquet", "orc") else ("s3", fmt)
            write_frame(ctx, Frame.of(rows), kind, {"path": str(out), **options}, name, format_options)
            shutil.rmtree(out)

        def by_spark() -> None:
            texts = rows.select(*[f.col(name).cast("string") for name in FLAT]) if fmt == "csv" else rows
            writer = texts.write.format(fmt.removeprefix("glue")).option("compression", codec)
            if fmt == "csv":
                writer = writer.options(header=True, escape='"')
            writer.partitionBy(*options.get("partitionKeys", [])).save(str(out))
            shutil.rmtree(out)

        return {"engine": ours, "plain Spark": by_spark}

    return {name: sides(*what) for name, what in WRITES.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="*", default=None, choices=[*READS, *WRITES])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="glue-etl-bench-") as work:
        folder = Path(work)
        settings = load(state_dir=folder / "state")
        spark = create_session(settings, "benchmark")
        ctx = EngineContext(spark, settings, Lake(settings.lake_dir))
        make_data(spark, folder, arguments.rows)
        cases = {**reads(ctx, folder), **writes(ctx, folder)}
        ratios = [
            # Finding the types of JSON has a benchmark and a bound of its own, `json_choice.py`.
            Ratio(name, interleave(cases[name], arguments.rounds), 1.15 if name == "read json" else BOUND)
            for name in arguments.only or cases
        ]
        spark.stop()
    report("formats", ratios, rows=arguments.rows, rounds=arguments.rounds)


if __name__ == "__main__":
    main()
