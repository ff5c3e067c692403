"""The small values that awsglue makes through `sc._jvm` and hands back to it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pyspark import SparkContext

from glue_etl.engine.frame.core import Stage
from glue_etl.engine.io.jdbc_urls import masked
from glue_etl.engine.types.paths import quote
from glue_etl.errors import OptionError

__all__ = [
    "CallSite",
    "GluePythonUtils",
    "JsonOptions",
    "MappingSpec",
    "PythonUtils",
    "RecordUtils",
    "ResolveSpec",
    "as_list",
    "stage_of",
]


@dataclass(frozen=True)
class CallSite:
    """Where in a script a transformation was called, and the script's own words for it."""

    site: str
    info: str


class JsonOptions(dict[str, Any]):
    """Options that came as JSON text.

    Raises:
        OptionError: The text is no JSON object.
    """

    def __init__(self, text: str) -> None:
        try:
            value = json.loads(text)
        except json.JSONDecodeError as error:
            # Options may hold a password, and the text of this error a part of them.
            raise OptionError(
                f"The options {masked(text)!r} are not JSON: {error}.", hint="give a JSON object"
            ) from None
        if not isinstance(value, dict):
            raise OptionError(f"The options {masked(text)!r} are not a JSON object.", hint='such as {"paths": [...]}')
        super().__init__(value)


@dataclass(frozen=True)
class MappingSpec:
    """One mapping of ApplyMapping, as its two, three or four texts."""

    parts: tuple[str, ...]

    @classmethod
    def apply(cls, scala_tuple: Any) -> MappingSpec:
        """From the scala tuple that awsglue makes."""
        return cls(tuple(str(scala_tuple.productElement(i)) for i in range(scala_tuple.productArity())))


@dataclass(frozen=True)
class ResolveSpec:
    """A path and what to do with the choice there."""

    path: str
    action: str

    @classmethod
    def apply(cls, path: str, action: str) -> ResolveSpec:
        """As awsglue calls it."""
        return cls(path, action)


class RecordUtils:
    """Helpers for field names."""

    @staticmethod
    def quoteName(name: str) -> str:
        """The name as a path step."""
        return quote(name)


class PythonUtils:
    """Spark's own PythonUtils, except that a list with values of ours stays a Python list."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def toSeq(self, values: Iterable[Any]) -> Any:
        """A scala Seq of Java values, or a list if any value is ours."""
        items = list(values)
        if any(isinstance(item, (MappingSpec, ResolveSpec)) for item in items):
            return items
        return self._real.toSeq(items)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


class GluePythonUtils:
    """Scala conversions that are not needed on this side: options and sequences are Python's own."""

    @staticmethod
    def seqAsJava(sequence: Any) -> list[Any]:
        """A list of whatever sequence it is."""
        return as_list(sequence)

    @staticmethod
    def constructOption(value: Any) -> Any:
        """None stands for itself."""
        return value

    @staticmethod
    def constructChoiceOption(text: str) -> str:
        """The text of ResolveChoice's `choice`."""
        return text


def as_list(sequence: Any) -> list[Any]:
    """The elements of a Python list or of a scala Seq."""
    if isinstance(sequence, (list, tuple)):
        return list(sequence)
    context = SparkContext._active_spark_context
    if context is None or context._gateway is None:
        raise RuntimeError("a scala sequence without a SparkContext")
    # The one converter that Scala 2.12 (Spark 3.5) and 2.13 (Spark 4) both have.
    return list(context._gateway.jvm.scala.collection.JavaConverters.seqAsJavaList(sequence))


def stage_of(transformation_ctx: str, site: CallSite, stage_threshold: int, total_threshold: int) -> Stage:
    """What awsglue says of a transformation, in one value."""
    return Stage(transformation_ctx, site.site, site.info, int(stage_threshold), int(total_threshold))
