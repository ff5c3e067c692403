"""Relationalize: a nested frame as flat tables, one for the root and one per array.

Source: "Relationalize class" in the AWS Glue guide and the printed results of AWS's samples: structs are flattened to
dotted names; an array column holds a key (`long`) instead, and its elements are a table `<root>_<path>` with `id` (the
key), `index` (`int`, from 0) and `<path>.val` (or `<path>.val.<member>` for structs).
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as f

from glue_etl.engine.frame.conform import conform, top
from glue_etl.engine.frame.core import Plan
from glue_etl.engine.frame.unnest import flatten
from glue_etl.engine.types import tree as g
from glue_etl.errors import UnsupportedError

__all__ = ["KEYS_OF_A_RUN", "relationalize"]

KEYS_OF_A_RUN = 1 << 46
"""How far apart the first keys of two runs must be: Spark's row numbers of 8192 partitions are below it."""

_Leaf = tuple[str, Column, g.GlueType]
_KEY = "\0key"
_POSITION = "\0position"
_ELEMENT = "\0element"
# Operators whose output order may differ from one evaluation to the next, so that row numbers would not agree between
# the root table and its children.
_UNSTABLE = (
    "Aggregate",
    "CoGroup",
    "Deduplicate",
    "Distinct",
    "FlatMapGroups",
    "GlobalLimit",
    "Join",
    "MapInArrow",
    "MapInPandas",
    "MapPartitions",
    "Repartition",
    "RebalancePartitions",
    "Sample",
    "Sort",
    "Window",
    "LogicalRDD",
    "Offset",
)


def relationalize(plan: Plan, root: str, start: int = 0) -> dict[str, Plan]:
    """All tables of a frame.

    Args:
        plan: The records.
        root: The root table's name.
        start: Keys are above it: a job with bookmarks goes on where its last run ended.

    Returns:
        Tables by name, the root first. Keys are unique within one array's table; an array that is null has no key.
        Where the rows may come in another order each time they are evaluated, the first use of a table keeps them
        (in memory, then on disk) for the others, until the last of the tables is out of use.

    Raises:
        UnsupportedError: An unresolved choice with both an array and a map among its alternatives.
    """
    if any(_array(leaf) for leaf in flatten(plan.type)) and _unstable(plan.df):
        plan = Plan(plan.df.localCheckpoint(eager=False), plan.type)
    tables: dict[str, Plan] = {}
    _table(plan, root, root, tables, start)
    return tables


def _table(plan: Plan, root: str, name: str, tables: dict[str, Plan], start: int) -> None:
    leaves = list(flatten(plan.type))
    arrays = [array for leaf in leaves if (array := _array(leaf)) is not None]
    base = _keyed(plan.df, start) if arrays else plan.df
    roots = [_root(leaf) for leaf in leaves]
    columns = [column.alias(path) for path, column, _ in roots]
    tables[name] = Plan(base.select(*columns), g.StructType.of((path, kind) for path, _, kind in roots))
    for path, column, kind in arrays:
        child = _child(base, path, column, kind)
        _table(child, root, f"{root}_{path}", tables, start)


def _is_pivoted(kind: g.GlueType) -> bool:
    return isinstance(kind, (g.ArrayType, g.SetType, g.MapType))


def _array(leaf: _Leaf) -> _Leaf | None:
    """The array or map that a leaf is, or may be."""
    path, column, kind = leaf
    if _is_pivoted(kind):
        return leaf
    if not isinstance(kind, g.ChoiceType):
        return None
    found = [choice for choice in kind.choices if _is_pivoted(choice)]
    if len(found) > 1:
        raise UnsupportedError.of(
            f"Relationalize of the choice {path!r} between an array and a map", "resolve it with ResolveChoice first"
        )
    return (path, column.getField(found[0].name), found[0]) if found else None


def _root(leaf: _Leaf) -> _Leaf:
    """A leaf with the key of its elements in an array's place."""
    path, column, kind = leaf
    array = _array(leaf)
    if array is None:
        return leaf
    key = f.when(array[1].isNotNull(), top(_KEY))
    if not isinstance(kind, g.ChoiceType):
        return path, key, g.LONG
    parts: list[tuple[Column, g.GlueType]] = [
        (key, g.LONG) if choice == array[2] else (column.getField(choice.name), choice) for choice in kind.choices
    ]
    merged = g.merge_all(part_kind for _, part_kind in parts)
    return path, f.coalesce(*[conform(part, part_kind, merged) for part, part_kind in parts]), merged


def _child(base: DataFrame, path: str, column: Column, kind: g.GlueType) -> Plan:
    """The elements of one array: id, index, then the value, a struct's members with the path of `val` before them."""
    value: g.GlueType
    if isinstance(kind, g.MapType):
        entries = f.map_entries(column)
        rows = base.select(top(_KEY), f.posexplode(entries).alias(_POSITION, _ELEMENT))
        element = top(_ELEMENT)
        values: list[_Leaf] = [
            (f"{path}.key", element.getField("key"), g.STRING),
            (f"{path}.val", element.getField("value"), kind.value),
        ]
    else:
        value = kind.element if isinstance(kind, (g.ArrayType, g.SetType)) else g.UNKNOWN
        rows = base.select(top(_KEY), f.posexplode(column).alias(_POSITION, _ELEMENT))
        values = [(f"{path}.val", top(_ELEMENT), value)]
    columns = [top(_KEY).alias("id"), top(_POSITION).alias("index")]
    fields: list[tuple[str, g.GlueType]] = [("id", g.LONG), ("index", g.INT)]
    for name, part, part_kind in values:
        columns.append(part.alias(name))
        fields.append((name, part_kind))
    return Plan(rows.select(*columns), g.StructType.of(fields))


def _keyed(df: DataFrame, start: int) -> DataFrame:
    """The rows with a number each, the same whenever it is evaluated."""
    return df.withColumn(_KEY, f.monotonically_increasing_id() + f.lit(start + 1).cast("long"))


def _unstable(df: DataFrame) -> bool:
    text = df._jdf.queryExecution().optimizedPlan().toString()
    return any(line.strip(" :+-").startswith(_UNSTABLE) for line in text.splitlines())
