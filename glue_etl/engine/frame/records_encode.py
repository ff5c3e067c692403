"""The records that a script's function gave, to Arrow: what kinds were seen, and the values kind by kind.

Every node is a struct with one member per kind of value seen (`int`, `str`, `dict` ...), so that a chunk of records
can be laid out before the final types are known; `records_shape` brings the chunks to those. Runs in Python workers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import accumulate, chain
from operator import itemgetter
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from glue_etl.engine.frame.records_observed import Observed
from glue_etl.engine.types import tree as g

__all__ = ["KIND_OF", "UnfitValueError", "encode", "kind_of"]

_INT_END = 1 << 31


class UnfitValueError(Exception):
    """A value that no field of a record can hold."""


KIND_OF: dict[type, str | None] = {
    type(None): None,
    bool: "bool",
    int: "int",
    float: "float",
    str: "str",
    bytes: "bytes",
    bytearray: "bytes",
    datetime: "datetime",
    date: "date",
    Decimal: "decimal",
    dict: "dict",
    list: "list",
    tuple: "list",
    set: "list",
    frozenset: "list",
}


def kind_of(value_type: type) -> str | None:
    """The kind of values of that Python type, None for nulls.

    Raises:
        UnfitValueError: No field of a record can hold them.
    """
    if value_type in KIND_OF:
        return KIND_OF[value_type]
    if hasattr(value_type, "asDict"):
        raise UnfitValueError("a Row, which is a tuple and means a struct")
    for base, kind in KIND_OF.items():
        if issubclass(value_type, base):
            return kind
    raise UnfitValueError(value_type)


def encode(values: Sequence[Any], hint: g.GlueType | None, zone: str) -> tuple[Observed, pa.Array]:
    """Observe and lay out one field's values.

    Args:
        values: One per record, None for null.
        hint: The field's type in the input, if it has it: its dicts may be maps, its floats 32 bits wide.
        zone: The session's time zone, in which naive timestamps are.

    Returns:
        The observation, and a struct array of one member per kind; a null array if there are only nulls.

    Raises:
        UnfitValueError: Some value cannot be held; `records_worker` finds out which.
    """
    kinds = {value_type: kind_of(value_type) for value_type in set(map(type, values))}
    wanted = dict.fromkeys(kind for kind in kinds.values() if kind)
    seen: Observed = {}
    members: dict[str, pa.Array] = {}
    for kind in wanted:
        mine = values if len(wanted) == 1 else [v if kinds[type(v)] == kind else None for v in values]
        try:
            label, array, observed = _ENCODERS[kind](mine, hint, zone)
        except (pa.ArrowException, OverflowError, UnicodeError, TypeError, ValueError) as error:
            raise UnfitValueError(str(error)) from error
        seen.update(observed)
        members[label] = array
    if not members:
        return {}, pa.nulls(len(values))
    return seen, pa.StructArray.from_arrays(list(members.values()), names=list(members))


_Encoded = tuple[str, pa.Array, Observed]


def _atoms(kind: str, arrow: pa.DataType) -> Callable[[Sequence[Any], g.GlueType | None, str], _Encoded]:
    def atoms(values: Sequence[Any], _hint: g.GlueType | None, _zone: str) -> _Encoded:
        return kind, pa.array(values, arrow), {kind: True}

    return atoms


def _integers(values: Sequence[Any], _hint: g.GlueType | None, _zone: str) -> _Encoded:
    array = pa.array(values, pa.int64())
    ends = pc.min_max(array).as_py()
    lowest, highest = ends["min"], ends["max"]
    if lowest >= -_INT_END and highest < _INT_END:
        return "int", array, {"int": [lowest, highest]}
    is_small = pc.and_(pc.greater_equal(array, -_INT_END), pc.less(array, _INT_END))
    seen: Observed = {}
    for kind, part in (("int", array.filter(is_small)), ("long", array.filter(pc.invert(is_small)))):
        ends = pc.min_max(part).as_py()
        if ends["min"] is not None:
            seen[kind] = [ends["min"], ends["max"]]
    return "int", array, seen


def _floats(values: Sequence[Any], hint: g.GlueType | None, _zone: str) -> _Encoded:
    array = pa.array(values, pa.float64())
    hints = hint.choices if isinstance(hint, g.ChoiceType) else (hint,)
    exact = False
    if g.FLOAT in hints:
        numbers = array.filter(pc.is_finite(array))
        exact = bool(pc.all(pc.equal(numbers, numbers.cast(pa.float32(), safe=False).cast(pa.float64()))).as_py())
        exact = exact or not len(numbers)
    return "float", array, {"float": exact}


def _decimals(values: Sequence[Any], _hint: g.GlueType | None, _zone: str) -> _Encoded:
    array = pa.array(values)
    if not pa.types.is_decimal128(array.type):
        raise UnfitValueError(f"a decimal of more than 38 digits: {array.type}")
    return "decimal", array, {"decimal": [array.type.precision - array.type.scale, array.type.scale]}


def _datetimes(values: Sequence[Any], _hint: g.GlueType | None, zone: str) -> _Encoded:
    if zone != "UTC" and any(value is not None and value.tzinfo is not None for value in values):
        # pyarrow takes aware values to UTC; the others are in the session's zone.
        here = ZoneInfo(zone)
        values = [
            value if value is None or value.tzinfo is None else value.astimezone(here).replace(tzinfo=None)
            for value in values
        ]
    return "datetime", pa.array(values, pa.timestamp("us")), {"datetime": True}


def _columns(records: list[dict[str, Any]]) -> dict[str, list[Any]]:
    first = records[0]
    try:
        if set(map(len, records)) == {len(first)}:
            return {name: list(map(itemgetter(name), records)) for name in first}
    except KeyError:
        pass  # as many fields, but others
    names = dict.fromkeys(chain.from_iterable(records))
    return {name: [record.get(name) for record in records] for name in names}


def _dicts(values: Sequence[Any], hint: g.GlueType | None, zone: str) -> _Encoded:
    hints = hint.choices if isinstance(hint, g.ChoiceType) else (hint,)
    struct = next((h for h in hints if isinstance(h, g.StructType)), None)
    a_map = next((h for h in hints if isinstance(h, g.MapType)), None)
    if a_map is not None and struct is None:
        return _maps(values, a_map, zone)
    some_null = None in values
    columns = _columns([value or {} for value in values] if some_null else list(values))
    if not all(type(name) is str for name in columns):
        raise UnfitValueError("a field name that is not text")
    seen: dict[str, Observed] = {}
    children = []
    for name, column in columns.items():
        seen[name], child = encode(column, None if struct is None else struct.get(name), zone)
        children.append(child)
    mask = pa.array([value is None for value in values]) if some_null else None
    if not children:
        return "dict", pa.array([None if v is None else {} for v in values], pa.struct([])), {"dict": {}}
    return "dict", pa.StructArray.from_arrays(children, names=list(columns), mask=mask), {"dict": seen}


def _offsets(values: Sequence[Any]) -> pa.Array:
    ends = list(accumulate((len(value) if value is not None else 0 for value in values), initial=0))
    # A null offset marks the list that begins there as null.
    marked = [None if value is None else at for value, at in zip(values, ends, strict=False)]
    return pa.array([*marked, ends[-1]], pa.int32())


def _maps(values: Sequence[Any], hint: g.MapType, zone: str) -> _Encoded:
    there = [value for value in values if value]
    keys = pa.array(chain.from_iterable(there), pa.string())
    seen, items = encode(list(chain.from_iterable(value.values() for value in there)), hint.value, zone)
    return "map", pa.MapArray.from_arrays(_offsets(values), keys, items), {"map": seen}


def _lists(values: Sequence[Any], hint: g.GlueType | None, zone: str) -> _Encoded:
    hints = hint.choices if isinstance(hint, g.ChoiceType) else (hint,)
    known = next((h for h in hints if isinstance(h, (g.ArrayType, g.SetType))), None)
    flat = list(chain.from_iterable(value for value in values if value is not None))
    seen, items = encode(flat, None if known is None else known.element, zone)
    return "list", pa.ListArray.from_arrays(_offsets(values), items), {"list": seen}


_ENCODERS: dict[str, Callable[[Sequence[Any], g.GlueType | None, str], _Encoded]] = {
    "bool": _atoms("bool", pa.bool_()),
    "int": _integers,
    "float": _floats,
    "str": _atoms("str", pa.string()),
    "bytes": _atoms("bytes", pa.binary()),
    "date": _atoms("date", pa.date32()),
    "datetime": _datetimes,
    "decimal": _decimals,
    "dict": _dicts,
    "list": _lists,
}
