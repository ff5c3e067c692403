"""What Spark's own exceptions become: the real ones, from a running session."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from glue_etl.engine.run_errors import describe

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SCRIPT = "jobs/daily.py"

FAILURES = {
    "a column that is not there": (
        "spark.range(3).select('nope')",
        ("AnalysisException", 1, "[UNRESOLVED_COLUMN.WITH_SUGGESTION]", "`nope`"),
    ),
    "bad SQL": ("spark.sql('selec 1')", ("ParseException", 1, "[PARSE_SYNTAX_ERROR]", "'selec'")),
    "a path that is not there": (
        "spark.read.csv('/nothing/here.csv')",
        ("AnalysisException", 1, "[PATH_NOT_FOUND]", "/nothing/here.csv"),
    ),
    "a Parquet file cut short": (
        "spark.read.schema('a int').parquet(folder + '/short.parquet').collect()",
        (None, 1, "short.parquet", "is not a Parquet file"),
    ),
    "a value that cannot be cast, while writing": (
        "spark.conf.set('spark.sql.ansi.enabled', 'true')\n"
        "spark.createDataFrame([('abc',)], 's string').selectExpr('cast(s as int) i')"
        ".write.mode('overwrite').parquet(folder + '/out')",
        ("SparkNumberFormatException", 2, "[CAST_INVALID_INPUT]", "'abc'"),
    ),
    "a user function of a DataFrame": (
        "from pyspark.sql import functions as F\n"
        "@F.udf('int')\n"
        "def boom(x):\n"
        "    raise ValueError(f'bad row {x}')\n"
        "spark.range(1).select(boom('id')).collect()",
        ("ValueError", 4, "ValueError: bad row 0", ""),
    ),
    "a user function of an RDD": (
        "def boom(x):\n    return 1 / x\n\nspark.sparkContext.parallelize([0], 1).map(boom).collect()",
        ("ZeroDivisionError", 2, "ZeroDivisionError: division by zero", ""),
    ),
}


@pytest.mark.parametrize(("source", "expected"), FAILURES.values(), ids=FAILURES)
def test_exceptions_of_spark(
    spark: SparkSession, tmp_path: Path, source: str, expected: tuple[str | None, int, str, str]
):
    (tmp_path / "short.parquet").write_bytes(b"PAR1abcdefghijk")
    before = spark.conf.get("spark.sql.ansi.enabled")
    namespace = {"__name__": "__main__", "spark": spark, "folder": str(tmp_path)}
    try:
        with pytest.raises(Exception) as raised:
            exec(compile(source, SCRIPT, "exec"), namespace)
    finally:
        spark.conf.set("spark.sql.ansi.enabled", str(before))
    told = describe(raised.value, SCRIPT)
    kind, line, first, second = expected
    assert kind in (None, told.type)
    assert told.line == line
    assert first in told.message
    assert second in told.message
    assert len(told.message.splitlines()) <= 2
    for noise in ("\tat ", "org.apache.spark", "py4j", "SQLSTATE", "Project ["):
        assert noise not in told.message
