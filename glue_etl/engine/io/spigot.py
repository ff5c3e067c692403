"""Spigot: a sample of a frame's records as JSON lines, while the frame goes on unchanged.

Source: "Spigot class" and `spigot` in the AWS Glue guide, `spigot` in "AWS Glue Scala DynamicFrame class" (100 records
unless `topk` says otherwise; `prob` is the probability of each to be taken).
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyspark.sql import functions as f

from glue_etl.engine.context import EngineContext
from glue_etl.engine.frame.core import Frame
from glue_etl.engine.frame.json_text import json_lines
from glue_etl.engine.io.listing import local_path
from glue_etl.engine.io.staging import staging
from glue_etl.errors import OptionError

__all__ = ["Sample", "read_sample", "write_sample"]

_KNOWN = ("topk", "prob")
_SEED = 20170814
_MOST = 1_000_000
"""Records that the driver takes; they pass through its memory."""


@dataclass(frozen=True)
class Sample:
    """Which records are written.

    Attributes:
        count: At most so many, the first ones.
        probability: Of each record to be among them.
    """

    count: int = 100
    probability: float = 1.0


def read_sample(options: Mapping[str, Any]) -> Sample:
    """The options of a spigot.

    Raises:
        OptionError: An unknown option, or a value that cannot be used.
    """
    for name in options:
        if name not in _KNOWN:
            raise OptionError(f"{name!r} is not an option of Spigot.", available=_KNOWN)
    topk, prob = options.get("topk", 100), options.get("prob", 1.0)
    try:
        count, probability = int(str(topk)), float(str(prob))
    except ValueError:
        raise OptionError(f"Spigot has the topk {topk!r} and the prob {prob!r}.", hint="give numbers") from None
    if not 0 <= count <= _MOST:
        raise OptionError(f"Spigot has the topk {topk!r}.", hint=f"give a number of records from 0 to {_MOST}")
    if not 0 <= probability <= 1:
        raise OptionError(f"Spigot has the prob {prob!r}.", hint="give a probability from 0 to 1")
    return Sample(count, probability)


def write_sample(ctx: EngineContext, frame: Frame, path: str, sample: Sample) -> None:
    """Write a sample, one file, if it has any record; only as many partitions are evaluated as it takes.

    The same records are taken each time the frame is the same.

    Raises:
        NoSuchBucketError: The bucket does not exist.
        ErrorThresholdExceeded: The frame has more error records than the script allows.
    """
    destination = local_path(ctx, path)
    lines = json_lines(frame.checked())
    if sample.probability < 1:
        lines = lines.where(f.rand(_SEED) < sample.probability)
    texts = [row["value"] for row in lines.take(sample.count)]
    if not texts:
        return
    if destination is None:
        rows = ctx.session.createDataFrame([(text,) for text in texts], "value string")
        rows.coalesce(1).write.mode("append").text(path)
        return
    with staging(destination, ctx.settings.state_dir) as stage:
        stage.data.mkdir(parents=True, exist_ok=True)
        # The name that Glue gives such files; no two writes have the same.
        name = f"run-{time.time_ns()}-part-r-00000"
        (stage.data / name).write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
        stage.publish()
