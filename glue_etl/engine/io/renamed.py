"""Links that give compressed files a name by which Spark knows how to read them.

`compressionType` says how files are compressed whose names do not; Spark goes by names alone. Each such file gets a
link with the right ending in a folder of the state folder, below its own path, so that the records of the link can
tell the file they come from. Nothing is copied; the folder goes when the process ends.
"""

from __future__ import annotations

import atexit
import shutil
import uuid
from dataclasses import replace
from pathlib import Path

from glue_etl.engine.context import EngineContext
from glue_etl.engine.io.compression import Codec
from glue_etl.engine.io.csv_escaped import literal
from glue_etl.engine.io.listing import Listing, SourceFile
from glue_etl.errors import SourceError

__all__ = ["renamed"]

_FOLDER = "named"
_SCHEMES = {"s3": "s3://", "s3a": "s3a://", "s3n": "s3n://", "file": "file:///"}


def renamed(ctx: EngineContext, listing: Listing, codec: Codec) -> Listing:
    """The same files under names that end as the codec wants it.

    Args:
        ctx: For the state folder.
        listing: The files of a source.
        codec: How all of them are compressed.

    Raises:
        SourceError: A file with another name is on a file system that has no links.
    """
    if all(file.uri.endswith(codec.suffix) for file in listing.files):
        return listing
    folder = (ctx.settings.state_dir / _FOLDER / uuid.uuid4().hex).absolute()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    files = tuple(
        file if file.uri.endswith(codec.suffix) else _linked(file, folder, codec.suffix) for file in listing.files
    )
    return replace(listing, files=files, whole=False, shown=_shown(folder, codec.suffix))


def _linked(file: SourceFile, folder: Path, suffix: str) -> SourceFile:
    if file.local is None:
        raise SourceError(
            f"compressionType is given, but the name of {file.uri!r} does not say so.",
            hint=f"Spark goes by the name: let it end in {suffix!r}, or copy the file into the local lake",
        )
    scheme, separator, rest = file.uri.partition("://")
    if not separator:
        scheme, rest = "file", str(file.local.absolute())
    link = folder / scheme / (rest.lstrip("/") + suffix)
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(file.local.absolute())
    return SourceFile(f"file://{link}", file.size, file.root, link)


def _shown(folder: Path, suffix: str) -> tuple[tuple[str, str], ...]:
    """For each kind of path: a regular expression for the links, and what stands for it in the file's own path."""
    return tuple(
        (f"^file:/+{literal(str(folder).lstrip('/'))}/{name}/(.*){literal(suffix)}$", f"{start}$1")
        for name, start in _SCHEMES.items()
    )
