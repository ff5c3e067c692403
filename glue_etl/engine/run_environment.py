"""What a run's process starts with: Spark's settings, its variables, its module path, its working directory."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from glue_etl.engine import run_files, run_modules, session
from glue_etl.engine.io.lake import Lake, is_s3
from glue_etl.engine.metrics import RETAINED_STAGES
from glue_etl.engine.run_arguments import JobArguments
from glue_etl.engine.run_parameters import PYTHON_SHELL
from glue_etl.settings import Settings, child_environment

__all__ = ["Brought", "gather", "variables", "working_directory"]

_MODULE_PATH = "spark.executorEnv.PYTHONPATH"
_LOCAL_DIR = "spark.local.dir"


@dataclass(frozen=True, slots=True)
class Brought:
    """What the run's arguments bring along, found and checked before the run starts.

    Attributes:
        importable: Modules, archives and folders for import.
        modules: Where pip installed the additional modules; None without any.
        files: Files and folders for the working directory.
        jars: Files for Spark's class path.
        launch: What Spark's launcher reads from the environment; None for a job without Spark.
        event_log: Folder of Spark's event log; None for the run's own folder.
    """

    importable: Sequence[Path]
    modules: Path | None
    files: Sequence[Path]
    jars: Sequence[Path]
    launch: Mapping[str, str] | None
    event_log: Path | None


def gather(
    job: JobArguments,
    extra_py_files: Sequence[str],
    settings: Settings,
    job_type: str,
    tell: Callable[[str], None],
) -> Brought:
    """Find and check what a run brings along; install what pip has to.

    Args:
        job: The run's arguments.
        extra_py_files: More of what `--extra-py-files` lists.
        settings: State folder.
        job_type: A Python shell job's wheels are installed by pip, with what they require; other jobs import them.
        tell: Gets a line before something that takes a while.

    Raises:
        GlueEtlError: Something is missing or unusable.
    """
    lake, shell = settings.lake_dir, job_type == PYTHON_SHELL
    launch = None if shell else session.launch_environment(settings)
    importable = run_files.find_importable([*extra_py_files, *job.extra_py_files], lake)
    files = run_files.find_working_files(job.extra_files, lake)
    jars = run_files.find_jars(job.extra_jars, lake)
    event_log = None
    if job.event_log and job.event_log_path:
        path = job.event_log_path
        event_log = Lake(lake).path_of(path) if is_s3(path) else Path(path).expanduser().absolute()
    wheels = [path for path in importable if path.suffix == ".whl"] if shell else []
    entries = [*job.modules, *map(str, wheels)]
    folder = settings.state_dir / "modules"
    modules = run_modules.install(entries, job.installer_options, lake=lake, folder=folder, tell=tell)
    return Brought([path for path in importable if path not in wheels], modules, files, jars, launch, event_log)


def working_directory(brought: Brought, folder: Path) -> Path | None:
    """A directory of the run's own with what `--extra-files` lists; None if the run stays where it was called.

    On AWS Glue a script's working directory is its own too; here it is the caller's unless files are put into it.
    """
    if not brought.files:
        return None
    run_files.copy_into(brought.files, folder / "work")
    return folder / "work"


def variables(
    settings: Settings,
    job: JobArguments,
    brought: Brought,
    folder: Path,
    conf: Mapping[str, str],
    scratch: Path | None = None,
) -> dict[str, str]:
    """The variables of a run's process.

    Args:
        settings: Master, folders and interpreter.
        job: The run's arguments.
        brought: What they bring along.
        folder: The run's folder, for copies and the event log.
        conf: Spark settings that win over all others.
        scratch: Folder for Spark's temporary files; None leaves them where Spark puts them.
    """
    engine = session.spark_conf(settings).get(_MODULE_PATH, "")
    copies = run_files.copy_for_import(brought.importable, folder / "py")
    search = [*copies, *([str(brought.modules)] if brought.modules else []), *([engine] if engine else [])]
    extra = {**(brought.launch or {}), "TZ": "UTC", **job.driver_variables}
    local_dirs = {}
    if brought.launch is not None:
        overrides = _spark_settings(job, brought, folder, conf, search)
        extra["PYSPARK_SUBMIT_ARGS"] = session.submit_arguments(
            session.spark_conf(settings, overrides, scratch=scratch)
        )
        if job.sql_catalog:
            extra["GLUE_ETL_SQL_CATALOG"] = "1"
        if scratch is not None and _LOCAL_DIR not in overrides:
            # As a setting it would make Spark warn in each run. A comma in it would be two folders.
            local_dirs = {"SPARK_LOCAL_DIRS": str(scratch)} if "," not in str(scratch) else {}
    environment = {**local_dirs, **child_environment(settings, extra)}
    # The working directory may be another one, so what is relative to this one is written out.
    inherited = [os.path.abspath(part) for part in environment.get("PYTHONPATH", "").split(os.pathsep) if part]
    environment["PYTHONPATH"] = os.pathsep.join(dict.fromkeys([*search, *inherited]))
    return environment


def _spark_settings(
    job: JobArguments, brought: Brought, folder: Path, conf: Mapping[str, str], search: Sequence[str]
) -> dict[str, str]:
    settings = {"spark.ui.retainedStages": str(RETAINED_STAGES)}
    settings |= {f"spark.executorEnv.{name}": value for name, value in job.executor_variables.items()}
    if search:
        settings[_MODULE_PATH] = os.pathsep.join(search)
    if job.event_log:
        events = brought.event_log or folder / "events"
        events.mkdir(parents=True, exist_ok=True)
        settings |= {"spark.eventLog.enabled": "true", "spark.eventLog.dir": events.as_uri()}
    settings |= {**job.conf, **conf}
    if job.sql_catalog:
        # What such a job says of Hive's catalog on AWS is how it gets the Data Catalog; there is no metastore here.
        settings["spark.sql.catalogImplementation"] = "in-memory"
    _add_jars(settings, brought.jars, job.user_jars_first)
    return settings


def _add_jars(conf: dict[str, str], jars: Sequence[Path], first: bool) -> None:
    if not jars:
        return
    conf["spark.jars"] = ",".join([*(path.as_uri() for path in jars), *_given(conf, "spark.jars")])
    if first:
        # What stands here is in front of all of Spark's own JARs.
        for side in ("driver", "executor"):
            key = f"spark.{side}.extraClassPath"
            conf[key] = os.pathsep.join([*map(str, jars), *_given(conf, key)])


def _given(conf: Mapping[str, str], key: str) -> list[str]:
    return [conf[key]] if conf.get(key) else []
