"""The part of schema inference that runs in Spark's Python workers, on Arrow batches of lines."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from glue_etl.engine.types import json_form
from glue_etl.engine.types import tree as g
from glue_etl.engine.types.json_shape import Strings, shape, string_paths
from glue_etl.engine.types.json_strict import dumps, loads, records_of
from glue_etl.engine.types.json_verify import UnverifiedError, check_of, doubtful_rows, joined
from glue_etl.engine.types.paths import render

__all__ = ["FIRST", "SEGMENT", "Segment", "clean_lines", "survey_lines"]

SEGMENT = (
    "file string, start long, type string, murky array<string>, unchecked array<string>,"
    " records long, blank long, bad long, arrays long"
)
"""What a worker reports of each piece of a file, as Spark DDL."""
FIRST = 200
"""Lines that are always decoded in Python, so that the type is known before Arrow checks the rest."""
_GIVE_UP = 3
"""Batches in a row that Arrow could not check, after which it is asked only now and then."""
_MANY = 0.3
"""Share of doubtful lines above which decoding only those is not worth the trouble."""


@dataclass
class Segment:
    """What is known of one piece of a file.

    Attributes:
        file: Its name.
        start: Where the piece begins in it, in bytes.
        type: The type of the records so far.
        strings: What is known of their strings.
        records: Records so far.
        blank: Lines without anything.
        bad: Lines that are no records.
        arrays: Lines that are arrays of records.
        failures: Batches in a row that Arrow could not check.
        seen: Lines so far that are not empty.
    """

    file: str
    start: int
    type: g.StructType = field(default_factory=g.StructType)
    strings: Strings = field(default_factory=Strings)
    records: int = 0
    blank: int = 0
    bad: int = 0
    arrays: int = 0
    failures: int = 0
    seen: int = 0

    def add(self, lines: Any) -> None:
        """Take a batch of lines, an Arrow array of binary."""
        empty = pc.equal(pc.binary_length(lines), 0)
        if pc.any(empty).as_py():
            kept = lines.filter(pc.invert(empty))
            self.blank += len(lines) - len(kept)
            lines = kept
        if self.seen < FIRST:
            self.decode(lines[:FIRST])
            lines = lines[FIRST:]
        if len(lines):
            self.check(lines)

    def check(self, lines: Any, text: Any | None = None) -> None:
        """Take a batch of lines that are likely to be of the type known.

        Args:
            lines: An Arrow array of binary.
            text: The same lines as one Arrow buffer, if each begins with `{` and ends with `}`.
        """
        if not self._verified(lines, text):
            self.decode(lines, self.type)

    def _verified(self, lines: Any, text: Any | None) -> bool:
        if not self.type.fields or (self.failures >= _GIVE_UP and self.failures % 16):
            self.failures += 1
            return False
        check = check_of(self.type)
        if check is None:
            return False
        try:
            if text is None:
                text = joined(lines)
            doubtful = doubtful_rows(text, len(lines), self.type, check, self.strings)
        except UnverifiedError:
            self.failures += 1
            return False
        if doubtful is not None:
            some = lines.filter(doubtful)
            if len(some) > _MANY * len(lines):
                self.failures += 1
                return False
            self.decode(some, self.type)
            self.records -= len(some)
            self.seen -= len(some)
        self.failures = 0
        self.seen += len(lines)
        self.records += len(lines)
        self.strings.unchecked |= string_paths(self.type) - check.looked
        return True

    def decode(self, lines: Any, known: g.GlueType = g.UNKNOWN) -> None:
        """Take a batch of lines by decoding them in Python.

        Args:
            lines: An Arrow array of binary.
            known: The type so far; strings are looked at only where it is no plain string.
        """
        self.seen += len(lines)
        texts = lines.to_pylist()
        try:
            records = list(map(loads, texts))
            if set(map(type, records)) - {dict}:
                records = self._one_by_one(texts)
        except ValueError:
            records = self._one_by_one(texts)
        self.records += len(records)
        if records:
            found = shape(records, (), known, self.strings)
            merged = g.merge(self.type, found)
            assert isinstance(merged, g.StructType)
            self.type = merged

    def _one_by_one(self, texts: list[bytes]) -> list[dict[str, Any]]:
        records: list[dict[str, Any]] = []
        for text in texts:
            try:
                some = records_of(text)
            except ValueError:
                self.bad += 1
                continue
            if len(some) == 1 and text.lstrip().startswith(b"{"):
                records.append(some[0])
            elif text.isspace():
                self.blank += 1
            else:
                self.arrays += 1
                records.extend(some)
        return records

    def report(self) -> dict[str, Any]:
        """The row of `SEGMENT`."""
        return {
            "file": self.file,
            "start": self.start,
            "type": json_form.dumps(self.type),
            "murky": [render(path) for path in self.strings.murky],
            "unchecked": [render(path) for path in self.strings.unchecked],
            "records": self.records,
            "blank": self.blank,
            "bad": self.bad,
            "arrays": self.arrays,
        }


def survey_lines(batches: Iterable[Any]) -> Iterator[Any]:
    """Report on every piece of a file, from batches of (value binary, file string, start long)."""
    current: Segment | None = None
    # Millions of small dicts that hold no cycles: the collector only costs time here.
    gc.disable()
    try:
        for batch in batches:
            for file, start, lines in _pieces(batch):
                if current is not None and (current.file, current.start) != (file, start):
                    yield _rows([current.report()])
                    current = None
                current = current or Segment(file, start)
                current.add(lines)
        if current is not None:
            yield _rows([current.report()])
    finally:
        gc.enable()


def _pieces(batch: Any) -> Iterator[tuple[str, int, Any]]:
    """Cut a batch where the file or its block changes."""
    lines, files, starts = batch.column(0), batch.column(1), batch.column(2)
    at = 0
    while at < len(lines):
        end = len(lines)
        if not _same(files, starts, at, end - 1):
            changed = pc.or_(
                pc.not_equal(files[at + 1 :], files[at:-1]),
                pc.not_equal(starts[at + 1 :], starts[at:-1]),
            )
            end = at + 1 + pc.index(changed, True).as_py()
        yield files[at].as_py() or "", starts[at].as_py(), lines[at:end]
        at = end


def _same(files: Any, starts: Any, left: int, right: int) -> bool:
    # A piece is read in one go, so equal ends mean that nothing else lies between.
    return bool(files[left] == files[right] and starts[left] == starts[right])


def _rows(rows: list[dict[str, Any]]) -> Any:
    texts = pa.list_(pa.string())
    schema = pa.schema(
        [("file", pa.string()), ("start", pa.int64()), ("type", pa.string()), ("murky", texts), ("unchecked", texts)]
        + [(name, pa.int64()) for name in ("records", "blank", "bad", "arrays")]
    )
    return pa.RecordBatch.from_pylist(rows, schema=schema)


def clean_lines(batches: Iterable[Any]) -> Iterator[Any]:
    """One line per record from (value binary, more columns): bad lines left out, arrays of records taken apart."""
    for batch in batches:
        values: list[str] = []
        rows: list[int] = []
        for row, line in enumerate(batch.column(0).to_pylist()):
            try:
                records = records_of(line)
            except ValueError:
                continue
            single = len(records) == 1 and line.lstrip().startswith(b"{")
            texts = [line] if single else [dumps(record) for record in records]
            values.extend(text.decode("utf-8") for text in texts)
            rows.extend([row] * len(texts))
        taken = pa.array(rows, pa.int64())
        columns = [pa.array(values, pa.string()), *[column.take(taken) for column in batch.columns[1:]]]
        yield pa.RecordBatch.from_arrays(columns, batch.schema.names)
