"""One light run of a bookmarked job, in a process that can be killed: the engine's own listing, bookmark and commit.

Arguments: state folder, job, run id, the most files to read (0 for all). It says each stage on stdout, and at those it
is told to stop at it waits for a line on stdin.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from glue_etl.engine.bookmarks import Bookmarks
from glue_etl.engine.context import EngineContext
from glue_etl.engine.io.lake import Lake
from glue_etl.engine.io.listing import list_files
from glue_etl.engine.io.request import read_request
from glue_etl.engine.io.selection import taken
from glue_etl.engine.jvm.job import JobControl
from glue_etl.errors import ConcurrentRunsExceededException
from glue_etl.settings import load

STAGES = ("begun", "listed", "half", "written", "committing", "committed")
REFUSED = 3


def main(state: Path, job: str, run_id: str, most: int, stops: set[str]) -> int:
    def stage(name: str) -> None:
        print(name, flush=True)
        if name in stops:
            sys.stdin.readline()

    settings = load(state_dir=state)
    control = JobControl(Bookmarks(settings.state_dir, settings.logs_dir))
    try:
        control.init(job, None, {"job_bookmark_option": "job-bookmark-enable", "JOB_RUN_ID": run_id})
    except ConcurrentRunsExceededException:
        return REFUSED
    # Nothing here needs Spark: the files are in the lake.
    none: Any = None
    ctx = EngineContext(none, settings, Lake(settings.lake_dir), bookmarks=control.bookmarks)
    stage("begun")
    options = {"paths": ["s3://soak/in/"], "recurse": True, **({"boundedFiles": most} if most else {})}
    request = read_request("s3", options, "json", {})
    listing = taken(ctx, list_files(ctx, request.paths, recurse=True), request, "source")
    stage("listed")
    out = settings.lake_dir / "soak" / "out" / run_id
    out.mkdir(parents=True)
    with (out / "part.json").open("w") as target:
        for number, file in enumerate(listing.files):
            assert file.local is not None
            for line in file.local.read_text().splitlines():
                target.write(json.dumps({"row": json.loads(line)["row"]}) + "\n")
            if number == len(listing.files) // 2:
                target.flush()
                stage("half")
    stage("written")
    stage("committing")
    control.commit()
    stage("committed")
    return 0


if __name__ == "__main__":
    folder, name, run, limit, *at = sys.argv[1:]
    sys.exit(main(Path(folder), name, run, int(limit), set(at)))
