"""What can be read and written, as literal tables: connection types, formats, and every option with what it does here.

Sources: "Data format options for inputs and outputs in AWS Glue for Spark", "Using the Avro / CSV / JSON / Parquet
format in AWS Glue" and "Amazon S3 connections" in the AWS Glue guide.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from glue_etl.engine.io.compression import CODECS

__all__ = [
    "CONNECTION_TYPES",
    "DECODED_FORMATS",
    "FORMATS",
    "GROUPED_FORMATS",
    "KNOWN_FORMATS",
    "OTHER_CONNECTION_TYPES",
    "READ_ONLY_FORMATS",
    "S3_READ",
    "S3_WRITE",
    "SPARK_READ",
    "STORAGE_CLASSES",
    "TEXT_FORMATS",
    "UPDATE_BEHAVIORS",
    "Format",
    "Option",
]

Kind = Literal["bool", "bytes", "int", "text", "list"]
Effect = Literal["used", "accepted", "unsupported"]


@dataclass(frozen=True)
class Option:
    """One documented option.

    Attributes:
        kind: What its value is read as; texts such as `"true"` and `"1048576"` are understood.
        default: The value if the script does not give it.
        effect: `used`; `accepted`: it tunes AWS's own machinery and changes no result, so it has no effect here;
            `unsupported`: it would change the result, and this version cannot do it.
        name: The canonical name, where the documentation spells an option in two ways.
    """

    kind: Kind
    default: object = None
    effect: Effect = "used"
    name: str = ""


_BOOL = Option("bool", False)
_TEXT = Option("text")
_ACCEPTED = Option("text", effect="accepted")
_ACCEPTED_BOOL = Option("bool", effect="accepted")
_LATER = Option("text", effect="unsupported")

_ATTACH = {"attachFilename": _TEXT, "attachTimestamp": _TEXT}

_AVRO_VERSION = Option("text", "1.7")

AVRO_READ: dict[str, Option] = {"version": _AVRO_VERSION, **_ATTACH}
AVRO_WRITE: dict[str, Option] = {"version": _AVRO_VERSION}
CSV_READ: dict[str, Option] = {
    "separator": Option("text", ","),
    "escaper": _TEXT,
    "quoteChar": Option("text", '"'),
    "multiline": _BOOL,
    "multiLine": Option("bool", False, name="multiline"),
    "withHeader": _BOOL,
    "skipFirst": _BOOL,
    "writeHeader": _ACCEPTED_BOOL,
    "optimizePerformance": _ACCEPTED_BOOL,
    "strictCheckForQuoting": _ACCEPTED_BOOL,
    **_ATTACH,
}
CSV_WRITE: dict[str, Option] = {
    "separator": Option("text", ","),
    "escaper": _TEXT,
    "quoteChar": Option("text", '"'),
    "writeHeader": Option("bool", True),
    "strictCheckForQuoting": _ACCEPTED_BOOL,
    "optimizePerformance": _ACCEPTED_BOOL,
    "withHeader": _ACCEPTED_BOOL,
    "skipFirst": _ACCEPTED_BOOL,
    "multiline": _ACCEPTED_BOOL,
    "multiLine": _ACCEPTED_BOOL,
}
JSON_READ: dict[str, Option] = {
    "jsonPath": _TEXT,
    "multiline": _BOOL,
    "multiLine": Option("bool", False, name="multiline"),
    "optimizePerformance": _ACCEPTED_BOOL,
    "withSchema": _TEXT,
    **_ATTACH,
}
JSON_WRITE: dict[str, Option] = {
    "jsonPath": _ACCEPTED,
    "multiline": _ACCEPTED_BOOL,
    "multiLine": _ACCEPTED_BOOL,
    "optimizePerformance": _ACCEPTED_BOOL,
    "strictCheckForQuoting": _ACCEPTED_BOOL,
}
PARQUET_READ: dict[str, Option] = {
    "useGlueParquetWriter": _ACCEPTED_BOOL,
    "compression": _ACCEPTED,
    "blockSize": _ACCEPTED,
    "pageSize": _ACCEPTED,
    # Files that differ are always merged.
    "mergeSchema": _ACCEPTED_BOOL,
    **_ATTACH,
}
PARQUET_WRITE: dict[str, Option] = {
    "useGlueParquetWriter": _BOOL,
    "compression": _TEXT,
    "blockSize": Option("bytes"),
    "pageSize": Option("bytes"),
}

GROK_READ: dict[str, Option] = {
    "logFormat": _TEXT,
    "customPatterns": _TEXT,
    "MISSING": Option("text", "-"),
    "LineCount": Option("int", 1),
    "StrictMode": _BOOL,
    **_ATTACH,
}

XML_READ: dict[str, Option] = {
    "rowTag": _TEXT,
    "encoding": _TEXT,
    "excludeAttribute": _BOOL,
    "treatEmptyValuesAsNulls": _BOOL,
    "attributePrefix": Option("text", "_"),
    "valueTag": Option("text", "_VALUE"),
    "ignoreSurroundingSpaces": _BOOL,
    "withSchema": _TEXT,
    **_ATTACH,
}

S3_READ: dict[str, Option] = {
    "paths": Option("list"),
    "path": Option("text"),
    "recurse": _BOOL,
    "exclusions": Option("list"),
    "compressionType": _TEXT,
    "groupFiles": _TEXT,
    "groupSize": Option("int"),
    "isFailFast": _BOOL,
    "maxBand": _ACCEPTED,
    "maxFilesInBand": _ACCEPTED,
    "useS3ListImplementation": _ACCEPTED_BOOL,
    "excludeStorageClasses": Option("list"),
    "jobBookmarkKeys": Option("list", effect="accepted"),
    "jobBookmarkKeysSortOrder": _ACCEPTED,
    "transformationContext": _ACCEPTED,
    "callSite": _ACCEPTED,
    "boundedFiles": Option("int"),
    "boundedSize": Option("int"),
    "enableSamplePath": Option("bool", effect="unsupported"),
    "samplePath": _LATER,
    "partitionPredicate": _LATER,
    "catalogPartitionPredicate": _LATER,
}
SPARK_READ: dict[str, Option] = {
    "pathGlobFilter": _TEXT,
    "recursiveFileLookup": _BOOL,
    "modifiedBefore": _TEXT,
    "modifiedAfter": _TEXT,
    "ignoreCorruptFiles": _BOOL,
    # Files are listed once, right before they are read.
    "ignoreMissingFiles": _ACCEPTED_BOOL,
    "datetimeRebaseMode": _TEXT,
    "int96RebaseMode": _TEXT,
}
"""Options of Spark's own Parquet and ORC sources: AWS Glue hands them on. Source: "Amazon S3 connections", deprecated
connection syntaxes, in the AWS Glue guide."""
S3_WRITE: dict[str, Option] = {
    "path": _TEXT,
    "paths": Option("list"),
    "partitionKeys": Option("list"),
    "compression": _TEXT,
    "useFrameName": _BOOL,
    "enableUpdateCatalog": _BOOL,
    "updateBehavior": _TEXT,
    # Scripts give it here or with the format.
    "useGlueParquetWriter": _BOOL,
    "useS3ListImplementation": _ACCEPTED_BOOL,
    "transformationContext": _ACCEPTED,
    "callSite": _ACCEPTED,
}


@dataclass(frozen=True)
class Format:
    """One format: its options, and the compressions it can be written with (Glue's name to its writer's)."""

    read: dict[str, Option]
    write: dict[str, Option]
    compressions: dict[str, str]
    default_compression: str


_TEXT_CODECS = {
    "none": "none",
    "uncompressed": "none",
    **{word: codec.writer for codec in CODECS.values() for word in (codec.name, *codec.aliases)},
}
_PARQUET_CODECS = {
    "none": "none",
    "uncompressed": "none",
    "snappy": "snappy",
    "gzip": "gzip",
    "zstd": "zstd",
    "lz4": "lz4",
}
_AVRO_CODECS = {
    "none": "null",
    "null": "null",
    "uncompressed": "null",
    "bzip": "bzip2",
    "bzip2": "bzip2",
    "deflate": "deflate",
    "gz": "gzip",
    "gzip": "gzip",
    "snappy": "snappy",
    "xz": "xz",
    "zstandard": "zstandard",
    "zstd": "zstandard",
}
_ORC_CODECS = {
    "none": "none",
    "uncompressed": "none",
    "snappy": "snappy",
    "zlib": "zlib",
    "gzip": "zlib",
    "zstd": "zstd",
    "lz4": "lz4",
    "lzo": "lzo",
}

_PARQUET = Format(PARQUET_READ, PARQUET_WRITE, _PARQUET_CODECS, "snappy")

FORMATS: dict[str, Format] = {
    "avro": Format(AVRO_READ, AVRO_WRITE, _AVRO_CODECS, "none"),
    "csv": Format(CSV_READ, CSV_WRITE, _TEXT_CODECS, "none"),
    "glueparquet": _PARQUET,
    "grokLog": Format(GROK_READ, {}, {}, "none"),
    "ion": Format(_ATTACH, {}, {}, "none"),
    "json": Format(JSON_READ, JSON_WRITE, _TEXT_CODECS, "none"),
    "orc": Format(PARQUET_READ, PARQUET_WRITE, _ORC_CODECS, "snappy"),
    "parquet": _PARQUET,
    "xml": Format(XML_READ, {}, {}, "none"),
}

TEXT_FORMATS = frozenset({"csv", "grokLog", "ion", "json", "xml"})
"""Formats whose files may be compressed as a whole."""

GROUPED_FORMATS = TEXT_FORMATS
"""Formats whose files `groupFiles` puts together; AWS Glue leaves the others as they are. Source: "Reading input files
in larger groups" in the AWS Glue guide."""

