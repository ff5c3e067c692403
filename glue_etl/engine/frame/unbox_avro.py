"""Avro values in a field: each a whole Avro file of one record with its own schema, or bare by a schema that is given.

fastavro decodes them in the workers, through which the rows pass once. Where the values bring their schemas, one pass
before finds which there are.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as f
from pyspark.sql import types as s

from glue_etl.engine.frame.boxed import OPENED, Opened, check_options, given_schema
from glue_etl.engine.frame.conform import conform, null_of, top
from glue_etl.engine.frame.typed import in_type
from glue_etl.engine.io.avro_container import Fault, Header, NotAvroError, blocks, read_header
from glue_etl.engine.io.avro_values import AvroValues
from glue_etl.engine.types import tree as g
from glue_etl.engine.types.spark import to_spark
from glue_etl.errors import UnsupportedError

__all__ = ["AvroOpener"]

_MOST_SCHEMAS = 20
"""Different schemas in one field; each becomes a column of its own on the way."""


class AvroOpener:
    """Reads Avro values.

    Args:
        options: `avroSchema` (the JSON of an Avro schema: then the values are bare), `version` (1.7, or 1.8 for logical
            types) and `withSchema` (the type to bring the values to).

    Raises:
        OptionError: Another option, or a value that cannot be used.
        SourceError: No Avro schema.
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        check_options(options, {"avroSchema", "version", "withSchema"}, "avro")
        self._version = str(options.get("version") or "1.7")
        schema = options.get("avroSchema")
        self._bare = None if not schema else self._values(str(schema))
        self._given = given_schema(options)

    def _values(self, schema: str) -> AvroValues:
        return AvroValues(schema, self._version)

    def open(self, df: DataFrame, text: Column, where: str) -> Opened:
        """Read the values of a column.

        Args:
            df: The records.
            text: The values' bytes, a column of it.
            where: The field's path, for messages.

        Raises:
            UnsupportedError: More different schemas than one query can have columns.
        """
        known = [self._bare] if self._bare else [self._values(schema) for schema in _schemas(df, text, where)]
        zone = str(df.sparkSession.conf.get("spark.sql.session.timeZone"))
        names = df.columns
        # `mapInArrow` takes a dot in a name for a path.
        columns = [top(name).alias(f"c{at}") for at, name in enumerate(names)]
        plain = df.select(*columns, text.cast("binary").alias("value"))
        decoded = s.StructType([s.StructField(f"v{at}", to_spark(each.type)) for at, each in enumerate(known)])
        schema = s.StructType([*plain.schema.fields[:-1], *decoded, s.StructField("fault", s.StringType())])
        opened = plain.mapInArrow(_Open(tuple(known), bare=self._bare is not None, zone=zone), schema)
        values = [top(each.name) for each in decoded]
        beside = f.struct(f.col("fault"), *values).alias(OPENED)
        rows = opened.select(*[top(f"c{at}").alias(name) for at, name in enumerate(names)], beside)
        kind = g.merge_all(each.type for each in known)
        parts = [conform(top(OPENED).getField(f"v{at}"), each.type, kind) for at, each in enumerate(known)]
        value = f.coalesce(*parts) if parts else null_of(g.NULL)
        if self._given is not None:
            value, kind = in_type(value, kind, self._given), self._given
        return Opened(rows, value, kind if parts else g.NULL, top(OPENED).getField("fault"))


def _schemas(df: DataFrame, text: Column, where: str) -> list[str]:
    values = df.select(text.cast("binary").alias("value")).where("value is not null")
    found = values.mapInArrow(_headers, "schema string").distinct().limit(_MOST_SCHEMAS + 1).collect()
    if len(found) > _MOST_SCHEMAS:
        raise UnsupportedError.of(
            f"Unbox of {where!r} with more than {_MOST_SCHEMAS} different schemas", "give one with avroSchema"
        )
    return sorted(row["schema"] for row in found)


def _headers(batches: Iterable[Any]) -> Iterator[Any]:
    seen: set[str] = set()
    for batch in batches:
        for value in batch.column(0):
            header, _ = _header(value.as_py())
            if header is not None:
                seen.add(header.schema)
    yield pa.RecordBatch.from_arrays([pa.array(sorted(seen), pa.string())], ["schema"])


def _header(value: bytes) -> tuple[Header | None, str | None]:
    try:
        return read_header(io.BytesIO(value)), None
    except NotAvroError as error:
        return None, f"no Avro file: {error}"


@dataclass(frozen=True)
class _Open:
    """Rows whose last column are the values, with a column for each schema and one for what is wrong."""

    known: tuple[AvroValues, ...]
    bare: bool
    zone: str

    def __call__(self, batches: Iterable[Any]) -> Iterator[Any]:
        for batch in batches:
            values = batch.column(batch.num_columns - 1).to_pylist()
            found = [self._datum(value) for value in values]
            faults = [fault for _, _, fault in found]
            columns = []
            for at, each in enumerate(self.known):
                column, wrong = each.column([data if which == at else None for which, data, _ in found], self.zone)
                columns.append(column)
                faults = [fault or error for fault, error in zip(faults, wrong, strict=True)]
            names = [*batch.schema.names[:-1], *[f"v{at}" for at in range(len(columns))], "fault"]
            yield pa.RecordBatch.from_arrays([*batch.columns[:-1], *columns, pa.array(faults, pa.string())], names)

    def _datum(self, value: bytes | None) -> tuple[int, bytes | None, str | None]:
        """Which schema a value has, its bare bytes, and what is wrong with it."""
        if not value or self.bare:
            return 0, value or None, None
        header, fault = _header(value)
        if header is None:
            return 0, None, fault
        parts = list(blocks(io.BytesIO(value), header, len(value), 0, len(value)))
        broken = next((part.message for part in parts if isinstance(part, Fault)), None)
        records = sum(part.count for part in parts if not isinstance(part, Fault))
        if broken is None and records > 1:
            broken = f"the file has {records} records, not one"
        which = next(at for at, each in enumerate(self.known) if each.schema == header.schema)
        data = b"".join(part.data for part in parts if not isinstance(part, Fault))
        return which, None if broken or not records else data, broken
