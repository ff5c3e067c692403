"""One table both ways: a Data Catalog table's SerDe, input format and classification; our formats and their options.

Sources: "Using SerDes" in the Amazon Athena guide, "Using crawlers" in the AWS Glue guide,
https://docs.aws.amazon.com/glue/latest/webapi/API_StorageDescriptor.html.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from glue_etl.engine.catalog import serde_properties as say
from glue_etl.engine.catalog.serde_properties import Properties, TableFormat
from glue_etl.engine.io.registry import FORMATS
from glue_etl.errors import OptionError, UnsupportedError

__all__ = [
    "CLASSIFICATIONS",
    "SERDES",
    "Serde",
    "TableFormat",
    "jdbc_vendor",
    "name_of",
    "storage_of",
    "table_format",
    "table_input",
]

_TEXT_IN = "org.apache.hadoop.mapred.TextInputFormat"
_TEXT_OUT = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"
_HIVE = "org.apache.hadoop.hive.ql.io."
_ION = "com.amazon.ionhiveserde.formats."
_LAZY = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
_JSON = "org.openx.data.jsonserde.JsonSerDe"


@dataclass(frozen=True)
class Serde:
    """A SerDe library.

    Attributes:
        format: The format it stands for.
        reads: Turns its properties into what they say.
        input_format: The class that goes with it in a table document.
        output_format: As above.
    """

    format: str
    reads: Callable[[Properties], TableFormat]
    input_format: str = _TEXT_IN
    output_format: str = _TEXT_OUT


_PARQUET = Serde(
    "glueparquet",
    say.plain("glueparquet"),
    f"{_HIVE}parquet.MapredParquetInputFormat",
    f"{_HIVE}parquet.MapredParquetOutputFormat",
)
_GROK = Serde("grokLog", say.grok)
_REGEX = Serde("grokLog", say.regex)

SERDES: dict[str, Serde] = {
    _LAZY: Serde("csv", say.delimited),
    "org.apache.hadoop.hive.serde2.OpenCSVSerde": Serde("csv", say.open_csv),
    "org.apache.hadoop.hive.serde2.MultiDelimitSerDe": Serde("csv", say.delimited),
    "org.apache.hadoop.hive.contrib.serde2.MultiDelimitSerDe": Serde("csv", say.delimited),
    _JSON: Serde("json", say.json_lines),
    "org.apache.hive.hcatalog.data.JsonSerDe": Serde("json", say.json_lines),
    "org.apache.hadoop.hive.serde2.JsonSerDe": Serde("json", say.json_lines),
    f"{_HIVE}parquet.serde.ParquetHiveSerDe": _PARQUET,
    "parquet.hive.serde.ParquetHiveSerDe": _PARQUET,
    f"{_HIVE}orc.OrcSerde": Serde("orc", say.plain("orc"), f"{_HIVE}orc.OrcInputFormat", f"{_HIVE}orc.OrcOutputFormat"),
    "org.apache.hadoop.hive.serde2.avro.AvroSerDe": Serde(
        "avro", say.plain("avro"), f"{_HIVE}avro.AvroContainerInputFormat", f"{_HIVE}avro.AvroContainerOutputFormat"
    ),
    "com.amazonaws.glue.serde.GrokSerDe": _GROK,
    "org.apache.hadoop.hive.serde2.RegexSerDe": _REGEX,
    "org.apache.hadoop.hive.contrib.serde2.RegexSerDe": _REGEX,
    "com.amazon.ionhiveserde.IonHiveSerDe": Serde(
        "ion", say.plain("ion"), f"{_ION}IonInputFormat", f"{_ION}IonOutputFormat"
    ),
}
"""Every SerDe library that is understood; of those with one format the first is written into new tables."""

CLASSIFICATIONS: dict[str, Serde] = {
    "avro": SERDES["org.apache.hadoop.hive.serde2.avro.AvroSerDe"],
    "csv": SERDES[_LAZY],
    "glueparquet": _PARQUET,
    "grok": _GROK,
    "grokLog": _GROK,
    "ion": SERDES["com.amazon.ionhiveserde.IonHiveSerDe"],
    "json": SERDES[_JSON],
    "orc": SERDES[f"{_HIVE}orc.OrcSerde"],
    "parquet": _PARQUET,
    "text": SERDES[_LAZY],
    "tsv": SERDES[_LAZY],
    "xml": Serde("xml", say.plain("xml")),
}
"""The `classification` of a table whose files can be read, and `spark.sql.sources.provider` of Spark's own tables."""

