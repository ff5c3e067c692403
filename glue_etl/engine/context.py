"""What every room of the engine needs to know of the running job: one object instead of globals."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from glue_etl.engine.bookmarks import Bookmarks
from glue_etl.engine.catalog.clients import Clients

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from glue_etl.engine.io.lake import Lake
    from glue_etl.settings import Settings

__all__ = ["EngineContext", "RunningJob"]


@dataclass
class RunningJob:
    """The job that `Job.init` has begun in this process.

    Attributes:
        name: Its name; empty before `Job.init`.
        run_id: The run's id; empty if it has none.
    """

    name: str = ""
    run_id: str = ""


@dataclass(frozen=True)
class EngineContext:
    """The surroundings of one GlueContext.

    Attributes:
        session: The session everything runs in.
        settings: Where state lives.
        lake: The local S3.
        min_partitions: The least number of partitions a source should have, from `GlueContext(sc, min, target)`.
        target_partitions: The wished number of partitions; a hint as on AWS.
        bookmarks: What the running job has still to read; off until `Job.init` turns it on.
        streaming_job: Whether the job's command is `gluestreaming`.
        job: The running job.
    """

    session: SparkSession
    settings: Settings
    lake: Lake
    min_partitions: int | None = None
    target_partitions: int | None = None
    bookmarks: Bookmarks = field(default_factory=Bookmarks, compare=False)
    streaming_job: bool = False
    job: RunningJob = field(default_factory=RunningJob, compare=False)

    @cached_property
    def clients(self) -> Clients:
        """The clients of the Data Catalog and of Secrets Manager."""
        return Clients(self.settings)
