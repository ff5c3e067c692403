"""Records through Arrow and back: what a function gave is what a reader of its rows finds."""

from __future__ import annotations

import enum
import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glue_etl.engine.frame.records_encode import UnfitValueError, encode
from glue_etl.engine.frame.records_observed import merge_observed, settle
from glue_etl.engine.frame.records_shape import arrow_type, shape
from glue_etl.engine.frame.records_values import column_values
from glue_etl.engine.types import tree as g

NAMES = st.sampled_from(["a", "b", "c.d", "ü"])
ATOMS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(1 << 63), (1 << 63) - 1),
    st.floats(allow_nan=False),
    st.text(st.characters(exclude_categories=["Cs"])),
    st.binary(max_size=5),
    st.dates(date(1, 1, 1), date(9999, 12, 31)),
    st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)),
    st.decimals(-1000, 1000, places=2),
)
VALUES = st.recursive(
    ATOMS, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=3)), max_leaves=6
)


def there_and_back(chunks: list[list[Any]], hint: g.GlueType | None = None, zone: str = "UTC") -> tuple[Any, list[Any]]:
    """Encode each chunk alone, settle all, lay out each, read."""
    encoded = [encode(chunk, hint, zone) for chunk in chunks]
    seen: dict[str, Any] = {}
    for observed, _ in encoded:
        seen = merge_observed(seen, json.loads(json.dumps(observed)))
    kind = settle(seen, hint)
    values = []
    for _, node in encoded:
        array = shape(node, kind, zone)
        array.validate(full=True)
        assert array.type == arrow_type(kind, zone)
        values += column_values(array, kind)
    return kind, values


def bare(value: Any) -> Any:
    """Without nulls in dicts, where missing is the same, and with what equals across types told apart."""
    if isinstance(value, dict):
        return {name: bare(inner) for name, inner in value.items() if bare(inner) is not None}
    if isinstance(value, list):
        return [bare(inner) for inner in value]
    return value if value is None else (type(value).__name__, value)


@given(st.lists(st.lists(VALUES, max_size=6), min_size=1, max_size=3))
@settings(max_examples=150, deadline=None)
def test_values_come_back(chunks: list[list[Any]]) -> None:
    _, values = there_and_back(chunks)
    assert [bare(v) for v in values] == [bare(v) for chunk in chunks for v in chunk]


class Colour(enum.IntEnum):
    RED = 1


PARIS = timezone(timedelta(hours=2))

ROWS: list[tuple[str, Any, Any, g.GlueType]] = [
    ("tuple", (1, 2), [1, 2], g.ArrayType(g.INT)),
    ("set", {3}, [3], g.ArrayType(g.INT)),
    ("bytearray", bytearray(b"x"), b"x", g.BINARY),
    ("int subclass", Colour.RED, 1, g.INT),
    ("aware datetime", datetime(2020, 6, 1, 2, tzinfo=PARIS), datetime(2020, 6, 1, 0), g.TIMESTAMP),
    ("utc datetime", datetime(2020, 6, 1, tzinfo=UTC), datetime(2020, 6, 1), g.TIMESTAMP),
    ("empty dict", {}, {}, g.StructType()),
    ("large decimal", Decimal("12345678901234567890.12"), Decimal("12345678901234567890.12"), g.DecimalType(22, 2)),
]


@pytest.mark.parametrize(("value", "read", "kind"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_python_types(value: Any, read: Any, kind: g.GlueType) -> None:
    assert there_and_back([[value, None]]) == (kind, [read, None])


def test_aware_datetimes_in_a_session_elsewhere() -> None:
    aware, naive = datetime(2020, 6, 1, 0, tzinfo=UTC), datetime(2020, 6, 1, 2)
    assert there_and_back([[aware, naive]], zone="Europe/Paris") == (g.TIMESTAMP, [naive, naive])


def test_the_input_keeps_maps_and_floats() -> None:
    assert there_and_back([[{"a": 1}, None, {"b": "x"}]], g.MapType(g.LONG)) == (
        g.MapType(g.ChoiceType((g.LONG, g.STRING))),
        [{"a": 1}, None, {"b": "x"}],
    )
    assert there_and_back([[0.5, 2.0, None]], g.FLOAT) == (g.FLOAT, [0.5, 2.0, None])
    assert there_and_back([[0.5, 7]], g.DOUBLE) == (g.DOUBLE, [0.5, 7.0])
    assert there_and_back([[Decimal("0.50"), 7]], g.DecimalType(5, 2)) == (g.DecimalType(5, 2), [Decimal("0.50"), 7])


UNFIT = {
    "complex number": 1j,
    "integer of more than 64 bits": 1 << 64,
    "decimal that is no number": Decimal("NaN"),
    "decimal of more than 38 digits": Decimal("1e40"),
    "half a surrogate pair": "\ud800",
    "time of day": datetime(2020, 1, 1).time(),
    "field name that is no text": {1: 2},
    "deep inside": [{"a": [object()]}],
}


@pytest.mark.parametrize("value", UNFIT.values(), ids=UNFIT)
def test_values_that_no_record_can_hold(value: Any) -> None:
    with pytest.raises(UnfitValueError):
        encode([value], None, "UTC")


def test_slices_of_arrays_read_as_what_they_are() -> None:
    array = pa.array([[1], None, [2, 3], []], pa.list_(pa.int64()))
    assert column_values(array.slice(1, 2), g.ArrayType(g.LONG)) == [None, [2, 3]]
    layout = pa.struct([pa.field("a", pa.int32()), pa.field("m", pa.map_(pa.string(), pa.int32()))])
    maps = pa.array([{"a": 1, "m": [("k", 1)]}, None, {"a": None, "m": None}], layout)
    kind = g.StructType.of([("a", g.INT), ("m", g.MapType(g.INT))])
    assert column_values(maps, kind) == [{"a": 1, "m": {"k": 1}}, None, {"a": None, "m": None}]
    assert column_values(maps.slice(1), kind) == [None, {"a": None, "m": None}]
