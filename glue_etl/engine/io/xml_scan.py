"""Where the rows of an XML text are: spans from a row's start tag to its end tag, found before any parser sees them.

Looking for rows first is what lets a broken row be set aside and the next one be read, and what lets a file be cut.
Comments, CDATA sections and processing instructions are passed over; a row inside a row belongs to the outer one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from glue_etl.engine.io.xml_shapes import Shapes

__all__ = ["CLOSERS", "LARGEST_ROW", "REST_OF_TAG", "RowScanner", "Span", "token_pattern"]

LARGEST_ROW = 128 << 20
"""Bytes a row may have; parsed, it takes about ten times as much memory."""

REST_OF_TAG = re.compile(rb"""[^"'<>]*(?:(?:"[^"<]*"|'[^'<]*')[^"'<>]*)*""")
CLOSERS = {b"<!--": b"-->", b"<![CDATA[": b"]]>", b"<?": b"?>"}
_LONGEST_OPENER = 9


def token_pattern(tag: str) -> re.Pattern[bytes]:
    """Finds what matters: start and end tags of rows (group 1), and what hides tags (group 2)."""
    name = re.escape(tag.encode("utf-8"))
    return re.compile(rb"<(/?)" + name + rb"(?=[\s/>])|(<!--|<!\[CDATA\[|<\?)")


@dataclass(frozen=True, slots=True)
class Span:
    """A row, or what should have been one.

    Attributes:
        position: Where it begins, in bytes of the text.
        text: From its start tag to its end tag, as UTF-8.
        fault: Why it is no row; empty if it may be one.
        records: Those of several rows that were read at once, in place of a text.
    """

    position: int
    text: bytes
    fault: str = ""
    records: Sequence[dict[str, Any]] = ()


@dataclass
class _Open:
    """A start tag whose end tag has not come yet, and the rows that lie between, should it never come."""

    start: int
    inner: list[tuple[int, int]] = field(default_factory=list)


def _is_clean(text: bytes) -> bool:
    """Whether all of it is UTF-8 (its end may be half a character), without the characters above ASCII XML forbids."""
    try:
        text.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.end < len(text) or error.reason != "unexpected end of data":
            return False
    return b"\xef\xbf\xbe" not in text and b"\xef\xbf\xbf" not in text


class RowScanner:
    """Finds the rows of one text.

    Args:
        tag: The name of the row's element, with its prefix.
        base: What to add to positions.
        shapes: Reads rows that are laid out as earlier ones.
    """

    def __init__(self, tag: str, base: int = 0, shapes: Shapes | None = None) -> None:
        self._shapes = shapes
        self._is_clean = False
        self._tag = tag
        self._tokens = token_pattern(tag)
        # The last bytes of what is known may be the first of a token.
        self._tail = max(len(tag.encode("utf-8")) + 2, _LONGEST_OPENER)
        self._base = base
        self._data = b""
        self._at = 0
        self._closer = b""
        self._opener = 0
        self._never: set[bytes] = set()
        self._open: list[_Open] = []
        self._ended = False

    def spans(self, blocks: Iterable[bytes]) -> Iterator[Span]:
        """The rows, in order; no more of the text is held than the row that is not complete yet.

        Args:
            blocks: The text as UTF-8, in pieces of any size.
        """
        pending: list[bytes] = []
        size = 0
        for block in blocks:
            pending.append(block)
            size += len(block)
            # Twice as much each time while a row goes on, so that it is not looked through again and again.
            if size < len(self._data) // 2:
                continue
            self._take(b"".join(pending))
            pending, size = [], 0
            yield from self._found()
            if self._open and len(self._data) > LARGEST_ROW:
                yield from self._given_up(f"a row of more than {LARGEST_ROW >> 20} MB")
        self._take(b"".join(pending))
        self._ended = True
        yield from self._found()
        while self._open:
            yield from self._given_up(f"the row's end tag </{self._tag}> is missing")
        if self._closer:
            fault = f"the text ends where {self._closer.decode()} should come, so that no further row can be found"
            opener = next(opener for opener, closer in CLOSERS.items() if closer == self._closer)
            yield Span(self._base + self._opener, opener, fault)

    def _take(self, block: bytes) -> None:
        """Add to what is known, and forget what lies before the first open row."""
        keep = self._open[0].start if self._open else self._at
        self._data = self._data[keep:] + block
        self._base += keep
        self._at -= keep
        self._opener -= keep
        for each in self._open:
            each.start -= keep
            each.inner = [(start - keep, end - keep) for start, end in each.inner]
        self._is_clean = self._shapes is not None and _is_clean(self._data)

    def _found(self) -> Iterator[Span]:
        """The rows that are complete in what is known."""
        search = self._tokens.search
        while True:
            if self._closer and not self._skip():
                return
            token = search(self._data, self._at)
            if token is None:
                self._at = max(self._at, len(self._data) - self._tail)
                return
            if token[2] is not None:
                self._at = token.end()
                if token[2] not in self._never:
                    self._closer, self._opener = CLOSERS[token[2]], token.start()
                continue
            if self._is_clean and self._shapes is not None and not self._open and not token[1]:
                records, at = self._shapes.run(self._data, token.start())
                if records:
                    self._at = at
                    yield Span(self._base + token.start(), b"", records=records)
                    continue
            end = self._end_of_tag(token.end())
            if end is None:
                self._at = token.start()
                return
            self._at = end
            if token[1]:
                yield from self._closed(token.start(), end)
            elif self._data[end - 2 : end] == b"/>":
                if not self._open:
                    text = self._data[token.start() : end]
                    fault = f"the row <{self._tag}/> is a self-closing element, which AWS Glue does not read"
                    yield Span(self._base + token.start(), text, fault)
            else:
                self._open.append(_Open(token.start()))

    def _skip(self) -> bool:
        """Go behind a comment or the like; False if its end is not known yet."""
        at = self._data.find(self._closer, self._at)
        if at < 0 and self._ended and self._open:
            # The row is broken by it; what follows may hold rows that are not.
            self._never.update(opener for opener, closer in CLOSERS.items() if closer == self._closer)
            self._at, self._closer = self._opener + 2, b""
            return True
        if at < 0:
            self._at = max(self._at, len(self._data) - len(self._closer) + 1)
            return False
        self._at = at + len(self._closer)
        self._closer = b""
        return True

    def _end_of_tag(self, at: int) -> int | None:
        """The byte behind a tag; None if it is not known yet."""
        rest = REST_OF_TAG.match(self._data, at)
        assert rest is not None
        end = rest.end()
        if self._data[end : end + 1] == b">":
            return end + 1
        # A tag holds no '<', not even in quotes: the parser will say what is wrong with this one.
        broken = self._data.find(b"<", end)
        if broken < 0 and not self._ended:
            return None
        return len(self._data) if broken < 0 else broken

    def _closed(self, start: int, end: int) -> Iterator[Span]:
        if not self._open:
            fault = f"an end tag </{self._tag}> without its start tag"
            yield Span(self._base + start, self._data[start:end], fault)
            return
        row = self._open.pop()
        if self._open:
            self._open[-1].inner.append((row.start, end))
        else:
            yield Span(self._base + row.start, self._data[row.start : end])

    def _given_up(self, fault: str) -> Iterator[Span]:
        """Take the first open row for broken; what lies in it are rows of their own."""
        row = self._open.pop(0)
        next_start = self._open[0].start if self._open else len(self._data)
        stop = row.inner[0][0] if row.inner else next_start
        yield Span(self._base + row.start, self._data[row.start : stop], fault)
        for start, end in row.inner:
            yield Span(self._base + start, self._data[start:end])
