"""Unbox: a field of texts becomes what the texts say.

Source: "Unbox class" and `unbox` in the AWS Glue guide. The text may stand in a struct; of a choice, the records with
a text there are opened and the others stay. A null or blank text gives null. A text that is not of the format makes
its record an error record.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as f

from glue_etl.engine.frame.boxed import Opened, Opener
from glue_etl.engine.frame.conform import conform, null_of, struct_of, top
from glue_etl.engine.frame.core import Frame, Plan, Stage
from glue_etl.engine.frame.errors import ERROR_RECORD
from glue_etl.engine.frame.json_text import json_column
from glue_etl.engine.frame.place import read_path
from glue_etl.engine.frame.unbox_csv import CsvOpener
from glue_etl.engine.frame.unbox_json import JsonOpener
from glue_etl.engine.types import paths
from glue_etl.engine.types import tree as g
from glue_etl.errors import FieldError, UnsupportedError

__all__ = ["unbox"]


def _avro(options: Mapping[str, Any]) -> Opener:
    # Imported on use: it needs a library that the other formats do without.
    from glue_etl.engine.frame.unbox_avro import AvroOpener

    return AvroOpener(options)


_FORMATS: dict[str, Callable[[Mapping[str, Any]], Opener]] = {"avro": _avro, "csv": CsvOpener, "json": JsonOpener}


def unbox(frame: Frame, path: str, fmt: str, options: Mapping[str, Any], stage: Stage, session: SparkSession) -> Frame:
    """The frame with a field of texts read as a format.

    Args:
        frame: The records.
        path: The full path to the texts, strings or binary.
        fmt: `json`, `csv` or `avro`.
        options: Those of the format: `withSchema`; for csv `separator`, `escaper`, `quoteChar`, `withHeader` and
            `skipFirst` too; for avro `avroSchema` and `version`.
        stage: What the script said of the transformation.
        session: The session everything runs in.

    Returns:
        A frame whose schema costs one pass over the texts, made when it is asked for; none with `withSchema`.

    Raises:
        OptionError: An option that the format has not, or a value that cannot be used.
        UnsupportedError: Another format.
        FieldError: No record has the field, or it holds something other than texts.
    """
    if fmt not in _FORMATS:
        raise UnsupportedError.of(f"Unbox of the format {fmt!r}", f"use one of {', '.join(sorted(_FORMATS))}")
    run = _Unboxing(frame, paths.names(paths.parse(path)), _FORMATS[fmt](options), stage, session)
    if frame.is_planned:
        run.locate()
    # A view whose plan counts as unknown: the pass over the texts is not made before its result is asked for.
    lazily = Frame(lambda: frame.plan, frame.name, frame.stage_errors, frame.earlier_errors, frame.thresholds)
    return lazily.derive(lambda _: run.plan(), stage, stage_errors=(run,))


@dataclass(eq=False)
class _Unboxing:
    """One unboxing, and the source of its error records."""

    frame: Frame
    path: paths.Path
    opener: Opener
    stage: Stage
    session: SparkSession
    _opened: Opened | None = None
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def _input(self) -> Column:
        texts, kind = self._found()
        # Bytes need not be text.
        return f.base64(texts) if kind == g.BINARY else texts.cast("string")

    def locate(self) -> Column | None:
        """The texts; None where every record has null there.

        Raises:
            FieldError: There are none.
        """
        column, kind = self._found()
        if kind in (g.NULL, g.UNKNOWN):
            return None
        if kind not in (g.STRING, g.BINARY):
            raise FieldError(
                f"Unbox has the path {paths.render(self.path)!r}, which is of the type {kind.name}.",
                hint="give a string field's path",
            )
        return column.cast("string")

    def _found(self) -> tuple[Column, g.GlueType]:
        """What stands at the path; of a choice its texts."""
        found = read_path(self.frame.plan.type, self.path)
        if found is None:
            shown = paths.render(self.path)
            raise FieldError(
                f"Unbox has the path {shown!r}, which no record has.", available=self.frame.plan.type.names
            )
        column, kind = found
        texts = (kind.get("string") or kind.get("binary")) if isinstance(kind, g.ChoiceType) else None
        return found if texts is None else (column.getField(texts.name), texts)

    def opened(self) -> Opened:
        """The texts read, surveyed once."""
        with self._lock:
            if self._opened is None:
                texts = self.locate()
                plan = self.frame.plan
                none = Opened(plan.df, null_of(g.NULL), g.NULL, faults=0)
                self._opened = none if texts is None else self.opener.open(plan.df, texts, paths.render(self.path))
            return self._opened

    def plan(self) -> Plan:
        """The records whose texts can be read."""
        opened = self.opened()
        df = opened.df if opened.fault is None else opened.df.where(opened.fault.isNull())
        columns: list[Column] = []
        fields: list[g.Field] = []
        for member in self.frame.plan.type:
            column, kind = top(member.name), member.type
            if member.name == self.path[0]:
                column, kind = _replaced(column, kind, self.path[1:], opened)
            columns.append(column.alias(member.name))
            fields.append(g.Field(member.name, kind))
        return Plan(df.select(*columns), g.StructType(tuple(fields)))

    def count(self) -> int:
        """How many records could not be read."""
        known = self.opened().faults
        return self.records().count() if known is None else known

    def records(self) -> DataFrame:
        """The records that could not be read, in the columns of `ERROR_RECORD`."""
        opened = self.opened()
        if opened.fault is None:
            return self.session.createDataFrame([], ERROR_RECORD)
        nothing = f.lit(None).cast("string")
        message = f.concat(f.lit(f"the field {paths.render(self.path)!r} cannot be unboxed: "), opened.fault)
        columns: dict[str, Column] = {
            "site": f.lit(self.stage.site),
            "info": f.lit(self.stage.info),
            "msg": message,
            "stackTrace": message,
            "input": self._input(),
            "bytesread": nothing,
            "source": nothing,
            "dynamicRecord": json_column(Plan(opened.df, self.frame.plan.type)),
        }
        wrong = opened.df.where(opened.fault.isNotNull())
        return wrong.select(*[columns[member.name].alias(member.name) for member in ERROR_RECORD])


def _replaced(column: Column, kind: g.GlueType, path: paths.Path, opened: Opened) -> tuple[Column, g.GlueType]:
    """A value with the one at the path below it taken from what was opened."""
    if isinstance(kind, g.ChoiceType):
        return _replaced_in_choice(column, kind, path, opened)
    if not path:
        return opened.value, opened.type
    if isinstance(kind, g.MapType):
        changed, inner = _replaced(column.getItem(path[0]), kind.value, path[1:], opened)
        if inner != kind.value:
            raise UnsupportedError.of(f"Unbox of one key of the map {path[0]!r}", "make it a struct with ApplyMapping")
        return f.map_concat(column, f.create_map(f.lit(path[0]), changed)), kind
    if not isinstance(kind, g.StructType):
        raise TypeError(f"no way into a {kind.name}")
    members: list[tuple[str, Column]] = []
    fields: list[g.Field] = []
    for member in kind:
        part, part_kind = column.getField(member.name), member.type
        if member.name == path[0]:
            part, part_kind = _replaced(part, part_kind, path[1:], opened)
        members.append((member.name, part))
        fields.append(g.Field(member.name, part_kind))
    struct = g.StructType(tuple(fields))
    return struct_of(column.isNotNull(), members, struct), struct


def _replaced_in_choice(
    column: Column, kind: g.ChoiceType, path: paths.Path, opened: Opened
) -> tuple[Column, g.GlueType]:
    """The alternative that is gone into, or the texts, replaced; the other alternatives stay."""
    name = "struct" if path else "string" if kind.get("string") else "binary"
    parts: list[tuple[Column, g.GlueType]] = []
    for choice in kind.choices:
        part: tuple[Column, g.GlueType] = (column.getField(choice.name), choice)
        parts.append(_replaced(*part, path, opened) if choice.name == name else part)
    merged = g.merge_all(part_kind for _, part_kind in parts)
    return f.coalesce(*[conform(part, part_kind, merged) for part, part_kind in parts]), merged
