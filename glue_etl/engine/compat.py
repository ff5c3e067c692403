"""What differs between Glue 5.1 (Python 3.11, Spark 3.5) and Glue 6.0 (Python 3.13, Spark 4.1), in one place."""

from __future__ import annotations

import sys
from importlib import metadata
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from pyspark.sql import Column
    from pyspark.sql.types import DataType

__all__ = ["SPARK_MAJOR", "SPARK_VERSION", "glue_version", "java_packages", "try_cast"]


def _spark_version() -> str:
    try:
        return metadata.version("pyspark")
    except metadata.PackageNotFoundError:
        # Inside AWS Glue pyspark is a folder on the path without pip's metadata.
        try:
            from pyspark.version import __version__
        except ImportError:
            return "0"
        return str(__version__)


SPARK_VERSION: str = _spark_version()
"""Version of the installed pyspark, `0` if there is none."""

SPARK_MAJOR: int = int(SPARK_VERSION.split(".")[0])
"""3 or 4; 0 if pyspark is not installed."""


def glue_version() -> str:
    """The Glue version whose Python this is, as AWS names it: `5.1` for Python 3.11, `6.0` for 3.13.

    Source: https://docs.aws.amazon.com/glue/latest/dg/release-notes.html
    """
    return "6.0" if sys.version_info >= (3, 13) else "5.1"


def try_cast(column: Column, spark_type: DataType | str) -> Column:
    """Cast that gives null where the value cannot be cast, whatever `spark.sql.ansi.enabled` says.

    Args:
        column: Any column expression.
        spark_type: A Spark type or its DDL string, such as `decimal(10,2)`.

    Returns:
        The cast column, named as Spark names a cast.
    """
    if SPARK_MAJOR >= 4:
        operand: Any = column  # each version's stubs know their own Column only
        return cast("Column", operand.try_cast(spark_type))
    return _try_cast_spark3(column, spark_type)


def java_packages(java_object: Any) -> Any:
    """The packages of the JVM a py4j object lives in, as `org` and `java` attributes.

    This is py4j's own view: it stays clear of what the engine puts in the place of `SparkContext._jvm`.
    """
    from py4j.java_gateway import JVMView
    from py4j.protocol import DEFAULT_JVM_ID

    return JVMView(java_object._gateway_client, jvm_name="default", id=DEFAULT_JVM_ID)


def _try_cast_spark3(column: Any, spark_type: DataType | str) -> Column:
    # Spark 3.5 has TRY_CAST in SQL only, so its expression is built by hand: `Cast` carries its own mode, which
    # makes it independent of the session's ANSI setting, and keeps any input expression, not only what SQL can spell.
    from pyspark.sql import Column as SparkColumn

    java = java_packages(column._jc)
    types = java.org.apache.spark.sql.types.DataType
    expressions = java.org.apache.spark.sql.catalyst.expressions
    tried = expressions.Cast(
        column._jc.expr(),
        types.fromDDL(spark_type) if isinstance(spark_type, str) else types.fromJson(spark_type.json()),
        java.scala.Option.empty(),
        getattr(getattr(expressions, "EvalMode$"), "MODULE$").TRY(),
    )
    made: Any = SparkColumn
    return cast("Column", made(java.org.apache.spark.sql.Column(tried)))
