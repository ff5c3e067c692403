"""Comparing DataFrames in tests: chispa where it can, our own comparison where it cannot."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from glue_etl.errors import MissingExtraError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from pyspark.sql.types import DataType, StructType

__all__ = ["assert_frames_equal"]

_SHOWN = 10


def assert_frames_equal(
    actual: DataFrame,
    expected: DataFrame,
    *,
    ignore_row_order: bool = False,
    ignore_column_order: bool = False,
    ignore_nullable: bool = False,
    ignore_columns: Sequence[str] = (),
    precision: float | None = None,
) -> None:
    """Fail if two DataFrames differ in their schema or their rows. NaN equals NaN, as does null null.

    Args:
        actual: What the code under test gave.
        expected: What it should have given.
        ignore_row_order: Compare the rows as a bag: a row that comes twice must come twice.
        ignore_column_order: Compare the columns by name.
        ignore_nullable: Let a column be nullable on one side only, at any depth.
        ignore_columns: Names of columns to leave out on both sides.
        precision: Greatest absolute difference of two floating-point numbers that counts as none.

    Raises:
        AssertionError: They differ; the message shows the columns or the rows.
        MissingExtraError: chispa is not installed.
    """
    __tracebackhide__ = True
    if ignore_columns:
        actual, expected = actual.drop(*ignore_columns), expected.drop(*ignore_columns)
    if ignore_column_order:
        names = sorted(expected.columns)
        if sorted(actual.columns) == names:
            actual, expected = actual.select(*map(_quoted, names)), expected.select(*map(_quoted, names))
    # chispa orders rows by Spark's sort or hash: a map has neither, a hash is no order for rows that differ only
    # in an array, and a dot in a name is taken for a path. Its precision looks at whole columns only.
    unsortable = any(_has_collection(field.dataType) or "." in field.name for field in expected.schema.fields)
    own = (ignore_row_order and unsortable) or precision is not None
    compare = _compare_here if own else _compare_with_chispa
    compare(actual, expected, ignore_row_order, ignore_nullable, precision)


def _compare_with_chispa(
    actual: DataFrame, expected: DataFrame, ignore_row_order: bool, ignore_nullable: bool, precision: float | None
) -> None:
    __tracebackhide__ = True
    try:
        import chispa
        from chispa.schema_comparer import SchemasNotEqualError
    except ImportError:
        raise MissingExtraError.of("Comparing DataFrames", "chispa", "dev") from None
    try:
        chispa.assert_df_equality(
            actual,
            expected,
            ignore_row_order=ignore_row_order,
            ignore_nullable=ignore_nullable,
            allow_nan_equality=True,
        )
    except (chispa.DataFramesNotEqualError, SchemasNotEqualError) as difference:
        # chispa's errors are no AssertionErrors, so test tools would report an error of the test, not a failure.
        raise AssertionError(str(difference)) from None


def _compare_here(
    actual: DataFrame, expected: DataFrame, ignore_row_order: bool, ignore_nullable: bool, precision: float | None
) -> None:
    __tracebackhide__ = True
    if _shape(actual.schema, ignore_nullable) != _shape(expected.schema, ignore_nullable):
        raise AssertionError(f"the schemas differ:\nactual   {actual.schema}\nexpected {expected.schema}")
    left, right = ([_plain(row) for row in frame.collect()] for frame in (actual, expected))
    if ignore_row_order:
        key = _order(precision)
        left.sort(key=key)
        right.sort(key=key)
    if len(left) != len(right):
        only = _only_in(left, right, precision), _only_in(right, left, precision)
        raise AssertionError(
            f"{len(left)} rows instead of {len(right)}\n"
            f"in actual alone:   {_listed(only[0])}\nin expected alone: {_listed(only[1])}"
        )
    differing = [(a, b) for a, b in zip(left, right, strict=True) if not _same(a, b, precision)]
    if differing:
        lines = [f"actual   {a!r}\nexpected {b!r}" for a, b in differing[:_SHOWN]]
        raise AssertionError(f"{len(differing)} of {len(right)} rows differ, the first:\n" + "\n".join(lines))


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _has_collection(spark_type: DataType) -> bool:
    kind = spark_type.typeName()
    if kind in ("map", "array", "variant"):
        return True
    return kind == "struct" and any(_has_collection(f.dataType) for f in getattr(spark_type, "fields", ()))


def _shape(schema: StructType, ignore_nullable: bool) -> Any:
    shape = schema.jsonValue()
    return _without_nullable(shape) if ignore_nullable else shape


def _without_nullable(shape: Any) -> Any:
    if isinstance(shape, dict):
        dropped = ("nullable", "containsNull", "valueContainsNull", "metadata")
        return {key: _without_nullable(value) for key, value in shape.items() if key not in dropped}
    return [_without_nullable(each) for each in shape] if isinstance(shape, list) else shape


def _plain(value: Any) -> Any:
    """Rows to tuples and maps to sorted pairs, so that equal means equal and everything can be ordered."""
    if isinstance(value, dict):
        pairs = [(_plain(key), _plain(each)) for key, each in value.items()]
        return ("map", *sorted(pairs, key=repr))
    if isinstance(value, tuple):
        return tuple(_plain(each) for each in value)
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return bytes(value) if isinstance(value, bytearray) else value


def _order(precision: float | None) -> Callable[[Any], str]:
    # Rounding keeps numbers that count as equal beside each other but for those on a rounding edge.
    digits = None if precision is None else max(0, -math.floor(math.log10(precision)) - 1)

    def key(value: Any) -> str:
        if isinstance(value, float):
            return repr(value if digits is None else round(value, digits) + 0.0)
        if isinstance(value, tuple | list):
            return f"[{','.join(key(each) for each in value)}]"
        return repr(value)

    return key


def _same(left: Any, right: Any, precision: float | None) -> bool:
    if isinstance(left, float) and isinstance(right, float):
        if math.isnan(left) or math.isnan(right) or precision is None:
            return left == right or (math.isnan(left) and math.isnan(right))
        return left == right or abs(left - right) <= precision
    if isinstance(left, tuple | list) and isinstance(right, tuple | list):
        return len(left) == len(right) and all(_same(a, b, precision) for a, b in zip(left, right, strict=True))
    return bool(left == right)


def _only_in(rows: list[Any], others: list[Any], precision: float | None) -> list[Any]:
    rest, alone = list(others), []
    for row in rows:
        match = next((i for i, other in enumerate(rest) if _same(row, other, precision)), None)
        if match is None:
            alone.append(row)
        else:
            del rest[match]
    return alone


def _listed(rows: list[Any]) -> str:
    shown = "; ".join(repr(row) for row in rows[:_SHOWN]) or "none"
    return shown if len(rows) <= _SHOWN else f"{shown}; and {len(rows) - _SHOWN} more"
