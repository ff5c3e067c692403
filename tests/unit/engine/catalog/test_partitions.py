"""Partitions, as boto3's Glue client shows them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, OperationNotPageableError, ParamValidationError

from glue_etl.engine.catalog.client import LocalGlueClient

T: dict[str, Any] = {"DatabaseName": "db", "TableName": "t"}


@pytest.fixture(autouse=True)
def table(glue: LocalGlueClient) -> None:
    keys = [{"Name": "y", "Type": "string"}, {"Name": "m", "Type": "int"}]
    glue.create_database(DatabaseInput={"Name": "db"})
    glue.create_table(DatabaseName="db", TableInput={"Name": "t", "PartitionKeys": keys})


def partition(year: str, month: int, **more: Any) -> dict[str, Any]:
    columns = [{"Name": "a", "Type": "int"}]
    return {
        "Values": [year, str(month)],
        "StorageDescriptor": {"Columns": columns, "Location": f"s3://b/{year}/{month}/"},
        **more,
    }


def found(glue: LocalGlueClient, **request: Any) -> list[list[str]]:
    pages = glue.get_paginator("get_partitions").paginate(**T, **request)
    return [each["Values"] for page in pages for each in page["Partitions"]]


def test_one_partition_is_made_shown_changed_and_deleted(glue: LocalGlueClient) -> None:
    glue.create_partition(**T, PartitionInput=partition("2024", 1, Parameters={"k": "v"}))
    shown = glue.get_partition(**T, PartitionValues=["2024", "1"])["Partition"]
    assert (shown["Values"], shown["DatabaseName"], shown["TableName"]) == (["2024", "1"], "db", "t")
    assert shown["Parameters"] == {"k": "v"} and shown["CreationTime"].tzinfo is not None
    assert shown["StorageDescriptor"]["Location"] == "s3://b/2024/1/"
    glue.update_partition(**T, PartitionValueList=["2024", "1"], PartitionInput=partition("2024", 2))
    assert found(glue) == [["2024", "2"]]
    glue.delete_partition(**T, PartitionValues=["2024", "2"])
    assert found(glue) == []


def test_a_batch_tells_what_could_not_be_done_and_does_the_rest(glue: LocalGlueClient) -> None:
    def codes(answer: dict[str, Any], key: str = "PartitionValues") -> list[tuple[list[str], str]]:
        return [(each[key], each["ErrorDetail"]["ErrorCode"]) for each in answer["Errors"]]

    made = [partition("2024", 1), partition("2024", 2), partition("2024", 1), {"Values": ["2024"]}]
    assert codes(glue.batch_create_partition(**T, PartitionInputList=made)) == [
        (["2024", "1"], "AlreadyExistsException"),
        (["2024"], "InvalidInputException"),
    ]
    wanted = [{"Values": ["2024", "2"]}, {"Values": ["2024", "9"]}, {"Values": ["2024", "1"]}]
    got = glue.batch_get_partition(**T, PartitionsToGet=wanted)
    assert [each["Values"] for each in got["Partitions"]] == [["2024", "2"], ["2024", "1"]]
    assert got["UnprocessedKeys"] == []
    entries = [
        {"PartitionValueList": ["2024", "1"], "PartitionInput": partition("2024", 1, Parameters={"n": "1"})},
        {"PartitionValueList": ["2024", "2"], "PartitionInput": partition("2024", 1)},
        {"PartitionValueList": ["x", "2"], "PartitionInput": partition("x", 2)},
    ]
    assert codes(glue.batch_update_partition(**T, Entries=entries), "PartitionValueList") == [
        (["2024", "2"], "AlreadyExistsException"),
        (["x", "2"], "EntityNotFoundException"),
    ]
    assert glue.get_partition(**T, PartitionValues=["2024", "1"])["Partition"]["Parameters"] == {"n": "1"}
    gone = glue.batch_delete_partition(**T, PartitionsToDelete=[{"Values": ["2024", "1"]}, {"Values": ["x", "1"]}])
    assert codes(gone) == [(["x", "1"], "EntityNotFoundException")]
    assert found(glue) == [["2024", "2"]]


@pytest.fixture
def many(glue: LocalGlueClient) -> list[list[str]]:
    values = [[str(year), str(month)] for year in range(2000, 2050) for month in range(1, 13)]
    for start in range(0, len(values), 100):
        batch = [partition(year, int(month)) for year, month in values[start : start + 100]]
        assert glue.batch_create_partition(**T, PartitionInputList=batch)["Errors"] == []
    return values


def test_all_partitions_come_in_pages_and_segments(glue: LocalGlueClient, many: list[list[str]]) -> None:
    assert sorted(found(glue)) == sorted(many)
    assert sorted(found(glue, PaginationConfig={"PageSize": 7})) == sorted(many)
    first = glue.get_partitions(**T, MaxResults=7)
    assert len(first["Partitions"]) == 7 and first["NextToken"]
    segments = [found(glue, Segment={"SegmentNumber": number, "TotalSegments": 4}) for number in range(4)]
    assert sorted(each for segment in segments for each in segment) == sorted(many)
    assert all(segments)
    bare = glue.get_partitions(**T, ExcludeColumnSchema=True, MaxResults=1)["Partitions"][0]
    assert bare["StorageDescriptor"]["Columns"] == [] and bare["StorageDescriptor"]["Location"]


EXPRESSIONS = {
    "a text key": ("y = '2001'", lambda y, m: y == 2001),
    "a prefix of the index": ("y = '2001' AND m > 10", lambda y, m: y == 2001 and m > 10),
    "the whole key": ("y = '2001' AND m = 9", lambda y, m: (y, m) == (2001, 9)),
    "a list": ("y IN ('2001', '2003') AND m = 2", lambda y, m: y in (2001, 2003) and m == 2),
    "one or the other": ("(y = '2001' OR y = '2002') AND m < 3", lambda y, m: y in (2001, 2002) and m < 3),
    "numbers as numbers": ("m >= 9 AND m <= 10 AND y >= '2049'", lambda y, m: y == 2049 and m in (9, 10)),
    "contradiction": ("y = '2001' AND y = '2002'", lambda y, m: False),
    "blank": ("  ", lambda y, m: True),
}


@pytest.mark.parametrize(("expression", "wanted"), EXPRESSIONS.values(), ids=EXPRESSIONS.keys())
def test_an_expression_keeps_what_it_says(
    glue: LocalGlueClient, many: list[list[str]], expression: str, wanted: Callable[[int, int], bool]
) -> None:
    expected = sorted(each for each in many if wanted(int(each[0]), int(each[1])))
    assert sorted(found(glue, Expression=expression)) == expected
    assert sorted(found(glue, Expression=expression, PaginationConfig={"PageSize": 2})) == expected


def test_signs_of_json_and_like_in_values_are_only_text(glue: LocalGlueClient) -> None:
    odd = ['a"b', "a'b", "a\\b", "[1,2]", "a^", "ä/€", "a%b", "a,b", "__HIVE_DEFAULT_PARTITION__"]
    made = [{"Values": [each, "1"]} for each in odd]
    assert glue.batch_create_partition(**T, PartitionInputList=made)["Errors"] == []
    for each in odd:
        text = each.replace("'", "''")
        assert found(glue, Expression=f"y = '{text}' AND m = 1") == [[each, "1"]]
        assert glue.get_partition(**T, PartitionValues=[each, "1"])["Partition"]["Values"] == [each, "1"]


def test_a_value_that_is_not_of_its_keys_type_is_told_when_it_is_needed(glue: LocalGlueClient) -> None:
    glue.create_partition(**T, PartitionInput={"Values": ["2024", "May"]})
    with pytest.raises(glue.exceptions.InvalidStateException, match=r'"May" is not an integer.*partition key .m.'):
        glue.get_partitions(**T, Expression="m = 5")
    assert found(glue, Expression="y = '2023' AND m = 5") == []
    assert found(glue) == [["2024", "May"]]


REFUSED: dict[str, tuple[str, str, Callable[[Any], object]]] = {
    "there already": (
        "AlreadyExistsException",
        r'\["2024","1"\]',
        lambda c: c.create_partition(**T, PartitionInput=partition("2024", 1)),
    ),
    "not there": (
        "EntityNotFoundException",
        "not found",
        lambda c: c.get_partition(**T, PartitionValues=["2024", "2"]),
    ),
    "not there to delete": (
        "EntityNotFoundException",
        "not found",
        lambda c: c.delete_partition(**T, PartitionValues=["2024", "2"]),
    ),
    "an unknown table": (
        "EntityNotFoundException",
        "Table 'x'",
        lambda c: c.get_partitions(DatabaseName="db", TableName="x"),
    ),
    "too few values": (
        "InvalidInputException",
        "number of partition keys",
        lambda c: c.create_partition(**T, PartitionInput={"Values": ["1"]}),
    ),
    "no values": (
        "InvalidInputException",
        "number of partition keys",
        lambda c: c.create_partition(**T, PartitionInput={}),
    ),
    "101 at once": (
        "ValidationException",
        "'partitionInputList' failed .* less than or equal to 100",
        lambda c: c.batch_create_partition(**T, PartitionInputList=[{}] * 101),
    ),
    "26 to delete at once": (
        "ValidationException",
        "less than or equal to 25",
        lambda c: c.batch_delete_partition(**T, PartitionsToDelete=[{"Values": ["1", "1"]}] * 26),
    ),
    "1,001 a page": (
        "ValidationException",
        "less than or equal to 1000",
        lambda c: c.get_partitions(**T, MaxResults=1001),
    ),
    "a segment that is none": (
        "InvalidInputException",
        "SegmentNumber",
        lambda c: c.get_partitions(**T, Segment={"SegmentNumber": 2, "TotalSegments": 2}),
    ),
    "an unknown column": (
        "InvalidInputException",
        "Unknown column 'nosuch'.*Partition keys: y, m",
        lambda c: c.get_partitions(**T, Expression="nosuch = 1"),
    ),
    "other partition keys": (
        "InvalidInputException",
        "number of partition keys of table",
        lambda c: c.update_table(DatabaseName="db", TableInput={"Name": "t"}),
    ),
}


@pytest.mark.parametrize(("code", "message", "call"), REFUSED.values(), ids=REFUSED.keys())
def test_what_aws_refuses(glue: LocalGlueClient, code: str, message: str, call: Callable[[Any], object]) -> None:
    glue.create_partition(**T, PartitionInput=partition("2024", 1))
    with pytest.raises(ClientError, match=message) as caught:
        call(glue)
    assert caught.value.response["Error"]["Code"] == code
    assert found(glue) == [["2024", "1"]]


def test_what_botocore_refuses(glue: LocalGlueClient) -> None:
    with pytest.raises(ParamValidationError, match=r"Invalid length for parameter PartitionInput\.Values\[0\]"):
        glue.create_partition(**T, PartitionInput={"Values": ["", "1"]})
    with pytest.raises(OperationNotPageableError):
        glue.get_paginator("get_partition")
