"""The one place where clients of AWS's APIs are made: of AWS, of an endpoint, or the local ones."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from glue_etl.settings import Settings

__all__ = ["Clients"]


class Clients:
    """The clients of one state directory, each made when it is first asked for.

    With `AWS_ENDPOINT_URL` they are boto3's clients of that endpoint, with `GLUE_ETL_CATALOG=aws` boto3's clients of
    AWS, else the local ones; `GLUE_ETL_CATALOG=local` wins over an endpoint.

    Args:
        settings: Where state lives, and which catalog is meant.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @property
    def local(self) -> bool:
        """Whether the local services answer."""
        chosen = self._settings.catalog
        return chosen == "local" or (chosen is None and not self._settings.endpoint_url)

    def glue(self) -> Any:
        """The client of the Glue API."""
        return self._glue

    def secretsmanager(self) -> Any:
        """The client of AWS Secrets Manager."""
        return self._secretsmanager

    @cached_property
    def _glue(self) -> Any:
        if not self.local:
            return self._boto3("glue")
        from glue_etl.engine.catalog.client import LocalGlueClient

        return LocalGlueClient(self._settings.state_dir / "state", self._settings.region)

    @cached_property
    def _secretsmanager(self) -> Any:
        if not self.local:
            return self._boto3("secretsmanager")
        from glue_etl.engine.catalog.client import LocalSecretsManagerClient

        return LocalSecretsManagerClient(self._settings.state_dir / "state", self._settings.region)

    def _boto3(self, service: str) -> Any:
        import boto3

        return boto3.client(service, region_name=self._settings.region, endpoint_url=self._settings.endpoint_url)
