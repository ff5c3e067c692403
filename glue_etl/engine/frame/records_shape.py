"""Chunks of encoded records to columns of the settled types: casts of whole Arrow arrays. Runs in Python workers."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from glue_etl.engine.types import tree as g

__all__ = ["arrow_type", "shape"]

_ATOMS: dict[g.GlueType, tuple[str, pa.DataType]] = {
    g.BINARY: ("bytes", pa.binary()),
    g.BOOLEAN: ("bool", pa.bool_()),
    g.BYTE: ("int", pa.int8()),
    g.DATE: ("date", pa.date32()),
    g.DOUBLE: ("float", pa.float64()),
    g.FLOAT: ("float", pa.float32()),
    g.INT: ("int", pa.int32()),
    g.LONG: ("int", pa.int64()),
    g.SHORT: ("int", pa.int16()),
    g.STRING: ("str", pa.string()),
    g.TIMESTAMP_NTZ: ("datetime", pa.timestamp("us")),
}
_INT_END = 1 << 31


def arrow_type(kind: g.GlueType, zone: str) -> pa.DataType:
    """The Arrow type in which Spark takes a column of that Glue type."""
    if isinstance(kind, g.StructType):
        return pa.struct([pa.field(field.name, arrow_type(field.type, zone)) for field in kind])
    if isinstance(kind, g.ChoiceType):
        return pa.struct([pa.field(choice.name, arrow_type(choice, zone)) for choice in kind.choices])
    if isinstance(kind, (g.ArrayType, g.SetType)):
        return pa.list_(arrow_type(kind.element, zone))
    if isinstance(kind, g.MapType):
        return pa.map_(pa.string(), arrow_type(kind.value, zone))
    if isinstance(kind, g.DecimalType):
        return pa.decimal128(kind.precision, kind.scale)
    if kind in (g.NULL, g.UNKNOWN):
        return pa.null()
    return pa.timestamp("us", tz=zone) if kind == g.TIMESTAMP else _ATOMS[kind][1]


def shape(node: pa.Array, want: g.GlueType, zone: str) -> pa.Array:
    """An encoded field in its settled type.

    Args:
        node: What `records_encode.encode` gave: a struct of kinds, or nulls.
        want: The type; it holds every value of the node.
        zone: The session's time zone.
    """
    if pa.types.is_null(node.type):
        return pa.nulls(len(node), arrow_type(want, zone))
    kinds = {node.type.field(at).name: node.field(at) for at in range(node.type.num_fields)}
    if isinstance(want, g.ChoiceType):
        return _shape_choice(kinds, want, len(node), zone)
    array = _shape_kind(kinds, want, zone)
    if array is None:
        array = pa.nulls(len(node), arrow_type(want, zone))
    if "int" in kinds and (want in (g.DOUBLE, g.FLOAT) or isinstance(want, g.DecimalType)):
        # Integers among the numbers of an input field that kept its type.
        array = pc.coalesce(array, kinds["int"].cast(_wide(want)).cast(array.type))
    return array


def _wide(want: g.GlueType) -> pa.DataType:
    return pa.decimal128(19, 0) if isinstance(want, g.DecimalType) else pa.float64()


def _shape_kind(kinds: dict[str, pa.Array], want: g.GlueType, zone: str) -> pa.Array | None:
    """The values of the kinds that belong to a type, or None if there are none in this chunk."""
    if isinstance(want, g.StructType):
        return _shape_struct(kinds.get("dict"), want, zone)
    if isinstance(want, (g.ArrayType, g.SetType)):
        lists = kinds.get("list")
        return (
            None
            if lists is None
            else pa.ListArray.from_arrays(_offsets(lists), shape(lists.values, want.element, zone))
        )
    if isinstance(want, g.MapType):
        maps = kinds.get("map")
        if maps is None:
            return None
        return pa.MapArray.from_arrays(_offsets(maps), maps.keys, shape(maps.items, want.value, zone))
    if isinstance(want, g.DecimalType):
        decimals = kinds.get("decimal")
        return None if decimals is None else decimals.cast(pa.decimal128(want.precision, want.scale))
    if want == g.TIMESTAMP:
        return None if "datetime" not in kinds else _instants(kinds["datetime"], zone)
    if want in (g.NULL, g.UNKNOWN):
        return None
    kind, arrow = _ATOMS[want]
    return None if kind not in kinds else kinds[kind].cast(arrow, safe=want != g.FLOAT)


def _instants(naive: pa.Array, zone: str) -> pa.Array:
    if zone == "UTC":
        return naive.cast(pa.timestamp("us", tz=zone))
    return pc.assume_timezone(naive, zone, ambiguous="earliest", nonexistent="earliest")


def _offsets(array: Any) -> pa.Array:
    if not array.null_count:
        return array.offsets
    there = pa.concat_arrays([array.is_valid(), pa.array([True])])
    return pc.if_else(there, array.offsets, pa.scalar(None, pa.int32()))


def _shape_struct(dicts: pa.StructArray | None, want: g.StructType, zone: str) -> pa.Array | None:
    if dicts is None:
        return None
    if not len(want):
        return dicts
    there = {dicts.type.field(at).name: at for at in range(dicts.type.num_fields)}
    children = [
        shape(dicts.field(there[field.name]), field.type, zone)
        if field.name in there
        else pa.nulls(len(dicts), arrow_type(field.type, zone))
        for field in want
    ]
    mask = dicts.is_null() if dicts.null_count else None
    return pa.StructArray.from_arrays(children, names=want.names, mask=mask)


def _shape_choice(kinds: dict[str, pa.Array], want: g.ChoiceType, count: int, zone: str) -> pa.Array:
    children = []
    for choice in want.choices:
        mine = kinds
        if choice in (g.INT, g.LONG) and "int" in kinds and want.get("int") and want.get("long"):
            integers = kinds["int"]
            is_int = pc.and_(pc.greater_equal(integers, -_INT_END), pc.less(integers, _INT_END))
            keep = is_int if choice == g.INT else pc.invert(is_int)
            mine = {"int": pc.if_else(keep, integers, pa.scalar(None, pa.int64()))}
        array = _shape_kind(mine, choice, zone)
        children.append(pa.nulls(count, arrow_type(choice, zone)) if array is None else array)
    no_value = children[0].is_null()
    for child in children[1:]:
        no_value = pc.and_(no_value, child.is_null())
    return pa.StructArray.from_arrays(children, names=[choice.name for choice in want.choices], mask=no_value)
