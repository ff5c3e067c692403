"""Databases, tables and their versions, as boto3's Glue client shows them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError

from glue_etl.engine.catalog.client import LocalGlueClient
from glue_etl.errors import UnsupportedError

COLUMNS = [{"Name": "id", "Type": "bigint"}, {"Name": "v", "Type": "string"}]


def table_input(name: str, columns: list[dict[str, str]] = COLUMNS, **more: Any) -> dict[str, Any]:
    storage = {"Columns": columns, "Location": "s3://b/t/", "SerdeInfo": {"SerializationLibrary": "x"}}
    return {"Name": name, "StorageDescriptor": storage, **more}


@pytest.fixture
def db(glue: LocalGlueClient) -> str:
    glue.create_database(DatabaseInput={"Name": "db"})
    return "db"


def test_a_database_keeps_its_definition(glue: LocalGlueClient) -> None:
    glue.create_database(
        DatabaseInput={"Name": "Db", "Description": "d", "LocationUri": "s3://b/", "Parameters": {"k": "v"}}
    )
    shown = glue.get_database(Name="dB")["Database"]
    assert (shown["Name"], shown["Description"], shown["LocationUri"], shown["Parameters"]) == (
        "db",
        "d",
        "s3://b/",
        {"k": "v"},
    )
    assert shown["CreateTime"].tzinfo is not None
    glue.update_database(Name="DB", DatabaseInput={"Name": "db", "Description": "e"})
    assert "Parameters" not in glue.get_database(Name="db")["Database"]
    glue.delete_database(Name="db")
    assert glue.get_databases()["DatabaseList"] == []


def test_deleting_a_database_takes_its_tables_and_partitions(glue: LocalGlueClient, db: str) -> None:
    for _ in range(2):
        glue.create_table(DatabaseName=db, TableInput=table_input("t", PartitionKeys=[{"Name": "p", "Type": "int"}]))
        assert glue.get_partitions(DatabaseName=db, TableName="t")["Partitions"] == []
        glue.create_partition(DatabaseName=db, TableName="t", PartitionInput={"Values": ["1"]})
        glue.delete_database(Name=db)
        glue.create_database(DatabaseInput={"Name": db})
    assert glue.get_tables(DatabaseName=db)["TableList"] == []


def test_a_table_is_shown_as_the_api_shows_it(glue: LocalGlueClient, db: str) -> None:
    given = table_input(
        "MiXed",
        TableType="EXTERNAL_TABLE",
        Owner="me",
        LastAccessTime=datetime.fromisoformat("2024-01-02T03:04:05+00:00"),
    )
    glue.create_table(DatabaseName="DB", TableInput=given)
    shown = glue.get_table(DatabaseName=db, Name="MIXED")["Table"]
    assert (shown["Name"], shown["DatabaseName"], shown["VersionId"], shown["Retention"]) == ("mixed", "db", "0", 0)
    assert shown["StorageDescriptor"]["Columns"] == COLUMNS
    assert shown["StorageDescriptor"]["Compressed"] is False
    assert shown["LastAccessTime"].isoformat() == "2024-01-02T03:04:05+00:00"
    assert shown["CreateTime"].tzinfo is not None and shown["UpdateTime"] >= shown["CreateTime"]
    assert (shown["PartitionKeys"], shown["IsRegisteredWithLakeFormation"]) == ([], False)
    assert glue.get_tables(DatabaseName=db)["TableList"] == [shown]
    narrowed = glue.get_table(DatabaseName=db, Name="mixed", AttributesToGet=["NAME", "TABLE_TYPE"])["Table"]
    assert narrowed == {"Name": "mixed", "TableType": "EXTERNAL_TABLE"}


def test_tables_are_listed_by_a_regular_expression_and_in_pages(glue: LocalGlueClient, db: str) -> None:
    for name in ("sales_c", "other", "sales_a", "sales_b"):
        glue.create_table(DatabaseName=db, TableInput={"Name": name})
    names = [
        [each["Name"] for each in page["TableList"]] for page in _pages(glue, "get_tables", DatabaseName=db, size=3)
    ]
    assert names == [["other", "sales_a", "sales_b"], ["sales_c"]]
    found = glue.get_tables(DatabaseName=db, Expression="sales_[ab]")["TableList"]
    assert [each["Name"] for each in found] == ["sales_a", "sales_b"]
    assert glue.get_tables(DatabaseName=db, Expression="sales")["TableList"] == []
    for pattern, count in (("sales*", 3), ("*_a", 1), ("*ale*", 3), ("sales_.*", 3), (".*_a|other", 2), ("*", 4)):
        assert len(glue.get_tables(DatabaseName=db, Expression=pattern)["TableList"]) == count, pattern
    full = (
        glue.get_paginator("get_tables").paginate(DatabaseName=db, PaginationConfig={"MaxItems": 2}).build_full_result()
    )
    assert [each["Name"] for each in full["TableList"]] == ["other", "sales_a"]


def _pages(glue: LocalGlueClient, method: str, size: int, **request: Any) -> list[dict[str, Any]]:
    return list(glue.get_paginator(method).paginate(**request, PaginationConfig={"PageSize": size}))


def test_an_update_leaves_the_old_version_in_the_archive(glue: LocalGlueClient, db: str) -> None:
    glue.create_table(DatabaseName=db, TableInput=table_input("t"))
    for name in ("x", "y"):
        glue.update_table(DatabaseName=db, TableInput=table_input("t", [*COLUMNS, {"Name": name, "Type": "int"}]))
    versions = glue.get_table_versions(DatabaseName=db, TableName="t")["TableVersions"]
    assert [each["VersionId"] for each in versions] == ["2", "1", "0"]
    assert [each["Table"]["StorageDescriptor"]["Columns"][-1]["Name"] for each in versions] == ["y", "x", "v"]
    glue.update_table(DatabaseName=db, TableInput=table_input("t"), SkipArchive=True)
    kept = [
        each["TableVersions"][0]["VersionId"]
        for each in _pages(glue, "get_table_versions", 1, DatabaseName=db, TableName="t")
    ]
    assert kept == ["3", "1", "0"]
    one = glue.get_table_version(DatabaseName=db, TableName="t", VersionId="1")["TableVersion"]
    assert (one["VersionId"], one["Table"]["VersionId"]) == ("1", "1")
    assert glue.get_table_version(DatabaseName=db, TableName="t")["TableVersion"]["VersionId"] == "3"
    failed = glue.batch_delete_table_version(DatabaseName=db, TableName="t", VersionIds=["0", "3", "7"])["Errors"]
    assert [(each["VersionId"], each["ErrorDetail"]["ErrorCode"]) for each in failed] == [
        ("3", "InvalidInputException"),
        ("7", "EntityNotFoundException"),
    ]


def test_an_update_of_a_version_that_is_no_longer_current_is_refused(glue: LocalGlueClient, db: str) -> None:
    glue.create_table(DatabaseName=db, TableInput=table_input("t"))
    glue.update_table(DatabaseName=db, TableInput=table_input("t"), VersionId="0")
    with pytest.raises(glue.exceptions.ConcurrentModificationException, match="at version 1, not at '0'"):
        glue.update_table(DatabaseName=db, TableInput=table_input("t"), VersionId="0")


def test_a_batch_of_deletions_tells_what_was_not_there(glue: LocalGlueClient, db: str) -> None:
    glue.create_table(DatabaseName=db, TableInput={"Name": "t"})
    errors = glue.batch_delete_table(DatabaseName=db, TablesToDelete=["T", "absent"])["Errors"]
    assert [(each["TableName"], each["ErrorDetail"]["ErrorCode"]) for each in errors] == [
        ("absent", "EntityNotFoundException")
    ]
    assert glue.get_tables(DatabaseName=db)["TableList"] == []


Call = Callable[[Any], object]
REFUSED: dict[str, tuple[str, str, Call]] = {
    "a database twice": ("AlreadyExistsException", "'db'", lambda c: c.create_database(DatabaseInput={"Name": "DB"})),
    "an unknown database": ("EntityNotFoundException", "Available: db", lambda c: c.get_database(Name="x")),
    "deleting an unknown database": ("EntityNotFoundException", "'x'", lambda c: c.delete_database(Name="x")),
    "renaming a database": (
        "InvalidInputException",
        "renamed",
        lambda c: c.update_database(Name="db", DatabaseInput={"Name": "x"}),
    ),
    "tables of an unknown database": ("EntityNotFoundException", "'x'", lambda c: c.get_tables(DatabaseName="x")),
    "a table twice": (
        "AlreadyExistsException",
        "'t'",
        lambda c: c.create_table(DatabaseName="db", TableInput={"Name": "T"}),
    ),
    "an unknown table": ("EntityNotFoundException", "Available: t", lambda c: c.get_table(DatabaseName="db", Name="x")),
    "deleting an unknown table": (
        "EntityNotFoundException",
        "'x'",
        lambda c: c.delete_table(DatabaseName="db", Name="x"),
    ),
    "updating an unknown table": (
        "EntityNotFoundException",
        "'x'",
        lambda c: c.update_table(DatabaseName="db", TableInput={"Name": "x"}),
    ),
    "a name that is too long": (
        "ValidationException",
        "length less than or equal to 255",
        lambda c: c.create_table(DatabaseName="db", TableInput={"Name": "x" * 256}),
    ),
    "a name with a line break": (
        "ValidationException",
        "control characters",
        lambda c: c.create_table(DatabaseName="db", TableInput={"Name": "a\nb"}),
    ),
    "a blank name": (
        "InvalidInputException",
        "blank",
        lambda c: c.create_table(DatabaseName="db", TableInput={"Name": " "}),
    ),
    "too many a page": (
        "ValidationException",
        "value less than or equal to 100",
        lambda c: c.get_tables(DatabaseName="db", MaxResults=101),
    ),
    "too many tables in a batch": (
        "ValidationException",
        "length less than or equal to 100",
        lambda c: c.batch_delete_table(DatabaseName="db", TablesToDelete=["t"] * 101),
    ),
    "no regular expression": (
        "InvalidInputException",
        "regular expression",
        lambda c: c.get_tables(DatabaseName="db", Expression="(a"),
    ),
    "a token of another call": (
        "InvalidInputException",
        "NextToken",
        lambda c: c.get_tables(DatabaseName="db", NextToken="nonsense"),
    ),
    "a version that is no number": (
        "InvalidInputException",
        "whole number",
        lambda c: c.get_table_version(DatabaseName="db", TableName="t", VersionId="last"),
    ),
    "an unknown version": (
        "EntityNotFoundException",
        "no version 9999",
        lambda c: c.get_table_version(DatabaseName="db", TableName="t", VersionId="9999"),
    ),
}


@pytest.mark.parametrize(("code", "message", "call"), REFUSED.values(), ids=REFUSED.keys())
def test_what_aws_refuses(glue: LocalGlueClient, db: str, code: str, message: str, call: Call) -> None:
    glue.create_table(DatabaseName=db, TableInput={"Name": "t"})
    with pytest.raises(ClientError, match=message) as caught:
        call(glue)
    error: dict[str, Any] = caught.value.response
    assert error["Error"]["Code"] == code
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert isinstance(caught.value, getattr(glue.exceptions, code))


NOT_SENT: dict[str, tuple[str, Call]] = {
    "missing": ('Missing required parameter in input: "Name"', lambda c: c.get_table(DatabaseName="db")),
    "missing inside": (
        'Missing required parameter in TableInput: "Name"',
        lambda c: c.create_table(DatabaseName="db", TableInput={}),
    ),
    "unknown": ('Unknown parameter in input: "Table", must be one of: CatalogId', lambda c: c.get_databases(Table="x")),
    "of another type": (
        r"Invalid type for parameter TableInput.StorageDescriptor.Columns\[0\].Name, value: 1, type: <class 'int'>",
        lambda c: c.create_table(
            DatabaseName="db", TableInput={"Name": "t", "StorageDescriptor": {"Columns": [{"Name": 1}]}}
        ),
    ),
    "too short": ("Invalid length for parameter Name, value: 0", lambda c: c.get_database(Name="")),
    "too small": ("Invalid value for parameter MaxResults, value: 0", lambda c: c.get_databases(MaxResults=0)),
}


@pytest.mark.parametrize(("message", "call"), NOT_SENT.values(), ids=NOT_SENT.keys())
def test_what_botocore_refuses(glue: LocalGlueClient, message: str, call: Call) -> None:
    with pytest.raises(ParamValidationError, match=message):
        call(glue)


def test_what_only_aws_can_serve_is_named(glue: LocalGlueClient) -> None:
    with pytest.raises(UnsupportedError, match=r"get_job.*create_table.*Hint: set AWS_ENDPOINT_URL"):
        glue.get_job(JobName="x")
    with pytest.raises(UnsupportedError, match="'TargetDatabase' \\(a resource link\\) in DatabaseInput"):
        glue.create_database(DatabaseInput={"Name": "a", "TargetDatabase": {}})
    with pytest.raises(TypeError, match="only accepts keyword arguments"):
        glue.get_database("db")  # type: ignore[call-arg]
    assert not hasattr(glue, "start_job_run")
    assert "get_tables" in dir(glue)
    assert glue.can_paginate("get_tables") and not glue.can_paginate("get_table")


def test_the_clients_own_facts(glue: LocalGlueClient) -> None:
    assert glue.meta.region_name == "us-east-1"
    assert issubclass(glue.exceptions.EntityNotFoundException, glue.exceptions.ClientError)
    with pytest.raises(AttributeError, match="NoSuchKey"):
        glue.exceptions.NoSuchKey  # noqa: B018 - looking it up is the test
