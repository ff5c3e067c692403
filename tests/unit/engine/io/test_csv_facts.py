"""What is known of a CSV file before it is parsed: UTF-8, and one number of fields for all records."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from glue_etl.engine.io import csv_facts
from glue_etl.engine.io.csv_facts import Facts, facts_of
from glue_etl.engine.io.csv_heads import Dialect
from glue_etl.engine.io.listing import SourceFile

HEADER = Dialect(header=True)
CASES = {
    "even": (b"a,b\n1,2\n3,4\n", HEADER, Facts(True, 2)),
    "the header does not count": (b"a,b\n1,2,\n3,4,\n", HEADER, Facts(True, 3)),
    "without a header the first line counts": (b"a,b\n1,2,\n", Dialect(), Facts(True, None)),
    "a short record": (b"a,b\n1,2\n1\n", HEADER, Facts(True, None)),
    "a long record": (b"a,b\n1,2\n1,2,3\n", HEADER, Facts(True, None)),
    "a short last record without a line end": (b"a,b\n1,2\n1", HEADER, Facts(True, None)),
    "blank lines are no records": (b"\na,b\n\n1,2\r\n\r\n", HEADER, Facts(True, 2)),
    "one field": (b"a\n1\n2\n", HEADER, Facts(True, 1)),
    "only a header": (b"a,b\n", HEADER, Facts(True, None)),
    "empty": (b"", HEADER, Facts(True, None)),
    "a quote": (b'a,b\n"1",2\n', HEADER, Facts(True, None)),
    "a quote where quoting is off": (b'a,b\n"1",2\n', Dialect(quote="", header=True), Facts(True, 2)),
    "an escape character": (b"a,b\n1\\,2\n", Dialect(escaper="\\", header=True), Facts(True, None)),
    "a lone carriage return": (b"a,b\n1,2\r3,4\n", HEADER, Facts(True, None)),
    "UTF-8": ("a,b\nß,€\n".encode(), HEADER, Facts(True, 2)),
    "not UTF-8": ("a,b\nß,2\n".encode("latin-1"), HEADER, Facts(False, 2)),
    "a character cut at the end": ("a,b\n1,€".encode()[:-1], HEADER, Facts(False, 2)),
    "several characters between fields": (b"a||b\n1||2\n", Dialect("||", header=True), Facts(True, None)),
}


def source(path: Path) -> SourceFile:
    return SourceFile(path.as_uri(), path.stat().st_size, path.as_uri(), path)


@pytest.mark.parametrize("chunk", [1, 2, 5, 1 << 20])
@pytest.mark.parametrize(("content", "dialect", "expected"), CASES.values(), ids=CASES.keys())
def test_facts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, dialect: Dialect, expected: Facts, chunk: int
) -> None:
    monkeypatch.setattr(csv_facts, "_CHUNK", chunk)
    file = tmp_path / "a.csv"
    file.write_bytes(content)
    assert facts_of(source(file), dialect) == expected


def test_nothing_is_known_of_a_compressed_file(tmp_path: Path) -> None:
    file = tmp_path / "a.csv.gz"
    file.write_bytes(b"a,b\n1,2\n")
    assert facts_of(source(file), HEADER) == Facts(False, None)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=30), st.integers(1, 16))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_even_means_one_number_of_separators(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, separators: list[int], chunk: int
) -> None:
    monkeypatch.setattr(csv_facts, "_CHUNK", chunk)
    file = tmp_path / "a.csv"
    file.write_bytes(b"".join(b"x" + b"," * count + b"\n" for count in separators))
    expected = separators[0] + 1 if len(set(separators)) == 1 else None
    assert facts_of(source(file), Dialect()).fields == expected
