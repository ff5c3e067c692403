"""Streams for `create_data_frame`: files as they arrive, and rows at a rate, by Spark's own streaming sources.

AWS Glue streams from Kinesis and Kafka; neither is on a laptop. A folder of files stands in for the topic: the same
`create_data_frame` call, with the same `schema`, feeds the same `forEachBatch`. What has been read is kept in the
checkpoint of the query, not in job bookmarks, as AWS documents. Sources: "Streaming ETL jobs in AWS Glue", "Kinesis
connections" (schema, inferSchema) in the AWS Glue guide; "Structured Streaming Programming Guide", input sources.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import reduce
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import types as s

from glue_etl.engine.compat import SPARK_MAJOR
from glue_etl.engine.context import EngineContext
from glue_etl.engine.io.attached import attached, quoted
from glue_etl.engine.io.csv_read import dialect_of
from glue_etl.engine.io.globs import has_glob
from glue_etl.engine.io.lake import is_s3
from glue_etl.engine.io.listing import local_path
from glue_etl.engine.io.option_values import checked
from glue_etl.engine.io.registry import CONNECTION_TYPES, FORMATS, Option
from glue_etl.engine.io.request import ReadRequest
from glue_etl.engine.io.staging import recover
from glue_etl.engine.io.stream_schema import stream_schema
from glue_etl.errors import OptionError, PathNotFoundError, UnsupportedError

__all__ = ["FILE_STREAM", "MARKS", "RATES", "open_stream", "refuse_topic", "wants_stream"]

_LOG = logging.getLogger(__name__)

_TEXT = Option("text")
_BOOL = Option("bool", False)
_NONE = Option("text", effect="accepted")
_OTHER = Option("text", effect="unsupported")

MARKS = (
    "maxFilesPerTrigger", "maxBytesPerTrigger", "latestFirst", "fileNameOnly", "maxFileAge", "cleanSource",
    "sourceArchiveDir", "schema", "inferSchema", "startingPosition", "startingOffsets", "startingTimestamp",
)  # fmt: skip
"""Options that only a stream has: a source of files with one of them is a stream, without them it is read once."""

_TOPIC = (
    "startingPosition", "startingOffsets", "startingTimestamp", "endingOffsets", "maxOffsetsPerTrigger",
    "minPartitions", "failOnDataLoss", "numRetries", "retryIntervalMs", "maxRetryIntervalMs", "avoidEmptyBatches",
    "maxFetchTimeInMs", "maxFetchRecordsPerShard", "maxRecordPerRead", "addIdleTimeBetweenReads",
    "idleTimeBetweenReadsInMs", "describeShardInterval", "emitConsumerLagMetrics", "pollTimeoutMs",
)  # fmt: skip
"""How Kinesis and Kafka are asked for records; a job that is tried on files may keep them."""

FILE_STREAM: dict[str, Option] = {
    "paths": Option("list"),
    "path": _TEXT,
    "recurse": _BOOL,
    "schema": _TEXT,
    "inferSchema": _BOOL,
    "maxFilesPerTrigger": Option("int"),
    # Spark 3.5 does not know it, and would say nothing.
    "maxBytesPerTrigger": Option("bytes", effect="used" if SPARK_MAJOR >= 4 else "unsupported"),
    "latestFirst": _BOOL,
    "fileNameOnly": _BOOL,
    # Spark's own seven days would leave out, for ever, what is copied here with its old time.
    "maxFileAge": Option("text", "36500d"),
    "cleanSource": _TEXT,
    "sourceArchiveDir": _TEXT,
    "pathGlobFilter": _TEXT,
    "recursiveFileLookup": _BOOL,
    "mode": _TEXT,
    "columnNameOfCorruptRecord": _TEXT,
    **dict.fromkeys(("exclusions", "boundedFiles", "boundedSize", "compressionType", "excludeStorageClasses"), _OTHER),
    **dict.fromkeys(("isFailFast", "jobBookmarkKeys", "jobBookmarkKeysSortOrder", "addRecordTimestamp"), _OTHER),
    **dict.fromkeys(("groupFiles", "groupSize", "maxBand", "maxFilesInBand", "useS3ListImplementation"), _NONE),
    **dict.fromkeys(("transformationContext", "callSite", *_TOPIC), _NONE),
}
"""Options of a stream of files; those by Spark's names go to Spark as they are."""

