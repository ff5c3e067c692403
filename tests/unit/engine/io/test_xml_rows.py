"""XML text to records."""

from __future__ import annotations

import io
import math
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glue_etl.engine.io.decoded import BadRecord
from glue_etl.engine.io.xml_rows import XmlDecoder
from glue_etl.engine.io.xml_scan import RowScanner
from glue_etl.engine.io.xml_values import Texts, converted, inferred
from glue_etl.engine.types import tree as g
from glue_etl.errors import OptionError


def decode(text: str | bytes, tag: str = "rec", **options: Any) -> tuple[list[dict[str, Any]], list[BadRecord]]:
    """Records and bad records."""
    content = text.encode() if isinstance(text, str) else text
    found = list(XmlDecoder(tag, **options)(io.BytesIO(content), "s3://b/a.xml"))
    bad = [each for each in found if isinstance(each, BadRecord)]
    return [each for each in found if not isinstance(each, BadRecord)], bad


def rows(*texts: str) -> str:
    return "<root>" + "\n".join(texts) + "</root>"


PRICE = '<rec id="1"><name>a</name><price cur="USD">5</price></rec>'
READ: dict[str, tuple[str | bytes, dict[str, Any], list[Any]]] = {
    "attributes and value tag": (rows(PRICE), {}, [{"_id": 1, "name": "a", "price": {"_cur": "USD", "_VALUE": 5}}]),
    "attributes left out": (rows(PRICE), {"attribute_prefix": None}, [{"name": "a", "price": 5}]),
    "other prefix and tag": (
        rows(PRICE),
        {"attribute_prefix": "@", "value_tag": "#text"},
        [{"@id": 1, "name": "a", "price": {"@cur": "USD", "#text": 5}}],
    ),
    "repeated children": (rows("<rec><t>1</t><t>x</t><t/></rec>"), {}, [{"t": [1, "x", None]}]),
    "one and many": (rows("<rec><t>1</t></rec>", "<rec><t>1</t><t>2</t></rec>"), {}, [{"t": 1}, {"t": [1, 2]}]),
    "repeated structs": (
        rows('<rec><t a="1"/><t><u>2</u></t></rec>'),
        {},
        [{"t": [{"_a": 1}, {"u": 2}]}],
    ),
    "empty elements": (rows('<rec><a/><b></b><c k="v"/></rec>'), {}, [{"a": None, "b": None, "c": {"_k": "v"}}]),
    "rows without anything": (rows("<rec></rec>", "<rec> </rec >"), {"texts": Texts(blank_is_null=True)}, [{}, {}]),
    "text beside children": (rows("<rec>x<a>1</a>y</rec>"), {}, [{"a": 1, "_VALUE": "xy"}]),
    "a row of text": (rows("<rec>5</rec>", '<rec k="v">t</rec>'), {}, [{"_VALUE": 5}, {"_k": "v", "_VALUE": "t"}]),
    "CDATA": (rows("<rec><a><![CDATA[<rec>&amp;</rec>]]></a></rec>"), {}, [{"a": "<rec>&amp;</rec>"}]),
    "entities": (rows("<rec><a>&lt;&amp;&#233;&#x20AC;</a></rec>"), {}, [{"a": "<&é€"}]),
    "comments": (rows("<!-- <rec><a>0</a></rec> --><rec><!-- </rec> --><a>1<!-- 2 -->3</a></rec>"), {}, [{"a": 13}]),
    "processing instructions": (rows("<?x <rec> ?><rec><?y </rec>?><a>1</a></rec>"), {}, [{"a": 1}]),
    "prefixes as written": (
        '<r xmlns:n="u"><n:rec n:k="1"><n:a>2</n:a></n:rec><rec/></r>',
        {"tag": "n:rec"},
        [{"_n:k": 1, "n:a": 2}],
    ),
    "longer names": (rows("<record><a>1</a></record><rec><a>2</a></rec><rec.x/>"), {}, [{"a": 2}]),
    "a row in a row": (rows("<rec><a>1</a><rec><a>2</a></rec><rec/></rec>"), {}, [{"a": 1, "rec": [{"a": 2}, None]}]),
    "at any depth": ("<r><x><rec><a>1</a></rec></x><y><z><rec><a>2</a></rec></z></y></r>", {}, [{"a": 1}, {"a": 2}]),
    "rows alone": ("<rec><a>1</a></rec><rec><a>2</a></rec>", {}, [{"a": 1}, {"a": 2}]),
    "the root is the row": ("<?xml version='1.0'?>\n<rec\n k='>'\n><a>1</a></rec>\n", {}, [{"_k": ">", "a": 1}]),
    "surrounding spaces": (rows("<rec><a> x </a><b>\n5\n</b></rec>"), {}, [{"a": " x ", "b": "\n5\n"}]),
    "surrounding spaces ignored": (
        rows('<rec k=" 1 "><a> x </a><b>\n5\n</b><c> </c></rec>'),
        {"texts": Texts(strip=True)},
        [{"_k": 1, "a": "x", "b": 5, "c": None}],
    ),
    "blanks": (rows("<rec><a> </a><b/></rec>"), {}, [{"a": " ", "b": None}]),
    "blanks as nulls": (rows("<rec><a> </a></rec>"), {"texts": Texts(blank_is_null=True)}, [{"a": None}]),
    "UTF-8 with a mark": (b"\xef\xbb\xbf" + rows("<rec><a>é</a></rec>").encode(), {}, [{"a": "é"}]),
    "UTF-16 with a mark": (rows("<rec><a>é€😀</a></rec>").encode("utf-16"), {}, [{"a": "é€😀"}]),
    "UTF-16 without": (rows("<rec><a>é</a></rec>").encode("utf-16-be"), {}, [{"a": "é"}]),
    "UTF-16 by option": (rows("<rec><a>é</a></rec>").encode("utf-16-be"), {"encoding": "UTF-16"}, [{"a": "é"}]),
    "declared": (
        ('<?xml version="1.0" encoding="ISO-8859-1"?>' + rows("<rec><a>é</a></rec>")).encode("latin-1"),
        {},
        [{"a": "é"}],
    ),
    "by option": (rows("<rec><a>€</a></rec>").encode("cp1252"), {"encoding": "windows-1252"}, [{"a": "€"}]),
    "option before declaration": (
        ('<?xml version="1.0" encoding="ISO-8859-1"?>' + rows("<rec><a>é</a></rec>")).encode(),
        {"encoding": "UTF-8"},
        [{"a": "é"}],
    ),
    "declared entities": (
        '<!DOCTYPE r [<!ENTITY co "A &amp; &quot;B &#37;&#38;lt;"><!-- <rec> -->]><r><rec><a>&co;</a></rec></r>',
        {},
        [{"a": 'A & "B %<'}],
    ),
    "nothing": ("", {}, []),
    "no such element": ("<r><a>1</a></r>", {}, []),
    "no XML at all": ("id,name\n1,a\n", {}, []),
    "huge text": (rows(f"<rec><a>{'x' * 10_000_000}</a></rec>", PRICE), {"attribute_prefix": None}, []),
}


