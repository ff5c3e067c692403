"""Which names of a statement are the Data Catalog's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from glue_etl.engine.sql.mirror import Mirror
from glue_etl.engine.sql.scala import Scala
from glue_etl.engine.sql.statement import Name, read_statement

__all__ = ["GLOBAL_VIEWS", "Key", "catalog_names", "database_of", "key_of"]

Key = tuple[str, str]
"""Database and table, in lower case."""

GLOBAL_VIEWS = "global_temp"
"""The database of Spark's global temporary views."""

_SESSION_CATALOG = "spark_catalog"


def catalog_names(names: Iterable[Name], mirror: Mirror, parser: Any, scala: Scala) -> Iterator[Name]:
    """Those of a statement's names that the Data Catalog may have.

    A temporary view that was made by SQL is read anew wherever it is used, so the names in its query count; all other
    temporary views, tables of other catalogs, and paths are left alone.

    Args:
        names: As written.
        mirror: Spark's catalog.
        parser: Spark's.
        scala: The JVM.
    """
    seen: set[Name] = set()
    rest = list(names)
    while rest:
        name = rest.pop(0)
        if name in seen:
            continue
        seen.add(name)
        if mirror.is_temp_view(name):
            rest += _named_by(mirror.temp_view_text(name), parser, scala)
        elif not _is_elsewhere(name, mirror):
            yield name


def key_of(name: Name, mirror: Mirror) -> Key:
    """Database and table of a name; one without a database is in the current one."""
    database = name[-2] if len(name) > 1 else mirror.current_database
    return database.lower(), name[-1].lower()


def database_of(name: Name, mirror: Mirror) -> str | None:
    """The database of a name of one; None if it is none of the Data Catalog."""
    if len(name) == 2 and name[0].lower() == _SESSION_CATALOG:
        return name[1].lower()
    if len(name) != 1 or name[0].lower() in (GLOBAL_VIEWS, _SESSION_CATALOG) or mirror.is_other_catalog(name[0]):
        return None
    return name[0].lower()


def _named_by(text: str | None, parser: Any, scala: Scala) -> list[Name]:
    return list(read_statement(parser.parsePlan(text), scala).tables) if text else []


def _is_elsewhere(name: Name, mirror: Mirror) -> bool:
    if len(name) > 3 or "/" in name[-1]:
        return True
    if len(name) == 3:
        return name[0].lower() != _SESSION_CATALOG
    return len(name) == 2 and (name[0].lower() == GLOBAL_VIEWS or mirror.is_other_catalog(name[0]))
