"""`glue-etl table`: tables of the Data Catalog, made, shown and dropped by hand."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from glue_etl.cli.catalog_actions import add_common, run_action

__all__ = ["add_parser", "run"]

# The same names as engine.catalog.serde, which is not loaded for a help text.
_FORMATS = "csv, tsv, json, parquet, orc, avro, ion, grok, xml"


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Add the command `table` with its own commands."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "table",
        help="make, list, show and drop tables of the Data Catalog",
        description="Tables of the Data Catalog: the local one below .glue, or the endpoint's or AWS's as "
        "AWS_ENDPOINT_URL and GLUE_ETL_CATALOG say.",
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    create = actions.add_parser(
        "create",
        help="enter a table over files that are there, or will be",
        description="Enter a table. Without --columns the files are read for their columns, which starts Spark. "
        "Partitions are found from folders named key=value and entered too.",
    )
    create.add_argument("name", metavar="DATABASE.TABLE", help="a database that is not there is made")
    create.add_argument("--location", metavar="URI", help="the folder of its files, such as s3://shop/orders/")
    create.add_argument("--format", metavar="F", help=_FORMATS)
    create.add_argument("--columns", metavar="TEXT", help="'id bigint, price decimal(10,2), tags array<string>'")
    create.add_argument(
        "--partition-keys", metavar="TEXT", help="'year string, month int' (default: the folders' keys, as strings)"
    )
    create.add_argument(
        "--option", metavar="K=V", action="append", default=[], help="a format option, such as withHeader=true"
    )
    create.add_argument("--parameter", metavar="K=V", action="append", default=[], help="a parameter of the table")
    create.add_argument(
        "--add-partitions", action="store_true", help="enter the new partitions of a table that is there already"
    )
    listing = actions.add_parser("list", help="the tables of all databases, or of one")
    listing.add_argument("database", metavar="DATABASE", nargs="?")
    show = actions.add_parser("show", help="a table's columns, keys, location and parameters")
    show.add_argument("name", metavar="DATABASE.TABLE")
    show.add_argument("--partitions", action="store_true", help="also every partition and its location")
    drop = actions.add_parser("drop", help="take a table out of the catalog; its files stay")
    drop.add_argument("name", metavar="DATABASE[.TABLE]", help="a whole database goes only if it has no tables")
    add_common(create, listing, show, drop, "folder of the lake and the catalog")
    return parser


def run(args: argparse.Namespace) -> int:
    """Do what the action says, and return 0.

    Raises:
        GlueEtlError: It cannot be done.
    """
    return run_action(args, {"create": _create, "list": _list, "show": _show, "drop": _drop})


def _create(args: argparse.Namespace, settings: Any) -> Iterator[str]:
    from glue_etl.engine.catalog.define import Definition, create_table, repair_table
    from glue_etl.engine.catalog.option_texts import parse_pairs
    from glue_etl.errors import OptionError

    described = args.location or args.format or args.columns or args.partition_keys or args.option or args.parameter
    if args.add_partitions and not described:
        made = repair_table(settings, args.name)
    elif not args.location or not args.format:
        raise OptionError(
            "--location and --format are needed for a new table.",
            hint=f"glue-etl table create {args.name} --location s3://BUCKET/FOLDER/ --format csv",
        )
    else:
        wanted = Definition(
            args.location,
            args.format,
            args.columns,
            args.partition_keys,
            parse_pairs(args.option, "--option"),
            parse_pairs(args.parameter, "--parameter"),
        )
        if args.columns is None:
            print("Reading the files for their columns, which starts Spark ...", file=sys.stderr)
        made = create_table(settings, args.name, wanted)
        if made.new_database:
            yield f"Made the database {made.table['DatabaseName']}"
        columns = ", ".join(f"{each['Name']} {each['Type']}" for each in made.table["StorageDescriptor"]["Columns"])
        yield f"Made the table {made.table['DatabaseName']}.{made.table['Name']}: {columns}"
    found = made.partitions
    if found is not None:
        yield f"Partitions: {found.added} added, {found.known} known before"
        if found.skipped:
            yield f"Note: {found.skipped} folders named key=value are not by this table's keys and were left out"


def _list(args: argparse.Namespace, settings: Any) -> Iterator[str]:
    from glue_etl.engine.catalog.browse import tables

    found = list(tables(settings, args.database))
    if args.json:
        yield json.dumps(found, indent=2, default=str)
        return
    for table in found:
        keys = ", ".join(key["Name"] for key in table.get("PartitionKeys", []))
        kind = table.get("Parameters", {}).get("classification", "-")
        location = table.get("StorageDescriptor", {}).get("Location", "")
        by = f"  by {keys}" if keys else ""
        yield f"{table['DatabaseName']}.{table['Name']}  {kind}  {location}{by}"


def _show(args: argparse.Namespace, settings: Any) -> Iterator[str]:
    from glue_etl.engine.catalog.browse import partitions
    from glue_etl.engine.catalog.clients import Clients
    from glue_etl.engine.catalog.define import existing_table

    table = existing_table(Clients(settings).glue(), args.name)
    found = list(partitions(settings, table)) if table.get("PartitionKeys") else []
    if args.json:
        shown = {**table, "Partitions": found} if args.partitions else table
        yield json.dumps(shown, indent=2, default=str)
        return
    yield from _document(table, len(found))
    if args.partitions:
        for each in found:
            yield f"  {'/'.join(each['Values'])}  {each.get('StorageDescriptor', {}).get('Location', '')}"


def _document(table: Mapping[str, Any], partitions: int) -> Iterator[str]:
    storage = table.get("StorageDescriptor", {})
    yield f"{table['DatabaseName']}.{table['Name']}, version {table['VersionId']}"
    yield f"Location: {storage.get('Location', '')}"
    serde = storage.get("SerdeInfo", {})
    yield f"SerDe: {serde.get('SerializationLibrary', '')}"
    yield "Columns:"
    yield from (f"  {each['Name']} {each.get('Type', '')}" for each in storage.get("Columns", []))
    if table.get("PartitionKeys"):
        yield f"Partition keys ({partitions} partitions):"
        yield from (f"  {each['Name']} {each.get('Type', '')}" for each in table["PartitionKeys"])
    for title, values in (("Parameters", table.get("Parameters")), ("SerDe parameters", serde.get("Parameters"))):
        if values:
            yield f"{title}:"
            yield from (f"  {key} = {value!r}" for key, value in sorted(values.items()))


def _drop(args: argparse.Namespace, settings: Any) -> Iterator[str]:
    from glue_etl.engine.catalog.browse import drop

    yield f"Dropped {drop(settings, args.name)}; the files stay"
