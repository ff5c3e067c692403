"""The column functions of `awsglue.functions`, which AWS does not document: their meaning is that of their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as f

if TYPE_CHECKING:
    from pyspark.sql import Column

__all__ = ["explode_with_index", "replace_array_element"]


def replace_array_element(array: Column, new: Column, index: int) -> Column:
    """The array with another element at an index.

    Args:
        array: An array column.
        new: The value to put there, of a type that fits the others.
        index: Counted from 0; where an array has no such element it stays as it is.
    """
    return f.transform(array, lambda value, at: f.when(at == f.lit(index), new).otherwise(value))


def explode_with_index(array: Column) -> Column:
    """A row for each element, with its index from 0; no row for an empty or null array."""
    return f.posexplode(array)
