"""The Glue type of JSON lines, choices included, in one parallel pass whose memory is bounded by a batch of lines.

Spark's own inference is of no use here: it makes a string of what is a number in one record and a string in another,
and a double of 1 and 1.5, where AWS Glue keeps a choice. Workers therefore decode the first lines of each piece of a
file in Python and let Arrow's JSON reader check the rest; only batches that hold something new are decoded again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from glue_etl.engine.frame.core import Plan
from glue_etl.engine.types import json_form
from glue_etl.engine.types import tree as g
from glue_etl.engine.types.inference_files import LocalFile, cut, survey_pieces
from glue_etl.engine.types.inference_worker import SEGMENT, survey_lines
from glue_etl.engine.types.json_split import split, string_choices
from glue_etl.engine.types.paths import Path, parse

__all__ = ["Survey", "infer_lines", "parse_lines", "survey", "survey_files"]


@dataclass(frozen=True)
class Survey:
    """What one pass over JSON lines found.

    Attributes:
        type: The merged type of all records, fields in the order of first appearance.
        murky: Paths of choices whose alternatives cannot be told apart by Spark's text of them.
        records: Records found.
        blank: Lines without anything.
        bad: Lines that are no records.
        arrays: Lines that are arrays of records.
    """

    type: g.StructType
    murky: frozenset[Path]
    records: int
    blank: int
    bad: int
    arrays: int

    @property
    def tidy(self) -> bool:
        """Whether each line is a record and each record a line."""
        return not (self.blank or self.bad or self.arrays)


def infer_lines(df: DataFrame, column: str) -> g.StructType:
    """The type of JSON lines.

    `int` fits 32 bits, `long` 64, larger integers are doubles; different kinds in different records make a choice;
    a field that is null everywhere is `null`. Lines that are no records are passed over.

    Args:
        df: Lines of text or UTF-8 bytes. The order of fields follows files by path and position in them.
        column: The name of the column that holds them.
    """
    return survey(df, column).type


def survey(df: DataFrame, column: str) -> Survey:
    """Everything `infer_lines` sees, at the price of one pass."""
    # Spark hands over text as it is in the file; as binary, bytes that are not UTF-8 come through unharmed.
    lines = df.select(
        F.col(column).cast("binary").alias("value"),
        F.input_file_name().alias("file"),
        F.input_file_block_start().alias("start"),
    )
    rows = lines.mapInArrow(survey_lines, SEGMENT).collect()
    return _merged(sorted(rows, key=lambda row: (row["file"], row["start"])))


def survey_files(session: SparkSession, files: Sequence[LocalFile]) -> Survey:
    """What `survey` sees in text files, read by the workers themselves."""
    spark = session.sparkContext
    tasks = cut(sorted(files, key=lambda file: file.name), spark.defaultParallelism)
    if not tasks:
        return _merged([])
    found = spark.parallelize(tasks, len(tasks)).map(survey_pieces).collect()
    return _merged(row for rows in found for row in rows)


def _merged(rows: Iterable[Any]) -> Survey:
    kind: g.GlueType = g.StructType()
    last = ""
    totals = dict.fromkeys(("records", "blank", "bad", "arrays"), 0)
    murky: set[str] = set()
    for row in rows:
        if row["type"] != last:
            kind = g.merge(kind, json_form.loads(row["type"]))
            last = row["type"]
        murky.update(row["murky"], row["unchecked"])
        for name in totals:
            totals[name] += row[name]
    assert isinstance(kind, g.StructType)
    found = string_choices(kind)
    return Survey(kind, frozenset(path for path in map(parse, murky) if path in found), **totals)


def parse_lines(df: DataFrame, column: str, kind: g.StructType, murky: frozenset[Path] | None = None) -> Plan:
    """Parse JSON lines into the columns of a type.

    Args:
        df: Lines of text that are records each (`inference_worker.clean_lines` makes them so).
        column: The name of the column that holds them.
        kind: The type, as inferred from these lines or given.
        murky: From the survey of these lines; by default every choice that has a string among its alternatives.
    """
    known = string_choices(kind) if murky is None else murky
    return Plan(split(df, column, kind, known), kind)
