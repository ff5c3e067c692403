"""What runs in Python workers where a library decodes files: records in batches, laid out as Arrow, errors set aside.

`DecodeChunks` serves sources whose type must be found out: chunks as `frame.records_worker` packs them. `DecodeRows`
streams records into a type that is known beforehand. Imports nothing of pyspark.sql.
"""

from __future__ import annotations

import gc
import signal
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import pyarrow as pa

from glue_etl.engine.frame.records_encode import UnfitValueError, encode
from glue_etl.engine.frame.records_observed import settle_struct
from glue_etl.engine.frame.records_shape import arrow_type, shape
from glue_etl.engine.frame.records_worker import ERROR, pack, plain_record, text_of
from glue_etl.engine.io.decoded_files import Part, Parts
from glue_etl.engine.io.decoded_stream import CountedStream, open_stream
from glue_etl.engine.types import tree as g
from glue_etl.errors import SourceError

__all__ = ["BadRecord", "DecodeChunks", "DecodeRows", "DecodedFiles", "Decoder", "RangeDecoder", "fits"]

_BATCH = 10_000
_BATCH_BYTES = 4 << 20
_SHOWN = 1000


@dataclass(frozen=True, slots=True)
class BadRecord:
    """What was found in a file and is no record.

    Attributes:
        error: What is wrong with it.
        input: It, as text, or its beginning; None if it cannot be shown.
        position: The byte of the (decompressed) file it begins at; None if that is not known.
        partial: JSON text of what could be read of it.
    """

    error: str
    input: str | None
    position: int | None
    partial: str | None = None


Decoder = Callable[[BinaryIO, str], Iterator[dict[str, Any] | BadRecord]]
"""Gives the records of a decompressed stream; the text is the file's URI. It must be picklable."""

RangeDecoder = Callable[[BinaryIO, str, int, int], Iterator[dict[str, Any] | BadRecord]]
"""Gives the records that begin in a range of bytes (start, and the byte after the last) of a seekable file."""

_Batch = tuple[list[dict[str, Any]], list[dict[str, Any]], list[tuple[int, str]]]
"""Records, error records, and which file the records come from that stand at a number or behind it."""


@dataclass
class DecodedFiles:
    """Files and how they are decoded.

    Attributes:
        parts: What the rows of the task DataFrame mean.
        decode: Reads a whole stream.
        decode_range: Reads a range of a file.
        attach_filename: The field that holds each record's file; it replaces one of that name.
        attach_timestamp: The field that holds the time of its file's last change.
        patience: Seconds in which a decoder in C must ask for the next block of bytes, else its process ends; 0: for
            ever.
    """

    parts: Parts
    decode: Decoder
    decode_range: RangeDecoder | None = None
    attach_filename: str | None = None
    attach_timestamp: str | None = None
    patience: int = 0

    def batches(self, rows: Iterable[Any]) -> Iterator[_Batch]:
        """Bounded by their number of records and by the bytes read for them, whatever the size of the file.

        Raises:
            SourceError: A file is cut short or damaged.
        """
        records: list[dict[str, Any]] = []
        errors: list[dict[str, Any]] = []
        starts: list[tuple[int, str]] = []
        was_on = gc.isenabled()
        # Decoded records hold no cycles: the collector would go through all of them again and again.
        gc.disable()
        try:
            for part in self.parts.of(rows):
                starts.append((len(records), part.uri))
                more = self._attached(part)
                opened, stream = _open(part)
                if stream is not None and self.patience:
                    stream.on_block = self._wait
                with opened:
                    mark = 0
                    for item in self._items(part, opened, stream):
                        if type(item) is BadRecord:
                            errors.append(_error(item, part.uri))
                        else:
                            if more:
                                item.update(more)
                            records.append(item)
                        taken = stream.taken if stream is not None else opened.tell()
                        if len(records) + len(errors) >= _BATCH or taken - mark > _BATCH_BYTES:
                            self._stop_waiting()
                            yield records, errors, starts
                            records, errors, starts, mark = [], [], [(0, part.uri)], taken
                self._stop_waiting()
            if records or errors:
                yield records, errors, starts
        finally:
            self._stop_waiting()
            if was_on:
                gc.enable()

    def _wait(self) -> None:
        # The signal's own action ends a process that no Python code could stop any more.
        signal.alarm(self.patience)

    def _stop_waiting(self) -> None:
        if self.patience:
            signal.alarm(0)

    def _attached(self, part: Part) -> dict[str, Any]:
        known = {self.attach_filename: part.uri, self.attach_timestamp: part.modified}
        return {name: value for name, value in known.items() if name}

    def _items(self, part: Part, opened: BinaryIO, stream: CountedStream | None) -> Iterator[Any]:
        try:
            if stream is None and self.decode_range is not None:
                yield from self.decode_range(opened, part.uri, part.start, _end(part))
            else:
                yield from self.decode(opened, part.uri)
        except SourceError:
            raise
        except Exception as error:
            if stream is not None and stream.failure is not None:
                raise stream.failure from error
            what = f"the rest of the file cannot be decoded: {type(error).__name__}: {error}"
            yield BadRecord(what, None, stream.taken if stream is not None else None)


