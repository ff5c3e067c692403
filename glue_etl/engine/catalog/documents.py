"""What all operations share: names as Glue folds them, documents as JSON text, pages of a listing."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from glue_etl.engine.catalog.errors import ApiError

__all__ = ["ACCOUNT", "Operation", "dumped", "folded", "moment", "next_token", "start_of", "time_of"]

# The account of the local services: every CatalogId means this one catalog.
ACCOUNT = "000000000000"

Operation = Callable[..., dict[str, Any]]
_TIMES = ("LastAccessTime", "LastAnalyzedTime")


def folded(name: str) -> str:
    """A name as Glue stores it, for compatibility with Hive: in lower case."""
    return name.lower()


def dumped(document: Mapping[str, Any]) -> str:
    """A document as JSON text, its times as seconds since 1970."""
    kept = {name: _seconds(value) if name in _TIMES else value for name, value in document.items()}
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":"))


def time_of(document: dict[str, Any]) -> dict[str, Any]:
    """The document with its times as boto3 gives them."""
    for name in _TIMES:
        if name in document:
            document[name] = moment(document[name])
    return document


def moment(seconds: float) -> datetime:
    """A point in time as boto3 gives it: with a time zone."""
    return datetime.fromtimestamp(seconds, UTC)


def _seconds(value: datetime | float) -> float:
    return value.timestamp() if isinstance(value, datetime) else value


def next_token(last: Sequence[str | int]) -> str:
    """The token of the page behind an entry."""
    return base64.urlsafe_b64encode(json.dumps(list(last)).encode()).decode()


def start_of(request: Mapping[str, Any], first: list[Any]) -> list[Any]:
    """Where a listing goes on: the entry in the token, or `first` if there is none.

    Raises:
        ApiError: `InvalidInputException`, the token is none of ours.
    """
    token = request.get("NextToken")
    if not token:
        return first
    try:
        last = json.loads(base64.urlsafe_b64decode(token))
    except ValueError:
        last = None
    if not isinstance(last, list) or [type(each) for each in last] != [type(each) for each in first]:
        raise ApiError.invalid(f"NextToken {token!r} is not a token of this call.")
    return last
