"""One frame from the scans of files that differ in their fields: records describe themselves."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from pyspark.sql import DataFrame, SparkSession

from glue_etl.engine.frame.conform import conform_plan
from glue_etl.engine.frame.core import Plan
from glue_etl.engine.types import tree as g

__all__ = ["case_sensitive", "combine", "same_spelling"]


def case_sensitive(session: SparkSession) -> bool:
    """Whether Spark tells `Extra` from `extra`."""
    return str(session.conf.get("spark.sql.caseSensitive", "false")).lower() == "true"


def same_spelling(names: Sequence[Sequence[str]], *, sensitive: bool) -> list[list[str]]:
    """Give names that differ only in case the spelling in which they were seen first.

    Spark could refer to neither of two such columns of one frame, so they are one field here.
    """
    if sensitive:
        return [list(row) for row in names]
    first: dict[str, str] = {}
    return [[first.setdefault(name.lower(), name) for name in row] for row in names]


def combine(plans: Sequence[Plan]) -> Plan:
    """The records of all plans, in the type that holds them all; a field of two types becomes a choice."""
    if len(plans) == 1:
        return plans[0]
    merged = g.merge_all(plan.type for plan in plans)
    if not isinstance(merged, g.StructType):
        raise TypeError(f"records are structs, not {merged.name}")
    return Plan(reduce(DataFrame.union, [conform_plan(plan, merged).df for plan in plans]), merged)
