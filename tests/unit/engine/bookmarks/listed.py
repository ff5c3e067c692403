"""Listings without files: what the bookmarks see of a source."""

from __future__ import annotations

from glue_etl.engine.bookmarks import Bookmarks
from glue_etl.engine.io.listing import Listing, SourceFile

ROOT = "s3://b/in/"


def listing(*files: str | tuple[str, int] | tuple[str, int, int]) -> Listing:
    """Files by name, or by name, modification time and size."""
    given = [(file, 1, 1) if isinstance(file, str) else (*file, 1)[:3] for file in files]
    return Listing(
        tuple(SourceFile(ROOT + name, size, ROOT, None, time) for name, time, size in given), (ROOT,), True, True
    )


def names(found: Listing) -> list[str]:
    return [file.uri.removeprefix(ROOT) for file in found.files]


def read(bookmarks: Bookmarks, found: Listing, context: str = "source") -> list[str]:
    """What a source reads, noted as read."""
    new = bookmarks.new_files(context, found)
    bookmarks.read(context, new)
    return names(new)
