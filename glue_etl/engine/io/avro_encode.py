"""Arrow arrays to Avro's binary form, a whole column at a time; and the schema of what is written.

Each value's bytes are made by Arrow's own kernels, as arrays of binary that are joined record by record: no Python
object is made of a value. Source of the form: "Binary Encoding" in the Avro specification
(https://avro.apache.org/docs/1.11.1/specification/).
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_etl.engine.io.avro_container import number_bytes
from glue_etl.engine.io.avro_write_schema import Branches, decimal_bytes
from glue_etl.engine.types import tree as g

__all__ = ["encode_records"]

_EMPTY = pa.scalar(b"", pa.binary())
_END = pa.scalar(b"\0", pa.binary())
_LITTLE = sys.byteorder == "little"


def encode_records(columns: list[pa.Array], kind: g.StructType, *, logical: bool) -> pa.Array:
    """The bytes of each record.

    Args:
        columns: One array per field.
        kind: The struct of a record.
        logical: Whether decimals, dates and instants are logical types (writer version 1.8); else they are texts, and
            the arrays hold those.

    Returns:
        An array of binary, one value per record.
    """
    return _Encoder(logical).joined(columns, kind)


class _Encoder:
    def __init__(self, logical: bool) -> None:
        self._logical = logical

    def joined(self, columns: list[pa.Array], kind: g.StructType) -> pa.Array:
        parts = [self.nullable(column, member.type) for column, member in zip(columns, kind, strict=True)]
        return parts[0] if len(parts) == 1 else pc.binary_join_element_wise(*parts, _EMPTY)

    def nullable(self, array: pa.Array, kind: g.GlueType) -> pa.Array:
        """A value of the union of null and a type, or of null and a choice's alternatives."""
        if kind in (g.NULL, g.UNKNOWN):
            return _repeated(b"", len(array))
        if isinstance(kind, g.ChoiceType):
            return self._choice(array, kind)
        return _or_null(array, [(1, array, self.plain(array, kind))])

    def _choice(self, array: pa.Array, kind: g.ChoiceType) -> pa.Array:
        positions = Branches.of(kind, logical=self._logical).positions
        values = []
        for at, (choice, position) in enumerate(zip(kind.choices, positions, strict=True)):
            child = array.field(at)
            values.append((position, child, self.plain(child, choice)))
        return _or_null(array, values)

    def plain(self, array: pa.Array, kind: g.GlueType) -> pa.Array:
        """Values that are there; what stands for a null is of no account."""
        if isinstance(kind, g.StructType):
            if not len(kind):
                return _repeated(b"", len(array))
            return self.joined([array.field(at) for at in range(len(kind))], kind)
        if isinstance(kind, (g.ArrayType, g.SetType)):
            offsets = _offsets(array)
            items = array.values.slice(offsets[0], offsets[-1] - offsets[0])
            return _listed(offsets, self.nullable(items, kind.element))
        if isinstance(kind, g.MapType):
            offsets = _offsets(array)
            first, count = offsets[0], offsets[-1] - offsets[0]
            keys = _with_length(array.keys.slice(first, count).cast(pa.binary()))
            values = self.nullable(array.items.slice(first, count), kind.value)
            return _listed(offsets, pc.binary_join_element_wise(keys, values, _EMPTY))
        if self._logical and isinstance(kind, g.DecimalType):
            return _fixed(array, 16, decimal_bytes(kind.precision))
        return self._atoms(array, kind)

    def _atoms(self, array: pa.Array, kind: g.GlueType) -> pa.Array:
        if kind == g.BOOLEAN:
            return _bytes_of(pc.fill_null(array, False).cast(pa.uint8()).to_numpy(zero_copy_only=False), 1)
        if kind in (g.FLOAT, g.DOUBLE):
            size = 4 if kind == g.FLOAT else 8
            numbers = pc.fill_null(array, 0.0).to_numpy(zero_copy_only=False)
            return _bytes_of(numbers if _LITTLE else numbers.byteswap(), size)
        if kind in (g.BYTE, g.SHORT, g.INT, g.LONG):
            return _numbers(pc.fill_null(array.cast(pa.int64()), 0).to_numpy(zero_copy_only=False))
        if self._logical and kind == g.DATE:
            days = array.cast(pa.int32()).cast(pa.int64())
            return _numbers(pc.fill_null(days, 0).to_numpy(zero_copy_only=False))
        if self._logical and kind in (g.TIMESTAMP, g.TIMESTAMP_NTZ):
            return _numbers(pc.fill_null(array.cast(pa.int64()), 0).to_numpy(zero_copy_only=False))
        return _with_length(array.cast(pa.binary()))


