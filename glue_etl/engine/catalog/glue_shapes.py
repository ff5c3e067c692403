"""The requests of the Glue API's catalog and connection calls, with the limits of its pages.

https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-catalog.html
"""

from __future__ import annotations

from glue_etl.engine.catalog.shapes import Flag, Listed, Mapped, Number, Record, Shape, Text, Time, words

__all__ = ["CONNECTION_PROPERTIES", "CONNECTION_TYPES", "REQUESTS"]

_NAME = Text(1, 255)
_DESCRIPTION = Text(0, 2048, lines=True)
_PARAMETERS = Mapped(Text(1, 255), Text(0, 512000, lines=True))
_LOCATION = Text(0, 2056, lines=True)
_VALUES = Listed(Text(1, 1024, lines=True))
_TOKEN = Text(lines=True)
_PAGE = Number(1, 100)
_BIG_PAGE = Number(1, 1000)
_VERSION = Text(1, 255)
_ANYTHING = Text(lines=True)

_COLUMN = Record(
    {"Name": _NAME, "Type": Text(0, 131072), "Comment": Text(0, 255), "Parameters": _PARAMETERS}, required=("Name",)
)
_SERDE = Record({"Name": _NAME, "SerializationLibrary": _NAME, "Parameters": _PARAMETERS})
_STORAGE = Record(
    {
        "Columns": Listed(_COLUMN),
        "Location": _LOCATION,
        "AdditionalLocations": Listed(_LOCATION),
        "InputFormat": Text(0, 128),
        "OutputFormat": Text(0, 128),
        "Compressed": Flag(),
        "NumberOfBuckets": Number(),
        "SerdeInfo": _SERDE,
        "BucketColumns": Listed(_NAME),
        "SortColumns": Listed(Record({"Column": _NAME, "SortOrder": Number(0, 1)}, required=("Column", "SortOrder"))),
        "Parameters": _PARAMETERS,
        "SkewedInfo": Record(
            {
                "SkewedColumnNames": Listed(_NAME),
                "SkewedColumnValues": Listed(_ANYTHING),
                "SkewedColumnValueLocationMaps": Mapped(_ANYTHING, _ANYTHING),
            }
        ),
        "StoredAsSubDirectories": Flag(),
    },
    refused={"SchemaReference": "a schema of the Glue Schema Registry"},
)
_DATABASE = Record(
    {
        "Name": _NAME,
        "Description": _DESCRIPTION,
        "LocationUri": Text(1, 1024, lines=True),
        "Parameters": _PARAMETERS,
        "CreateTableDefaultPermissions": Listed(
            Record(
                {
                    "Principal": Record({"DataLakePrincipalIdentifier": Text(1, 255)}),
                    "Permissions": Listed(_ANYTHING),
                }
            )
        ),
    },
    required=("Name",),
    refused={"TargetDatabase": "a resource link", "FederatedDatabase": "a federated database"},
)
_TABLE = Record(
    {
        "Name": _NAME,
        "Description": _DESCRIPTION,
        "Owner": _NAME,
        "LastAccessTime": Time(),
        "LastAnalyzedTime": Time(),
        "Retention": Number(0),
        "StorageDescriptor": _STORAGE,
        "PartitionKeys": Listed(_COLUMN),
        "ViewOriginalText": Text(0, 409600, lines=True),
        "ViewExpandedText": Text(0, 409600, lines=True),
        "TableType": Text(0, 255),
        "Parameters": _PARAMETERS,
    },
    required=("Name",),
    refused={
        "TargetTable": "a resource link",
        "FederatedTable": "a federated table",
        "ViewDefinition": "a view of several dialects",
    },
)
_PARTITION = Record(
    {
        "Values": _VALUES,
        "LastAccessTime": Time(),
        "StorageDescriptor": _STORAGE,
        "Parameters": _PARAMETERS,
        "LastAnalyzedTime": Time(),
    }
)
_KEY = Record({"Values": _VALUES}, required=("Values",))
_BOUNDED_VALUES = Listed(Text(1, 1024, lines=True), 0, 100)
_AUDIT = Record(
    {
        "AdditionalAuditContext": Text(0, 2048, lines=True),
        "RequestedColumns": Listed(Text(1, 1024, lines=True)),
        "AllColumnsRequested": Flag(),
    }
)
_CHANGE = {"TransactionId": "a governed table's transaction"}
_GOVERNED = {**_CHANGE, "QueryAsOfTime": "a governed table's history"}
_TAGS = {"Tags": "tags of the resource"}

