"""Small objects of the Glue runtime that only keep something or answer a question: no data passes through them."""

from __future__ import annotations

import logging
import uuid
from typing import TYPE_CHECKING

from glue_etl.errors import JobError

if TYPE_CHECKING:
    from glue_etl.settings import Settings

__all__ = ["AwsConnectionUtils", "StreamingSource", "Transactions"]

_LOG = logging.getLogger(__name__)


class AwsConnectionUtils:
    """The stand-in for `AWSConnectionUtils`, which `awsglue.devutils` asks where AWS Glue is."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def getGlueProxyUrl(self) -> str:
        """No proxy; awsglue looks for these words."""
        return "https://null:null"

    def getGlueEndpoint(self) -> str:
        """The endpoint of the Glue API: the one that is set, else that of the region."""
        return self._settings.endpoint_url or f"https://glue.{self._settings.region}.amazonaws.com"

    def getRegion(self) -> str:
        """The region."""
        return self._settings.region


class StreamingSource:
    """The stand-in for Spark's `StreamingSource`, to which `forEachBatch` reports: the sums of the process.

    Attributes:
        records: Rows of all batches.
        milliseconds: Time spent in all batches.
    """

    records = 0
    milliseconds = 0

    @classmethod
    def updateNumRecords(cls, count: int) -> None:
        """A batch had so many rows."""
        cls.records += int(count)

    @classmethod
    def updateBatchProcessingTimeInMs(cls, milliseconds: int) -> None:
        """A batch took so long."""
        cls.milliseconds += int(milliseconds)


class Transactions:
    """Lake Formation's transactions, which have ended with governed tables: they are counted and change nothing.

    Source: "GlueContext class", start_transaction and what follows it, in the AWS Glue guide.
    """

    def __init__(self) -> None:
        self._states: dict[str, str] = {}

    def start(self, read_only: bool) -> str:
        """Begin; the answer is the transaction's id."""
        name = uuid.uuid4().hex
        self._states[name] = "active"
        _LOG.warning("start_transaction(read_only=%s) has no effect here: writes are seen when they end.", read_only)
        return name

    def commit(self, name: str) -> bool:
        """End it; the answer is whether it has ended, which is always so.

        Raises:
            JobError: There is no such transaction, or it was cancelled.
        """
        if self._state(name) == "cancelled":
            raise JobError(f"TransactionCanceledException: the transaction {name!r} was cancelled.")
        self._states[name] = "committed"
        return True

    def cancel(self, name: str) -> None:
        """Give it up; what was written under it stays.

        Raises:
            JobError: There is no such transaction, or it was committed.
        """
        if self._state(name) == "committed":
            raise JobError(f"TransactionCommittedException: the transaction {name!r} was committed.")
        self._states[name] = "cancelled"
        _LOG.warning("cancel_transaction has no effect here: what was written under %s stays.", name)

    def _state(self, name: str) -> str:
        if name not in self._states:
            raise JobError(
                f"EntityNotFoundException: there is no transaction {name!r}.", hint="start_transaction gives its id"
            )
        return self._states[name]
