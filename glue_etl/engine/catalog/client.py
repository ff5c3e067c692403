"""Clients of the local services, which a caller cannot tell from boto3's.

They have boto3's methods, keyword parameters, answers, paginators and errors, as far as the service is built.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from glue_etl.engine.catalog.errors import ApiError, Exceptions, client_error, response_metadata
from glue_etl.engine.catalog.services import GLUE, SECRETS_MANAGER, Service
from glue_etl.engine.catalog.shapes import check
from glue_etl.engine.catalog.store import Store
from glue_etl.errors import UnsupportedError

__all__ = ["LocalClient", "LocalGlueClient", "LocalSecretsManagerClient", "UnknownCallError"]


class UnknownCallError(UnsupportedError, AttributeError):
    """A call that the local service does not answer; an AttributeError too, so that `hasattr` says no."""


class LocalClient:
    """A client of one service over its file in the state directory; any thread and process may have its own.

    Args:
        service: The calls it answers.
        folder: Where the service's file lies, made at the first write.
        region: What `meta.region_name` says.
    """

    def __init__(self, service: Service, folder: Path, region: str) -> None:
        self._service = service
        self._store = Store(folder.absolute() / service.file, service.schema)
        self.exceptions = Exceptions(service.errors)
        self.meta = SimpleNamespace(
            region_name=region,
            endpoint_url=self._store.path.as_uri(),
            partition="aws",
            service_model=SimpleNamespace(service_name=service.name),
        )

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """Answer one call of the API.

        Args:
            operation: Its name, such as `GetTable`.
            request: Its parameters.

        Returns:
            The members of its answer; times are datetimes with a time zone.

        Raises:
            ApiError: What AWS would answer with an error.
            UnsupportedError: A parameter that only AWS can serve.
            StateError: The service's file is damaged.
            botocore.exceptions.ParamValidationError: What botocore would not send.
        """
        call = self._service.calls[operation]
        check(call.request, request)
        with (self._store.write if call.writes else self._store.read)() as connection:
            return call.operation(connection, request)

    def __getattr__(self, name: str) -> Callable[..., dict[str, Any]]:
        if name.startswith("_"):
            raise AttributeError(name)
        operation = self._service.operation(name)
        if operation is None:
            raise UnknownCallError(
                f"The local {self._service.name} service does not answer the call {name!r}.",
                available=sorted(dir(self)),
                hint="set AWS_ENDPOINT_URL or GLUE_ETL_CATALOG=aws for the other calls",
            )

        def method(*args: Any, **request: Any) -> dict[str, Any]:
            if args:
                raise TypeError(f"{name}() only accepts keyword arguments.")
            try:
                answer = self.call(operation, request)
            except ApiError as error:
                raise client_error(error, operation) from None
            return {**answer, "ResponseMetadata": response_metadata(200)}

        method.__name__ = name
        return method

    def __dir__(self) -> list[str]:
        calls = [
            "".join(f"_{each.lower()}" if each.isupper() else each for each in name) for name in self._service.calls
        ]
        return [*(name.lstrip("_") for name in calls), "can_paginate", "close", "exceptions", "get_paginator", "meta"]

    def __repr__(self) -> str:
        return f"<local {self._service.name} client of {str(self._store.path)!r}>"

    def can_paginate(self, name: str) -> bool:
        """Whether a method has a paginator."""
        operation = self._service.operation(name)
        return operation is not None and bool(self._service.calls[operation].pages)

    def get_paginator(self, name: str) -> Any:
        """The paginator of botocore paginator over a method.

        Raises:
            botocore.exceptions.OperationNotPageableError: The method has no pages.
        """
        from botocore.exceptions import OperationNotPageableError
        from botocore.paginate import Paginator

        operation = self._service.operation(name)
        if operation is None or not self._service.calls[operation].pages:
            raise OperationNotPageableError(operation_name=name)
        rules = {
            "input_token": "NextToken",
            "output_token": "NextToken",
            "limit_key": "MaxResults",
            "result_key": self._service.calls[operation].pages,
        }
        # The paginator asks its model for one thing: of what type the page size is.
        shape = SimpleNamespace(members={"MaxResults": SimpleNamespace(type_name="integer")})
        return Paginator(getattr(self, name), rules, SimpleNamespace(input_shape=shape))

    def close(self) -> None:
        """Nothing is held open between calls."""


class LocalGlueClient(LocalClient):
    """The Data Catalog of a state directory, in `state/catalog.sqlite`.

    Every `CatalogId` means this one catalog.

    Args:
        folder: The folder of the file.
        region: What `meta.region_name` says.
    """

    def __init__(self, folder: Path, region: str = "us-east-1") -> None:
        super().__init__(GLUE, folder, region)


class LocalSecretsManagerClient(LocalClient):
    """The secrets of a state directory, in `state/secrets.sqlite`, which its owner alone may read.

    Args:
        folder: The folder of the file.
        region: What `meta.region_name` says.
    """

    def __init__(self, folder: Path, region: str = "us-east-1") -> None:
        super().__init__(SECRETS_MANAGER, folder, region)
