"""The files of a source as tasks for the workers, each of about the same number of bytes.

Files on this machine (the lake among them) are opened by the workers themselves; of other file systems Spark's own
`binaryFile` source brings the content. Large files may be cut into ranges of bytes where a decoder can find the first
record of a range.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from glue_etl.engine.io.decoded_stream import codec_of

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from glue_etl.engine.io.listing import Listing, SourceFile

__all__ = ["Part", "Parts", "parts_of"]

_SMALLEST = 1 << 20
"""Bytes below which a task of its own is not worth its start."""
_OPENING = 1 << 16
"""What it costs to open a file, in bytes that could be decoded meanwhile."""
_TASKS_PER_CORE = 3


@dataclass(frozen=True, slots=True)
class Part:
    """A file, or a range of its bytes, for one worker.

    Attributes:
        uri: Its name as the user would write it.
        source: Its path on this machine, or its content.
        codec: How it is compressed; empty for not at all.
        modified: Time of its last change.
        start: First byte of the range.
        end: The byte after it; None for the whole file, whatever its size.
    """

    uri: str
    source: str | bytes
    codec: str
    modified: datetime | None = None
    start: int = 0
    end: int | None = None


@dataclass(frozen=True)
class Parts:
    """What the rows of a task DataFrame mean, for the function of its `mapInArrow`.

    Attributes:
        tasks: By number: what each row stands for; None if the rows hold the files' content.
        compression: The script's `compressionType`.
    """

    tasks: tuple[tuple[Part, ...], ...] | None
    compression: str

    def of(self, batches: Iterable[Any]) -> Iterator[Part]:
        """The parts of the rows that came to this worker."""
        for batch in batches:
            for row in range(batch.num_rows):
                if self.tasks is not None:
                    yield from self.tasks[batch.column(0)[row].as_py()]
                    continue
                uri, modified, content = (batch.column(at)[row].as_py() for at in range(3))
                yield Part(uri, content, codec_of(uri, self.compression), modified)


def parts_of(session: SparkSession, listing: Listing, compression: str, *, ranges: bool) -> tuple[DataFrame, Parts]:
    """The tasks of a source.

    Args:
        session: Its default parallelism says how many tasks are useful.
        listing: The files; at least one.
        compression: The script's `compressionType`.
        ranges: Whether a file that is not compressed may be cut.

    Returns:
        A DataFrame with a row for each task (or file), and what the rows mean.

    Raises:
        UnsupportedError: A file is compressed in a way that cannot be read.
    """
    codecs = [codec_of(file.uri, compression) for file in listing.files]
    if any(file.local is None for file in listing.files):
        paths, lookup = listing.spark_paths()
        files = session.read.format("binaryFile").options(**lookup).load(paths)
        return files.select("path", "modificationTime", "content"), Parts(None, compression)
    tasks = _shared_out(listing.files, codecs, session.sparkContext.defaultParallelism, ranges)
    rows = session.range(0, len(tasks), 1, len(tasks)).toDF("task")
    return rows, Parts(tasks, compression)


def _shared_out(
    files: Sequence[SourceFile], codecs: Sequence[str], cores: int, ranges: bool
) -> tuple[tuple[Part, ...], ...]:
    """Share the bytes of local files out to tasks of about equal size, in the order of the files."""
    total = sum(file.size + _OPENING for file in files)
    share = max(_SMALLEST, total // (_TASKS_PER_CORE * max(1, cores)) + 1)
    tasks: list[list[Part]] = []
    room = 0
    for file, codec in zip(files, codecs, strict=True):
        at, whole = 0, not ranges or bool(codec) or file.size == 0
        while at < file.size or at == 0:
            if room <= 0:
                tasks.append([])
                room = share
            # A rest that is hardly worth a part goes with what is before it.
            end = file.size if whole or file.size - at <= room + _OPENING else at + room
            tasks[-1].append(
                Part(file.uri, str(file.local), codec, _modified(file), at, None if end == file.size else end)
            )
            room -= end - at + _OPENING
            at = max(end, 1)
    return tuple(tuple(task) for task in tasks)


def _modified(file: SourceFile) -> datetime | None:
    try:
        return None if file.local is None else datetime.fromtimestamp(file.local.stat().st_mtime, UTC)
    except OSError:
        return None  # it is gone, and its stream says so
