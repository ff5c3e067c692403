"""What `awsglue.functions` and `awsglue.dataframe_transforms` call on the JVM, Java columns and frames in and out."""

from __future__ import annotations

from typing import Any

from pyspark.sql import Column, DataFrame, SparkSession

from glue_etl.engine.jvm.values import MappingSpec, as_list

__all__ = ["DataFrameApplyMapping", "GlueFunctions"]


def _column(java_column: Any) -> Column:
    made: Any = Column  # each version's stubs know another constructor
    column: Column = made(java_column)
    return column


def _java(column: Any) -> Any:
    return column._jc


class GlueFunctions:
    """The stand-in for the object `gluefunctions`."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def replaceArrayElement(self, array: Any, new: Any, index: int) -> Any:
        """The array with another element at an index."""
        from glue_etl.engine.frame.column_functions import replace_array_element

        return _java(replace_array_element(_column(array), _column(new), int(index)))

    def namedStruct(self, columns: Any) -> Any:
        """A struct of names and values in turn, as SQL's `named_struct`."""
        return self._real.org.apache.spark.sql.functions.named_struct(columns)

    def explodeWithIndex(self, array: Any) -> Any:
        """A row for each element, with its index."""
        from glue_etl.engine.frame.column_functions import explode_with_index

        return _java(explode_with_index(_column(array)))


class DataFrameApplyMapping:
    """The stand-in for `dataframeTransforms.ApplyMapping`: the transform for DataFrames."""

    @staticmethod
    def apply(java_frame: Any, mappings: Any) -> Any:
        """Map a Java DataFrame's columns; names are found whatever their letter case, as Spark finds them."""
        from glue_etl.engine.frame.core import Plan
        from glue_etl.engine.frame.mapping import apply_mapping

        df = DataFrame(java_frame, SparkSession.builder.getOrCreate())
        parts = [MappingSpec.apply(each).parts for each in as_list(mappings)]
        return apply_mapping(Plan.of(df), parts, case_sensitive=False).df._jdf
