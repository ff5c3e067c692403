"""Arrow batches to the plain Python records that a script's function is given. Runs in Python workers.

Column by column, never cell by cell: pyarrow's `to_pylist` costs up to a hundred times what numpy's `tolist` does.

A choice shows as the bare value of the alternative it is. A field that is null is present with None: a DataFrame does
not say whether a JSON record lacked the field or held null. Timestamps are naive, in the session's time zone, as in
`DataFrame.collect`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise, repeat
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from glue_etl.engine.types import tree as g

__all__ = ["Envelope", "column_values", "envelopes", "records_of"]

Envelope = dict[str, Any]
"""What awsglue's own closures read and change: `record`, `isError`, `errorMessage`."""

# Small enough to stay in the processor's cache and to keep Python's garbage collector idle.
_SLICE = 2_000


def envelopes(batch: pa.RecordBatch, kind: g.StructType) -> Iterator[Envelope]:
    """The batch's records, each in a fresh envelope, converted slice by slice.

    Args:
        batch: Columns in the order of `kind`'s fields; more columns are ignored.
        kind: The type of a record.
    """
    for start in range(0, batch.num_rows, _SLICE):
        for record in records_of(batch.slice(start, _SLICE), kind):
            yield {"record": record, "isError": False, "errorMessage": None}


def records_of(batch: pa.RecordBatch, kind: g.StructType) -> list[dict[str, Any]]:
    """The batch's records, all at once."""
    columns = [column_values(batch.column(at), field.type) for at, field in enumerate(kind)]
    return _dicts(kind.names, columns, batch.num_rows)


def _dicts(names: list[str], columns: list[list[Any]], count: int) -> list[dict[str, Any]]:
    if not columns:
        return [{} for _ in range(count)]
    return list(map(dict, map(zip, repeat(names), zip(*columns, strict=True))))


def column_values(array: pa.Array, kind: g.GlueType) -> list[Any]:
    """One column as Python values, None for null.

    Args:
        array: Laid out as Spark sends a column of that type.
        kind: Tells choices from structs; everything else is said by the Arrow type.
    """
    arrow = array.type
    if isinstance(kind, g.ChoiceType):
        return _choice_values(array, kind)
    if pa.types.is_struct(arrow):
        return _struct_values(array, kind)
    if pa.types.is_list(arrow) or pa.types.is_large_list(arrow):
        element = kind.element if isinstance(kind, (g.ArrayType, g.SetType)) else g.UNKNOWN
        return _list_values(array, element)
    if pa.types.is_map(arrow):
        return _map_values(array, kind.value if isinstance(kind, g.MapType) else g.UNKNOWN)
    return _atom_values(array)


def _atom_values(array: pa.Array) -> list[Any]:
    arrow = array.type
    if pa.types.is_null(arrow):
        return [None] * len(array)
    if pa.types.is_integer(arrow) or pa.types.is_floating(arrow):
        values = pc.fill_null(array, 0) if array.null_count else array
        return _nulled(values.to_numpy(zero_copy_only=False).tolist(), array)
    if pa.types.is_timestamp(arrow):
        if arrow.tz is not None and arrow.tz != "UTC":
            array = pc.local_timestamp(array)
        return list(array.cast(pa.timestamp("us")).to_numpy(zero_copy_only=False).tolist())
    if pa.types.is_duration(arrow) or pa.types.is_interval(arrow):
        return list(array.to_pylist())
    values = array.to_numpy(zero_copy_only=False).tolist()
    return list(values)


def _nulled(values: list[Any], array: pa.Array) -> list[Any]:
    if array.null_count:
        for at in pc.indices_nonzero(array.is_null()).to_numpy().tolist():
            values[at] = None
    return values


def _children(array: pa.StructArray) -> list[pa.Array]:
    # `field` respects the slice's offset but not the parent's nulls: nulled rows are taken out by the callers.
    return [array.field(at) for at in range(array.type.num_fields)]


def _struct_values(array: pa.StructArray, kind: g.GlueType) -> list[Any]:
    names = [array.type.field(at).name for at in range(array.type.num_fields)]
    kinds = [field.type for field in kind] if isinstance(kind, g.StructType) else [g.UNKNOWN] * len(names)
    columns = [column_values(child, inner) for child, inner in zip(_children(array), kinds, strict=True)]
    return _nulled(_dicts(names, columns, len(array)), array)


def _choice_values(array: pa.StructArray, kind: g.ChoiceType) -> list[Any]:
    result: list[Any] = [None] * len(array)
    for child, alternative in zip(_children(array), kind.choices, strict=True):
        for at, value in enumerate(column_values(child, alternative)):
            if value is not None:
                result[at] = value
    return _nulled(result, array)


def _bounds(array: pa.Array) -> list[int]:
    return list(array.offsets.to_numpy(zero_copy_only=False).tolist())


def _list_values(array: pa.ListArray, element: g.GlueType) -> list[Any]:
    bounds = _bounds(array)
    first, last = bounds[0], bounds[-1]
    values = column_values(array.values.slice(first, last - first), element)
    lists = [values[a - first : b - first] for a, b in pairwise(bounds)]
    return _nulled(lists, array)


def _map_values(array: pa.MapArray, value: g.GlueType) -> list[Any]:
    bounds = _bounds(array)
    first, last = bounds[0], bounds[-1]
    keys = column_values(array.keys.slice(first, last - first), g.UNKNOWN)
    values = column_values(array.items.slice(first, last - first), value)
    pairs = list(zip(keys, values, strict=True))
    maps = [dict(pairs[a - first : b - first]) for a, b in pairwise(bounds)]
    return _nulled(maps, array)
