"""Whole files of JSON: pretty-printed records, arrays of records, several documents one after another, JsonPath.

Runs in Spark's Python workers, one file at a time, so memory is bounded by the largest file.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa

from glue_etl.engine.io.compression import codec_of, decompressed
from glue_etl.engine.io.json_path import Steps, select
from glue_etl.engine.types.json_strict import dumps, loads

__all__ = ["DOCUMENT", "document_lines", "records_in"]

DOCUMENT = "value string, file string, error string, input string, position long, modified timestamp"
"""What a worker gives: a record as one line of JSON, or what is wrong with a document."""

_SHOWN = 1000


def records_in(value: Any, steps: Steps) -> Iterator[dict[str, Any]]:
    """The records that a path selects in a document; an array it ends at is taken apart.

    Raises:
        ValueError: It selects something that is no object.
    """
    for found in select(value, steps):
        for record in found if type(found) is list else [found]:
            if type(record) is not dict:
                what = "an array" if type(record) is list else "a bare value"
                raise ValueError(f"a record must be a JSON object, not {what}")
            yield record


def document_lines(steps: Steps) -> Any:
    """The function for `mapInArrow` over (path string, content binary, time of the last change)."""

    def read(batches: Iterable[Any]) -> Iterator[Any]:
        for batch in batches:
            for row, (file, content) in enumerate(zip(batch.column(0).to_pylist(), batch.column(1), strict=True)):
                found = list(_lines(file, content.as_py(), steps))
                yield _batch(found, batch.column(2).take(pa.array([row] * len(found), pa.int64())))

    return read


def _batch(rows: list[tuple[str | None, str, str | None, str | None, int | None]], modified: Any) -> Any:
    kinds = (pa.string(), pa.string(), pa.string(), pa.string(), pa.int64())
    columns = list(zip(*rows, strict=True)) or [()] * len(kinds)
    names = ["value", "file", "error", "input", "position", "modified"]
    arrays = [pa.array(c, k) for c, k in zip(columns, kinds, strict=True)]
    return pa.RecordBatch.from_arrays([*arrays, modified], names)


def _lines(
    file: str, content: bytes, steps: Steps
) -> Iterator[tuple[str | None, str, str | None, str | None, int | None]]:
    if codec_of(file) is not None:
        with decompressed(io.BytesIO(content), file) as stream:
            content = stream.read()
    for start, text, value in _documents(content.removeprefix(b"\xef\xbb\xbf")):
        try:
            if isinstance(value, ValueError):
                raise value
            for record in records_in(value, steps):
                yield dumps(record).decode("utf-8"), file, None, None, None
        except ValueError as error:
            yield None, file, str(error), text[:_SHOWN].decode("utf-8", "backslashreplace"), start


def _documents(content: bytes) -> Iterator[tuple[int, bytes, Any]]:
    """(position, text, value or ValueError) of each document of a file."""
    if not content.strip():
        return
    try:
        yield 0, content, loads(content)
    except ValueError as error:
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError as wrong:
            fault = ValueError(f"not UTF-8: byte 0x{content[wrong.start]:02x} at byte {wrong.start} of the file")
            yield wrong.start, content, fault
            return
        yield from _sequence(text, error)


def _sequence(text: str, first: ValueError) -> Iterator[tuple[int, bytes, Any]]:
    decoder = json.JSONDecoder()
    at = 0
    while True:
        while at < len(text) and text[at] in " \t\r\n":
            at += 1
        if at == len(text):
            return
        try:
            _, end = decoder.raw_decode(text, at)
            part = text[at:end].encode("utf-8")
            yield at, part, loads(part)
        except (ValueError, RecursionError) as error:
            fault = first if at == 0 else error
            # Where a document that fits one line is broken, the next line begins a new one.
            end = text.find("\n", at) + 1 or len(text)
            following = text[end:].lstrip()[:1]
            if text[at : at + 1] in "{[" and following not in ("{", "["):
                end = len(text)
            yield at, text[at:end].encode("utf-8"), ValueError(f"not JSON: {fault}")
        at = end
