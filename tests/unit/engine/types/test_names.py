"""Type names as scripts write them: whatever a script says, it is a type or an OptionError, and types are read back."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glue_etl.engine.types import tree as g
from glue_etl.engine.types.names import parse_type
from glue_etl.errors import OptionError

NAMED = [atom for atom in g.ATOMS.values() if atom != g.UNKNOWN]
_DECIMALS = st.integers(1, 38).flatmap(lambda p: st.builds(g.DecimalType, st.just(p), st.integers(0, p)))


def _containers(inner: st.SearchStrategy[g.GlueType]) -> st.SearchStrategy[g.GlueType]:
    fields = st.dictionaries(st.text(max_size=4), inner, min_size=1, max_size=3)
    return st.one_of(
        inner.map(g.ArrayType),
        inner.map(g.SetType),
        inner.map(g.MapType),
        fields.map(lambda d: g.StructType.of(d.items())),
    )


TYPES = st.recursive(st.sampled_from(NAMED) | _DECIMALS, _containers, max_leaves=6)


def written(kind: g.GlueType) -> str:
    """The name of a type, with all that belongs to it."""
    if isinstance(kind, g.DecimalType):
        return f"decimal({kind.precision},{kind.scale})"
    if isinstance(kind, (g.ArrayType, g.SetType)):
        return f"{kind.name}<{written(kind.element)}>"
    if isinstance(kind, g.MapType):
        return f"map<string,{written(kind.value)}>"
    if isinstance(kind, g.StructType):
        fields = ["`" + field.name.replace("`", "``") + "`:" + written(field.type) for field in kind]
        return f"struct<{','.join(fields)}>"
    return kind.name


TYPE_NAMES = {
    "int": ("int", g.INT),
    "Hive's bigint": ("bigint", g.LONG),
    "capital letter": ("String", g.STRING),
    "decimal with digits": ("decimal(12, 3)", g.DecimalType(12, 3)),
    "decimal with one digit": ("decimal(12)", g.DecimalType(12, 0)),
    "varchar": ("varchar(20)", g.STRING),
    "bare struct": ("struct", g.StructType()),
    "bare array": ("array", g.ArrayType(g.UNKNOWN)),
    "array of": ("array<int>", g.ArrayType(g.INT)),
    "map of": ("map<string,array<double>>", g.MapType(g.ArrayType(g.DOUBLE))),
    "struct of": ("struct<a:int,`b c`:string>", g.StructType.of([("a", g.INT), ("b c", g.STRING)])),
}


@pytest.mark.parametrize(("text", "expected"), TYPE_NAMES.values(), ids=TYPE_NAMES.keys())
def test_type_names(text: str, expected: g.GlueType) -> None:
    assert parse_type(text) == expected


@pytest.mark.parametrize(
    "text", ["", "wobble", "array<int", "decimal(99)", "decimal(5,9)", "int int", "struct<a>", "a-b"]
)
def test_a_wrong_type_name_is_named(text: str) -> None:
    with pytest.raises(OptionError, match="is not a data type"):
        parse_type(text)


@given(TYPES)
def test_a_written_type_is_read_back(kind: g.GlueType) -> None:
    assert parse_type(written(kind)) == kind
    assert parse_type(f"  {written(kind)} ") == kind


@given(st.text() | st.text(alphabet="arystructintmpdecl<>(),:` 09²", max_size=40))
def test_any_text_is_a_type_or_an_option_error(text: str) -> None:
    with contextlib.suppress(OptionError):
        assert isinstance(parse_type(text), g.GlueType)


@pytest.mark.parametrize("name", ["Int", "STRING", "Timestamp", "DECIMAL(10,2)", "Array<Struct<a:INT>>"])
def test_letter_case_is_ignored(name: str) -> None:
    assert parse_type(name) == parse_type(name.lower())


HARD = {
    "a thousand levels": "array<" * 1000 + "int" + ">" * 1000,
    "five thousand digits": f"decimal({'9' * 5000})",
    "a digit that is no number": "decimal(²)",
    "a back-tick that is not closed": "struct<`a:int>",
    "three numbers": "decimal(1,1,1)",
    "a map without a value": "map<string>",
}


@pytest.mark.parametrize("text", HARD.values(), ids=HARD.keys())
def test_hard_texts_are_option_errors(text: str) -> None:
    with pytest.raises(OptionError, match="data type"):
        parse_type(text)
