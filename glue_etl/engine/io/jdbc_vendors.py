"""The databases AWS Glue reaches by JDBC: drivers, where they are found, and what differs in their SQL.

Source: "JDBC connections" and "Reading from JDBC tables in parallel" in the AWS Glue guide,
https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-connect-jdbc-home.html
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

__all__ = ["CONNECTION_TYPES", "VENDORS", "Vendor", "generic"]


@dataclass(frozen=True)
class Vendor:
    """One database product.

    Attributes:
        name: As AWS's connection types and `extract_jdbc_conf` name it.
        prefix: What its JDBC URLs begin with.
        form: A URL, for messages.
        drivers: Driver classes, the wished one first.
        jars: File name patterns of the JARs that hold them.
        package: How to get the driver, for messages.
        quotes: What stands before and behind a name.
        remainder: SQL of the remainder of `{value}` by `{count}`, of whole numbers.
        bucket: SQL of a whole number from 0 on for a `{value}` of any type; empty if the SQL is not known.
        limit: What keeps the first `{count}` rows of a query, placed behind it; empty if there is no such clause.
        schema: The schema of a table that is named without one; empty leaves it to the database.
        ssl: Connection properties of an encrypted connection whose host name is checked; None if they are not known.
        certificate: The connection property that takes a PEM file; empty if there is none.
        properties: Connection properties of a read, so that rows are fetched in portions.
        escapes: Whether a backslash within a text literal has to be doubled.
    """

    name: str
    prefix: str
    form: str
    drivers: tuple[str, ...]
    jars: tuple[str, ...]
    package: str
    quotes: tuple[str, str] = ('"', '"')
    remainder: str = "MOD({value}, {count})"
    bucket: str = ""
    limit: str = ""
    schema: str = ""
    ssl: dict[str, str] | None = None
    certificate: str = ""
    properties: dict[str, str] = field(default_factory=dict)
    escapes: bool = False

    def quoted(self, name: str) -> str:
        """A column's name as it stands in this database's SQL."""
        left, right = self.quotes
        return f"{left}{name.replace(right, right * 2)}{right}"


_POSTGRES_SSL = {"ssl": "true", "sslmode": "verify-full"}

VENDORS: dict[str, Vendor] = {
    "mysql": Vendor(
        name="mysql",
        prefix="jdbc:mysql:",
        form="jdbc:mysql://host:3306/database",
        drivers=("com.mysql.cj.jdbc.Driver", "com.mysql.jdbc.Driver", "org.mariadb.jdbc.Driver"),
        jars=("mysql-connector-j*.jar", "mariadb-java-client*.jar"),
        package="apt install libmariadb-java, or Connector/J from dev.mysql.com",
        quotes=("`", "`"),
        bucket="CRC32({value})",
        limit="LIMIT {count}",
        ssl={"useSSL": "true", "requireSSL": "true", "verifyServerCertificate": "true"},
        properties={"useCursorFetch": "true"},
        escapes=True,
    ),
    "oracle": Vendor(
        name="oracle",
        prefix="jdbc:oracle:",
        form="jdbc:oracle:thin://@host:1521/service",
        drivers=("oracle.jdbc.OracleDriver",),
        jars=("ojdbc*.jar",),
        package="ojdbc11.jar from oracle.com",
        bucket="ORA_HASH({value}, 2147483647)",
        limit="FETCH FIRST {count} ROWS ONLY",
    ),
    "postgresql": Vendor(
        name="postgresql",
        prefix="jdbc:postgresql:",
        form="jdbc:postgresql://host:5432/database",
        drivers=("org.postgresql.Driver",),
        jars=("postgresql*.jar",),
        package="apt install libpostgresql-jdbc-java, or the JAR from jdbc.postgresql.org",
        bucket="(hashtext({value}::text) & 2147483647)",
        limit="LIMIT {count}",
        schema="public",
        ssl=_POSTGRES_SSL,
        certificate="sslrootcert",
    ),
    "redshift": Vendor(
        name="redshift",
        prefix="jdbc:redshift:",
        form="jdbc:redshift://host:5439/database",
        drivers=("com.amazon.redshift.jdbc42.Driver", "com.amazon.redshift.jdbc.Driver"),
        jars=("redshift-jdbc*.jar", "RedshiftJDBC*.jar"),
        package="redshift-jdbc42.jar from the Amazon Redshift guide",
        limit="LIMIT {count}",
        schema="public",
        ssl=_POSTGRES_SSL,
        certificate="sslrootcert",
    ),
    "sqlserver": Vendor(
        name="sqlserver",
        prefix="jdbc:sqlserver:",
        form="jdbc:sqlserver://host:1433;databaseName=database",
        drivers=("com.microsoft.sqlserver.jdbc.SQLServerDriver",),
        jars=("mssql-jdbc*.jar",),
        package="mssql-jdbc.jar from Microsoft",
        quotes=("[", "]"),
        remainder="({value} % {count})",
        bucket="(CAST(CHECKSUM({value}) AS BIGINT) & 2147483647)",
        ssl={"encrypt": "true", "trustServerCertificate": "false"},
    ),
}
"""Databases whose drivers AWS Glue brings, by the name of their connection type."""

CONNECTION_TYPES = frozenset({*VENDORS, "custom.jdbc", "jdbc"})
"""Connection types that are read and written through JDBC here."""


def generic(name: str, driver: str) -> Vendor:
    """A database that is known by its driver alone, as `custom.jdbc` names it.

    Args:
        name: The word behind `jdbc:` in its URL.
        driver: The driver's class.
    """
    blank = Vendor(name, f"jdbc:{name}:", f"jdbc:{name}:...", (driver,), (), "its maker's JAR")
    known = VENDORS.get(name)
    return replace(known, drivers=(driver,)) if known else blank
