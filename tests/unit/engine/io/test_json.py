"""Reading JSON files."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from glue_etl.engine.frame.core import Frame, Stage
from glue_etl.engine.frame.errors import ERROR_RECORD
from glue_etl.engine.frame.json_text import json_lines
from glue_etl.engine.io.json import read_json
from glue_etl.engine.types import tree as g
from glue_etl.engine.types.spark import to_spark
from glue_etl.errors import FieldError, SourceError


def put(folder: Path, content: str | bytes, name: str = "a.json") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def records(frame: Frame) -> list[Any]:
    """The records, in no order, as Python values; choices as their bare value."""
    return sorted((json.loads(row["value"]) for row in json_lines(frame.plan).collect()), key=repr)


def errors(frame: Frame) -> list[Any]:
    [source] = frame.errors
    found = source.records()
    assert found.schema.names == ERROR_RECORD.names
    rows = found.collect()
    assert source.count() == len(rows)
    return rows


GOOD = [{"a": 1, "b": "x"}, {"a": 2}]
READ: dict[str, tuple[str | bytes, dict[str, Any], list[Any]]] = {
    "lines": ('{"a":1,"b":"x"}\n{"a":2}\n', {}, GOOD),
    "no newline at the end": ('{"a":1,"b":"x"}\n{"a":2}', {}, GOOD),
    "CRLF": ('{"a":1,"b":"x"}\r\n{"a":2}\r\n', {}, GOOD),
    "blank lines": ('\n{"a":1,"b":"x"}\n\n   \n{"a":2}\n\n', {}, GOOD),
    "byte order mark": (b'\xef\xbb\xbf{"a":1,"b":"x"}\n{"a":2}\n', {}, GOOD),
    "a line that is an array of records": ('[{"a":1,"b":"x"},{"a":2}]\n', {}, GOOD),
    "an array line with a murky choice": ('[{"a":1},{"a":"1"}]\n{"a":2}\n', {}, [{"a": "1"}, {"a": 1}, {"a": 2}]),
    "records without fields": ("{}\n{}\n", {}, [{}, {}]),
    "murky choice": ('{"a":1}\n{"a":"1"}\n', {}, [{"a": "1"}, {"a": 1}]),
    "clear choice": ('{"a":1}\n{"a":"x"}\n', {}, [{"a": "x"}, {"a": 1}]),
    "nulls only": ('{"a":null}\n{"a":null,"b":1}\n', {}, [{"b": 1}, {}]),
    "empty key": ('{"":1}\n', {}, [{"": 1}]),
    "equal keys": ('{"a":1,"a":2}\n', {}, [{"a": 2}]),
    "pretty printed": ('{\n "a": 1,\n "b": "x"\n}\n{\n "a": 2\n}\n', {"multiline": True}, GOOD),
    "pretty printed array": ('[\n {"a": 1, "b": "x"},\n {"a": 2}\n]\n', {"multiline": True}, GOOD),
    "pretty printed with a byte order mark": (b'\xef\xbb\xbf{\n"a":1,"b":"x"}{"a":2}', {"multiline": True}, GOOD),
    "path to an array": ('{"d":{"r":[{"a":1,"b":"x"},{"a":2}]}}', {"json_path": "$.d.r[*]"}, GOOD),
    "path to the array itself": ('{"d":{"r":[{"a":1,"b":"x"},{"a":2}]}}', {"json_path": "$.d.r"}, GOOD),
    "path through lines": ('{"r":{"a":1,"b":"x"}}\n{"r":{"a":2}}\n', {"json_path": "$.r"}, GOOD),
    "path to elements": ('[{"a":1,"b":"x"},{"a":2}]', {"json_path": "$[*]"}, GOOD),
}


@pytest.mark.parametrize("name", READ)
def test_records_of_a_file(spark: SparkSession, tmp_path: Path, name: str) -> None:
    content, options, expected = READ[name]
    frame = read_json(spark, [str(put(tmp_path, content))], **options)
    assert records(frame) == sorted(expected, key=repr)
    assert frame.plan.df.count() == len(expected)
    assert frame.plan.df.schema == to_spark(frame.plan.type)
    assert errors(frame) == []


BAD: dict[str, tuple[str | bytes, dict[str, Any], list[Any], list[str]]] = {
    "cut line": ('{"a":1}\n{"a":2,\n{"a":3}\n', {}, [{"a": 1}, {"a": 3}], ["not JSON"]),
    "bare values": ('{"a":1}\n5\n"x"\n[1]\n', {}, [{"a": 1}], ["bare value", "bare value", "an array"]),
    "garbage after a record": ('{"a":1}\n{"a":2} x\n', {}, [{"a": 1}], ["not JSON"]),
    "not UTF-8": (b'{"a":"x"}\n{"a":"\xff"}\n', {}, [{"a": "x"}], ["not UTF-8: byte 0xff at byte 6"]),
    "bad lines beside a choice": ('{"a":1}\n{"a":"x"}\n{\n', {}, [{"a": "x"}, {"a": 1}], ["not JSON"]),
    "nothing but bad lines": ("{\n}\n", {}, [], ["not JSON", "not JSON"]),
    "cut document": ('{\n "a": 1\n}\n{\n "a": 2,\n', {"multiline": True}, [{"a": 1}], ["not JSON"]),
    "document of numbers": ("[1]", {"multiline": True}, [], ["bare value"]),
    "not UTF-8 in a document": (b'{\n"a":"\xff"}', {"multiline": True}, [], ["not UTF-8"]),
    "bad line among documents": (
        '{"r":{"a":1}}\n{"r":\n{"r":{"a":3}}\n',
        {"json_path": "$.r"},
        [{"a": 1}, {"a": 3}],
        ["not JSON"],
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_lines_become_error_records(spark: SparkSession, tmp_path: Path, name: str) -> None:
    content, options, expected, words = BAD[name]
    path = put(tmp_path, content)
    frame = read_json(spark, [str(path)], stage=Stage(site="here", info="mine"), **options)
    assert records(frame) == expected
    found = errors(frame)
    assert len(found) == len(words)
    for row, part in zip(found, words, strict=True):
        assert part in row["msg"] and str(path) in row["msg"]
        assert row["source"].endswith("/a.json")
        assert (row["site"], row["info"]) == ("here", "mine")


def test_an_error_record_holds_what_was_read(spark: SparkSession, tmp_path: Path) -> None:
    put(tmp_path, '{"id": 1}\n{"id": 2, "name": "benjamin",\n')
    [row] = errors(read_json(spark, [str(tmp_path)]))
    assert json.loads(row["dynamicRecord"]) == {"id": 2, "name": "benjamin"}
    assert row["input"] == '{"id": 2, "name": "benjamin",'


@pytest.mark.parametrize("content", ["", "\n\n"])
@pytest.mark.parametrize("options", [{}, {"multiline": True}], ids=["lines", "documents"])
def test_nothing_in_a_file(spark: SparkSession, tmp_path: Path, content: str, options: dict[str, Any]) -> None:
    frame = read_json(spark, [str(put(tmp_path, content))], **options)
    assert frame.plan.type == g.StructType()
    assert frame.plan.df.count() == 0
    assert errors(frame) == []


def test_no_paths(spark: SparkSession) -> None:
    frame = read_json(spark, [])
    assert (frame.plan.type, frame.plan.df.count(), errors(frame)) == (g.StructType(), 0, [])


@pytest.mark.parametrize("options", [{}, {"multiline": True}], ids=["lines", "documents"])
def test_gzip(spark: SparkSession, tmp_path: Path, options: dict[str, Any]) -> None:
    path = put(tmp_path, gzip.compress(b'{"a":1}\n{"a":"x"}\n'), "a.json.gz")
    assert records(read_json(spark, [str(path)], **options)) == [{"a": "x"}, {"a": 1}]


@pytest.mark.parametrize("options", [{}, {"multiline": True}], ids=["lines", "documents"])
def test_gzip_cut_short_is_named(spark: SparkSession, tmp_path: Path, options: dict[str, Any]) -> None:
    put(tmp_path, gzip.compress(b'{"a":1}\n'), "a.json.gz")
    whole = gzip.compress(b"".join(b'{"a":%d}\n' % i for i in range(20000)))
    put(tmp_path, whole[: len(whole) // 2], "b.json.gz")
    frame = read_json(spark, [str(tmp_path)], **options)
    with pytest.raises(SourceError, match=r"b\.json\.gz.*cut short") as caught:
        _ = frame.plan
    assert "java" not in str(caught.value).lower()


def test_a_given_type_is_not_inferred(spark: SparkSession, tmp_path: Path) -> None:
    kind = g.StructType.of([("b", g.LONG), ("c", g.ChoiceType((g.INT, g.STRING)))])
    put(tmp_path, '{"a":1,"b":1,"c":"10"}\n{"b":2,"c":10}\n{"b"\n')
    frame = read_json(spark, [str(tmp_path)], schema=kind)
    assert frame.plan.type == kind
    assert records(frame) == [{"b": 1, "c": "10"}, {"b": 2, "c": 10}]
    assert len(errors(frame)) == 1


ODD_LINES = {
    "as the type says": '{"a":1,"s":{"x":[1.5]},"t":"x"}',
    "other kinds": '{"a":"x","s":{"x":["y",2]},"t":{"u":1}}\n{"a":1.5,"s":[1],"t":3}\n{"a":9223372036854775808}',
    "more fields and fewer": '{"b":1}\n{"s":{"y":1}}\n{}',
    "several on a line": '[{"a":1},{"a":2}]\n\n{"a":3}',
    "no records": '{"a":1}\n{"a"\n7\nnull',
}


@pytest.mark.parametrize("lines", ODD_LINES.values(), ids=ODD_LINES)
def test_a_given_type_gives_the_same_records_whoever_opens_the_files(
    spark: SparkSession, tmp_path: Path, lines: str
) -> None:
    inner = g.StructType.of([("x", g.ArrayType(g.DOUBLE))])
    kind = g.StructType.of([("a", g.INT), ("s", inner), ("t", g.STRING)])
    plain = read_json(spark, [str(put(tmp_path, lines))], schema=kind)
    packed = read_json(spark, [str(put(tmp_path, gzip.compress(lines.encode()), "a.json.gz"))], schema=kind)
    assert records(plain) == records(packed)
    assert len(errors(plain)) == len(errors(packed))


@pytest.mark.parametrize("line", ['{"a":1}', '{"a":1}\n{"a":"1"}', '{"a":1}\n{'], ids=["plain", "murky", "dirty"])
@pytest.mark.parametrize("options", [{}, {"multiline": True}], ids=["lines", "documents"])
def test_attach_filename(spark: SparkSession, tmp_path: Path, line: str, options: dict[str, Any]) -> None:
    frame = read_json(spark, [str(put(tmp_path, line))], attach_filename="from", **options)
    assert frame.plan.type.get("from") == g.STRING
    assert {record["from"].rsplit("/", 1)[-1] for record in records(frame)} == {"a.json"}


def test_fields_that_differ_in_case_only(spark: SparkSession, tmp_path: Path) -> None:
    put(tmp_path, '{"id":1,"ID":2}\n')
    with pytest.raises(FieldError, match=r"'id' and 'ID'.*caseSensitive"):
        _ = read_json(spark, [str(tmp_path)]).plan


def test_nothing_is_read_before_the_plan_is_asked_for(spark: SparkSession, tmp_path: Path) -> None:
    path = put(tmp_path, '{"a":1}\n')
    frame = read_json(spark, [str(path)])
    path.write_text('{"b":1}\n')
    assert frame.plan.type.names == ["b"]
