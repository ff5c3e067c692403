"""CSV: what a file's text becomes, and which lines are error records."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glue_etl.engine.io.csv_heads import Dialect, fields_of, names_of
from glue_etl.engine.io.csv_lines import records_of_text
from glue_etl.errors import GlueEtlError, OptionError, SourceError
from glue_etl.testing.buckets import Bucket

HEADER = {"withHeader": True}
ESCAPER = {"withHeader": True, "escaper": "\\"}

# name: (file, options, field names, records)
TEXTS: dict[str, tuple[str | bytes, dict[str, Any], list[str], list[list[str | None]]]] = {
    "header": ("a,b\n1,2\n", HEADER, ["a", "b"], [["1", "2"]]),
    "no header": ("a,b\n1,2\n", {}, ["col0", "col1"], [["a", "b"], ["1", "2"]]),
    "skipFirst": ("x,y\n1,2\n", {"skipFirst": True}, ["col0", "col1"], [["1", "2"]]),
    "no end of line at the end": ("a\n1", HEADER, ["a"], [["1"]]),
    "header alone": ("a,b\n", HEADER, ["a", "b"], []),
    "spaces in names and values stay": ("a b, c\n 1 , x\n", HEADER, ["a b", " c"], [[" 1 ", " x"]]),
    "repeated and empty names": ("a,,A,a\n1,2,3,4\n", HEADER, ["a", "col1", "A_1", "a_2"], [["1", "2", "3", "4"]]),
    "dots and back-ticks in names": ("a.b,c`d\n1,2\n", HEADER, ["a.b", "c`d"], [["1", "2"]]),
    "byte order mark": (b"\xef\xbb\xbfa,b\n1,2\n", HEADER, ["a", "b"], [["1", "2"]]),
    "blank lines": ("\na,b\n\r\n1,2\n\n \n3,4\n\n", HEADER, ["a", "b"], [["1", "2"], ["3", "4"]]),
    "mixed line ends": ("a,b\r\n1,2\n3,4\r\n", HEADER, ["a", "b"], [["1", "2"], ["3", "4"]]),
    "empty is empty, missing is null": ("a,b,c\n,x,\n1\n", HEADER, ["a", "b", "c"], [["", "x", ""], ["1", None, None]]),
    "empty fields too many": ("a,b\n1,2,,\n3,4\n", HEADER, ["a", "b"], [["1", "2"], ["3", "4"]]),
    "all lines with empty fields too many": ("a,b\n1,2,,\n3,4,,\n", HEADER, ["a", "b"], [["1", "2"], ["3", "4"]]),
    "quoted separator": ('a,b\n1,"x,y"\n', HEADER, ["a", "b"], [["1", "x,y"]]),
    "quoted quote": ('a,b\n2,"say ""hi"""\n', HEADER, ["a", "b"], [["2", 'say "hi"']]),
    "separator": ("a|b\n1|x,y\n", {**HEADER, "separator": "|"}, ["a", "b"], [["1", "x,y"]]),
    "tab": ("a\tb\n1\t\n", {**HEADER, "separator": "\t"}, ["a", "b"], [["1", ""]]),
    "long separator": ("a||b\n1||2\n", {**HEADER, "separator": "||"}, ["a", "b"], [["1", "2"]]),
    "other quote": ("a,b\n'x,y',2\n", {**HEADER, "quoteChar": "'"}, ["a", "b"], [["x,y", "2"]]),
    "quoting off": ('a,b\n"x",2\n', {**HEADER, "quoteChar": -1}, ["a", "b"], [['"x"', "2"]]),
    "quoting off as text": ('a,b\n"x",2\n', {**HEADER, "quoteChar": "-1"}, ["a", "b"], [['"x"', "2"]]),
    "multiline": ('a,b\n1,"p\nq"\n2,z\n', {**HEADER, "multiLine": "true"}, ["a", "b"], [["1", "p\nq"], ["2", "z"]]),
    "multiline in the header": ('a,"b\nc"\n1,2\n', {**HEADER, "multiline": True}, ["a", "b\nc"], [["1", "2"]]),
    "cut within a quoted field": ('a,b\n1,2\n3,"x', HEADER, ["a", "b"], [["1", "2"], ["3", "x"]]),
    "not ASCII": ("é,日\nü,€😀\n", HEADER, ["é", "日"], [["ü", "€😀"]]),
    "escaped separator": ("a,b\n1\\,2,x\n", ESCAPER, ["a", "b"], [["1,2", "x"]]),
    "escaped quote": ('a,b\n"p\\"q,r",x\n', ESCAPER, ["a", "b"], [['p"q,r', "x"]]),
    "well-known and other escapes": ("a,b\nx\\ny\\\\n,\\z\n", ESCAPER, ["a", "b"], [["x\ny\\n", "z"]]),
    "escaper, empty and missing": ("a,b\n,\n1\n", ESCAPER, ["a", "b"], [["", ""], ["1", None]]),
    "attachFilename": ("a\n1\n", {**HEADER, "attachFilename": "src"}, ["a", "src"], [["1", "FILE"]]),
    "an empty file": ("", HEADER, [], []),
    "a file of blank lines": ("\n\r\n", HEADER, [], []),
}


