"""What a table's SerDe says of its files, and the documents of new tables."""

from __future__ import annotations

from typing import Any

import pytest

from glue_etl.engine.catalog.serde import CLASSIFICATIONS, SERDES, jdbc_vendor, storage_of, table_format, table_input
from glue_etl.engine.catalog.serde_properties import named
from glue_etl.engine.io.grok_compile import compile_grok
from glue_etl.engine.io.request import read_request, write_request
from glue_etl.errors import GlueEtlError, OptionError, UnsupportedError

LAZY = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
OPEN_CSV = "org.apache.hadoop.hive.serde2.OpenCSVSerde"
OPENX = "org.openx.data.jsonserde.JsonSerDe"
REGEX = "org.apache.hadoop.hive.serde2.RegexSerDe"


def _table(library: str, properties: dict[str, str] | None = None, **parameters: str) -> dict[str, Any]:
    info = {"SerializationLibrary": library, "Parameters": properties or {}}
    return {
        "DatabaseName": "db",
        "Name": "t",
        "Parameters": {key.replace("_", "."): value for key, value in parameters.items()},
        "StorageDescriptor": {"SerdeInfo": info, "InputFormat": "org.apache.hadoop.mapred.TextInputFormat"},
    }


READ: dict[str, tuple[dict[str, Any], str, dict[str, Any]]] = {
    "delimited, as a crawler enters it": (
        _table(LAZY, {"field.delim": ","}, classification="csv", delimiter=",", skip_header_line_count="1"),
        "csv",
        {"separator": ",", "withHeader": True},
    ),
    "delimited without a header": (
        _table(LAZY, {"field.delim": ";"}, classification="csv"),
        "csv",
        {"separator": ";", "withHeader": False},
    ),
    "Hive's own delimiter": (_table(LAZY), "csv", {"separator": "\x01"}),
    "csv by classification": (_table(LAZY, classification="csv"), "csv", {"separator": ","}),
    "tsv by classification": (_table(LAZY, classification="tsv"), "csv", {"separator": "\t"}),
    "a tab by its code": (_table(LAZY, {"serialization.format": "9"}), "csv", {"separator": "\t"}),
    "a tab as an escape": (_table(LAZY, {"field.delim": "\\t"}), "csv", {"separator": "\t"}),
    "an octal escape": (_table(LAZY, {"field.delim": "\\001"}), "csv", {"separator": "\x01"}),
    "a Unicode escape": (_table(LAZY, {"field.delim": "\\u007c"}), "csv", {"separator": "|"}),
    "an escape character": (_table(LAZY, {"field.delim": ",", "escape.delim": "\\"}), "csv", {"escaper": "\\"}),
    "the crawler's delimiter alone": (_table(LAZY, classification="csv", delimiter="|"), "csv", {"separator": "|"}),
    "several characters": (
        _table("org.apache.hadoop.hive.serde2.MultiDelimitSerDe", {"field.delim": "||"}),
        "csv",
        {"separator": "||"},
    ),
    "OpenCSV": (_table(OPEN_CSV), "csv", {"separator": ",", "quoteChar": '"'}),
    "OpenCSV with all properties": (
        _table(
            OPEN_CSV,
            {"separatorChar": ";", "quoteChar": "'", "escapeChar": "\\", "skip.header.line.count": "1"},
        ),
        "csv",
        {"separator": ";", "quoteChar": "'", "escaper": "\\", "withHeader": True},
    ),
    "JSON by openx": (_table(OPENX, {"paths": "a,b", "ignore.malformed.json": "true"}), "json", {}),
    "JSON by HCatalog": (_table("org.apache.hive.hcatalog.data.JsonSerDe"), "json", {}),
    "JSON that LazySimpleSerDe stands in for": (_table(LAZY, classification="json"), "json", {}),
    "JSON with options": (_table(OPENX, {"jsonPath": "$.r[*]", "multiLine": "true"}), "json", {"jsonPath": "$.r[*]"}),
    "Parquet": (_table("org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"), "glueparquet", {}),
    "ORC": (_table("org.apache.hadoop.hive.ql.io.orc.OrcSerde"), "orc", {}),
    "Avro": (_table("org.apache.hadoop.hive.serde2.avro.AvroSerDe"), "avro", {}),
    "Ion": (_table("com.amazon.ionhiveserde.IonHiveSerDe"), "ion", {}),
    "XML": (_table("", {"rowTag": "record"}, classification="xml"), "xml", {"rowTag": "record"}),
    "XML, rowTag as a parameter of the table": (
        _table("", classification="xml", rowTag="record"),
        "xml",
        {"rowTag": "record"},
    ),
    "grok": (
        _table(
            "com.amazonaws.glue.serde.GrokSerDe",
            {"input.format": "%{WORD:w} %{MINE:m}", "input.grokCustomPatterns": "MINE \\d+"},
        ),
        "grokLog",
        {"logFormat": "%{WORD:w} %{MINE:m}", "customPatterns": "MINE \\d+"},
    ),
    "a table of Spark's own": (
        _table(LAZY, {"header": "true", "sep": "|"}, spark_sql_sources_provider="csv"),
        "csv",
        {"separator": "|", "withHeader": True},
    ),
}


