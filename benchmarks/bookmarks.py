"""What job bookmarks cost as the number of files grows: listing, selection and commit, each in a process of its own.

    python benchmarks/bookmarks.py [--files 1000 10000 100000] [--rounds 3] [--only NAME ...]

Four runs over the same folders: the first finds everything new, the second nothing, the third a hundredth changed, the
fourth that hundredth again, because the bookmark was rewound. A line is a time against that of the smallest number of
files, taken as often as there are more of them: it asks
that time and memory grow no faster than the files. 100,000 unchanged files have to cost less than ten seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

from measure import Ratio, report

FILES = (1_000, 10_000, 100_000)
SECONDS = 10.0
PER_FOLDER = 1_000
RUNS = ("all new", "nothing new", "a hundredth changed", "after a rewind")


def make_data(state: Path, count: int) -> None:
    folder = state / "s3" / "bench" / "in"
    for number in range(count):
        if number % PER_FOLDER == 0:
            (folder / f"hour={number // PER_FOLDER:05d}").mkdir(parents=True)
        (folder / f"hour={number // PER_FOLDER:05d}" / f"part-{number:08d}.json").write_bytes(b'{"a": 1}\n')


def child(state: Path, name: str) -> dict[str, Any]:
    """One run: what it found, its seconds and its peak of memory."""
    from glue_etl.engine.bookmarks import Bookmarks, BookmarkStore, version_of
    from glue_etl.engine.context import EngineContext
    from glue_etl.engine.io.lake import Lake
    from glue_etl.engine.io.listing import list_files
    from glue_etl.engine.io.request import read_request
    from glue_etl.engine.io.selection import taken
    from glue_etl.settings import load

    settings = load(state_dir=state)
    bookmarks = Bookmarks(settings.state_dir, settings.logs_dir)
    none: Any = None
    ctx = EngineContext(none, settings, Lake(settings.lake_dir), bookmarks=bookmarks)
    request = read_request("s3", {"paths": ["s3://bench/in/"], "recurse": True}, "json", {})
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    marks = [time.perf_counter()]
    if name == RUNS[3]:
        store = BookmarkStore(settings.state_dir)
        store.rewind("job", version_of(store, None, "job", RUNS[1]))
    bookmarks.begin("job", {"job_bookmark_option": "job-bookmark-enable", "JOB_RUN_ID": name})
    marks.append(time.perf_counter())
    listing = list_files(ctx, request.paths, recurse=True)
    marks.append(time.perf_counter())
    found = len(taken(ctx, listing, request, "source").files)
    marks.append(time.perf_counter())
    bookmarks.commit()
    marks.append(time.perf_counter())
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    steps = dict(zip(("begin", "list", "select", "commit"), (b - a for a, b in pairwise(marks)), strict=True))
    return {"found": found, "seconds": marks[-1] - marks[0], "memory": memory / 1024, "steps": steps}


def expected(count: int) -> dict[str, int]:
    return dict(zip(RUNS, (count, 0, count // 100, count // 100), strict=True))


def measured(count: int) -> dict[str, dict[str, Any]]:
    """All four runs over fresh folders."""
    results: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory(prefix="bookmarks-") as folder:
        state = Path(folder)
        make_data(state, count)
        for name in RUNS:
            if name == RUNS[2]:
                for path in sorted((state / "s3").rglob("*.json"))[::100]:
                    os.utime(path, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns + 1))
            command = [sys.executable, __file__, "--child", name, "--state", str(state)]
            results[name] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            assert results[name]["found"] == expected(count)[name], (name, results[name])
    return results


def lines(counts: list[int], rounds: int, wanted: Callable[[str], bool]) -> list[Ratio]:
    found = {count: [measured(count) for _ in range(rounds)] for count in counts}
    ratios: list[Ratio] = []
    for name in (name for name in RUNS if wanted(name)):
        smallest = [each[name] for each in found[counts[0]]]
        for count in counts:
            runs = [each[name] for each in found[count]]
            factor = count / counts[0]
            ratio = Ratio(
                f"{count} files, {name}",
                {
                    "run": [run["seconds"] for run in runs],
                    f"{counts[0]} files times their number": [run["seconds"] * factor for run in smallest],
                },
                1.0 if count > counts[0] else None,
            )
            steps = {step: sorted(run["steps"][step] for run in runs)[len(runs) // 2] for step in runs[0]["steps"]}
            ratio.more = {
                **{f"{step} s": f"{seconds:.3f}" for step, seconds in steps.items()},
                "MB": f"{max(run['memory'] for run in runs):.0f}",
                "bytes a file": f"{max(run['memory'] for run in runs) * 2**20 / count:.0f}",
            }
            ratios.append(ratio)
    return ratios


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, nargs="+", default=list(FILES))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--state", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        print(json.dumps(child(args.state, args.child)))
        return
    ratios = lines(
        sorted(args.files), args.rounds, lambda name: not args.only or any(word in name for word in args.only)
    )
    unchanged = next((each for each in ratios if each.name == f"100000 files, {RUNS[1]}"), None)
    slow = unchanged is not None and max(unchanged.seconds["run"]) > SECONDS
    report("bookmarks", ratios, rounds=args.rounds, unchanged_100000_under_10_s=None if unchanged is None else not slow)


if __name__ == "__main__":
    main()
