"""Scala's values from Python: options, sequences, maps, case classes by the names of their fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["Scala"]


class Scala:
    """The JVM, for what Spark's own classes take and give.

    The fields of Spark's case classes differ between its versions, so they are set by name and never by position.

    Args:
        jvm: py4j's view of it.
    """

    def __init__(self, jvm: Any) -> None:
        self._view = jvm
        self._classes: dict[str, Any] = {}
        self._constants: dict[str, Any] = {}
        self._fields: dict[str, list[str]] = {}

    def java(self, name: str) -> Any:
        """A Java class, or the static side of a Scala object, by its full name."""
        if name not in self._classes:
            found = self._view
            for part in name.split("."):
                found = getattr(found, part)
            self._classes[name] = found
        return self._classes[name]

    def is_of(self, jvm: Any) -> bool:
        """Whether this is for a view of the JVM."""
        return self._view is jvm

    def constant(self, name: str, member: str) -> Any:
        """A value of a Java class that never changes."""
        key = f"{name}.{member}"
        if key not in self._constants:
            self._constants[key] = getattr(self.java(name), member)()
        return self._constants[key]

    def singleton(self, name: str) -> Any:
        """A Scala object itself, where its methods have no static side."""
        return getattr(self.java(f"{name}$"), "MODULE$")

    def option(self, value: Any) -> Any:
        """`Some(value)`, or `None` for None."""
        return self.java("scala.Option").apply(value)

    def seq(self, values: Iterable[Any]) -> Any:
        """An immutable sequence."""
        return self.java("org.apache.spark.api.python.PythonUtils").toSeq(list(values))

    def map(self, values: Mapping[str, Any]) -> Any:
        """An immutable map."""
        return self.java("org.apache.spark.api.python.PythonUtils").toScalaMap(dict(values))

    def get(self, option: Any) -> Any:
        """What an option holds; None if it is empty."""
        return option.get() if option.isDefined() else None

    def texts(self, seq: Any) -> tuple[str, ...]:
        """The texts of a sequence, in one call."""
        return tuple(str(seq.mkString("\0")).split("\0")) if seq.nonEmpty() else ()

    def values(self, seq: Any) -> list[Any]:
        """The members of a sequence."""
        return [seq.apply(index) for index in range(seq.length())]

    def pairs(self, scala_map: Any) -> dict[str, str]:
        """A map of texts, in one call."""
        text = str(scala_map.mkString("\0\0"))
        # `->` stands between key and value, and neither holds a NUL.
        return dict(pair.split(" -> ", 1) for pair in text.split("\0\0")) if text else {}

    def new(self, name: str, /, **fields: Any) -> Any:
        """A value of a case class; fields that are not given have their defaults."""
        made = self.java(name)
        names = self._names(name)
        return made(*[fields[key] if key in fields else self._default(made, at) for at, key in enumerate(names, 1)])

    def copy(self, value: Any, /, **fields: Any) -> Any:
        """A value of a case class with some of its fields changed."""
        names = self._names(value.getClass().getName())
        return value.copy(*[fields[key] if key in fields else value.productElement(at) for at, key in enumerate(names)])

    def _default(self, made: Any, at: int) -> Any:
        return getattr(made, f"$lessinit$greater$default${at}")()

    def _names(self, name: str) -> list[str]:
        if name not in self._fields:
            loader = self._view.java.lang.Thread.currentThread().getContextClassLoader()
            reflected = loader.loadClass(name)
            arity = max(each.getParameterCount() for each in reflected.getConstructors())
            # The constructor's fields come in its order, before other values; lazy ones are not final.
            final = [each.getName() for each in reflected.getDeclaredFields() if each.getModifiers() & 0x18 == 0x10]
            self._fields[name] = final[:arity]
        return self._fields[name]
