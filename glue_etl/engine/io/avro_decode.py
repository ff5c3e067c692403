"""Values that fastavro gave by a `plain_schema` to Arrow arrays of a Glue type, a whole column at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate, chain
from operator import itemgetter
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from glue_etl.engine.frame.records_shape import arrow_type
from glue_etl.engine.io.avro_schema import Node, branches, glue_type
from glue_etl.engine.types import tree as g

__all__ = ["UNFIT", "arrow_column"]

UNFIT = (pa.ArrowException, OverflowError, ValueError, TypeError)
"""What `arrow_column` raises for a value that the type cannot hold."""

_DECIMAL_BYTES = 16


def arrow_column(node: Node, values: Sequence[Any], want: g.GlueType, zone: str) -> pa.Array:
    """One field's values.

    Args:
        node: The field's schema.
        values: One per record, decoded by `plain_schema(node)`; None for null.
        want: The field's type in the frame: `glue_type(node)`, or a wider one if other files have another schema.
        zone: The session's time zone, a part of the Arrow type of instants.

    Raises:
        ValueError: A value that the type cannot hold, or another error of `UNFIT`.
    """
    if node.kind == "union":
        return _union(node, values, want, zone)
    if isinstance(want, g.ChoiceType):
        name = glue_type(node).name
        return _choice({name: arrow_column(node, values, _alternative(want, name), zone)}, want, len(values), zone)
    if isinstance(want, g.StructType):
        return _struct(node, values, want, zone)
    if isinstance(want, g.ArrayType):
        flat = list(chain.from_iterable(value for value in values if value is not None))
        return pa.ListArray.from_arrays(_offsets(values), arrow_column(node.parts[0], flat, want.element, zone))
    if isinstance(want, g.MapType):
        there = [value for value in values if value]
        flat = list(chain.from_iterable(value.values() for value in there))
        keys = pa.array(chain.from_iterable(there), pa.string())
        return pa.MapArray.from_arrays(_offsets(values), keys, arrow_column(node.parts[0], flat, want.value, zone))
    return _atoms(node, values, want, zone)


def _alternative(want: g.ChoiceType, name: str) -> g.GlueType:
    found = want.get(name)
    if found is None:
        raise TypeError(f"the choice has no alternative {name}")
    return found


def _union(node: Node, values: Sequence[Any], want: g.GlueType, zone: str) -> pa.Array:
    rest = branches(node)
    if len(rest) < 2:
        return arrow_column(rest[0], values, want, zone) if rest else pa.nulls(len(values), arrow_type(want, zone))
    found: dict[str, pa.Array] = {}
    for at, part in enumerate(node.parts):
        if part.kind == "null":
            continue
        label = f"b{at}"
        mine = [None if value is None else value.get(label) for value in values]
        name = glue_type(part).name
        kind = _alternative(want, name) if isinstance(want, g.ChoiceType) else want
        array = arrow_column(part, mine, kind, zone)
        # Two branches may be one Glue type, as text and an enum are.
        found[name] = pc.coalesce(found[name], array) if name in found else array
    if isinstance(want, g.ChoiceType):
        return _choice(found, want, len(values), zone)
    (array,) = found.values()
    return array


def _choice(found: dict[str, pa.Array], want: g.ChoiceType, count: int, zone: str) -> pa.Array:
    nothing = pa.array([True]).take(pa.array([0] * count, pa.int32()))
    for array in found.values():
        nothing = pc.and_(nothing, array.is_null())
    children = [
        found[choice.name] if choice.name in found else pa.nulls(count, arrow_type(choice, zone))
        for choice in want.choices
    ]
    return pa.StructArray.from_arrays(children, names=[choice.name for choice in want.choices], mask=nothing)


def _struct(node: Node, values: Sequence[Any], want: g.StructType, zone: str) -> pa.Array:
    if not len(want):
        return pa.array([None if value is None else {} for value in values], pa.struct([]))
    some_null = None in values
    at = {name: f"f{position}" for position, name in enumerate(node.names)}
    parts = dict(zip(node.names, node.parts, strict=True))
    children = []
    for field in want:
        if field.name not in at:
            children.append(pa.nulls(len(values), arrow_type(field.type, zone)))
            continue
        label = at[field.name]
        column = (
            [None if v is None else v[label] for v in values] if some_null else list(map(itemgetter(label), values))
        )
        children.append(arrow_column(parts[field.name], column, field.type, zone))
    mask = pa.array([value is None for value in values]) if some_null else None
    return pa.StructArray.from_arrays(children, names=want.names, mask=mask)


def _offsets(values: Sequence[Any]) -> pa.Array:
    ends = list(accumulate((0 if value is None else len(value) for value in values), initial=0))
    # A null offset marks the list that begins there as null.
    return pa.array([*(None if v is None else at for v, at in zip(values, ends, strict=False)), ends[-1]], pa.int32())


def _atoms(node: Node, values: Sequence[Any], want: g.GlueType, zone: str) -> pa.Array:
    if isinstance(want, g.DecimalType):
        return _decimals(node, values, want)
    special = _SPECIAL.get(want)
    if special is not None:
        return special(node, values, zone)
    return pa.array(values, arrow_type(want, zone))


def _text(node: Node, values: Sequence[Any], _zone: str) -> pa.Array:
    if node.kind == "enum":
        positions = pa.array(values, pa.int32())
        if pc.any(pc.less(positions, 0)).as_py():
            raise ValueError(f"an enum of {len(node.symbols)} symbols has none before the first")
        return pa.array(node.symbols, pa.string()).take(positions)
    try:
        return pa.array(values, pa.binary()).cast(pa.string())
    except pa.ArrowInvalid:
        # As Java reads it: what is no UTF-8 is U+FFFD.
        return pa.array([None if v is None else v.decode("utf-8", "replace") for v in values], pa.string())


def _dates(_node: Node, values: Sequence[Any], _zone: str) -> pa.Array:
    return pa.array(values, pa.int32()).cast(pa.date32())


def _instants(_node: Node, values: Sequence[Any], zone: str) -> pa.Array:
    return pc.multiply_checked(pa.array(values, pa.int64()), 1000).cast(pa.timestamp("us", tz=zone))


def _decimals(node: Node, values: Sequence[Any], want: g.DecimalType) -> pa.Array:
    assert isinstance(node.type, g.DecimalType)
    stored = pa.decimal128(node.type.precision, node.type.scale)
    words = b"".join(bytes(_DECIMAL_BYTES) if value is None else _word(value) for value in values)
    there = pa.array([value is not None for value in values])
    array = pa.Array.from_buffers(stored, len(values), [there.buffers()[1], pa.py_buffer(words)])
    # A number of more digits than its schema says.
    array.validate(full=True)
    wanted = pa.decimal128(want.precision, want.scale)
    return array if wanted == stored else array.cast(wanted)


def _word(value: bytes) -> bytes:
    if len(value) > _DECIMAL_BYTES:
        return int.from_bytes(value, "big", signed=True).to_bytes(_DECIMAL_BYTES, "little", signed=True)
    filler = b"\xff" if value and value[0] & 0x80 else b"\0"
    return value.rjust(_DECIMAL_BYTES, filler)[::-1]


_SPECIAL: dict[g.GlueType, Callable[[Node, Sequence[Any], str], pa.Array]] = {
    g.STRING: _text,
    g.DATE: _dates,
    g.TIMESTAMP: _instants,
}