def _or_null(array: pa.Array, values: list[tuple[int, pa.Array, pa.Array]]) -> pa.Array:
    """The union's branch and the value where one is there, else the branch of null."""
    null = b"\0"
    if len(values) == 1 and not array.null_count:
        position, _, encoded = values[0]
        return pc.binary_join_element_wise(pa.scalar(number_bytes(position), pa.binary()), encoded, _EMPTY)
    found = _repeated(null, len(array))
    for position, child, encoded in values:
        told = pc.binary_join_element_wise(pa.scalar(number_bytes(position), pa.binary()), encoded, _EMPTY)
        found = pc.if_else(pc.and_(array.is_valid(), child.is_valid()), told, found)
    return found


def _repeated(value: bytes, count: int) -> pa.Array:
    return pa.repeat(pa.scalar(value, pa.binary()), count)


def _bytes_of(values: Any, size: int) -> pa.Array:
    data = pa.py_buffer(np.ascontiguousarray(values))
    return pa.Array.from_buffers(pa.binary(size), len(values), [None, data]).cast(pa.binary())


def _numbers(values: Any) -> pa.Array:
    """Zigzag numbers of seven bits a byte, the lowest first; every byte but the last has its highest bit set."""
    rest = ((values << 1) ^ (values >> 63)).view(np.uint64)
    count = len(rest)
    sizes = np.ones(count, np.int64)
    for bits in range(7, 64, 7):
        more = rest >> np.uint64(bits) != 0
        if not more.any():
            break
        sizes += more
    width = int(np.max(sizes)) if count else 1
    table = np.empty((count, width), np.uint8)
    for at in range(width):
        table[:, at] = (rest >> np.uint64(7 * at)).astype(np.uint8) & np.uint8(0x7F)
        table[:, at] |= (sizes > at + 1).astype(np.uint8) << np.uint8(7)
    if width == 1:
        return _bytes_of(table, 1)
    data = table[np.arange(width) < sizes[:, None]]
    offsets = np.zeros(count + 1, np.int32)
    np.cumsum(sizes, out=offsets[1:])
    return pa.Array.from_buffers(pa.binary(), count, [None, pa.py_buffer(offsets), pa.py_buffer(data)])


def _with_length(data: pa.Array) -> pa.Array:
    lengths = pc.fill_null(pc.binary_length(data), 0).to_numpy(zero_copy_only=False).astype(np.int64)
    return pc.binary_join_element_wise(_numbers(lengths), pc.fill_null(data, b""), _EMPTY)


def _fixed(array: pa.Array, stored: int, size: int) -> pa.Array:
    """The low bytes of decimals, the highest first."""
    count = len(array)
    buffer = array.buffers()[1]
    if buffer is None or not count:
        return _repeated(bytes(size), count)
    words = np.frombuffer(buffer, np.uint8)[array.offset * stored : (array.offset + count) * stored]
    words = words.reshape(count, stored)
    return _bytes_of(words[:, :size][:, ::-1] if _LITTLE else words[:, -size:], size)


def _offsets(array: pa.Array) -> Any:
    """Where each list begins and ends in its values, also where lists that are null have some there."""
    return array.offsets.to_numpy(zero_copy_only=False)


def _listed(offsets: Any, items: pa.Array) -> pa.Array:
    """A list's items as one block and the end, or the end alone."""
    lengths = np.diff(offsets).astype(np.int64)
    starts = pa.array(offsets - offsets[0], pa.int32())
    joined = pc.binary_join(pa.ListArray.from_arrays(starts, items), _EMPTY)
    blocks = pc.binary_join_element_wise(_numbers(lengths), joined, _END, _EMPTY)
    return pc.if_else(pa.array(lengths > 0), blocks, _repeated(b"\0", len(lengths)))
