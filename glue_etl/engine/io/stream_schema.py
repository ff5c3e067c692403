"""The columns of a stream of files: a stream has to know them before the first record."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pyspark.errors import AnalysisException, ParseException
from pyspark.sql import types as s

from glue_etl.engine.context import EngineContext
from glue_etl.engine.frame.core import Stage
from glue_etl.engine.io.attached import attached
from glue_etl.engine.io.request import ReadRequest
from glue_etl.engine.io.sources import open_source
from glue_etl.engine.types import json_form
from glue_etl.engine.types import tree as g
from glue_etl.engine.types.json_split import read_schema
from glue_etl.engine.types.spark import to_spark
from glue_etl.errors import OptionError

__all__ = ["stream_schema"]


def stream_schema(
    ctx: EngineContext,
    connection_type: str,
    request: ReadRequest,
    format_options: Mapping[str, Any],
    given: str | None,
    declared: s.StructType | None,
) -> s.StructType:
    """The schema that a script gives, else that of a table, else that of the files which are there now.

    Args:
        ctx: The job's surroundings.
        connection_type: As for `open_stream`.
        request: The format and the paths.
        format_options: The script's own, for reading the files once.
        given: DDL such as `id int, name string`, or the JSON form of awsglue's or Spark's types.
        declared: The columns of a table; None to look at the files.

    Raises:
        OptionError: A schema that is none, or there is nothing to infer one from.
    """
    if given:
        return _parsed(given)
    if declared is not None and len(declared):
        return declared
    found = _inferred(ctx, connection_type, request, format_options)
    if not len(found):
        raise OptionError(
            f"The stream of {request.paths[0]!r} has no schema, and there are no records to infer one from.",
            hint="give it as Spark writes it: connection_options={'schema': 'id int, name string'}",
        )
    return found


def _parsed(text: str) -> s.StructType:
    """A schema in DDL, or in the JSON form of awsglue's or Spark's types."""
    try:
        if text.lstrip().startswith("{"):
            return _by_json(text)
        parsed = s._parse_datatype_string(text)
    except (ParseException, AnalysisException, OptionError, ValueError, KeyError) as error:
        fact = getattr(error, "fact", None) or str(error).strip().splitlines()[0]
        raise OptionError(
            f"The option 'schema' is {text!r}, which is no schema: {fact}", hint="such as 'id int, name string'"
        ) from error
    if not isinstance(parsed, s.StructType):
        raise OptionError(f"The option 'schema' is {text!r}, one type without columns.", hint="name the columns")
    return parsed


def _by_json(text: str) -> s.StructType:
    if '"dataType"' not in text:
        return s.StructType.fromJson(json.loads(text))
    plain = read_schema(json_form.loads(text), _atom)
    if not isinstance(plain, s.StructType):
        raise OptionError(f"it is a {plain.simpleString()}, not a struct.")
    return plain


def _inferred(
    ctx: EngineContext, connection_type: str, request: ReadRequest, format_options: Mapping[str, Any]
) -> s.StructType:
    """The columns of the files that are there now, as a DynamicFrame of them would have them."""
    own = {key: value for key, value in format_options.items() if key not in ("inferSchema", "schema")}
    options: dict[str, Any] = {"paths": list(request.paths)}
    if request.recurse:
        options["recurse"] = True
    kind = open_source(ctx, connection_type, options, request.format, own, Stage()).type
    fields = [field for field in kind if field.name not in attached(request.options)]
    return s.StructType([s.StructField(field.name, read_schema(field.type, _atom), True) for field in fields])


def _atom(kind: g.GlueType) -> s.DataType:
    """Of a field that has no type in the files that are there, a later record may say anything: text."""
    spark = to_spark(kind)
    return s.StringType() if isinstance(spark, s.NullType) else spark
