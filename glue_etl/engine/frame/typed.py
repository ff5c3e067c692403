"""with_frame_schema: records in a type that the script gives, instead of one found by looking at them.

Source: `withFrameSchema` in "AWS Glue Scala DynamicFrame class" of the AWS Glue guide.
"""

from __future__ import annotations

import logging

from pyspark.sql import Column
from pyspark.sql import functions as f

from glue_etl.engine.frame.cast import cast
from glue_etl.engine.frame.conform import conform, null_of, top
from glue_etl.engine.frame.core import Frame, Plan
from glue_etl.engine.types import json_form
from glue_etl.engine.types import tree as g
from glue_etl.errors import OptionError

__all__ = ["in_type", "with_schema"]

_LOG = logging.getLogger(__name__)


def with_schema(frame: Frame, text: str) -> Frame:
    """The frame with a schema that is taken at its word: asking for it looks at no record.

    Args:
        frame: The records. A source that has not looked at them yet reads them by the schema.
        text: The schema's JSON, as awsglue writes a StructType.

    Returns:
        A frame of just the schema's fields. A field that no record has is null; a value that is not of its type is cast
        to it, and null where it cannot be.

    Raises:
        OptionError: The text is no schema of a record.
    """
    try:
        kind = json_form.loads(text)
    except OptionError as error:
        raise OptionError(
            f"with_frame_schema is given {text!r}, which is no schema: {error.fact}", hint="pass an awsglue StructType"
        ) from error
    if not isinstance(kind, g.StructType):
        raise OptionError(f"with_frame_schema is given a {kind.name}.", hint="pass an awsglue StructType")
    return frame.retyped(kind, lambda plan: _in_type(plan, kind))


def _in_type(plan: Plan, kind: g.StructType) -> Plan:
    if plan.type == kind:
        return plan
    lost = [name for name in plan.type.names if kind.get(name) is None]
    if lost:
        _LOG.warning("with_frame_schema: the schema lacks the fields %s; they are left out.", ", ".join(lost))
    columns = []
    for member in kind:
        have = plan.type.get(member.name)
        column = null_of(member.type) if have is None else in_type(top(member.name), have, member.type)
        columns.append(column.alias(member.name))
    return Plan(plan.df.select(*columns), kind)


def in_type(column: Column, have: g.GlueType, want: g.GlueType) -> Column:
    """A value in a type that a script gives: cast where it is of another, null where that cannot be."""
    if g.merge(want, have) == want:
        return conform(column, have, want)
    if isinstance(want, g.ChoiceType):
        return _into_choice(column, have, want)
    return conform(*cast(column, have, want), want)


def _into_choice(column: Column, have: g.GlueType, want: g.ChoiceType) -> Column:
    """The alternatives that the choice has room for; the others are null."""
    parts = (
        [(column.getField(each.name), each) for each in have.choices]
        if isinstance(have, g.ChoiceType)
        else [(column, have)]
    )
    fitting = []
    for part, part_kind in parts:
        room = want.get(part_kind.name)
        if room is not None:
            fitting.append(conform(*cast(part, part_kind, room), want))
    return f.coalesce(*fitting, null_of(want))
