"""Make the input frames of a case."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pyspark.sql import types as spark_types

from .cases import CaseError
from .workspace import Workspace

Json = Any

INPUT_FOLDER = "__given"

ATOMS: dict[str, type[spark_types.DataType]] = {
    "string": spark_types.StringType,
    "int": spark_types.IntegerType,
    "integer": spark_types.IntegerType,
    "long": spark_types.LongType,
    "bigint": spark_types.LongType,
    "short": spark_types.ShortType,
    "smallint": spark_types.ShortType,
    "byte": spark_types.ByteType,
    "tinyint": spark_types.ByteType,
    "double": spark_types.DoubleType,
    "float": spark_types.FloatType,
    "boolean": spark_types.BooleanType,
    "date": spark_types.DateType,
    "timestamp": spark_types.TimestampType,
    "binary": spark_types.BinaryType,
    "null": spark_types.NullType,
}


def make_frame(context: Any, workspace: Workspace, name: str, given: Mapping[str, Json]) -> Any:
    """A DynamicFrame from a `given.frames` entry, read by Glue's own reader (json, csv) or through `fromDF` (rows)."""
    from awsglue.dynamicframe import DynamicFrame

    frame_name = given.get("name", name)
    kind, data = given["format"], given["data"]
    if kind == "rows":
        schema = spark_types.StructType([_field(column, type_) for column, type_ in data["columns"]])
        rows = [
            tuple(_cell(cell, field.dataType) for cell, field in zip(row, schema.fields, strict=True))
            for row in data["rows"]
        ]
        df = context.spark_session.createDataFrame(rows, schema)
        if partitions := given.get("partitions"):
            df = df.repartition(partitions) if partitions > 1 else df.coalesce(1)
        return DynamicFrame.fromDF(df, context, frame_name)
    text = data if kind == "csv" else "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in data)
    folder = f"{INPUT_FOLDER}/{name}/"
    workspace.write(f"{folder}part-00000.{kind}", text)
    frame = context.create_dynamic_frame.from_options(
        connection_type="s3",
        connection_options={"paths": [workspace.uri(folder)]},
        format=kind,
        format_options=given.get("format_options", {}),
    )
    if partitions := given.get("partitions"):
        frame = frame.repartition(partitions) if partitions > 1 else frame.coalesce(1)
    return DynamicFrame(frame._jdf, context, frame_name)


def _field(name: str, type_: Json) -> spark_types.StructField:
    return spark_types.StructField(name, spark_type(type_), True)


def spark_type(type_: Json) -> spark_types.DataType:
    """A Spark type from the case notation.

    Raises:
        CaseError: The notation names no Spark type.
    """
    if isinstance(type_, str):
        if type_ in ATOMS:
            return ATOMS[type_]()
        if type_.startswith("decimal(") and type_.endswith(")"):
            precision, scale = type_[len("decimal(") : -1].split(",")
            return spark_types.DecimalType(int(precision), int(scale))
        if type_ == "decimal":
            return spark_types.DecimalType(10, 2)
    elif "struct" in type_:
        return spark_types.StructType([_field(name, inner) for name, inner in type_["struct"]])
    elif "array" in type_:
        return spark_types.ArrayType(spark_type(type_["array"]))
    elif "map" in type_:
        return spark_types.MapType(spark_types.StringType(), spark_type(type_["map"]))
    elif "decimal" in type_:
        return spark_types.DecimalType(*type_["decimal"])
    raise CaseError(f"unknown column type {type_!r}")


def _cell(value: Json, type_: spark_types.DataType) -> Any:
    if value is None:
        return None
    if isinstance(type_, spark_types.StructType):
        if isinstance(value, Mapping):
            return tuple(_cell(value.get(field.name), field.dataType) for field in type_.fields)
        return tuple(_cell(inner, field.dataType) for inner, field in zip(value, type_.fields, strict=True))
    if isinstance(type_, spark_types.ArrayType):
        return [_cell(inner, type_.elementType) for inner in value]
    if isinstance(type_, spark_types.MapType):
        return {key: _cell(inner, type_.valueType) for key, inner in value.items()}
    if isinstance(type_, spark_types.DateType):
        return dt.date.fromisoformat(value)
    if isinstance(type_, spark_types.TimestampType):
        moment = dt.datetime.fromisoformat(value)
        return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    if isinstance(type_, spark_types.DecimalType):
        return Decimal(str(value))
    if isinstance(type_, (spark_types.DoubleType, spark_types.FloatType)):
        return float(value)
    if isinstance(type_, spark_types.BinaryType):
        return bytearray(value.encode())
    return value
