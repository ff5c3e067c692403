"""Types between a database and Glue: by Spark's dialects, and by what a script maps by itself.

Source: "JDBCConnectorOptions structure", DataTypeMapping, in the AWS Glue guide,
https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-jobs-job.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pyspark.sql import types as s

from glue_etl.errors import OptionError, UnsupportedError

__all__ = ["INTEGERS", "JDBC_TYPES", "DbColumn", "check_mapping", "check_schema", "custom_schema", "null_type"]

JDBC_TYPES: dict[str, int] = {
    "ARRAY": 2003,
    "BIGINT": -5,
    "BINARY": -2,
    "BIT": -7,
    "BLOB": 2004,
    "BOOLEAN": 16,
    "CHAR": 1,
    "CLOB": 2005,
    "DATALINK": 70,
    "DATE": 91,
    "DECIMAL": 3,
    "DISTINCT": 2001,
    "DOUBLE": 8,
    "FLOAT": 6,
    "INTEGER": 4,
    "JAVA_OBJECT": 2000,
    "LONGNVARCHAR": -16,
    "LONGVARBINARY": -4,
    "LONGVARCHAR": -1,
    "NCHAR": -15,
    "NCLOB": 2011,
    "NULL": 0,
    "NUMERIC": 2,
    "NVARCHAR": -9,
    "OTHER": 1111,
    "REAL": 7,
    "REF": 2006,
    "REF_CURSOR": 2012,
    "ROWID": -8,
    "SMALLINT": 5,
    "SQLXML": 2009,
    "STRUCT": 2002,
    "TIME": 92,
    "TIMESTAMP": 93,
    "TIMESTAMP_WITH_TIMEZONE": 2014,
    "TIME_WITH_TIMEZONE": 2013,
    "TINYINT": -6,
    "VARBINARY": -3,
    "VARCHAR": 12,
}
"""The names of `java.sql.Types` and their numbers."""

INTEGERS = frozenset(JDBC_TYPES[name] for name in ("BIGINT", "INTEGER", "SMALLINT", "TINYINT"))
"""Numbers of the types that hold whole numbers alone."""

_GLUE_TYPES = {
    "BIGDECIMAL": "DECIMAL(38,18)",
    "BYTE": "TINYINT",
    "DATE": "DATE",
    "DOUBLE": "DOUBLE",
    "FLOAT": "FLOAT",
    "INT": "INT",
    "LONG": "BIGINT",
    "SHORT": "SMALLINT",
    "STRING": "STRING",
    "TIMESTAMP": "TIMESTAMP",
}
_KNOWN = (
    s.ArrayType,
    s.BinaryType,
    s.BooleanType,
    s.ByteType,
    s.CharType,
    s.DateType,
    s.DecimalType,
    s.DoubleType,
    s.FloatType,
    s.IntegerType,
    s.LongType,
    s.MapType,
    s.ShortType,
    s.StringType,
    s.StructType,
    s.TimestampNTZType,
    s.TimestampType,
    s.VarcharType,
)


_NULL_TYPES = {
    JDBC_TYPES[name]: spark
    for names, spark in (
        (("BIGINT",), "bigint"),
        (("INTEGER", "SMALLINT", "TINYINT"), "int"),
        (("DECIMAL", "NUMERIC"), "decimal(38,18)"),
        (("DOUBLE", "FLOAT"), "double"),
        (("REAL",), "float"),
        (("BIT", "BOOLEAN"), "boolean"),
        (("DATE",), "date"),
        (("TIMESTAMP", "TIMESTAMP_WITH_TIMEZONE"), "timestamp"),
        (("BINARY", "BLOB", "LONGVARBINARY", "VARBINARY"), "binary"),
    )
    for name in names
}


@dataclass(frozen=True)
class DbColumn:
    """A column as the database's driver describes it.

    Attributes:
        name: Its name, in the database's own letters.
        code: Its type as a number of `java.sql.Types`.
        type_name: Its type as the database names it.
        nullable: Whether it may be null, as far as the driver knows.
    """

    name: str
    code: int
    type_name: str
    nullable: bool = True


def check_mapping(given: Mapping[str, Any]) -> dict[str, str]:
    """A `dataTypeMapping` in capitals.

    Raises:
        OptionError: It names a type that JDBC or Glue has not.
    """
    result = {str(key).upper(): str(value).upper() for key, value in given.items()}
    for jdbc, glue in result.items():
        if jdbc not in JDBC_TYPES:
            raise OptionError(f"dataTypeMapping has the JDBC type {jdbc!r}.", available=JDBC_TYPES)
        if glue not in _GLUE_TYPES:
            raise OptionError(f"dataTypeMapping maps {jdbc} to {glue!r}.", available=_GLUE_TYPES)
    return result


def custom_schema(columns: Iterable[DbColumn], mapping: Mapping[str, str]) -> str:
    """Spark's `customSchema` for the columns that a mapping names; Spark then asks the driver for that type."""
    wanted = {JDBC_TYPES[jdbc]: _GLUE_TYPES[glue] for jdbc, glue in mapping.items()}
    parts = []
    for column in columns:
        if column.code in wanted:
            name = column.name.replace("`", "``")
            parts.append(f"`{name}` {wanted[column.code]}")
    return ", ".join(parts)


def check_schema(schema: s.StructType, columns: Iterable[DbColumn]) -> None:
    """Refuse what Glue has no type for.

    Raises:
        UnsupportedError: A column of such a type, by name.
    """
    named = {column.name: column.type_name for column in columns}
    for member in schema.fields:
        if not isinstance(member.dataType, _KNOWN):
            raise UnsupportedError.of(
                f"The column {member.name!r} of the type {named.get(member.name, member.dataType.simpleString())!r}",
                "leave it out with a sampleQuery, or cast it there",
            )


def null_type(column: DbColumn) -> str:
    """The Spark type of a column's nulls."""
    return _NULL_TYPES.get(column.code, "string")
