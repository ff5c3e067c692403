"""Ion: what values become, and what of a file is no record."""

from __future__ import annotations

import io
import sys
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from amazon.ion import simpleion
from hypothesis import example, given, settings
from hypothesis import strategies as st

from glue_etl.engine.io import ion
from glue_etl.engine.io.decoded import BadRecord
from glue_etl.engine.io.ion import decode_ion, decode_ion_carefully
from glue_etl.engine.types import tree as g
from glue_etl.errors import GlueEtlError, MissingExtraError, OptionError, SourceError
from glue_etl.testing.buckets import Bucket

# The library itself still uses it.
pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utc:DeprecationWarning")


# The library's half in Python, all there is for Python 3.13, takes minutes for the larger one.
HUGE = 3_000_000 if simpleion.c_ext else 30_000


def packed(values: list[Any], *, binary: bool = True) -> bytes:
    data = simpleion.dumps(values, binary=binary, sequence_as_stream=True)
    return data if isinstance(data, bytes) else data.encode()


def decoded(data: bytes) -> tuple[list[dict[str, Any]], list[BadRecord]]:
    items = list(decode_ion(io.BufferedReader(io.BytesIO(data)), "s3://b/a.ion"))
    return (
        [item for item in items if not isinstance(item, BadRecord)],
        [item for item in items if isinstance(item, BadRecord)],
    )


VALUES: dict[str, tuple[str, Any]] = {
    "int": ("1", 1),
    "long": ("-5000000000", -5_000_000_000),
    "decimal": ("1.50", Decimal("1.50")),
    "float": ("1.5e0", 1.5),
    "string": ('"x"', "x"),
    "long string": ("'''a''' '''b'''", "ab"),
    "symbol": ("sym", "sym"),
    "quoted symbol": ("'a b'", "a b"),
    "bool": ("true", True),
    "blob": ("{{aGVsbG8=}}", b"hello"),
    "clob": ('{{"text"}}', b"text"),
    "timestamp": ("2020-01-01T12:00:00.25Z", datetime(2020, 1, 1, 12, 0, 0, 250_000, UTC)),
    "timestamp with an offset": ("2020-01-01T12:00:00+02:00", datetime(2020, 1, 1, 10, tzinfo=UTC)),
    "timestamp of an unknown offset": ("2020-01-01T12:00:00-00:00", datetime(2020, 1, 1, 12, tzinfo=UTC)),
    "date": ("2020-02-03", datetime(2020, 2, 3, tzinfo=UTC)),
    "year": ("2020T", datetime(2020, 1, 1, tzinfo=UTC)),
    "null": ("null", None),
    "typed null": ("null.int", None),
    "list": ("[1, null.string, 2020T]", [1, None, datetime(2020, 1, 1, tzinfo=UTC)]),
    "s-expression": ("(a b (c))", ["a", "b", ["c"]]),
    "struct": ("{x:{y:null.list}}", {"x": {"y": None}}),
    "annotations": ("u::v::5", 5),
    "annotated bool": ("u::true", True),
    "annotated null": ("u::null", None),
    "annotated struct": ("u::{z:w::1.5}", {"z": Decimal("1.5")}),
    "annotated symbol and text": ('[u::s, u::"t"]', ["s", "t"]),
}


@pytest.mark.parametrize("name", VALUES)
def test_values(name: str) -> None:
    text, expected = VALUES[name]
    (record,), errors = decoded(f"{{a: {text}}}".encode())
    assert errors == []
    assert record == {"a": expected}
    assert type(record["a"]) is type(expected) or isinstance(expected, datetime)


@pytest.mark.parametrize("binary", [True, False], ids=["binary", "text"])
def test_binary_and_text_say_the_same(binary: bool) -> None:
    records = [{"a": n, "b": f"é{n}", "c": [1, {"d": None}]} for n in range(3)]
    assert decoded(packed(records, binary=binary)) == (records, [])


