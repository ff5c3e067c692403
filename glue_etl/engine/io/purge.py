"""Deleting objects by age: `purge_s3_path`.

Source: "GlueContext class", purge_s3_path and transition_s3_path, in the AWS Glue guide. Nothing outside the lake is
ever touched: a path that leads out of it is refused, and an object behind a link to another folder is left alone and
reported as failed.
"""

from __future__ import annotations

import csv
import io
import logging
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glue_etl.engine.io.lake import Lake, StoredObject
from glue_etl.engine.io.registry import STORAGE_CLASSES
from glue_etl.engine.io.staging import recover
from glue_etl.errors import OptionError

if TYPE_CHECKING:
    from glue_etl.engine.context import EngineContext

__all__ = [
    "OPTIONS",
    "TRANSITION_OPTIONS",
    "Purge",
    "Purged",
    "check_transition",
    "purge_folders",
    "purge_s3_path",
    "read_purge",
    "read_transition",
]

_LOG = logging.getLogger(__name__)

# What a local object has: nothing but a file.
_LOCAL_CLASS = "STANDARD"
_DEFAULT_HOURS = 168
OPTIONS = ("retentionPeriod", "excludeStorageClasses", "manifestFilePath")
TRANSITION_OPTIONS = (*OPTIONS, "accountId", "roleArn")


@dataclass(frozen=True)
class Purge:
    """What to delete.

    Attributes:
        retention: Objects changed within this time stay.
        excluded: Storage classes whose objects stay.
        manifest: Where the lists of deleted and failed objects go, if anywhere.
    """

    retention: timedelta
    excluded: frozenset[str]
    manifest: str | None


@dataclass(frozen=True)
class Purged:
    """What a purge did.

    Attributes:
        deleted: The objects that are gone.
        failed: The objects that should be, but could not be deleted, and why.
    """

    deleted: tuple[StoredObject, ...]
    failed: tuple[tuple[StoredObject, str], ...]


def purge_s3_path(ctx: EngineContext, uri: str, options: Mapping[str, Any], transformation_ctx: str = "") -> Purged:
    """Delete the objects below a path that are older than the retention period.

    Args:
        ctx: For the lake.
        uri: `s3://bucket/prefix/`; all below it, at any depth.
        options: `retentionPeriod` in hours (168 if not given; 0 deletes all), `excludeStorageClasses`,
            `manifestFilePath`.
        transformation_ctx: Becomes a folder of the manifest's path.

    Raises:
        OptionError: An option has an unusable value.
        NoSuchBucketError: The bucket does not exist.
        PathNotFoundError: The path is no S3 URI, or leads outside the lake.
    """
    return purge_folders(ctx, [uri], read_purge(options), transformation_ctx, "purge_s3_path")


def purge_folders(ctx: EngineContext, uris: Sequence[str], wanted: Purge, transformation_ctx: str, what: str) -> Purged:
    """Delete the old objects below some paths, with one manifest for all.

    Args:
        ctx: For the lake.
        uris: The paths, all of which are checked before the first object is deleted.
        wanted: What to delete.
        transformation_ctx: Becomes a folder of the manifest's path.
        what: The call, for the log.

    Raises:
        NoSuchBucketError: A bucket does not exist.
        PathNotFoundError: A path is no S3 URI, or leads outside the lake.
    """
    bases = [(uri, ctx.lake.path_of(uri)) for uri in uris]
    if wanted.manifest is not None:
        # A purge whose manifest cannot be written must not delete first.
        ctx.lake.path_of(_manifest_folder(wanted.manifest, transformation_ctx))
    recover(ctx.settings.state_dir)
    deleted: list[StoredObject] = []
    failed: list[tuple[StoredObject, str]] = []
    for uri, base in bases:
        done = _purge(ctx.lake, uri, wanted)
        _remove_empty_folders(ctx.lake, base, uri)
        deleted += done.deleted
        failed += done.failed
    every = Purged(tuple(deleted), tuple(failed))
    if wanted.manifest is not None:
        _write_manifest(ctx.lake, _manifest_folder(wanted.manifest, transformation_ctx), every)
    for stored, reason in every.failed:
        _LOG.warning("%s could not delete %s: %s", what, stored.uri, reason)
    return every


def check_transition(ctx: EngineContext, uri: str, storage_class: str, options: Mapping[str, Any]) -> None:
    """Check the arguments of `transition_s3_path` as AWS would, without doing anything.

    Raises:
        OptionError: An unknown storage class, an unusable option, or `accountId` or `roleArn` is missing.
        NoSuchBucketError: The bucket does not exist.
        PathNotFoundError: The path is no S3 URI.
    """
    read_transition(storage_class, options, TRANSITION_OPTIONS, "transition_s3_path")
    ctx.lake.path_of(uri)


