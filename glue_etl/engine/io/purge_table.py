"""Deleting old files of a table, and the partitions that have none left: `purge_table`.

Source: "GlueContext class", purge_table and transition_table, in the AWS Glue guide. Of a table with partition keys
only what lies in its partitions is the table's, so nothing else is deleted.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from glue_etl.engine.catalog.lookup import Partition, get_partitions, keys_of_table
from glue_etl.engine.io.catalog_entries import Target, required_table
from glue_etl.engine.io.lake import Lake, split_uri
from glue_etl.engine.io.purge import OPTIONS, TRANSITION_OPTIONS, Purged, purge_folders, read_purge, read_transition
from glue_etl.errors import OptionError, SourceError, UnsupportedError

if TYPE_CHECKING:
    from glue_etl.engine.context import EngineContext

__all__ = ["check_table_transition", "purge_table"]

_LOG = logging.getLogger(__name__)
_Place = tuple[Partition, str]
# Deleting a file of theirs by its age would break them.
_KEPT_BY_METADATA = ("delta", "hudi", "iceberg")
_PREDICATE = "partitionPredicate"
# The most that one call takes: https://docs.aws.amazon.com/glue/latest/webapi/API_BatchDeletePartition.html
_DELETED_AT_ONCE = 25


def purge_table(ctx: EngineContext, target: Target, options: Mapping[str, Any], transformation_ctx: str = "") -> Purged:
    """Delete the files of a table that are older than the retention period.

    Args:
        ctx: For the lake, and for Spark, which judges the predicate.
        target: The table.
        options: `retentionPeriod` in hours (168 if not given; 0 deletes all), `partitionPredicate` (the partitions to
            look at, as a push-down predicate), `excludeStorageClasses`, `manifestFilePath`.
        transformation_ctx: Becomes a folder of the manifest's path.

    Raises:
        SourceError: There is no such table, or it has no location.
        OptionError: An option has an unusable value.
        UnsupportedError: The table is one of Iceberg, Hudi or Delta Lake.
        NoSuchBucketError: A bucket does not exist.
        PathNotFoundError: A location is no S3 URI, or leads outside the lake.
    """
    wanted = read_purge(options, (*OPTIONS, _PREDICATE))
    predicate = _predicate(options)
    table = required_table(target)
    _check_kind(table, str(target))
    if not table.get("PartitionKeys"):
        if predicate:
            raise OptionError(
                f"The option {_PREDICATE!r} is {predicate!r}, but the table {target} has no partition keys.",
                hint="leave it out",
            )
        return purge_folders(ctx, [_location(table, str(target))], wanted, transformation_ctx, "purge_table")
    partitions = _partitions(ctx, target, table, predicate)
    places = [(part, _location(part.document, f"{target}, partition {list(part.values)!r}")) for part in partitions]
    done = purge_folders(ctx, [place for _, place in places], wanted, transformation_ctx, "purge_table")
    _delete_empty(ctx.lake, target, _touched(places, done))
    return done


def check_table_transition(ctx: EngineContext, target: Target, storage_class: str, options: Mapping[str, Any]) -> None:
    """Check the arguments of `transition_table` as AWS would, without doing anything.

    Raises:
        SourceError: There is no such table.
        OptionError: An unknown storage class, an unusable option, or `accountId` or `roleArn` is missing.
    """
    read_transition(storage_class, options, (*TRANSITION_OPTIONS, _PREDICATE), "transition_table")
    required_table(target)


def _check_kind(table: Mapping[str, Any], name: str) -> None:
    parameters = table.get("Parameters") or {}
    for word in (parameters.get("table_type"), parameters.get("spark.sql.sources.provider")):
        if str(word or "").lower() in _KEPT_BY_METADATA:
            raise UnsupportedError.of(
                f"purge_table of {name!r}, whose files are listed in metadata of the kind {str(word).lower()!r},",
                "delete its rows with Spark SQL",
            )


def _predicate(options: Mapping[str, Any]) -> str:
    value = options.get(_PREDICATE) or ""
    if not isinstance(value, str):
        raise OptionError(f"The option {_PREDICATE!r} is {value!r}, not a text.", hint="such as \"year == '2024'\"")
    return value.strip()


def _partitions(ctx: EngineContext, target: Target, table: Mapping[str, Any], predicate: str) -> list[Partition]:
    if not predicate:
        return get_partitions(target.client, table)
    from glue_etl.engine.io.catalog_predicate import check_values, judged
    from glue_etl.engine.io.catalog_pushdown import pushed

    keys, what = keys_of_table(table), f"the table {str(target)!r}"
    found = get_partitions(target.client, table, pushed(ctx.session, predicate, keys).text)
    check_values(found, keys, what)
    return judged(ctx.session, predicate, keys, found, what)


def _location(document: Mapping[str, Any], what: str) -> str:
    location = str((document.get("StorageDescriptor") or {}).get("Location") or "")
    if not location:
        raise SourceError(f"{what} has no location.", hint="set StorageDescriptor.Location")
    # As a folder: S3 itself would take keys that merely begin like it.
    return f"{location.rstrip('/')}/"


def _touched(places: Sequence[_Place], done: Purged) -> list[_Place]:
    """The partitions of which something was deleted; those that were empty before are left alone."""
    folders = {folder for stored in done.deleted for folder in _folders(stored.bucket, stored.key)}
    return [(part, place) for part, place in places if split_uri(place) in folders]


def _folders(bucket: str, key: str) -> Iterator[tuple[str, str]]:
    """The bucket, and each folder of a key."""
    yield bucket, ""
    for at, character in enumerate(key):
        if character == "/":
            yield bucket, key[: at + 1]


def _delete_empty(lake: Lake, target: Target, places: Sequence[_Place]) -> None:
    count = 0
    for start in range(0, len(places), _DELETED_AT_ONCE):
        # Looked at right before, for another job may just have written to one.
        gone = [part for part, place in places[start : start + _DELETED_AT_ONCE] if _is_empty(lake, place)]
        if gone:
            _delete(target, gone)
            count += len(gone)
    _LOG.info("purge_table deleted %d partitions of %s.", count, target)


def _is_empty(lake: Lake, location: str) -> bool:
    return not lake.path_of(location).exists() or next(lake.list_objects(location), None) is None


def _delete(target: Target, partitions: Sequence[Partition]) -> None:
    batch = [{"Values": list(part.values)} for part in partitions]
    answer = target.client.batch_delete_partition(**target.table_key, PartitionsToDelete=batch)
    for error in answer.get("Errors") or ():
        detail = error.get("ErrorDetail") or {}
        # Another purge was faster.
        if detail.get("ErrorCode") != "EntityNotFoundException":
            raise SourceError(
                f"{detail.get('ErrorCode')}: the partition {error.get('PartitionValues')!r} of {target} has no files "
                f"left, and cannot be deleted: {detail.get('ErrorMessage')}",
                hint="delete it with DeletePartition, or purge the table again",
            )