# name: (file, records, [(part of the message, input)])
FILES: dict[str, tuple[bytes, list[dict[str, Any]], list[tuple[str, str | None]]]] = {
    "empty": (b"", [], []),
    "blank": (b" \n// nothing\n", [], []),
    "version marker alone": (b"\xe0\x01\x00\xea", [], []),
    "byte order mark": (b"\xef\xbb\xbf{a:1}", [{"a": 1}], []),
    "several on a line": (b"{a:1} {a:2}{a:3}", [{"a": 1}, {"a": 2}, {"a": 3}], []),
    "a repeated field": (b"{a:1,a:2}", [{"a": 2}], []),
    "annotated record": (b"r::{a:1}", [{"a": 1}], []),
    "no structs": (
        b"5 {a:1} [1,2] null u::x 2020T null.struct", [{"a": 1}],
        [
            ("a struct, not int", "5"), ("a struct, not list", "[1,2]"), ("a struct, not null", "null"),
            ("a struct, not symbol", "u::x"), ("a struct, not timestamp", "2020T"),
            ("a struct, not null", "null.struct"),
        ],
    ),
    "cut": (b"{a:1}\n{a:2", [{"a": 1}], [("not Ion: ", None)]),
    "broken in the middle": (b"{a:1} } {a:2}", [{"a": 1}], [("the rest of the file is not read", None)]),
    "another format": (b'"a","b"\n1,2\n', [], [("a struct", '"a"'), ("not Ion", None)]),
    "an unknown symbol": (b"$ion_1_0 {a:$99}", [], [("the rest of the file is not read", None)]),
    "Latin-1": (b'{a:1}\n{a:"\xe9"}\n{a:2}', [{"a": 1}], [("not UTF-8: byte 0xe9 at byte 10 of the file", None)]),
    "UTF-16": ('{a:"x"}'.encode("utf-16"), [], [("not UTF-8: byte 0xff at byte 0 of the file", None)]),
    "cut within a character": ('{a:1} {a:"é"}'.encode()[:-3], [{"a": 1}], [("not UTF-8: byte 0xc3 at byte 10", None)]),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_files(name: str) -> None:
    data, records, errors = FILES[name]
    found, wrong = decoded(data)
    assert found == records
    assert len(wrong) == len(errors), wrong
    for bad, (message, text) in zip(wrong, errors, strict=True):
        assert message in bad.error
        assert text is None or bad.input == text


def test_binary_that_was_cut_gives_what_is_before() -> None:
    records, errors = decoded(packed([{"a": n} for n in range(3)])[:-1])
    assert records == [{"a": 0}, {"a": 1}]
    assert [bad.error.partition(":")[0] for bad in errors] == ["not Ion"]


def test_a_huge_text_is_read_whole() -> None:
    for binary in (True, False):
        records, errors = decoded(packed([{"a": "é" * HUGE, "b": 1}, {"a": "x", "b": 2}], binary=binary))
        assert errors == []
        assert [(len(record["a"]), record["b"]) for record in records] == [(HUGE, 1), (1, 2)]


def test_a_failing_stream_is_not_taken_for_bad_ion() -> None:
    class Failing(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, _: Any) -> int:
            raise SourceError("The file is cut short.")

    with pytest.raises(SourceError, match="cut short"):
        list(decode_ion(io.BufferedReader(Failing()), "a.ion"))


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 63), (1 << 63) - 1) | st.floats(allow_nan=False) | st.text()
    | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(st.dictionaries(st.text(), PLAIN, max_size=3), max_size=3), st.booleans())
def test_what_the_library_writes_comes_back(records: list[dict[str, Any]], binary: bool) -> None:
    assert decoded(packed(records, binary=binary)) == (records, [])


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=40).filter(lambda data: not data.startswith(b"\xe0")) | st.text(max_size=20).map(str.encode))
@example(b'{a:"\xff\xfe"}')
def test_any_text_is_records_or_errors(data: bytes) -> None:
    records, errors = decoded(data)
    assert all(isinstance(record, dict) for record in records)
    assert all(error.error for error in errors)


WHOLE = packed([{"a": 1, "b": "x", "c": [1.5, {"d": b"y", "e": None}], "s": simpleion.loads("sym")}])
# On the first the library's half in C crashes, on the second it never comes back.
CRASHES = packed([{"a": 1}])[:4] + bytes.fromhex(
    "ed8183da87b88161816281638164de958a21018b81e0e0ff470173e00e788cbd483ff8000000000000d38da179"
)
LOOPS = packed([{"a": 1}])[:4] + bytes.fromhex(
    "ed8183da87b8816181620181638164de958a21018b81788cbd483ff8000000000000d38da179"
)


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_the_careful_way_survives_what_the_quick_one_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ion, "_PATIENCE", 1)
    for data in (CRASHES, LOOPS):
        (bad,) = decode_ion_carefully(io.BytesIO(data), "a.ion")
        assert isinstance(bad, BadRecord)
        assert bad.error.startswith("not Ion: ")
    assert list(decode_ion_carefully(io.BytesIO(WHOLE), "a.ion")) == decoded(WHOLE)[0]
    assert list(ion._decode_in_python(io.BytesIO(WHOLE))) == decoded(WHOLE)[0]


