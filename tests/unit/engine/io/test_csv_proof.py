"""The proof that a CSV file has no line with too many fields."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from glue_etl.engine.io import csv_proof
from glue_etl.engine.io.csv_proof import no_line_is_too_wide

CASES = {
    "as wide as allowed": (b"a,b\n1,2\n", True),
    "a short line": (b"a,b\n1\n\n", True),
    "an empty file": (b"", True),
    "no newline at the end": (b"a,b\n1,2", True),
    "a wide line": (b"a,b\n1,2,3\n", False),
    "a wide last line": (b"a,b\n1,2,3", False),
    "a quote": (b'a,b\n"1",2\n', False),
    "CRLF": (b"a,b\r\n1,2\r\n", True),
    "a lone carriage return joins two lines": (b"a,b\r1,2\r", False),
}


@pytest.mark.parametrize(("content", "expected"), CASES.values(), ids=CASES.keys())
def test_proof(tmp_path: Path, content: bytes, expected: bool) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(content)
    assert no_line_is_too_wide(file, ",", 2, '"') is expected


@given(st.lists(st.integers(0, 5), max_size=30), st.integers(1, 16))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_the_proof_agrees_with_counting_whatever_the_chunks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, separators: list[int], chunk: int
) -> None:
    monkeypatch.setattr(csv_proof, "_CHUNK", chunk)
    file = tmp_path / "a.csv"
    file.write_bytes(b"".join(b"x" + b"," * count + b"\n" for count in separators))
    assert no_line_is_too_wide(file, ",", 4, '"') is all(count < 4 for count in separators)
