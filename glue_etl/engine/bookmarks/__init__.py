"""Job bookmarks: what the runs of a job have read already (ADR 11)."""

from __future__ import annotations

from glue_etl.engine.bookmarks.run import FORMATS, Bookmarks
from glue_etl.engine.bookmarks.runs import version_of
from glue_etl.engine.bookmarks.state import Head
from glue_etl.engine.bookmarks.store import BookmarkStore

__all__ = ["FORMATS", "BookmarkStore", "Bookmarks", "Head", "version_of"]
