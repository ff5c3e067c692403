"""Which partitions of a table are read, and where they lie.

Sources: "Managing partitions for ETL output in AWS Glue" (`push_down_predicate`, `catalogPartitionPredicate`).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from glue_etl.engine.catalog.lookup import Partition, get_partitions
from glue_etl.engine.context import EngineContext
from glue_etl.engine.io.catalog_predicate import check_values, judged
from glue_etl.engine.io.catalog_pushdown import Pushed, pushed
from glue_etl.engine.io.globs import has_glob
from glue_etl.engine.io.lake import is_s3
from glue_etl.engine.io.listing import local_path
from glue_etl.engine.types import tree as g
from glue_etl.errors import OptionError, PathNotFoundError, SourceError

__all__ = ["TableRead", "chosen_partitions", "existing_locations"]

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class TableRead:
    """A table as one read sees it.

    Attributes:
        document: As `get_table` gives it.
        what: Its name in messages.
        columns: Its columns, partition keys left out.
        keys: Its partition keys.
    """

    document: Mapping[str, Any]
    what: str
    columns: g.StructType
    keys: g.StructType


def chosen_partitions(ctx: EngineContext, table: TableRead, predicate: str, expression: str) -> list[Partition]:
    """The partitions that are read; of a table without keys one that is the table itself.

    Args:
        ctx: For the catalog, and Spark, which judges.
        table: The table.
        predicate: The script's push_down_predicate.
        expression: Its catalogPartitionPredicate.

    Raises:
        OptionError: One of the two cannot be used, or the table has no location.
        SourceError: A partition's value is not of its key's type.
    """
    for words, text in (("push_down_predicate", predicate), ("catalogPartitionPredicate", expression)):
        if text.strip() and not len(table.keys):
            raise OptionError(
                f"User's pushdown predicate: {text} can not be resolved against partition columns of {table.what}, "
                f"which has none ({words}).",
                hint="leave it out and filter after the read",
            )
    if not len(table.keys):
        return [Partition((), {"StorageDescriptor": {"Location": _location(table)}})]
    told = pushed(ctx.session, predicate, table.keys) if predicate.strip() else Pushed()
    both = f"({expression}) AND {told.text}" if expression.strip() and told.text else expression.strip() or told.text
    client = ctx.clients.glue()
    words = "catalogPartitionPredicate"
    try:
        found = get_partitions(client, table.document, both, words)
    except OptionError:
        if not told.text:
            raise
        # The message shows what the script has written.
        told, found = Pushed(), get_partitions(client, table.document, expression, words)
    check_values(found, table.keys, table.what)
    if predicate.strip() and not (told.exact and ctx.clients.local):
        found = judged(ctx.session, predicate, table.keys, found, table.what)
    return found


def _location(table: TableRead) -> str:
    location = str((table.document.get("StorageDescriptor") or {}).get("Location") or "")
    if not location:
        raise OptionError(
            f"{table.what[0].upper()}{table.what[1:]} has no location.", hint="correct the table's definition"
        )
    return location


def existing_locations(ctx: EngineContext, table: TableRead, partitions: Sequence[Partition]) -> list[str]:
    """The locations where something is; the others are told in the log, for on S3 they are folders without objects.

    Raises:
        SourceError: A partition has no location, or that of another one.
        PathNotFoundError: A location that is not on S3 does not exist.
        NoSuchBucketError: A bucket does not exist.
    """
    paths: dict[str, Partition] = {}
    missing = []
    for partition in partitions:
        location = partition.location
        if not location:
            raise SourceError(
                f"The partition {list(partition.values)!r} of {table.what} has no location.",
                hint="drop the partition and enter it again",
            )
        local = local_path(ctx, location)
        if local is None or local.exists():
            other = paths.setdefault(location, partition)
            if other is not partition:
                raise SourceError(
                    f"The partitions {list(other.values)!r} and {list(partition.values)!r} of {table.what} have one "
                    f"location, {location!r}.",
                    hint="drop one of the two partitions",
                )
        elif is_s3(location) and not has_glob(location):
            missing.append(location)
        else:
            raise PathNotFoundError(
                f"The location {location!r} of {table.what} does not exist.",
                hint="bring the files back, or correct the table's definition",
            )
    if missing:
        _LOG.warning(
            "Nothing is at %d of the %d locations of %s, such as %r: they are read as empty.",
            len(missing),
            len(partitions),
            table.what,
            missing[0],
        )
    return list(paths)
