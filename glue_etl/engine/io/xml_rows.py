"""XML files to records: the decoder of the format xml.

A file is read block by block; no more of it is held than a batch of rows, or the one row that is larger. A row that is
broken is set aside, with the byte where it begins, and the next one is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from glue_etl.engine.io.decoded import BadRecord
from glue_etl.engine.io.xml_parse import RowParser
from glue_etl.engine.io.xml_prolog import HEAD, Prolog, Readable, read_prolog, utf8_blocks
from glue_etl.engine.io.xml_scan import RowScanner, Span
from glue_etl.engine.io.xml_shapes import Shapes
from glue_etl.engine.io.xml_values import Texts, converted
from glue_etl.engine.types import tree as g
from glue_etl.errors import OptionError

__all__ = ["XmlDecoder"]

_BATCH_BYTES = 1 << 20
_BATCH_ROWS = 2000


@dataclass(frozen=True)
class XmlDecoder:
    """Reads XML; a `Decoder` of `io.decoded`.

    Attributes:
        row_tag: The element that is a row, with its prefix as written.
        encoding: The script's option; None to go by what a file says of itself.
        attribute_prefix: What stands before the names of attributes; None to leave attributes out.
        value_tag: The field for the text of an element that has attributes.
        texts: How texts become values.
        schema: The type of the option withSchema: records are brought to it.
    """

    row_tag: str
    encoding: str | None = None
    attribute_prefix: str | None = "_"
    value_tag: str = "_VALUE"
    texts: Texts = field(default_factory=Texts)
    schema: g.StructType | None = None

    def __call__(self, stream: BinaryIO, uri: str) -> Iterator[dict[str, Any] | BadRecord]:
        """The records of a stream."""
        head = stream.read(HEAD)
        try:
            prolog = read_prolog(head, self.encoding)
        except OptionError as error:
            yield BadRecord(error.fact, None, 0)
            return
        yield from self.records(_Joined(head[prolog.mark :], stream), prolog, prolog.mark)

    def records(
        self, stream: Readable, prolog: Prolog, position: int, size: int | None = None
    ) -> Iterator[dict[str, Any] | BadRecord]:
        """The records of a part of a file that begins outside of any row.

        Args:
            stream: At the part's first byte.
            prolog: What the file's beginning says.
            position: Of the part's first byte in the file.
            size: Of the part in bytes; None for all that is there.
        """
        blocks = utf8_blocks(stream, prolog.codec, size)
        if position == prolog.mark:
            blocks = _without(blocks, prolog.start)
            position += prolog.start
        known = prolog.codec in ("utf-8", "ascii")
        parser = RowParser(self.texts, self.attribute_prefix, self.value_tag, prolog.entities)
        shapes = Shapes(self.attribute_prefix, self.value_tag, self.texts)
        rows: list[Span] = []
        size_now = 0
        # Few at first: the others may be laid out as they are.
        limit = 1
        for span in RowScanner(self.row_tag, position, shapes).spans(blocks):
            if not (span.records or span.fault):
                rows.append(span)
                size_now += len(span.text)
                if size_now < _BATCH_BYTES and len(rows) < limit:
                    continue
            yield from self._parsed(parser, shapes, rows, known)
            rows, size_now, limit = [], 0, min(_BATCH_ROWS, 2 * limit)
            if span.fault:
                yield _bad(span, span.fault, known)
            yield from self._as_wanted(span.records)
        yield from self._parsed(parser, shapes, rows, known)

    def _parsed(
        self, parser: RowParser, shapes: Shapes, rows: Sequence[Span], known: bool
    ) -> Iterator[dict[str, Any] | BadRecord]:
        for span, found in zip(rows, _by_expat(parser, rows, known), strict=True):
            if isinstance(found, BadRecord):
                yield found
            else:
                shapes.learn(span.text)
                yield from self._as_wanted((found,))

    def _as_wanted(self, records: Sequence[dict[str, Any]]) -> Iterable[dict[str, Any]]:
        if self.schema is None:
            return records
        return [converted(record, self.schema, self.value_tag) for record in records]


def _by_expat(parser: RowParser, rows: Sequence[Span], known: bool) -> Iterator[dict[str, Any] | BadRecord]:
    """Many rows in one go; after a broken one, few at first: parsing begins anew at each."""
    at, many = 0, len(rows)
    while at < len(rows):
        found = parser.parse([row.text for row in rows[at : at + many]])
        yield from found.records
        at += len(found.records)
        many *= 2
        if found.fault:
            yield _bad(rows[at], found.fault, known, found.partial)
            at, many = at + 1, 1


def _bad(span: Span, fault: str, known: bool, partial: str | None = None) -> BadRecord:
    text = span.text[:1000].decode("utf-8", "backslashreplace")
    # Of other encodings only the place in the decoded text is known.
    return BadRecord(fault, text, span.position if known else None, partial)


def _without(blocks: Iterator[bytes], count: int) -> Iterator[bytes]:
    for block in blocks:
        yield block[count:]
        count = max(0, count - len(block))


class _Joined:
    """A stream with what was read of it already put back."""

    def __init__(self, head: bytes, stream: BinaryIO) -> None:
        self._head = head
        self._stream = stream

    def read(self, size: int, /) -> bytes:
        """Up to that many bytes."""
        if not self._head:
            return self._stream.read(size)
        block, self._head = self._head[:size], self._head[size:]
        return block
