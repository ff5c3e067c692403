"""`glue-etl bookmark`: look at a job's bookmark, reset it, go back to the end of an earlier run."""

from __future__ import annotations

import argparse
import json
from typing import Any

__all__ = ["add_parser", "run"]

_ACTIONS = {
    "show": "print the bookmark as JSON: version, run, attempt and the state of each transformation_ctx",
    "reset": "forget what was read: the next run reads everything",
    "rewind": "go back to the end of a run: the next run reads what came after it",
}


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Add the command's arguments.

    Args:
        subparsers: What `argparse.ArgumentParser.add_subparsers` gave.

    Returns:
        The command's parser.
    """
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "bookmark",
        help="show, reset or rewind a job's bookmark",
        description="Show, reset or rewind what a job has read so far. What the job has written stays as it is.",
    )
    parser.add_argument("action", choices=list(_ACTIONS), help="; ".join(f"{k}: {v}" for k, v in _ACTIONS.items()))
    parser.add_argument("job", metavar="JOB", help="the job's name (JOB_NAME)")
    parser.add_argument("--run", metavar="ID", help="a run's id, jr_...: for rewind and show")
    parser.add_argument(
        "--context", metavar="CTX", help="only this transformation_ctx; show lists its files then (default: all)"
    )
    parser.add_argument("--state", help="state folder that holds the bookmarks (default .glue)")
    return parser


def run(args: argparse.Namespace) -> int:
    """Do it, and say what the next run will read.

    Args:
        args: What the parser of `add_parser` gave.

    Returns:
        0.

    Raises:
        BookmarkError: The job has no bookmark, or it is damaged.
        OptionError: A run that does not exist, or an option that does not go with the action.
    """
    from glue_etl import settings
    from glue_etl.engine.bookmarks import BookmarkStore, json_form, version_of
    from glue_etl.errors import OptionError

    found = settings.load(state_dir=args.state)
    store = BookmarkStore(found.state_dir)
    standing = store.standing(args.job)
    if args.action == "rewind" and args.run is None:
        runs = dict.fromkeys(head.run_id or "" for head in reversed(store.history(args.job)) if head.kind == "commit")
        raise OptionError("rewind needs --run ID.", available=list(runs)[:10], hint="to go back to the start: reset")
    if args.action == "reset" and args.run is not None:
        raise OptionError(f"reset takes no --run {args.run!r}.", hint=f"glue-etl bookmark rewind JOB --run {args.run}")
    which = "" if args.context is None else f" for the transformation_ctx {args.context!r}"
    if args.action == "show":
        head = standing if args.run is None else version_of(store, found.logs_dir, args.job, args.run)
        print(json.dumps(json_form.document(store, head, args.context), indent=2, ensure_ascii=False))
    elif args.action == "reset":
        store.reset(args.job, args.context)
        print(f"The bookmark of {args.job!r} is reset{which}: the next run reads everything. Outputs stay.")
    else:
        store.rewind(args.job, version_of(store, found.logs_dir, args.job, args.run), args.context)
        print(
            f"The bookmark of {args.job!r} is at the end of run {args.run}{which}: the next run reads what came after. "
            "Outputs stay."
        )
    return 0
