"""Reading a PostgreSQL table in hash partitions, against Spark's own JDBC reader set up by hand.

    python benchmarks/jdbc.py [--rows 5000000] [--partitions 8] [--rounds 3]

The server is started here and has the table in its memory. All sides read every column into Spark's `noop` sink, in
one session, taking turns.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from awsglue.context import GlueContext
from measure import Ratio, interleave, report
from pyspark.sql import DataFrame, SparkSession

from glue_etl.engine.install import installed
from glue_etl.engine.session import create_session
from glue_etl.settings import load
from glue_etl.testing.postgresql import PostgreSql, missing, running_server

TABLE = """
CREATE TABLE trips AS SELECT
  n AS id, 'user-' || n % 100000 AS name, n % 265 AS zone, (n % 10000) / 100.0::float8 AS distance,
  ((n % 5000) / 100.0)::numeric(10,2) AS fare, TIMESTAMP '2024-01-01' + n * INTERVAL '7 seconds' AS at,
  n % 3 = 0 AS paid
  FROM generate_series(1::bigint, {rows}) n;
ANALYZE trips;
"""


def no_result(df: DataFrame) -> None:
    df.write.format("noop").mode("overwrite").save()


def by_glue(glue: GlueContext, server: PostgreSql, **options: object) -> DataFrame:
    given = server.options("bench", dbtable="trips", **options)
    return glue.create_dynamic_frame.from_options("postgresql", given).toDF()


def by_hand(spark: SparkSession, server: PostgreSql, predicates: list[str], **options: str) -> DataFrame:
    properties = {"user": server.user, "password": server.password, "driver": "org.postgresql.Driver", **options}
    return spark.read.jdbc(server.url("bench"), "trips", predicates=predicates, properties=properties)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--partitions", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    if reason := missing():
        raise SystemExit(reason)
    count = arguments.partitions
    cases = {
        "a number": ("id", [f"MOD(id, {count}) = {at}" for at in range(count)]),
        "a text": ("name", [f"MOD(ABS(hashtext(name)::bigint), {count}) = {at}" for at in range(count)]),
    }
    ratios: list[Ratio] = []
    with tempfile.TemporaryDirectory(prefix="glue-etl-bench-") as work, running_server() as server:
        server.create_database("bench", TABLE.format(rows=arguments.rows))
        settings = load(state_dir=Path(work) / "state")
        spark = create_session(settings, "benchmark")
        with installed(settings):
            glue = GlueContext(spark.sparkContext)
            for name, (column, predicates) in cases.items():
                options = {"hashfield": column, "hashpartitions": str(count)}
                assert by_glue(glue, server, **options).count() == arguments.rows
                sides = {
                    "engine": lambda options=options: no_result(by_glue(glue, server, **options)),
                    "spark.read.jdbc": lambda predicates=predicates: no_result(
                        by_hand(spark, server, predicates, fetchsize="10000")
                    ),
                    "spark.read.jdbc, its defaults": lambda predicates=predicates: no_result(
                        by_hand(spark, server, predicates)
                    ),
                }
                times = interleave(sides, arguments.rounds)
                ratios.append(Ratio(f"{count} partitions by {name}", times, 1.05, {"rows": arguments.rows}))
        spark.stop()
    report("jdbc", ratios, rows=arguments.rows, partitions=count, rounds=arguments.rounds)


if __name__ == "__main__":
    main()