# --- through Spark ---------------------------------------------------------------------------------------------------


def test_types_are_merged_over_all_files(lake: Bucket, read: Any) -> None:
    lake.write("in/a.ion", '{a:1,b:"x",t:2020T}\n{a:2.5,b:null,n:null.int}\n7\n')
    lake.write("in/b.10n", packed([{"a": "z", "l": [1, 2], "s": {"p": 1}}]))
    frame = read(lake.uri("in/"), "ion", attachFilename="src")
    kinds = {field.name: field.type for field in frame.plan.type}
    assert list(kinds) == ["a", "b", "t", "src", "n", "l", "s"]
    assert kinds["a"] == g.ChoiceType((g.DecimalType(2, 1), g.INT, g.STRING))
    assert [kinds[name].name for name in ("b", "t", "n", "l", "s")] == [
        "string",
        "timestamp",
        "null",
        "array",
        "struct",
    ]
    rows = [row.asDict(True) for row in frame.plan.df.collect()]
    assert [row["src"] for row in rows] == [lake.uri("in/a.ion")] * 2 + [lake.uri("in/b.10n")]
    assert [row["a"] for row in rows] == [
        {"decimal": None, "int": 1, "string": None},
        {"decimal": Decimal("2.5"), "int": None, "string": None},
        {"decimal": None, "int": None, "string": "z"},
    ]
    (errors,) = frame.stage_errors
    assert errors.count() == 1
    (error,) = errors.records().collect()
    assert (error["input"], error["source"], error["site"]) == ("7", lake.uri("in/a.ion"), "script.py:7")
    assert "a.ion: a top-level value must be a struct, not int" in error["msg"]


def test_values_that_no_field_can_hold_are_error_records(lake: Bucket, read: Any) -> None:
    lake.write("in/a.ion", "{a:1} {a:99999999999999999999} {a:2}")
    frame = read(lake.uri("in/"), "ion")
    assert [row["a"] for row in frame.plan.df.collect()] == [1, 2]
    (error,) = frame.stage_errors[0].records().collect()
    assert "field 'a'" in error["msg"]
    assert error["source"] == lake.uri("in/a.ion")


def test_compressed_files_and_one_that_is_cut(lake: Bucket, read: Any) -> None:
    import gzip

    whole = gzip.compress(packed([{"a": n} for n in range(100)]))
    uri = lake.write("in/a.ion.gz", whole)
    lake.write("in/b", whole)
    assert read([uri], "ion").plan.df.count() == 100
    assert read(lake.uri("in/"), "ion", {"compressionType": "gzip"}).plan.df.count() == 200
    lake.write("in/a.ion.gz", whole[:-30])
    frame = read([uri], "ion")
    with pytest.raises(SourceError, match=r"a\.ion\.gz' cannot be decompressed \(gzip\): it is cut short"):
        _ = frame.plan


def test_a_file_that_brings_a_worker_down_is_an_error_record(lake: Bucket, read: Any) -> None:
    lake.write("in/a.ion", WHOLE)
    lake.write("in/b.ion", CRASHES)
    frame = read(lake.uri("in/"), "ion")
    assert [row["a"] for row in frame.plan.df.collect()] == [1]
    (error,) = frame.stage_errors[0].records().collect()
    assert error["source"] == lake.uri("in/b.ion")


@pytest.mark.parametrize(
    ("options", "error"), [({"multiline": True}, OptionError), ({"logFormat": "x"}, OptionError)], ids=str
)
def test_ion_has_no_options_of_its_own(
    options: dict[str, Any], error: type[GlueEtlError], lake: Bucket, read: Any
) -> None:
    uri = lake.write("a.ion", "{}")
    with pytest.raises(error, match=f"{next(iter(options))!r} is not an option"):
        read(uri, "ion", **options)


def test_a_missing_library_is_named(lake: Bucket, read: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "amazon.ion", None)
    with pytest.raises(MissingExtraError, match=r"'ion' needs the package 'amazon\.ion'.*pip install"):
        read(lake.write("a.ion", "{}"), "ion")


def test_ion_is_not_written(lake: Bucket, read: Any, write: Any) -> None:
    frame = read(lake.write("a.json", '{"a":1}\n'), "json")
    with pytest.raises(OptionError, match=r"reads the format 'ion', but cannot write it"):
        write(frame, lake.uri("out/"), "ion")
