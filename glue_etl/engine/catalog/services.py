"""The calls that the local services answer, each with its request and its operation."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from glue_etl.engine.catalog import connections, databases, partitions, secrets, tables
from glue_etl.engine.catalog.documents import Operation
from glue_etl.engine.catalog.glue_shapes import REQUESTS
from glue_etl.engine.catalog.schema import CATALOG, SECRETS
from glue_etl.engine.catalog.shapes import Record, words

__all__ = ["GLUE", "SECRETS_MANAGER", "Call", "Service"]


class Call(NamedTuple):
    """One call of an API.

    Args:
        request: Its parameters.
        operation: What answers it, within a transaction.
        writes: The transaction changes the store.
        pages: The key of its answer that is continued on further pages, or nothing.
    """

    request: Record
    operation: Operation
    writes: bool
    pages: str = ""


@dataclass(frozen=True)
class Service:
    """An API of AWS as far as it is served locally.

    Args:
        name: boto3's name of it.
        calls: By the operation's name in the API.
        file: Its file in the state directory.
        schema: The SQL of that file.
        errors: The codes that `client.exceptions` offers.
    """

    name: str
    calls: dict[str, Call]
    file: str
    schema: str
    errors: frozenset[str]

    def operation(self, method: str) -> str | None:
        """The operation behind a method's name, such as `GetTable` behind `get_table`."""
        name = "".join(part.capitalize() for part in method.split("_"))
        return name if name in self.calls else None


def _glue() -> dict[str, Call]:
    pages = {
        "GetDatabases": "DatabaseList",
        "GetTables": "TableList",
        "GetTableVersions": "TableVersions",
        "GetPartitions": "Partitions",
        "GetConnections": "ConnectionList",
    }
    rooms = (databases, tables, partitions, connections)
    calls = {}
    for name, request in REQUESTS.items():
        method = re.sub("(?<!^)([A-Z])", r"_\1", name).lower()
        (operation,) = (getattr(room, method) for room in rooms if method in room.__all__)
        writes = not name.startswith(("Get", "BatchGet"))
        calls[name] = Call(request, operation, writes, pages.get(name, ""))
    return calls


GLUE = Service(
    "glue",
    _glue(),
    "catalog.sqlite",
    CATALOG,
    words(
        """
        AlreadyExistsException ConcurrentModificationException ConflictException EntityNotFoundException
        GlueEncryptionException InternalServiceException InvalidInputException InvalidStateException
        OperationTimeoutException ResourceNotReadyException ResourceNumberLimitExceededException ValidationException
        AccessDeniedException FederationSourceException
        """
    ),
)
SECRETS_MANAGER = Service(
    "secretsmanager",
    {name: Call(request, operation, writes) for name, (request, operation, writes) in secrets.CALLS.items()},
    "secrets.sqlite",
    SECRETS,
    words(
        """
        DecryptionFailure EncryptionFailure InternalServiceError InvalidNextTokenException InvalidParameterException
        InvalidRequestException LimitExceededException MalformedPolicyDocumentException PreconditionNotMetException
        PublicPolicyException ResourceExistsException ResourceNotFoundException
        """
    ),
)
