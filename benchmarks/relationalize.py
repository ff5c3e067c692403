"""Relationalize of records with three levels of arrays, against explodes written by hand that give the same tables.

    python benchmarks/relationalize.py [--rows 1000000] [--rounds 3] [--only NAME ...]

A record is an order with a struct, an array of lines, in each line an array of parts, in each part an array of codes:
four tables. Both sides read the same Parquet and write every table to Spark's `noop` sink; the tables are compared
once, keys included, before timing. By hand a key is `monotonically_increasing_id() + 1`, as a script would write it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from glue_session import arguments, chosen, glue_session, no_result
from measure import Ratio, interleave, report
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as f

BOUND = 1.20
ROWS = 1_000_000


def make_data(spark: SparkSession, folder: Path, rows: int) -> None:
    """Two lines an order, up to three parts a line, up to two codes a part; some arrays null, some empty."""
    key = f.col("id")

    def some(count: Column, make: Callable[[Column], Column]) -> Column:
        numbers = f.sequence(f.lit(1), f.greatest(count, f.lit(1)).cast("int"))
        return f.transform(f.when(count > 0, numbers).otherwise(f.array().cast("array<int>")), make)

    def part(number: Column) -> Column:
        codes = some((key + number) % 3, lambda code: f.concat(f.lit("c"), (code + key % 50).cast("string")))
        return f.struct(
            f.concat(f.lit("sku-"), (key % 9973).cast("string")).alias("sku"),
            number.alias("quantity"),
            codes.alias("codes"),
        )

    def line(number: Column) -> Column:
        return f.struct(
            (key * 10 + number).alias("line"),
            ((key % 1000) * 0.25).alias("price"),
            f.when(key % 20 > 0, some((key + number) % 4, part)).alias("parts"),
        )

    spark.range(rows).select(
        key,
        f.concat(f.lit("customer-"), (key % 5000).cast("string")).alias("customer"),
        f.struct((key % 7).cast("int").alias("zone"), f.concat(f.lit("s"), key % 97).alias("street")).alias("address"),
        f.when(key % 25 > 0, some(key % 4, line)).alias("lines"),
    ).write.mode("overwrite").parquet(str(folder))


def keyed(df: DataFrame) -> DataFrame:
    return df.withColumn("k", f.monotonically_increasing_id() + 1)


def by_hand(orders: DataFrame) -> list[DataFrame]:
    """The four tables, in the names and the order of Relationalize."""
    first = keyed(orders)
    root = first.select(
        "id",
        "customer",
        f.col("address.zone").alias("address.zone"),
        f.col("address.street").alias("address.street"),
        f.when(f.col("lines").isNotNull(), f.col("k")).alias("lines"),
    )
    second = keyed(first.select(f.col("k").alias("id"), f.posexplode("lines").alias("index", "e")))
    lines = second.select(
        "id",
        "index",
        f.col("e.line").alias("lines.val.line"),
        f.col("e.price").alias("lines.val.price"),
        f.when(f.col("e.parts").isNotNull(), f.col("k")).alias("lines.val.parts"),
    )
    third = keyed(second.select(f.col("k").alias("id"), f.posexplode("e.parts").alias("index", "e")))
    name = "lines.val.parts.val"
    parts = third.select(
        "id",
        "index",
        f.col("e.sku").alias(f"{name}.sku"),
        f.col("e.quantity").alias(f"{name}.quantity"),
        f.when(f.col("e.codes").isNotNull(), f.col("k")).alias(f"{name}.codes"),
    )
    codes = third.select(f.col("k").alias("id"), f.posexplode("e.codes").alias("index", f"{name}.codes.val"))
    return [root, lines, parts, codes]


def cases(spark: SparkSession, glue: Any, folder: Path) -> dict[str, tuple[Callable[[], Any], Callable[[], Any], Any]]:
    """Name -> (ours, by hand, bound); each side gives the tables."""
    from awsglue.dynamicframe import DynamicFrame

    names = ["root", "root_lines", "root_lines.val.parts", "root_lines.val.parts.val.codes"]

    def plain() -> DataFrame:
        return spark.read.parquet(str(folder))

    def ours(df: DataFrame) -> list[DataFrame]:
        tables = DynamicFrame.fromDF(df, glue, "orders").relationalize("root", "unused")
        assert sorted(tables.keys()) == names
        return [tables[name].toDF() for name in names]

    def shuffled() -> DataFrame:
        return plain().repartition(8, "customer")

    return {
        "three levels": (lambda: ours(plain()), lambda: by_hand(plain()), BOUND),
        # By hand too the rows have to be kept, or the keys of two tables need not agree.
        "three levels, after a shuffle": (
            lambda: ours(shuffled()),
            lambda: by_hand(shuffled().localCheckpoint(eager=False)),
            None,
        ),
    }


def check(name: str, left: list[DataFrame], right: list[DataFrame], *, keys: bool) -> int:
    """Both sides give the same tables, told by their hashes; gives the number of rows in all."""
    total = 0
    for one, other in zip(left, right, strict=True):
        assert one.schema.simpleString() == other.schema.simpleString(), (name, one.schema, other.schema)
        columns = [f"`{column}`" for column in one.columns if keys or ("." in column and not column.endswith("parts"))]
        sums = [
            df.select(f.count("*"), f.sum(f.hash(*(columns or [f.lit(1)])).cast("long"))).first() for df in (one, other)
        ]
        assert sums[0] == sums[1], (name, one.columns, sums)
        total += sums[0][0]
    return total


def run(tables: list[DataFrame]) -> None:
    for table in tables:
        no_result(table)


def main() -> None:
    options = arguments(__doc__, rows=ROWS)
    ratios = []
    with glue_session() as (spark, glue, data):
        make_data(spark, data, options.rows)
        for name, (ours, hand, bound) in chosen(cases(spark, glue, data), options.only).items():
            rows = check(name, ours(), hand(), keys=bound is not None)
            sides = {"engine": lambda ours=ours: run(ours()), "by hand": lambda hand=hand: run(hand())}
            ratios.append(Ratio(name, interleave(sides, options.rounds), bound, {"rows out": rows}))
            print(f"{name}: {ratios[-1].ratio:.2f}", flush=True)
    report("relationalize", ratios, rows=options.rows, rounds=options.rounds)


if __name__ == "__main__":
    main()
