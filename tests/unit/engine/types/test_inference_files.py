"""Surveying lines straight from files gives what surveying them one by one gives."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from glue_etl.engine.types import inference_files, json_verify
from glue_etl.engine.types import tree as g
from glue_etl.engine.types.inference import Survey, _merged
from glue_etl.engine.types.inference_files import LocalFile, Piece, cut, survey_pieces
from glue_etl.engine.types.inference_worker import FIRST, Segment


def put(folder: Path, content: bytes, name: str = "a.json") -> LocalFile:
    path = folder / name
    path.write_bytes(content)
    return LocalFile(path.as_uri(), str(path), len(content))


def one_by_one(content: bytes) -> Survey:
    """Every line decoded in Python, as Hadoop's line reader cuts them."""
    lines = re.split(rb"\r\n|\r|\n", content.removeprefix(b"\xef\xbb\xbf"))
    if not lines[-1]:
        lines.pop()
    filled = [line for line in lines if line]
    segment = Segment("a", 0, blank=len(lines) - len(filled))
    if filled:
        segment.decode(pa.array(filled, pa.binary()))
    return _merged([segment.report()])


def surveyed(files: list[LocalFile], cores: int = 1) -> Survey:
    return _merged(row for task in cut(files, cores) for row in survey_pieces(task))


