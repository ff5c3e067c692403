"""`enableUpdateCatalog`: what a write is to enter in the Data Catalog, checked before the write, entered after it.

Nothing is entered before the files are in place, so that a run which is killed leaves no partition without files.
Where AWS Glue has a restriction, the error comes before anything is written. Source: "Updating the schema, and adding
new partitions in the Data Catalog using AWS Glue ETL jobs",
https://docs.aws.amazon.com/glue/latest/dg/update-from-job.html
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from glue_etl.engine.catalog.serde import table_format, table_input
from glue_etl.engine.context import RunningJob
from glue_etl.engine.io.catalog_entries import (
    TARGET_FIELDS,
    Target,
    change_table,
    create_table,
    enter_partitions,
    find_table,
    required_table,
    same_place,
)
from glue_etl.engine.io.catalog_schema import (
    columns_written,
    is_covered,
    merged_columns,
    refuse_nested,
    same_columns,
)
from glue_etl.engine.io.partitions import partition_values
from glue_etl.engine.io.request import WriteRequest
from glue_etl.engine.io.sinks import Written
from glue_etl.engine.types import tree as g
from glue_etl.errors import OptionError, UnsupportedError

__all__ = ["FORMATS", "TableUpdate"]

_LOG = logging.getLogger(__name__)

FORMATS = ("avro", "csv", "glueparquet", "json", "parquet")
"""Formats whose tables a job can create and update."""

_GLUE_WRITER = "useGlueParquetWriter"
_CRAWLERS_OWN = ("EXTERNAL", "typeOfData", "columnsOrdered", "areColumnsQuoted")
_DEFAULTS = {"separator": ",", "quoteChar": '"', "escaper": None}


@dataclass
class TableUpdate:
    """The update of one table by one write: opened, planned, then entered.

    Attributes:
        target: The table.
        request: The write, with its `update_behavior`.
        location: The folder that is written to, as the Data Catalog has locations.
        job: The running job, which the table's parameters tell.
        table: The table's document when the write began; None if there was none.
    """

    target: Target
    request: WriteRequest
    location: str
    job: RunningJob = field(default_factory=RunningJob)
    table: Mapping[str, Any] | None = None
    _columns: Sequence[Mapping[str, Any]] = ()
    _keys: Sequence[Mapping[str, Any]] = ()
    _base: Sequence[Mapping[str, Any]] | None = None
    _enters: bool = True

    @property
    def _overwrites(self) -> bool:
        return self.request.update_behavior == "UPDATE_IN_DATABASE"

    def open(self) -> None:
        """Look at the table, and check what can be checked before the frame is planned.

        Raises:
            OptionError: Format, partition keys or location do not go with the table, or with an update at all.
            UnsupportedError: AWS Glue does not update such a table.
            SourceError: There is no such database.
        """
        if self.request.format not in FORMATS:
            raise OptionError(
                f"enableUpdateCatalog is on, and the format is {self.request.format!r}, for which AWS Glue does not "
                "update the Data Catalog.",
                available=FORMATS,
                hint="write one of these, or leave enableUpdateCatalog out and run a crawler",
            )
        self.table = find_table(self.target)
        if self._base is None:
            self._base = _columns_of(self.table)
        if self.table is not None:
            self._check_table(self.table)
        self._check_writer()

    def _check_table(self, table: Mapping[str, Any]) -> None:
        if str(table.get("TableType") or "").upper() == "GOVERNED":
            raise UnsupportedError(f"The table {self.target} is governed, and AWS Glue does not update such tables.")
        known = table_format(table).format
        if _family(known) != _family(self.request.format):
            raise OptionError(
                f"The sink writes {self.request.format}, but the table {self.target} is of {_family(known)} files.",
                hint=f"setFormat({_family(known)!r}), or name another table in setCatalogInfo",
            )
        keys = [str(key["Name"]) for key in table.get("PartitionKeys") or ()]
        if [key.lower() for key in keys] != [key.lower() for key in self.request.partition_keys]:
            raise OptionError(
                f"The partitionKeys {list(self.request.partition_keys)!r} are not those of the table {self.target}, "
                f"{keys!r}: they must be the same, in the same order.",
                hint=f"pass partitionKeys={keys!r}",
            )
        location = str((table.get("StorageDescriptor") or {}).get("Location") or "")
        if same_place(location, self.location):
            return
        if not keys:
            raise OptionError(
                f"The sink writes to {self.location!r}, but the table {self.target} is at {location!r}, so that the "
                "records would not be the table's.",
                hint=f"write to {location!r}, or name another table in setCatalogInfo",
            )
        _LOG.warning(
            "The table %s is at %s; its new partitions will be at %s, where the sink writes.",
            self.target, location, self.location,
        )  # fmt: skip

    def _check_writer(self) -> None:
        if self.request.format != "parquet" or self.request.options.get(_GLUE_WRITER):
            return
        raise OptionError(
            f"The table {self.target} of Parquet files can be created and updated by AWS Glue's own writer alone.",
            hint=f"setFormat('parquet', {_GLUE_WRITER}=True), or, with from_catalog, the table parameter "
            f"{_GLUE_WRITER} = true",
        )

    def plan(self, record: g.StructType) -> None:
        """Decide what the write changes.

        Raises:
            FieldError: A field that no column can be made of.
            UnsupportedError: A schema that AWS Glue does not enter.
        """
        if not len(record):
            return
        self._columns, self._keys = columns_written(record, self.request.partition_keys, self.request.format)
        self._judge()

    def _judge(self) -> None:
        known = _columns_of(self.table)
        if self.table is None or (self._overwrites and self._keys):
            refuse_nested(self._columns, known, str(self.target))
        elif not is_covered(self._columns, known):
            self._enters = False
            _LOG.warning(
                "The schema of the table %s stays as it is (%s), so that readers of the table do not see all that is "
                "written. Frame: %s. Table: %s.",
                self.target,
                "updateBehavior is LOG, and no partition is added" if self._keys else "it has no partition keys",
                _shown(self._columns), _shown(known),
            )  # fmt: skip

    def enter(self, written: Written) -> None:
        """Enter what the write has made.

        Raises:
            SourceError: The Data Catalog does not take it.
        """
        if self.table is None and self._columns:
            self._create()
        if not written.folders:
            return
        if self._overwrites:
            change_table(self.target, self._changed)
        if self._enters:
            schema = self._columns if self._overwrites else None
            added = enter_partitions(self.target, required_table(self.target), self._entries(written), schema)
            _LOG.info("%d partitions were added to %s.", added, self.target)

    def _create(self) -> None:
        fmt = "parquet" if self.request.format == "glueparquet" else self.request.format
        given = {name: self.request.options.get(name) for name in _DEFAULTS}
        options = {name: value for name, value in given.items() if fmt == "csv" and value != _DEFAULTS[name]}
        if fmt == "csv":
            options["writeHeader"] = self.request.options["writeHeader"]
        document = table_input(
            self.target.table,
            fmt,
            [dict(column) for column in self._columns],
            self.location,
            partition_keys=[dict(key) for key in self._keys],
            format_options=options,
        )
        # Jobs say less than crawlers do.
        said = {name: value for name, value in document["Parameters"].items() if name not in _CRAWLERS_OWN}
        document["Parameters"] = {**said, **_stamps("Created", self.job)}
        if fmt == "parquet":
            document["Parameters"][_GLUE_WRITER] = "true"
        if fmt != "csv":
            document["StorageDescriptor"]["SerdeInfo"]["Parameters"] = {}
        made = create_table(self.target, document)
        if not made:
            # Another job was faster: its table has to go with this write, too.
            self.open()
            self._judge()

    def _changed(self, table: Mapping[str, Any]) -> Mapping[str, Any] | None:
        now = _columns_of(table)
        columns = merged_columns(self._columns, self._base or (), now)
        if same_columns(columns, now):
            return None
        descriptor = {**table["StorageDescriptor"], "Columns": columns}
        serde = descriptor.get("SerdeInfo") or {}
        if "paths" in (serde.get("Parameters") or {}):
            # Crawlers list the fields of JSON records there.
            paths = ",".join(sorted(str(column["Name"]) for column in columns))
            descriptor["SerdeInfo"] = {**serde, "Parameters": {**serde["Parameters"], "paths": paths}}
        kept = {name: table[name] for name in TARGET_FIELDS if table.get(name) is not None}
        parameters = {**(table.get("Parameters") or {}), **_stamps("Updated", self.job)}
        return {**kept, "StorageDescriptor": descriptor, "Parameters": parameters}

    def _entries(self, written: Written) -> dict[tuple[str, ...], str]:
        base = self.location.rstrip("/")
        entries = {}
        for folder in written.folders:
            values = partition_values(folder, self.request.partition_keys)
            if values is not None:
                entries[values] = f"{base}/{folder}/"
        return entries


def _columns_of(table: Mapping[str, Any] | None) -> Sequence[Mapping[str, Any]]:
    return ((table or {}).get("StorageDescriptor") or {}).get("Columns") or ()


def _stamps(what: str, job: RunningJob) -> dict[str, str]:
    stamps = {f"{what}ByJob": job.name, f"{what}ByJobRun": job.run_id}
    return {name: value for name, value in stamps.items() if value}


def _family(fmt: str) -> str:
    return "parquet" if fmt == "glueparquet" else fmt


def _shown(columns: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(f"{column['Name']} {column.get('Type')}" for column in columns) or "no columns"