@pytest.mark.parametrize(("table", "fmt", "options"), READ.values(), ids=READ.keys())
def test_a_table_says_how_its_files_are_read(table: dict[str, Any], fmt: str, options: dict[str, Any]) -> None:
    found = table_format(table)
    assert found.format == fmt
    assert {key: found.options.get(key) for key in options} == options
    # The readers themselves take these options.
    assert read_request("s3", {"paths": ["s3://b/k/"]}, fmt, found.options).format == fmt


def test_the_input_format_decides_where_nothing_else_does() -> None:
    table = _table("")
    table["StorageDescriptor"]["InputFormat"] = "org.apache.hadoop.hive.ql.io.orc.OrcInputFormat"
    assert table_format(table).format == "orc"


def test_hives_null_is_only_in_delimited_text() -> None:
    assert table_format(_table(LAZY)).null_text == "\\N"
    assert table_format(_table(LAZY, {"serialization.null.format": ""})).null_text == ""
    assert table_format(_table(OPEN_CSV)).null_text is None


def test_a_column_may_have_its_value_in_another_field() -> None:
    assert table_format(_table(OPENX, {"mapping.ts": "time"})).fields == {"ts": "time"}


def test_a_partition_has_a_serde_of_its_own() -> None:
    own = {"StorageDescriptor": _table(OPEN_CSV, {"separatorChar": "|"})["StorageDescriptor"]}
    assert table_format(_table(OPENX), own).options["separator"] == "|"


def test_what_a_script_gives_wins() -> None:
    table = _table(LAZY, {"field.delim": ","}, classification="csv")
    found = table_format(table, options={"withHeader": True, "separator": ";", "recurse": True})
    assert (found.options["separator"], found.header_lines, "recurse" in found.options) == (";", 1, False)


WRONG: dict[str, tuple[dict[str, Any], type[GlueEtlError], str]] = {
    "unknown SerDe": (
        _table("com.example.MySerDe"),
        UnsupportedError,
        r"'db\.t'.*'com\.example\.MySerDe'.*OpenCSVSerde",
    ),
    "unknown SerDe, known classification": (
        _table("com.example.MySerDe", classification="csv"),
        UnsupportedError,
        r"'com\.example\.MySerDe'",
    ),
    "unknown classification": (_table("", classification="bson"), UnsupportedError, "'bson'.*Available: .*csv"),
    "neither": (_table(""), OptionError, "no SerDe and no classification"),
    "unknown to the crawler": (_table("", classification="UNKNOWN"), OptionError, "no SerDe and no classification"),
    "many header lines": (_table(LAZY, skip_header_line_count="3"), UnsupportedError, "skip.header.line.count.*'3'"),
    "header lines that are no number": (_table(LAZY, skip_header_line_count="one"), OptionError, "'one'"),
    "footer lines": (_table(LAZY, skip_footer_line_count="1"), UnsupportedError, "skip.footer.line.count"),
    "a line end of its own": (_table(LAZY, {"line.delim": ";"}), UnsupportedError, "line.delim"),
    "a regular expression that is missing": (_table(REGEX), OptionError, "input.regex"),
    "Iceberg": (_table("") | {"Parameters": {"table_type": "ICEBERG"}}, UnsupportedError, "iceberg"),
    "a view": (_table(LAZY) | {"TableType": "VIRTUAL_VIEW"}, UnsupportedError, "is a view"),
    "a stream": (_table("", classification="kinesis"), UnsupportedError, "kinesis"),
}


@pytest.mark.parametrize(("table", "error", "message"), WRONG.values(), ids=WRONG.keys())
def test_what_cannot_be_read_is_told_with_the_tables_name(
    table: dict[str, Any], error: type[GlueEtlError], message: str
) -> None:
    with pytest.raises(error, match=message) as raised:
        table_format(table)
    assert "'db.t'" in str(raised.value)


REGEXES = {
    "groups": (r"(\d+) (\w+)", "12 ab", ["12", "ab"]),
    "groups that do not capture": (r"(?:x|y)(\d+)", "x1", ["1"]),
    "named groups": (r"(?<id>\d+)-(\w)", "1-a", ["1", "a"]),
    "brackets in a class": (r"([(]\d[)])", "(1)", ["(1)"]),
    "escaped brackets": (r"\((\d)\)", "(1)", ["1"]),
    "what looks like a grok pattern": (r"(\d)%{2}", "1%%", ["1"]),
    "nested": (r"((a)b)", "ab", ["ab", "a"]),
}


