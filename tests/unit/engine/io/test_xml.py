"""Reading XML files."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from glue_etl.engine.frame.core import Frame
from glue_etl.engine.frame.json_text import json_lines
from glue_etl.engine.io import xml, xml_cuts
from glue_etl.engine.types import json_form
from glue_etl.engine.types import tree as g
from glue_etl.errors import OptionError, SourceError
from glue_etl.testing.buckets import Bucket

PRICES = b"""<?xml version="1.0"?>
<root>
<rec id="1"><name>a</name><price cur="USD">5</price></rec>
<rec id="2"><name>b</name><price cur="EUR">7</price></rec>
</root>
"""


def records(frame: Frame) -> list[Any]:
    """The records, in no order, as Python values; choices as their bare value."""
    return sorted((json.loads(row["value"]) for row in json_lines(frame.plan).collect()), key=repr)


def errors(frame: Frame) -> list[Any]:
    [source] = frame.errors
    rows = source.records().collect()
    assert source.count() == len(rows)
    return rows


def put(lake: Bucket, content: str | bytes, name: str = "in/a.xml") -> str:
    path = lake.path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return lake.uri(name)


def test_types_are_inferred(lake: Bucket, read: Any) -> None:
    frame = read(put(lake, PRICES), "xml", rowTag="rec")
    price = g.StructType.of([("_cur", g.STRING), ("_VALUE", g.INT)])
    assert frame.plan.type == g.StructType.of([("_id", g.INT), ("name", g.STRING), ("price", price)])
    assert records(frame) == [
        {"_id": 1, "name": "a", "price": {"_cur": "USD", "_VALUE": 5}},
        {"_id": 2, "name": "b", "price": {"_cur": "EUR", "_VALUE": 7}},
    ]
    assert errors(frame) == []


def test_records_that_differ_make_choices(lake: Bucket, read: Any) -> None:
    put(lake, "<r><rec><a>1</a><b><c>1</c></b></rec><rec><a>x</a><b><c>2</c></b><b><c>3000000000</c></b></rec></r>")
    frame = read(lake.uri("in/"), "xml", rowTag="rec")
    number = g.ChoiceType((g.INT, g.LONG))
    one, many = g.StructType.of([("c", g.INT)]), g.ArrayType(g.StructType.of([("c", number)]))
    assert frame.plan.type == g.StructType.of(
        [("a", g.ChoiceType((g.INT, g.STRING))), ("b", g.ChoiceType((one, many)))]
    )
    assert records(frame) == [{"a": "x", "b": [{"c": 2}, {"c": 3000000000}]}, {"a": 1, "b": {"c": 1}}]


def test_a_given_schema_is_not_inferred(lake: Bucket, read: Any) -> None:
    schema = g.StructType.of([("name", g.STRING), ("price", g.FLOAT), ("more", g.ArrayType(g.INT))])
    frame = read(put(lake, PRICES), "xml", rowTag="rec", excludeAttribute="true", withSchema=json_form.dumps(schema))
    assert frame.plan.type == schema
    assert records(frame) == [{"name": "a", "price": 5.0}, {"name": "b", "price": 7.0}]
    assert errors(frame) == []


OPTIONS: dict[str, tuple[dict[str, Any], Any]] = {
    "excludeAttribute": ({"excludeAttribute": True}, {"a": " x ", "b": " ", "c": 5}),
    "attributePrefix": ({"attributePrefix": ""}, {"k": 1, "a": " x ", "b": " ", "c": {"l": 2, "_VALUE": 5}}),
    "valueTag": ({"valueTag": "t"}, {"_k": 1, "a": " x ", "b": " ", "c": {"_l": 2, "t": 5}}),
    "ignoreSurroundingSpaces": ({"ignoreSurroundingSpaces": True}, {"_k": 1, "a": "x", "c": {"_l": 2, "_VALUE": 5}}),
    "treatEmptyValuesAsNulls": ({"treatEmptyValuesAsNulls": True}, {"_k": 1, "a": " x ", "c": {"_l": 2, "_VALUE": 5}}),
}


@pytest.mark.parametrize("name", OPTIONS)
def test_options(name: str, lake: Bucket, read: Any) -> None:
    options, expected = OPTIONS[name]
    uri = put(lake, '<rec k="1"><a> x </a><b> </b><c l="2">5</c></rec>')
    [record] = records(read(uri, "xml", rowTag="rec", **options))
    assert {field: value for field, value in record.items() if value is not None} == expected


def test_compressed_files_and_their_names(lake: Bucket, read: Any) -> None:
    put(lake, gzip.compress(PRICES), "in/a.xml.gz")
    put(lake, "\ufeff<rec><name>é</name></rec>".encode("utf-16-le"), "in/b.xml")
    frame = read(lake.uri("in/"), "xml", rowTag="rec", attachFilename="from")
    assert [(each["name"], each["from"]) for each in records(frame)] == [
        ("a", lake.uri("in/a.xml.gz")),
        ("b", lake.uri("in/a.xml.gz")),
        ("é", lake.uri("in/b.xml")),
    ]


def test_compression_that_the_script_names(lake: Bucket, read: Any) -> None:
    uri = put(lake, gzip.compress(PRICES))
    assert len(records(read(uri, "xml", {"compressionType": "gzip"}, rowTag="rec"))) == 2


def test_a_file_cut_short_while_compressed(lake: Bucket, read: Any) -> None:
    uri = put(lake, gzip.compress(PRICES)[:-20], "in/a.xml.gz")
    with pytest.raises(SourceError, match=r"a\.xml\.gz"):
        _ = read(uri, "xml", rowTag="rec").plan


def test_broken_rows_are_error_records(lake: Bucket, read: Any) -> None:
    uri = put(lake, PRICES.replace(b"<name>b</name>", b"<name>b</nome>") + b"<rec><name>c")
    frame = read(uri, "xml", rowTag="rec")
    assert [each["_id"] for each in records(frame)] == [1]
    found = sorted(errors(frame), key=lambda row: int(row["bytesread"]))
    assert [row["source"] for row in found] == [uri, uri]
    assert [row["bytesread"] for row in found] == ["88", "155"]
    assert "mismatched tag" in found[0]["msg"] and "</rec> is missing" in found[1]["msg"]
    assert found[0]["input"].startswith('<rec id="2"><name>b</nome>')
    assert json.loads(found[0]["dynamicRecord"]) == {"_id": 2}


def test_a_schema_and_broken_rows(lake: Bucket, read: Any) -> None:
    schema = json_form.dumps(g.StructType.of([("_id", g.INT)]))
    frame = read(put(lake, PRICES.replace(b"</name>", b"", 1)), "xml", rowTag="rec", withSchema=schema)
    assert records(frame) == [{"_id": 2}]
    assert len(errors(frame)) == 1


@pytest.mark.parametrize("content", ["", "<root><other/></root>", "id,name\n1,a\n"], ids=["empty", "others", "CSV"])
def test_files_without_rows(content: str, lake: Bucket, read: Any) -> None:
    frame = read(put(lake, content), "xml", rowTag="rec")
    assert (frame.plan.type, frame.plan.df.count(), errors(frame)) == (g.StructType(), 0, [])


def test_a_large_file_is_cut(lake: Bucket, read: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml, "LARGE", 1 << 20)
    monkeypatch.setattr(xml_cuts, "BLOCK", 1 << 18)
    rows = "".join(f"<rec><n>{n}</n><t>{'x' * 100}</t>{'<broken>' * (n == 7000)}</rec>" for n in range(24_000))
    frame = read(put(lake, f"<root>{rows}</root>"), "xml", rowTag="rec")
    assert frame.plan.type == g.StructType.of([("n", g.INT), ("t", g.STRING)])
    found = frame.plan.df.agg({"n": "sum", "*": "count"}).collect()[0].asDict()
    assert found == {"sum(n)": sum(range(24_000)) - 7000, "count(1)": 23_999}
    assert frame.plan.df.rdd.getNumPartitions() > 1
    [bad] = errors(frame)
    assert bad["input"].startswith("<rec><n>7000</n>")


FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "no rowTag": ({}, "has no 'rowTag'"),
    "a tag in brackets": ({"rowTag": "<rec>"}, "no name of an element"),
    "an unknown encoding": ({"rowTag": "rec", "encoding": "klingon"}, "'klingon' is not known"),
    "an unknown option": ({"rowTag": "rec", "rootTag": "root"}, "'rootTag' is not an option"),
    "a schema that is none": ({"rowTag": "rec", "withSchema": "int"}, "is no schema"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_options_that_cannot_be_used(name: str, lake: Bucket, read: Any) -> None:
    options, words = FAULTS[name]
    uri = put(lake, PRICES)
    with pytest.raises(OptionError, match=words):
        read(uri, "xml", **options)


def test_xml_is_not_written(lake: Bucket, read: Any, write: Any) -> None:
    frame = read(put(lake, PRICES), "xml", rowTag="rec")
    with pytest.raises(OptionError, match="cannot write it"):
        write(frame, lake.uri("out/"), "xml")
