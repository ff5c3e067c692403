"""Column types of the Data Catalog."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glue_etl.engine.catalog.hive_types import (
    HIVE_ATOMS,
    columns_of,
    hive_type,
    is_hive_type,
    parse_hive_type,
    struct_of_columns,
)
from glue_etl.engine.types import tree as g
from glue_etl.errors import OptionError

READ = {
    "bigint": ("bigint", g.LONG),
    "letter case is ignored": ("BigInt", g.LONG),
    "spaces around": ("  int ", g.INT),
    "two words": ("double precision", g.DOUBLE),
    "decimal alone is Hive's": ("decimal", g.DecimalType(10, 0)),
    "decimal without a scale": ("decimal(12)", g.DecimalType(12, 0)),
    "decimal": ("decimal(12, 4)", g.DecimalType(12, 4)),
    "varchar": ("varchar(20)", g.STRING),
    "char": ("char(3)", g.STRING),
    "array": ("array<int>", g.ArrayType(g.INT)),
    "map": ("map<string,double>", g.MapType(g.DOUBLE)),
    "struct": ("struct<a:int,b:string>", g.StructType.of([("a", g.INT), ("b", g.STRING)])),
    "names keep their case": ("struct<OrderId:int>", g.StructType.of([("OrderId", g.INT)])),
    "names with any character": (
        "struct<@id:string,my-field:int,$t.x y:bigint>",
        g.StructType.of([("@id", g.STRING), ("my-field", g.INT), ("$t.x y", g.LONG)]),
    ),
    "quoted names": ("struct<`a b`:int>", g.StructType.of([("a b", g.INT)])),
    "nested": (
        "array<struct<sku:string,tags:map<string,array<decimal(5,2)>>>>",
        g.ArrayType(g.StructType.of([("sku", g.STRING), ("tags", g.MapType(g.ArrayType(g.DecimalType(5, 2))))])),
    ),
    "empty struct": ("struct<>", g.StructType()),
    "union": ("uniontype<int,string>", g.ChoiceType((g.INT, g.STRING))),
}


@pytest.mark.parametrize(("text", "kind"), READ.values(), ids=READ.keys())
def test_a_type_is_read(text: str, kind: g.GlueType) -> None:
    assert parse_hive_type(text) == kind


WRONG = {
    "no type": "",
    "unknown": "bigserial",
    "open": "array<int",
    "too much": "int>",
    "no value": "map<string>",
    "no name": "struct<:int>",
    "no type of a field": "struct<a>",
    "bad decimal": "decimal(39,2)",
    "scale over precision": "decimal(3,4)",
    "three numbers": "decimal(3,2,1)",
    "letters for a number": "decimal(x)",
    "too deep": "array<" * 200 + "int" + ">" * 200,
    "many digits": "decimal(" + "9" * 5000 + ")",
}


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG.keys())
def test_what_is_no_type_is_told(text: str) -> None:
    assert not is_hive_type(text)
    with pytest.raises(OptionError, match="type"):
        parse_hive_type(text)


@settings(max_examples=200)
@given(st.text("abc<>(),:1 `structaymdeil", max_size=40))
def test_any_text_is_a_type_or_an_error_of_ours(text: str) -> None:
    try:
        kind = parse_hive_type(text)
    except OptionError:
        return
    assert isinstance(kind, g.GlueType)


_NAMES = st.text("abcxyz_@-. ", min_size=1, max_size=6).map(str.strip).filter(bool)
_ATOMS = st.sampled_from([g.BINARY, g.BOOLEAN, g.BYTE, g.DATE, g.DOUBLE, g.FLOAT, g.INT, g.LONG, g.SHORT, g.STRING])
_TYPES = st.recursive(
    st.one_of(_ATOMS, st.builds(g.DecimalType, st.integers(10, 38), st.integers(0, 10))),
    lambda inner: st.one_of(
        st.builds(g.ArrayType, inner),
        st.builds(g.MapType, inner),
        st.dictionaries(_NAMES, inner, max_size=3).map(lambda fields: g.StructType.of(fields.items())),
    ),
    max_leaves=8,
)


@settings(max_examples=200)
@given(_TYPES)
def test_a_type_is_written_as_it_is_read(kind: g.GlueType) -> None:
    assert parse_hive_type(hive_type(kind)) == kind


def test_every_atom_has_a_name_that_reads_back() -> None:
    for kind in {*HIVE_ATOMS.values(), g.UNKNOWN}:
        assert is_hive_type(hive_type(kind))


def test_a_choice_is_entered_as_a_struct() -> None:
    assert hive_type(g.ChoiceType((g.STRING, g.LONG))) == "struct<long:bigint,string:string>"


def test_columns_are_in_lower_case_and_partition_keys_left_out() -> None:
    record = g.StructType.of([("Id", g.LONG), ("Year", g.STRING), ("v", g.DOUBLE)])
    assert columns_of(record, without=["YEAR"]) == [{"Name": "id", "Type": "bigint"}, {"Name": "v", "Type": "double"}]


def test_a_column_of_no_type_is_named() -> None:
    columns = [{"Name": "a", "Type": "int"}, {"Name": "b", "Type": "bigserial"}]
    with pytest.raises(OptionError, match=r"The column 'b' of db\.t has the type 'bigserial'.*Available: .*bigint"):
        struct_of_columns(columns, "db.t")
