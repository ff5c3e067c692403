"""Names of JSON fields against those of columns."""

from __future__ import annotations

import pytest
from pyspark.sql import types as s

from glue_etl.engine.catalog.hive_types import parse_hive_type
from glue_etl.engine.sql.column_types import spark_type
from glue_etl.engine.sql.spelling import spelled_otherwise
from glue_etl.engine.sql.tables import lower_case

COLUMNS = spark_type("struct<userid:int,address:struct<zip:string>,tags:array<struct<a:int>>,more:map<string,int>>")
TYPES = {
    "names at any depth": ("struct<A:int,b:array<struct<C:int>>>", "struct<a:int,b:array<struct<c:int>>>"),
    "of two alike both stay": ("struct<A:int,a:int,B:int>", "struct<A:int,a:int,b:int>"),
    "values of maps": ("map<string,struct<A:int>>", "map<string,struct<a:int>>"),
    "no names": ("array<int>", "array<int>"),
}


@pytest.mark.parametrize(("before", "after"), TYPES.values(), ids=TYPES.keys())
def test_names_in_lower_case(before: str, after: str) -> None:
    assert lower_case(parse_hive_type(before)) == parse_hive_type(after)


CASES = {
    "as the table says": ('{"userid": 1, "address": {"zip": "x"}}', False),
    "in another letter case": ('{"userId": 1}', True),
    "within a struct": ('{"address": {"Zip": "x"}}', True),
    "within an array": ('{"tags": [{"a": 1}, {"A": 2}]}', True),
    "keys of a map are values": ('{"more": {"Userid": 1}}', False),
    "fields that the table has not": ('{"Other": 1}', False),
    "no json": ("wobble", False),
    "no object": ("[1]", False),
}


@pytest.mark.parametrize(("line", "differs"), CASES.values(), ids=CASES.keys())
def test_letter_case(line: str, differs: bool) -> None:
    assert isinstance(COLUMNS, s.StructType)
    assert spelled_otherwise(COLUMNS, [line]) is differs