def read_transition(storage_class: str, options: Mapping[str, Any], known: tuple[str, ...], what: str) -> None:
    """Check the options of a transition.

    Raises:
        OptionError: An unknown storage class, an unusable option, or `accountId` or `roleArn` is missing.
    """
    if storage_class not in STORAGE_CLASSES:
        raise OptionError(f"{storage_class!r} is no storage class of S3.", available=sorted(STORAGE_CLASSES))
    read_purge(options, known)
    for name in ("accountId", "roleArn"):
        if not options.get(name):
            raise OptionError(
                f"{what} needs the option {name!r}.",
                hint="AWS runs the transition as that account and role",
            )


def read_purge(options: Mapping[str, Any], known: tuple[str, ...] = OPTIONS) -> Purge:
    """The options, read.

    Raises:
        OptionError: One has an unusable value.
    """
    options = {name: value for name, value in options.items() if name != "callSite"}
    for name in sorted(set(options) - set(known)):
        _LOG.warning("The option %r has no effect here; known are %s.", name, ", ".join(known))
    return Purge(
        _hours(options.get("retentionPeriod", _DEFAULT_HOURS)),
        _classes(options.get("excludeStorageClasses") or ()),
        str(options["manifestFilePath"]) if options.get("manifestFilePath") else None,
    )


def _hours(value: Any) -> timedelta:
    try:
        if isinstance(value, bool):
            raise TypeError
        return timedelta(hours=float(value))
    except (TypeError, ValueError, OverflowError):
        raise OptionError(
            f"The option 'retentionPeriod' is {value!r}, which is no number of hours.",
            hint="168 is a week, 0 keeps none",
        ) from None


def _classes(value: Any) -> frozenset[str]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, (list, tuple)):
        raise OptionError(
            f"The option 'excludeStorageClasses' is {value!r}, which is no list.", hint='such as ["GLACIER"]'
        )
    for name in names:
        if name not in STORAGE_CLASSES:
            raise OptionError(f"{name!r} is no storage class of S3.", available=sorted(STORAGE_CLASSES))
    return frozenset(names)


def _purge(lake: Lake, uri: str, wanted: Purge) -> Purged:
    deleted: list[StoredObject] = []
    failed: list[tuple[StoredObject, str]] = []
    if _LOCAL_CLASS in wanted.excluded:
        return Purged((), ())
    before = _cutoff(wanted.retention)
    # S3 itself would also take keys that merely begin like the path; AWS documents the path as a folder.
    found = lake.list_objects(uri) if lake.path_of(uri).exists() else iter(())
    for stored in found:
        if stored.modified > before:
            continue
        reason = _delete(lake, stored)
        if reason:
            failed.append((stored, reason))
        else:
            deleted.append(stored)
    return Purged(tuple(deleted), tuple(failed))


def _cutoff(retention: timedelta) -> datetime:
    """Objects changed until then are deleted."""
    if retention <= timedelta():
        # All of them, also what a clock that is ahead wrote.
        return datetime.max.replace(tzinfo=UTC)
    try:
        return datetime.now(UTC) - retention
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)


def _delete(lake: Lake, stored: StoredObject) -> str | None:
    """Remove one object; the answer is why it could not be, if so."""
    bucket = os.path.realpath(lake.root / stored.bucket)
    folder = os.path.realpath(stored.path.parent)
    expected = os.path.normpath(os.path.join(bucket, os.path.dirname(stored.key)))
    if folder != expected:
        return f"it lies behind a link to {folder}"
    try:
        stored.path.unlink()
    except OSError as error:
        return error.strerror or str(error)
    stored.path.with_name(f".{stored.path.name}.crc").unlink(missing_ok=True)
    return None


def _remove_empty_folders(lake: Lake, base: Path, uri: str) -> None:
    """S3 has no folders: those without objects go too, but never the bucket's own."""
    if not base.is_dir() or base.is_symlink():
        return
    bucket = lake.root / uri.partition("://")[2].partition("/")[0]
    for folder, _, _ in os.walk(base, topdown=False):
        path = Path(folder)
        if path != bucket and not os.listdir(path):
            with suppress(OSError):  # somebody wrote into it just now
                path.rmdir()


def _manifest_folder(manifest: str, transformation_ctx: str) -> str:
    return "/".join(part for part in (manifest.rstrip("/"), transformation_ctx.strip("/")) if part) + "/"


def _write_manifest(lake: Lake, folder: str, done: Purged) -> None:
    """`Success.csv` with bucket and key of each deleted object; `Failed.csv`, if needed, with the reason too."""
    path = lake.path_of(folder)
    path.mkdir(parents=True, exist_ok=True)
    _write_rows(path / "Success.csv", [(stored.bucket, stored.key) for stored in done.deleted])
    if done.failed:
        _write_rows(path / "Failed.csv", [(stored.bucket, stored.key, reason) for stored, reason in done.failed])


def _write_rows(path: Path, rows: list[tuple[str, ...]]) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    path.write_text(text.getvalue(), encoding="utf-8", newline="")
    # Hadoop would compare the new content with the old checksum.
    path.with_name(f".{path.name}.crc").unlink(missing_ok=True)
