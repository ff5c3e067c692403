"""A table as it stands in Spark's own catalog, and how a table of the Data Catalog becomes one.

Sources: "AWS Glue Data Catalog support for Spark SQL jobs" in the AWS Glue guide; "Hive tables" and "Data sources" in
the Spark SQL guide.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pyspark.sql import types as s

from glue_etl.engine.catalog.hive_types import unknown_type
from glue_etl.engine.catalog.serde import TableFormat, jdbc_vendor, table_format
from glue_etl.engine.sql.column_types import spark_type, type_text
from glue_etl.errors import OptionError, UnsupportedError

__all__ = ["EXTERNAL", "MANAGED", "VIEW", "Entry", "entry_of", "options_of", "spark_schema", "view_of"]

EXTERNAL, MANAGED, VIEW = "EXTERNAL", "MANAGED", "VIEW"

_PROVIDER = "spark.sql.sources.provider"
_NATIVE = {"csv": "csv", "glueparquet": "parquet", "json": "json", "orc": "orc", "parquet": "parquet"}
# Formats of Spark's own tables; their options are Spark's.
_SPARKS = ("csv", "json", "orc", "parquet", "text")
_CHARACTERS = {"separator": "sep", "quoteChar": "quote", "escaper": "escape"}
# Options of our readers that change nothing in what Spark's reader gives.
_NEUTRAL = {"optimizePerformance", "skipFirst", "withHeader", "withSchema", "useGlueParquetWriter", "writeHeader"}
# Properties of Hive's and ours that stand beside the options of a table of Spark's own.
_NOT_SPARKS = {*_CHARACTERS, *_NEUTRAL, "path", "paths"}
_VIEW_HOME = "view.catalogAndNamespace."


@dataclass(frozen=True)
class Entry:
    """A table of Spark's catalog.

    Attributes:
        database: In lower case.
        name: In lower case.
        kind: `EXTERNAL`, `MANAGED` or `VIEW`.
        schema: All columns, those of partitions last.
        provider: Spark's data source; empty if Spark has none for the table's files, and for a view.
        partition_columns: Names.
        location: Folder; None for a view.
        options: Of the data source.
        properties: As `TBLPROPERTIES` has them.
        comment: What is said about the table.
        view_text: The query of a view.
        hives_text: Whether a SerDe of Hive's for delimited text reads the files.
    """

    database: str
    name: str
    kind: str
    schema: s.StructType
    provider: str = ""
    partition_columns: tuple[str, ...] = ()
    location: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)
    comment: str | None = None
    view_text: str | None = None
    hives_text: bool = False


def entry_of(table: Mapping[str, Any]) -> Entry:
    """What has to stand in Spark's catalog for a table.

    Args:
        table: As `get_table` gives it.

    Raises:
        UnsupportedError: It is no table of files, of a kind that is not known, or a view of another engine.
        OptionError: A column has a type that is none, or the table does not say how its files are made.
    """
    database, name = str(table["DatabaseName"]).lower(), str(table["Name"]).lower()
    if table.get("TableType") == "VIRTUAL_VIEW":
        return view_of(table)
    if vendor := jdbc_vendor(table):
        raise UnsupportedError.of(
            f"The table '{database}.{name}' is in a database ({vendor}); reading it by Spark SQL",
            "read it with glueContext.create_dynamic_frame.from_catalog and make a view of it",
        )
    # Says by name which kinds of tables are not known.
    said = table_format(table)
    parameters: Mapping[str, str] = table.get("Parameters") or {}
    descriptor = table.get("StorageDescriptor") or {}
    schema = spark_schema(table)
    own = str(parameters.get(_PROVIDER, "")).lower()
    info: Mapping[str, str] = (descriptor.get("SerdeInfo") or {}).get("Parameters") or {}
    if own in _SPARKS:
        provider: str = own
        options = {key: value for key, value in info.items() if "." not in key and key not in _NOT_SPARKS}
    else:
        options_or_none = options_of(said)
        provider = _NATIVE.get(said.format, "") if options_or_none is not None else ""
        options = options_or_none or {}
    location = str((info.get("path") if own in _SPARKS else None) or descriptor.get("Location") or "")
    if not location:
        raise OptionError(
            f"The table '{database}.{name}' has no location.",
            hint="set StorageDescriptor.Location to the folder of its files",
        )
    return Entry(
        database,
        name,
        MANAGED if table.get("TableType") == "MANAGED_TABLE" else EXTERNAL,
        schema,
        provider,
        tuple(schema.names[len(schema.names) - len(table.get("PartitionKeys") or []) :]),
        location,
        options,
        _properties(parameters),
        _comment(table),
        hives_text=provider == "csv" and own not in _SPARKS,
    )


def options_of(said: TableFormat) -> dict[str, str] | None:
    """The options by which Spark's own source reads the files as their table says; None if it cannot."""
    options = {key: value for key, value in said.options.items() if key not in _NEUTRAL}
    if said.fields or said.format not in _NATIVE:
        return None
    if said.format == "json":
        multiline = str(options.pop("multiline", "false")).lower()
        return {"multiLine": "true"} if multiline == "true" and not options else None if options else {}
    if said.format != "csv":
        return {}
    if "escaper" in options and "quoteChar" not in options:
        # Outside of quotes Spark takes a backslash for itself.
        return None
    # An empty text switches a character off.
    result = {"sep": ",", "quote": "", "escape": "\\" if "quoteChar" in options else ""}
    result |= {_CHARACTERS[key]: str(options.pop(key)) for key in _CHARACTERS if key in options}
    if result["quote"] in ("", "-1"):
        # Spark would write two quotes for an empty text.
        result |= {"quote": "", "emptyValue": ""}
    if str(options.pop("multiline", "false")).lower() == "true":
        result["multiLine"] = "true"
    if said.header_lines:
        result["header"] = "true"
    if said.null_text:
        result["nullValue"] = said.null_text
    return None if options else result


