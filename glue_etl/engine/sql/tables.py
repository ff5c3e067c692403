"""Tables by the engine's own readers, for what Spark's sources cannot do."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from glue_etl.engine.io.lake import Lake, is_s3
from glue_etl.engine.sql.sync import Sync
from glue_etl.engine.types import tree as g
from glue_etl.errors import GlueEtlError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from glue_etl.engine.frame.core import Plan
    from glue_etl.settings import Settings

__all__ = ["EngineTables", "lower_case", "sync_of"]

_FILES = 3
_LINES = 20
_BYTES = 1 << 20


def sync_of(settings: Settings) -> Sync:
    """What keeps Spark's catalog in step with the Data Catalog that the settings name.

    Args:
        settings: Where the lake, the state and the Data Catalog are.
    """
    from glue_etl.engine.catalog.clients import Clients

    return Sync(Clients(settings).glue, EngineTables(settings))


class EngineTables:
    """Reads tables of the Data Catalog.

    Args:
        settings: Where the lake and the Data Catalog are.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def read(self, session: SparkSession, database: str, table: str) -> DataFrame:
        """A table's columns in the types that it declares; null where a value is of another kind."""
        from glue_etl.engine.catalog.lookup import columns_of_table, get_table, keys_of_table
        from glue_etl.engine.context import EngineContext
        from glue_etl.engine.frame.core import Stage
        from glue_etl.engine.io.catalog_columns import as_declared
        from glue_etl.engine.io.catalog_source import open_table

        context = EngineContext(session, self._settings, Lake(self._settings.lake_dir))
        plan = open_table(context, database, table, {}, Stage()).plan
        document = get_table(context.clients.glue(), database, table)
        whole = g.StructType((*columns_of_table(document).fields, *keys_of_table(document).fields))
        return as_declared(_in_lower_case(plan), whole).df

    def lines(self, location: str) -> Iterator[str]:
        """The first lines of the first files below a folder of the lake; none where it cannot be looked into."""
        if not is_s3(location):
            return
        try:
            found = Lake(self._settings.lake_dir).list_objects(location.rstrip("/") + "/")
            paths = [each.path for each in islice((each for each in found if each.size), _FILES)]
        except GlueEtlError:
            # Spark tells of it when it comes to read.
            return
        for path in paths:
            try:
                with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
                    text = bytes(file.read(_BYTES)).decode("utf-8", "replace")
            except (OSError, EOFError):
                continue
            yield from text.splitlines()[:_LINES]


def _in_lower_case(plan: Plan) -> Plan:
    """The names of all fields in lower case, at any depth; of two that would be alike both stay."""
    from pyspark.sql import functions as f

    from glue_etl.engine.frame.core import Plan
    from glue_etl.engine.io.attached import quoted
    from glue_etl.engine.types.spark import to_spark

    folded = lower_case(plan.type)
    if not isinstance(folded, g.StructType) or folded == plan.type:
        return plan
    # Spark casts structs by position, so that only names change.
    columns = [
        f.col(quoted(old.name)).cast(to_spark(new.type)).alias(new.name)
        for old, new in zip(plan.type, folded, strict=True)
    ]
    return Plan(plan.df.select(*columns), folded)


def lower_case(kind: g.GlueType) -> g.GlueType:
    """A type with the names of all fields in lower case; of two that would be alike both stay."""
    if isinstance(kind, g.StructType):
        names = [field.name for field in kind]
        alike = Counter(name.lower() for name in names)
        return g.StructType(
            tuple(
                g.Field(field.name.lower() if alike[field.name.lower()] == 1 else field.name, lower_case(field.type))
                for field in kind
            )
        )
    if isinstance(kind, g.ArrayType):
        return g.ArrayType(lower_case(kind.element))
    if isinstance(kind, g.SetType):
        return g.SetType(lower_case(kind.element))
    if isinstance(kind, g.MapType):
        return g.MapType(lower_case(kind.value))
    if isinstance(kind, g.ChoiceType):
        return g.ChoiceType(tuple(lower_case(choice) for choice in kind.choices))
    return kind
