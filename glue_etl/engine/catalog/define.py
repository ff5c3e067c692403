"""Tables made by hand, for people without a crawler: what `glue-etl table create` does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from glue_etl.engine.catalog.clients import Clients
from glue_etl.engine.catalog.folders import Entered, add_partitions, folder_keys
from glue_etl.engine.catalog.option_texts import parse_columns
from glue_etl.engine.io.lake import Lake
from glue_etl.errors import NoSuchBucketError, OptionError, PathNotFoundError
from glue_etl.settings import Settings

__all__ = ["Definition", "Made", "create_table", "existing_table", "repair_table", "split_name"]


@dataclass(frozen=True)
class Definition:
    """A table as the user describes it.

    Attributes:
        location: The folder of its files.
        format: A classification, such as `csv` or `parquet`.
        columns: As `parse_columns` reads them; None: they are found from the files.
        partition_keys: As the columns; None: they are found from the folders' names, as strings.
        options: Format options.
        parameters: Parameters of the table.
    """

    location: str
    format: str
    columns: str | None = None
    partition_keys: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Made:
    """What was made.

    Attributes:
        table: The table's document.
        partitions: What became of its folders; None if it has no partition keys.
        new_database: The database was made too.
    """

    table: dict[str, Any]
    partitions: Entered | None
    new_database: bool


def split_name(text: str) -> tuple[str, str]:
    """Database and table of a name `database.table`.

    Raises:
        OptionError: It is not of this form.
    """
    database, _, table = text.partition(".")
    if not database or not table:
        raise OptionError(f"{text!r} is no name of a table.", hint="write it like shop.orders")
    return database.lower(), table.lower()


def existing_table(client: Any, name: str) -> dict[str, Any]:
    """The document of a table that is there.

    Raises:
        PathNotFoundError: It is not.
    """
    database, table = split_name(name)
    try:
        found: dict[str, Any] = client.get_table(DatabaseName=database, Name=table)["Table"]
        return found
    except client.exceptions.EntityNotFoundException as error:
        raise PathNotFoundError(
            f"There is no table {name!r}: {error.response['Error']['Message']}", hint="glue-etl table list"
        ) from error


def create_table(settings: Settings, name: str, wanted: Definition) -> Made:
    """Enter a table, and the partitions that its folders show.

    Args:
        settings: Where state lives.
        name: `database.table`; a database that is not there is made.
        wanted: What it shall be. Without columns the files are read for them, which starts Spark.

    Raises:
        OptionError: The table is there already, or an option has an unusable value.
        UnsupportedError: There is no table of this format.
        PathNotFoundError: The location does not exist, and the columns or partitions were to be found there.
        SourceError: The files do not tell the columns, or a folder's value is not of its key's type.
    """
    from glue_etl.engine.catalog.serde import table_input

    database, table = split_name(name)
    client = Clients(settings).glue()
    lake = Lake(settings.lake_dir)
    if _is_there(client, database, table):
        raise OptionError(
            f"The table {name!r} exists already.",
            hint=f"glue-etl table create {name} --add-partitions enters its new partitions; glue-etl table drop {name}",
        )
    # Wrong words are told before Spark starts.
    table_input(table, wanted.format, [], wanted.location, format_options=wanted.options)
    columns = None if wanted.columns is None else parse_columns(wanted.columns, "--columns")
    keys = _keys(lake, wanted, columns)
    options = dict(wanted.options)
    if columns is None:
        columns, more = _inferred(settings, lake, wanted, [key["Name"] for key in keys])
        options |= more
    document = table_input(
        table,
        wanted.format,
        columns,
        wanted.location,
        partition_keys=keys,
        format_options=options,
        parameters=wanted.parameters,
    )
    new_database = _make_database(client, database)
    client.create_table(DatabaseName=database, TableInput=document)
    made = client.get_table(DatabaseName=database, Name=table)["Table"]
    found = add_partitions(client, lake, made) if keys and _exists(lake, wanted.location) else None
    return Made(made, found, new_database)


def repair_table(settings: Settings, name: str) -> Made:
    """Enter the partitions that a table's folders show and the catalog does not know.

    Raises:
        PathNotFoundError: There is no such table, or its location does not exist.
        OptionError: The table has no partition keys.
        SourceError: A folder's value is not of its key's type.
    """
    client = Clients(settings).glue()
    table = existing_table(client, name)
    if not table.get("PartitionKeys"):
        raise OptionError(f"The table {name!r} has no partition keys.", hint="its files are read as they are")
    return Made(table, add_partitions(client, Lake(settings.lake_dir), table), False)


def _is_there(client: Any, database: str, table: str) -> bool:
    try:
        client.get_table(DatabaseName=database, Name=table)
    except client.exceptions.EntityNotFoundException:
        return False
    return True


def _make_database(client: Any, database: str) -> bool:
    try:
        client.create_database(DatabaseInput={"Name": database})
    except client.exceptions.AlreadyExistsException:
        return False
    return True


def _keys(lake: Lake, wanted: Definition, columns: Sequence[Mapping[str, str]] | None) -> list[dict[str, str]]:
    if wanted.partition_keys is None:
        found = folder_keys(lake, wanted.location) if _exists(lake, wanted.location) else []
        keys = [{"Name": key, "Type": "string"} for key in found]
    else:
        keys = parse_columns(wanted.partition_keys, "--partition-keys")
    both = {key["Name"] for key in keys} & {column["Name"] for column in columns or ()}
    if both:
        raise OptionError(
            f"{sorted(both)[0]!r} is both a column and a partition key.", hint="leave it out of --columns"
        )
    return keys


def _exists(lake: Lake, location: str) -> bool:
    try:
        folder_keys(lake, location)
    except (PathNotFoundError, NoSuchBucketError):
        return False
    return True


def _inferred(
    settings: Settings, lake: Lake, wanted: Definition, keys: Sequence[str]
) -> tuple[list[dict[str, str]], dict[str, Any]]:
    from glue_etl.engine.catalog.inferred import infer
    from glue_etl.engine.catalog.serde import CLASSIFICATIONS
    from glue_etl.engine.context import EngineContext
    from glue_etl.engine.session import create_session, stop_session

    # A location that is not there is told before Spark starts.
    folder_keys(lake, wanted.location)
    session = create_session(settings, "glue-etl table")
    try:
        reader = CLASSIFICATIONS[wanted.format].format
        options = {"separator": "\t", **wanted.options} if wanted.format == "tsv" else wanted.options
        found = infer(EngineContext(session, settings, lake), wanted.location, reader, options, keys)
        return found.columns, found.format_options
    finally:
        stop_session(session)
