"""Any sequence of calls leaves the catalog as a dictionary in memory would be."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from glue_etl.engine.catalog.client import LocalGlueClient

DATABASES = st.sampled_from(["a", "b"])
TABLES = st.sampled_from(["t", "T2"])
VALUES = st.sampled_from(["1", "2", "é,\"'"])
NUMBERS = st.integers(0, 9).map(str)
KEYS = [{"Name": "p", "Type": "string"}]


def code(call: Any, **request: Any) -> str:
    """The error code of a call, or nothing."""
    try:
        call(**request)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


class Catalog(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="glue-etl-model-"))
        # databases, their tables, their (versions, partitions)
        self.model: dict[str, dict[str, tuple[list[str], dict[str, str]]]] = {}

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    @property
    def glue(self) -> Any:
        # A client of its own for each call, as if each came from another process.
        return LocalGlueClient(self.folder)

    def missing(self, database: str, table: str) -> bool:
        return table.lower() not in self.model.get(database, {})

    @rule(database=DATABASES)
    def make_database(self, database: str) -> None:
        expected = "AlreadyExistsException" if database in self.model else ""
        assert code(self.glue.create_database, DatabaseInput={"Name": database}) == expected
        self.model.setdefault(database, {})

    @rule(database=DATABASES)
    def drop_database(self, database: str) -> None:
        expected = "" if database in self.model else "EntityNotFoundException"
        assert code(self.glue.delete_database, Name=database) == expected
        self.model.pop(database, None)

    @rule(database=DATABASES, table=TABLES, text=NUMBERS)
    def make_table(self, database: str, table: str, text: str) -> None:
        given = {"Name": table, "Description": text, "PartitionKeys": KEYS}
        found = code(self.glue.create_table, DatabaseName=database, TableInput=given)
        if database not in self.model:
            assert found == "EntityNotFoundException"
        elif self.missing(database, table):
            assert found == ""
            self.model[database][table.lower()] = ([text], {})
        else:
            assert found == "AlreadyExistsException"

    @rule(database=DATABASES, table=TABLES, text=NUMBERS)
    def change_table(self, database: str, table: str, text: str) -> None:
        given = {"Name": table, "Description": text, "PartitionKeys": KEYS}
        found = code(self.glue.update_table, DatabaseName=database, TableInput=given)
        assert found == ("EntityNotFoundException" if self.missing(database, table) else "")
        if not found:
            self.model[database][table.lower()][0].append(text)

    @rule(database=DATABASES, table=TABLES)
    def drop_table(self, database: str, table: str) -> None:
        found = code(self.glue.delete_table, DatabaseName=database, Name=table)
        assert found == ("EntityNotFoundException" if self.missing(database, table) else "")
        self.model.get(database, {}).pop(table.lower(), None)

    @rule(database=DATABASES, table=TABLES, value=VALUES, text=NUMBERS)
    def make_partition(self, database: str, table: str, value: str, text: str) -> None:
        given = {"Values": [value], "Parameters": {"n": text}}
        found = code(self.glue.create_partition, DatabaseName=database, TableName=table, PartitionInput=given)
        if self.missing(database, table):
            assert found == "EntityNotFoundException"
            return
        partitions = self.model[database][table.lower()][1]
        assert found == ("AlreadyExistsException" if value in partitions else "")
        partitions.setdefault(value, text)

    @rule(database=DATABASES, table=TABLES, value=VALUES)
    def drop_partition(self, database: str, table: str, value: str) -> None:
        found = code(self.glue.delete_partition, DatabaseName=database, TableName=table, PartitionValues=[value])
        there = not self.missing(database, table) and value in self.model[database][table.lower()][1]
        assert found == ("" if there else "EntityNotFoundException")
        if there:
            del self.model[database][table.lower()][1][value]

    @invariant()
    def the_catalog_is_the_model(self) -> None:
        glue = self.glue
        assert [each["Name"] for each in glue.get_databases()["DatabaseList"]] == sorted(self.model)
        for database, tables in self.model.items():
            shown = glue.get_tables(DatabaseName=database)["TableList"]
            assert {each["Name"]: each["Description"] for each in shown} == {n: v[-1] for n, (v, _) in tables.items()}
            for table, (versions, partitions) in tables.items():
                where = {"DatabaseName": database, "TableName": table}
                kept = glue.get_table_versions(**where)["TableVersions"]
                assert [each["Table"]["Description"] for each in reversed(kept)] == versions
                found = glue.get_partitions(**where)["Partitions"]
                assert {each["Values"][0]: each["Parameters"]["n"] for each in found} == partitions


Catalog.TestCase.settings = settings(max_examples=15, stateful_step_count=25, deadline=None)
TestAnySequenceOfCalls = Catalog.TestCase
