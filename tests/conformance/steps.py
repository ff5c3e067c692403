"""Carry out the steps of a case against the official awsglue, over whichever Glue library is loaded."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from . import catalog_tables, reading
from .cases import Case, CaseError
from .frames import make_frame
from .workspace import Workspace

Json = Any

# Transform classes that Glue provides in modules of its own, not in awsglue.transforms.
OTHER_TRANSFORMS = {"EvaluateDataQuality": "awsgluedq.transforms", "FillMissingValues": "awsglueml.transforms"}
METHOD_OWNERS = ("DynamicFrame", "DynamicFrameCollection", "DataFrame")


@dataclass
class Run:
    """A case being carried out.

    Attributes:
        context: The GlueContext.
        workspace: The case's folder.
        client: What answers as boto3's Glue client; None where a case cannot have tables.
        names: What step values and Python code can name: frames, results, and what awsglue offers.
        outputs: Printed text of each step, by the step's `as` name.
        result: Result of the last step.
        output: Printed text of the last step.
        error: What a step raised, if one did; no step runs after it.
        snapshots: Frames and their rows as they were read, by the frame's identity.
        pinned: Identities of frames read inside `job.run`: what they held then counts, not what they hold later.
    """

    context: Any
    workspace: Workspace
    client: Any = None
    names: dict[str, Any] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    result: Any = None
    output: str = ""
    error: Exception | None = None
    snapshots: dict[int, tuple[Any, list[dict[str, Any]]]] = field(default_factory=dict)
    pinned: set[int] = field(default_factory=set)

    def rows(self, value: Any) -> list[dict[str, Any]]:
        """A frame's rows, collected once."""
        if id(value) not in self.snapshots:
            # The frame is kept too, so that no other object gets its identity.
            self.snapshots[id(value)] = (value, reading.rows(value))
        return self.snapshots[id(value)][1]

    def count(self, value: Any) -> int:
        """A frame's own count, or the number of rows a job read from it."""
        return len(self.rows(value)) if id(value) in self.pinned else value.count()

    def named(self, name: str) -> Any:
        """A frame or an earlier result.

        Raises:
            CaseError: Nothing has that name, though every step was carried out.
        """
        if name not in self.names:
            if self.error is not None:
                raise self.error
            raise CaseError(f"the case names {name!r}, which is neither a frame nor a result")
        return self.names[name]


def scope(context: Any, workspace: Workspace) -> dict[str, Any]:
    """The names a case's Python code may use."""
    import awsglue
    import awsglue.context
    import awsglue.dynamicframe
    import awsglue.gluetypes
    import awsglue.job
    import awsglue.transforms
    import awsglue.utils

    transforms = {name: value for name, value in vars(awsglue.transforms).items() if not name.startswith("_")}
    frames = awsglue.dynamicframe
    return {
        **transforms,
        # Functions must pickle by value into Spark's Python workers, as those of a script do.
        "__name__": "__main__",
        "awsglue": awsglue,
        "gluetypes": awsglue.gluetypes,
        "json": json,
        "DynamicFrame": frames.DynamicFrame,
        "DynamicFrameCollection": frames.DynamicFrameCollection,
        "ResolveOption": frames.ResolveOption,
        "glueContext": context,
        "spark": context.spark_session,
        "ws": workspace.uri,
    }


def carry_out(case: Case, context: Any, workspace: Workspace, client: Any = None) -> Run:
    """Set up what is given and make the calls; an exception of a call is kept in the run, not raised.

    Raises:
        CaseError: The case makes a call the runner does not know.
    """
    run = Run(context, workspace, client, scope(context, workspace))
    for path, content in case.given.get("files", {}).items():
        workspace.write(path, content)
    if tables := case.given.get("catalog"):
        catalog_tables.create(client, tables, workspace.uri)
    for name, given in case.given.get("frames", {}).items():
        run.names[name] = make_frame(context, workspace, name, given)
    try:
        for step in case.steps:
            take_step(run, step)
    except Exception as error:
        run.error = error
    return run