def assert_same(found: Survey, expected: Survey) -> None:
    """Strings that nobody looked at may make a field murky without need, never the reverse."""
    assert found.murky >= expected.murky
    assert replace(found, murky=frozenset()) == replace(expected, murky=frozenset())


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks, pieces and first lines so small that short files have many of them."""
    monkeypatch.setattr(inference_files, "_BLOCK", 16)
    monkeypatch.setattr(inference_files, "_SMALLEST", 40)
    monkeypatch.setattr(inference_files, "_OPENING", 4)
    monkeypatch.setattr(inference_files, "FIRST", 2)
    monkeypatch.setattr("glue_etl.engine.types.inference_worker.FIRST", 2)


FRAMES: dict[str, bytes] = {
    "nothing": b"",
    "only line ends": b"\n\r\n\r\n\n",
    "no line end at all": b'{"a":1}',
    "no line end at the end": b'{"a":1}\n{"a":2}',
    "one blank line at the end": b'{"a":1}\n\n',
    "CRLF": b'{"a":1}\r\n{"a":2}\r\n' * 9,
    "CR": b'{"a":1}\r{"a":2}\r' * 9,
    "CR at the very end": b'{"a":1}\n{"a":2}\r',
    "CR inside a record": b'{"a":\r1}\n' * 9,
    "mixed line ends": b'{"a":1}\r\r\n{"a":2}\n\r{"a":3}\n\n{"a":4}\r' * 5,
    "byte order mark": b'\xef\xbb\xbf{"a":1}\n{"a":2}\n',
    "byte order mark before a long line": b'\xef\xbb\xbf{"a":"' + b"x" * 90 + b'"}\n{"a":2}\n',
    "byte order mark within": b'{"a":1}\n\xef\xbb\xbf{"a":2}\n',
    "nothing but a byte order mark": b"\xef\xbb\xbf",
    "long lines": b'{"a":"' + b"y" * 200 + b'"}\n{"a":"' + b"z" * 300 + b'"}\n{"b":1}\n',
    "not UTF-8": b'{"a":"x"}\n' * 9 + b'{"a":"\xff"}\n' + b'{"a":"x"}\n' * 9,
    "records that share a line": b'{"a":1}\n' * 9 + b'{"a":1}{"a":2}\n' + b'{"a":1}\n' * 9,
    "a record over two lines": b'{"a":1}\n' * 9 + b'{"a":{"b":1}\n{"b":2}}\n' + b'{"a":1}\n' * 9,
    "arrays of records": b'{"a":1}\n[{"a":2},{"b":1}]\n' * 9,
    "spaces around records": b' {"a":1} \n{"a":2}\t\n' * 9,
    "lines of spaces": b'{"a":1}\n   \n{"a":2}\n\t\n' * 9,
    "bare values": b'{"a":1}\n5\n"x"\n[1]\n' * 9,
}


@pytest.mark.parametrize("name", FRAMES)
@pytest.mark.parametrize("cores", [1, 5])
@pytest.mark.usefixtures("tiny")
def test_lines_are_what_hadoop_makes_of_the_bytes(tmp_path: Path, name: str, cores: int) -> None:
    assert_same(surveyed([put(tmp_path, FRAMES[name])], cores), one_by_one(FRAMES[name]))


MIXED: dict[str, tuple[str, str]] = {
    "int and string": ('{"a":1,"b":"x"}\n{"a":"y","b":"x"}', '{"a":2,"b":"x"}'),
    "spaces": ('{"a":1}\n{"a":"y"}', '{ "a" : 2 }'),
    "murky later": ('{"a":1}\n{"a":"y"}', '{"a":"2"}'),
    "true in quotes later": ('{"a":true}\n{"a":"y"}', '{"a":"true"}'),
    "a line end after true": ('{"a":true}\n{"a":"y"}', '{"a":"true\\n"}'),
    "long later": ('{"a":1}\n{"a":"y"}', '{"a":2147483648}'),
    "widest int later": ('{"a":1}\n{"a":"y"}', '{"a":2147483647}'),
    "int beside long": ('{"a":20000000000}\n{"a":"y"}', '{"a":1}'),
    "double later": ('{"a":1}\n{"a":"y"}', '{"a":1.5}'),
    "int beside double": ('{"a":1.5}\n{"a":"y"}', '{"a":1}'),
    "exponent beside double": ('{"a":1.5}\n{"a":"y"}', '{"a":1e5}'),
    "too large for a double": ('{"a":1.5}\n{"a":"y"}', '{"a":1e999}'),
    "leading zero": ('{"a":1}\n{"a":"y"}', '{"a":01}'),
    "boolean later": ('{"a":1}\n{"a":"y"}', '{"a":true}'),
    "null later": ('{"a":1}\n{"a":"y"}', '{"a":null}'),
    "object later": ('{"a":1}\n{"a":"y"}', '{"a":{"b":1}}'),
    "key with an escape": ('{"a":1}\n{"a":"y"}', '{"\\u0061":1.5}'),
    "equal keys": ('{"a":1}\n{"a":"y"}', '{"a":1,"a":"3"}'),
    "the mark": ('{"a":1}\n{"a":"y"}', '{"a":"\\ue0001"}'),
    "the field's text in a string": ('{"a":1,"b":"x"}\n{"a":"y","b":"x"}', '{"a":1,"b":", \\"a\\": 5 ,"}'),
    "the field's text in a key": ('{"a":1,", \\"a":"x"}\n{"a":"y"}', '{", \\"a":5}'),
    "the same name elsewhere": ('{"a":1,"o":{"a":"x"}}\n{"a":"y"}', '{"o":{"a":5}}'),
    "the name in a new object": ('{"a":1}\n{"a":"y"}', '{"o":{"a":5}}'),
    "nested": ('{"o":{"a":1}}\n{"o":{"a":"y"}}', '{"o":{"a":"3"}}'),
    "in an array of objects": ('{"o":[{"a":1},{"a":"y"}]}\n{}', '{"o":[{"a":1},{"a":"3"}]}'),
    "in an array": ('{"o":[1,"y"]}\n{}', '{"o":["3"]}'),
    "five of them": (
        '{"a":1,"b":1,"c":1,"d":1,"e":1}\n{"a":"x","b":"x","c":"x","d":"x","e":"x"}',
        '{"e":1.5}',
    ),
    "a name with a dot": ('{"a.b":1}\n{"a.b":"y"}', '{"a.b":"3","aXb":3}'),
}


@pytest.mark.parametrize("name", MIXED)
@pytest.mark.usefixtures("tiny")
def test_what_is_new_in_a_mixed_field_is_found(tmp_path: Path, name: str) -> None:
    first, late = MIXED[name]
    content = "\n".join([first, *[first] * 20, late, *[first] * 5, ""]).encode()
    assert_same(surveyed([put(tmp_path, content)]), one_by_one(content))


def test_a_mixed_field_is_checked_without_decoding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded = 0
    decode = Segment.decode

    def counted(self: Segment, lines: Any, known: g.GlueType = g.UNKNOWN) -> None:
        nonlocal decoded
        decoded += len(lines)
        decode(self, lines, known)

    monkeypatch.setattr(Segment, "decode", counted)
    content = b"".join(b'{"a":%s,"b":%d.5}\n' % (b'"x"' if i % 3 else b"%d" % i, i) for i in range(5000))
    found = surveyed([put(tmp_path, content)])
    assert found.type == g.StructType.of([("a", g.ChoiceType((g.INT, g.STRING))), ("b", g.DOUBLE)])
    assert (found.records, found.murky, decoded) == (5000, frozenset(), FIRST)


values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.integers(-5, 5),
    st.floats(allow_nan=False, allow_infinity=False).filter(lambda x: abs(x) > 1e-300 or x == 0),
    st.sampled_from(
        ["", "x", "10", "true", "[1]", "é\n", '", "a": 5, "', "-", "\ue000", [1, "x"], {"a": 1}, {"a": "x"}]
    ),
)
rows = st.dictionaries(st.sampled_from(["a", "b c", 'q"a']), values, max_size=3)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(some=st.lists(rows, min_size=1, max_size=4), late=st.lists(rows, max_size=3), cores=st.integers(1, 3))
@pytest.mark.usefixtures("tiny")
def test_any_records(tmp_path: Path, some: list[Any], late: list[Any], cores: int) -> None:
    content = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in [*some * 5, *late]).encode()
    assert_same(surveyed([put(tmp_path, content)], cores), one_by_one(content))


def test_files_are_shared_out_evenly() -> None:
    files = [LocalFile(f"f{i}", f"/f{i}", 1000) for i in range(300)] + [LocalFile("g", "/g", 90_000_000)]
    tasks = cut(files, 2)
    assert len(tasks) in (6, 7)
    pieces = [piece for task in tasks for piece in task]
    assert sum(piece.end - piece.start for piece in pieces) == sum(file.size for file in files)
    assert [piece for piece in pieces if piece.file.name == "f7"] == [Piece(files[7], 0, 1000)]
    assert cut([LocalFile("e", "/e", 0)], 2) == []


def test_the_patterns_are_plain_names_only() -> None:
    mixed = g.ChoiceType((g.INT, g.STRING))
    assert json_verify.check_of(g.StructType.of([("a", mixed)])) is not None
    assert json_verify.check_of(g.StructType.of([("a.b", mixed)])) is None
    assert json_verify.check_of(g.StructType.of([("a", mixed), ("o", g.StructType.of([("a", g.INT)]))])) is None
    assert json_verify.check_of(g.StructType.of([("a", g.ArrayType(mixed))])) is None
