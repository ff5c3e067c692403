"""Each transform against hand-written DataFrame code that gives the same rows.

    python benchmarks/dynamicframe.py [--rows 5000000] [--rounds 3] [--only NAME ...]

Both sides read the same Parquet and write to Spark's `noop` sink; rows and schema are compared once before timing.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from glue_session import arguments, chosen, glue_session, no_result
from measure import Ratio, interleave, report
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

BOUND = 1.10


def make_data(spark: SparkSession, folder: Path, rows: int) -> None:
    """Flat and nested columns, a choice's two alternatives as text and number."""
    key = f.col("id")
    spark.range(rows).select(
        key,
        (key % 1000).cast("int").alias("small"),
        (key * 0.37).alias("amount"),
        f.concat(f.lit("name-"), (key % 5000).cast("string")).alias("name"),
        f.when(key % 50 == 0, f.lit("n/a")).otherwise((key % 300).cast("string")).alias("text"),
        f.struct((key % 7).cast("int").alias("x"), f.concat(f.lit("y"), key % 9).alias("y")).alias("s"),
        f.transform(
            f.sequence(f.lit(1), (key % 3).cast("int") + 1), lambda i: f.struct(i.alias("p"), (key + i).alias("q"))
        ).alias("items"),
        f.format_string('{"city": "c%d", "zip": %d, "tags": ["t%d"]}', key % 90, key % 70000, key % 4).alias("json"),
        f.format_string('%d|"n|%d"|x', key % 1000, key % 30).alias("csv"),
        f.struct(
            f.struct(f.format_string("s%d", key % 100).alias("S")).alias("name"),
            f.struct(f.struct(f.struct((key % 9).cast("string").alias("N")).alias("n")).alias("M")).alias("map"),
            f.struct(f.array(f.struct(f.lit("a").alias("S")), f.struct(f.lit("b").alias("S"))).alias("L")).alias(
                "list"
            ),
        ).alias("Item"),
    ).write.mode("overwrite").parquet(str(folder))


