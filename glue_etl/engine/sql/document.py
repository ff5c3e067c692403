"""What a statement made or changed in Spark's catalog, as the Data Catalog writes it.

Spark's own tables carry, as on AWS Glue, their data source and schema in parameters beside the columns. Source:
https://docs.aws.amazon.com/glue/latest/webapi/API_TableInput.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from glue_etl.engine.catalog.serde import table_input
from glue_etl.engine.sql.column_types import type_text
from glue_etl.engine.sql.entry import EXTERNAL, MANAGED, VIEW, Entry
from glue_etl.errors import UnsupportedError

__all__ = ["changed_document", "document_of"]

# What UpdateTable takes of what GetTable gives.
_INPUT = (
    "Description",
    "LastAccessTime",
    "LastAnalyzedTime",
    "Name",
    "Owner",
    "Parameters",
    "PartitionKeys",
    "Retention",
    "StorageDescriptor",
    "TableType",
    "TargetTable",
    "ViewExpandedText",
    "ViewOriginalText",
)
_SCHEMA = "spark.sql.sources.schema"
# The longest value that a parameter of a Hive table takes.
_LONGEST = 4000
_FORMAT_OPTIONS = {"sep": "separator", "delimiter": "separator", "quote": "quoteChar", "escape": "escaper"}
_TABLE_TYPES = {EXTERNAL: "EXTERNAL_TABLE", MANAGED: "MANAGED_TABLE", VIEW: "VIRTUAL_VIEW"}


def document_of(entry: Entry, *, hive: bool = False) -> dict[str, Any]:
    """The `TableInput` of a table that a statement made.

    Args:
        entry: The table in Spark's catalog.
        hive: Whether it was made by a Hive statement, which leaves no trace of Spark.

    Raises:
        UnsupportedError: Its data source has no counterpart in the Data Catalog.
    """
    columns, keys = _columns(entry)
    if entry.kind == VIEW:
        return {
            "Name": entry.name,
            "TableType": _TABLE_TYPES[VIEW],
            "ViewOriginalText": entry.view_text or "",
            "ViewExpandedText": entry.view_text or "",
            "PartitionKeys": [],
            "StorageDescriptor": {"Columns": columns, "SerdeInfo": {}},
            "Parameters": _parameters(entry, {}),
        }
    if entry.provider not in ("csv", "json", "orc", "parquet", "text"):
        raise UnsupportedError(
            f"A table of the Data Catalog with the data source {entry.provider!r} is not supported.",
            available=["csv", "json", "orc", "parquet", "text"],
        )
    kind = "csv" if entry.provider == "text" else entry.provider
    document = table_input(
        entry.name, kind, columns, entry.location or "", partition_keys=keys, format_options=_format_options(entry)
    )
    document["TableType"] = _TABLE_TYPES[entry.kind]
    info = document["StorageDescriptor"]["SerdeInfo"]["Parameters"]
    said: dict[str, str] = dict(document["Parameters"])
    if entry.kind == MANAGED:
        said.pop("EXTERNAL", None)
    if hive:
        # What crawlers say of a table is not said of one by Hive.
        said = {key: value for key, value in said.items() if key == "EXTERNAL"}
        if entry.provider == "csv":
            info |= _hives_text(entry, info)
    else:
        info |= entry.options
        said |= {"spark.sql.sources.provider": entry.provider, "spark.sql.partitionProvider": "catalog"}
        said |= _schema_parameters(entry)
    document["Parameters"] = _parameters(entry, said)
    return document


def changed_document(table: Mapping[str, Any], before: Entry, after: Entry) -> dict[str, Any]:
    """The `TableInput` of a table that a statement changed: what it did not touch stays as it was.

    Args:
        table: As `get_table` gives it.
        before: The table in Spark's catalog before the statement.
        after: And after it.
    """
    if (before.kind, before.provider, before.partition_columns) != (
        after.kind,
        after.provider,
        after.partition_columns,
    ):
        return document_of(after)
    document = {key: table[key] for key in _INPUT if key in table}
    parameters = dict(document.get("Parameters") or {})
    descriptor = dict(document.get("StorageDescriptor") or {})
    info = dict(descriptor.get("SerdeInfo") or {})
    document["Name"] = after.name
    if before.schema != after.schema:
        descriptor["Columns"], document["PartitionKeys"] = _columns(after)
        if own := [key for key in parameters if key.startswith(_SCHEMA)]:
            for key in own:
                del parameters[key]
            parameters |= _schema_parameters(after)
    if before.location != after.location:
        descriptor["Location"] = after.location
        if "path" in (info.get("Parameters") or {}):
            info["Parameters"] = {**info["Parameters"], "path": after.location}
    if before.options != after.options:
        kept = {key: value for key, value in (info.get("Parameters") or {}).items() if key not in before.options}
        info["Parameters"] = {**kept, **after.options}
    for key in before.properties.keys() - after.properties.keys():
        parameters.pop(key, None)
    parameters |= {key: value for key, value in after.properties.items() if before.properties.get(key) != value}
    if before.comment != after.comment:
        parameters.pop("comment", None)
        parameters |= {"comment": after.comment} if after.comment else {}
        document.pop("Description", None)
    if before.view_text != after.view_text:
        document["ViewOriginalText"] = document["ViewExpandedText"] = after.view_text or ""
    descriptor["SerdeInfo"] = info
    return {**document, "StorageDescriptor": descriptor, "Parameters": parameters}


def _hives_text(entry: Entry, info: dict[str, str]) -> dict[str, str]:
    if info.get("field.delim") == "\x01":
        # Hive's own separator goes without saying.
        del info["field.delim"]
        info["serialization.format"] = "1"
    null = entry.options.get("nullValue", "\\N")
    return {} if null == "\\N" else {"serialization.null.format": null}


def _nature(entry: Entry) -> tuple[str, str, tuple[str, ...]]:
    return entry.kind, entry.provider, entry.partition_columns


def _columns(entry: Entry) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    keys = {name.lower() for name in entry.partition_columns}
    said = {}
    for each in entry.schema.fields:
        comment = each.metadata.get("comment") if each.metadata else None
        said[each.name.lower()] = {
            "Name": each.name.lower(),
            "Type": type_text(each.dataType),
            **({"Comment": comment} if comment else {}),
        }
    columns = [column for name, column in said.items() if name not in keys]
    return columns, [said[name.lower()] for name in entry.partition_columns if name.lower() in said]


def _parameters(entry: Entry, said: Mapping[str, str]) -> dict[str, str]:
    comment = {"comment": entry.comment} if entry.comment else {}
    return {**said, **entry.properties, **comment}


def _schema_parameters(entry: Entry) -> dict[str, str]:
    text = json.dumps(entry.schema.jsonValue(), separators=(",", ":"))
    result = {f"{_SCHEMA}.numPartCols": str(len(entry.partition_columns))} if entry.partition_columns else {}
    result |= {f"{_SCHEMA}.partCol.{at}": name for at, name in enumerate(entry.partition_columns)}
    if len(text) <= _LONGEST:
        return {**result, _SCHEMA: text}
    parts = [text[at : at + _LONGEST] for at in range(0, len(text), _LONGEST)]
    result |= {f"{_SCHEMA}.part.{at}": part for at, part in enumerate(parts)}
    return {**result, f"{_SCHEMA}.numParts": str(len(parts))}


def _format_options(entry: Entry) -> dict[str, Any]:
    """The options of Glue's own readers and writers that mean the same."""
    options = {key.lower(): value for key, value in entry.options.items()}
    result: dict[str, Any] = {}
    if entry.provider == "csv":
        result = {_FORMAT_OPTIONS[key]: options[key] for key in _FORMAT_OPTIONS if options.get(key)}
        if options.get("quote") == "":
            result["quoteChar"] = "-1"
        if options.get("header", "").lower() == "true":
            result["withHeader"] = True
    return result