@pytest.mark.parametrize("name", READ)
def test_records_of_a_text(name: str) -> None:
    content, options, expected = READ[name]
    records, bad = decode(content, **options)
    if name == "huge text":
        expected = [{"a": "x" * 10_000_000}, {"name": "a", "price": 5}]
    assert records == expected
    self_closing = name == "prefixes as written"
    assert bad == [] or self_closing


GOOD = "<rec><a>1</a></rec>"
BAD: dict[str, tuple[str | bytes, list[Any], list[tuple[str, int | None]]]] = {
    "mismatched tag": (rows("<rec><a>1</b></rec>", GOOD), [{"a": 1}], [("mismatched tag", 6)]),
    "in the middle": (rows(GOOD, "<rec>&</rec>", GOOD), [{"a": 1}, {"a": 1}], [("not well-formed", 26)]),
    "self-closing row": (rows('<rec k="1"/>', GOOD), [{"a": 1}], [("self-closing", 6)]),
    "last row cut short": (rows(GOOD) + "<rec><a>2", [{"a": 1}], [("end tag </rec> is missing", 32)]),
    "end tag missing": (rows("<rec><a>0</a>", GOOD, GOOD), [{"a": 1}, {"a": 1}], [("end tag </rec> is missing", 6)]),
    "end tags missing": (
        rows("<rec><a>0</a>", "<rec><a>0</a>", GOOD),
        [{"a": 1}],
        [("end tag </rec> is missing", 6), ("end tag </rec> is missing", 20)],
    ),
    "start tag missing": (rows("<a>0</a></rec>", GOOD), [{"a": 1}], [("without its start tag", 14)]),
    "open quote": (rows('<rec k="1><a>0</a></rec>', GOOD), [{"a": 1}], [("not well-formed", 6)]),
    "open comment": (rows("<rec><!-- <a>0</a></rec>", GOOD), [{"a": 1}], [("not well-formed", 6)]),
    "comment without end": (rows(GOOD, "<!-- ", GOOD), [{"a": 1}], [("where --> should come", 26)]),
    "not UTF-8": (b"<r><rec><a>\xe9</a></rec>" + GOOD.encode(), [{"a": 1}], [("not UTF-8: byte 0xe9 at byte 8", 3)]),
    "half a UTF-16 character": (
        rows(GOOD, "<rec>*</rec>").encode("utf-16-le").replace(b"*\0", b"\0\xdc"),
        [{"a": 1}],
        [("not well-formed", None)],
    ),
    "entity not declared": (rows("<rec>&x;</rec>", GOOD), [{"a": 1}], [("undefined entity", 6)]),
    "entity outside the file": (
        '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/hostname">]><r><rec>&x;</rec>' + GOOD,
        [{"a": 1}],
        [("undefined entity", 59)],
    ),
    "encoding not known": ('<?xml version="1.0" encoding="klingon"?>' + GOOD, [], [("'klingon' is not known", 0)]),
}


