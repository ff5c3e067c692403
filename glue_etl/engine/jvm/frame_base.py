"""What the parts of the DynamicFrame's stand-in have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

from glue_etl.engine.frame.core import Frame, Plan, Stage

if TYPE_CHECKING:
    from glue_etl.engine.context import EngineContext

__all__ = ["FrameBase"]


class FrameBase:
    """A frame and the job it belongs to."""

    def __init__(self, frame: Frame, context: EngineContext) -> None:
        self.frame = frame
        self.context = context

    def _new(self, frame: Frame) -> Self:
        return type(self)(frame, self.context)

    def _step(self, step: Callable[[Plan], Plan], stage: Stage, **more: Any) -> Self:
        return self._new(self.frame.derive(step, stage, **more))
