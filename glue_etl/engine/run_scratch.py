"""A run's scratch folder, `<state>/tmp/<run id>`: what Spark spills, ships to its workers and unpacks.

It goes with the run. Spark removes such files by itself only when its JVM can say good-bye: of one that was killed they
would stay in the machine's temporary folder for good. Here the run's own process removes them, and if that was killed
too, the next run with the same state folder does.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from glue_etl.engine.run_records import is_running
from glue_etl.errors import GlueEtlError
from glue_etl.settings import Settings

__all__ = ["create", "remove", "sweep"]

_FOLDER = "tmp"


def create(settings: Settings, run_id: str) -> Path:
    """Make the scratch folder of a run, whose run folder must be locked already.

    Raises:
        GlueEtlError: The folder cannot be made.
    """
    folder = settings.state_dir / _FOLDER / run_id
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise GlueEtlError(
            f"The folder for Spark's temporary files {str(folder)!r} cannot be made: {error.strerror}.",
            hint="choose another state folder with --state",
        ) from error
    return folder


def remove(folder: Path) -> None:
    """Remove a run's scratch folder; what cannot be removed now is left to the next run's sweep."""
    shutil.rmtree(folder, ignore_errors=True)


def sweep(settings: Settings) -> None:
    """Remove the scratch folders of runs that no process holds any more."""
    root = settings.state_dir / _FOLDER
    if not root.is_dir():
        return
    for folder in root.iterdir():
        if not is_running(settings.logs_dir, folder.name):
            remove(folder)
