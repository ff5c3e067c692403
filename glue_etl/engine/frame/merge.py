"""mergeDynamicFrame: records of a staging frame take the place of those with the same keys.

Source: `mergeDynamicFrame` in "DynamicFrame class" of the AWS Glue guide.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column

from glue_etl.engine.frame.conform import top
from glue_etl.engine.frame.core import Plan
from glue_etl.engine.frame.join import keys_equal, numbered, union
from glue_etl.errors import OptionError

__all__ = ["merge_frames"]


def merge_frames(source: Plan, staging: Plan, keys: Sequence[str]) -> Plan:
    """The source's records whose keys the staging frame has not, and all records of the staging frame.

    Args:
        source: The records so far.
        staging: The records that replace or come on top; its fields may be others.
        keys: Paths that both frames have; records agree if all of them are equal. A null equals nothing.

    Returns:
        Whole records, duplicates kept; a field of two types becomes a choice.

    Raises:
        OptionError: No keys.
        FieldError: A key that one of the frames has not.
    """
    if not keys:
        raise OptionError("mergeDynamicFrame has no primary_keys.", hint="name the fields that identify a record")
    first, first_keys = numbered(source, keys, "l", "mergeDynamicFrame")
    second, second_keys = numbered(staging, keys, "r", "mergeDynamicFrame", "the staging frame")
    condition: Column | None = None
    for one, other in zip(first_keys, second_keys, strict=True):
        equal = keys_equal(*one, *other)
        condition = equal if condition is None else condition & equal
    kept = first.join(second, condition, "left_anti")
    names = source.type.names
    df = kept.select(*[top(f"l{i}").alias(name) for i, name in enumerate(names)])
    return union(Plan(df, source.type), staging)
