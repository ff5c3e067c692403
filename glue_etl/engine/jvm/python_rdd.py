"""What stands for the Java RDDs on awsglue's way from a DynamicFrame through a Python function to another.

awsglue asks a frame for `javaToPython()`, puts pyspark's RDD classes over what it gets, and hands the outcome to
`DynamicFrame.fromPythonRDD`. The handles here carry the frame and the function along that way; no RDD is made. A script
that uses the private `_rdd` for itself gets a real one, made when it is first needed.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

from glue_etl.engine.frame.core import Frame
from glue_etl.engine.frame.records_function import PythonFunction
from glue_etl.engine.types import tree as g

__all__ = ["PythonStage", "RecordRdd", "intercept_python_rdd"]


class _Handle:
    """Passes for a Java RDD: any name it does not answer is asked of a real one."""

    def __init__(self, make_real: Callable[[], Any]) -> None:
        self._make_real = make_real

    @functools.cached_property
    def _real(self) -> Any:
        return self._make_real()

    def __getattr__(self, name: str) -> Any:
        # `_get_object_id` is how py4j recognises its own objects among arguments.
        if name.startswith("_") and name not in ("_get_object_id", "_target_id", "_gateway_client"):
            raise AttributeError(name)
        return getattr(self._real, name)


class RecordRdd(_Handle):
    """A frame's records, as `javaToPython()` gives them.

    Args:
        frame: The frame.
        make_real: Makes the real Java RDD, if anything needs it.
    """

    def __init__(self, frame: Frame, make_real: Callable[[], Any] | None = None) -> None:
        super().__init__(make_real or (lambda: _pickled(frame)))
        self.frame = frame

    def id(self) -> int:
        """Any number: pyspark only keeps it."""
        return id(self)

    def rdd(self) -> RecordRdd:
        """The same, where pyspark unwraps a JavaRDD."""
        return RecordRdd(self.frame, lambda: self._real.rdd())


class PythonStage(_Handle):
    """A function over a frame's records.

    Attributes:
        frame: The frame.
        function: The function as Spark pickled it.
    """

    def __init__(self, frame: Frame, function: PythonFunction, make_real: Callable[[], Any]) -> None:
        super().__init__(make_real)
        self.frame = frame
        self.function = function

    def asJavaRDD(self) -> PythonStage:
        """The same, where pyspark wraps an RDD."""
        return PythonStage(self.frame, self.function, lambda: self._real.asJavaRDD())

    def id(self) -> int:
        """Any number: pyspark only keeps it."""
        return id(self)


def intercept_python_rdd(real: Any, parent: Any, wrapped: Any, *more: Any) -> Any:
    """What the constructor of `PythonRDD` gives.

    Args:
        real: The real class.
        parent: The RDD, ours or Spark's.
        wrapped: The Java `SimplePythonFunction`.
        more: Whether partitioning is preserved, whether it is a barrier.
    """
    if not isinstance(parent, RecordRdd):
        return real(parent, wrapped, *more)
    return PythonStage(parent.frame, PythonFunction.of_java(wrapped), lambda: real(parent, wrapped, *more))


def _pickled(frame: Frame) -> Any:
    """A real Java RDD of pickled records, as awsglue's serializer reads them."""
    from pyspark.serializers import BatchedSerializer, CPickleSerializer

    plan = frame.checked()
    rows: Any = plan.df.rdd
    envelopes = rows.mapPartitions(_Envelopes(plan.type))
    batched: Any = BatchedSerializer
    return envelopes._reserialize(batched(CPickleSerializer(), 100))._jrdd


class _Envelopes:
    """Rows to awsglue's envelopes."""

    def __init__(self, kind: g.StructType) -> None:
        self.kind = kind

    def __call__(self, rows: Iterator[Any]) -> Iterator[dict[str, Any]]:
        for row in rows:
            yield {"record": bare(row, self.kind), "isError": False, "errorMessage": None}


def bare(value: Any, kind: g.GlueType) -> Any:
    """A value of a Spark row as a record holds it: structs as dicts, choices as the value they are."""
    if value is None:
        return None
    if isinstance(kind, g.ChoiceType):
        members = zip(value, kind.choices, strict=True)
        return next((bare(member, choice) for member, choice in members if member is not None), None)
    if isinstance(kind, g.StructType):
        return {field.name: bare(member, field.type) for member, field in zip(value, kind, strict=True)}
    if isinstance(kind, (g.ArrayType, g.SetType)):
        return [bare(member, kind.element) for member in value]
    if isinstance(kind, g.MapType):
        return {key: bare(member, kind.value) for key, member in value.items()}
    return value