_JDBC_VENDORS = ("aurora", "mariadb", "mysql", "oracle", "postgresql", "redshift", "sqlserver")
_OTHERS = (
    "cassandra",
    "delta",
    "documentdb",
    "dynamodb",
    "hudi",
    "iceberg",
    "kafka",
    "kinesis",
    "mongodb",
    "snowflake",
)


def jdbc_vendor(table: Mapping[str, Any]) -> str | None:
    """The database a table is in, by its classification; None if it is one of files."""
    word = str((table.get("Parameters") or {}).get("classification", "")).lower()
    return word if word in _JDBC_VENDORS else None


def table_format(
    table: Mapping[str, Any], partition: Mapping[str, Any] | None = None, *, options: Mapping[str, Any] | None = None
) -> TableFormat:
    """How the files of a table are read and written.

    Args:
        table: The table's document, as `get_table` gives it.
        partition: The document of a partition whose own SerDe counts; None for the table's.
        options: Options of the format that win over what the table says.

    Raises:
        UnsupportedError: The SerDe, the classification or the kind of table is not known, or a property asks for what
            this version cannot do.
        OptionError: The table does not say how its files are made, or a property cannot be used.
    """
    what = f"The table {name_of(table)!r}"
    parameters = {**(table.get("Parameters") or {}), **((partition or {}).get("Parameters") or {})}
    descriptor = table.get("StorageDescriptor") or {}
    own = (partition or {}).get("StorageDescriptor") or {}
    if own.get("SerdeInfo"):
        descriptor = own
    _check_kind(table, parameters, what)
    library = str((descriptor.get("SerdeInfo") or {}).get("SerializationLibrary") or "")
    serde = _serde_of(library, str(descriptor.get("InputFormat") or ""), parameters, what)
    given = {key: value for key, value in (options or {}).items() if key in FORMATS[serde.format].read}
    properties = Properties(descriptor, parameters, what)
    found = serde.reads(properties)
    merged = {**found.options, **given}
    header = found.header_lines
    if found.format == "csv" and {"withHeader", "skipFirst"} & set(given):
        said = {key: given.get(key, False) for key in ("withHeader", "skipFirst")}
        merged = say.with_header({**merged, **said}, 0)
        header = say.lines_before(merged)
    return replace(found, options=merged, header_lines=header, serde=library)


def name_of(table: Mapping[str, Any]) -> str:
    """`database.table`."""
    return ".".join(str(table[key]) for key in ("DatabaseName", "Name") if table.get(key))


def _check_kind(table: Mapping[str, Any], parameters: Mapping[str, Any], what: str) -> None:
    if str(table.get("TableType") or "") == "VIRTUAL_VIEW":
        raise UnsupportedError.of(f"{what} is a view, and reading it as a table", "read the tables it is made of")
    for key in ("table_type", "classification", "typeOfData", "spark.sql.sources.provider"):
        word = parameters.get(key)
        if str(word or "").lower() in _OTHERS:
            raise UnsupportedError.of(
                f"{what} is of the kind {str(word).lower()!r}, which", "keep a copy of its data as files"
            )


def _serde_of(library: str, input_format: str, parameters: Mapping[str, Any], what: str) -> Serde:
    word = str(parameters.get("spark.sql.sources.provider") or parameters.get("classification") or "")
    by_word = CLASSIFICATIONS.get(word) or CLASSIFICATIONS.get(word.lower())
    if library and library not in SERDES:
        raise UnsupportedError(
            f"{what} has the SerDe {library!r}, which is not known.",
            available=sorted(SERDES),
            hint="read its files by create_dynamic_frame.from_options, or correct SerdeInfo.SerializationLibrary",
        )
    if library and not (library == _LAZY and by_word):
        return SERDES[library]
    if by_word:
        return by_word
    if word and word.upper() != "UNKNOWN":
        raise UnsupportedError(
            f"{what} has the classification {word!r}, which is not known.",
            available=sorted(CLASSIFICATIONS),
            hint="correct the table parameter 'classification'",
        )
    by_input = next((each for each in SERDES.values() if each.input_format == input_format != _TEXT_IN), None)
    if by_input:
        return by_input
    raise OptionError(
        f"{what} has no SerDe and no classification, so that the format of its files is not known.",
        available=sorted(CLASSIFICATIONS),
        hint="set the table parameter 'classification'",
    )