def take_step(run: Run, step: Mapping[str, Json]) -> None:
    """Make one call, and keep its result and what it printed."""
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            result = _call(run, step)
    finally:
        run.output = printed.getvalue()
    run.result = result
    if name := step.get("as"):
        run.names[name] = result
        run.outputs[name] = run.output


def _call(run: Run, step: Mapping[str, Json]) -> Any:
    call = step["call"]
    own = OWN_CALLS.get(call)
    if own is not None:
        # What they take is the case's own notation: a job's body must not be resolved before it runs.
        return own(run, **step.get("args", {}))
    function = _function(run, step)
    positional = [resolve(run, value) for value in step.get("pos", [])]
    keyword = {name: resolve(run, value) for name, value in step.get("args", {}).items()}
    return function(*positional, **keyword)


def _function(run: Run, step: Mapping[str, Json]) -> Callable[..., Any]:
    owner, _, path = step["call"].partition(".")
    if owner == "getResolvedOptions" and not path:
        from awsglue.utils import getResolvedOptions

        return getResolvedOptions
    if owner == "GlueContext" and path:
        target = run.context
    elif owner in METHOD_OWNERS and path:
        if "on" not in step:
            raise CaseError(f"the call {step['call']!r} has no 'on'")
        target = run.named(step["on"])
    elif path:
        target = _transform(run, owner)
    else:
        raise CaseError(f"unknown call {step['call']!r}")
    for name in path.split("."):
        target = getattr(target, name)
    return target


def _transform(run: Run, name: str) -> Any:
    if name in OTHER_TRANSFORMS:
        module = __import__(OTHER_TRANSFORMS[name], fromlist=[name])
        return getattr(module, name)
    import awsglue.transforms

    found = getattr(awsglue.transforms, name, None)
    if not isinstance(found, type):
        raise CaseError(f"unknown call: awsglue.transforms has no class {name!r}")
    return found


def resolve(run: Run, value: Json) -> Any:
    """Replace `$frame`, `$path`, `$tuple` and `$py` at any depth."""
    if isinstance(value, list):
        return [resolve(run, inner) for inner in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((mark, inner),) = value.items()
        if mark == "$frame":
            return run.named(inner)
        if mark == "$path":
            return run.workspace.uri(inner)
        if mark == "$tuple":
            return tuple(resolve(run, each) for each in inner)
        if mark == "$py":
            return eval(inner, run.names)
        if mark.startswith("$"):
            raise CaseError(f"unknown value {mark!r}")
    return {key: resolve(run, inner) for key, inner in value.items()}


def _python_eval(run: Run, *, expr: str) -> Any:
    return eval(expr, run.names)


def _python_exec(run: Run, *, code: str) -> Any:
    exec(code, run.names)
    return run.names.get("result")


def _fs_write(run: Run, *, path: str, text: str) -> None:
    run.workspace.write(path, text)


def _fs_touch(run: Run, *, path: str, age_hours: float) -> None:
    run.workspace.age(path, age_hours)


def _job_run(run: Run, *, job_name: str, argv: list[Json], body: list[Json], commit: bool = True) -> Any:
    from awsglue.job import Job
    from awsglue.utils import getResolvedOptions

    arguments = [str(value) for value in resolve(run, argv)]
    before = sys.argv
    sys.argv = arguments
    try:
        names = ["JOB_NAME"] if any(text.startswith("--JOB_NAME") for text in arguments) else []
        job = Job(run.context)
        job.init(job_name, getResolvedOptions(arguments, names))
        for step in body:
            take_step(run, step)
            if reading.is_dynamic_frame(run.result):
                # Later runs and rewritten files must not change what this run saw.
                run.result.schema()
                run.rows(run.result)
                run.pinned.add(id(run.result))
        if commit:
            job.commit()
    finally:
        sys.argv = before
    return run.result


OWN_CALLS: dict[str, Callable[..., Any]] = {
    "python.eval": _python_eval,
    "python.exec": _python_exec,
    "fs.write": _fs_write,
    "fs.touch": _fs_touch,
    "job.run": _job_run,
}
