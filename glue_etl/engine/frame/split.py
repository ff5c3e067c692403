"""SplitRows: the records that meet every comparison, and the rest.

Source: "SplitRows class" in the AWS Glue guide (operators `=`, `!=`, `<`, `<=`, `>`, `>=`).
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

from pyspark.sql import Column
from pyspark.sql import functions as f

from glue_etl.engine.frame.cast import cast
from glue_etl.engine.frame.core import Plan
from glue_etl.engine.frame.place import read_path
from glue_etl.engine.types import paths
from glue_etl.engine.types import tree as g
from glue_etl.errors import FieldError, OptionError

__all__ = ["split_rows"]

_OPERATORS: dict[str, Callable[[Column, Any], Column]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def split_rows(plan: Plan, tests: Sequence[tuple[str, str, Any]], *, keep: bool) -> Plan:
    """One side of the split.

    Args:
        plan: The records.
        tests: Path, operator and constant of each comparison; all of them must hold.
        keep: Whether the records that meet them are wanted, or the rest (records with a null there included).

    Raises:
        OptionError: An unknown operator.
        FieldError: No record has the field.
    """
    condition = f.lit(True)
    for path, sign, value in tests:
        condition = condition & _comparison(plan.type, path, sign, value)
    # A bare condition can be pushed down into the files; a null is no hit by itself.
    return Plan(plan.df.where(condition if keep else ~f.coalesce(condition, f.lit(False))), plan.type)


def _comparison(record: g.StructType, path: str, sign: str, value: Any) -> Column:
    if sign not in _OPERATORS:
        raise OptionError(f"{sign!r} is not an operator of SplitRows.", available=_OPERATORS)
    found = read_path(record, paths.names(paths.parse(path)))
    if found is None:
        raise FieldError(f"SplitRows compares {path!r}, which no record has.", available=record.names)
    column, kind = found
    wanted = g.STRING if isinstance(value, str) else g.BOOLEAN if isinstance(value, bool) else g.DOUBLE
    if wanted == g.DOUBLE and kind.name in ("int", "long", "short", "byte", "float", "double", "decimal"):
        return _OPERATORS[sign](column, f.lit(value))
    if wanted == g.STRING and kind.name in ("date", "timestamp"):
        # An ISO text is compared as the moment it names.
        return _OPERATORS[sign](column, cast(f.lit(value), g.STRING, kind)[0])
    return _OPERATORS[sign](cast(column, kind, wanted)[0], f.lit(value))
