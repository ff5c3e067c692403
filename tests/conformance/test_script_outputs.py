"""When an output counts as the expected one, and which script cases are out of scope."""

from __future__ import annotations

import datetime as dt
import gzip
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import orc, parquet

from . import script_cases
from .script_cases import ScriptCase
from .script_outputs import canonical, problems

Json = Any
OSLO = dt.timezone(dt.timedelta(hours=1))

SAME = {
    "whole numbers": (3, 3.0),
    "a decimal by its mark": ({"decimal": "19.90"}, Decimal("19.9")),
    "nine digits": (0.1234567891, 0.12345678912),
    "large whole numbers exactly": (2**60 + 1, Decimal(2**60 + 1)),
    "a struct of nulls": ({"a": None, "b": {"c": None}}, None),
    "a missing field": ({"a": 1}, {"a": 1, "b": None}),
    "fields in any order": ({"a": 1, "b": [1, 2]}, {"b": [1.0, 2.0], "a": 1}),
    "a timestamp": ("2023-01-05 10:20:30", dt.datetime(2023, 1, 5, 11, 20, 30, tzinfo=OSLO)),
    "a date": ("2024-03-01", dt.date(2024, 3, 1)),
}  # fmt: skip
DIFFERENT = {
    "a boolean and a number": (True, 1),
    "a text and a number": ("1", 1),
    "large whole numbers": (2**60 + 1, 2**60 + 2),
    "order of an array": ([1, 2], [2, 1]),
    "null and empty text": (None, ""),
    "null and zero": (None, 0),
}


@pytest.mark.parametrize(("left", "right"), SAME.values(), ids=SAME)
def test_values_that_are_the_same(left: Json, right: Json) -> None:
    assert canonical(left) == canonical(right)


@pytest.mark.parametrize(("left", "right"), DIFFERENT.values(), ids=DIFFERENT)
def test_values_that_differ(left: Json, right: Json) -> None:
    assert canonical(left) != canonical(right)


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    """One output of each kind."""
    for name, text in {
        "csv/part-0": 'id,name,ok\n1,"a,b",true\n2,,false\n',
        "csv/_SUCCESS": "",
        "csv/.part-0.crc": "x",
        "tabs/part-0": "1\tx\n2\ty\n",
        "days/day=2024-01-01/kind=a%20b/part-0": '{"n":1}\n{"n":1}\n',
        "days/day=2024-01-02/kind=__HIVE_DEFAULT_PARTITION__/part-0": '{"n":2,"m":null}\n',
    }.items():
        path = tmp_path / "b" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "b" / "zipped").mkdir()
    (tmp_path / "b" / "zipped" / "part-0.gz").write_bytes(gzip.compress(b'{"n":1}\n'))
    table = pa.table({"n": [1, None], "when": [dt.date(2024, 1, 1), None]})
    for name, write in {"parquet": parquet.write_table, "orc": orc.write_table}.items():
        (tmp_path / "b" / name).mkdir()
        write(table, str(tmp_path / "b" / name / f"part-0.{name}"))
    return tmp_path


