"""The type of JSON lines, and parsing them into it."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from glue_etl.engine.types import json_strict
from glue_etl.engine.types import tree as g
from glue_etl.engine.types.inference import infer_lines, parse_lines, survey
from glue_etl.engine.types.json_shape import Strings, shape
from glue_etl.engine.types.json_split import stored
from glue_etl.engine.types.spark import to_spark


def choice(*kinds: g.GlueType) -> g.ChoiceType:
    return g.ChoiceType(kinds)


def one(kind: g.GlueType) -> g.StructType:
    return g.StructType.of([("a", kind)])


def typed(*values: str) -> g.GlueType:
    """The type of field `a` over records with these JSON values."""
    records = [record for value in values for record in json_strict.records_of(b'{"a":' + value.encode() + b"}")]
    found = shape(records, (), g.UNKNOWN, Strings())
    assert isinstance(found, g.StructType)
    return found.fields[0].type


TYPES: dict[str, tuple[list[str], g.GlueType]] = {
    "int": (["1", "-1", "0"], g.INT),
    "widest int": (["2147483647", "-2147483648"], g.INT),
    "first long": (["2147483648", "-2147483649"], g.LONG),
    "widest long": (["9223372036854775807", "-9223372036854775808"], g.LONG),
    "beyond 64 bits": (["9223372036854775808", "99999999999999999999"], g.DOUBLE),
    "far beyond 64 bits": (["1" + "0" * 30], g.DOUBLE),
    "double": (["1.0", "1e2", "-0.5E-3"], g.DOUBLE),
    "string": (['"x"', '""', '"2020-01-01"'], g.STRING),
    "boolean": (["true", "false"], g.BOOLEAN),
    "null everywhere": (["null", "null"], g.NULL),
    "null gives way": (["null", "1", "null"], g.INT),
    "int and long": (["1", "2147483648"], choice(g.INT, g.LONG)),
    "int and double": (["1", "1.5"], choice(g.DOUBLE, g.INT)),
    "int and string": (["1", '"x"'], choice(g.INT, g.STRING)),
    "three kinds": (["1", '"x"', "true"], choice(g.BOOLEAN, g.INT, g.STRING)),
    "struct and string": (['{"b":1}', '"x"'], choice(g.STRING, g.StructType.of([("b", g.INT)]))),
    "array and int": (["[1]", "1"], choice(g.ArrayType(g.INT), g.INT)),
    "empty array": (["[]"], g.ArrayType(g.NULL)),
    "empty object": (["{}"], g.StructType()),
    "array of nulls": (["[null]"], g.ArrayType(g.NULL)),
    "empty array first": (["[]", '["x"]'], g.ArrayType(g.STRING)),
    "array of mixed elements": (['[1,"a"]'], g.ArrayType(choice(g.INT, g.STRING))),
    "arrays of different elements": (["[1]", '["a"]'], g.ArrayType(choice(g.INT, g.STRING))),
    "array of structs": (
        ['[{"p":1},{"q":null,"p":"$1"}]'],
        g.ArrayType(g.StructType.of([("p", choice(g.INT, g.STRING)), ("q", g.NULL)])),
    ),
    "structs of different fields": (
        ['{"x":1}', '{"y":2,"x":1.5}'],
        g.StructType.of([("x", choice(g.INT, g.DOUBLE)), ("y", g.INT)]),
    ),
}


@pytest.mark.parametrize("name", TYPES)
def test_type_of_values(name: str) -> None:
    values, expected = TYPES[name]
    assert typed(*values) == expected


def test_fields_stand_in_the_order_of_first_appearance() -> None:
    found = shape([{"b": 1}, {"a": 1, "b": 2}, {"c": 1, "a": 1}], (), g.UNKNOWN, Strings())
    assert isinstance(found, g.StructType)
    assert found.names == ["b", "a", "c"]


def test_the_last_of_equal_keys_counts() -> None:
    assert json_strict.records_of(b'{"a":1,"a":"x"}') == [{"a": "x"}]


REFUSED: dict[str, tuple[bytes, str]] = {
    "NaN": (b'{"a":NaN}', "not JSON"),
    "infinity": (b'{"a":-Infinity}', "not JSON"),
    "number too large": (b'{"a":1e400}', "not JSON"),
    "lone surrogate": (b'{"a":"\\ud800"}', "not JSON"),
    "single quotes": (b"{'a':1}", "not JSON"),
    "something after the record": (b'{"a":1} x', "not JSON"),
    "two records on a line": (b'{"a":1}{"a":2}', "not JSON"),
    "leading zero": (b'{"a":01}', "not JSON"),
    "control character": (b'{"a":"\t"}', "not JSON"),
    "cut short": (b'{"a":1,', "not JSON"),
    "not UTF-8": (b'{"a":"\xe9"}', "not UTF-8: byte 0xe9 at byte 6"),
    "too deep": (b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}", "not JSON"),
    "number": (b"5", "must be a JSON object, not a bare value"),
    "array of numbers": (b"[1]", "must be a JSON object, not an array"),
}


@pytest.mark.parametrize("loads", ["installed", "standard"])
@pytest.mark.parametrize("name", REFUSED)
def test_lines_that_are_no_records(name: str, loads: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if loads == "standard":
        monkeypatch.setattr(json_strict, "loads", json_strict._standard_loads)
    line, words = REFUSED[name]
    with pytest.raises(ValueError, match=words):
        json_strict.records_of(line)


@pytest.mark.parametrize("loads", ["installed", "standard"])
def test_both_decoders_agree_on_numbers(loads: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if loads == "standard":
        monkeypatch.setattr(json_strict, "loads", json_strict._standard_loads)
    [record] = json_strict.records_of(b'{"a":1,"b":1.0,"c":1e2,"d":123456789012345678901234567890,"e":-0}')
    assert [type(value) for value in record.values()] == [int, float, float, float, int]


PREFIXES: dict[str, tuple[str, dict[str, Any]]] = {
    "cut after a comma": ('{"id": 2, "name": "ben",', {"id": 2, "name": "ben"}),
    "cut in a key": ('{"id": 2, "na', {"id": 2}),
    "cut in a string": ('{"id": 2, "name": "be', {"id": 2}),
    "cut in a number": ('{"id": 2, "n": 17', {"id": 2}),
    "cut in an object": ('{"id": 2, "o": {"x": 1', {"id": 2}),
    "cut after an object": ('{"id": 2, "o": {"x": 1}', {"id": 2, "o": {"x": 1}}),
    "no object": ("[1, 2", {}),
    "nothing": ("", {}),
    "NaN": ('{"a": 1, "b": NaN}', {"a": 1}),
}


@pytest.mark.parametrize("name", PREFIXES)
def test_what_is_complete_before_a_failure(name: str) -> None:
    text, expected = PREFIXES[name]
    assert json_strict.prefix(text) == expected


def write(path: Path, *lines: str) -> str:
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return str(path)


def test_order_of_fields_follows_files_by_path(spark: SparkSession, tmp_path: Path) -> None:
    write(tmp_path / "a.json", '{"y":1}', '{"x":1}')
    write(tmp_path / "b.json", *['{"x":1,"z":2,"y":3}'] * 50)
    found = infer_lines(spark.read.text(str(tmp_path)), "value")
    assert found.names == ["y", "x", "z"]


def test_rare_kinds_late_in_the_file_are_found(spark: SparkSession, tmp_path: Path) -> None:
    """Arrow checks what follows the first lines; whatever is new must not slip through."""
    lines = ['{"i":1,"l":5000000000,"d":1.5,"s":"x","o":{"p":2.5},"e":[],"n":null,"m":7}'] * 3000
    late = {
        1000: '{"i":3000000000}',
        1100: '{"l":1}',
        1200: '{"d":2}',
        1300: '{"s":true}',
        1400: '{"o":{"p":3,"q":1}}',
        1500: '{"e":[1]}',
        1600: '{"n":{}}',
        1700: '{"m":"7"}',
        2999: '{"new":1}',
    }
    for at, line in late.items():
        lines[at] = line
    path = write(tmp_path / "a.json", *lines)
    found = survey(spark.read.text(path), "value")
    assert found.type == g.StructType.of(
        [
            ("i", choice(g.INT, g.LONG)),
            ("l", choice(g.INT, g.LONG)),
            ("d", choice(g.DOUBLE, g.INT)),
            ("s", choice(g.BOOLEAN, g.STRING)),
            ("o", g.StructType.of([("p", choice(g.DOUBLE, g.INT)), ("q", g.INT)])),
            ("e", g.ArrayType(g.INT)),
            ("n", g.StructType()),
            ("m", choice(g.INT, g.STRING)),
            ("new", g.INT),
        ]
    )
    assert (found.records, found.bad) == (3000, 0)


def test_fast_and_slow_batches_count_alike(spark: SparkSession, tmp_path: Path) -> None:
    lines = ['{"d":1.5}'] * 500 + ['{"d":2}', "", "  ", '{"d":', '[{"d":1.5},{"d":2.5}]', "[]"] + ['{"d":1.5}'] * 500
    found = survey(spark.read.text(write(tmp_path / "a.json", *lines)), "value")
    assert (found.records, found.blank, found.bad, found.arrays) == (1003, 2, 1, 2)
    assert found.type == g.StructType.of([("d", choice(g.DOUBLE, g.INT))])


def test_no_lines_at_all(spark: SparkSession, tmp_path: Path) -> None:
    found = survey(spark.read.text(write(tmp_path / "a.json")), "value")
    assert (found.type, found.records) == (g.StructType(), 0)


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.integers(-5, 5),
    st.floats(allow_nan=False, allow_infinity=False).filter(lambda x: abs(x) > 1e-300 or x == 0),
    st.sampled_from(["", "x", "10", "1.5", "true", "null", '{"b":1}', "[1]", 'é\n"', "-", "+1", " 1", "\u2028"]),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["b", "c", "d.e"]), inner, max_size=2)
    ),
    max_leaves=6,
)


def plain(value: Any) -> Any:
    """A Spark row as the JSON value it stands for, nulls left out of objects."""
    if hasattr(value, "asDict"):
        # Not asDict(): names may repeat in value classes of Row.
        pairs = zip(value.__fields__, value, strict=True)
        return {name: plain(item) for name, item in pairs if item is not None}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: bare(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [bare(item) for item in value]
    return value


def alike(left: Any, right: Any) -> bool:
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(alike(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(alike, left, right))
    if isinstance(left, (int, float)) and isinstance(right, (int, float)):
        return bool(left == right or math.isclose(left, right, rel_tol=1e-15))
    return bool(left == right)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.dictionaries(st.sampled_from(["a", "b c", "f.g"]), values, max_size=3), min_size=1, max_size=6))
def test_every_value_comes_back_under_its_own_alternative(
    spark: SparkSession, tmp_path: Path, rows: list[dict[str, Any]]
) -> None:
    path = write(tmp_path / "a.json", *[json.dumps(row, ensure_ascii=False) for row in rows])
    lines = spark.read.text(path)
    found = survey(lines, "value")
    plan = parse_lines(lines, "value", found.type, found.murky)
    assert plan.df.schema == to_spark(found.type)
    expected = [bare(stored(json_strict.loads(json.dumps(row).encode()), found.type)) for row in rows]
    assert alike([plain(row) for row in plan.df.collect()], expected)


def test_without_a_survey_choices_are_exact_too(spark: SparkSession, tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", '{"a":10}', '{"a":"10"}', '{"a":true}', '{"a":"true"}')
    lines = spark.read.text(path)
    plan = parse_lines(lines, "value", infer_lines(lines, "value"))
    assert [plain(row)["a"] for row in plan.df.collect()] == [
        {"int": 10},
        {"string": "10"},
        {"boolean": True},
        {"string": "true"},
    ]