# https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-catalog-connections.html
CONNECTION_PROPERTIES = words(
    """
    HOST PORT USERNAME PASSWORD ENCRYPTED_PASSWORD JDBC_DRIVER_JAR_URI JDBC_DRIVER_CLASS_NAME JDBC_ENGINE
    JDBC_ENGINE_VERSION CONFIG_FILES INSTANCE_ID JDBC_CONNECTION_URL JDBC_ENFORCE_SSL CUSTOM_JDBC_CERT
    SKIP_CUSTOM_JDBC_CERT_VALIDATION CUSTOM_JDBC_CERT_STRING CONNECTION_URL KAFKA_BOOTSTRAP_SERVERS KAFKA_SSL_ENABLED
    KAFKA_CUSTOM_CERT KAFKA_SKIP_CUSTOM_CERT_VALIDATION KAFKA_CLIENT_KEYSTORE KAFKA_CLIENT_KEYSTORE_PASSWORD
    KAFKA_CLIENT_KEY_PASSWORD ENCRYPTED_KAFKA_CLIENT_KEYSTORE_PASSWORD ENCRYPTED_KAFKA_CLIENT_KEY_PASSWORD
    KAFKA_SASL_MECHANISM KAFKA_SASL_PLAIN_USERNAME KAFKA_SASL_PLAIN_PASSWORD ENCRYPTED_KAFKA_SASL_PLAIN_PASSWORD
    KAFKA_SASL_SCRAM_USERNAME KAFKA_SASL_SCRAM_PASSWORD KAFKA_SASL_SCRAM_SECRETS_ARN
    ENCRYPTED_KAFKA_SASL_SCRAM_PASSWORD KAFKA_SASL_GSSAPI_KEYTAB KAFKA_SASL_GSSAPI_KRB5_CONF
    KAFKA_SASL_GSSAPI_SERVICE KAFKA_SASL_GSSAPI_PRINCIPAL SECRET_ID CONNECTOR_URL CONNECTOR_TYPE CONNECTOR_CLASS_NAME
    ENDPOINT ENDPOINT_TYPE ROLE_ARN REGION WORKGROUP_NAME CLUSTER_IDENTIFIER DATABASE
    """
)
# Those with a database or a network behind them; the page's other types are SaaS connectors of AWS.
CONNECTION_TYPES = words(
    """
    JDBC SFTP MONGODB KAFKA NETWORK MARKETPLACE CUSTOM MYSQL POSTGRESQL ORACLE SQLSERVER AZURESQL SAPHANA TERADATA
    VERTICA DOCUMENTDB OPENSEARCH DYNAMODB BIGQUERY AZURECOSMOS SALESFORCE
    """
)
_PROPERTY = Text(1, 1024, lines=True, shown=False)
_CONNECTION = Record(
    {
        "Name": _NAME,
        "Description": _DESCRIPTION,
        "ConnectionType": Text(choices=CONNECTION_TYPES),
        "MatchCriteria": Listed(_NAME, 0, 10),
        "ConnectionProperties": Mapped(Text(choices=CONNECTION_PROPERTIES), _PROPERTY, 100),
        "SparkProperties": Mapped(Text(1, 128), Text(1, 2048, shown=False)),
        "AthenaProperties": Mapped(Text(1, 128), Text(1, 2048, shown=False)),
        "PythonProperties": Mapped(Text(1, 128), Text(1, 2048, shown=False)),
        "PhysicalConnectionRequirements": Record(
            {"SubnetId": _NAME, "SecurityGroupIdList": Listed(_NAME, 0, 50), "AvailabilityZone": _NAME}
        ),
        "AuthenticationConfiguration": Record(
            {"AuthenticationType": Text(choices=frozenset({"BASIC"})), "SecretArn": Text(), "KmsKeyArn": Text()},
            refused={
                "OAuth2Properties": "a login by OAuth 2",
                "BasicAuthenticationCredentials": "credentials of which AWS makes a secret; give SecretArn instead",
                "CustomAuthenticationCredentials": "credentials of which AWS makes a secret; give SecretArn instead",
            },
        ),
        "ValidateCredentials": Flag(),
        "ValidateForComputeEnvironments": Listed(Text(choices=frozenset({"SPARK", "ATHENA", "PYTHON"}))),
    },
    required=("Name", "ConnectionType", "ConnectionProperties"),
)


