"""Whole files of JSON: pretty-printed records, arrays of records, several documents one after another, JsonPath.

Runs in Spark's Python workers, one file at a time, so memory is bounded by the largest file.
"""

from __future__ import annotations

import bz2
import gzip
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa

from glue_etl.engine.types.json_strict import dumps, loads
from glue_etl.errors import OptionError, UnsupportedError

__all__ = ["DOCUMENT", "Steps", "document_lines", "parse_json_path", "records_in"]

DOCUMENT = "value string, file string, error string, input string, position long"
"""What a worker gives: a record as one line of JSON, or what is wrong with a document."""

Steps = tuple[str | int | None, ...]
"""A parsed JsonPath: a member's name, an element's number, or None for all of them."""

_STEP = re.compile(
    r"""\.(?P<name>[^.\[\]*'"()?@ ]+)|\['(?P<quoted>[^']+)'\]|\["(?P<double>[^"]+)"\]"""
    r"""|\[(?P<at>\d+)\]|(?P<all>\[\*\]|\.\*)"""
)
_SHOWN = 1000


def parse_json_path(text: str) -> Steps:
    """Split a JsonPath into steps.

    Source: `jsonPath` in "Using the JSON format in AWS Glue".

    Raises:
        UnsupportedError: It has a recursive descent, a filter, a slice or a function.
        OptionError: It is no JsonPath.
    """
    if ".." in text or re.search(r"\?\(|\[[^'\"]*[:,].*\]|\(\)", text):
        raise UnsupportedError.of(f"the jsonPath {text!r}", hint="use members, [n] and [*], such as '$.records[*]'")
    steps: list[str | int | None] = []
    at = 1
    while text.startswith("$") and at < len(text):
        match = _STEP.match(text, at)
        if match is None:
            break
        name = match["name"] or match["quoted"] or match["double"]
        steps.append(name if name else int(match["at"]) if match["at"] else None)
        at = match.end()
    if not text.startswith("$") or at != len(text):
        raise OptionError(f"jsonPath {text!r} is no JsonPath.", hint="it begins with $, such as '$.records[*]'")
    return tuple(steps)


def records_in(value: Any, steps: Steps) -> Iterator[dict[str, Any]]:
    """The records that a path selects in a document; an array it ends at is taken apart.

    Raises:
        ValueError: It selects something that is no object.
    """
    for found in _select(value, steps):
        for record in found if type(found) is list else [found]:
            if type(record) is not dict:
                what = "an array" if type(record) is list else "a bare value"
                raise ValueError(f"a record must be a JSON object, not {what}")
            yield record


def _select(value: Any, steps: Steps) -> Iterator[Any]:
    if not steps:
        yield value
        return
    step, rest = steps[0], steps[1:]
    if step is None:
        inner = value if type(value) is list else list(value.values()) if type(value) is dict else []
        for item in inner:
            yield from _select(item, rest)
    elif type(step) is int:
        if type(value) is list and step < len(value):
            yield from _select(value[step], rest)
    elif type(value) is dict and step in value:
        yield from _select(value[step], rest)


def document_lines(steps: Steps) -> Any:
    """The function for `mapInArrow` over (path string, content binary)."""

    def read(batches: Iterable[Any]) -> Iterator[Any]:
        for batch in batches:
            for file, content in zip(batch.column(0).to_pylist(), batch.column(1), strict=True):
                yield _batch(list(_lines(file, content.as_py(), steps)))

    return read


def _batch(rows: list[tuple[str | None, str, str | None, str | None, int | None]]) -> Any:
    kinds = (pa.string(), pa.string(), pa.string(), pa.string(), pa.int64())
    columns = list(zip(*rows, strict=True)) or [()] * len(kinds)
    names = ["value", "file", "error", "input", "position"]
    return pa.RecordBatch.from_arrays([pa.array(c, k) for c, k in zip(columns, kinds, strict=True)], names)


def _lines(
    file: str, content: bytes, steps: Steps
) -> Iterator[tuple[str | None, str, str | None, str | None, int | None]]:
    if file.endswith(".gz"):
        content = gzip.decompress(content)
    elif file.endswith(".bz2"):
        content = bz2.decompress(content)
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
