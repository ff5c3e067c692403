"""The command `glue-etl`: a literal table of subcommands, each loaded only when it is used.

A command's module offers two functions and nothing else is asked of it::

    add_parser(subparsers)      adds its own parser, under its own name
    run(args) -> int            does the work and returns the exit code

What stands behind a bare `--` is not for us: a command that takes it declares `rest` with `argparse.REMAINDER` and
finds it there, the `--` first.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from typing import NamedTuple, Protocol, cast

import glue_etl
from glue_etl.errors import GlueEtlError

__all__ = ["COMMANDS", "Command", "build_parser", "main"]

EXIT_ERROR = 1
EXIT_INTERRUPTED = 130


class Command(NamedTuple):
    """One row of the table of subcommands.

    Args:
        module: The module with `add_parser` and `run`, imported only when the command is used.
        help: One line for `glue-etl --help`.
    """

    module: str
    help: str


COMMANDS: dict[str, Command] = {
    "run": Command("glue_etl.cli.run", "run a Glue job script in a process of its own"),
    "bookmark": Command("glue_etl.cli.bookmark", "show, reset or rewind what a job has read so far"),
    "doctor": Command("glue_etl.cli.doctor", "say what Python, Java and Spark are here and how to mend what is wrong"),
    "table": Command("glue_etl.cli.table", "make, list, show and drop tables of the Data Catalog"),
    "connection": Command("glue_etl.cli.connection", "make, list, show and drop JDBC connections of the Data Catalog"),
    "sample": Command("glue_etl.cli.sample", "write sample data into the local lake"),
    "demo": Command("glue_etl.cli.demo", "sample data, the taxi job and a summary: what `make run` does"),
}


class _Subparsers(Protocol):
    def add_parser(self, name: str, *, help: str, add_help: bool = True) -> argparse.ArgumentParser: ...


class _CommandModule(Protocol):
    def add_parser(self, subparsers: _Subparsers) -> object: ...

    def run(self, args: argparse.Namespace) -> int: ...


def build_parser(command: str | None = None) -> argparse.ArgumentParser:
    """The whole parser, with the real arguments of one command only.

    Args:
        command: The subcommand to load; the others are names with a help line, which costs no import.

    Returns:
        A parser whose namespace has `command`, `debug` and the loaded command's own arguments.
    """
    parser = argparse.ArgumentParser(
        prog="glue-etl",
        description="Run AWS Glue job scripts on this machine.",
        epilog="`glue-etl COMMAND --help` tells a command's own options.",
    )
    parser.add_argument("--version", action="version", version=f"glue-etl {glue_etl.__version__}")
    parser.add_argument("--debug", action="store_true", help="show the Python traceback of an error of ours")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    for name, row in COMMANDS.items():
        if name == command:
            _load(row).add_parser(subparsers)
        else:
            subparsers.add_parser(name, help=row.help, add_help=False)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line.

    Args:
        argv: The arguments after the program's name; `sys.argv[1:]` if None.

    Returns:
        The exit code: the command's own, 1 for an error of ours (told on stderr in one line), 130 after Ctrl-C.

    Raises:
        SystemExit: With 2 for a wrong command line and 0 after `--help` or `--version`, as argparse does.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    command = _command_in(arguments)
    parser = build_parser(command)
    if command is None:
        parser.parse_args(arguments)
        parser.print_help()
        return 0
    args = _parse(parser, arguments)
    try:
        return _load(COMMANDS[command]).run(args)
    except GlueEtlError as error:
        if args.debug or getattr(args, "verbose", False):
            raise
        print(f"glue-etl {command}: error: {error}", file=sys.stderr)
        return EXIT_ERROR
    except KeyboardInterrupt:
        print(f"glue-etl {command}: interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED


def _parse(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> argparse.Namespace:
    # argparse drops a `--` that follows a positional argument, so it never gets to see one
    at = arguments.index("--") if "--" in arguments else len(arguments)
    args = parser.parse_args(arguments[:at])
    if at < len(arguments):
        if not hasattr(args, "rest"):
            parser.error(f"unrecognized arguments: {' '.join(arguments[at:])}")
        args.rest = [*args.rest, *arguments[at:]]
    return args


def _command_in(arguments: Sequence[str]) -> str | None:
    """The subcommand named on the command line: the first word that is no option (ours take no values)."""
    first = next((word for word in arguments if not word.startswith("-")), None)
    return first if first in COMMANDS else None


def _load(command: Command) -> _CommandModule:
    return cast(_CommandModule, importlib.import_module(command.module))
