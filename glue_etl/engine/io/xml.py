"""The format xml, which AWS Glue reads and does not write.

Source: "Using the XML format in AWS Glue" in the AWS Glue guide.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from pyspark.sql import DataFrame, SparkSession

from glue_etl.engine.frame.core import ErrorSource, Frame, Stage
from glue_etl.engine.frame.errors import union_of
from glue_etl.engine.io.decoded import BadRecord, read_decoded
from glue_etl.engine.io.decoded_stream import codec_of
from glue_etl.engine.io.listing import Listing, SourceFile
from glue_etl.engine.io.request import ReadRequest
from glue_etl.engine.io.xml_cuts import Cuts, cuts_of
from glue_etl.engine.io.xml_prolog import HEAD, codec_name, read_prolog
from glue_etl.engine.io.xml_rows import XmlDecoder
from glue_etl.engine.io.xml_values import Texts
from glue_etl.engine.types import tree as g
from glue_etl.errors import OptionError

__all__ = ["decoder_of", "read_xml"]

LARGE = 16 << 20
"""Bytes from which on a file may be worth cutting."""
_NO_NAME = frozenset("<>/&\"'= \t\r\n")


def read_xml(
    session: SparkSession, request: ReadRequest, listing: Listing, stage: Stage, schema: g.StructType | None = None
) -> Frame:
    """Read XML files; no record is read before the frame's plan or its errors are asked for.

    Args:
        session: The Spark session.
        request: What the script asked for.
        listing: The files.
        stage: For error records.
        schema: The option withSchema.

    Raises:
        OptionError: The option rowTag is missing or no name, or the encoding is not known.
        UnsupportedError: A file is compressed in a way that cannot be read.
    """
    decoder = decoder_of(request.options, schema)

    def read(cuts: Mapping[str, Cuts]) -> Frame:
        return read_decoded(
            session,
            listing,
            decoder,
            stage,
            kind=schema,
            attach_filename=request.options["attachFilename"],
            attach_timestamp=request.options["attachTimestamp"],
            compression=request.compression,
            decode_range=_RangeDecoder(decoder, cuts) if cuts else None,
        )

    large = _worth_cutting(session, listing, request.compression)
    if not large:
        return read({})
    later = _Later(lambda: read(_cuts(session, large, decoder)))
    return Frame(lambda: later().plan, "", (_LaterErrors(later, session),))


def decoder_of(options: Mapping[str, Any], schema: g.StructType | None = None) -> XmlDecoder:
    """The decoder that the format's options ask for.

    Raises:
        OptionError: The option rowTag is missing or no name, or the encoding is not known.
    """
    tag = options["rowTag"]
    if not tag:
        raise OptionError(
            "The format 'xml' has no 'rowTag'.",
            hint="format_options={'rowTag': 'record'} names the element that becomes a row",
        )
    if _NO_NAME.intersection(tag):
        raise OptionError(
            f"The option 'rowTag' is {tag!r}, which is no name of an element.", hint="give it without < and >"
        )
    if options["encoding"]:
        codec_name(options["encoding"])
    return XmlDecoder(
        tag,
        options["encoding"],
        None if options["excludeAttribute"] else options["attributePrefix"],
        options["valueTag"],
        Texts(options["ignoreSurroundingSpaces"], options["treatEmptyValuesAsNulls"], infer=schema is None),
        schema,
    )


def _worth_cutting(session: SparkSession, listing: Listing, compression: str) -> list[tuple[SourceFile, str]]:
    """The files that would keep one core busy while the others wait, with their paths on this machine."""
    share = listing.size // (2 * max(1, session.sparkContext.defaultParallelism))
    return [
        (file, str(file.local))
        for file in listing.files
        if not codec_of(file.uri, compression) and file.local is not None and file.size >= max(LARGE, share)
    ]


def _cuts(session: SparkSession, large: Iterable[tuple[SourceFile, str]], decoder: XmlDecoder) -> dict[str, Cuts]:
    known = []
    for file, path in large:
        try:
            with open(path, "rb") as stream:
                prolog = read_prolog(stream.read(HEAD), decoder.encoding)
        except (OSError, OptionError):
            continue  # decoding says what is wrong
        if prolog.has_ascii_markup:
            known.append((file, path, prolog))
    found = cuts_of(session, [(path, file.size, prolog) for file, path, prolog in known], decoder.row_tag)
    return {file.uri: cuts for (file, _, _), cuts in zip(known, found, strict=True) if cuts.places}


@dataclass(frozen=True)
class _RangeDecoder:
    """A `RangeDecoder` of `io.decoded`: a range ends at the first cut behind it."""

    decoder: XmlDecoder
    cuts: Mapping[str, Cuts]

    def __call__(self, stream: BinaryIO, uri: str, start: int, end: int) -> Iterator[dict[str, Any] | BadRecord]:
        """The records that begin in a range."""
        cuts = self.cuts.get(uri)
        if cuts is None:
            return self.decoder(stream, uri) if start == 0 else iter(())
        part = cuts.between(start, end)
        if part is None:
            return iter(())
        stream.seek(part[0])
        return self.decoder.records(stream, cuts.prolog, part[0], None if part[1] is None else part[1] - part[0])


class _Later:
    """A frame that is made when it is first asked for."""

    def __init__(self, make: Any) -> None:
        self._make = make
        self._made: Frame | None = None
        self._lock = threading.Lock()

    def __call__(self) -> Frame:
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made


@dataclass(frozen=True, eq=False)
class _LaterErrors:
    """The error records of a frame that is made later."""

    later: _Later
    session: SparkSession

    def _sources(self) -> tuple[ErrorSource, ...]:
        return self.later().errors

    def count(self) -> int:
        """How many there are."""
        return sum(source.count() for source in self._sources())

    def records(self) -> DataFrame:
        """The records, in the columns of `ERROR_RECORD`."""
        return union_of(self.later(), self.session)