def _open(part: Part) -> tuple[BinaryIO, CountedStream | None]:
    if part.start == 0 and part.end is None:
        return open_stream(part.source, part.uri, part.codec)
    try:
        return open(part.source, "rb"), None
    except OSError as error:
        raise SourceError(f"The file {part.uri!r} cannot be read: {error.strerror}.") from error


def _end(part: Part) -> int:
    if part.end is not None:
        return part.end
    import os

    return os.stat(part.source).st_size


def _error(bad: BadRecord, uri: str) -> dict[str, Any]:
    return {
        "msg": _utf8(bad.error),
        "input": None if bad.input is None else _utf8(bad.input[:_SHOWN]),
        "file": uri,
        "position": bad.position,
        "partial": None if bad.partial is None else _utf8(bad.partial),
    }


def _utf8(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


@dataclass
class _Unfit:
    """Makes error records of records that no field can hold."""

    starts: list[tuple[int, str]]

    def __call__(self, at: int, record: Any, message: str) -> dict[str, Any]:
        text = text_of(record)
        file = next((uri for start, uri in reversed(self.starts) if start <= at), None)
        return {"msg": message, "input": text[:_SHOWN], "file": file, "position": None, "partial": text}


@dataclass
class DecodeChunks:
    """Rows of tasks to rows of `frame.records_worker.CHUNK`.

    Attributes:
        files: What to decode.
        zone: The session's time zone.
        token: Tells this evaluation from others, which Spark would take for the same plan.
    """

    files: DecodedFiles
    zone: str
    token: str = ""

    def __call__(self, rows: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Decode the files once."""
        for records, errors, starts in self.files.batches(rows):
            yield pack(records, errors, None, self.zone, _Unfit(starts))


@dataclass
class DecodeRows:
    """Rows of tasks to records of a known type, or to the error records.

    Attributes:
        files: What to decode.
        kind: The struct of a record; fields that a record has beyond it are left out.
        zone: The session's time zone.
        errors_only: Give rows of `frame.records_worker.ERROR` in place of the records.
    """

    files: DecodedFiles
    kind: g.StructType
    zone: str
    errors_only: bool = False
    _want: pa.Schema | None = field(default=None, init=False)

    def __call__(self, rows: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Decode batch by batch."""
        self._want = pa.schema([pa.field(each.name, arrow_type(each.type, self.zone)) for each in self.kind])
        for records, errors, starts in self.files.batches(rows):
            batch = self._laid_out(records, errors, _Unfit(starts))
            if not self.errors_only:
                if batch is not None:
                    yield batch
            elif errors:
                yield pa.RecordBatch.from_pylist(errors, schema=pa.schema(list(ERROR)))

    def _laid_out(
        self, records: list[dict[str, Any]], errors: list[dict[str, Any]], unfit: _Unfit
    ) -> pa.RecordBatch | None:
        try:
            return self._batch(records)
        except UnfitValueError:
            fit = []
            for at, record in enumerate(records):
                try:
                    plain = plain_record(record)
                    self._batch([plain])
                    fit.append(plain)
                except UnfitValueError as error:
                    errors.append(unfit(at, record, _utf8(str(error))))
            return self._batch(fit)

    def _batch(self, records: list[dict[str, Any]]) -> pa.RecordBatch | None:
        """The records' columns, None if there are none.

        Raises:
            UnfitValueError: A value is not of its field's type.
        """
        if not records:
            return None
        seen, node = encode(records, self.kind, self.zone)
        _check(settle_struct(seen["dict"], self.kind), self.kind)
        dicts = node.field("dict")
        there = {dicts.type.field(at).name: at for at in range(dicts.type.num_fields)}
        try:
            columns = [
                shape(dicts.field(there[each.name]), each.type, self.zone)
                if each.name in there
                else pa.nulls(len(records), arrow_type(each.type, self.zone))
                for each in self.kind
            ]
        except pa.ArrowException as error:
            raise UnfitValueError(str(error)) from error
        return pa.RecordBatch.from_arrays(columns, schema=self._want)


def _check(found: g.StructType, kind: g.StructType) -> None:
    for each in found:
        wanted = kind.get(each.name)
        if wanted is not None and not fits(each.type, wanted):
            raise UnfitValueError(f"field {each.name!r}: a value of type {each.type.name} in a field of {wanted.name}")


def fits(found: g.GlueType, wanted: g.GlueType) -> bool:
    """Whether values that were seen to be of one type can be laid out in another, which was a hint for the first."""
    if found in (g.NULL, g.UNKNOWN) or found == wanted:
        return True
    if isinstance(wanted, g.ChoiceType):
        seen = found.choices if isinstance(found, g.ChoiceType) else (found,)
        kinds = [(each, wanted.get(each.name)) for each in seen]
        return all(kind is not None and fits(each, kind) for each, kind in kinds)
    if isinstance(found, g.StructType) and isinstance(wanted, g.StructType):
        pairs = [(each.type, wanted.get(each.name)) for each in found]
        return all(kind is None or fits(each, kind) for each, kind in pairs)
    if isinstance(found, (g.ArrayType, g.SetType)) and isinstance(wanted, (g.ArrayType, g.SetType)):
        return fits(found.element, wanted.element)
    return isinstance(found, g.MapType) and isinstance(wanted, g.MapType) and fits(found.value, wanted.value)
