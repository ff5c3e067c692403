"""Finds what a script imports from AWS Glue beside awsglue: Studio's `gs_*`, `awsgluedq`, `awsglueml`.

It is asked last, so a module that the job brings along wins (`--extra-py-files s3://.../gs_explode.py` is AWS's own),
and it finds nothing where the real Glue library is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from types import ModuleType
from typing import Any

from glue_etl.engine.frame import studio
from glue_etl.errors import UnsupportedError

__all__ = ["ShimFinder"]

# Package -> what it is for, and what to do without it.
_PACKAGES = {
    "awsgluedq": ("Data Quality (awsgluedq, EvaluateDataQuality)", "leave the node out for local runs"),
    "awsglueml": (
        "Machine learning transforms (awsglueml: FillMissingValues, FindMatches, EntityDetector)",
        "leave the node out for local runs",
    ),
}
# What AWS's own gs_ modules import; a job never uses it itself.
_COMMON = "gs_common"


class ShimFinder(MetaPathFinder):
    """Answers `import` for the modules of this room.

    Args:
        inert: Whether to find nothing, asked at each import: true where the real Glue library is.
    """

    def __init__(self, inert: Callable[[], bool]) -> None:
        self._inert = inert
        self.loaded: list[str] = []
        self._added: list[tuple[type, str]] = []

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module's spec, None if it is none of ours."""
        ours = fullname in studio.TRANSFORMS or fullname in studio.UNSUPPORTED or fullname in (*_PACKAGES, _COMMON)
        if not ours or self._inert():
            return None
        return spec_from_loader(fullname, _ShimLoader(self), origin="glue-etl")

    def add_methods(self, name: str) -> None:
        """Give DataFrame and DynamicFrame the method of that name."""
        from awsglue.dynamicframe import DynamicFrame
        from pyspark.sql import DataFrame

        transform = studio.transform_of(name)

        def of_frame(self: Any, **parameters: object) -> Any:
            return _on_dynamic_frame(self, name, parameters)

        of_frame.__name__, of_frame.__doc__ = name, transform.__doc__
        for owner, method in ((DataFrame, transform), (DynamicFrame, of_frame)):
            if name not in vars(owner):
                setattr(owner, name, method)
                self._added.append((owner, name))

    def take_back(self) -> None:
        """Remove the methods again."""
        while self._added:
            owner, name = self._added.pop()
            delattr(owner, name)


class _ShimLoader(Loader):
    def __init__(self, finder: ShimFinder) -> None:
        self._finder = finder

    def exec_module(self, module: ModuleType) -> None:
        name = module.__name__
        if name in _PACKAGES:
            raise UnsupportedError.of(*_PACKAGES[name])
        if name in studio.UNSUPPORTED:
            raise UnsupportedError.of(f"The Glue Studio transform {name}", studio.UNSUPPORTED[name])
        self._finder.loaded.append(name)
        if name in studio.TRANSFORMS:
            self._finder.add_methods(name)


def _on_dynamic_frame(dynamic_frame: Any, name: str, parameters: dict[str, object]) -> Any:
    from awsglue.dynamicframe import DynamicFrame

    from glue_etl.engine.jvm.dynamic_frame import JavaDynamicFrame

    java = dynamic_frame._jdf
    frame = studio.apply_to_frame(java.frame, name, **parameters)
    return DynamicFrame(JavaDynamicFrame(frame, java.context), dynamic_frame.glue_ctx, dynamic_frame.name)