def _request(
    members: dict[str, Shape], *required: str, refused: dict[str, str] | None = None, paged: Number | None = None
) -> Record:
    pages: dict[str, Shape] = {"NextToken": _TOKEN, "MaxResults": paged} if paged else {}
    return Record({"CatalogId": _NAME, **members, **pages}, required=required, refused=refused or {})


def _table_request(
    members: dict[str, Shape],
    *required: str,
    refused: dict[str, str] | None = None,
    paged: Number | None = None,
    name: str = "TableName",
) -> Record:
    own: dict[str, Shape] = {"DatabaseName": _NAME, name: _NAME}
    return _request({**own, **members}, "DatabaseName", name, *required, refused=refused, paged=paged)


_DATABASE_ATTRIBUTES = Listed(Text(choices=frozenset({"NAME", "TARGET_DATABASE"})))
_TABLE_ATTRIBUTES = Listed(Text(choices=frozenset({"NAME", "TABLE_TYPE", "DEFAULT"})))
_SHARED = Text(choices=frozenset({"ALL", "FEDERATED"}))
_DATABASE_SHARED = Text(choices=frozenset({"ALL", "FEDERATED", "FOREIGN"}))

REQUESTS: dict[str, Record] = {
    "CreateDatabase": _request({"DatabaseInput": _DATABASE}, "DatabaseInput", refused=_TAGS),
    "GetDatabase": _request({"Name": _NAME}, "Name"),
    "GetDatabases": _request(
        {"AttributesToGet": _DATABASE_ATTRIBUTES, "ResourceShareType": _DATABASE_SHARED}, paged=_PAGE
    ),
    "UpdateDatabase": _request({"Name": _NAME, "DatabaseInput": _DATABASE}, "Name", "DatabaseInput"),
    "DeleteDatabase": _request({"Name": _NAME}, "Name"),
    "CreateTable": _request(
        {"DatabaseName": _NAME, "TableInput": _TABLE},
        "DatabaseName",
        refused={
            **_CHANGE,
            "Name": "an Iceberg table",
            "OpenTableFormatInput": "an Iceberg table",
            "PartitionIndexes": "partition indexes",
        },
    ),
    "GetTable": _table_request(
        {"AuditContext": _AUDIT, "IncludeStatusDetails": Flag(), "AttributesToGet": _TABLE_ATTRIBUTES},
        refused=_GOVERNED,
        name="Name",
    ),
    "GetTables": _request(
        {
            "DatabaseName": _NAME,
            "Expression": Text(0, 2048),
            "AuditContext": _AUDIT,
            "IncludeStatusDetails": Flag(),
            "AttributesToGet": _TABLE_ATTRIBUTES,
            "ResourceShareType": _SHARED,
        },
        "DatabaseName",
        refused=_GOVERNED,
        paged=_PAGE,
    ),
    "UpdateTable": _request(
        {
            "DatabaseName": _NAME,
            "Name": _NAME,
            "TableInput": _TABLE,
            "SkipArchive": Flag(),
            "VersionId": _VERSION,
            "Force": Flag(),
        },
        "DatabaseName",
        refused={
            **_CHANGE,
            "ViewUpdateAction": "a view of several dialects",
            "UpdateOpenTableFormatInput": "an Iceberg table",
        },
    ),
    "DeleteTable": _table_request({}, refused=_CHANGE, name="Name"),
    "BatchDeleteTable": _request(
        {"DatabaseName": _NAME, "TablesToDelete": Listed(_NAME, 0, 100)},
        "DatabaseName",
        "TablesToDelete",
        refused=_CHANGE,
    ),
    "GetTableVersion": _table_request({"VersionId": _VERSION, "AuditContext": _AUDIT}),
    "GetTableVersions": _table_request({"AuditContext": _AUDIT}, paged=_PAGE),
    "DeleteTableVersion": _table_request({"VersionId": _VERSION}, "VersionId"),
    "BatchDeleteTableVersion": _table_request({"VersionIds": Listed(_VERSION, 0, 100)}, "VersionIds"),
    "CreatePartition": _table_request({"PartitionInput": _PARTITION}, "PartitionInput"),
    "BatchCreatePartition": _table_request({"PartitionInputList": Listed(_PARTITION, 0, 100)}, "PartitionInputList"),
    "GetPartition": _table_request({"PartitionValues": _VALUES, "AuditContext": _AUDIT}, "PartitionValues"),
    "BatchGetPartition": _table_request(
        {"PartitionsToGet": Listed(_KEY, 0, 1000), "AuditContext": _AUDIT}, "PartitionsToGet"
    ),
    "GetPartitions": _table_request(
        {
            "Expression": Text(0, 2048, lines=True),
            "Segment": Record(
                {"SegmentNumber": Number(0), "TotalSegments": Number(1, 10)},
                required=("SegmentNumber", "TotalSegments"),
            ),
            "ExcludeColumnSchema": Flag(),
            "AuditContext": _AUDIT,
        },
        refused=_GOVERNED,
        paged=_BIG_PAGE,
    ),
    "UpdatePartition": _table_request(
        {"PartitionValueList": _BOUNDED_VALUES, "PartitionInput": _PARTITION}, "PartitionValueList", "PartitionInput"
    ),
    "BatchUpdatePartition": _table_request(
        {
            "Entries": Listed(
                Record(
                    {"PartitionValueList": _BOUNDED_VALUES, "PartitionInput": _PARTITION},
                    required=("PartitionValueList", "PartitionInput"),
                ),
                1,
                100,
            )
        },
        "Entries",
    ),
    "DeletePartition": _table_request({"PartitionValues": _VALUES}, "PartitionValues"),
    "BatchDeletePartition": _table_request({"PartitionsToDelete": Listed(_KEY, 0, 25)}, "PartitionsToDelete"),
    "CreateConnection": _request({"ConnectionInput": _CONNECTION}, "ConnectionInput", refused=_TAGS),
    "GetConnection": _request(
        {
            "Name": _NAME,
            "HidePassword": Flag(),
            "ApplyOverrideForComputeEnvironment": Text(choices=frozenset({"SPARK", "ATHENA", "PYTHON"})),
        },
        "Name",
    ),
    "GetConnections": _request(
        {
            "Filter": Record(
                {
                    "MatchCriteria": Listed(_NAME, 0, 10),
                    "ConnectionType": Text(choices=CONNECTION_TYPES),
                    "ConnectionSchemaVersion": Number(1, 2),
                }
            ),
            "HidePassword": Flag(),
        },
        paged=_BIG_PAGE,
    ),
    "UpdateConnection": _request({"Name": _NAME, "ConnectionInput": _CONNECTION}, "Name", "ConnectionInput"),
    "DeleteConnection": _request({"ConnectionName": _NAME}, "ConnectionName"),
    "BatchDeleteConnection": _request({"ConnectionNameList": Listed(_NAME, 0, 25)}, "ConnectionNameList"),
}
