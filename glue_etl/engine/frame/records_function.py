"""A script's function as Spark pickled it, carried on to the workers of another plan without being loaded here.

Loading it in the driver would fail for functions that hold broadcast variables, and would make copies of their state.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

__all__ = ["PythonFunction", "is_filter"]

RecordFunction = Callable[[int, Iterator[dict[str, Any]]], Iterable[dict[str, Any]]]
"""Partition number and envelopes to envelopes."""


class _JavaBroadcast:
    """A broadcast variable known by its Java half, which is what pyspark asks for when it ships a function."""

    def __init__(self, java: Any) -> None:
        self._jbroadcast = java


@dataclass
class _Carried:
    """Broadcast variables of a function; being pickled tells pyspark to load them in the workers."""

    broadcasts: list[Any] = field(default_factory=list)

    def __reduce__(self) -> tuple[Any, ...]:
        from pyspark import SparkContext

        context: Any = SparkContext._active_spark_context
        for java in self.broadcasts:
            context._pickled_broadcast_vars.add(_JavaBroadcast(java))
        return _Carried, ()


@dataclass
class PythonFunction:
    """A function over a partition's records.

    Attributes:
        command: What pyspark's `_wrap_function` pickled: (function, profiler, deserializer, serializer), or a broadcast
            variable of that where it is large.
        carried: Its broadcast variables.
        keeps_records: It is awsglue's own filter, which only leaves records out or marks them as errors.
    """

    command: bytes
    carried: _Carried
    keeps_records: bool = False

    @classmethod
    def of_java(cls, wrapped: Any) -> PythonFunction:
        """From the Java `SimplePythonFunction`."""
        sequence = wrapped.command()
        command = bytes(sequence.toArray(sequence.elemTag()))
        broadcasts = list(wrapped.broadcastVars())
        return cls(command, _Carried(broadcasts), is_filter(command, broadcasts))

    @classmethod
    def of(cls, function: RecordFunction) -> PythonFunction:
        """From a function of ours."""
        from pyspark.serializers import CloudPickleSerializer

        pickler: Any = CloudPickleSerializer()
        return cls(pickler.dumps((function, None, None, None)), _Carried())

    def load(self) -> RecordFunction:
        """The function itself; in a worker only."""
        from pyspark.broadcast import Broadcast

        command = pickle.loads(self.command)
        if isinstance(command, Broadcast):
            command = pickle.loads(command.value)
        loaded: RecordFunction = command[0]
        return loaded


class _Unloaded:
    """Stands for a broadcast variable in the driver."""

    def __init__(self, broadcast_id: int) -> None:
        self.broadcast_id = broadcast_id


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if name == "_from_id" and module.startswith("pyspark."):
            return _Unloaded
        return super().find_class(module, name)


def _read(command: bytes, broadcasts: list[Any]) -> Any:
    loaded = _Reader(io.BytesIO(command)).load()
    if not isinstance(loaded, _Unloaded):
        return loaded
    java = next(each for each in broadcasts if each.id() == loaded.broadcast_id)
    with open(java.value().path(), "rb") as file:
        return _Reader(io.BytesIO(pickle.load(file))).load()


def is_filter(command: bytes, broadcasts: list[Any]) -> bool:
    """Whether the pickled function is that of `DynamicFrame.filter`, told by its own closures.

    awsglue builds it from three nested functions, whose names pickling keeps: `mapPartitions.<locals>.func` holds
    `filter.<locals>.func`. A function of a script's own, or one chained to others, is none.
    """
    try:
        function = _read(command, broadcasts)[0]
        inner = [cell.cell_contents for cell in function.__closure__ or ()]
    except Exception:
        # It may only be loadable in a worker; taking it for any function gives the same rows, more slowly.
        return False
    names = [getattr(f, "__qualname__", "") for f in (function, *inner)]
    return names == ["DynamicFrame.mapPartitions.<locals>.func", "DynamicFrame.filter.<locals>.func"] and all(
        f.__module__ == "awsglue.dynamicframe" for f in (function, *inner)
    )
