"""What `glue-etl table` and `glue-etl connection` share: four actions on the Data Catalog, told line by line."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping
from typing import Any

__all__ = ["add_common", "run_action"]


def add_common(
    create: argparse.ArgumentParser,
    listing: argparse.ArgumentParser,
    show: argparse.ArgumentParser,
    drop: argparse.ArgumentParser,
    folder: str,
) -> None:
    """Add the arguments that the actions of both commands have.

    Args:
        create: The parser of `create`.
        listing: That of `list`.
        show: That of `show`.
        drop: That of `drop`.
        folder: What the state folder is, for the help text.
    """
    for each in (create, listing, show, drop):
        each.add_argument("--state", metavar="DIR", help=f"{folder} (default: .glue)")
    for each in (listing, show):
        each.add_argument("--json", action="store_true", help="print the API's documents as JSON")


def run_action(args: argparse.Namespace, actions: Mapping[str, Callable[[Any, Any], Iterable[str]]]) -> int:
    """Do what the action says, and return 0.

    Raises:
        GlueEtlError: It cannot be done.
    """
    from glue_etl import settings
    from glue_etl.engine.catalog.answered import answers_told

    loaded = settings.load(state_dir=args.state)
    with answers_told():
        for line in actions[args.action](args, loaded):
            print(line)
    return 0