@pytest.mark.parametrize("name", BAD)
def test_broken_rows_are_set_aside(name: str) -> None:
    content, expected, faults = BAD[name]
    records, bad = decode(content)
    assert records == expected
    assert [each.position for each in bad] == [position for _, position in faults]
    for each, (words, _) in zip(bad, faults, strict=True):
        assert words in each.error


def test_a_broken_row_shows_what_was_read() -> None:
    [bad] = decode(rows('<rec k="1"><a>2</a><b>x</c></rec>'))[1]
    assert (bad.input, bad.partial) == ('<rec k="1"><a>2</a><b>x</c></rec>', '{"_k": 1, "a": 2}')


def test_many_broken_rows() -> None:
    records, bad = decode(rows(*["<rec><a></rec>", GOOD, GOOD] * 3000))
    assert (len(records), len(bad)) == (6000, 3000)


@pytest.mark.parametrize("share", [2, 3, 10])
def test_rows_some_of_which_are_alike(share: int) -> None:
    texts = [f"<rec><a>{n}</a>{'<!-- -->' * (n % share == 0)}</rec>" for n in range(4000)]
    assert decode(rows(*texts)) == ([{"a": n} for n in range(4000)], [])


def test_entities_do_not_grow_without_bounds() -> None:
    levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    bomb = f'<!DOCTYPE r [<!ENTITY e0 "ha">{levels}]><r><rec>&e11;</rec>{GOOD}</r>'
    records, [bad] = decode(bomb)
    assert records == [{"a": 1}]
    assert "amplification" in bad.error


TEXTS: dict[str, Any] = {
    "": None,
    "5": 5,
    "-5": -5,
    "+5": 5,
    "007": 7,
    "2147483648": 2147483648,
    "9223372036854775808": 9223372036854775808.0,
    "1" * 5000: "1" * 5000,
    "1.50": 1.5,
    ".5": 0.5,
    "-1e3": -1000.0,
    "1e999": "1e999",
    "1_000": "1_000",
    "٣": "٣",
    "²": "²",
    "1d": "1d",
    "-": "-",
    "1.2.3": "1.2.3",
    "true": True,
    "FALSE": False,
    "yes": "yes",
    "Infinity": math.inf,
    "nan": "nan",
    "2024-01-31": "2024-01-31",
    " 5": " 5",
}


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text[:25] or "empty")
def test_what_a_text_is(text: str) -> None:
    found = inferred(text)
    assert (found, type(found)) == (TEXTS[text], type(TEXTS[text]))


