"""The expression language of GetPartitions."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glue_etl.engine.catalog.client import LocalGlueClient
from glue_etl.engine.catalog.errors import ApiError
from glue_etl.engine.catalog.expression import parse

NULL = "__HIVE_DEFAULT_PARTITION__"
KEYS = {
    "s": "string",
    "v": "varchar(10)",
    "i": "int",
    "b": "bigint",
    "d": "date",
    "t": "timestamp",
    "c": "decimal(10,2)",
    "f": "float",
}
VALUES = {
    "s": "two",
    "v": "2",
    "i": "2",
    "b": "0002",
    "d": "2024-02-29",
    "t": "2024-02-29 10:00:00.5",
    "c": "2.60",
    "f": "1.5",
}


def judged(expression: str, **values: str) -> bool:
    chosen = parse(expression, list(KEYS.items()))
    return chosen.keeps(list({**VALUES, **values}.values()))


TRUE = [
    "i = 2",
    "i = '2'",
    "i IN (2)",
    "i in (6, '4', 2)",
    "i between 2 AND 2",
    "i > 1 AND i < 3",
    "i >= 2 and i <> 3",
    "i != 3",
    "(i) = ((2)) or ((i)) = (3)",
    "(((d)) = (DATE '2024-02-29') AND ((-3) < i))",
    "((i = 2))",
    "2 = i",
    "1 < i",
    "i IS NOT NULL and i = 2",
    "i not IN (1, 3)",
    "i NOT BETWEEN 1 AND 1 and i NOT BETWEEN 3 AND 3",
    "i > -3 AND i < +3",
    "I = 2",
    "\"i\" = 2 AND `s` = 'two'",
    "b = 2",
    "NOT i = 3",
    "NOT (i = 3 OR s = 'x')",
    "NOT NOT i = 2",
    "i = 3 AND s = 'x' OR s = 'two'",
    "i = 2 OR i = 3 AND s = 'x'",
    "s = 'two'",
    "v = 2",
    "v IN (1, 2, 3)",
    "s IN ('test', 'two', '3')",
    "s between 'twn' AND 'twp'",
    "v > '1' AND v < '3'",
    "s LIKE 'two'",
    "s LIKE 't_o'",
    "s LIKE 't__'",
    "s LIKE '%wo'",
    "s LIKE '%w%'",
    "s LIKE '%%'",
    "s NOT LIKE '%e' AND s not like '_'",
    "d = '2024-02-29'",
    "d > DATE '2024-02-28' AND d < date'2024-03-01'",
    "t > '2024-02-29 10:00:00'",
    "t = TIMESTAMP '2024-02-29 10:00:00.500000000'",
    "c = 2.6",
    "c = '2.6'",
    "c in (6, '4', 2.6)",
    "c between 2 AND 3e10",
    "c < 2.600001 AND c > .5",
    "i\n=\t2",
    "i < > 3",
]


@pytest.mark.parametrize("expression", TRUE)
def test_what_is_true(expression: str) -> None:
    assert judged(expression) is True
    assert judged(f"NOT ({expression})") is False
    assert judged(f"({expression}) AND i = 3") is False


TEXTS = {
    "a doubled quote": ("s = 'it''s'", "it's"),
    "empty": ("s = ''", ""),
    "a percent that is escaped": ("s LIKE '10!%' ESCAPE '!'", "10%"),
    "signs of regular expressions": ("s LIKE 'a.b*%'", "a.b*c"),
    "line breaks": ("s LIKE 'a%b'", "a\nb"),
    "keywords in quotes": ("s = 'AND OR NOT'", "AND OR NOT"),
    "null by its name": (f"s = '{NULL}'", NULL),
    "letters of any script": ("s > 'ä' AND s = 'žluť'", "žluť"),
}


@pytest.mark.parametrize(("expression", "value"), TEXTS.values(), ids=TEXTS.keys())
def test_texts(expression: str, value: str) -> None:
    assert judged(expression, s=value)
    assert not judged(expression, s=value + "x") or "%'" in expression


NULLS = {
    "is null": ("i IS NULL", True),
    "is not null": ("i IS NOT NULL", False),
    "equality": ("i = 2", False),
    "its negation": ("NOT i = 2", False),
    "difference": ("i <> 2", False),
    "not in": ("i NOT IN (2)", False),
    "or with what is true": ("i = 2 OR s = 'two'", True),
    "and with what is false, negated": ("NOT (i = 2 AND s = 'x')", True),
    "between": ("i BETWEEN 0 AND 9", False),
    "like": ("s NOT LIKE 'x%' AND i IS NULL", True),
}


@pytest.mark.parametrize(("expression", "expected"), NULLS.values(), ids=NULLS.keys())
def test_a_comparison_with_null_is_neither_true_nor_false(expression: str, expected: bool) -> None:
    assert judged(expression, i=NULL) is expected


BAD = {
    "unknown column": ("x = 1", r"Unknown column 'x'\. Partition keys: s, v, i.*, at position 1"),
    "column at its place": ("i = 1 AND nosuch IS NULL", "position 11"),
    "unknown type": ("f = 1.5", "Unknown type : 'float' of the partition key 'f'"),
    "text for a number": ("i = 'test'", '"test" is not an integer.*position 5'),
    "fraction for an integer": ("i in (2.5)", '"2.5" is not an integer'),
    "text for a decimal": ("c = 'test'", "test is not a decimal"),
    "no date": ("d = '2024-02-30'", "2024-02-30 is not a date"),
    "a time for a date": ("d = '2024-02-29 00:00:00'", "is not a date"),
    "a date for a time": ("t = '2024-02-29'", "Timestamp format must be"),
    "like of a number": ("i LIKE '2'", "Integral data type doesn't support operation 'LIKE'"),
    "like of a decimal": ("c LIKE '2'", "Decimal data type doesn't support operation 'LIKE'"),
    "like of a date": ("d LIKE '2%'", "Date data type doesn't support operation 'LIKE'"),
    "a date without quotes": ("d = 2024-02-29", "2024 is not a date"),
    "no literal": ("i >", "expected a literal at its end"),
    "no comparison": ("i", "expected a comparison at its end"),
    "no condition": ("AND i = 1", "expected a literal, found 'AND'"),
    "two conditions": ("i = 1 i = 2", "expected AND, OR or the end, found 'i'"),
    "an open parenthesis": ("(i = 1", r"expected '\)' at its end"),
    "an open quote": ("s = 'abc", "a string without its closing quote.*position 5"),
    "an open list": ("i IN (1, 2", r"expected '\)'"),
    "an empty list": ("i IN ()", "expected a literal"),
    "a sign": ("i = 1; DROP TABLE x", "unknown sign ';"),
    "null without is": ("i = NULL", "expected a literal, found 'NULL'"),
    "is what": ("s IS test' AND", "string without its closing quote"),
    "not what": ("i NOT = 1", "expected IN, BETWEEN or LIKE"),
    "half a between": ("i BETWEEN 1 OR 2", "expected 'AND'"),
    "two columns": ("i = b", "expected a literal, found 'b'"),
    "no column": ("1 = 1", "needs a partition key"),
    "a function": ("year(d) = 2024", "Unknown column 'year'"),
    "too deep": ("(" * 150 + "i = 1" + ")" * 150, "more than 100 parentheses"),
    "an escape of two letters": ("s LIKE 'a' ESCAPE 'ab'", "not one character"),
}


@pytest.mark.parametrize(("expression", "message"), BAD.values(), ids=BAD.keys())
def test_what_is_wrong_is_told_with_its_place(expression: str, message: str) -> None:
    with pytest.raises(ApiError, match=message) as caught:
        judged(expression)
    assert caught.value.code == "InvalidInputException"


def test_long_runs_of_not_and_of_parentheses_are_no_matter_of_the_stack() -> None:
    assert judged("NOT " * 500 + "i = 2")
    assert judged("i = " + "(" * 500 + "2" + ")" * 500)


def test_a_like_pattern_takes_no_long_time() -> None:
    assert not judged(f"s LIKE '{'%a' * 300}b'", s="a" * 1000)


def test_a_bad_value_is_the_states_fault() -> None:
    with pytest.raises(ApiError, match='"int" is not an integer') as caught:
        judged("i = 2", i="int")
    assert caught.value.code == "InvalidStateException"


# --- against Python's own judgement ----------------------------------------------------------------------------------

LITERALS: dict[str, tuple[list[str], Callable[[str], Any]]] = {
    "s": (["a", "b", "ab", "", "it's", "Z"], str),
    "i": (["-1", "0", "7", "10", "07"], int),
    "c": (["1", "1.50", "-2", "1e1"], Decimal),
    "d": (["2024-01-01", "2023-12-31", "2024-01-02"], date.fromisoformat),
}
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b,
    "<>": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
Case = tuple[str, Callable[[dict[str, str]], "bool | None"]]


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


@st.composite
def conditions(draw: st.DrawFn) -> Case:
    key = draw(st.sampled_from(sorted(LITERALS)))
    texts, read = LITERALS[key]
    kind = draw(st.sampled_from(["compare", "in", "between", "null"]))
    if kind == "null":
        return f"{key} IS NULL", lambda row: row[key] == NULL
    chosen = draw(st.lists(st.sampled_from(texts), min_size=2, max_size=3))
    if kind == "compare":
        sign = draw(st.sampled_from(sorted(COMPARISONS)))
        text = f"{key} {sign} {_quoted(chosen[0])}"
        test: Callable[[Any], bool] = lambda value: COMPARISONS[sign](value, read(chosen[0]))  # noqa: E731
    elif kind == "in":
        text = f"{key} IN ({', '.join(map(_quoted, chosen))})"
        test = lambda value: value in [read(each) for each in chosen]  # noqa: E731
    else:
        text = f"{key} BETWEEN {_quoted(chosen[0])} AND {_quoted(chosen[1])}"
        test = lambda value: read(chosen[0]) <= value <= read(chosen[1])  # noqa: E731
    return text, lambda row: None if row[key] == NULL else test(read(row[key]))


def _joined(parts: tuple[str, Case, Case]) -> Case:
    word, (left, judge_left), (right, judge_right) = parts

    def judge(row: dict[str, str]) -> bool | None:
        found = {judge_left(row), judge_right(row)}
        if word == "AND":
            return False if False in found else None if None in found else True
        return True if True in found else None if None in found else False

    return f"({left} {word} {right})", judge


def _turned(part: Case) -> Case:
    text, judge = part
    return f"NOT ({text})", lambda row: None if (found := judge(row)) is None else not found


expressions = st.recursive(
    conditions(),
    lambda inner: st.one_of(st.tuples(st.sampled_from(["AND", "OR"]), inner, inner).map(_joined), inner.map(_turned)),
    max_leaves=6,
)
rows = st.fixed_dictionaries({key: st.sampled_from([*texts, NULL]) for key, (texts, _) in LITERALS.items()})


@given(expressions, rows)
@settings(max_examples=400, deadline=None)
def test_any_expression_is_judged_as_sql_says(case: Case, row: dict[str, str]) -> None:
    text, judge = case
    chosen = parse(text, [(key, KEYS[key]) for key in row])
    assert chosen.keeps(list(row.values())) is (judge(row) is True)
    # What SQLite is asked for must hold for every row that is kept.
    if judge(row):
        assert all(list(row.values())[index] in allowed for index, allowed in chosen.equal.items())


@given(
    st.lists(
        st.sampled_from(
            [
                "s",
                "i",
                "(",
                ")",
                "=",
                "'",
                "'a'",
                "1",
                "-",
                "AND",
                "OR",
                "NOT",
                "IN",
                ",",
                "IS",
                "NULL",
                "LIKE",
                "BETWEEN",
                "é",
                "\n",
                "%",
            ]
        ),
        max_size=15,
    ).map(" ".join)
)
@settings(max_examples=400, deadline=None)
def test_any_text_is_read_or_refused_with_a_place(text: str) -> None:
    try:
        parse(text, list(KEYS.items()))
    except ApiError as error:
        assert error.code == "InvalidInputException" and "position" in error.message


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, list[dict[str, str]]]:
    """A table with a partition for every row there can be; no value is an empty text, which AWS does not take."""
    glue = LocalGlueClient(tmp_path_factory.mktemp("stored"))
    keys = [{"Name": key, "Type": KEYS[key]} for key in LITERALS]
    glue.create_database(DatabaseInput={"Name": "db"})
    glue.create_table(DatabaseName="db", TableInput={"Name": "t", "PartitionKeys": keys})
    choices = [[text for text in (*texts, NULL) if text] for texts, _ in LITERALS.values()]
    made = list(itertools.product(*choices))
    for start in range(0, len(made), 100):
        batch = [{"Values": list(values)} for values in made[start : start + 100]]
        assert not glue.batch_create_partition(DatabaseName="db", TableName="t", PartitionInputList=batch)["Errors"]
    return glue, [dict(zip(LITERALS, values, strict=True)) for values in made]


@given(case=expressions)
@settings(max_examples=60, deadline=None)
def test_the_store_finds_what_the_expression_keeps(stored: tuple[Any, list[dict[str, str]]], case: Case) -> None:
    glue, made = stored
    text, judge = case
    pages = glue.get_paginator("get_partitions").paginate(DatabaseName="db", TableName="t", Expression=text)
    found = [tuple(each["Values"]) for page in pages for each in page["Partitions"]]
    assert sorted(found) == sorted(tuple(row.values()) for row in made if judge(row) is True)
