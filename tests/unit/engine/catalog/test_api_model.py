"""Requests and answers of the local services against the API's own model, as botocore carries it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

from glue_etl.engine.catalog.client import LocalGlueClient, LocalSecretsManagerClient
from glue_etl.engine.catalog.services import GLUE, SECRETS_MANAGER, Service
from glue_etl.engine.catalog.shapes import Flag, Listed, Mapped, Number, Record, Shape, Text

MODELS = {name: ServiceModel(Loader().load_service_model(name, "service-2")) for name in ("glue", "secretsmanager")}
KINDS = {
    Text: "string",
    Number: ("integer", "long"),
    Flag: "boolean",
    Listed: "list",
    Mapped: "map",
    Record: "structure",
}
# Narrower than the API on purpose: connectors of AWS's own, and what a local service has no use for.
NARROWED = {
    "ConnectionType",
    "ConnectionProperties (key)",
    "AuthenticationType",
    "AttributesToGet[]",
    "ResourceShareType",
}


def differences(shape: Shape, model: Any, path: str) -> list[str]:
    """Where our shape says otherwise than the model."""
    kind = KINDS.get(type(shape))
    if kind is not None and model.type_name not in kind:
        return [f"{path}: {type(shape).__name__}, the API has {model.type_name}"]
    found = []
    if isinstance(shape, Record):
        theirs = model.members
        found += [f"{path}.{name} is not in the API" for name in (*shape.members, *shape.refused) if name not in theirs]
        if set(shape.required) != set(model.required_members):
            found.append(f"{path} requires {shape.required}, the API {model.required_members}")
        for name, member in shape.members.items():
            if name in theirs:
                found += differences(member, theirs[name], f"{path}.{name}")
    elif isinstance(shape, Listed):
        found += _limits(shape, model, path) + differences(shape.member, model.member, f"{path}[]")
    elif isinstance(shape, Mapped):
        found += differences(shape.key, model.key, f"{path} (key)")
        found += differences(shape.value, model.value, f"{path} (value)")
    elif isinstance(shape, Text | Number):
        found += _limits(shape, model, path)
        if isinstance(shape, Text) and shape.choices and not shape.choices <= set(model.enum):
            found.append(f"{path}: {sorted(shape.choices - set(model.enum))} are not in the API")
    return found


def _limits(shape: Any, model: Any, path: str) -> list[str]:
    theirs = model.metadata
    low, high = shape.low or 0, shape.high
    if getattr(shape, "choices", None):
        return []
    return [
        f"{path}: {ours} for the API's {name} {theirs.get(name)}"
        for name, ours in (("min", low), ("max", high))
        if ours != theirs.get(name, 0 if name == "min" else None)
    ]


CALLS = [(service, name) for service in (GLUE, SECRETS_MANAGER) for name in service.calls]


@pytest.mark.parametrize(("service", "name"), CALLS, ids=[name for _, name in CALLS])
def test_a_request_is_what_the_api_takes(service: Service, name: str) -> None:
    model = MODELS[service.name].operation_model(name)
    assert differences(service.calls[name].request, model.input_shape, name) == []


class Checked:
    """A client whose every answer is held against the model."""

    def __init__(self, client: Any, model: ServiceModel) -> None:
        self.client, self.model = client, model
        self.called: set[str] = set()

    def __getattr__(self, method: str) -> Any:
        def call(**request: Any) -> dict[str, Any]:
            answer: dict[str, Any] = getattr(self.client, method)(**request)
            name = "".join(part.capitalize() for part in method.split("_"))
            self.called.add(name)
            shape = self.model.operation_model(name).output_shape
            body = {key: value for key, value in answer.items() if key != "ResponseMetadata"}
            if shape is not None:
                assert not ParamValidator().validate(body, shape).generate_report()
            return answer

        return call


def test_every_answer_of_the_catalog_has_the_apis_form(tmp_path: Path) -> None:
    glue = Checked(LocalGlueClient(tmp_path), MODELS["glue"])
    at = {"DatabaseName": "db", "TableName": "t"}
    storage = {"Columns": [{"Name": "a", "Type": "int", "Comment": "c"}], "Location": "s3://b/"}
    table = {"Name": "t", "StorageDescriptor": storage, "PartitionKeys": [{"Name": "p", "Type": "int"}]}
    made = [{"Values": [str(number)], "StorageDescriptor": storage, "LastAccessTime": 1.5} for number in range(4)]
    glue.create_database(DatabaseInput={"Name": "db", "Description": "d"})
    glue.update_database(Name="db", DatabaseInput={"Name": "db"})
    glue.get_database(Name="db")
    glue.get_databases(AttributesToGet=["NAME"])
    glue.create_table(DatabaseName="db", TableInput=table)
    glue.update_table(DatabaseName="db", TableInput=table)
    glue.get_table(DatabaseName="db", Name="t")
    glue.get_tables(DatabaseName="db", MaxResults=1)
    glue.get_table_version(**at)
    glue.get_table_versions(**at, MaxResults=1)
    glue.batch_delete_table_version(**at, VersionIds=["9"])
    glue.delete_table_version(**at, VersionId="0")
    glue.create_partition(**at, PartitionInput=made[0])
    glue.batch_create_partition(**at, PartitionInputList=made)
    glue.get_partition(**at, PartitionValues=["1"])
    glue.batch_get_partition(**at, PartitionsToGet=[{"Values": ["1"]}])
    glue.get_partitions(**at, Expression="p > 0", MaxResults=1)
    glue.update_partition(**at, PartitionValueList=["1"], PartitionInput=made[1])
    entries = [{"PartitionValueList": [value], "PartitionInput": made[1]} for value in ("1", "9")]
    glue.batch_update_partition(**at, Entries=entries)
    glue.delete_partition(**at, PartitionValues=["0"])
    glue.batch_delete_partition(**at, PartitionsToDelete=[{"Values": ["9"]}])
    connection = {"Name": "c", "ConnectionType": "JDBC", "ConnectionProperties": {"JDBC_CONNECTION_URL": "jdbc:x"}}
    glue.create_connection(ConnectionInput=connection)
    glue.update_connection(Name="c", ConnectionInput=connection)
    glue.get_connection(Name="c")
    glue.get_connections()
    glue.delete_connection(ConnectionName="c")
    glue.batch_delete_connection(ConnectionNameList=["c"])
    glue.delete_table(DatabaseName="db", Name="t")
    glue.batch_delete_table(DatabaseName="db", TablesToDelete=["t"])
    glue.delete_database(Name="db")
    assert glue.called == set(GLUE.calls)


def test_every_answer_of_the_secrets_has_the_apis_form(tmp_path: Path) -> None:
    manager = Checked(LocalSecretsManagerClient(tmp_path), MODELS["secretsmanager"])
    manager.create_secret(Name="a", SecretString="1", Description="d")
    manager.put_secret_value(SecretId="a", SecretBinary=b"2")
    manager.update_secret(SecretId="a", SecretString="3")
    manager.get_secret_value(SecretId="a")
    manager.describe_secret(SecretId="a")
    manager.list_secrets(MaxResults=1)
    manager.delete_secret(SecretId="a")
    manager.restore_secret(SecretId="a")
    assert manager.called == set(SECRETS_MANAGER.calls)
