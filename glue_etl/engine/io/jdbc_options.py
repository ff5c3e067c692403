"""The options of JDBC sources and sinks, as literal tables.

Sources: "JDBC connections", "Custom and AWS Marketplace connectionType values" and "Redshift connections" in the AWS
Glue guide; what is Spark's own (`fetchsize` and so on) in "JDBC To Other Databases" of the Spark SQL guide.
"""

from __future__ import annotations

from glue_etl.engine.io.registry import Option

__all__ = ["JDBC_READ", "JDBC_WRITE", "SPARK_JDBC_READ", "SPARK_JDBC_WRITE"]

_TEXT = Option("text")
_BOOL = Option("bool", False)
_INT = Option("int")
_ACCEPTED = Option("text", effect="accepted")

_CONNECTION: dict[str, Option] = {
    "url": _TEXT,
    "user": _TEXT,
    "password": _TEXT,
    "secretId": _TEXT,
    "connectionName": _TEXT,
    "useConnectionProperties": _BOOL,
    "database": _TEXT,
    "databaseName": Option("text", name="database"),
    "dbtable": _TEXT,
    "dbTable": Option("text", name="dbtable"),
    "tableName": Option("text", name="dbtable"),
    "className": _TEXT,
    "customJdbcDriverS3Path": _TEXT,
    "customJdbcDriverClassName": Option("text", name="className"),
    "driver": Option("text", name="className"),
    "transformationContext": _ACCEPTED,
    "callSite": _ACCEPTED,
    # What only AWS's own way to Redshift, by files in S3, has a use for.
    "redshiftTmpDir": _ACCEPTED,
    "tempdir": _ACCEPTED,
    "aws_iam_role": _ACCEPTED,
    "extracopyoptions": _ACCEPTED,
    "unload_s3_format": _ACCEPTED,
    "sse_kms_key": _ACCEPTED,
    "tempformat": _ACCEPTED,
    "DbUser": _ACCEPTED,
    "csvnullstring": _ACCEPTED,
    "autopushdown": _ACCEPTED,
    "autopushdown.s3_result_cache": _ACCEPTED,
}

_SPARK_BOTH: dict[str, Option] = {
    "queryTimeout": _INT,
    "sessionInitStatement": _TEXT,
    "keytab": _TEXT,
    "principal": _TEXT,
    "refreshKrb5Config": _TEXT,
    "connectionProvider": _TEXT,
}

SPARK_JDBC_READ: dict[str, Option] = {
    **_SPARK_BOTH,
    "fetchsize": _INT,
    "pushDownPredicate": _TEXT,
    "pushDownAggregate": _TEXT,
    "pushDownLimit": _TEXT,
    "preferTimestampNTZ": _TEXT,
}
"""Options of Spark's JDBC reader that go to it as they are."""

SPARK_JDBC_WRITE: dict[str, Option] = {
    **_SPARK_BOTH,
    "batchsize": _INT,
    "isolationLevel": _TEXT,
    "createTableOptions": _TEXT,
    "createTableColumnTypes": _TEXT,
}
"""Options of Spark's JDBC writer that go to it as they are."""

JDBC_READ: dict[str, Option] = {
    **_CONNECTION,
    **SPARK_JDBC_READ,
    "query": _TEXT,
    "sampleQuery": _TEXT,
    "enablePartitioningForSampleQuery": _BOOL,
    "sampleSize": _INT,
    "hashfield": _TEXT,
    "hashexpression": _TEXT,
    "hashpartitions": _INT,
    "partitionColumn": _TEXT,
    "lowerBound": _TEXT,
    "upperBound": _TEXT,
    "numPartitions": _INT,
    "filterPredicate": _TEXT,
    "dataTypeMapping": _TEXT,
    "jobBookmarkKeys": Option("list"),
    "jobBookmarkKeysSortOrder": _TEXT,
    # Writing alone has a use for it.
    "bulkSize": _ACCEPTED,
}

JDBC_WRITE: dict[str, Option] = {
    **_CONNECTION,
    **SPARK_JDBC_WRITE,
    "bulkSize": _INT,
    "numPartitions": Option("int", name="bulkSize"),
    "useFrameName": _BOOL,
    "preactions": _TEXT,
    "postactions": _TEXT,
    # Reading alone has a use for them.
    "hashfield": _ACCEPTED,
    "hashexpression": _ACCEPTED,
    "hashpartitions": _ACCEPTED,
    "fetchsize": _ACCEPTED,
}
