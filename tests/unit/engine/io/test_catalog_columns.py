"""The columns of Data Catalog tables: texts become what a table wishes, records say themselves what they are."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from glue_etl.engine.catalog.serde_properties import TableFormat
from glue_etl.engine.frame.core import Plan
from glue_etl.engine.io.catalog_columns import texts_as_wished
from glue_etl.engine.types import tree as g
from glue_etl.testing.buckets import Bucket

if TYPE_CHECKING:
    from awsglue.dynamicframe import DynamicFrame

Enter = Callable[..., dict[str, str]]
ReadTable = Callable[..., "DynamicFrame"]


def _rows(frame: DynamicFrame) -> list[Any]:
    return sorted((json.loads(line) for line in frame.toDF().toJSON().collect()), key=json.dumps)


def _schema(frame: DynamicFrame) -> str:
    return frame.toDF().schema.simpleString().removeprefix("struct<").removesuffix(">")


def test_texts_become_what_the_table_wishes(enter: Enter, read_table: ReadTable, lake: Bucket) -> None:
    columns = [
        ("i", "bigint"), ("d", "double"), ("dec", "decimal(6,2)"), ("b", "boolean"), ("day", "date"),
        ("ts", "timestamp"), ("s", "string"), ("tags", "array<int>"), ("p", "struct<x:int,y:string>"),
        ("m", "map<string,int>"),
    ]  # fmt: skip
    lines = [
        "12;1.5;3.25;TRUE;2024-02-29;2024-02-29 10:00:00;a b;1|2;7|z;x:1|y:|x:2",
        ";;;;;;;;;",
        ";".join(["\\N"] * len(columns)),
    ]
    lake.write("t/x.csv", "\n".join(lines) + "\n")
    table = enter(
        "csv", columns, format_options={"separator": ";"},
        descriptor={"Parameters": {"colelction.delim": "|", "mapkey.delim": ":"}},
    )  # fmt: skip
    frame = read_table(table)
    assert _schema(frame) == ",".join(f"{name}:{kind}" for name, kind in columns)
    assert _rows(frame) == [
        {
            "i": 12, "d": 1.5, "dec": 3.25, "b": True, "day": "2024-02-29", "ts": "2024-02-29T10:00:00.000Z",
            "s": "a b", "tags": [1, 2], "p": {"x": 7, "y": "z"},
            "m": {"x": 1, "y": None},
        },
        {"s": ""},
        {},
    ]  # fmt: skip


STRAY = {
    "a word": ("bigint", "ABCD"),
    "a fraction in an integer": ("int", "1.5"),
    "a number that is too large": ("int", "99999999999"),
    "a letter after a number": ("double", "2.5f"),
    "a word in a date": ("date", "tomorrow"),
    "a time in a date": ("date", "2024-01-01 10:00:00"),
    "a year alone": ("timestamp", "2024"),
    "a word for a boolean": ("boolean", "yes"),
    "an element": ("array<int>", "1\x02x"),
    "a member": ("struct<a:int,b:int>", "1\x02x"),
    "a value of a map": ("map<string,int>", "k\x03x"),
}
_GOOD = {
    "boolean": "true",
    "date": "2024-01-01",
    "timestamp": "2024-01-01 00:00:00",
    "struct<a:int,b:int>": "1\x022",
    "map<string,int>": "k\x031",
}


@pytest.mark.parametrize(("kind", "text"), STRAY.values(), ids=STRAY.keys())
def test_a_text_that_does_not_parse_makes_a_choice_and_is_not_lost(
    enter: Enter, read_table: ReadTable, lake: Bucket, kind: str, text: str
) -> None:
    lake.write("t/x.csv", f"first,{_GOOD.get(kind, '1')}\nsecond,{text}\nthird,\n")
    frame = read_table(enter("csv", [("id", "string"), ("v", kind)]))
    good = frame.toDF().columns == ["id", "v"] and [row["v"] for row in frame.toDF().collect()]
    assert good
    assert [row and row["string"] for row in good] == [None, text, None]
    (member,) = set(good[0].asDict()) - {"string"}
    assert good[0][member] is not None and good[2] is None
    assert frame.count() == 3 and frame.errorsCount() == 0


def test_the_columns_name_the_cells_by_position(enter: Enter, read_table: ReadTable, lake: Bucket) -> None:
    # Each file has its own header, and one has fewer cells.
    lake.write("t/a.csv", "VendorID,Fare Amount\n1,2.5\n")
    lake.write("t/b.csv", "vendor,fare\n2\n")
    lake.write("t/empty.csv", "")
    frame = read_table(enter("csv", [("vendorid", "bigint"), ("fare", "double")], format_options={"withHeader": True}))
    assert _rows(frame) == [{"vendorid": 1, "fare": 2.5}, {"vendorid": 2}]


def test_a_header_in_another_order_is_told(
    enter: Enter, read_table: ReadTable, lake: Bucket, caplog: pytest.LogCaptureFixture
) -> None:
    lake.write("t/a.csv", "B,A\n1,2\n")
    frame = read_table(enter("csv", [("a", "int"), ("b", "int")], format_options={"withHeader": True}))
    with caplog.at_level(logging.WARNING, logger="glue_etl"):
        assert _rows(frame) == [{"a": 1, "b": 2}]
    assert "has the table's columns in another order" in caplog.text


def test_a_cell_without_a_column_makes_an_error_record(enter: Enter, read_table: ReadTable, lake: Bucket) -> None:
    lake.write("t/a.csv", "1,2\n3,4,5\n")
    frame = read_table(enter("csv", [("a", "int"), ("b", "int")]))
    assert _rows(frame) == [{"a": 1, "b": 2}]
    assert frame.errorsCount() == 1
    assert "3 fields where the table has 2" in str(frame.errorsAsDynamicFrame().toDF().first())


def test_records_with_names_keep_their_types_and_spelling(enter: Enter, read_table: ReadTable, lake: Bucket) -> None:
    lake.write("t/a.json", '{"extra": true, "orderId": 7, "price": 1}\n{"orderId": 8, "price": "1.5"}\n')
    table = enter("json", [("price", "string"), ("orderid", "bigint"), ("missing", "date")])
    frame = read_table(table)
    assert frame.toDF().columns == ["price", "orderId", "missing", "extra"]
    assert _schema(frame) == "price:struct<int:int,string:string>,orderId:int,missing:date,extra:boolean"
    declared = read_table(table, additional_options={"useSparkDataSource": True, "useCatalogSchema": True})
    assert _schema(declared) == "price:string,orderid:bigint,missing:date"
    assert _rows(declared) == [{"price": "1", "orderid": 7}, {"price": "1.5", "orderid": 8}]


def test_records_with_names_need_no_columns(enter: Enter, read_table: ReadTable, lake: Bucket) -> None:
    lake.write("t/a.json", '{"a": 1, "b": "x"}\n')
    assert _rows(read_table(enter("json", []))) == [{"a": 1, "b": "x"}]


def test_a_column_whose_value_is_in_another_field(enter: Enter, read_table: ReadTable, lake: Bucket) -> None:
    lake.write("t/a.json", '{"time": 5, "a": 1}\n')
    serde = {
        "SerializationLibrary": "org.openx.data.jsonserde.JsonSerDe", "Parameters": {"mapping.ts": "time"},
    }  # fmt: skip
    frame = read_table(enter("json", [("a", "int"), ("ts", "int")], descriptor={"SerdeInfo": serde}))
    assert _rows(frame) == [{"a": 1, "ts": 5}]


def test_logs_by_a_regular_expression(enter: Enter, read_table: ReadTable, lake: Bucket) -> None:
    lake.write("t/a.log", "12 GET\n13 PUT\nnonsense\n")
    serde = {
        "SerializationLibrary": "org.apache.hadoop.hive.serde2.RegexSerDe",
        "Parameters": {"input.regex": r"(\d+) ([A-Z]+)"},
    }
    frame = read_table(enter("csv", [("code", "int"), ("verb", "string")], descriptor={"SerdeInfo": serde}))
    assert _rows(frame) == [{"code": 12, "verb": "GET"}, {"code": 13, "verb": "PUT"}]
    assert frame.errorsCount() == 1


def test_xml_by_the_tag_of_a_row(enter: Enter, read_table: ReadTable, lake: Bucket) -> None:
    lake.write("t/a.xml", "<all><r><a>1</a></r><r><a>2</a></r></all>")
    frame = read_table(enter("xml", [("a", "int")], format_options={"rowTag": "r"}))
    assert [row["a"] for row in _rows(frame)] == [1, 2]


_CELLS = st.one_of(
    st.text("0123456789.-+eEdDfF ", max_size=6),
    st.sampled_from(["true", "FALSE", "yes", "NaN", "inf", "2024-02-29", "2024-2-3 4:05", "2024-02-30", "\\N", "é"]),
)
_WISHES = [g.LONG, g.BYTE, g.DOUBLE, g.DecimalType(8, 3), g.BOOLEAN, g.DATE, g.TIMESTAMP, g.ArrayType(g.INT)]


@settings(max_examples=8, deadline=None)
@given(st.lists(_CELLS, min_size=1, max_size=30))
def test_a_text_is_parsed_or_kept(spark: SparkSession, cells: list[str]) -> None:
    names = [f"c{i}" for i in range(len(_WISHES))]
    df = spark.createDataFrame([tuple([cell] * len(names)) for cell in cells], ", ".join(f"{n} string" for n in names))
    wishes = g.StructType.of(zip(names, _WISHES, strict=True))
    plan = texts_as_wished(Plan.of(df), wishes, TableFormat("csv", is_text=True, null_text="\\N"))
    rows = plan.df.coalesce(1).collect()
    for name, wish in zip(names, _WISHES, strict=True):
        kind = plan.type.get(name)
        assert kind in (wish, g.ChoiceType((wish, g.STRING)))
        for cell, row in zip(cells, rows, strict=True):
            if cell == "\\N" or not cell.strip():
                assert row[name] is None
            elif kind == wish:
                assert row[name] is not None
            else:
                parsed, text = row[name][wish.name], row[name]["string"]
                assert (parsed is None) != (text is None)
                assert text in (None, cell)