PAIR = g.StructType.of([("_k", g.INT), ("_VALUE", g.STRING)])
CASTS: list[tuple[str, Any, g.GlueType, Any]] = [
    ("text", "5", g.STRING, "5"),
    ("int", " 5 ", g.INT, 5),
    ("no int", "x", g.INT, None),
    ("too large for an int", "2147483648", g.INT, None),
    ("long", "2147483648", g.LONG, 2147483648),
    ("byte", "128", g.BYTE, None),
    ("short", "-32768", g.SHORT, -32768),
    ("double", "1e3", g.DOUBLE, 1000.0),
    ("float", "0.1", g.FLOAT, 0.10000000149011612),
    ("too large for a float", "1e39", g.FLOAT, None),
    ("no double", "1_0", g.DOUBLE, None),
    ("boolean", "TRUE", g.BOOLEAN, True),
    ("no boolean", "yes", g.BOOLEAN, None),
    ("decimal", "1.005", g.DecimalType(5, 2), Decimal("1.01")),
    ("decimal too long", "12345.6", g.DecimalType(5, 2), None),
    ("no decimal", "x", g.DecimalType(5, 2), None),
    ("date", "2024-01-31", g.DATE, date(2024, 1, 31)),
    ("no date", "2024-02-31", g.DATE, None),
    ("timestamp", "2024-01-31T01:02:03Z", g.TIMESTAMP, datetime(2024, 1, 31, 1, 2, 3, tzinfo=UTC)),
    ("binary", "é", g.BINARY, b"\xc3\xa9"),
    ("one of many", "5", g.ArrayType(g.INT), [5]),
    ("many", ["5", None, "x"], g.ArrayType(g.INT), [5, None, None]),
    ("many where one is asked for", ["5", "6"], g.INT, 6),
    ("text of a struct", "5", PAIR, {"_k": None, "_VALUE": "5"}),
    ("struct", {"_k": "1", "_VALUE": "5", "more": "x"}, PAIR, {"_k": 1, "_VALUE": "5"}),
    ("struct as text", {"_k": "1", "_VALUE": "5"}, g.STRING, "5"),
    ("map", {"a": "1", "b": "2"}, g.MapType(g.INT), {"a": 1, "b": 2}),
    ("number of a choice", "5", g.ChoiceType((g.INT, g.STRING)), 5),
    ("text of a choice", "x", g.ChoiceType((g.INT, g.STRING)), "x"),
    ("struct of a choice", {"_k": "1"}, g.ChoiceType((PAIR, g.STRING)), {"_k": 1, "_VALUE": None}),
    ("null", None, g.INT, None),
]


@pytest.mark.parametrize(("value", "kind", "expected"), [pytest.param(*row[1:], id=row[0]) for row in CASTS])
def test_values_of_a_given_type(value: Any, kind: g.GlueType, expected: Any) -> None:
    assert converted(value, kind, "_VALUE") == expected


def test_records_of_a_given_schema() -> None:
    schema = g.StructType.of([("name", g.STRING), ("price", g.STRING), ("more", g.INT)])
    records, bad = decode(rows(PRICE), texts=Texts(infer=False), attribute_prefix=None, schema=schema)
    assert (records, bad) == ([{"name": "a", "price": "5", "more": None}], [])


def test_an_unknown_encoding_of_the_script() -> None:
    from glue_etl.engine.io.xml_prolog import codec_name

    for name in ("klingon", "base64", "x\0"):
        with pytest.raises(OptionError, match="is not known"):
            codec_name(name)


ALIKE: dict[str, tuple[str, dict[str, Any]]] = {
    "children": ("<rec><a>{0}</a><b>{1}</b></rec>", {}),
    "attributes": ("<rec k='{0}' l=\"{1}\"><a>{0}</a></rec>", {}),
    "attributes left out": ("<rec k='{0}'><a l='x'>{1}</a></rec>", {"attribute_prefix": None}),
    "text beside attributes": ("<rec><a k='{0}'>{1}</a><b l='x'/></rec>", {}),
    "repeated": ("<rec><a>{0}</a><a>{1}</a><b/><b></b></rec>", {}),
    "nested": ("<rec><s><a>{0}</a><t u='{1}'><a>{0}</a></t></s><s>{1}</s></rec>", {}),
    "a name twice": ("<rec k='{0}'><k>{0}</k><_k>{1}</_k></rec>", {}),
    "names of one field": ("<rec k='{0}'><k>{1}</k></rec>", {"attribute_prefix": ""}),
    "spread over lines": ("<rec\n k = '{0}' >\n <a >{1}</a >\n</rec >", {}),
    "texts beside children": ("<rec>{0}<a>{1}</a></rec>", {}),
    "stripped": ("<rec><a>{0}</a><b k='{1}'>{0}</b></rec>", {"texts": Texts(strip=True)}),
    "blanks as nulls": ("<rec><a>{0}</a><b k='{1}'>{0}</b></rec>", {"texts": Texts(blank_is_null=True)}),
    "texts alone": ("<rec><a>{0}</a><b>{1}</b></rec>", {"texts": Texts(infer=False)}),
}
VALUES = ["", " ", "5", "-7", "1.5", "x", " x ", "true", "True ", "NaN", "é", "\u00a0", "a&amp;lt;b", "&#65;", "]]&gt;"]
VALUES += ["\t", "\r\n", ">", "]]>", "\x01", "\ufffe", "&x;", "9" * 19, "007", "1e5", "<!-- -->", "<c/>", "12.", "+5"]