_TO_SPARK = (
    "maxFilesPerTrigger", "maxBytesPerTrigger", "latestFirst", "fileNameOnly", "maxFileAge", "cleanSource",
    "sourceArchiveDir", "pathGlobFilter", "mode", "columnNameOfCorruptRecord",
)  # fmt: skip

RATES: dict[str, dict[str, Option]] = {
    "rate": {"rowsPerSecond": Option("int", 1), "rampUpTime": _TEXT, "numPartitions": Option("int"), "callSite": _NONE},
    "rate-micro-batch": {
        "rowsPerBatch": Option("int"),
        "numPartitions": Option("int"),
        "startTimestamp": Option("int"),
        "advanceMillisPerBatch": Option("int"),
        "callSite": _NONE,
    },
}
"""Spark's sources of made-up rows, `timestamp` and `value`, for trying a job without any input."""

_STREAMED = {"csv": "csv", "glueparquet": "parquet", "json": "json", "orc": "orc", "parquet": "parquet"}
"""Formats that Spark can stream, and its names for them."""

_TOPICS = ("kafka", "kinesis")


def wants_stream(connection_type: str, options: Mapping[str, Any], *, streaming_job: bool) -> bool:
    """Whether `create_data_frame` of a source gives a stream.

    Args:
        connection_type: `s3`, `rate` and so on.
        options: The script's options.
        streaming_job: Whether the job's command is `gluestreaming`: there `from_options` is for streams alone.
    """
    if connection_type in RATES:
        return True
    return connection_type in CONNECTION_TYPES and (streaming_job or any(mark in options for mark in MARKS))


def refuse_topic(connection_type: str) -> None:
    """Stop where a source is a topic.

    Raises:
        UnsupportedError: It is Kinesis or Kafka.
    """
    if connection_type.lower() in _TOPICS:
        raise UnsupportedError.of(
            f"create_data_frame from a {connection_type} stream",
            "try the job on files: connection_type='s3' with connection_options={'path': 's3://bucket/folder/', "
            "'schema': 'id int, name string', 'maxFilesPerTrigger': 1} and format='json', or create the catalog table "
            "that the job names over such a folder",
        )