CSV_ROWS = [{"id": 1, "name": "a,b", "ok": True}, {"id": 2, "name": None, "ok": False}]
DAYS = [{"n": 1, "day": "2024-01-01", "kind": "a b"}] * 2 + [{"n": 2, "day": "2024-01-02"}]
TYPED = [{"n": 1, "when": "2024-01-01"}, {}]
MEETS: dict[str, dict[str, Json]] = {
    "csv": {"path": "s3://b/csv/", "format": "csv", "rows": CSV_ROWS, "columns": ["name", "id", "ok"]},
    "csv of tabs": {
        "path": "s3://b/tabs", "format": "csv", "read_options": {"separator": "\t", "header": False},
        "rows": [{"_c0": 2, "_c1": "y"}, {"_c0": 1, "_c1": "x"}],
    },
    "partitions": {
        "path": "s3://b/days/", "format": "json", "rows": DAYS, "columns": ["n", "m"],
        "partitions": ["day=2024-01-01/kind=a%20b", "day=2024-01-02/kind=__HIVE_DEFAULT_PARTITION__"],
    },
    "some rows": {"path": "s3://b/days/", "format": "json", "where": "day = '2024-01-02'", "count": 1},
    "gzip": {"path": "s3://b/zipped/", "format": "json", "rows": [{"n": 1}]},
    "one file": {"path": "s3://b/csv/part-0", "format": "csv", "rows": CSV_ROWS},
    "parquet": {"path": "s3://b/parquet/", "format": "parquet", "rows": TYPED, "columns": ["n", "when"]},
    "orc": {"path": "s3://b/orc/", "format": "orc", "rows": TYPED, "not_null": []},
    "nothing there": {"path": "s3://b/none/", "format": "json", "count": 0},
    "equal columns": {"path": "s3://b/csv/", "format": "csv", "equal_where_not_null": [["name", "name"]]},
}  # fmt: skip
FALLS_SHORT: dict[str, tuple[dict[str, Json], str]] = {
    "a row too many": ({"path": "s3://b/days", "format": "json", "rows": DAYS[1:]}, "not expected 1 x"),
    "a row too few": ({"path": "s3://b/days", "format": "json", "rows": [*DAYS, {"n": 3}]}, "missing 1 x"),
    "count": ({"path": "s3://b/none", "format": "json", "count": 1}, "0 rows, expected 1"),
    "partitions": ({"path": "s3://b/days", "format": "json", "partitions": []}, "partitions ["),
    "columns": ({"path": "s3://b/csv", "format": "csv", "columns": ["id"]}, "columns ["),
    "nulls": ({"path": "s3://b/orc", "format": "orc", "not_null": ["n"]}, "null in 'n'"),
    "unequal": ({"path": "s3://b/csv", "format": "csv", "equal_where_not_null": [["id", "ok"]]}, "differs from 'id'"),
}


@pytest.mark.parametrize("expected", MEETS.values(), ids=MEETS)
def test_an_output_that_is_as_expected(expected: dict[str, Json], lake: Path, tmp_path: Path) -> None:
    assert problems(expected, lake, tmp_path) == []


@pytest.mark.parametrize(("expected", "said"), FALLS_SHORT.values(), ids=FALLS_SHORT)
def test_an_output_that_is_not(expected: dict[str, Json], said: str, lake: Path, tmp_path: Path) -> None:
    found = problems(expected, lake, tmp_path)
    assert len(found) == 1
    assert said in found[0]


def test_avro(tmp_path: Path) -> None:
    fastavro = pytest.importorskip("fastavro")
    (tmp_path / "b").mkdir()
    schema = {"type": "record", "name": "r", "fields": [{"name": "n", "type": ["null", "long"]}]}
    with (tmp_path / "b" / "part-0.avro").open("wb") as file:
        fastavro.writer(file, schema, [{"n": 1}, {"n": None}])
    expected = {"path": "s3://b/", "format": "avro", "rows": [{"n": None}, {"n": 1}], "columns": ["n"]}
    assert problems(expected, tmp_path, tmp_path) == []


def script(code: str = "", arguments: dict[str, str] | None = None, **content: Json) -> ScriptCase:
    return ScriptCase(Path("x"), {"runs": [{"arguments": arguments or {}, "expect": {}}], **content}, code)


SERVICES = {
    "none": (script("import boto3_like"), None),
    "tables": (script(catalog=[{}]), None),
    "two": (script("import os\nimport boto3\nimport awsgluedq\n"), "boto3 services, EvaluateDataQuality"),
}


@pytest.mark.parametrize(("case", "service"), SERVICES.values(), ids=SERVICES)
def test_missing_service(case: ScriptCase, service: str | None) -> None:
    assert script_cases.missing_service(case) == service


def test_a_case_that_is_not_understood(tmp_path: Path) -> None:
    folder = tmp_path / "01-x"
    folder.mkdir()
    (folder / "job.py").write_text("")
    run = {"arguments": {}, "before": [{"op": "rename"}], "expect": {"outputs": [{"format": "xls", "rowz": []}]}}
    (folder / "case.json").write_text(json.dumps({"runs": [run], "job_type": "glueray"}))
    (case,) = script_cases.load(tmp_path)
    assert len(case.problems) == 4


def test_a_folder_without_cases(tmp_path: Path) -> None:
    with pytest.raises(pytest.UsageError, match="name a folder"):
        script_cases.load(tmp_path)
