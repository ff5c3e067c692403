"""`glue-etl connection`: JDBC connections of the Data Catalog. No password stands on a command line or is printed."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from typing import Any

from glue_etl.cli.catalog_actions import add_common, run_action

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Add the command `connection` with its own commands."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "connection",
        help="make, list, show and drop JDBC connections of the Data Catalog",
        description="JDBC connections of the Data Catalog: of the local one below .glue, or of the endpoint's or AWS's "
        "as AWS_ENDPOINT_URL and GLUE_ETL_CATALOG say.",
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    create = actions.add_parser("create", help="enter a JDBC connection")
    create.add_argument("name", metavar="NAME")
    create.add_argument("--url", metavar="URL", required=True, help="jdbc:postgresql://HOST:5432/DATABASE")
    create.add_argument("--user", metavar="NAME")
    where = create.add_mutually_exclusive_group()
    where.add_argument("--password-env", metavar="VARIABLE", help="an environment variable that holds the password")
    where.add_argument("--password-stdin", action="store_true", help="the password is the first line of the input")
    create.add_argument(
        "--secret-id", metavar="ID", help="a secret with username and password; with --password-... it is made"
    )
    create.add_argument("--property", metavar="K=V", action="append", default=[], help="JDBC_ENFORCE_SSL=true ...")
    create.add_argument("--description", metavar="TEXT")
    listing = actions.add_parser("list", help="all connections")
    show = actions.add_parser("show", help="a connection, without its password")
    show.add_argument("name", metavar="NAME")
    drop = actions.add_parser("drop", help="take a connection out of the catalog; a secret stays")
    drop.add_argument("name", metavar="NAME")
    add_common(create, listing, show, drop, "folder of the catalog")
    return parser


def run(args: argparse.Namespace) -> int:
    """Do what the action says, and return 0.

    Raises:
        GlueEtlError: It cannot be done.
    """
    return run_action(args, {"create": _create, "list": _list, "show": _show, "drop": _drop})


def _create(args: argparse.Namespace, settings: Any) -> Iterator[str]:
    from glue_etl.engine.catalog.connecting import NewConnection, create_connection
    from glue_etl.engine.catalog.option_texts import parse_pairs

    wanted = NewConnection(
        args.name,
        args.url,
        args.user,
        _password(args),
        args.secret_id,
        parse_pairs(args.property, "--property"),
        args.description,
    )
    yield f"Made the connection {args.name}; {create_connection(settings, wanted)}"


def _list(args: argparse.Namespace, settings: Any) -> Iterator[str]:
    from glue_etl.engine.catalog.connecting import connections

    found = list(connections(settings))
    if args.json:
        yield json.dumps(found, indent=2, default=str)
        return
    for each in found:
        yield f"{each['Name']}  {each['ConnectionType']}  {each['ConnectionProperties'].get('JDBC_CONNECTION_URL', '')}"


def _show(args: argparse.Namespace, settings: Any) -> Iterator[str]:
    from glue_etl.engine.catalog.connecting import existing_connection

    found = existing_connection(settings, args.name)
    if args.json:
        yield json.dumps(found, indent=2, default=str)
        return
    yield f"{found['Name']}, {found['ConnectionType']}"
    yield from (f"  {key} = {value}" for key, value in sorted(found["ConnectionProperties"].items()))


def _drop(args: argparse.Namespace, settings: Any) -> Iterator[str]:
    from glue_etl.engine.catalog.connecting import drop_connection

    drop_connection(settings, args.name)
    yield f"Dropped the connection {args.name}"


def _password(args: argparse.Namespace) -> str | None:
    from glue_etl.errors import OptionError
    from glue_etl.settings import variable

    if args.password_env:
        value = variable(args.password_env)
        if not value:
            raise OptionError(
                f"The environment variable {args.password_env!r} is not set.", hint="export it, or use --password-stdin"
            )
        return value
    if args.password_stdin:
        line = sys.stdin.readline().rstrip("\r\n")
        if not line:
            raise OptionError("There is no password on the standard input.", hint="echo it into the command")
        return line
    return None