@pytest.mark.parametrize("name", ALIKE)
def test_rows_that_are_alike_are_read_as_each_alone(name: str) -> None:
    layout, options = ALIKE[name]
    given_rows = [layout.format(*pair) for value in VALUES for pair in ((value, "1"), ("x", value), (value, value))]
    alone = [decode(row, **options) for row in given_rows]
    records, bad = decode(rows(*given_rows), **options)
    assert repr(records) == repr([record for each in alone for record in each[0]])
    assert sorted(each.input or "" for each in bad) == sorted(fault.input or "" for each in alone for fault in each[1])
    assert {each.error.split(" at ")[0] for each in bad} == {
        fault.error.split(" at ")[0] for each in alone for fault in each[1]
    }


NAMES = st.sampled_from(["a", "b", "n:c", "d.e", "é"])
WORDS = st.one_of(
    st.integers(-(1 << 40), 1 << 40),
    st.booleans(),
    st.text(
        st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"), max_size=8
    ),
)
ELEMENTS = st.recursive(WORDS, lambda inner: st.dictionaries(NAMES, inner, min_size=1, max_size=3), max_leaves=6)
RECORDS = st.lists(st.dictionaries(NAMES, ELEMENTS, min_size=1, max_size=4), max_size=5)


def xml_of(name: str, value: Any) -> str:
    if isinstance(value, dict):
        return f"<{name}>{''.join(xml_of(*each) for each in value.items())}</{name}>"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"<{name}>{escape(text)}</{name}>"


def as_read(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: as_read(each) for name, each in value.items()}
    return inferred(value) if isinstance(value, str) else value


@settings(max_examples=100, deadline=None)
@given(RECORDS, st.sampled_from(["", "\n  ", "<!-- <rec> -->"]), st.sampled_from(["utf-8", "utf-16"]))
def test_what_was_written_is_read(records: list[dict[str, Any]], between: str, encoding: str) -> None:
    many = [record for record in records for _ in range(3)]
    text = "<root>" + between.join(xml_of("rec", record) for record in many) + "</root>"
    assert decode(text.encode(encoding)) == ([as_read(record) for record in many], [])


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(NAMES, st.text(st.characters(codec="ascii", min_codepoint=32), max_size=5), min_size=1))
def test_attributes_that_were_written_are_read(attributes: dict[str, str]) -> None:
    text = "<rec " + " ".join(f"{name}={quoteattr(value)}" for name, value in attributes.items()) + "></rec>"
    assert decode(text) == ([{"_" + name: inferred(value) for name, value in attributes.items()}], [])


TOKENS = b"<rec> </rec> <rec/> <a> </a> <!-- --> <![CDATA[ ]]> <? ?> x & &lt; \xff \0 \" '> > < ]".split(b" ")
PIECES = st.sampled_from([*TOKENS, b" ", b"<rec k='", b"<!DOCTYPE r [", b'<!ENTITY x "y">'])


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=60), st.lists(PIECES, max_size=25).map(b"".join)))
def test_any_bytes_give_records_or_bad_records(content: bytes) -> None:
    records, bad = decode(content)
    assert all(isinstance(each, dict) for each in records)
    assert all(each.error for each in bad)


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES, max_size=25).map(b"".join), st.lists(st.integers(1, 40), min_size=1))
def test_rows_do_not_depend_on_the_size_of_blocks(content: bytes, sizes: list[int]) -> None:
    blocks, at = [], 0
    while at < len(content):
        blocks.append(content[at : at + sizes[len(blocks) % len(sizes)]])
        at += len(blocks[-1])
    whole = [(span.position, span.fault, not span.fault and span.text) for span in RowScanner("rec").spans([content])]
    parts = [(span.position, span.fault, not span.fault and span.text) for span in RowScanner("rec").spans(blocks)]
    assert parts == whole
