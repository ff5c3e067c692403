"""Which of the listed files are read, and in how many groups.

Sources: "Workload partitioning with bounded execution" (`boundedFiles`, `boundedSize`), "Excluding Amazon S3 storage
classes" (`excludeStorageClasses`) and "Reading input files in larger groups" (`groupFiles`, `groupSize`) in the AWS
Glue guide.
"""

from __future__ import annotations

import logging
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from glue_etl.engine.bookmarks import FORMATS as TRACKED_FORMATS
from glue_etl.engine.io.globs import matcher
from glue_etl.engine.io.listing import Listing, SourceFile
from glue_etl.engine.io.request import ReadRequest
from glue_etl.errors import OptionError

if TYPE_CHECKING:
    from glue_etl.engine.context import EngineContext
    from glue_etl.engine.io.sampling import SampleLimits

__all__ = ["group_count", "taken"]

_LOG = logging.getLogger(__name__)

_CLASS_OF_THE_LAKE = "STANDARD"
_MANY_FILES = 50_000
_LARGEST_GROUP = 128 << 20


def taken(
    ctx: EngineContext,
    listing: Listing,
    request: ReadRequest,
    transformation_ctx: str,
    sample: SampleLimits | None = None,
) -> Listing:
    """What of a listing is read: by the filters, the job's bookmark and the bounds, in this order.

    What is taken counts as read once the job commits; of a sample only some records are read, so it never does.

    Args:
        ctx: For the bookmarks of the running job.
        listing: All files of the source.
        request: What the script asked for.
        transformation_ctx: The source's name in the bookmark; empty for a source that is read in full each time.
        sample: How many of the files are read; None for all.

    Raises:
        BookmarkError: The state of the bookmarks is damaged.
        OptionError: A filter's value cannot be used.
    """
    listing = _filtered(listing, request)
    name = transformation_ctx if request.format in TRACKED_FORMATS else ""
    if not name and ctx.bookmarks.tracks(transformation_ctx):
        text = "Job bookmarks do not track the format %s, on AWS neither: %r reads all files."
        _LOG.warning(text, request.format, transformation_ctx)
    listing = _bounded(ctx.bookmarks.new_files(name, listing), request)
    if sample is not None:
        return sample.narrow(listing)
    ctx.bookmarks.read(name, listing)
    return listing


def _bounded(listing: Listing, request: ReadRequest) -> Listing:
    """Keep to the bounds.

    A bound takes the files that were changed first, so that with job bookmarks each run goes on where the last one
    stopped; at least one file is taken, however large it is.
    """
    if request.bounded_files is None and request.bounded_size is None:
        return listing
    # Of equal times, as those of another file system may be, the order of the names stays.
    files = sorted(listing.files, key=lambda file: file.modified)[: request.bounded_files]
    if request.bounded_size is not None:
        files = _within(files, request.bounded_size)
    if len(files) == len(listing.files):
        return listing
    kept = {file.uri for file in files}
    return listing.narrowed(lambda file: file.uri in kept)


def _filtered(listing: Listing, request: ReadRequest) -> Listing:
    """Leave out storage classes, and what the filters of Spark's own sources leave out.

    Those are `pathGlobFilter`, `modifiedBefore` and `modifiedAfter`. Every object of the local lake is of the class
    STANDARD.
    """
    if _CLASS_OF_THE_LAKE in request.excluded_classes:
        return replace(listing, files=(), whole=False)
    options = request.options
    pattern = options.get("pathGlobFilter")
    before, after = (_moment(name, options.get(name)) for name in ("modifiedBefore", "modifiedAfter"))
    if not (pattern or before or after):
        return listing
    matches = matcher([pattern]) if pattern else None
    kept = tuple(
        file
        for file in listing.files
        if (matches is None or matches(file.uri.rpartition("/")[2]))
        and (before is None or file.modified < before)
        and (after is None or file.modified > after)
    )
    return replace(listing, files=kept, whole=False)


def _moment(name: str, text: str | None) -> int | None:
    """Nanoseconds since 1970; texts without a zone are UTC, as the session is."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise OptionError(f"The option {name!r} is {text!r}.", hint="write it like '2024-05-31T23:59:59'") from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()) * 10**9


def _within(files: Sequence[SourceFile], size: int) -> list[SourceFile]:
    taken: list[SourceFile] = []
    for file in files:
        if taken and file.size > size:
            break
        taken.append(file)
        size -= file.size
    return taken


def group_count(listing: Listing, request: ReadRequest, cores: int) -> int | None:
    """In how many partitions grouped files are read; None where they are not grouped.

    Args:
        listing: The files.
        request: `groupFiles` and `groupSize`; grouping is on by itself above 50,000 files.
        cores: Tasks that run at a time: without a `groupSize`, groups are as large as keeps all of them busy.
    """
    grouping = request.group_files
    if grouping is None and len(listing.files) > _MANY_FILES:
        grouping = "inPartition"
    if grouping in (None, "none") or not listing.files:
        return None
    size = request.group_bytes or min(_LARGEST_GROUP, max(1, math.ceil(listing.size / max(1, cores))))
    folders: dict[str, int] = defaultdict(int)
    for file in listing.files:
        folders[file.uri.rpartition("/")[0] if grouping == "inPartition" else ""] += file.size
    return sum(max(1, math.ceil(total / size)) for total in folders.values())