def cases(spark: SparkSession, glue: Any, folder: Path) -> dict[str, tuple[Callable[[], Any], Callable[[], Any]]]:
    """Name -> (ours, by hand); each gives a DataFrame or several."""
    from awsglue import transforms as t
    from awsglue.dynamicframe import DynamicFrame
    from awsglue.gluetypes import Field, LongType, StringType, StructType

    def plain() -> DataFrame:
        return spark.read.parquet(str(folder)).drop("json", "csv", "Item")

    def boxed(*columns: str) -> DataFrame:
        return spark.read.parquet(str(folder)).select(*columns)

    def ours() -> Any:
        return DynamicFrame.fromDF(plain(), glue, "data")

    def mixed() -> Any:
        numbers = t.ApplyMapping.apply(ours(), [("id", "long", "id", "long"), ("small", "int", "v", "int")])
        return numbers.union(
            t.ApplyMapping.apply(ours(), [("id", "long", "id", "long"), ("name", "string", "v", "string")])
        )

    def mixed_by_hand() -> DataFrame:
        numbers = plain().select(
            "id", f.struct(f.col("small").alias("int"), f.lit(None).cast("string").alias("string")).alias("v")
        )
        return numbers.union(
            plain().select(
                "id", f.struct(f.lit(None).cast("int").alias("int"), f.col("name").alias("string")).alias("v")
            )
        )

    def keyed() -> DataFrame:
        return plain().withColumn("k", f.monotonically_increasing_id() + 1)

    def relationalized() -> list[DataFrame]:
        tables = ours().relationalize("root", "unused")
        return [tables[name].toDF() for name in sorted(tables.keys())]

    def relationalized_by_hand() -> list[DataFrame]:
        flat = ["id", "small", "amount", "name", "text", f.col("s.x").alias("s.x"), f.col("s.y").alias("s.y")]
        root = keyed().select(*flat, f.when(f.col("items").isNotNull(), f.col("k")).alias("items"))
        child = keyed().select("k", f.posexplode("items").alias("index", "e"))
        return [
            root,
            child.select(
                f.col("k").alias("id"), "index", f.col("e.p").alias("items.val.p"), f.col("e.q").alias("items.val.q")
            ),
        ]

    def jsons() -> DataFrame:
        return boxed("id", "json")

    def inferred() -> Any:
        """What plain Spark finds in the texts, by a pass of its own."""
        return spark.read.json(jsons().rdd.map(lambda row: row.json)).schema

    def csvs() -> DataFrame:
        return boxed("id", "csv")

    def counted() -> str:
        """The columns of the widest text, found by a pass of its own."""
        widest: Any = csvs().agg(f.max(f.size(f.split("csv", "[|]")))).first()
        # Each text has one separator within quotes.
        return ", ".join(f"col{at} string" for at in range(widest[0] - 1))

    csv_schema = StructType([Field(name, StringType()) for name in ("a", "b", "c")])
    json_schema = json.dumps(
        {
            "dataType": "struct",
            "fields": [
                {"name": "city", "container": {"dataType": "string"}},
                {"name": "tags", "container": {"dataType": "array", "elementType": {"dataType": "string"}}},
                {"name": "zip", "container": {"dataType": "long"}},
            ],
        }
    )
    small = "id % 10 = 0"
    return {
        "fromDF and toDF": (lambda: ours().toDF(), plain),
        "ApplyMapping": (
            lambda: t.ApplyMapping.apply(
                ours(),
                [
                    ("id", "long", "key", "string"),
                    ("amount", "double", "amount", "int"),
                    ("text", "string", "number", "int"),
                    ("s.x", "int", "in.x", "long"),
                    ("s.y", "string", "in.y", "string"),
                ],
            ).toDF(),
            lambda: plain().selectExpr(
                "cast(id as string) key",
                "try_cast(amount as int) amount",
                "try_cast(text as int) number",
                "named_struct('x', cast(s.x as long), 'y', s.y) `in`",
            ),
        ),
        "SelectFields": (
            lambda: t.SelectFields.apply(ours(), ["id", "name", "s.y"]).toDF(),
            lambda: plain().select("id", "name", f.struct("s.y").alias("s")),
        ),
        "DropFields": (
            lambda: t.DropFields.apply(ours(), ["amount", "s.x", "items.q"]).toDF(),
            lambda: (
                plain()
                .drop("amount")
                .withColumn("s", f.col("s").dropFields("x"))
                .withColumn("items", f.transform("items", lambda e: e.dropFields("q")))
            ),
        ),
        "RenameField": (
            lambda: t.RenameField.apply(ours(), "s.x", "s.z").toDF(),
            lambda: plain().withColumn("s", f.struct(f.col("s.x").alias("z"), f.col("s.y").alias("y"))),
        ),
        "DropNullFields": (lambda: t.DropNullFields.apply(ours()).toDF(), plain),
        "UnnestFrame": (
            lambda: t.UnnestFrame.apply(ours()).toDF(),
            lambda: plain().selectExpr(
                "id",
                "small",
                "amount",
                "name",
                "text",
                "s.x as `s.x`",
                "s.y as `s.y`",
                "transform(items, e -> named_struct('items.val.p', e.p, 'items.val.q', e.q)) items",
            ),
        ),
        "Unbox json, typed by the texts": (
            lambda: DynamicFrame.fromDF(jsons(), glue, "data").unbox("json", "json").toDF(),
            lambda: jsons().withColumn("json", f.from_json("json", inferred())),
        ),
        "Unbox json, typed by a schema": (
            lambda: DynamicFrame.fromDF(jsons(), glue, "data").unbox("json", "json", withSchema=json_schema).toDF(),
            lambda: jsons().withColumn("json", f.from_json("json", "city string, tags array<string>, zip long")),
        ),
        "Unbox csv, as wide as the texts": (
            lambda: DynamicFrame.fromDF(csvs(), glue, "data").unbox("csv", "csv", separator="|").toDF(),
            lambda: csvs().withColumn("csv", f.from_csv("csv", counted(), {"sep": "|"})),
        ),
        "Unbox csv, typed by a schema": (
            lambda: (
                DynamicFrame.fromDF(csvs(), glue, "data")
                .unbox("csv", "csv", separator="|", withSchema=json.dumps(csv_schema.jsonValue()))
                .toDF()
            ),
            lambda: csvs().withColumn("csv", f.from_csv("csv", "a string, b string, c string", {"sep": "|"})),
        ),
        "mergeDynamicFrame": (
            lambda: (
                DynamicFrame.fromDF(plain().select("id", "name"), glue, "a")
                .mergeDynamicFrame(DynamicFrame.fromDF(plain().where(small).select("id", "amount"), glue, "b"), ["id"])
                .toDF()
            ),
            lambda: (
                plain()
                .select("id", "name")
                .join(plain().where(small).select("id"), "id", "left_anti")
                .unionByName(plain().where(small).select("id", "amount"), allowMissingColumns=True)
            ),
        ),
        "simplify_ddb_json": (
            lambda: DynamicFrame.fromDF(boxed("Item"), glue, "a").simplify_ddb_json().toDF(),
            lambda: boxed("Item").selectExpr(
                "Item.name.S name", "named_struct('n', Item.map.M.n.N) map", "transform(Item.list.L, e -> e.S) list"
            ),
        ),
        "unnest_ddb_json": (
            lambda: DynamicFrame.fromDF(boxed("Item"), glue, "a").unnest_ddb_json().toDF(),
            lambda: boxed("Item").selectExpr("Item.name.S name", "Item.map.M.n.N `map.n`", "Item.list.L list"),
        ),
        "with_frame_schema": (
            lambda: (
                DynamicFrame.fromDF(plain().select("id", "small"), glue, "a")
                .with_frame_schema(StructType([Field("id", LongType()), Field("small", StringType())]))
                .toDF()
            ),
            lambda: plain().selectExpr("id", "cast(small as string) small"),
        ),
        "Spigot": (
            lambda: ours().spigot(f"{folder}-ours", {"topk": 100}).toDF(),
            lambda: sampled(plain(), f"{folder}-hand"),
        ),
        "SplitFields": (
            lambda: [frame.toDF() for frame in t.SplitFields.apply(ours(), ["id", "name"]).values()],
            lambda: [plain().select("id", "name"), plain().drop("id", "name")],
        ),
        "SplitRows": (
            lambda: [frame.toDF() for frame in t.SplitRows.apply(ours(), {"small": {">": 500}}).values()],
            lambda: [plain().where("small > 500"), plain().where("small <= 500")],
        ),
        "Join": (
            lambda: t.Join.apply(
                t.SelectFields.apply(ours(), ["id", "name"]),
                DynamicFrame.fromDF(plain().where(small).select("id", "amount"), glue, "b"),
                ["id"],
                ["id"],
            ).toDF(),
            lambda: (
                plain()
                .select("id", "name")
                .join(plain().where(small).select(f.col("id").alias(".id"), "amount"), f.col("id") == f.col("`.id`"))
            ),
        ),
        "union": (
            lambda: ours().select_fields(["id", "name"]).union(ours().select_fields(["id", "name"])).toDF(),
            lambda: plain().select("id", "name").union(plain().select("id", "name")),
        ),
        "ResolveChoice make_cols": (
            lambda: t.ResolveChoice.apply(mixed(), choice="make_cols").toDF(),
            lambda: mixed_by_hand().select("id", f.col("v.int").alias("v_int"), f.col("v.string").alias("v_string")),
        ),
        "ResolveChoice cast": (
            lambda: t.ResolveChoice.apply(mixed(), specs=[("v", "cast:string")]).toDF(),
            lambda: mixed_by_hand().selectExpr("id", "coalesce(cast(v.int as string), v.string) v"),
        ),
        "ResolveChoice project": (
            lambda: t.ResolveChoice.apply(mixed(), specs=[("v", "project:int")]).toDF(),
            lambda: mixed_by_hand().selectExpr("id", "v.int v"),
        ),
        "ResolveChoice make_struct": (
            lambda: t.ResolveChoice.apply(mixed(), choice="make_struct").toDF(),
            mixed_by_hand,
        ),
        "Relationalize": (relationalized, relationalized_by_hand),
        "Repartition": (lambda: ours().repartition(4).toDF(), lambda: plain().repartition(4)),
        "Coalesce": (lambda: ours().coalesce(1).toDF(), lambda: plain().coalesce(1)),
        "count": (lambda: ours().count(), lambda: plain().count()),
    }