def spark_schema(table: Mapping[str, Any]) -> s.StructType:
    """All columns of a table, those of partitions last.

    Spark writes its own schema beside the columns, which keeps the letter case; it counts as long as both agree.

    Raises:
        OptionError: A column has a type that is none.
    """
    columns: Sequence[Mapping[str, str]] = [
        *((table.get("StorageDescriptor") or {}).get("Columns") or []),
        *(table.get("PartitionKeys") or []),
    ]
    own = _own_schema(table.get("Parameters") or {})
    if own is not None and _said(own) == {each["Name"].lower(): (each.get("Type") or "string") for each in columns}:
        return own
    fields = []
    for column in columns:
        try:
            kind = spark_type(column.get("Type") or "string")
        except OptionError as error:
            raise unknown_type(column, f"the table '{table['DatabaseName']}.{table['Name']}'") from error
        metadata = {"comment": column["Comment"]} if column.get("Comment") else None
        fields.append(s.StructField(column["Name"].lower(), kind, True, metadata))
    return s.StructType(fields)


def _said(schema: s.StructType) -> dict[str, str]:
    return {each.name.lower(): type_text(each.dataType) for each in schema.fields}


def _own_schema(parameters: Mapping[str, str]) -> s.StructType | None:
    key = "spark.sql.sources.schema"
    text = parameters.get(key)
    if text is None and f"{key}.numParts" in parameters:
        text = "".join(parameters.get(f"{key}.part.{at}", "") for at in range(int(parameters[f"{key}.numParts"])))
    if not text:
        return None
    try:
        return s.StructType.fromJson(json.loads(text))
    except (KeyError, ValueError):
        return None


def view_of(table: Mapping[str, Any]) -> Entry:
    """What has to stand in Spark's catalog for a view.

    Raises:
        UnsupportedError: The view was made by another engine, whose SQL is not Spark's.
    """
    database, name = str(table["DatabaseName"]).lower(), str(table["Name"]).lower()
    original, expanded = str(table.get("ViewOriginalText") or ""), str(table.get("ViewExpandedText") or "")
    if "Presto View" in original or "Presto View" in expanded or not (original or expanded):
        raise UnsupportedError.of(
            f"The view '{database}.{name}' was made by Athena or another engine; reading it by Spark SQL",
            "write its query in Spark's SQL into the script",
        )
    properties = _properties(table.get("Parameters") or {})
    if f"{_VIEW_HOME}numParts" not in properties:
        # Where names without a database are looked for.
        properties |= {f"{_VIEW_HOME}numParts": "2", f"{_VIEW_HOME}part.0": "spark_catalog"}
        properties[f"{_VIEW_HOME}part.1"] = database
    # Hive writes all names in full into the expanded text; Presto leaves a remark there.
    text = expanded if expanded and not expanded.lstrip().startswith("/*") else original
    return Entry(
        database, name, VIEW, spark_schema(table), properties=properties, comment=_comment(table), view_text=text
    )


def _properties(parameters: Mapping[str, str]) -> dict[str, str]:
    return {
        key: str(value)
        for key, value in parameters.items()
        if not key.startswith("spark.sql.") and key not in ("comment", "EXTERNAL")
    }


def _comment(table: Mapping[str, Any]) -> str | None:
    return (table.get("Parameters") or {}).get("comment") or table.get("Description") or None
