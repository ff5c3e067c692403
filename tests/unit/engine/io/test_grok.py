"""grokLog: lines to records, types, missing values, strict mode, error records."""

from __future__ import annotations

import gzip
import json
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glue_etl.engine.frame.errors import as_dynamic_frame
from glue_etl.engine.io.decoded_files import Part, Parts
from glue_etl.engine.io.decoded_lines import line_blocks
from glue_etl.engine.io.grok_compile import compile_grok
from glue_etl.engine.io.grok_worker import GrokRows
from glue_etl.errors import GlueEtlError, OptionError, UnsupportedError
from glue_etl.testing.buckets import Bucket

TASK = [pa.RecordBatch.from_arrays([pa.array([0])], names=["task"])]


def matched(
    text: str | bytes, log_format: str, missing: str = "-", *, strict: bool = False, parts: tuple[Part, ...] = ()
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Records and error records, as a worker gives them."""
    data = text.encode() if isinstance(text, str) else text
    tasks = Parts((parts or (Part("s3://b/a.log", data, ""),),), "")
    grok = compile_grok(log_format)
    found = [
        [
            row
            for batch in GrokRows(tasks, grok, missing, strict, "UTC", errors_only=only)(TASK)
            for row in batch.to_pylist()
        ]
        for only in (False, True)
    ]
    return found[0], found[1]


# name: (text, logFormat, MISSING, records, lines that do not match)
TEXTS: dict[str, tuple[str | bytes, str, str, list[list[Any]], list[str]]] = {
    "a dash is missing": ("GET - /x\nPUT bob /y\n", "%{WORD:a} %{NOTSPACE:b} %{NOTSPACE:c}", "-",
                          [["GET", None, "/x"], ["PUT", "bob", "/y"]], []),
    "another sign": ("GET NA\nPUT -\n", "%{WORD:a} %{NOTSPACE:b}", "NA", [["GET", None], ["PUT", "-"]], []),
    "no sign": ("GET -\n", "%{WORD:a} %{NOTSPACE:b}", "", [["GET", "-"]], []),
    "missing in a typed field": ("a -\nb 2", "%{WORD:a} (?:%{INT:n:int}|-)", "-", [["a", None], ["b", 2]], []),
    "an empty value is one": ("a=\n", "%{WORD:a}=%{DATA:b}$", "-", [["a", ""]], []),
    "lines that do not match": ("5\nx\n6\n-y", "^%{INT:n:long}$", "-", [[5], [6]], ["x", "-y"]),
    "blank lines": ("\n5\n \r\n6\n\n", "^%{INT:n}$", "-", [["5"], ["6"]], []),
    "a blank line that matches": ("\nx\n", "(?<a>.*)", "-", [[""], ["x"]], []),
    "line ends": ("1\r\n2\r3\n4", "^%{INT:n}$", "-", [["1"], ["2"], ["3"], ["4"]], []),
    "byte order mark": (b"\xef\xbb\xbf1\n", "^%{INT:n}$", "-", [["1"]], []),
    "not ASCII": ("ł€😀 1\n", "%{NOTSPACE:a} %{INT:n}", "-", [["ł€😀", "1"]], []),
    "Latin-1": (b"caf\xe9 1\n", "%{NOTSPACE:a} %{INT:n}", "-", [["caf\ufffd", "1"]], []),
    "UTF-16": ("ab 1\n".encode("utf-16-le"), "^%{NOTSPACE:a} %{INT:n}$", "-", [], ["a\0b\0 \0001\0", "\0"]),
    "empty": ("", "%{INT:n}", "-", [], []),
}  # fmt: skip


@pytest.mark.parametrize("name", TEXTS)
def test_records(name: str) -> None:
    text, log_format, missing, rows, bad = TEXTS[name]
    records, errors = matched(text, log_format, missing)
    assert [list(record.values()) for record in records] == rows
    assert [error["input"] for error in errors] == bad
    assert {error["msg"] for error in errors} <= {"the line does not match the logFormat"}


# name: (type in the pattern, [(text, value, value in strict mode)]); WRONG: the line is an error record
WRONG: Any = object()
CONVERSIONS: dict[str, tuple[str, list[tuple[str, Any, Any]]]] = {
    "byte": ("byte", [("127", 127, 127), ("128", None, WRONG), ("-128", -128, -128)]),
    "short": ("short", [("32767", 32767, 32767), ("40000", None, WRONG)]),
    "int": ("int", [
        ("+5", 5, 5), ("1.9", 1, WRONG), ("x", None, WRONG), ("3000000000", None, WRONG), ("", None, WRONG),
    ]),
    "integer is int": ("integer", [("007", 7, 7)]),
    "long": ("long", [("3000000000", 3_000_000_000, 3_000_000_000), ("1e3", 1000, WRONG), ("9" * 40, None, WRONG)]),
    "float": ("float", [("1.5", 1.5, 1.5), ("x", None, WRONG)]),
    "double": ("double", [("-1.5e3", -1500.0, -1500.0), ("5", 5.0, 5.0), ("1_0", None, WRONG), (".5", 0.5, 0.5)]),
    "boolean": ("boolean", [("true", True, True), ("FALSE", False, WRONG), ("1", None, WRONG)]),
    "string": ("string", [("5", "5", "5")]),
    "date": ("date", [
        ("2024-01-02T03:04:05", datetime(2024, 1, 2, 3, 4, 5), datetime(2024, 1, 2, 3, 4, 5)),
        ("10/Oct/2000:13:55:36 -0700", datetime(2000, 10, 10, 20, 55, 36), datetime(2000, 10, 10, 20, 55, 36)),
        ("soon", None, WRONG),
    ]),
    "date with a format": ("date:dd.MM.yyyy 'at' HH:mm", [
        ("05.04.2024 at 16:20", datetime(2024, 4, 5, 16, 20), datetime(2024, 4, 5, 16, 20)),
        ("2024-04-05", None, WRONG),
    ]),
}  # fmt: skip


@pytest.mark.parametrize("strict", [False, True], ids=["lenient", "strict"])
@pytest.mark.parametrize("name", CONVERSIONS)
def test_conversions(name: str, strict: bool) -> None:
    word, cases = CONVERSIONS[name]
    text = "".join(f"{n};{value}\n" for n, (value, _, _) in enumerate(cases))
    records, errors = matched(text, f"^%{{INT:n}};%{{DATA:v:{word}}}$", "", strict=strict)
    expected = [(strictly if strict else lenient) for _, lenient, strictly in cases]
    found = [each["v"].replace(tzinfo=None) if isinstance(each["v"], datetime) else each["v"] for each in records]
    assert found == [value for value in expected if value is not WRONG]
    assert len(errors) == sum(value is WRONG for value in expected)
    for error in errors:
        number, _, value = error["input"].partition(";")
        assert error["msg"] == f"field 'v': {value!r:.80} is no {word.partition(':')[0]}"
        assert json.loads(error["partial"]) == {"n": number, "v": value}


@given(
    st.lists(st.sampled_from(["a", "bb", "", "c c", "é"]), max_size=12),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
    st.lists(st.integers(0, 40), max_size=4),
)
def test_ranges_of_a_file_give_each_line_once(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], end: str, ended: bool, cuts: list[int]
) -> None:
    file = tmp_path_factory.getbasetemp() / "ranges.log"
    data = (end.join(lines) + end * ended).encode()
    file.write_bytes(data)
    bounds = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    parts = [Part("a", str(file), "", None, a, None if b == len(data) else b) for a, b in pairwise(bounds)] or [
        Part("a", str(file), "")
    ]
    found = [line for part in parts for block in line_blocks(part) for line in block]
    whole = [line for block in line_blocks(Part("a", str(file), "")) for line in block]
    assert found == whole
    assert whole == data.decode().replace("\r\n", "\n").split("\n")[: len(whole)]


def test_a_huge_line_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "a.log"
    file.write_text("1 " + "x" * 8_000_000 + "\n2 y\n")
    parts = (Part("a", str(file), "", None, 0, 3_000_000), Part("a", str(file), "", None, 3_000_000))
    records, errors = matched("", "^%{INT:n} %{NOTSPACE:v}$", parts=parts)
    assert [(record["n"], len(record["v"])) for record in records] == [("1", 8_000_000), ("2", 1)]
    assert errors == []


# --- through Spark ---------------------------------------------------------------------------------------------------


def test_a_source_of_several_files(lake: Bucket, read: Any, spark: Any) -> None:
    apache = '%s - frank [10/Oct/2000:13:55:36 -0700] "GET /a.gif HTTP/1.0" 200 2326\n'
    lake.write("in/a.log", "".join(apache % f"10.0.0.{n}" for n in range(50)) + "broken\n")
    lake.write("in/b.log.gz", gzip.compress((apache % "host.example.com").encode()))
    lake.write("in/c.log", "")
    frame = read(lake.uri("in/"), "grokLog", logFormat="%{COMMONAPACHELOG_DATATYPED}", attachFilename="src")
    kinds = [(field.name, field.type.name) for field in frame.plan.type]
    assert kinds == [
        ("clientip", "string"), ("ident", "boolean"), ("auth", "string"), ("timestamp", "timestamp"),
        ("verb", "string"), ("request", "string"), ("httpversion", "float"), ("rawrequest", "string"),
        ("response", "int"), ("bytes", "long"), ("src", "string"),
    ]  # fmt: skip
    rows = frame.plan.df.collect()
    assert len(rows) == 51
    assert {row["src"] for row in rows} == {lake.uri("in/a.log"), lake.uri("in/b.log.gz")}
    assert [row["bytes"] for row in rows if row["clientip"] == "host.example.com"] == [2326]
    assert frame.stage_errors[0].count() == 1
    (error,) = as_dynamic_frame(frame, spark).plan.df.select("error.*").collect()
    assert error["msg"] == f"{lake.uri('in/a.log')}: the line does not match the logFormat"
    assert (error["input"], error["source"]) == ("broken", lake.uri("in/a.log"))


def test_an_empty_folder_has_the_patterns_fields(lake: Bucket, read: Any) -> None:
    (lake.path / "in").mkdir()
    plan = read(lake.uri("in/"), "grokLog", logFormat="%{INT:n:int} %{WORD:w}").plan
    assert [(field.name, field.type.name) for field in plan.type] == [("n", "int"), ("w", "string")]
    assert plan.df.count() == 0


# name: (options, error, part of the message)
REFUSED: dict[str, tuple[dict[str, Any], type[GlueEtlError], str]] = {
    "no pattern": ({}, OptionError, "has no 'logFormat'"),
    "a bad pattern": ({"logFormat": "%{NOPE:x}"}, OptionError, "'NOPE'"),
    "several lines": ({"logFormat": "%{INT:n}", "LineCount": "2"}, UnsupportedError, "LineCount 2"),
    "strict or not": ({"logFormat": "%{INT:n}", "StrictMode": "maybe"}, OptionError, "'StrictMode' is 'maybe'"),
    "an unknown option": ({"logFormat": "%{INT:n}", "missing": "x"}, OptionError, "'missing' is not an option"),
    "names alike": ({"logFormat": "%{INT:n} %{INT:N}"}, GlueEtlError, "'n' and 'N' differ in nothing but case"),
    "the file's field": ({"logFormat": "%{INT:n}", "attachFilename": "n"}, OptionError, "captures the field 'n'"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_mistakes_are_told_at_the_scripts_line(name: str, lake: Bucket, read: Any) -> None:
    options, error, message = REFUSED[name]
    uri = lake.write("a.log", "1\n")
    with pytest.raises(error, match=message):
        read(uri, "grokLog", **options)


def test_grok_log_is_not_written(lake: Bucket, read: Any, write: Any) -> None:
    frame = read(lake.write("a.log", "1\n"), "grokLog", logFormat="%{INT:n}", StrictMode="true", LineCount="1")
    with pytest.raises(OptionError, match="reads the format 'grokLog', but cannot write it"):
        write(frame, lake.uri("out/"), "grokLog")
