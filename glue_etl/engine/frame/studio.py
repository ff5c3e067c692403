"""The transforms that Glue Studio's visual jobs import as modules `gs_*`, each a method of DataFrame and DynamicFrame.

The meaning of each is that of its page in the AWS Glue guide, "Transform data with AWS Glue managed transforms"; the
names of methods and parameters are those of the scripts that Studio generates.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from pyspark.sql import DataFrame

from glue_etl.engine.frame.core import Frame, Plan, Stage
from glue_etl.engine.types import tree as g

__all__ = ["TRANSFORMS", "UNSUPPORTED", "StudioTransform", "apply_to_frame", "transform_of"]

StudioTransform = Callable[..., DataFrame]

_ROOM = "glue_etl.engine.frame."

TRANSFORMS: dict[str, str] = {
    "gs_array_to_cols": "studio_columns.array_to_cols",
    "gs_concat": "studio_columns.concat",
    "gs_derived": "studio_columns.derived",
    "gs_explode": "studio_rows.explode",
    "gs_extract_json": "studio_json.extract_json",
    "gs_flatten": "studio_rows.flatten",
    "gs_format_timestamp": "studio_time.format_timestamp",
    "gs_now": "studio_time.now",
    "gs_null_rows": "studio_rows.null_rows",
    "gs_parse_json": "studio_json.parse_json",
    "gs_pivot": "studio_rows.pivot",
    "gs_regex_extract": "studio_columns.regex_extract",
    "gs_repartition": "studio_rows.repartition",
    "gs_sequence_id": "studio_columns.sequence_id",
    "gs_split": "studio_columns.split",
    "gs_to_timestamp": "studio_time.to_timestamp",
    "gs_uuid": "studio_columns.uuid",
}
"""Module and method name -> where the transform is."""

UNSUPPORTED: dict[str, str] = {
    "gs_lookup": "join with the table of the Data Catalog in a SQL node",
    "gs_unpivot": "use frame.toDF().unpivot(...) in a custom code node",
}
"""Modules that Studio has and this engine has not, and what to do instead."""


def transform_of(name: str) -> StudioTransform:
    """The transform of a name of `TRANSFORMS`: a function of a DataFrame and Studio's parameters."""
    module, function = TRANSFORMS[name].split(".")
    found: StudioTransform = getattr(import_module(_ROOM + module), function)

    def transform(df: DataFrame, /, *args: object, **parameters: object) -> DataFrame:
        # A frame without any field is what an empty source gives; there is nothing to find a column in.
        return found(df, *args, **parameters) if df.columns else df

    transform.__name__ = name
    transform.__doc__ = found.__doc__
    return transform


def apply_to_frame(frame: Frame, name: str, **parameters: object) -> Frame:
    """The frame after a transform; its name and its error records stay.

    Args:
        frame: The input.
        name: Of `TRANSFORMS`.
        parameters: Studio's.

    Raises:
        ValueError: A field has more than one type and no ResolveChoice said what becomes of it.
    """
    pending = [field.name for field in frame.plan.type if g.contains_choice(field.type)]
    if pending:
        raise ValueError(
            f"{name} cannot be used on a DynamicFrame with choices that are not resolved: {', '.join(pending)}. "
            "Hint: use ResolveChoice first"
        )
    function = transform_of(name)
    return frame.derive(lambda plan: Plan.of(function(plan.df, **parameters)), Stage())
