"""`glue-etl sample`: write made-up data with known dirt, to try a job on."""

from __future__ import annotations

import argparse
import json
from pathlib import Path, PurePosixPath
from typing import Any

__all__ = ["add_parser", "run"]

KINDS = {
    "taxi": "yellow taxi trips of the TLC's 2017 shape, with their dirt",
    "taxi_zones": "a taxi zone lookup of 265 ids",
}


def _rows(text: str) -> int:
    try:
        rows = int(text.replace("_", ""))
    except ValueError:
        rows = 0
    if rows < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of rows. Hint: give a whole number of 1 or more.")
    return rows


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Add the command's arguments.

    Args:
        subparsers: What `argparse.ArgumentParser.add_subparsers` gave.

    Returns:
        The command's parser.
    """
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "sample",
        help="write sample data into the local lake",
        description="Write sample data, the same for the same seed.",
    )
    kinds = "; ".join(f"{name}: {what}" for name, what in KINDS.items())
    parser.add_argument("kind", choices=list(KINDS), help=kinds)
    parser.add_argument(
        "--rows", type=_rows, default=100_000, help="rows of taxi trips (default 100000; 12 million are about 1 GB)"
    )
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same bytes (default 0)")
    parser.add_argument("--to", required=True, help="s3://bucket/prefix in the local lake, or a plain folder")
    parser.add_argument("--state", help="state folder that holds the lake (default .glue)")
    parser.add_argument("--json", action="store_true", help="print the counts as one line of JSON")
    return parser


def folder_of(target: str, lake: Path) -> Path:
    """The folder that a target means.

    Args:
        target: `s3://bucket/prefix` (also s3a, s3n) or a plain path.
        lake: Folder whose sub-folders are the buckets.

    Returns:
        `<lake>/<bucket>/<prefix>` or the plain path; not made yet.

    Raises:
        OptionError: The URI has another scheme, no bucket, or leaves its bucket.
    """
    from glue_etl.errors import OptionError

    scheme, found, rest = target.partition("://")
    if not found:
        return Path(target)
    if scheme not in ("s3", "s3a", "s3n"):
        raise OptionError(
            f"{target!r} is no place to write samples to.", available=["s3://bucket/prefix", "a plain folder"]
        )
    bucket, _, key = rest.partition("/")
    if not bucket or bucket in (".", ".."):
        raise OptionError(f"{target!r} names no bucket.", hint="write it like s3://my-bucket/taxi")
    parts = PurePosixPath(key).parts
    if ".." in parts or key.startswith("/"):
        raise OptionError(f"{target!r} leaves its bucket.", hint="write it like s3://my-bucket/taxi")
    folder = lake.joinpath(bucket, *parts)
    # a link inside the lake must not lead the files out of it
    if not folder.resolve().is_relative_to((lake / bucket).resolve()) or (lake / bucket).is_symlink():
        raise OptionError(f"{target!r} leads out of the lake {str(lake)!r} by a link.", hint="remove the link")
    return folder


def run(args: argparse.Namespace) -> int:
    """Write the sample and say what it holds.

    Args:
        args: What the parser of `add_parser` gave.

    Returns:
        0.

    Raises:
        OptionError: A target that cannot be.
    """
    from glue_etl import settings
    from glue_etl.errors import OptionError
    from glue_etl.testing import taxi_sample

    folder = folder_of(args.to, settings.load(state_dir=args.state).lake_dir)
    try:
        if args.kind == "taxi_zones":
            path = taxi_sample.write_zones(folder)
            print(json.dumps({"files": [path.name], "rows": 265}) if args.json else f"Wrote 265 zones to {path}")
            return 0
        sample = taxi_sample.write_taxi(folder, args.rows, args.seed)
    except OSError as error:
        raise OptionError(
            f"{args.to!r} cannot be written: {error.strerror}: {error.filename!r}.",
            hint="choose a folder that you may write to",
        ) from error
    if args.json:
        report = {
            "files": [path.name for path in sample.files],
            "rows": sample.rows,
            "bytes": sample.size,
            "dirt": sample.dirt,
        }
        print(json.dumps({**report, "rejects": sample.rejects}))
        return 0
    print(f"Wrote {sample.rows:,} rows in {len(sample.files)} files, {sample.size / 1e6:,.1f} MB, to {folder}")
    print(f"Dirt put in (of which the taxi job rejects {sample.rejects:,}):")
    for kind, count in sample.dirt.items():
        print(f"  {kind:<24}{count:>10,}")
    return 0