STORAGE_CLASSES = frozenset(
    {
        "DEEP_ARCHIVE",
        "EXPRESS_ONEZONE",
        "GLACIER",
        "GLACIER_IR",
        "INTELLIGENT_TIERING",
        "ONEZONE_IA",
        "OUTPOSTS",
        "REDUCED_REDUNDANCY",
        "SNOW",
        "STANDARD",
        "STANDARD_IA",
    }
)
"""Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html"""

KNOWN_FORMATS = frozenset({"hudi", "iceberg", "delta"})
"""Formats AWS Glue has and this version has not."""

UPDATE_BEHAVIORS = ("UPDATE_IN_DATABASE", "LOG")
"""Values of `updateBehavior`, the default first.
Source: https://docs.aws.amazon.com/glue/latest/dg/update-from-job.html"""

READ_ONLY_FORMATS = frozenset({"grokLog", "ion", "xml"})
"""Formats that AWS Glue itself can only read. Source: "Data format options" in the AWS Glue guide."""

DECODED_FORMATS = frozenset({"grokLog", "ion", "xml"})
"""Formats whose files the engine opens itself, so that it can be told how they are compressed."""

CONNECTION_TYPES: dict[str, str] = {
    "s3": "",
    "file": "",
    # awsglue passes these two formats as connection types.
    "parquet": "parquet",
    "orc": "orc",
}
"""Connection types that work, and the format each implies (empty: it is set by setFormat)."""

OTHER_CONNECTION_TYPES = frozenset(
    {
        "azurecosmos",
        "azuresql",
        "bigquery",
        "custom.athena",
        "custom.spark",
        "delta",
        "documentdb",
        "dynamodb",
        "hudi",
        "iceberg",
        "kafka",
        "kinesis",
        "marketplace.athena",
        "marketplace.jdbc",
        "marketplace.spark",
        "mongodb",
        "opensearch",
        "saphana",
        "snowflake",
        "teradata",
        "vertica",
    }
)
"""Connection types AWS Glue has and this version has not."""
