"""What can be known of a whole CSV file at memory speed, before Spark parses it.

Two facts save Spark work: that the bytes are UTF-8, and that every record has the same number of fields. The second
only ever errs on the safe side: a file with a quote, an escape character or a lone carriage return is not proved even.
One gigabyte takes two or three seconds of one core, where Spark's parser takes thirty.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from glue_etl.engine.io.compression import SUFFIXES
from glue_etl.engine.io.csv_heads import Dialect
from glue_etl.engine.io.listing import SourceFile

if TYPE_CHECKING:
    import numpy as np

    Numbers = np.ndarray[Any, Any]

__all__ = ["Facts", "facts_of"]

_CHUNK = 8 * 1024 * 1024
_NEWLINE, _RETURN = 10, 13


@dataclass(frozen=True)
class Facts:
    """What is known of a file.

    Attributes:
        utf8: Whether all bytes are UTF-8.
        fields: The number of fields of every record (the header apart), None where that is not proved.
    """

    utf8: bool
    fields: int | None


UNKNOWN = Facts(utf8=False, fields=None)


def facts_of(file: SourceFile, dialect: Dialect) -> Facts:
    """Look through a file of this machine; of a compressed or distant one nothing is known.

    Args:
        file: The file.
        dialect: How its lines are made.
    """
    if file.local is None or file.local.suffix in SUFFIXES:
        return UNKNOWN
    utf8, evenness = _Utf8(), _Evenness(dialect)
    with open(file.local, "rb") as stream:
        while (chunk := stream.read(_CHUNK)) and (utf8.holds or evenness.holds):
            utf8.see(chunk)
            evenness.see(chunk)
    return Facts(utf8.ended(), evenness.ended())


class _Utf8:
    def __init__(self) -> None:
        self.holds = True
        self._tail = b""

    def see(self, chunk: bytes) -> None:
        if not self.holds or (not self._tail and chunk.isascii()):
            return
        data = self._tail + chunk
        self._tail = b""
        try:
            data.decode("utf-8")
        except UnicodeDecodeError as error:
            # A character may be cut by the end of the chunk.
            if error.reason == "unexpected end of data" and len(data) - error.start <= 3:
                self._tail = data[error.start :]
            else:
                self.holds = False

    def ended(self) -> bool:
        return self.holds and not self._tail


class _Evenness:
    def __init__(self, dialect: Dialect) -> None:
        self._separator = dialect.separator
        self._special = [character.encode() for character in dialect.quote + dialect.escaper]
        self._header = dialect.header or dialect.skip_first
        self._rest = b""
        self._counts: set[int] = set()
        self.holds = len(dialect.separator) == 1 and dialect.separator.isascii() and not dialect.multiline

    def see(self, chunk: bytes) -> None:
        if not self.holds:
            return
        if any(character in chunk for character in self._special):
            self.holds = False
            return
        data = self._rest + chunk
        cut = data.rfind(b"\n") + 1
        self._lines(data[:cut])
        self._rest = data[cut:]

    def _lines(self, lines: bytes) -> None:
        if not lines:
            return
        import numpy as np

        if lines.count(b"\r") != lines.count(b"\r\n"):
            self.holds = False
            return
        data = np.frombuffer(lines, dtype=np.uint8)
        ends = np.flatnonzero(data == _NEWLINE)
        starts = np.concatenate(([0], ends[:-1] + 1))
        counts = np.add.reduceat((data == ord(self._separator)).view(np.uint8), starts, dtype=np.int32)
        counts = counts[_not_blank(data, starts, ends)]
        if self._header and counts.size:
            counts, self._header = counts[1:], False
        if counts.size:
            self._counts |= {int(counts.min()), int(counts.max())}
            self.holds = len(self._counts) == 1

    def ended(self) -> int | None:
        if self.holds and self._rest:
            self._lines(self._rest + b"\n")
        if not self.holds or not self._counts:
            return None
        return self._counts.pop() + 1


def _not_blank(data: Numbers, starts: Numbers, ends: Numbers) -> Numbers:
    """Which lines have more in them than a line end; Spark passes over blank lines."""
    lengths = ends - starts
    blank: Numbers = (lengths == 0) | ((lengths == 1) & (data[starts] == _RETURN))
    return ~blank
