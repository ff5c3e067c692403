"""Tables of the Data Catalog as entries of Spark's catalog, and back: no Spark is needed to tell."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import types as s

from glue_etl.engine.sql.column_types import spark_type, type_text
from glue_etl.engine.sql.document import changed_document, document_of
from glue_etl.engine.sql.entry import EXTERNAL, MANAGED, VIEW, Entry, entry_of
from glue_etl.errors import OptionError, UnsupportedError

PARQUET = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
ORC = "org.apache.hadoop.hive.ql.io.orc.OrcSerde"
LAZY = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
OPEN_CSV = "org.apache.hadoop.hive.serde2.OpenCSVSerde"
JSON = "org.openx.data.jsonserde.JsonSerDe"
PROVIDER = "spark.sql.sources.provider"
AVRO = "org.apache.hadoop.hive.serde2.avro.AvroSerDe"


def table(library: str, properties: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    return {
        "DatabaseName": "Shop",
        "Name": "Orders",
        "TableType": "EXTERNAL_TABLE",
        "PartitionKeys": [{"Name": "Year", "Type": "int"}],
        "StorageDescriptor": {
            "Columns": [{"Name": "id", "Type": "bigint"}, {"Name": "tags", "Type": "array<struct<a-b:int>>"}],
            "Location": "s3://b/orders/",
            "SerdeInfo": {"SerializationLibrary": library, "Parameters": properties or {}},
        },
        "Parameters": {},
        **more,
    }


HIVE = {"sep": "\x01", "quote": "", "escape": "", "emptyValue": "", "nullValue": "\\N"}
ENTRIES = {
    "parquet": (table(PARQUET), "parquet", {}),
    "orc": (table(ORC), "orc", {}),
    "json lines": (table(JSON), "json", {}),
    "hive's own text": (table(LAZY), "csv", HIVE),
    "text with a delimiter": (table(LAZY, {"field.delim": "|"}), "csv", {**HIVE, "sep": "|"}),
    "text with a header": (
        table(LAZY, {"field.delim": ","}, Parameters={"skip.header.line.count": "1"}),
        "csv",
        {**HIVE, "sep": ",", "header": "true"},
    ),
    "quoted csv": (
        table(OPEN_CSV, {"separatorChar": ";", "quoteChar": '"'}),
        "csv",
        {"sep": ";", "quote": '"', "escape": "\\"},
    ),
    "avro, which Spark has no source for": (table(AVRO), "", {}),
    "fields of other names, which Spark has no option for": (table(JSON, {"mapping.id": "ID"}), "", {}),
    "spark's own csv": (
        table(LAZY, {"sep": ";", "header": "true", "path": "s3://b/x"}, Parameters={PROVIDER: "csv"}),
        "csv",
        {"sep": ";", "header": "true"},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("document", "provider", "options"), ENTRIES.values(), ids=ENTRIES.keys())
def test_a_serde_becomes_a_data_source(document: dict[str, Any], provider: str, options: dict[str, str]) -> None:
    entry = entry_of(document)
    assert (entry.provider, entry.options) == (provider, options)
    assert (entry.database, entry.name, entry.kind) == ("shop", "orders", EXTERNAL)
    assert entry.schema.names == ["id", "tags", "year"] and entry.partition_columns == ("year",)
    assert entry.schema["tags"].dataType == s.ArrayType(s.StructType([s.StructField("a-b", s.IntegerType())]))


VIEW_TABLE = {
    "DatabaseName": "shop",
    "Name": "v",
    "TableType": "VIRTUAL_VIEW",
    "ViewOriginalText": "select 1 as a",
    "StorageDescriptor": {"Columns": [{"Name": "a", "Type": "int"}]},
}
REFUSED = {
    "a table of a database": (
        table(LAZY, Parameters={"classification": "postgresql"}),
        UnsupportedError,
        "shop.orders",
    ),
    "an unknown serde": (table("com.example.Odd"), UnsupportedError, "com.example.Odd"),
    "an iceberg table": (table("", Parameters={"table_type": "ICEBERG"}), UnsupportedError, "iceberg"),
    "athena's view": (
        {**VIEW_TABLE, "ViewOriginalText": "/* Presto View: e30= */", "ViewExpandedText": "/* Presto View */"},
        UnsupportedError,
        "shop.v",
    ),
    "a type that is none": (
        table(PARQUET, PartitionKeys=[{"Name": "year", "Type": "wobble"}]),
        OptionError,
        "wobble",
    ),
}


@pytest.mark.parametrize(("document", "error", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_what_spark_cannot_read_is_refused_by_name(
    document: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        entry_of(document)


def test_a_view_is_its_text_with_names_looked_for_in_its_own_database() -> None:
    entry = entry_of(VIEW_TABLE)
    assert (entry.kind, entry.view_text) == (VIEW, "select 1 as a")
    assert entry.properties["view.catalogAndNamespace.part.1"] == "shop"


def test_the_expanded_text_of_a_hive_view_counts() -> None:
    entry = entry_of({**VIEW_TABLE, "ViewExpandedText": "select `t`.`a` from `shop`.`t`"})
    assert entry.view_text == "select `t`.`a` from `shop`.`t`"


# --- round trips -----------------------------------------------------------------------------------------------------

NUMBERS = [s.LongType(), s.IntegerType(), s.ShortType(), s.ByteType(), s.DoubleType(), s.FloatType()]
OTHERS = [s.StringType(), s.BooleanType(), s.DateType(), s.TimestampType(), s.BinaryType(), s.DecimalType(12, 3)]
ATOMS = st.sampled_from([*NUMBERS, *OTHERS])
NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
FIELDS = st.dictionaries(NAMES, ATOMS, min_size=1, max_size=4).map(
    lambda fields: s.StructType([s.StructField(name, kind) for name, kind in fields.items()])
)
TYPES = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        inner.map(s.ArrayType),
        st.tuples(ATOMS, inner).map(lambda pair: s.MapType(*pair)),
        st.dictionaries(NAMES, inner, min_size=1, max_size=3).map(
            lambda fields: s.StructType([s.StructField(name, kind) for name, kind in fields.items()])
        ),
    ),
    max_leaves=6,
)
PROPERTIES = st.dictionaries(st.from_regex(r"own\.[a-z]{1,6}", fullmatch=True), st.text(max_size=8), max_size=3)


@given(TYPES)
def test_every_type_comes_back_from_its_text(kind: s.DataType) -> None:
    assert spark_type(type_text(kind)) == kind


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    schema = draw(FIELDS)
    keys = draw(st.integers(0, len(schema.names) - 1))
    provider = draw(st.sampled_from(["csv", "json", "orc", "parquet"]))
    separator = draw(st.sampled_from([",", "|", "\t", ";"]))
    return Entry(
        "d",
        "t",
        draw(st.sampled_from([EXTERNAL, MANAGED])),
        schema,
        provider,
        tuple(schema.names[len(schema.names) - keys :]),
        "s3://b/t",
        {"sep": separator} if provider == "csv" else {},
        draw(PROPERTIES),
        draw(st.one_of(st.none(), st.text(min_size=1, max_size=8))),
    )


def stored(document: dict[str, Any]) -> dict[str, Any]:
    """As `get_table` gives back what `create_table` took."""
    return {**document, "DatabaseName": "d"}


@settings(deadline=None)
@given(entries())
def test_what_a_statement_made_is_the_same_entry_to_the_next_one(entry: Entry) -> None:
    back = entry_of(stored(document_of(entry)))
    ours = {key: value for key, value in back.properties.items() if key.startswith("own.")}
    assert replace(back, properties=ours) == entry


@settings(deadline=None)
@given(entries(), PROPERTIES, st.sampled_from(["s3://b/t", "s3://b/other"]))
def test_a_change_keeps_what_it_does_not_touch(before: Entry, properties: dict[str, str], location: str) -> None:
    document = {**stored(document_of(before)), "Owner": "me", "CreateTime": 1, "VersionId": "3"}
    after = replace(before, properties=properties, location=location)
    changed = changed_document(document, before, after)
    back = entry_of(stored(changed))
    assert {key: value for key, value in back.properties.items() if key.startswith("own.")} == properties
    assert (back.location, back.schema, back.options) == (location, before.schema, before.options)
    assert changed["Owner"] == "me" and "CreateTime" not in changed and "VersionId" not in changed


def test_a_new_column_of_a_crawled_table_leaves_its_serde_alone() -> None:
    document = table(LAZY, {"field.delim": "|"}, Parameters={"classification": "csv", "CrawlerSchemaVersion": "1.0"})
    before = entry_of(document)
    fields = [before.schema["id"], before.schema["tags"], s.StructField("more", s.StringType()), before.schema["year"]]
    changed = changed_document(document, before, replace(before, schema=s.StructType(fields)))
    assert [each["Name"] for each in changed["StorageDescriptor"]["Columns"]] == ["id", "tags", "more"]
    assert changed["StorageDescriptor"]["SerdeInfo"] == document["StorageDescriptor"]["SerdeInfo"]
    assert changed["Parameters"] == document["Parameters"]


def test_spark_keeps_the_letter_case_of_its_own_tables() -> None:
    schema = s.StructType([s.StructField("UserId", s.LongType()), s.StructField("Year", s.IntegerType())])
    entry = Entry("d", "t", EXTERNAL, schema, "parquet", ("Year",), "s3://b/t")
    document = document_of(entry)
    assert [each["Name"] for each in document["StorageDescriptor"]["Columns"]] == ["userid"]
    assert entry_of(stored(document)).schema == schema
    # A column that came from elsewhere counts more.
    document["StorageDescriptor"]["Columns"].append({"Name": "more", "Type": "int"})
    assert entry_of(stored(document)).schema.names == ["userid", "more", "year"]


def test_a_long_schema_is_kept_in_parts() -> None:
    schema = s.StructType([s.StructField(f"column_{at}", s.StringType()) for at in range(200)])
    document = document_of(Entry("d", "t", EXTERNAL, schema, "parquet", (), "s3://b/t"))
    assert max(len(value) for value in document["Parameters"].values()) <= 4000
    assert entry_of(stored(document)).schema == schema


def test_a_data_source_without_a_serde_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="'delta'"):
        document_of(Entry("d", "t", EXTERNAL, s.StructType([]), "delta"))
