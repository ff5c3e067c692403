"""`CREATE TABLE` in Hive's syntax, which Spark takes with Hive alone: `STORED AS`, `ROW FORMAT`, or nothing at all.

The parsed plan gets Spark's own data source instead; the table's files are the same. Sources: "CREATE HIVEFORMAT TABLE"
in the Spark SQL guide, "Using SerDes" in the Amazon Athena guide.
"""

from __future__ import annotations

from typing import Any

from glue_etl.engine.catalog.serde import SERDES, table_format
from glue_etl.engine.sql.entry import options_of
from glue_etl.engine.sql.scala import Scala
from glue_etl.errors import UnsupportedError

__all__ = ["PROVIDERS", "check_provider", "hive_plan"]

PROVIDERS = ("csv", "json", "orc", "parquet", "text")
"""Data sources of the tables that are kept in the Data Catalog."""

_CREATES = ("CreateTable", "CreateTableAsSelect", "ReplaceTable", "ReplaceTableAsSelect")
_TEXT = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
_BY_HIVES_WORD = {
    "avro": "org.apache.hadoop.hive.serde2.avro.AvroSerDe",
    "jsonfile": "org.openx.data.jsonserde.JsonSerDe",
    "orc": "org.apache.hadoop.hive.ql.io.orc.OrcSerde",
    "parquet": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
    "textfile": _TEXT,
}
_NULL = "serialization.null.format"


def check_provider(provider: str) -> None:
    """A table's data source must be one that the Data Catalog can keep.

    Raises:
        UnsupportedError: It is not.
    """
    if provider.lower() not in PROVIDERS:
        raise UnsupportedError(
            f"A table of the Data Catalog with the data source {provider!r} is not supported by the local engine.",
            available=PROVIDERS,
            hint="write the files by their path, or choose another data source",
        )


def hive_plan(plan: Any, session: Any, scala: Scala) -> Any | None:
    """The statement with Spark's own data source, if it makes a table by Hive's syntax; else None.

    Args:
        plan: What Spark's parser made of the statement.
        session: Spark's Java session.
        scala: The JVM.

    Raises:
        UnsupportedError: The table could not be read by Spark SQL again, or has a data source that is not kept.
    """
    if str(plan.getClass().getSimpleName()) not in _CREATES:
        return None
    spec = plan.tableSpec()
    provider = scala.get(spec.provider())
    serde = scala.get(spec.serde())
    if provider is not None and serde is None and str(provider).lower() != "hive":
        check_provider(str(provider))
        return None
    if serde is None and provider is None and not _hive_by_default(session):
        return None
    source, options = _source(serde, scala)
    literal = scala.singleton("org.apache.spark.sql.catalyst.expressions.Literal")
    pairs = [scala.java("scala.Tuple2")(key, literal.apply(value)) for key, value in options.items()]
    made = scala.copy(
        spec,
        provider=scala.option(source),
        serde=scala.option(None),
        optionExpression=scala.java("org.apache.spark.sql.catalyst.plans.logical.OptionList")(scala.seq(pairs)),
    )
    return scala.copy(plan, tableSpec=made)


def _hive_by_default(session: Any) -> bool:
    key = "spark.sql.legacy.createHiveTableByDefault"
    return str(session.conf().get(key)).lower() == "true"


def _source(serde: Any, scala: Scala) -> tuple[str, dict[str, str]]:
    """Spark's data source and its options for what a statement says of a table's files."""
    library, word, properties = _TEXT, "", {}
    if serde is not None:
        word = str(scala.get(serde.storedAs()) or "")
        classes = scala.get(serde.formatClasses())
        library = str(scala.get(serde.serde()) or "") or _library(word, classes)
        properties = scala.pairs(serde.serdeProperties())
    if library == _TEXT:
        # What Hive does where a statement says nothing.
        properties.setdefault("field.delim", "\x01")
        properties.setdefault(_NULL, "\\N")
    table = {
        "DatabaseName": "",
        "Name": "of the statement",
        "StorageDescriptor": {"SerdeInfo": {"SerializationLibrary": library, "Parameters": properties}},
    }
    said = table_format(table)
    options = options_of(said)
    source = {"glueparquet": "parquet"}.get(said.format, said.format)
    if options is None or source not in PROVIDERS:
        raise UnsupportedError(
            f"CREATE TABLE ... {'STORED AS ' + word if word else f'ROW FORMAT SERDE {library!r}'} is not supported by "
            "the local engine: Spark has no data source for such files.",
            available=["STORED AS PARQUET", "STORED AS ORC", "STORED AS TEXTFILE", "USING csv", "USING json"],
            hint="make the table with `glue-etl table create`, and read it by glueContext or spark.table",
        )
    return source, options


def _library(word: str, classes: Any) -> str:
    if word:
        if word.lower() not in _BY_HIVES_WORD:
            raise UnsupportedError(
                f"CREATE TABLE ... STORED AS {word.upper()} is not supported by the local engine.",
                available=[each.upper() for each in _BY_HIVES_WORD],
            )
        return _BY_HIVES_WORD[word.lower()]
    if classes is None:
        return _TEXT
    reads = str(classes.input())
    found = next((name for name, each in SERDES.items() if each.input_format == reads), None)
    if found is None:
        raise UnsupportedError(
            f"CREATE TABLE ... STORED AS INPUTFORMAT {reads!r} is not supported by the local engine.",
            available=sorted({each.input_format for each in SERDES.values()}),
        )
    return found
