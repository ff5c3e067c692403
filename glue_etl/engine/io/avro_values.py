"""Single Avro values that stand in a field of a record, such as those that Unbox opens.

Source: "Unbox class" in the AWS Glue guide (format avro).
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import fastavro
import pyarrow as pa

from glue_etl.engine.io.avro_decode import UNFIT, arrow_column
from glue_etl.engine.io.avro_schema import Node, glue_type, knows_logical_types, parse_schema, plain_schema
from glue_etl.engine.types import tree as g

__all__ = ["AvroValues", "decode_avro_value"]


@dataclass(frozen=True)
class AvroValues:
    """Decodes values of one schema; can be sent to workers.

    Attributes:
        schema: The schema's JSON text.
        version: Of the reader, `1.7` (default) or `1.8`, which knows logical types.
        where: What to call the schema in messages.

    Raises:
        OptionError: There is no such version.
        SourceError: It is no Avro schema.
        UnsupportedError: A type that contains itself.
    """

    schema: str
    version: str = "1.7"
    where: str = "schema"
    _node: Node = field(init=False, repr=False, compare=False)
    _plain: Any = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        node = parse_schema(self.schema, self.where, logical=knows_logical_types(self.version))
        object.__setattr__(self, "_node", node)
        object.__setattr__(self, "_plain", plain_schema(node))

    @property
    def type(self) -> g.GlueType:
        """The Glue type of a value."""
        return glue_type(self._node)

    def column(self, values: Sequence[bytes | None], zone: str) -> tuple[pa.Array, list[str | None]]:
        """Decode a column.

        Args:
            values: Each the bare encoding of one datum, without a file's header; None for null.
            zone: The session's time zone, a part of the Arrow type of instants.

        Returns:
            An Arrow array of `type`, and for each value what is wrong with it, None if nothing is; such a value is
            null in the array.
        """
        plain = fastavro.parse_schema(self._plain)
        decoded: list[Any] = []
        wrong: list[str | None] = []
        for value in values:
            datum, error = (None, None) if value is None else _datum(value, plain)
            decoded.append(datum)
            wrong.append(error)
        try:
            return arrow_column(self._node, decoded, self.type, zone), wrong
        except UNFIT:
            # Some value does not fit its type: one by one, to find which.
            parts = []
            for at, datum in enumerate(decoded):
                try:
                    parts.append(arrow_column(self._node, [datum], self.type, zone))
                except UNFIT as error:
                    wrong[at] = str(error)
                    parts.append(arrow_column(self._node, [None], self.type, zone))
            return pa.concat_arrays(parts), wrong


def _datum(value: bytes, plain: Any) -> tuple[Any, str | None]:
    stream = io.BytesIO(value)
    try:
        datum = fastavro.schemaless_reader(stream, plain, None)
    except Exception as error:  # fastavro raises whatever the bytes lead to
        return None, f"it is no value of the schema: {str(error) or type(error).__name__}"
    if stream.tell() < len(value):
        return None, f"{len(value) - stream.tell()} bytes follow the value"
    return datum, None


def decode_avro_value(schema: str, value: bytes, version: str = "1.7") -> Any:
    """One value as Python has it; of a choice the bare value, of a record a dict.

    Raises:
        ValueError: The bytes are no value of the schema.
        SourceError: It is no Avro schema.
    """
    values = AvroValues(schema, version)
    array, (wrong,) = values.column([value], "UTC")
    if wrong is not None:
        raise ValueError(wrong)
    return _bare(array[0].as_py(), values.type)


def _bare(value: Any, kind: g.GlueType) -> Any:
    if value is None:
        return None
    if isinstance(kind, g.ChoiceType):
        name, inner = next((name, inner) for name, inner in value.items() if inner is not None)
        return _bare(inner, kind.get(name) or g.UNKNOWN)
    if isinstance(kind, g.StructType):
        return {member.name: _bare(value[member.name], member.type) for member in kind}
    if isinstance(kind, g.ArrayType):
        return [_bare(inner, kind.element) for inner in value]
    if isinstance(kind, g.MapType):
        return {name: _bare(inner, kind.value) for name, inner in value}
    return value
