"""What runs in Python workers, as functions for `DataFrame.mapInArrow`. Imports nothing of pyspark.sql.

`RunFunction` evaluates any function over the records and packs what it gave in chunks, for no one knows its types
before all of it was seen; `UnpackChunks` lays the chunks out in the types that the driver settled. `RunFilter` and
`FilterErrors` stream awsglue's own filter, which needs neither.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import pyarrow as pa

from glue_etl.engine.frame.records_encode import UnfitValueError, encode, kind_of
from glue_etl.engine.frame.records_function import PythonFunction, RecordFunction
from glue_etl.engine.frame.records_observed import Observed
from glue_etl.engine.frame.records_shape import arrow_type, shape
from glue_etl.engine.frame.records_values import Envelope, envelopes
from glue_etl.engine.types import tree as g

__all__ = [
    "CHUNK",
    "ERROR",
    "FilterErrors",
    "RunFilter",
    "RunFunction",
    "UnpackChunks",
    "pack",
    "plain_record",
    "text_of",
]

ERROR = pa.struct(
    [
        pa.field("msg", pa.string()),
        pa.field("input", pa.string()),
        # Of records that were read from a file; null for those that a transformation made.
        pa.field("file", pa.string()),
        pa.field("position", pa.int64()),
        pa.field("partial", pa.string()),
    ]
)
CHUNK = pa.schema(
    [
        pa.field("observed", pa.string()),
        pa.field("rows", pa.binary()),
        pa.field("row_count", pa.int64()),
        pa.field("errors", pa.list_(ERROR)),
        pa.field("error_count", pa.int64()),
    ]
)

_FIRST_CHUNK = 2_000
_LARGEST_CHUNK = 10_000
_CHUNK_BYTES = 4 << 20


def _partition() -> int:
    from pyspark import TaskContext

    context = TaskContext.get()
    return 0 if context is None else int(context.partitionId())


def text_of(record: Any) -> str:
    """A record as JSON; what JSON cannot say is said as text."""
    return _utf8(json.dumps(record, default=str, ensure_ascii=False, skipkeys=True))


def _utf8(text: str) -> str:
    # Half a surrogate pair is text to Python and to no one else.
    return text.encode("utf-8", "replace").decode()


def _error(envelope: Envelope) -> dict[str, Any]:
    message = envelope.get("errorMessage")
    return {"msg": None if message is None else _utf8(str(message)), "input": text_of(envelope["record"])}


@dataclass
class RunFunction:
    """Batches of records to rows of `CHUNK`.

    Attributes:
        function: The script's function.
        kind: The type of the input's records.
        hint: The types to keep where they fit; as a rule `kind`.
        zone: The session's time zone.
        token: Tells this evaluation from others of the same function, which Spark would take for the same plan.
    """

    function: PythonFunction
    kind: g.StructType
    hint: g.StructType
    zone: str
    token: str = ""

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Evaluate the function once over the partition."""
        given = (envelope for batch in batches for envelope in envelopes(batch, self.kind))
        results = iter(self.function.load()(_partition(), given))
        limit = _FIRST_CHUNK
        while chunk := list(islice(results, limit)):
            packed = self._pack(chunk)
            yield packed
            limit = max(16, min(_LARGEST_CHUNK, _CHUNK_BYTES * len(chunk) // max(1, packed.nbytes)))

    def _pack(self, chunk: list[Envelope]) -> pa.RecordBatch:
        errors = [_error(envelope) for envelope in chunk if envelope.get("isError")]
        records = [envelope["record"] for envelope in chunk if not envelope.get("isError")]
        return pack(records, errors, self.hint, self.zone, _unfit)


def _unfit(_: int, record: Any, message: str) -> dict[str, Any]:
    return {"msg": message, "input": text_of(record)}


def pack(
    records: list[Any],
    errors: list[dict[str, Any]],
    hint: g.StructType | None,
    zone: str,
    unfit: Callable[[int, Any, str], dict[str, Any]],
) -> pa.RecordBatch:
    """One row of `CHUNK`.

    Args:
        records: The chunk's records.
        errors: Its error records so far.
        hint: The types to keep where they fit.
        zone: The session's time zone.
        unfit: Makes an error record of a record that cannot be laid out: its place, itself, what is wrong.
    """
    try:
        seen, rows = _encoded(records, hint, zone)
    except UnfitValueError:
        fit = []
        for at, record in enumerate(records):
            try:
                fit.append(plain_record(record))
            except UnfitValueError as error:
                errors.append(unfit(at, record, _utf8(str(error))))
        records = fit
        seen, rows = _encoded(records, hint, zone)
    row = [json.dumps(seen), rows, len(records), errors, len(errors)]
    return pa.RecordBatch.from_arrays(
        [pa.array([value], field.type) for value, field in zip(row, CHUNK, strict=True)], schema=CHUNK
    )


def _encoded(records: list[dict[str, Any]], hint: g.StructType | None, zone: str) -> tuple[Observed, bytes]:
    if not records:
        return {}, b""
    if not all(isinstance(record, dict) for record in records):
        raise UnfitValueError("a record that is no dict")
    seen, node = encode(records, hint, zone)
    rows = node.field("dict")
    batch = pa.RecordBatch.from_arrays([rows], names=["record"])
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    observed: Observed = seen["dict"]
    return observed, sink.getvalue().to_pybytes()


def plain_record(record: Any) -> dict[str, Any]:
    """A record of values that `encode` takes.

    Raises:
        UnfitValueError: There is a value no record can hold; the message names its field and type.
    """
    if not isinstance(record, dict):
        raise UnfitValueError(f"a record must be a dict, the function gave {type(record).__name__!r}")
    plain: dict[str, Any] = _plain(record, ())
    return plain


def _plain(value: Any, path: tuple[str, ...]) -> Any:
    if type(value).__module__ == "numpy" and hasattr(value, "tolist"):
        value = value.tolist()  # of an array or of a scalar
    elif hasattr(type(value), "asDict"):
        value = value.asDict()
    elif type(value).__name__ == "NaTType":
        value = None
    try:
        kind = kind_of(type(value))
        if isinstance(value, Mapping):
            if not all(isinstance(name, str) for name in value):
                raise UnfitValueError
            return {str(name): _plain(inner, (*path, str(name))) for name, inner in value.items()}
        if kind == "list":
            return [_plain(inner, (*path[:-1], path[-1] + "[]")) for inner in value]
        if kind is not None:
            encode([value], None, "UTC")
        return value
    except UnfitValueError as error:
        if error.args and str(error).startswith("field "):
            raise
        where = ".".join(path) or "the record"
        raise UnfitValueError(
            f"field {where!r}: a record cannot hold the value {value!r:.80} of type {type(value).__name__!r}"
        ) from error


@dataclass
class UnpackChunks:
    """Rows of (`rows`,) to records in their settled types.

    Attributes:
        kind: The struct of a record.
        zone: The session's time zone.
    """

    kind: g.StructType
    zone: str

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Lay out chunk after chunk."""
        want = pa.schema([pa.field(field.name, arrow_type(field.type, self.zone)) for field in self.kind])
        for batch in batches:
            for blob in batch.column(0):
                if len(blob.as_buffer()):
                    yield self._unpack(blob.as_buffer(), want)

    def _unpack(self, blob: pa.Buffer, want: pa.Schema) -> pa.RecordBatch:
        rows = pa.ipc.open_stream(blob).read_next_batch().column(0)
        there = {rows.type.field(at).name: at for at in range(rows.type.num_fields)}
        columns = [
            shape(rows.field(there[field.name]), field.type, self.zone)
            if field.name in there
            else pa.nulls(len(rows), want.field(at).type)
            for at, field in enumerate(self.kind)
        ]
        return pa.RecordBatch.from_arrays(columns, schema=want)


@dataclass
class RunFilter:
    """Batches to the rows that awsglue's filter keeps, as they came: nothing is encoded anew.

    What a script's predicate changes in its record is lost, nested values too; in Glue a change deep inside a nested
    value reaches the kept record, which no predicate should rely on.
    """

    function: PythonFunction
    kind: g.StructType
    names: Sequence[str]

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Filter batch by batch: awsglue's function remembers nothing between records."""
        function, partition = self.function.load(), _partition()
        for batch in batches:
            kept = [
                at for at, envelope in _filtered(function, partition, batch, self.kind) if not envelope.get("isError")
            ]
            if kept:
                rows = batch if len(kept) == batch.num_rows else batch.take(pa.array(kept, pa.int32()))
                yield pa.RecordBatch.from_arrays(rows.columns[: len(self.names)], names=list(self.names))


@dataclass
class FilterErrors:
    """Batches to rows of `ERROR`: the records whose predicate raised something awsglue does not swallow."""

    function: PythonFunction
    kind: g.StructType

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Evaluate the filter for its errors alone."""
        function, partition = self.function.load(), _partition()
        for batch in batches:
            kept = _filtered(function, partition, batch, self.kind)
            errors = [_error(envelope) for _, envelope in kept if envelope.get("isError")]
            if errors:
                yield pa.RecordBatch.from_pylist(errors, schema=pa.schema(list(ERROR)))


def _filtered(
    function: RecordFunction, partition: int, batch: pa.RecordBatch, kind: g.StructType
) -> Iterable[tuple[int, Envelope]]:
    """The kept envelopes with their row numbers."""
    at = -1

    def counted() -> Iterator[Envelope]:
        nonlocal at
        for number, envelope in enumerate(envelopes(batch, kind)):
            at = number
            yield envelope

    for envelope in function(partition, counted()):
        # The filter is lazy: what it gave last is what it took last.
        yield at, envelope
