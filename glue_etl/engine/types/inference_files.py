r"""The survey of JSON lines straight from files that the workers can open: no line takes the way through the JVM.

Lines are what Hadoop's line reader makes of the same bytes: they end with `\n`, `\r\n` or `\r`, and a byte order
mark at the head of a file is no part of the first.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from glue_etl.engine.types.inference_worker import FIRST, Segment
from glue_etl.engine.types.line_start import line_start

__all__ = ["LocalFile", "Piece", "cut", "survey_pieces"]

_BLOCK = 2 << 20
"""Bytes that are looked at together; a longer line is a block of its own."""
_SMALLEST = 8 << 20
"""Bytes below which a task of its own is not worth its start."""
_OPENING = 1 << 18
"""What it costs to open a file, in bytes that could be read meanwhile."""
_TASKS_PER_CORE = 3
_NEWLINE, _RETURN, _OPEN, _CLOSE = b"\n\r{}"


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file every worker can open.

    Attributes:
        name: Its URI; files are surveyed in the order of these.
        path: Its path on this machine.
        size: In bytes.
    """

    name: str
    path: str
    size: int


@dataclass(frozen=True, slots=True)
class Piece:
    """The lines of a file that begin in a range of bytes."""

    file: LocalFile
    start: int
    end: int


def cut(files: Sequence[LocalFile], cores: int) -> list[list[Piece]]:
    """Share the bytes of files out to tasks of about equal size."""
    total = sum(file.size + _OPENING for file in files)
    share = max(_SMALLEST, total // (_TASKS_PER_CORE * max(1, cores)) + 1)
    tasks: list[list[Piece]] = []
    room = 0
    for file in files:
        at = 0
        while at < file.size:
            if room <= 0:
                tasks.append([])
                room = share
            # A rest that is hardly worth a piece goes with what is before it.
            end = file.size if file.size - at <= room + _OPENING else at + room
            tasks[-1].append(Piece(file, at, end))
            room -= end - at + _OPENING
            at = end
    return tasks


def survey_pieces(pieces: Sequence[Piece]) -> list[dict[str, Any]]:
    """What `inference_worker.Segment` reports of each piece."""
    reports: list[dict[str, Any]] = []
    # Millions of small dicts that hold no cycles: the collector only costs time here.
    gc.disable()
    try:
        for piece in pieces:
            segment = Segment(piece.file.name, piece.start)
            for block in _blocks(piece):
                _add(segment, block)
            reports.append(segment.report())
    finally:
        gc.enable()
    return reports


def _blocks(piece: Piece) -> Iterator[memoryview]:
    """The piece's lines, whole ones, many at a time; each block is gone when the next is asked for."""
    # One buffer for all blocks: fresh memory costs as much as the reading.
    buffer = bytearray(2 * _BLOCK)
    kept = 0
    with open(piece.file.path, "rb", buffering=0) as file:
        at, stop = line_start(file, piece.start), line_start(file, piece.end)
        file.seek(0)
        if at == 0 and file.read(3) == b"\xef\xbb\xbf":
            at = 3
        file.seek(at)
        while at < stop:
            if kept + _BLOCK > len(buffer):
                buffer = buffer + bytearray(len(buffer))
            with memoryview(buffer) as view:
                got = file.readinto(view[kept : kept + min(_BLOCK, stop - at)])
            if not got:
                break
            full = kept + got
            at += got
            end = full
            if at < stop:
                # A `\r` counts only where no `\n` is, and never as the last byte: a `\n` may follow.
                end = buffer.rfind(b"\n", 0, full) + 1 or buffer.rfind(b"\r", 0, full - 1) + 1
            yield memoryview(buffer)[:end]
            kept = full - end
            buffer[:kept] = buffer[end:full]
        yield memoryview(buffer)[:kept]


def _add(segment: Segment, block: memoryview) -> None:
    if not block:
        return
    codes = np.frombuffer(block, np.uint8)
    if _RETURN in codes:
        codes = np.frombuffer(bytes(block).replace(b"\r\n", b"\n").replace(b"\r", b"\n"), np.uint8)
    if codes[-1] == _NEWLINE:
        codes = codes[:-1]
    ends = np.flatnonzero(codes == _NEWLINE)
    # Between these two characters no record can run over the end of its line.
    framed = (
        len(codes) > 0
        and codes[0] == _OPEN
        and codes[-1] == _CLOSE
        and bool((codes[ends - 1] == _CLOSE).all() and (codes[ends + 1] == _OPEN).all())
    )
    if not framed:
        segment.add(pa.array(codes.tobytes().split(b"\n"), pa.binary()))
        return
    data = pa.py_buffer(codes)
    first = min(max(0, FIRST - segment.seen), len(ends) + 1)
    if first:
        segment.decode(_lines(data, ends)[:first])
        if first == len(ends) + 1:
            return
        begin = int(ends[first - 1]) + 1
        data, ends = data.slice(begin), ends[first:] - begin
    segment.check(_lines(data, ends), data)


def _lines(data: Any, ends: Any) -> Any:
    r"""An Arrow array of the lines, without a copy; each keeps the `\n` at its end, which JSON does not mind."""
    offsets = np.empty(len(ends) + 2, np.int32)
    offsets[0], offsets[-1] = 0, data.size
    np.add(ends, 1, out=offsets[1:-1], casting="unsafe")
    return pa.Array.from_buffers(pa.binary(), len(ends) + 1, [None, pa.py_buffer(offsets), data])
