"""Names with dots, spaces, back-ticks, brackets and any letter of Unicode go through every transform."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession
from pyspark.sql import functions as f

from glue_etl.engine.frame import fields, join, mapping, relationalize, resolve, split, unnest
from glue_etl.engine.frame.core import Plan
from glue_etl.engine.types import paths
from glue_etl.engine.types import tree as g
from glue_etl.engine.types.spark import to_spark

ODD = [
    "a.b",
    "provider id",
    "`",
    "a`b",
    "[id]",
    "x[]",
    "(n)",
    "größe",
    "名前",
    "`a.b`",
    "a..b",
    ".zip",
    "a,b;{}()\n\t=",
    " ",
]
NAMES = st.sampled_from(ODD) | st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=8
)
# Spark tells names apart without regard to case unless it is told otherwise.
DISTINCT = st.lists(NAMES, min_size=4, max_size=4, unique_by=lambda name: name.upper().lower())
q = paths.quote


def same_everywhere(plan: Plan, names: list[str]) -> None:
    """The DataFrame has the tree's layout, and a query over it is planned without an error."""
    assert plan.df.schema.simpleString() == to_spark(plan.type).simpleString()
    assert plan.df.columns == plan.type.names == names


def records(spark: SparkSession, one: str, two: str, three: str, four: str) -> Plan:
    """A number, a struct with one field, an array of structs with one, and a choice."""
    inner = g.StructType.of([(four, g.INT)])
    kind = g.StructType.of(
        [(one, g.INT), (two, inner), (three, g.ArrayType(inner)), (four, g.ChoiceType((g.INT, g.STRING)))]
    )
    value = f.struct(f.lit(5).alias(four))
    choice = f.struct(f.lit(None).cast("int").alias("int"), f.lit("6").alias("string"))
    columns = [f.lit(1).alias(one), value.alias(two), f.array(value, value).alias(three), choice.alias(four)]
    return Plan(spark.range(1).select(*columns), kind)


@given(DISTINCT)
@example(["a.b", "x[]", "`", "größe"])
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_transform_keeps_odd_names(spark: SparkSession, names: list[str]) -> None:
    one, two, three, four = names
    plan = records(spark, *names)
    same_everywhere(fields.select_fields(plan, [f"{q(two)}.{q(four)}", q(one)]), [one, two])
    same_everywhere(fields.drop_fields(plan, [f"{q(two)}.{q(four)}", q(four)]), [one, three])
    same_everywhere(fields.rename_field(plan, q(one), q(one + " new")), [one + " new", two, three, four])
    renamed = fields.rename_field(plan, f"{q(three)}[].{q(four)}", f"{q(three)}[].{q(one)}")
    assert renamed.type.get(three) == g.ArrayType(g.StructType.of([(one, g.INT)]))
    moved = fields.rename_field(plan, f"{q(two)}.{q(four)}", q(one + "_"))
    same_everywhere(moved, [one, three, four, one + "_"])
    mapped = mapping.apply_mapping(
        plan, [(f"{q(two)}.{q(four)}", "int", f"{q(one)}.{q(three)}", "string"), (q(four), "choice", q(two), "int")]
    )
    same_everywhere(mapped, [one, two])
    assert mapped.df.first() == ((("5",), 6))
    flat = unnest.unnest(plan)
    same_everywhere(flat, [one, f"{two}.{four}", three, four])
    same_everywhere(fields.select_fields(flat, [q(f"{two}.{four}")]), [f"{two}.{four}"])
    for action, want in {
        "make_cols": [one, two, three, f"{four}_int", f"{four}_string"],
        "make_struct": names,
        "cast:int": names,
        "project:string": names,
    }.items():
        same_everywhere(resolve.resolve_specs(plan, [(q(four), action)]), want)
    joined = join.join(plan, plan, [q(one)], [f"{q(two)}.{q(four)}"])
    same_everywhere(joined, [*names, *("." + name for name in names)])
    both = join.union(fields.select_fields(plan, [q(one)]), fields.rename_field(plan, q(one), q(three + "2")))
    same_everywhere(both, [one, three + "2", two, three, four])
    same_everywhere(split.split_rows(plan, [(f"{q(two)}.{q(four)}", ">", 1)], keep=True), names)
    tables = relationalize.relationalize(plan, "root")
    assert list(tables) == ["root", f"root_{three}"]
    same_everywhere(tables["root"], [one, f"{two}.{four}", three, four])
    same_everywhere(tables[f"root_{three}"], ["id", "index", f"{three}.val.{four}"])
    assert [tuple(row)[1:] for row in tables[f"root_{three}"].df.collect()] == [(0, 5), (1, 5)]


def test_odd_names_through_awsglue(glue_context: Any, lake: Any) -> None:
    """All odd names at once: to JSON and back, through a Python function, and out of `toDF` again."""
    from awsglue.dynamicframe import DynamicFrame
    from awsglue.transforms import ApplyMapping, DropFields, Map

    session: SparkSession = glue_context.spark_session
    df = session.range(1).select(*[f.lit(at).alias(name) for at, name in enumerate(ODD)])
    frame = DynamicFrame.fromDF(df, glue_context, "odd")
    frame = Map.apply(frame=frame, f=lambda record: {**record, "a.b": record["a.b"] + 100})
    frame = ApplyMapping.apply(frame=frame, mappings=[(q(name), "int", q(name), "long") for name in ODD])
    target = f"s3://{lake.name}/odd/"
    glue_context.write_dynamic_frame.from_options(frame, "s3", {"path": target}, "json")
    again = glue_context.create_dynamic_frame.from_options("s3", {"paths": [target]}, "json")
    assert sorted(again.toDF().columns) == sorted(ODD)
    row = again.toDF().first()
    assert row is not None
    assert row.asDict() == {**{name: at for at, name in enumerate(ODD)}, "a.b": 100}
    assert DropFields.apply(again, [q(name) for name in ODD[1:]]).toDF().columns == ["a.b"]
