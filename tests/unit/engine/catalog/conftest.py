"""A catalog of its own for each test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from glue_etl.engine.catalog.client import LocalGlueClient, LocalSecretsManagerClient


@pytest.fixture
def glue(tmp_path: Path) -> Any:
    return LocalGlueClient(tmp_path / "state")


@pytest.fixture
def secrets(tmp_path: Path) -> Any:
    return LocalSecretsManagerClient(tmp_path / "state")
