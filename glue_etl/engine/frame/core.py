"""What a DynamicFrame is here: a DataFrame, the Glue type tree beside it, and the error records so far.

A transform is a pure function `Plan -> Plan`. A `Frame` holds its plan lazily, because some plans cost a pass over the
data to know (a JSON file's schema, a Python function's results) and AWS Glue does not pay that before it must.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from pyspark.sql import DataFrame

from glue_etl.engine.types import tree as g
from glue_etl.engine.types.spark import struct_from_spark
from glue_etl.errors import ErrorThresholdExceeded

__all__ = ["ErrorSource", "Frame", "Plan", "Stage", "Threshold"]


@dataclass(frozen=True)
class Plan:
    """Rows and their type.

    Attributes:
        df: One column per field of `type`, stored as `engine.types.spark.to_spark` says.
        type: The Glue struct of a record.
    """

    df: DataFrame
    type: g.StructType

    @classmethod
    def of(cls, df: DataFrame) -> Plan:
        """The plan of a plain DataFrame, which has no choices."""
        return cls(df, struct_from_spark(df.schema))


class ErrorSource(Protocol):
    """The error records that one transformation or source made."""

    def count(self) -> int:
        """How many there are; may run a Spark job."""

    def records(self) -> DataFrame:
        """The records, with the columns of `engine.frame.errors.ERROR_RECORD`."""


@dataclass(frozen=True)
class Stage:
    """What a script says of one transformation.

    Attributes:
        transformation_ctx: The name of its state.
        site: The script's call stack, as text.
        info: The script's own words for error records.
        stage_threshold: Errors of this transformation at which processing stops; 0 never.
        total_threshold: Errors up to and with this transformation at which processing stops; 0 never.
    """

    transformation_ctx: str = ""
    site: str = ""
    info: str = ""
    stage_threshold: int = 0
    total_threshold: int = 0


@dataclass(frozen=True)
class Threshold:
    """A limit that a transformation set, and what counts towards it."""

    limit: int
    sources: tuple[ErrorSource, ...]
    words: str

    def check(self) -> None:
        """Count.

        Raises:
            ErrorThresholdExceeded: The limit is reached.
        """
        found = sum(source.count() for source in self.sources)
        if found >= self.limit:
            raise ErrorThresholdExceeded(
                f"{found} error records reach the {self.words} of {self.limit}.",
                hint="look at them with errorsAsDynamicFrame(), or raise the threshold",
            )


@dataclass
class Frame:
    """A DynamicFrame's inner half: lazily its plan, its errors, its thresholds.

    Attributes:
        name: The frame's name; awsglue passes it on.
        stage_errors: Made by the transformation that gave this frame.
        earlier_errors: Made before it.
        thresholds: Every limit set on the way here.
        declared: The type where it is known before the plan, because a script gave it.
        read_as: Makes the plan of a source in a type that is given, so that the records need not be looked at for it.
    """

    make_plan: Callable[[], Plan]
    name: str = ""
    stage_errors: tuple[ErrorSource, ...] = ()
    earlier_errors: tuple[ErrorSource, ...] = ()
    thresholds: tuple[Threshold, ...] = ()
    declared: g.StructType | None = None
    read_as: Callable[[g.StructType], Plan] | None = field(default=None, repr=False)
    _plan: Plan | None = field(default=None, repr=False)
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    @classmethod
    def of(cls, df: DataFrame, name: str = "") -> Frame:
        """The frame of a plain DataFrame."""
        plan = Plan.of(df)
        return cls(lambda: plan, name, _plan=plan)

    @property
    def plan(self) -> Plan:
        """The plan, made once."""
        with self._lock:
            if self._plan is None:
                self._plan = self.make_plan()
            return self._plan

    @property
    def is_planned(self) -> bool:
        """Whether the plan is known, so that asking for it costs nothing."""
        return self._plan is not None

    @property
    def type(self) -> g.StructType:
        """The type of a record; costs what the plan costs unless a script declared it."""
        return self.plan.type if self.declared is None else self.declared

    @property
    def errors(self) -> tuple[ErrorSource, ...]:
        """All error sources, each once."""
        return _distinct([*self.earlier_errors, *self.stage_errors])

    def derive(
        self,
        step: Callable[[Plan], Plan],
        stage: Stage,
        *,
        stage_errors: tuple[ErrorSource, ...] = (),
        others: Iterable[Frame] = (),
        name: str | None = None,
    ) -> Frame:
        """The frame after one transformation.

        Args:
            step: The transform; run at once if this frame's plan is known, else when the new frame's is asked for.
            stage: What the script said of it.
            stage_errors: The error records it makes.
            others: Further inputs, whose errors and limits are taken over too.
            name: The new frame's name, by default this one's.
        """
        inputs = (self, *others)
        earlier = _distinct(source for frame in inputs for source in frame.errors)
        limits = [limit for frame in inputs for limit in frame.thresholds]
        if stage.stage_threshold > 0:
            limits.append(Threshold(stage.stage_threshold, stage_errors, "stage threshold"))
        if stage.total_threshold > 0:
            limits.append(Threshold(stage.total_threshold, _distinct([*earlier, *stage_errors]), "total threshold"))
        new = Frame(
            lambda: step(self.plan),
            self.name if name is None else name,
            stage_errors,
            earlier,
            tuple(limits),
        )
        if all(frame._plan is not None for frame in inputs):
            # Wrong arguments are reported at the line that has them.
            _ = new.plan
        return new

    def retyped(self, kind: g.StructType, step: Callable[[Plan], Plan]) -> Frame:
        """The frame in a type that a script gives.

        Args:
            kind: The type.
            step: Brings the plan as it is into that type; not used where a source can read by the type.
        """
        read_as = None if self.is_planned else self.read_as
        return Frame(
            lambda: step(self.plan) if read_as is None else step(read_as(kind)),
            self.name,
            self.stage_errors,
            self.earlier_errors,
            self.thresholds,
            declared=kind,
        )

    def assert_thresholds(self) -> None:
        """Check every limit.

        Raises:
            ErrorThresholdExceeded: One of them is reached.
        """
        for threshold in self.thresholds:
            threshold.check()

    def checked(self) -> Plan:
        """The plan for an action: limits first, so that nothing is written from a frame that went over one."""
        self.assert_thresholds()
        return self.plan


def _distinct(sources: Iterable[ErrorSource]) -> tuple[ErrorSource, ...]:
    return tuple({id(source): source for source in sources}.values())
