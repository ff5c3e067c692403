"""Where XML files may be cut."""

from __future__ import annotations

import io
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from glue_etl.engine.io.decoded import BadRecord
from glue_etl.engine.io.xml_cuts import Cuts, find_cuts, look_through
from glue_etl.engine.io.xml_prolog import read_prolog
from glue_etl.engine.io.xml_rows import XmlDecoder

ROW = b"<rec><a>1</a></rec>"
DECODER = XmlDecoder("rec")


def cuts_of(path: Path, block: int) -> Cuts:
    content = path.read_bytes()
    prolog = read_prolog(content, None)
    starts = range(prolog.mark + prolog.start, len(content), block)
    blocks = [(at, min(at + block, len(content))) for at in starts]
    look = partial(look_through, str(path), "rec")
    return Cuts(prolog, find_cuts(blocks, [look(*each) for each in blocks], look))


def in_parts(path: Path, cuts: Cuts, size: int) -> list[Any]:
    """What the parts of a file give together."""
    found: list[Any] = []
    with path.open("rb") as stream:
        for start in range(0, max(1, path.stat().st_size), size):
            if part := cuts.between(start, start + size):
                stream.seek(part[0])
                length = None if part[1] is None else part[1] - part[0]
                found.extend(DECODER.records(stream, cuts.prolog, part[0], length))
    return found


FILES: dict[str, tuple[bytes, bool]] = {
    "rows": (b"<r>" + ROW * 20 + b"</r>", True),
    "rows in rows": (b"<r>" + (b"<rec>" + ROW * 3 + b"</rec>") * 9 + b"</r>", True),
    "one row around all": (b"<rec>" + ROW * 20 + b"</rec>", False),
    "a comment over all": (b"<r><!--" + ROW * 20 + b"--></r>", False),
    "comments": (b"<r>" + (b"<!-- <rec> -->" + ROW) * 15 + b"</r>", True),
    "attributes": (b"<r>" + b"<rec k='>' l=\"'/>\"></rec>" * 20 + b"</r>", True),
    "self-closing rows": (b"<r>" + (b"<rec k='1'/>" + ROW) * 15 + b"</r>", True),
    "Latin-1": (b'<?xml version="1.0" encoding="ISO-8859-1"?><r>' + b"<rec><a>\xe9</a></rec>" * 20 + b"</r>", True),
    "entities": (b'<!DOCTYPE r [<!ENTITY e "<rec>">]><r>' + b"<rec><a>&lt;</a></rec>" * 20 + b"</r>", True),
    "nothing": (b"", False),
}


@pytest.mark.parametrize("name", FILES)
def test_parts_give_what_the_whole_gives(name: str, tmp_path: Path) -> None:
    content, is_cut = FILES[name]
    path = tmp_path / "a.xml"
    path.write_bytes(content)
    whole = list(DECODER(io.BytesIO(content), ""))
    for block, size in ((7, 30), (50, 50), (50, 120)):
        cuts = cuts_of(path, block)
        assert bool(cuts.places) == is_cut
        assert sorted(map(repr, in_parts(path, cuts, size))) == sorted(map(repr, whole))


TOKENS = b"<rec> </rec> <rec/> <a> </a> <!-- --> <![CDATA[ ]]> <? ?> x & \xff \" '> >".split(b" ")
PIECES = st.sampled_from([*TOKENS, b" ", b"<rec k='", ROW, ROW, b"<!DOCTYPE r [", b'<!ENTITY x "<rec>">', b"]>"])


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(PIECES, max_size=30).map(b"".join), st.integers(1, 60), st.integers(1, 60))
def test_parts_of_any_file_give_what_the_whole_gives(tmp_path: Path, content: bytes, block: int, size: int) -> None:
    path = tmp_path / "a.xml"
    path.write_bytes(content)

    def plain(items: Any) -> list[str]:
        # A row that never ends is shown up to the end of its part.
        return sorted(repr((each.error, each.position) if isinstance(each, BadRecord) else each) for each in items)

    assert plain(in_parts(path, cuts_of(path, block), size)) == plain(DECODER(io.BytesIO(content), ""))
