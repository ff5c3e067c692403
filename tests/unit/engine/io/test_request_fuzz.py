"""Whatever a script writes into its options: they are understood, or refused with a reason."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from glue_etl.engine.io import registry
from glue_etl.engine.io.request import read_request, write_request
from glue_etl.engine.jvm.values import JsonOptions
from glue_etl.errors import GlueEtlError

LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=6),
    st.sampled_from(["s3://b/x/", "true", "inPartition", "gzip", "1048576", '["a"]', "**.csv", "\0"]),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=4,
)
FORMATS = st.sampled_from([*registry.FORMATS, *registry.KNOWN_FORMATS, "nonesuch", "", None])
TYPES = st.sampled_from([*registry.CONNECTION_TYPES, *registry.OTHER_CONNECTION_TYPES, "nonesuch"])
NAMES = sorted(
    {*registry.S3_READ, *registry.S3_WRITE}
    | {name for entry in registry.FORMATS.values() for name in (*entry.read, *entry.write)}
)
OPTIONS = st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=4), VALUES, max_size=3)
PLACE = st.sampled_from([{}, {"paths": ["s3://b/x/"]}, {"path": "s3://b/x/"}, {"paths": "s3://b/x/"}])


@given(st.text(max_size=30) | VALUES.map(lambda value: json.dumps(value)))
def test_the_text_of_options(text: str) -> None:
    try:
        options = JsonOptions(text)
    except GlueEtlError as error:
        assert str(error)
    else:
        assert all(isinstance(name, str) for name in options)


@given(TYPES, PLACE, OPTIONS, FORMATS, OPTIONS)
def test_what_a_source_is_asked_for(
    kind: str, place: dict[str, Any], options: dict[str, Any], fmt: str | None, format_options: dict[str, Any]
) -> None:
    try:
        request = read_request(kind, {**place, **options}, fmt, format_options)
    except GlueEtlError as error:
        assert str(error)
    else:
        assert request.paths
        assert request.format in registry.FORMATS


@given(TYPES, PLACE, OPTIONS, FORMATS, OPTIONS)
def test_what_a_sink_is_asked_for(
    kind: str, place: dict[str, Any], options: dict[str, Any], fmt: str | None, format_options: dict[str, Any]
) -> None:
    try:
        request = write_request(kind, {**place, **options}, fmt, format_options)
    except GlueEtlError as error:
        assert str(error)
    else:
        assert request.path
        assert request.format in registry.FORMATS