def open_stream(
    ctx: EngineContext,
    connection_type: str,
    options: Mapping[str, Any],
    fmt: str | None,
    format_options: Mapping[str, Any],
    declared: s.StructType | None = None,
) -> DataFrame:
    """A streaming DataFrame.

    Args:
        ctx: The job's surroundings.
        connection_type: `s3`, `file`, `parquet`, `orc`, `rate` or `rate-micro-batch`.
        options: The script's connection_options: keys of `FILE_STREAM` or `RATES`.
        fmt: `csv`, `json`, `glueparquet`, or None where the connection type says it.
        format_options: The script's format_options, by the names of AWS Glue.
        declared: The columns of a table; then `schema` is not needed.

    Returns:
        Files in the order of their modification times; each is read whole, once per checkpoint.

    Raises:
        OptionError: An option or format that does not exist, a value that cannot be used, or no schema to be had.
        UnsupportedError: A format or option that Spark's streams do not have.
        PathNotFoundError: A local folder that does not exist.
        NoSuchBucketError: A bucket that does not exist.
    """
    if connection_type in RATES:
        values = checked(RATES[connection_type], options, f"the {connection_type} source")
        return ctx.session.readStream.format(connection_type).options(**_texts(values)).load()
    name = CONNECTION_TYPES[connection_type] or (fmt or "")
    values = checked(FILE_STREAM, options, "the stream of files")
    _explain(options)
    paths = list(values["paths"] or ()) or [values["path"]]
    if not all(isinstance(path, str) and path for path in paths):
        raise OptionError("The stream has no 'path'.", hint="connection_options={'path': 's3://bucket/folder/'}")
    request = _request(name, paths, values, format_options)
    recover(ctx.settings.state_dir)
    for path in paths:
        _prepare(ctx, path)
    given = values["schema"] or format_options.get("schema") or request.options.get("withSchema")
    known = None if values["inferSchema"] else declared
    schema = stream_schema(ctx, connection_type, request, format_options, given, known)
    reader = ctx.session.readStream.format(_STREAMED[name]).schema(schema)
    reader = reader.options(**_texts({key: values[key] for key in _TO_SPARK}), **_format_options(request))
    if request.recurse:
        reader = reader.option("recursiveFileLookup", "true")
    columns = [f"{sql} AS {quoted(column)}" for column, sql in attached(request.options).items()]
    streams = [reader.load(path) for path in paths]
    if columns:
        streams = [stream.selectExpr("*", *columns) for stream in streams]
    # Spark's source takes one path only; the order of the paths tells a checkpoint which is which.
    return reduce(DataFrame.union, streams)


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    given = {key: value for key, value in values.items() if value is not None and key != "callSite"}
    return {key: str(value).lower() if isinstance(value, bool) else str(value) for key, value in given.items()}


def _explain(options: Mapping[str, Any]) -> None:
    """Say what a stream of files does otherwise than the topic it stands for."""
    for key in ("startingPosition", "startingOffsets", "startingTimestamp"):
        if str(options.get(key, "")).lower() not in ("", "earliest", "trim_horizon"):
            _LOG.warning(
                "%s=%r has no effect on files: a new checkpoint begins with those that are there.", key, options[key]
            )


def _request(name: str, paths: list[str], values: Mapping[str, Any], format_options: Mapping[str, Any]) -> ReadRequest:
    """The format and its options, as those of a source that is read once."""
    if name not in FORMATS:
        raise OptionError(
            f"There is no format {name!r} to stream." if name else "No format is given.",
            available=sorted(_STREAMED),
            hint="pass format='json' or another one",
        )
    if name not in _STREAMED:
        raise UnsupportedError.of(
            f"A stream of {name} files", f"write the files as one of {', '.join(sorted(_STREAMED))}"
        )
    table = FORMATS[name].read
    known = {key: value for key, value in format_options.items() if key not in ("inferSchema", "schema")}
    options = checked(table, known, f"the format {name!r}")
    if options.get("jsonPath"):
        raise UnsupportedError.of("The option 'jsonPath' of a stream", "select the field in the batch function")
    recurse = bool(values["recurse"] or values["recursiveFileLookup"])
    return ReadRequest(name, tuple(paths), recurse=recurse, options=options)


def _format_options(request: ReadRequest) -> dict[str, str]:
    """Spark's options for what the script says of the format."""
    if request.format == "json":
        return {"multiLine": str(bool(request.options["multiline"])).lower()}
    if request.format != "csv":
        return {}
    dialect = dialect_of(request)
    return {
        "sep": dialect.separator,
        "quote": dialect.quote,
        "escape": dialect.escaper or dialect.quote or "\\",
        "header": str(dialect.header or dialect.skip_first).lower(),
        "multiLine": str(dialect.multiline).lower(),
        # Columns are taken by position: a file whose header is another one must not go unnoticed.
        "enforceSchema": str(not dialect.header).lower(),
    }


def _prepare(ctx: EngineContext, path: str) -> None:
    """See that a folder is there to be watched; a prefix of a bucket that nothing was written to yet is made."""
    local = None if has_glob(path) else local_path(ctx, path)
    if local is None or local.exists():
        return
    if not is_s3(path):
        raise PathNotFoundError(f"The path {path!r} does not exist.", hint="make the folder, then start the stream")
    local.mkdir(parents=True)
