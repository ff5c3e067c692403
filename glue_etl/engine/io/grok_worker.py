"""What runs in Python workers for the format grokLog: lines to records by one regular expression.

A line that the pattern does not match is an error record, except a blank one. In strict mode a value that is not
written as its type is makes one of its line; otherwise what can be converted is, and what cannot is null.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import pyarrow as pa

from glue_etl.engine.frame.records_encode import encode
from glue_etl.engine.frame.records_shape import arrow_type, shape
from glue_etl.engine.frame.records_worker import ERROR
from glue_etl.engine.io.decoded_files import Part, Parts
from glue_etl.engine.io.decoded_lines import line_blocks
from glue_etl.engine.io.grok_compile import Grok, GrokField
from glue_etl.engine.types import tree as g

__all__ = ["GrokRows"]

_SHOWN = 1000
_Errors = list[dict[str, Any]]


@dataclass
class GrokRows:
    """Rows of tasks to records, or to the error records.

    Attributes:
        parts: What the rows of the task DataFrame mean.
        grok: The pattern.
        missing: The text that stands for a missing value; empty if none does.
        strict: Convert nothing that is not written as its type is.
        zone: The session's time zone, in which dates without one are.
        attach_filename: The column for each record's file.
        attach_timestamp: The column for the time of its file's last change.
        errors_only: Give rows of `frame.records_worker.ERROR` in place of the records.
    """

    parts: Parts
    grok: Grok
    missing: str
    strict: bool
    zone: str
    attach_filename: str | None = None
    attach_timestamp: str | None = None
    errors_only: bool = False

    def __call__(self, rows: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Match block by block."""
        for part in self.parts.of(rows):
            for lines in line_blocks(part):
                errors: _Errors = []
                batch = self._batch(lines, part, errors)
                if not self.errors_only:
                    if batch.num_rows:
                        yield batch
                elif errors:
                    yield pa.RecordBatch.from_pylist(errors, schema=pa.schema(list(ERROR)))

    def _batch(self, lines: list[str], part: Part, errors: _Errors) -> pa.RecordBatch:
        matches = list(map(self.grok.regex.search, lines))
        if None in matches:
            if self.errors_only:
                errors += [
                    _error(line, part.uri, "the line does not match the logFormat", None)
                    for line, match in zip(lines, matches, strict=True)
                    if match is None and line.strip()
                ]
            lines = [line for line, match in zip(lines, matches, strict=True) if match is not None]
        found = [match.groups() for match in matches if match is not None]
        groups = list(zip(*found, strict=True)) or [()] * self.grok.regex.groups
        wrong: dict[int, str] = {}
        texts = [self._texts(each, groups) for each in self.grok.fields]
        columns = {
            each.name: self._column(each, values, wrong) for each, values in zip(self.grok.fields, texts, strict=True)
        }
        for name, value, kind in (
            (self.attach_filename, part.uri, pa.string()),
            (self.attach_timestamp, part.modified, arrow_type(g.TIMESTAMP, self.zone)),
        ):
            if name:
                columns[name] = pa.array(repeat(value, len(lines)), kind)
        batch = pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))
        if not wrong:
            return batch
        if self.errors_only:
            names = [each.name for each in self.grok.fields]
            for at, message in sorted(wrong.items()):
                partial = dict(zip(names, (values[at] for values in texts), strict=True))
                errors.append(_error(lines[at], part.uri, message, json.dumps(partial, ensure_ascii=False)))
        return batch.filter(pa.array([at not in wrong for at in range(len(lines))]))

    def _texts(self, each: GrokField, groups: list[tuple[str | None, ...]]) -> tuple[str | None, ...]:
        values = groups[each.groups[0]]
        for more in each.groups[1:]:
            values = tuple(a if a is not None else b for a, b in zip(values, groups[more], strict=True))
        if self.missing and self.missing in values:
            missing = self.missing
            values = tuple(None if value == missing else value for value in values)
        return values

    def _column(self, each: GrokField, texts: tuple[str | None, ...], wrong: dict[int, str]) -> pa.Array:
        array = each.conversion.array(texts)
        if array is not None and not (self.strict and each.conversion.type in (g.FLOAT, g.DOUBLE)):
            return array
        values: list[Any] = []
        for at, text in enumerate(texts):
            try:
                values.append(None if text is None else each.conversion.value(text, strict=self.strict))
            except ValueError:
                values.append(None)
                if self.strict:
                    wrong.setdefault(at, f"field {each.name!r}: {text!r:.80} is no {each.conversion.word}")
        kind = each.conversion.type
        if kind == g.TIMESTAMP:
            return shape(encode(values, kind, self.zone)[1], kind, self.zone)
        return pa.array(values, arrow_type(kind, self.zone))


def _error(line: str, uri: str, message: str, partial: str | None) -> dict[str, Any]:
    return {"msg": message, "input": line[:_SHOWN], "file": uri, "position": None, "partial": partial}
