"""Files that tasks write themselves: folders as Spark names them, and no file of a task that did not count."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from glue_etl.engine.frame.conform import top
from glue_etl.engine.io.task_files import FileWriter, WriteTask, partition_folder, write_task_files


@dataclass
class Lines:
    """A text file of the rows' first column."""

    path: Path

    def write(self, rows: pa.RecordBatch) -> None:
        with self.path.open("a") as file:
            file.writelines(f"{value}\n" for value in rows.column(0).to_pylist())

    def close(self) -> None:
        self.path.touch()


def lines(path: Path) -> FileWriter:
    return Lines(path)


@dataclass
class Failing:
    """Fails after its first rows; goes to the workers by value."""

    def __call__(self, path: Path) -> FileWriter:
        writer = Lines(path)
        return _FailsLater(writer)


@dataclass
class _FailsLater:
    writer: Lines

    def write(self, rows: pa.RecordBatch) -> None:
        self.writer.write(rows)
        raise ValueError("the disk is full")

    def close(self) -> None:
        self.writer.close()


FOLDERS = [
    pytest.param(("k",), ("v",), "k=v", id="plain"),
    pytest.param(("a", "b"), ("1", "é ü"), "a=1/b=é ü", id="two keys"),
    pytest.param(("k",), (None,), "k=__HIVE_DEFAULT_PARTITION__", id="null"),
    pytest.param(("k",), ("",), "k=__HIVE_DEFAULT_PARTITION__", id="empty text"),
    pytest.param(("k:",), ("a/b=c%\n",), "k%3A=a%2Fb%3Dc%25%0A", id="escaped"),
    pytest.param((), (), "", id="no keys"),
]


@pytest.mark.parametrize(("keys", "values", "folder"), FOLDERS)
def test_folders(keys: tuple[str, ...], values: tuple[str | None, ...], folder: str) -> None:
    assert partition_folder(keys, values) == folder


ODD = ["".join(map(chr, range(1, 32))), "\"#%'*/:=?\\{[]^\x7f", "a b+c&d,e}~|<>", "é漢😀", "..", "", None, "x"]


def test_folders_are_those_of_spark(spark: SparkSession, tmp_path: Path) -> None:
    rows = [(at, text, date(2020, 1, 1), Decimal("1.50"), at % 2 == 0) for at, text in enumerate(ODD)]
    df = spark.createDataFrame(rows, "id int, `the key` string, d date, n decimal(9,2), b boolean").coalesce(1)
    keys = ["the key", "d", "n", "b"]
    df.write.partitionBy(*keys).csv((tmp_path / "spark").as_uri())
    (tmp_path / "ours").mkdir()
    write_task_files(df, [top("id")], keys, tmp_path / "ours", ".txt", lines)
    contents = []
    for side, pattern in (("spark", "*.csv"), ("ours", "*.txt")):
        files: dict[str, list[str]] = {}
        for path in (tmp_path / side).rglob(pattern):
            folder = path.parent.relative_to(tmp_path / side).as_posix()
            files.setdefault(folder, []).extend(path.read_text().split())
        contents.append({folder: sorted(ids) for folder, ids in files.items()})
    assert contents[0] == contents[1]
    assert not list((tmp_path / "ours").rglob(".*"))


def batches(*keys: str | None) -> Iterator[pa.RecordBatch]:
    for at in range(0, len(keys), 2):
        part = keys[at : at + 2]
        yield pa.record_batch([pa.array(range(at, at + len(part))), pa.array(part, pa.string())], ["0", "1"])


def task(folder: Path, open_file: Callable[[Path], FileWriter] = lines) -> WriteTask:
    return WriteTask(("k",), 1, str(folder), ".txt", open_file, "token")


def test_one_file_is_open_at_a_time_and_goes_on_over_batches(tmp_path: Path) -> None:
    (names,) = task(tmp_path)(batches(None, None, None, "a", "a", "a", "b"))
    written = {row["name"]: (tmp_path / row["hidden"]).read_text().split() for row in names.to_pylist()}
    assert written == {
        "k=__HIVE_DEFAULT_PARTITION__/part-00000-token-c000.txt": ["0", "1", "2"],
        "k=a/part-00000-token-c001.txt": ["3", "4", "5"],
        "k=b/part-00000-token-c002.txt": ["6"],
    }


def test_an_attempt_that_does_not_count_leaves_hidden_files_alone(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="disk is full"):
        list(task(tmp_path, Failing())(batches("a", "a")))
    shown: list[Any] = [path for path in tmp_path.rglob("*") if path.is_file() and not path.name.startswith(".")]
    assert shown == []


def test_no_rows_no_file(spark: SparkSession, tmp_path: Path) -> None:
    write_task_files(spark.range(0), [top("id")], [], tmp_path / "none", ".txt", lines)
    assert list(tmp_path.rglob("*")) == []
