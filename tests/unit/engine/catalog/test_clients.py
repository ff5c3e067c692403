"""Which catalog answers, and what it costs to ask for none."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from glue_etl.engine.catalog.client import LocalGlueClient, LocalSecretsManagerClient
from glue_etl.engine.catalog.clients import Clients
from glue_etl.engine.context import EngineContext
from glue_etl.engine.io.lake import Lake
from glue_etl.settings import Settings

ENDPOINT = "http://127.0.0.1:4566"
CHOICES = {
    "nothing said": (None, None, True),
    "an endpoint": (None, ENDPOINT, False),
    "AWS": ("aws", None, False),
    "AWS behind an endpoint": ("aws", ENDPOINT, False),
    "local in spite of an endpoint": ("local", ENDPOINT, True),
}


@pytest.mark.parametrize(("catalog", "endpoint", "local"), CHOICES.values(), ids=CHOICES.keys())
def test_who_answers(tmp_path: Path, catalog: str | None, endpoint: str | None, local: bool) -> None:
    settings = Settings(state_dir=tmp_path, catalog=catalog, endpoint_url=endpoint, region="eu-west-1")
    clients = Clients(settings)
    assert clients.local is local
    assert isinstance(clients.glue(), LocalGlueClient) is local
    assert isinstance(clients.secretsmanager(), LocalSecretsManagerClient) is local
    assert clients.glue() is clients.glue()
    assert clients.glue().meta.region_name == "eu-west-1"
    if endpoint and not local:
        assert clients.glue().meta.endpoint_url == endpoint
    if local:
        clients.glue().create_database(DatabaseInput={"Name": "db"})
        assert (tmp_path / "state" / "catalog.sqlite").is_file()


def test_the_local_client_needs_no_boto3(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "sys.modules['boto3'] = None\n"
        "from glue_etl.engine.catalog.clients import Clients\n"
        "from glue_etl.settings import load\n"
        "assert 'botocore' not in sys.modules and 'sqlite3' not in sys.modules\n"
        f"glue = Clients(load(state_dir={str(tmp_path)!r}, catalog='local')).glue()\n"
        "glue.create_database(DatabaseInput={'Name': 'db'})\n"
        "assert glue.get_databases()['DatabaseList'][0]['Name'] == 'db'\n"
        "assert 'botocore' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_every_room_reaches_them_by_the_context(tmp_path: Path) -> None:
    settings = Settings(state_dir=tmp_path, catalog="local")
    session: Any = None
    ctx = EngineContext(session, settings, Lake(settings.lake_dir))
    ctx.clients.glue().create_database(DatabaseInput={"Name": "db"})
    assert ctx.clients is ctx.clients
    other = dataclasses.replace(ctx, settings=Settings(state_dir=tmp_path / "other", catalog="local"))
    assert other.clients.glue().get_databases()["DatabaseList"] == []