@pytest.mark.parametrize(("expression", "line", "cells"), REGEXES.values(), ids=REGEXES.keys())
def test_the_groups_of_a_regular_expression_are_cells(expression: str, line: str, cells: list[str]) -> None:
    grok = compile_grok(f"^(?:{named(expression)})$")
    match = grok.regex.search(line)
    assert match is not None
    assert [match.groups()[field.groups[0]] for field in grok.fields] == cells


WRITTEN: dict[str, tuple[str, dict[str, Any]]] = {
    **{fmt: (fmt, {}) for fmt in CLASSIFICATIONS if fmt not in ("xml", "grok", "grokLog")},
    "csv with a header": ("csv", {"withHeader": True}),
    "csv written with a header": ("csv", {"writeHeader": True, "separator": "|"}),
    "csv with other characters": ("csv", {"separator": "\t", "quoteChar": "'", "escaper": "\\"}),
    "csv without quotes": ("csv", {"quoteChar": "-1"}),
    "xml with options": ("xml", {"rowTag": "r", "attributePrefix": "@"}),
    "grok with options": ("grokLog", {"logFormat": "%{WORD:w}", "customPatterns": "A b"}),
    "json with options": ("json", {"multiline": True, "jsonPath": "$.x[*]"}),
}


@pytest.mark.parametrize(("fmt", "options"), WRITTEN.values(), ids=WRITTEN.keys())
def test_the_document_of_a_table_says_what_it_was_made_of(fmt: str, options: dict[str, Any]) -> None:
    document = table_input("t", fmt, [{"Name": "a", "Type": "int"}], "s3://b/t/", format_options=options)
    found = table_format(document)
    assert found.format == CLASSIFICATIONS[fmt].format
    header = options.get("withHeader") or options.get("writeHeader") or False
    expected = {key: value for key, value in options.items() if key not in ("withHeader", "writeHeader")}
    request = read_request("s3", {"paths": ["s3://b/k/"]}, found.format, found.options)
    assert {key: request.options[key] for key in expected} == expected
    assert found.header_lines == int(header)


def test_the_document_of_a_table_has_what_the_data_catalog_keeps() -> None:
    keys = [{"Name": "year", "Type": "string"}]
    document = table_input(
        "orders", "json", [{"Name": "b", "Type": "int"}, {"Name": "a", "Type": "int"}], "s3://b/orders/",
        partition_keys=keys, parameters={"made_by": "me"},
    )  # fmt: skip
    assert document["TableType"] == "EXTERNAL_TABLE"
    assert document["PartitionKeys"] == keys
    assert document["Parameters"] == {
        "EXTERNAL": "TRUE", "classification": "json", "typeOfData": "file", "made_by": "me",
    }  # fmt: skip
    assert document["StorageDescriptor"]["SerdeInfo"]["SerializationLibrary"] == OPENX
    assert document["StorageDescriptor"]["SerdeInfo"]["Parameters"]["paths"] == "a,b"


@pytest.mark.parametrize("fmt", ["csv", "json", "parquet", "orc", "avro"])
def test_a_sink_takes_the_options_of_a_table(fmt: str) -> None:
    found = table_format(table_input("t", fmt, [], "s3://b/t/"))
    assert write_request("s3", {"path": "s3://b/t/"}, found.format, found.write_options).format == found.format


def test_a_csv_table_is_written_with_a_header_if_it_skips_one() -> None:
    with_header = table_input("t", "csv", [], "s3://b/t/", format_options={"withHeader": True})
    assert table_format(with_header).write_options["writeHeader"] is True
    assert table_format(table_input("t", "csv", [], "s3://b/t/")).write_options["writeHeader"] is False


def test_two_lines_may_be_passed_over_but_not_written() -> None:
    found = table_format(_table(LAZY, skip_header_line_count="2"))
    assert (found.options["withHeader"], found.options["skipFirst"], found.header_lines) == (True, True, 2)
    with pytest.raises(UnsupportedError, match="two lines"):
        _ = found.write_options


def test_an_option_that_the_format_has_not_is_refused() -> None:
    with pytest.raises(OptionError, match="'rowTag' is not an option of the format 'csv'"):
        storage_of("csv", {"rowTag": "r"})


def test_a_format_without_tables_is_refused() -> None:
    with pytest.raises(UnsupportedError, match=r"'bson'.*Available: avro, csv"):
        storage_of("bson")


def test_every_serde_has_a_format_that_can_be_read() -> None:
    for library, serde in SERDES.items():
        properties = {"input.regex": "(.*)"}
        assert table_format(_table(library, properties)).format == serde.format


@pytest.mark.parametrize(("word", "vendor"), [("postgresql", "postgresql"), ("csv", None), ("", None)])
def test_a_table_of_a_database_is_known_by_its_classification(word: str, vendor: str | None) -> None:
    assert jdbc_vendor(_table("", classification=word)) == vendor
