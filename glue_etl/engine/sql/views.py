"""Views that stand in Spark's catalog for tables which Spark's own sources would read otherwise."""

from __future__ import annotations

import json
from dataclasses import replace

from pyspark.sql import types as s

from glue_etl.engine.io.attached import quoted, sql_text
from glue_etl.engine.sql.entry import EXTERNAL, VIEW, Entry
from glue_etl.engine.sql.names import GLOBAL_VIEWS

__all__ = ["HIDDEN", "hidden_entry", "needs_texts_view", "temp_view_name", "view_of_frame", "view_of_texts"]

HIDDEN = "glue_etl_tables"
"""The database of Spark's catalog that holds what is below such views; it is never listed."""


def temp_view_name(entry: Entry) -> str:
    """The global temporary view of a table that the engine reads itself."""
    return f"glue_etl_{entry.database}_{entry.name}"


def view_of_frame(entry: Entry, schema: s.StructType) -> Entry:
    """A view over the global temporary view of a table."""
    name = temp_view_name(entry)
    # A lasting view may use a temporary one only if it says so.
    referred = {"view.referredTempViewNames": json.dumps([[GLOBAL_VIEWS, name]])}
    return _view(replace(entry, schema=schema), f"SELECT * FROM {GLOBAL_VIEWS}.{quoted(name)}", referred)


def needs_texts_view(entry: Entry) -> bool:
    """Whether a table has texts that may be empty, which Hive's SerDes read as such and Spark's CSV source as null."""
    texts = [each for each in entry.schema.fields if isinstance(each.dataType, s.StringType)]
    return entry.hives_text and any(each.name not in entry.partition_columns for each in texts)


def hidden_entry(entry: Entry) -> Entry:
    """The table below a view of texts: in it null is an empty cell, and what the SerDe writes for null is a text."""
    options = {key: value for key, value in entry.options.items() if key != "nullValue"}
    name = f"{entry.database}__{entry.name}"
    return replace(entry, database=HIDDEN, name=name, kind=EXTERNAL, options=options, hives_text=False)


def view_of_texts(entry: Entry, hidden: Entry) -> Entry:
    """A view over the hidden table, with empty texts and nulls as Hive's SerDes read them."""
    null = entry.options.get("nullValue")
    columns = []
    for each in entry.schema.fields:
        column = quoted(each.name)
        if isinstance(each.dataType, s.StringType) and each.name not in entry.partition_columns:
            value = f"coalesce({column}, '')"
            columns.append(f"{f'nullif({value}, {sql_text(null)})' if null else value} AS {column}")
        else:
            columns.append(column)
    return _view(entry, f"SELECT {', '.join(columns)} FROM {HIDDEN}.{quoted(hidden.name)}", {})


def _view(entry: Entry, text: str, properties: dict[str, str]) -> Entry:
    home = {
        "view.catalogAndNamespace.numParts": "2",
        "view.catalogAndNamespace.part.0": "spark_catalog",
        "view.catalogAndNamespace.part.1": entry.database,
    }
    return replace(
        entry,
        kind=VIEW,
        provider="",
        partition_columns=(),
        location=None,
        options={},
        properties={**properties, **home},
        view_text=text,
        hives_text=False,
    )