@pytest.mark.parametrize("name", TEXTS)
def test_records(name: str, lake: Bucket, read: Any) -> None:
    text, options, names, rows = TEXTS[name]
    uri = lake.write("in/a b+c%20d.csv", text)
    frame = read(uri, "csv", **options)
    assert frame.plan.type.names == names
    assert {field.type.name for field in frame.plan.type} <= {"string"}
    expected = [tuple(uri if value == "FILE" else value for value in row) for row in rows]
    assert [tuple(row) for row in frame.plan.df.collect()] == expected
    assert frame.stage_errors[0].count() == 0


# name: (file, options, good records, [(message part, raw line)])
BAD: dict[str, tuple[bytes, dict[str, Any], list[list[str | None]], list[tuple[str, str]]]] = {
    "a value too many": (
        b"a,b\n1,2\n3,4,5\n6\n", HEADER, [["1", "2"], ["6", None]], [("3 fields where the header has 2", "3,4,5")],
    ),
    "in the first record": (b"a,b\n3,4,5\n1,2\n", HEADER, [["1", "2"]], [("3 fields where the header has 2", "3,4,5")]),
    "quoted separators do not count": (
        b'a,b\n"1,1,1,1","2,2"\n"3,3",4,5\n"x,y"\n', HEADER, [["1,1,1,1", "2,2"], ["x,y", None]],
        [("3 fields", '"3,3",4,5')],
    ),
    "many too many": (b"a\n1\n1,2,3,4,5,6,7,8,9\n", HEADER, [["1"]], [("9 fields", "1,2,3,4,5,6,7,8,9")]),
    "not UTF-8": (b"a,b\n1,\xff\xfe\n2,\xc3\xa9\n", HEADER, [["2", "é"]], [("not UTF-8", "1,\ufffd\ufffd")]),
    "cut within a character": (b"a,b\n1,2\n3,\xe2\x82", HEADER, [["1", "2"]], [("not UTF-8", "3,\ufffd")]),
    "a field too many with an escaper": (
        b"a,b\n1\\,1,2\n3,4,5\n", {**HEADER, "escaper": "\\"}, [["1,1", "2"]], [("3 fields", "3,4,5")],
    ),
    "multiline": (b'a,b\n1,"2\n2",3\n4,5\n', {**HEADER, "multiline": True}, [["4", "5"]], [("3 fields", '1,"2\n2",3')]),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_error_records(name: str, lake: Bucket, read: Any) -> None:
    text, options, rows, errors = BAD[name]
    uri = lake.write("in/bad.csv", text)
    frame = read(uri, "csv", **options)
    df = frame.plan.df
    assert [list(row) for row in df.collect()] == rows
    assert df.count() == len(rows)
    # A query that needs one column sees the same records.
    assert [row[0] for row in df.select(df.columns[0]).collect()] == [row[0] for row in rows]
    found = frame.stage_errors[0].records().collect()
    assert frame.stage_errors[0].count() == len(errors) == len(found)
    for row, (message, raw) in zip(found, errors, strict=True):
        assert message in row["msg"]
        assert uri in row["msg"]
        assert (row["source"], row["input"].rstrip("\n"), row["site"]) == (uri, raw, "script.py:7")


def test_each_file_by_its_own_header(lake: Bucket, read: Any) -> None:
    lake.write("in/2009.csv", "id,fee\n1,2\n")
    lake.write("in/2010.csv", "fee,ID,new\n3,4,5\n")
    lake.write("in/2011.csv", "")
    frame = read(lake.uri("in/"), "csv", withHeader=True)
    assert frame.plan.type.names == ["id", "fee", "new"]
    rows = sorted(tuple(row) for row in frame.plan.df.collect())
    assert rows == [("1", "2", None), ("4", "3", "5")]
    assert frame.stage_errors[0].count() == 0


@pytest.mark.parametrize(("second", "errors"), [("3,4\n", 0), ("3,4,5\n", 1)], ids=["sound", "a field too many"])
def test_errors_of_sound_files_are_counted_without_a_job(
    lake: Bucket, read: Any, spark: Any, second: str, errors: int
) -> None:
    frame = read(lake.write("in/a.csv", "a,b\n1,2\n" + second), "csv", withHeader=True)
    spark.sparkContext.setJobGroup(f"errors {errors}", "")
    try:
        assert frame.stage_errors[0].count() == errors
        jobs = spark.sparkContext.statusTracker().getJobIdsForGroup(f"errors {errors}")
    finally:
        spark.sparkContext.setJobGroup("", "")
    assert bool(jobs) == bool(errors)


def test_files_alike_are_one_plain_scan_of_their_folder(lake: Bucket, read: Any, spark: Any) -> None:
    for i in range(3):
        lake.write(f"in/{i}.csv", f"a,b\n{i},x\n")
    df = read(lake.uri("in/"), "csv", withHeader=True).plan.df
    plan = df._jdf.queryExecution().toString()
    assert plan.count("FileScan csv") == 1
    assert "Union" not in plan
    assert df.count() == 3


def test_a_bad_file_costs_only_itself_the_look_at_its_bytes(lake: Bucket, read: Any) -> None:
    lake.write("in/good.csv", "a\né\n")
    lake.write("in/bad.csv", b"a\n\xff\n")
    frame = read(lake.uri("in/"), "csv", withHeader=True)
    assert [row.a for row in frame.plan.df.collect()] == ["é"]
    assert frame.stage_errors[0].count() == 1


COMPRESSED = {"gzip": (".gz", gzip.compress), "bzip2": (".bz2", bz2.compress)}


@pytest.mark.parametrize("name", COMPRESSED)
def test_compressed(name: str, lake: Bucket, read: Any) -> None:
    suffix, compress = COMPRESSED[name]
    uri = lake.write(f"in/a.csv{suffix}", compress(b"a,b\n1,2\n\xff,3\n"))
    frame = read(uri, "csv", {"compressionType": name}, withHeader=True)
    assert [tuple(row) for row in frame.plan.df.collect()] == [("1", "2")]
    assert frame.stage_errors[0].count() == 1


def test_a_broken_archive_is_named(lake: Bucket, read: Any) -> None:
    uri = lake.write("in/a.csv.gz", b"a,b\n1,2\n")
    with pytest.raises(SourceError, match=uri):
        _ = read(uri, "csv", withHeader=True).plan


def test_is_fail_fast_is_a_threshold_of_one(lake: Bucket, read: Any) -> None:
    uri = lake.write("in/a.csv", "a\n1,2\n")
    frame = read(uri, "csv", {"isFailFast": True}, withHeader=True)
    with pytest.raises(GlueEtlError, match="isFailFast"):
        frame.checked()


LINE = "a\n1\n2\n3\n"
VARIANTS: dict[str, tuple[str, dict[str, Any], list[str], list[tuple[str | None, ...]]]] = {
    "neither": (LINE, {}, ["col0"], [("a",), ("1",), ("2",), ("3",)]),
    "skipFirst": (LINE, {"skipFirst": True}, ["col0"], [("1",), ("2",), ("3",)]),
    "withHeader": (LINE, {"withHeader": True}, ["a"], [("1",), ("2",), ("3",)]),
    "both": (LINE, {"withHeader": True, "skipFirst": "true"}, ["a"], [("2",), ("3",)]),
    "both, quotes and blanks": (
        'a,b\n\n"x,y",z\n"1,2",\n\n3,""\n',
        {"withHeader": True, "skipFirst": True},
        ["a", "b"],
        [("1,2", ""), ("3", "")],
    ),
    "both over lines": (
        '"a\nb",c\n"x\ny",z\n"1\n2",3\n',
        {"withHeader": True, "skipFirst": True, "multiLine": True},
        ["a\nb", "c"],
        [("1\n2", "3")],
    ),
    "escaper over lines": (
        'a,b\n"1\n\\"2\\"",x\\,y\n3\\n,"4\n5"\n',
        {"withHeader": True, "escaper": "\\", "multiline": True},
        ["a", "b"],
        [('1\n"2"', "x,y"), ("3\n", "4\n5")],
    ),
    "escaped names": ("a\\,b,c\n1,2\n", {"withHeader": True, "escaper": "\\"}, ["a,b", "c"], [("1", "2")]),
    "optimizePerformance": (LINE, {"withHeader": True, "optimizePerformance": True}, ["a"], [("1",), ("2",), ("3",)]),
    "optimizePerformance falls back for multiLine": (
        'a\n"1\n2"\n',
        {"withHeader": True, "optimizePerformance": True, "multiLine": True},
        ["a"],
        [("1\n2",)],
    ),
}


@pytest.mark.parametrize("name", VARIANTS)
def test_variants(name: str, lake: Bucket, read: Any) -> None:
    text, options, names, rows = VARIANTS[name]
    lake.write("in/one.csv", text)
    lake.write("in/two.csv", text)
    frame = read(lake.uri("in/"), "csv", attachFilename="file", attachTimestamp="at", **options)
    df = frame.plan.df
    assert df.columns == [*names, "file", "at"]
    found = [tuple(row) for row in df.orderBy("file").collect()]
    assert sorted(row[:-2] for row in found) == sorted([*rows, *rows])
    assert {row[-2] for row in found} == {lake.uri("in/one.csv"), lake.uri("in/two.csv")}
    assert all(row[-1] is not None for row in found)
    assert frame.stage_errors[0].count() == 0


def test_error_records_of_files_cut_in_python(lake: Bucket, read: Any) -> None:
    uri = lake.write("in/a.csv", "a,b\nx,x\n1,2\n1,2,3\n4\n")
    frame = read(uri, "csv", withHeader=True, skipFirst=True)
    assert sorted(map(tuple, frame.plan.df.collect())) == [("1", "2"), ("4", None)]
    [row] = frame.stage_errors[0].records().collect()
    assert (row["input"], row["source"]) == ("1,2,3", uri)


WRONG: dict[str, tuple[dict[str, Any], type[GlueEtlError], str]] = {
    "two quote characters": ({"quoteChar": "''"}, OptionError, "quoteChar"),
    "empty separator": ({"separator": ""}, OptionError, "separator"),
    "no truth value": ({"withHeader": "yes"}, OptionError, "'yes'"),
    "unknown option": ({"header": True}, OptionError, "withHeader"),
    "withSchema": ({"withSchema": "{}"}, OptionError, "withSchema"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_options(name: str, lake: Bucket, read: Any) -> None:
    options, kind, message = WRONG[name]
    uri = lake.write("a.csv", "a\n1\n")
    with pytest.raises(kind, match=message):
        _ = read(uri, "csv", **options).plan


@given(st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"])), min_size=1))
def test_fields_are_what_a_csv_writer_wrote(fields: list[str]) -> None:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="").writerow(fields)
    assert fields_of(text.getvalue(), Dialect()) == fields


@given(
    st.text(st.sampled_from('ab,"\\\r\n\t'), max_size=40),
    st.sampled_from(['"', ""]),
    st.sampled_from(["\\", ""]),
    st.booleans(),
)
def test_any_text_is_cut_into_records_and_fields(text: str, quote: str, escaper: str, multiline: bool) -> None:
    dialect = Dialect(quote=quote, escaper=escaper, multiline=multiline)
    records = records_of_text(text, dialect)
    ends = "\r\n"
    assert "".join(records).translate(dict.fromkeys(map(ord, ends))) == text.translate(dict.fromkeys(map(ord, ends)))
    if not (multiline or escaper):
        assert records == text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert all(fields_of(record, dialect) for record in records)


@given(st.lists(st.text(st.sampled_from("aA_1"), max_size=3), min_size=1), st.booleans())
def test_names_are_distinct_and_keep_their_places(fields: list[str], sensitive: bool) -> None:
    names = names_of(fields, case_sensitive=sensitive)
    assert len(names) == len(fields)
    assert len({name if sensitive else name.lower() for name in names}) == len(names)
    assert all(name.startswith(field) for name, field in zip(names, fields, strict=True))
