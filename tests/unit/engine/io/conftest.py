"""A context over the test session, and short ways to read and write with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pyspark.sql import SparkSession

from glue_etl.engine.context import EngineContext
from glue_etl.engine.frame.core import Frame, Stage
from glue_etl.engine.io.lake import Lake
from glue_etl.engine.io.sinks import write_frame
from glue_etl.engine.io.sources import open_source
from glue_etl.settings import Settings

Reader = Callable[..., Frame]
Writer = Callable[..., None]


@pytest.fixture
def ctx(spark: SparkSession, glue_settings: Settings) -> EngineContext:
    return EngineContext(spark, glue_settings, Lake(glue_settings.lake_dir))


@pytest.fixture
def read(ctx: EngineContext) -> Reader:
    """`read(path or paths, format, connection options=..., **format options)`, routed as awsglue does."""

    def opened(paths: str | list[str], fmt: str, options: dict[str, Any] | None = None, **format_options: Any) -> Frame:
        given = {"paths": paths if isinstance(paths, list) else [paths], **(options or {})}
        stage = Stage("source0", "script.py:7")
        if fmt in ("parquet", "orc"):
            return open_source(ctx, fmt, given, None, {}, stage)
        return open_source(ctx, "s3", given, fmt, format_options, stage)

    return opened


@pytest.fixture
def write(ctx: EngineContext) -> Writer:
    """`write(frame, path, format, connection options=..., **format options)`, routed as awsglue does."""

    def written(
        frame: Frame, path: str, fmt: str, options: dict[str, Any] | None = None, **format_options: Any
    ) -> None:
        given = {"path": path, **(options or {})}
        if fmt in ("parquet", "orc"):
            write_frame(ctx, frame, fmt, given, None, {})
        else:
            write_frame(ctx, frame, "s3", given, fmt, format_options)

    return written
