r"""Lines of text files in the workers, many at a time: what Hadoop's line reader makes of the same bytes.

Lines end with `\n`, `\r\n` or `\r`; a byte order mark at the head of a file is no part of the first line. Bytes that
are no UTF-8 become U+FFFD, as they do in Hadoop's text.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from glue_etl.engine.io.decoded_files import Part
from glue_etl.engine.io.decoded_stream import open_stream
from glue_etl.engine.types.line_start import line_start
from glue_etl.errors import SourceError

__all__ = ["line_blocks"]

_BLOCK = 1 << 20
_MARK = b"\xef\xbb\xbf"


def line_blocks(part: Part) -> Iterator[list[str]]:
    r"""The lines of a file, or those that begin in a range of its bytes, without their ends.

    A range's first line is the first that follows a `\n` at the byte before the range, or later.

    Raises:
        SourceError: The file cannot be read, or is cut short or damaged.
    """
    if part.start == 0 and part.end is None:
        with open_stream(part.source, part.uri, part.codec)[0] as stream:
            yield from _blocks(stream, None, head=True)
        return
    try:
        with open(part.source, "rb") as file:
            stop = None if part.end is None else line_start(file, part.end)
            start = line_start(file, part.start)
            file.seek(start)
            yield from _blocks(file, None if stop is None else stop - start, head=start == 0)
    except OSError as error:
        raise SourceError(f"The file {part.uri!r} cannot be read: {error.strerror}.") from error


def _blocks(file: BinaryIO, left: int | None, *, head: bool) -> Iterator[list[str]]:
    rest: list[bytes] = []
    while data := file.read(_BLOCK if left is None else min(_BLOCK, left)):
        if left is not None:
            left -= len(data)
        if head:
            data, head = data.removeprefix(_MARK), False
        # A `\r` counts only where no `\n` is, and never as the last byte: a `\n` may follow.
        end = data.rfind(b"\n") + 1 or data.rfind(b"\r", 0, len(data) - 1) + 1
        if end:
            yield _lines(b"".join([*rest, data[:end]]))
            rest = [data[end:]]
        else:
            rest.append(data)
    last = b"".join(rest)
    if last:
        yield _lines(last)


def _lines(block: bytes) -> list[str]:
    if b"\r" in block:
        block = block.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    lines = block.decode("utf-8", "replace").split("\n")
    if not lines[-1]:
        lines.pop()
    return lines
