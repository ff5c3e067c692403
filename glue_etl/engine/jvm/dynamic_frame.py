"""The object that awsglue holds as a DynamicFrame's `_jdf`: the JVM class's methods by their own names.

Thin on purpose: each method unwraps scala values and calls one transform of `engine.frame`.
"""

from __future__ import annotations

from typing import Any, NoReturn

from glue_etl.engine.frame import errors, fields, join, mapping, merge, resolve, show, split, typed
from glue_etl.engine.frame.core import Plan
from glue_etl.engine.jvm.catalog import table_type
from glue_etl.engine.jvm.frame_nested import NestedMethods
from glue_etl.engine.jvm.values import CallSite, JsonOptions, as_list, stage_of
from glue_etl.engine.types import json_form, printed
from glue_etl.engine.types.tree import StructType
from glue_etl.errors import UnsupportedError

__all__ = ["JavaDynamicFrame", "JavaSchema"]


class JavaSchema:
    """What `schema()` answers."""

    def __init__(self, root: StructType) -> None:
        self._root = root

    def toString(self) -> str:
        """The JSON that awsglue.gluetypes parses."""
        return json_form.dumps(self._root)

    def treeString(self) -> str:
        """The tree that printSchema prints."""
        return printed.tree_string(self._root)


class JavaDynamicFrame(NestedMethods):
    """A DynamicFrame's inner half, as awsglue sees it."""

    # What the frame is

    def schema(self) -> JavaSchema:
        """The type tree."""
        return JavaSchema(self.frame.type)

    @property
    def name(self) -> str:
        """The frame's name."""
        return self.frame.name

    def getName(self) -> str:
        """The frame's name."""
        return self.frame.name

    def showString(self, num_rows: int) -> str:
        """The first records as JSON, a line each."""
        return show.show_string(self.frame.checked(), num_rows)

    def count(self) -> int:
        """The number of records, error records not counted."""
        return self.frame.checked().df.count()

    def getNumPartitions(self) -> int:
        """The number of partitions of the rows."""
        return self.frame.plan.df.rdd.getNumPartitions()

    def toDF(self, specs: Any) -> Any:
        """The Java DataFrame of the rows, choices resolved as the specs say, else as structs."""
        plan = self.frame.checked()
        wanted = [(spec.path, spec.action) for spec in as_list(specs)]
        if wanted:
            plan = resolve.resolve_specs(plan, wanted)
        return plan.df._jdf

    def pyWithFrameSchema(self, schema: str) -> JavaDynamicFrame:
        """with_frame_schema."""
        return self._new(typed.with_schema(self.frame, schema))

    # Fields

    def applyMapping(
        self, mappings: Any, case_sensitive: bool, ctx: str, site: CallSite, stage: int, total: int
    ) -> JavaDynamicFrame:
        """ApplyMapping."""
        parts = [spec.parts for spec in as_list(mappings)]
        return self._step(
            lambda plan: mapping.apply_mapping(plan, parts, case_sensitive), stage_of(ctx, site, stage, total)
        )

    def selectFields(self, paths: Any, ctx: str, site: CallSite, stage: int, total: int) -> JavaDynamicFrame:
        """SelectFields."""
        wanted = as_list(paths)
        return self._step(lambda plan: fields.select_fields(plan, wanted), stage_of(ctx, site, stage, total))

    def dropFields(self, paths: Any, ctx: str, site: CallSite, stage: int, total: int) -> JavaDynamicFrame:
        """DropFields."""
        unwanted = as_list(paths)
        return self._step(lambda plan: fields.drop_fields(plan, unwanted), stage_of(ctx, site, stage, total))

    def renameField(self, old: str, new: str, ctx: str, site: CallSite, stage: int, total: int) -> JavaDynamicFrame:
        """RenameField."""
        return self._step(lambda plan: fields.rename_field(plan, old, new), stage_of(ctx, site, stage, total))

    def resolveChoice(
        self,
        specs: Any,
        choice: str,
        database: str | None,
        table: str | None,
        ctx: str,
        site: CallSite,
        stage: int,
        total: int,
        catalog_id: str | None,
    ) -> JavaDynamicFrame:
        """ResolveChoice, by specs or one action for all choices."""
        wanted = [(spec.path, spec.action) for spec in as_list(specs)]
        said = stage_of(ctx, site, stage, total)
        if choice and resolve.is_match_catalog(choice):
            declared = table_type(self.context, database or "", table or "", catalog_id)
            return self._step(lambda plan: resolve.resolve_as_declared(plan, declared), said)
        return self._step(
            lambda plan: resolve.resolve_all(plan, choice) if choice else resolve.resolve_specs(plan, wanted), said
        )

    # Rows

    def join(
        self, keys1: Any, keys2: Any, other: JavaDynamicFrame, ctx: str, site: CallSite, stage: int, total: int
    ) -> JavaDynamicFrame:
        """Join: inner, by equality."""
        left, right = as_list(keys1), as_list(keys2)
        return self._step(
            lambda plan: join.join(plan, other.frame.plan, left, right),
            stage_of(ctx, site, stage, total),
            others=[other.frame],
            name=self.name + other.name,
        )

    def union(self, other: JavaDynamicFrame, ctx: str, site: CallSite, stage: int, total: int) -> JavaDynamicFrame:
        """Union, by field name."""
        return self._step(
            lambda plan: join.union(plan, other.frame.plan), stage_of(ctx, site, stage, total), others=[other.frame]
        )

    def mergeDynamicFrames(
        self,
        staging: JavaDynamicFrame,
        keys: Any,
        ctx: str,
        options: JsonOptions,
        site: CallSite,
        stage: int,
        total: int,
    ) -> JavaDynamicFrame:
        """mergeDynamicFrame; AWS documents its options as unused."""
        wanted = as_list(keys)
        return self._step(
            lambda plan: merge.merge_frames(plan, staging.frame.plan, wanted),
            stage_of(ctx, site, stage, total),
            others=[staging.frame],
        )

    def spigot(
        self, path: str, options: JsonOptions, ctx: str, site: CallSite, stage: int, total: int
    ) -> JavaDynamicFrame:
        """Spigot: the sample is written now, and the frame goes on as it is."""
        from glue_etl.engine.io.spigot import read_sample, write_sample

        write_sample(self.context, self.frame, path, read_sample(options))
        return self._step(lambda plan: plan, stage_of(ctx, site, stage, total))

    def splitFields(self, paths: Any, ctx: str, site: CallSite, stage: int, total: int) -> list[JavaDynamicFrame]:
        """SplitFields: the named fields, then the rest."""
        wanted = as_list(paths)
        what = stage_of(ctx, site, stage, total)
        return [
            self._step(lambda plan: fields.select_fields(plan, wanted), what),
            self._step(lambda plan: fields.drop_fields(plan, wanted), what),
        ]

    def splitRows(
        self, paths: Any, values: Any, operators: Any, ctx: str, site: CallSite, stage: int, total: int
    ) -> list[JavaDynamicFrame]:
        """SplitRows: those that meet every comparison, then the rest."""
        tests = list(zip(as_list(paths), as_list(operators), as_list(values), strict=True))
        what = stage_of(ctx, site, stage, total)
        return [
            self._step(lambda plan: split.split_rows(plan, tests, keep=True), what),
            self._step(lambda plan: split.split_rows(plan, tests, keep=False), what),
        ]

    def repartition(self, count: int, ctx: str, site: CallSite, stage: int, total: int) -> JavaDynamicFrame:
        """Repartition."""
        return self._step(lambda plan: Plan(plan.df.repartition(count), plan.type), stage_of(ctx, site, stage, total))

    def coalesce(self, count: int, shuffle: bool, ctx: str, site: CallSite, stage: int, total: int) -> JavaDynamicFrame:
        """Coalesce; with `shuffle` the same as repartition."""
        return self._step(
            lambda plan: Plan(plan.df.repartition(count) if shuffle else plan.df.coalesce(count), plan.type),
            stage_of(ctx, site, stage, total),
        )

    # Python functions

    def javaToPython(self) -> Any:
        """The records for a Python function."""
        from glue_etl.engine.jvm.python_rdd import RecordRdd

        return RecordRdd(self.frame)

    # Errors

    def errorsAsDynamicFrame(self) -> JavaDynamicFrame:
        """The error records as a frame of their own."""
        return self._new(errors.as_dynamic_frame(self.frame, self.context.session))

    def errorsCount(self) -> int:
        """All error records so far."""
        return errors.count(self.frame.errors)

    def stageErrorsCount(self) -> int:
        """The error records of the last transformation."""
        return errors.count(self.frame.stage_errors)

    def assertErrorThreshold(self) -> None:
        """Raise if a threshold is reached."""
        self.frame.assert_thresholds()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)

        def refuse(*_: Any) -> NoReturn:
            # Only the call is refused: awsglue looks the method up before it makes the arguments.
            raise UnsupportedError.of(f"DynamicFrame.{name}")

        return refuse