def sampled(df: DataFrame, folder: str) -> DataFrame:
    """The frame, its first hundred records written as JSON lines."""
    df.limit(100).write.mode("append").json(folder)
    return df


def run(result: Any) -> None:
    """Evaluate whatever a side gave."""
    for df in result if isinstance(result, list) else [result]:
        if isinstance(df, DataFrame):
            no_result(df)


def check(name: str, ours: Any, by_hand: Any) -> None:
    """Both sides give the same columns and as many rows, with the same contents by hash."""
    left = ours if isinstance(ours, list) else [ours]
    right = by_hand if isinstance(by_hand, list) else [by_hand]
    for one, other in zip(left, right, strict=True):
        if not isinstance(one, DataFrame):
            assert one == other, name
            continue
        assert one.columns == other.columns, (name, one.columns, other.columns)
        quoted = [f"`{column}`" for column in one.columns if not column.endswith(("items", "json")) or "val" in column]
        sums = [df.select(f.count("*"), f.sum(f.hash(*quoted).cast("long"))).first() for df in (one, other)]
        assert sums[0] == sums[1], (name, sums)


def main() -> None:
    options = arguments(__doc__)
    ratios = []
    with glue_session() as (spark, glue, data):
        make_data(spark, data, options.rows)
        for name, (ours, by_hand) in chosen(cases(spark, glue, data), options.only).items():
            check(name, ours(), by_hand())
            sides = {"engine": lambda ours=ours: run(ours()), "by hand": lambda by_hand=by_hand: run(by_hand())}
            ratios.append(Ratio(name, interleave(sides, options.rounds), BOUND))
            print(f"{name}: {ratios[-1].ratio:.2f}", flush=True)
    report("dynamicframe", ratios, rows=options.rows, rounds=options.rounds)


if __name__ == "__main__":
    main()