# --- from a format to a table document -------------------------------------------------------------------------------


def storage_of(fmt: str, format_options: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What a table document says of files of a format.

    Args:
        fmt: A key of `FORMATS`.
        format_options: Those the files are read by (`withHeader`, `rowTag` ...) or were written by (`writeHeader`).

    Returns:
        `InputFormat`, `OutputFormat` and `SerdeInfo` of a StorageDescriptor, and under `Parameters` the parameters of
        the table.

    Raises:
        UnsupportedError: There is no such format, or no table of it.
        OptionError: The format has no such option.
    """
    serde = CLASSIFICATIONS.get(fmt)
    if serde is None or serde.format not in FORMATS:
        raise UnsupportedError(f"A table of the format {fmt!r} is not supported.", available=sorted(CLASSIFICATIONS))
    known = {**FORMATS[serde.format].read, **FORMATS[serde.format].write}
    given = {key: value for key, value in (format_options or {}).items() if value is not None}
    if unknown := sorted(set(given) - set(known)):
        raise OptionError(f"{unknown[0]!r} is not an option of the format {fmt!r}.", available=sorted(known))
    classification = {"glueparquet": "parquet", "grokLog": "grok"}.get(serde.format, serde.format)
    parameters = {"classification": classification, "typeOfData": "file"}
    properties: dict[str, str] = {"serialization.format": "1"}
    if serde.format == "csv":
        separator = str(given.pop("separator", "\t" if fmt == "tsv" else ","))
        properties = {"field.delim": separator, "serialization.format": separator}
        parameters |= {"delimiter": separator, "columnsOrdered": "true", "areColumnsQuoted": "false"}
        if any([_is_true(given.pop(key, False)) for key in ("withHeader", "skipFirst", "writeHeader")]):
            parameters["skip.header.line.count"] = "1"
        if escaper := given.pop("escaper", None):
            properties["escape.delim"] = str(escaper)
    elif serde.format == "grokLog":
        names = {"logFormat": "input.format", "customPatterns": "input.grokCustomPatterns"}
        properties |= {names[key]: str(given.pop(key)) for key in names if key in given}
    read = FORMATS[serde.format].read
    properties |= {key: _text(value) for key, value in given.items() if key in read and read[key].effect == "used"}
    library = next((name for name, each in SERDES.items() if each is serde), "")
    info = {"SerializationLibrary": library} if library else {}
    return {
        "InputFormat": serde.input_format,
        "OutputFormat": serde.output_format,
        "SerdeInfo": {**info, "Parameters": properties},
        "Parameters": parameters,
    }


def _is_true(value: Any) -> bool:
    return str(value).lower() == "true"


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def table_input(
    name: str,
    fmt: str,
    columns: Sequence[Mapping[str, str]],
    location: str,
    *,
    partition_keys: Sequence[Mapping[str, str]] = (),
    format_options: Mapping[str, Any] | None = None,
    parameters: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The `TableInput` of a table of files, as a crawler would make it.

    Args:
        name: The table's name.
        fmt: A key of `FORMATS`.
        columns: Name and Type (Hive's) each, partition keys left out, as `hive_types.columns_of` gives them.
        location: The folder.
        partition_keys: As the columns.
        format_options: As in `storage_of`.
        parameters: Further parameters of the table; they win.

    Raises:
        UnsupportedError: There is no table of this format.
        OptionError: The format has no such option.
    """
    storage = storage_of(fmt, format_options)
    said = storage.pop("Parameters")
    if said["classification"] == "json" and columns:
        storage["SerdeInfo"]["Parameters"]["paths"] = ",".join(sorted(column["Name"] for column in columns))
    descriptor = {
        "Columns": [dict(column) for column in columns],
        "Location": location,
        **storage,
        "Compressed": False,
        "NumberOfBuckets": -1,
        "BucketColumns": [],
        "SortColumns": [],
        "Parameters": {},
        "StoredAsSubDirectories": False,
    }
    return {
        "Name": name,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"EXTERNAL": "TRUE", **said, **(parameters or {})},
        "PartitionKeys": [dict(key) for key in partition_keys],
        "StorageDescriptor": descriptor,
    }
