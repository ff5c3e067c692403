"""What the bookmarks keep of a job, as plain values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol

from glue_etl.errors import BookmarkError

__all__ = ["ContextState", "FileVersion", "Head", "keys_from_text", "keys_to_text", "path_of", "plain_keys"]


class FileVersion(Protocol):
    """A file as it was listed: what tells it from an earlier or a later one of its name."""

    @property
    def uri(self) -> str:
        """Its path."""

    @property
    def modified(self) -> int:
        """Its modification time in nanoseconds since 1970."""

    @property
    def size(self) -> int:
        """Its bytes."""


@dataclass(frozen=True, slots=True)
class Head:
    """One update of a job's bookmark; the last one is where the bookmark stands.

    Attributes:
        job: The job's name.
        version: Grows by one with every update of the bookmark: a run's start, its commit, a reset, a rewind.
        kind: `start`, `commit`, `reset` or `rewind`.
        run_id: The run that made it, or that was gone back to; None after a reset.
        run: Number of that run among those that committed; a run that is on its way has the next one.
        attempt: How many runs of that number failed before.
        moment: When, ISO 8601 in UTC.
    """

    job: str
    version: int
    kind: str
    run_id: str | None
    run: int
    attempt: int
    moment: str


@dataclass(frozen=True, slots=True)
class ContextState:
    """What one transformation_ctx has read at a version of the bookmark.

    Attributes:
        name: The transformation_ctx.
        version: The update that put it down.
        files: How many files it has read, as they are or were.
        keys: The last values of a JDBC source's keys; None if it has none.
    """

    name: str
    version: int
    files: int
    keys: dict[str, Any] | None


def path_of(file: FileVersion) -> str:
    """A file's path as the bookmark keeps it: an object of S3 is the same by any of its schemes."""
    uri = file.uri
    return f"s3://{uri[6:]}" if uri.startswith(("s3a://", "s3n://")) else uri


_TAGS: Mapping[str, type] = {"decimal": Decimal, "datetime": datetime, "date": date}


def keys_to_text(keys: Mapping[str, Any]) -> str:
    """Values of keys as JSON; what JSON has not goes by a name and a text.

    Raises:
        BookmarkError: A value is of a type that no key can have.
    """
    return json.dumps(plain_keys(keys), ensure_ascii=False)


def plain_keys(keys: Mapping[str, Any]) -> dict[str, Any]:
    """Values of keys as JSON has them.

    Raises:
        BookmarkError: A value is of a type that no key can have.
    """
    return {name: _plain(name, value) for name, value in keys.items()}


def keys_from_text(text: str) -> dict[str, Any]:
    """What `keys_to_text` wrote.

    Raises:
        ValueError: It is something else.
    """
    return {name: _value(value) for name, value in json.loads(text).items()}


def _plain(name: str, value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Decimal):
        return {"decimal": str(value)}
    if isinstance(value, datetime):
        return {"datetime": value.isoformat()}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    raise BookmarkError(
        f"The bookmark key {name!r} has a value of the type {type(value).__name__!r}.",
        available=("numbers", "texts", "dates", "timestamps"),
        hint="choose another column with jobBookmarkKeys",
    )


def _value(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    ((tag, text),) = value.items()
    kind = _TAGS[tag]
    return kind(text) if kind is Decimal else kind.fromisoformat(text)  # type: ignore[attr-defined]
