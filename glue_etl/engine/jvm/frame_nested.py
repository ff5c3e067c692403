"""The methods of a DynamicFrame that take nested values apart, by the JVM's own names."""

from __future__ import annotations

import functools
from typing import Self

from glue_etl.engine.frame import ddb_json, relationalize, unnest
from glue_etl.engine.frame.core import Plan, Stage
from glue_etl.engine.jvm.frame_base import FrameBase
from glue_etl.engine.jvm.values import CallSite, JsonOptions, stage_of

__all__ = ["NestedMethods"]


class NestedMethods(FrameBase):
    """Unnest, Relationalize, Unbox and DynamoDB JSON."""

    def unnest(self, ctx: str, site: CallSite, stage: int, total: int) -> Self:
        """UnnestFrame."""
        return self._step(unnest.unnest, stage_of(ctx, site, stage, total))

    def relationalize(
        self, root: str, staging: str, options: JsonOptions, ctx: str, site: CallSite, stage: int, total: int
    ) -> list[Self]:
        """Relationalize: the root table first, then one per array."""
        # "Job bookmarks are implemented for ... the Relationalize transform": tables of two runs share no keys.
        start = self.context.bookmarks.numbers(ctx, relationalize.KEYS_OF_A_RUN)
        plans = relationalize.relationalize(self.frame.checked(), root, start)
        what = stage_of(ctx, site, stage, total)
        return [self._step(functools.partial(_given, plan), what, name=name) for name, plan in plans.items()]

    def unbox(self, path: str, fmt: str, options: str, ctx: str, site: CallSite, stage: int, total: int) -> Self:
        """Unbox."""
        # Imported on use: it brings pandas.
        from glue_etl.engine.frame.unbox import unbox

        what = stage_of(ctx, site, stage, total)
        return self._new(unbox(self.frame, path, fmt, JsonOptions(options), what, self.context.session))

    def unnestDDBJson(self, ctx: str, site: CallSite, stage: int, total: int) -> Self:
        """unnest_ddb_json."""
        return self._step(ddb_json.unnest_ddb_json, stage_of(ctx, site, stage, total))

    def simplifyDDBJson(self) -> Self:
        """simplify_ddb_json."""
        return self._step(ddb_json.simplify_ddb_json, Stage())


def _given(plan: Plan, _: Plan) -> Plan:
    return plan
