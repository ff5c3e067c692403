"""Map, Filter and error records against the same Python function in an RDD, and in mapInPandas.

    python benchmarks/python_functions.py [--rows 5000000] [--rounds 3] [--only NAME ...]

The function takes and gives a dict, as a script's function for a DynamicFrame does; the RDD is what Spark offers for
that, mapInPandas the quicker way of one who knows it. All sides read the same Parquet and write to Spark's `noop` sink;
rows are compared once before timing. Only the engine has to find the schema of what the function gives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from glue_session import arguments, chosen, glue_session, no_result
from measure import Ratio, interleave, report
from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

BOUND = 1.10
MAPPED = "id long, small int, amount double, name string, text string, at timestamp, total double"
REJECTED = "msg string, id long, small int, amount double, name string, text string, at timestamp"


def make_data(spark: SparkSession, folder: Path, rows: int) -> None:
    key = f.col("id")
    spark.range(rows).select(
        key,
        (key % 1000).cast("int").alias("small"),
        (key * 0.37).alias("amount"),
        f.concat(f.lit("name-"), (key % 5000).cast("string")).alias("name"),
        f.when(key % 50 != 0, (key % 300).cast("string")).alias("text"),
        f.timestamp_seconds(key + 1_500_000_000).alias("at"),
    ).write.mode("overwrite").parquet(str(folder))


def wanted(record: dict[str, Any]) -> bool:
    return record["small"] > 500 and record["name"] != "name-777"


def totalled(record: dict[str, Any]) -> dict[str, Any]:
    record["total"] = record["amount"] * 1.2 + record["small"]
    record["name"] = record["name"].upper()
    return record


def strict(record: dict[str, Any]) -> dict[str, Any]:
    if record["small"] % 100 == 7:
        raise Exception("seven in " + record["name"])
    return totalled(record)


def cases(
    spark: SparkSession, glue: Any, folder: Path
) -> dict[str, tuple[Callable[[], DataFrame], Callable[[], DataFrame], Callable[[], DataFrame] | None]]:
    """Name -> (engine, RDD, mapInPandas)."""
    from awsglue import transforms as t
    from awsglue.dynamicframe import DynamicFrame

    def plain() -> DataFrame:
        return spark.read.parquet(str(folder))

    def ours() -> Any:
        return DynamicFrame.fromDF(plain(), glue, "data")

    def in_pandas(function: Callable[[list[dict[str, Any]]], list[dict[str, Any]]], schema: Any) -> DataFrame:
        def batches(frames: Iterator[Any]) -> Iterator[Any]:
            import pandas as pd

            for frame in frames:
                yield pd.DataFrame(function(frame.to_dict("records")))

        return plain().mapInPandas(batches, schema)

    return {
        "Filter": (
            lambda: t.Filter.apply(ours(), wanted).toDF(),
            lambda: plain().rdd.filter(lambda row: wanted(row.asDict(True))).toDF(plain().schema),
            lambda: in_pandas(lambda records: [r for r in records if wanted(r)], plain().schema),
        ),
        "Map": (
            lambda: t.Map.apply(ours(), totalled).toDF(),
            lambda: plain().rdd.map(lambda row: totalled(row.asDict(True))).toDF(MAPPED),
            lambda: in_pandas(lambda records: [totalled(r) for r in records], MAPPED),
        ),
        "Map with 1% error records": (lambda: with_errors(t, ours()), lambda: with_errors_by_hand(plain()), None),
    }


def with_errors(transforms: Any, frame: Any) -> DataFrame:
    """The good rows written, the errors counted."""
    mapped = transforms.Map.apply(frame, strict)
    rows: DataFrame = mapped.toDF()
    no_result(rows)
    assert mapped.errorsCount() > 0
    return rows


def with_errors_by_hand(df: DataFrame) -> DataFrame:
    """The same with an RDD of either kind, kept so that the function is evaluated once."""

    def either(row: Any) -> tuple[dict[str, Any], str | None]:
        record = row.asDict(True)
        try:
            return strict(record), None
        except Exception as error:
            return record, str(error)

    both = df.rdd.map(either).persist(StorageLevel.MEMORY_AND_DISK)
    rows = both.filter(lambda pair: pair[1] is None).map(lambda pair: pair[0]).toDF(MAPPED)
    no_result(rows)
    rejected = both.filter(lambda pair: pair[1] is not None).map(lambda pair: {"msg": pair[1], **pair[0]})
    assert rejected.toDF(REJECTED).count() > 0
    return rows


def check(name: str, sides: list[DataFrame]) -> None:
    sums = []
    for df in sides:
        assert df.columns == sides[0].columns, name
        sums.append(df.select(f.count("*"), f.sum(f.hash(*sides[0].columns).cast("long"))).first())
    assert len(set(sums)) == 1, (name, sums)


def main() -> None:
    options = arguments(__doc__)
    ratios = []
    with glue_session() as (spark, glue, data):
        make_data(spark, data, options.rows)
        for name, (engine, rdd, pandas) in chosen(cases(spark, glue, data), options.only).items():
            made = {"engine": engine, "RDD": rdd, **({"mapInPandas": pandas} if pandas else {})}
            check(name, [make() for make in made.values()])
            # The error case writes its rows itself, before it counts.
            once = {
                side: (make if "error" in name else lambda make=make: no_result(make())) for side, make in made.items()
            }
            ratios.append(Ratio(name, interleave(once, options.rounds, warm_up=0), BOUND))
            print(f"{name}: {ratios[-1].medians}", flush=True)
    report("python_functions", ratios, rows=options.rows, rounds=options.rounds)


if __name__ == "__main__":
    main()
