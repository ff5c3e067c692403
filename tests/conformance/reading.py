"""Read what a result holds, whichever kind it is: types in the case notation, rows as plain dictionaries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyspark.sql import DataFrame, Row
from pyspark.sql import types as spark_types

Json = Any

SPARK_ATOMS = {"integer": "int", "bigint": "long", "void": "null", "timestamp_ntz": "timestamp_ntz"}


def glue_type(type_: Any) -> Json:
    """A type of awsglue.gluetypes in the case notation, from its public JSON form."""
    return _from_json_value(type_.jsonValue())


def _from_json_value(value: Mapping[str, Any]) -> Json:
    kind = value["dataType"]
    if kind == "struct":
        return {"struct": [[field["name"], _from_json_value(field["container"])] for field in value["fields"]]}
    if kind in ("array", "set"):
        return {kind: _from_json_value(value["elementType"])}
    if kind == "map":
        return {"map": _from_json_value(value["valueType"])}
    if kind == "choice":
        return {"choice": [_from_json_value(choice) for choice in value["choices"]]}
    if kind == "decimal":
        return f"decimal({value['precision']},{value['scale']})"
    return kind


def spark_type(type_: spark_types.DataType) -> Json:
    """A Spark type in the case notation."""
    if isinstance(type_, spark_types.StructType):
        return {"struct": [[field.name, spark_type(field.dataType)] for field in type_.fields]}
    if isinstance(type_, spark_types.ArrayType):
        return {"array": spark_type(type_.elementType)}
    if isinstance(type_, spark_types.MapType):
        return {"map": spark_type(type_.valueType)}
    if isinstance(type_, spark_types.DecimalType):
        return f"decimal({type_.precision},{type_.scale})"
    return SPARK_ATOMS.get(type_.typeName(), type_.typeName())


def is_dynamic_frame(value: Any) -> bool:
    """Whether it is a DynamicFrame of the official package."""
    from awsglue.dynamicframe import DynamicFrame

    return isinstance(value, DynamicFrame)


def is_collection(value: Any) -> bool:
    """Whether it is a DynamicFrameCollection of the official package."""
    from awsglue.dynamicframe import DynamicFrameCollection

    return isinstance(value, DynamicFrameCollection)


def data_frame(value: Any) -> DataFrame:
    """The result as a DataFrame.

    Raises:
        AssertionError: It is no frame at all.
    """
    if is_dynamic_frame(value):
        return value.toDF()
    assert isinstance(value, DataFrame), f"a frame was expected, the result is {value!r}"
    return value


def fields(value: Any) -> list[Json]:
    """`[name, type]` of each top-level field."""
    form = glue_type(value.schema()) if is_dynamic_frame(value) else spark_type(data_frame(value).schema)
    assert isinstance(form, dict) and "struct" in form, f"the schema is no struct but {form!r}"
    return form["struct"]


def columns(value: Any) -> list[str]:
    """Names of the top-level fields."""
    return [name for name, _ in fields(value)]


def rows(value: Any) -> list[dict[str, Any]]:
    """Every row, nested rows as dictionaries."""
    return [
        {name: _plain(cell) for name, cell in zip(row.__fields__, row, strict=True)}
        for row in data_frame(value).collect()
    ]


def _plain(cell: Any) -> Any:
    if isinstance(cell, Row):
        return {name: _plain(inner) for name, inner in zip(cell.__fields__, cell, strict=True)}
    if isinstance(cell, dict):
        return {key: _plain(inner) for key, inner in cell.items()}
    if isinstance(cell, (list, tuple)):
        return [_plain(inner) for inner in cell]
    return cell


def at_path(row: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path of a row; null where a step is missing."""
    value: Any = row
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def type_at(fields_: list[Json], path: str) -> Json:
    """The type at a dotted path; array elements and map values are looked through.

    Raises:
        AssertionError: The path leads nowhere.
    """
    here: Json = {"struct": fields_}
    for step in path.split("."):
        while isinstance(here, dict) and ("array" in here or "map" in here):
            here = here.get("array", here.get("map"))
        known = dict(here["struct"]) if isinstance(here, dict) and "struct" in here else {}
        assert step in known, f"no field {step!r} of path {path!r}; available: {sorted(known)}"
        here = known[step]
    return here
