"""A session with the engine installed, and the options that the DynamicFrame benchmarks share."""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from pyspark.sql import DataFrame, SparkSession

from glue_etl.engine.install import installed
from glue_etl.engine.session import create_session
from glue_etl.settings import load

T = TypeVar("T")


def arguments(description: str | None, rows: int = 5_000_000) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=rows)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="*", default=None, metavar="NAME")
    return parser.parse_args()


def chosen(cases: Mapping[str, T], only: Sequence[str] | None) -> dict[str, T]:
    """The cases of those names, all if none are given."""
    unknown = [name for name in only or [] if name not in cases]
    if unknown:
        raise SystemExit(f"no case is called {unknown}; the cases are: {', '.join(cases)}")
    return {name: case for name, case in cases.items() if not only or name in only}


@contextmanager
def glue_session() -> Iterator[tuple[SparkSession, Any, Path]]:
    """Spark, a GlueContext and a folder for data, which goes at the end."""
    work = Path(tempfile.mkdtemp(prefix="glue-etl-bench-"))
    try:
        settings = load(state_dir=work / "state")
        spark = create_session(settings, "benchmark")
        with installed(settings):
            from awsglue.context import GlueContext

            yield spark, GlueContext(spark.sparkContext), work / "data"
        spark.stop()
    finally:
        shutil.rmtree(work, ignore_errors=True)


def no_result(df: DataFrame) -> None:
    """Evaluate all rows and columns."""
    df.write.format("noop").mode("overwrite").save()
