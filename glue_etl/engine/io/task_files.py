"""Files that the tasks write themselves, for formats Spark has no writer for.

Each task writes one file for each folder it has records for, under a hidden name of its own attempt: those of tasks
that fail, or that were faster elsewhere, are never seen. The driver gives the files of the tasks that counted their
names. Folders are named as Spark and Hive name them. Spark opens `file:` on each worker too, so a cluster changes
nothing.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import Column, DataFrame

from glue_etl.engine.frame.conform import top

__all__ = ["FileWriter", "WriteTask", "partition_folder", "write_task_files"]

_NULL = "__HIVE_DEFAULT_PARTITION__"
_ESCAPED = frozenset("\"#%'*/:=?\\{[]^\x7f" + "".join(map(chr, range(1, 32))))
_WRITTEN = "hidden string, name string"


class FileWriter(Protocol):
    """Writes one file."""

    def write(self, rows: pa.RecordBatch) -> None:
        """Add rows; columns are named by their position."""

    def close(self) -> None:
        """Finish the file."""


def write_task_files(
    df: DataFrame,
    columns: Sequence[Column],
    keys: Sequence[str],
    folder: Path,
    extension: str,
    open_file: Callable[[Path], FileWriter],
) -> None:
    """Write a frame's rows; nothing is written for a task without rows.

    Args:
        df: The rows.
        columns: What goes into the files.
        keys: Columns whose values name folders, outermost first.
        folder: Where; a folder on this machine.
        extension: The end of the files' names, with its dot.
        open_file: Opens a file for writing; goes to the workers.
    """
    chosen = [column.alias(str(at)) for at, column in enumerate(columns)]
    names = [str(len(chosen) + at) for at in range(len(keys))]
    rows = df.select(*chosen, *[top(key).cast("string").alias(name) for key, name in zip(keys, names, strict=True)])
    if keys:
        # So that a task has one file open at a time.
        rows = rows.sortWithinPartitions(*names)
    task = WriteTask(tuple(keys), len(chosen), os.path.abspath(folder), extension, open_file, str(uuid.uuid4()))
    for row in rows.mapInArrow(task, _WRITTEN).collect():
        os.replace(folder / row["hidden"], folder / row["name"])


@dataclass
class WriteTask:
    """Batches of rows to the names of the files they were written to, hidden as yet and as they are to be.

    Attributes:
        keys: Names of the partition keys; their values, as text, are the last columns of a batch.
        width: How many columns go into the files.
        folder: Where to write.
        extension: The end of the files' names.
        open_file: Opens a file for writing.
        token: Names this write.
    """

    keys: tuple[str, ...]
    width: int
    folder: str
    extension: str
    open_file: Callable[[Path], FileWriter]
    token: str
    _written: list[tuple[str, str]] = field(default_factory=list)

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Write one task's rows."""
        from pyspark import TaskContext

        self._written = []
        context = TaskContext.get()
        task, attempt = (0, 0) if context is None else (context.partitionId(), context.taskAttemptId())
        current: tuple[str | None, ...] | None = None
        writer: FileWriter | None = None
        try:
            for batch in batches:
                rows = pa.RecordBatch.from_arrays(batch.columns[: self.width], names=batch.schema.names[: self.width])
                for start, end, values in _runs(batch, self.width):
                    if writer is None or values != current:
                        if writer is not None:
                            writer.close()
                        writer = self.open_file(self._place(values, task, attempt))
                        current = values
                    writer.write(rows.slice(start, end - start))
        finally:
            if writer is not None:
                writer.close()
        names = list(zip(*self._written, strict=True)) or [(), ()]
        yield pa.RecordBatch.from_arrays([pa.array(each, pa.string()) for each in names], names=["hidden", "name"])

    def _place(self, values: tuple[str | None, ...], task: int, attempt: int) -> Path:
        folder = partition_folder(self.keys, values)
        name = f"part-{task:05d}-{self.token}-c{len(self._written):03d}{self.extension}"
        hidden = f".{name}.{attempt}"
        (Path(self.folder) / folder).mkdir(parents=True, exist_ok=True)
        self._written.append((os.path.join(folder, hidden), os.path.join(folder, name)))
        return Path(self.folder, folder, hidden)


def _runs(batch: pa.RecordBatch, width: int) -> Iterator[tuple[int, int, tuple[str | None, ...]]]:
    """Rows that follow each other and have the same keys: first, end, and the keys' values."""
    keys = batch.columns[width:]
    if not batch.num_rows:
        return
    changes = np.zeros(batch.num_rows, bool)
    for key in keys:
        # A null is a number of its own.
        codes = pc.fill_null(pc.dictionary_encode(key).indices, -1).to_numpy(zero_copy_only=False)
        changes[1:] |= codes[1:] != codes[:-1]
    starts = [0, *np.flatnonzero(changes).tolist()]
    for start, end in zip(starts, [*starts[1:], batch.num_rows], strict=True):
        yield start, end, tuple(key[start].as_py() for key in keys)


def partition_folder(keys: Sequence[str], values: Sequence[str | None]) -> str:
    """The folder of some keys' values, such as `year=2024/city=__HIVE_DEFAULT_PARTITION__`; empty without keys.

    Null and the empty text have the same folder, as Spark has it.
    """
    return "/".join(
        f"{_escaped(key)}={_escaped(value) if value else _NULL}" for key, value in zip(keys, values, strict=True)
    )


def _escaped(text: str) -> str:
    return "".join(quote(c, safe="") if c in _ESCAPED else c for c in text)
