"""Names of JSON fields against those of a table's columns.

The Data Catalog keeps names in lower case and the JSON SerDes find `userId` by `userid`; Spark's own JSON source does
not. Source: "case.insensitive" in "OpenX JSON SerDe" of the Amazon Athena guide.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from pyspark.sql import types as s

__all__ = ["spelled_otherwise"]


def spelled_otherwise(schema: s.StructType, lines: Iterable[str]) -> bool:
    """Whether records have a field whose name is that of a column only if letter case is ignored.

    Args:
        schema: The table's columns.
        lines: Some of its records; what is no JSON object is passed over.
    """
    for line in lines:
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if _differs(schema, record):
            return True
    return False


def _differs(kind: s.DataType, value: Any) -> bool:
    if isinstance(kind, s.StructType) and isinstance(value, dict):
        fields = {field.name: field.dataType for field in kind.fields}
        folded = {name.lower() for name in fields}
        return any(
            _differs(fields[name], inner) if name in fields else name.lower() in folded for name, inner in value.items()
        )
    if isinstance(kind, s.ArrayType) and isinstance(value, list):
        return any(_differs(kind.elementType, inner) for inner in value)
    if isinstance(kind, s.MapType) and isinstance(value, dict):
        return any(_differs(kind.valueType, inner) for inner in value.values())
    return False
