"""Unbox: what texts of each format become, where they may stand, and what becomes of those that cannot be read."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from glue_etl.engine.frame.core import Frame, Plan, Stage
from glue_etl.engine.frame.unbox import unbox
from glue_etl.engine.frame.unbox_json import open_text, survey_texts
from glue_etl.engine.types import json_form
from glue_etl.engine.types import tree as g
from glue_etl.errors import ErrorThresholdExceeded, FieldError, GlueEtlError, OptionError, UnsupportedError

Framed = Callable[..., Frame]
Rows = Callable[[Plan], list[Any]]
STAGE = Stage(site="line 7", info="opened")


def schema(*fields: tuple[str, g.GlueType]) -> str:
    return json_form.dumps(g.StructType.of(fields))


class Case:
    """Texts, how they are opened, the type that comes out, the values, the number of error records."""

    def __init__(
        self,
        texts: list[str | None],
        printed: str,
        values: list[Any],
        errors: int = 0,
        fmt: str = "json",
        **options: Any,
    ) -> None:
        self.texts, self.printed, self.values, self.errors = texts, printed, values, errors
        self.fmt, self.options = fmt, options


CASES = {
    "objects": Case(
        ['{"a": 1}', None, ' {"b": ["x"]} '], "struct a:int b:array<string>", [{"a": 1}, None, {"b": ["x"]}]
    ),
    "digits in quotes stay text": Case(['{"z": "07"}'], "struct z:string", [{"z": "07"}]),
    "a choice inside": Case(['{"a": 1}', '{"a": "x"}'], "struct a:choice<int,string>", [{"a": 1}, {"a": "x"}]),
    "a choice that only the text's quotes tell": Case(
        ['{"a": 1}', '{"a": "1"}', '{"a": [1]}', '{"a": "[1]"}'],
        "struct a:choice<array<int>,int,string>",
        [{"a": 1}, {"a": "1"}, {"a": [1]}, {"a": "[1]"}],
    ),
    "arrays": Case(["[1, 2]", "[]"], "array<int>", [[1, 2], []]),
    "objects and arrays": Case(['{"a": 1}', "[true]"], "choice<array<boolean>,struct a:int>", [{"a": 1}, [True]]),
    "nothing to read": Case(["", "  ", "null", None], "null", [None, None, None, None]),
    "what is no document": Case(
        ['{"a": 1}', "5", '"x"', '{"a": ', '{"a": 2} {"a": 3}', "{'a': 4}"], "struct a:int", [{"a": 1}], 5
    ),
    "nothing but faults": Case(["x"], "null", [], 1),
    "an escape and a dot in names": Case(
        ['{"x.y": "\\u00e9", "k`": {"m": null}}'], "struct x.y:string k`:struct m:null", [{"x.y": "é", "k`": {}}]
    ),
    "a number beyond 64 bits": Case(
        ['{"a": 123456789012345678901}'], "struct a:double", [{"a": 123456789012345678901.0}]
    ),
    "a schema": Case(
        ['{"a": 1, "c": 5}', '{"b": "y", "a": "no number"}', "", '{"a"', "[1]", "7"],
        "struct a:long b:string",
        [{"a": 1}, {"b": "y"}, None],
        3,
        withSchema=schema(("a", g.LONG), ("b", g.STRING)),
    ),
    "a schema with a choice": Case(
        ['{"a": 1}', '{"a": "1"}', "x"],
        "struct a:choice<int,string>",
        [{"a": 1}, {"a": "1"}],
        1,
        withSchema=schema(("a", g.ChoiceType((g.INT, g.STRING)))),
    ),
    "csv": Case(
        ["1,a", '"x,y",', "7", None],
        "struct col0:string col1:string",
        [{"col0": "1", "col1": "a"}, {"col0": "x,y", "col1": ""}, {"col0": "7"}, None],
        fmt="csv",
    ),
    "csv with a separator": Case(
        ["1|a"], "struct col0:string col1:string", [{"col0": "1", "col1": "a"}], fmt="csv", separator="|"
    ),
    "csv with an escaper": Case(
        ["1\\,5,b"], "struct col0:string col1:string", [{"col0": "1,5", "col1": "b"}], fmt="csv", escaper="\\"
    ),
    "csv without quotes": Case(
        ['"a,b"'], "struct col0:string col1:string", [{"col0": '"a', "col1": 'b"'}], fmt="csv", quoteChar="-1"
    ),
    "csv with headers": Case(
        ["a,b\n1,2\n", "b,c\r\n3,4", "a,b\n1,2,3", "a,b"],
        "struct a:string b:string c:string",
        [{"a": "1", "b": "2"}, {"b": "3", "c": "4"}, None],
        1,
        fmt="csv",
        withHeader=True,
    ),
    "csv without its first line": Case(["x,y,z\n1"], "struct col0:string", [{"col0": "1"}], fmt="csv", skipFirst=True),
    "csv with a schema": Case(
        ["1,a", "x,b", "2,c,d"],
        "struct n:int t:string",
        [{"n": 1, "t": "a"}, {"t": "b"}],
        1,
        fmt="csv",
        withSchema=schema(("n", g.INT), ("t", g.STRING)),
    ),
    "csv with doubled quotes": Case(
        ['"a"",""b",c', '"","",""', '"x""y"'],
        "struct col0:string col1:string col2:string",
        [{"col0": 'a","b', "col1": "c"}, {"col0": "", "col1": "", "col2": ""}, {"col0": 'x"y'}],
        fmt="csv",
    ),
    "csv of several records": Case(
        ["1,2\n3,4", '"a\nb",c'], "struct col0:string col1:string", [{"col0": "a\nb", "col1": "c"}], 1, fmt="csv"
    ),
}


def short(kind: g.GlueType) -> str:
    if isinstance(kind, g.StructType):
        return " ".join(["struct", *[f"{member.name}:{short(member.type)}" for member in kind]])
    if isinstance(kind, g.ArrayType):
        return f"array<{short(kind.element)}>"
    if isinstance(kind, g.ChoiceType):
        return f"choice<{','.join(short(choice) for choice in kind.choices)}>"
    return kind.name


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_opening(spark: SparkSession, rows: Rows, case: Case) -> None:
    df = spark.createDataFrame(list(enumerate(case.texts)), "n int, t string").coalesce(1)
    opened = unbox(Frame.of(df, "f"), "t", case.fmt, case.options, STAGE, spark)
    assert opened.plan.type.names == ["n", "t"]
    assert short(opened.plan.type.fields[1].type) == case.printed
    assert [row.get("t") for row in rows(opened.plan)] == case.values
    assert opened.stage_errors[0].count() == case.errors
    wrong = opened.stage_errors[0].records().collect()
    assert len(wrong) == case.errors
    assert all(row.site == "line 7" and row.info == "opened" and row.input and row.msg for row in wrong)
    assert all(json.loads(row.dynamicRecord)["t"] == row.input for row in wrong)


def test_places_where_a_text_may_stand(spark: SparkSession, framed: Framed, rows: Rows) -> None:
    nested = framed({"s": {"`t.u`": '{"x": 1}', "k": 5}}, {"s": None}, {"s": {"`t.u`": "no"}})
    opened = unbox(nested, "s.```t.u```", "json", {}, STAGE, spark)
    assert rows(opened.plan) == [{"s": {"`t.u`": {"x": 1}, "k": 5}}, {}]
    mixed = framed({"v": 1}, {"v": '{"x": 1}'}, {"v": {"x": "y"}}, {})
    opened = unbox(mixed, "v", "json", {}, STAGE, spark)
    assert rows(opened.plan) == [{"v": 1}, {"v": {"x": 1}}, {"v": {"x": "y"}}, {}]
    assert short(opened.plan.type) == "struct v:choice<int,struct x:choice<int,string>>"
    binary = Frame.of(spark.createDataFrame([(bytearray(b'{"a":1}'),), (bytearray(b'{"a":"\xff"}'),)], "b binary"))
    opened = unbox(binary, "b", "json", {}, STAGE, spark)
    assert rows(opened.plan) == [{"b": {"a": 1}}]
    assert opened.stage_errors[0].count() == 1


WRONG: dict[str, tuple[str, str, dict[str, Any], type[GlueEtlError], str]] = {
    "a format that is none": ("t", "wobble", {}, UnsupportedError, "'wobble'.*avro, csv, json"),
    "an option that is none": ("t", "json", {"separator": "|"}, OptionError, "'separator'.*withSchema"),
    "a schema that is none": ("t", "json", {"withSchema": "x"}, OptionError, "withSchema"),
    "a schema of no struct": ("t", "csv", {"withSchema": json_form.dumps(g.INT)}, OptionError, "int"),
    "two characters": ("t", "csv", {"quoteChar": "''"}, OptionError, "quoteChar"),
    "no yes or no": ("t", "csv", {"withHeader": "perhaps"}, OptionError, "withHeader"),
    "both first lines": ("t", "csv", {"withHeader": True, "skipFirst": "true"}, UnsupportedError, "skipFirst"),
    "a JsonPath": ("t", "json", {"jsonPath": "$.a"}, UnsupportedError, "jsonPath"),
    "no such field": ("u", "json", {}, FieldError, "'u'.*n, t"),
    "no text": ("n", "json", {}, FieldError, "'n'.*int"),
}


@pytest.mark.parametrize(("path", "fmt", "options", "error", "words"), WRONG.values(), ids=WRONG.keys())
def test_what_cannot_be_opened_is_said_at_once(
    spark: SparkSession, path: str, fmt: str, options: dict[str, Any], error: type[GlueEtlError], words: str
) -> None:
    frame = Frame.of(spark.createDataFrame([(1, "x")], "n int, t string"))
    with pytest.raises(error, match=words):
        unbox(frame, path, fmt, options, STAGE, spark)


def test_members_that_differ_in_case_alone_are_named(spark: SparkSession) -> None:
    frame = Frame.of(spark.createDataFrame([('{"a": {"Id": 1, "id": 2}}',)], "t string"))
    with pytest.raises(FieldError, match="'Id' and 'id'"):
        _ = unbox(frame, "t", "json", {}, STAGE, spark).plan


def test_thresholds_count_every_stage_once(spark: SparkSession, framed: Framed) -> None:
    start = framed({"a": "x", "b": '{"k": 1}'}, {"a": "{}", "b": "y"}, {"a": "{}", "b": "{}"})
    first = unbox(start, "a", "json", {}, Stage(stage_threshold=2), spark)
    second = unbox(first, "b", "json", {}, Stage(stage_threshold=2, total_threshold=3), spark)
    assert second.checked().df.count() == 1
    assert [source.count() for source in second.errors] == [1, 1]
    over = unbox(first, "b", "json", {}, Stage(total_threshold=2), spark)
    with pytest.raises(ErrorThresholdExceeded, match="2 error records reach the total threshold of 2"):
        over.checked()


DOCUMENTS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**40), 2**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=40, deadline=None)
@given(st.lists(DOCUMENTS | st.text(alphabet='{}[]":,1a '), max_size=6))
def test_the_survey_and_the_reader_agree_on_what_is_wrong(values: list[Any]) -> None:
    texts = [(value if isinstance(value, str) else json.dumps(value)).encode("utf-8", "ignore") for value in values]
    (report,) = survey_texts([pa.RecordBatch.from_arrays([pa.array(texts, pa.binary())], ["value"])])
    faults = [fault for _, fault in map(open_text, texts) if fault is not None]
    assert report.to_pylist()[0]["bad"] == len(faults)


@settings(max_examples=10, deadline=None)
@given(st.lists(st.lists(st.text(alphabet=',"\na'), min_size=1, max_size=4), min_size=1, max_size=12))
def test_what_the_csv_module_writes_comes_back(spark: SparkSession, records: list[list[str]]) -> None:
    texts = []
    for record in records:
        out = io.StringIO()
        csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="").writerow(record)
        texts.append(out.getvalue())
    df = spark.createDataFrame([(text,) for text in texts], "t string").coalesce(1)
    opened = unbox(Frame.of(df, "f"), "t", "csv", {}, STAGE, spark)
    got = [[cell for cell in row.t if cell is not None] for row in opened.plan.df.collect()]
    assert got == records
    assert opened.stage_errors[0].count() == 0
