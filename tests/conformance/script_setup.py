"""What a script case is given besides files: databases, tables, connections; and what has become of its tables."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import catalog_tables
from .script_cases import ScriptCase
from .script_outputs import Output

Json = Any


@dataclass(frozen=True)
class Databases:
    """The databases behind a case's connections.

    Attributes:
        server: A PostgreSQL server; None if the case has no connection.
        names: The database of each connection.
    """

    server: Any
    names: Mapping[str, str]

    def output(self, path: str) -> Output:
        """The rows of `jdbc:CONNECTION/schema.table`."""
        connection, _, table = path.removeprefix("jdbc:").partition("/")
        found = self.server.run(f"SELECT row_to_json(t) FROM {table} t", self.names[connection])
        rows = [json.loads(line) for (line,) in found]
        return Output(rows, {name for row in rows for name in row})


def missing_server(case: ScriptCase) -> str | None:
    """Why the connections of a case cannot be made here; None if they can, or if it has none."""
    connections = case.content.get("connections", {})
    engines = {each.get("engine", "postgresql") for each in connections.values()}
    if others := sorted(engines - {"postgresql"}):
        return f"no server for {others[0]}"
    if not connections:
        return None
    from glue_etl.testing.postgresql import missing

    return missing()


@contextmanager
def databases(case: ScriptCase, state: Path) -> Iterator[Databases]:
    """Start a server, make and fill its databases, and put the connections into the Data Catalog."""
    connections = case.content.get("connections", {})
    if not connections:
        yield Databases(None, {})
        return
    from glue_etl.testing.postgresql import running_server

    with running_server() as server:
        for user, password in {each["user"]: each["password"] for each in connections.values()}.items():
            server.create_user(user, password)
        for name, each in connections.items():
            seed = (case.folder / each["seed"]).read_text(encoding="utf-8") if "seed" in each else ""
            server.create_database(each["database"], seed)
            own = server.connection(name, each["database"])
            own["ConnectionProperties"] |= {"USERNAME": each["user"], "PASSWORD": each["password"]}
            client_of(state).create_connection(ConnectionInput=own)
        yield Databases(server, {name: each["database"] for name, each in connections.items()})


def client_of(state: Path) -> Any:
    """The Data Catalog of a state folder, by the calls of boto3's Glue client."""
    from glue_etl.engine.catalog.clients import Clients
    from glue_etl.settings import Settings

    return Clients(Settings(state)).glue()


def create_catalog(case: ScriptCase, state: Path) -> None:
    """Make the databases and tables of a case."""
    databases = [*case.content.get("databases", []), *(each["database"] for each in case.content.get("catalog", []))]
    if not databases:
        return
    client = client_of(state)
    for name in databases:
        catalog_tables.require_database(client, name)
    for table in case.content.get("catalog", []):
        document = table_input(table)
        client.create_table(DatabaseName=table["database"], TableInput=document)
        catalog_tables.add_partitions(client, table["database"], document, table.get("partitions", []))


def table_input(table: Mapping[str, Json]) -> dict[str, Json]:
    """A table of `case.json` as the API's `TableInput`."""
    serde = table.get("serde", {})
    storage = {
        "Columns": catalog_tables.fields(table["columns"]),
        "Location": table["location"],
        "InputFormat": table.get("input_format", ""),
        "OutputFormat": table.get("output_format", ""),
        # A table that stands for one of a database has no SerDe.
        "SerdeInfo": {"SerializationLibrary": serde["library"], "Parameters": serde.get("parameters", {})}
        if serde.get("library")
        else None,
    }
    return {
        "Name": table["table"],
        "TableType": "EXTERNAL_TABLE",
        "Parameters": table.get("parameters", {}),
        "PartitionKeys": catalog_tables.fields(table.get("partition_keys", [])),
        "StorageDescriptor": {name: value for name, value in storage.items() if value not in ("", None)},
    }


def catalog_problems(expected: list[Mapping[str, Json]], state: Path) -> list[str]:
    """What differs between the tables that must exist and those that do; empty if nothing does."""
    found = []
    for table in expected:
        name = f"{table['database']}.{table['table']}"
        try:
            catalog_tables.check(client_of(state), {name: table})
        except Exception as problem:
            # An assertion that does not hold, or the client's own word that there is no such table.
            found.append(f"catalog: {name}: {problem}")
    return found
