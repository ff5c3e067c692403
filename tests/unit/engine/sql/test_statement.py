"""Which tables and databases a statement names, by Spark's own parser: nothing is run."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from glue_etl.engine.compat import SPARK_MAJOR
from glue_etl.engine.sql.scala import Scala
from glue_etl.engine.sql.statement import Statement, name_parts, read_statement


@pytest.fixture(scope="module")
def read(spark: SparkSession) -> Any:
    java: Any = spark._jsparkSession
    scala = Scala(spark._jvm)

    def read(text: str) -> Statement:
        return read_statement(java.sessionState().sqlParser().parsePlan(text), scala)

    return read


def dotted(names: tuple[tuple[str, ...], ...]) -> list[str]:
    return sorted(".".join(name) for name in names)


NAMES = {
    "one table": ("select * from d.t", ["d.t"]),
    "a join with aliases": ("select * from d.t a join u b on a.x = b.x", ["d.t", "u"]),
    "a catalog": ("select * from spark_catalog.d.t", ["spark_catalog.d.t"]),
    "back-ticks": ("select * from `d`.`a-b`", ["d.a-b"]),
    "a subquery in from": ("select * from (select * from d.t) s", ["d.t"]),
    "a subquery in where": (
        "select * from t where x in (select y from u where exists (select 1 from v))",
        ["t", "u", "v"],
    ),
    "a scalar subquery": ("select (select max(x) from u) as m from t", ["t", "u"]),
    "a union": ("select 1 as x from a union all select 2 from b union select 3 from c", ["a", "b", "c"]),
    "a lateral join": ("select * from t, lateral (select * from u where u.x = t.x)", ["t", "u"]),
    "a common table is no table": ("with c as (select * from d.t) select * from c join u", ["d.t", "u"]),
    "one common table uses another": ("with a as (select * from t), b as (select * from a) select * from b", ["t"]),
    "a common table hides a table of its name": ("with t as (select * from t) select * from t", ["t"]),
    "a common table hides no qualified name": ("with t as (select 1) select * from t join d.t", ["d.t"]),
    "a common table in a subquery": (
        "select * from c where x in (with c as (select * from t) select x from c)",
        ["c", "t"],
    ),
    "a common table seen from a subquery": (
        "with c as (select * from t) select * from u where x in (select x from c)",
        ["t", "u"],
    ),
    "letter case of common tables": ("with C as (select * from t) select * from c", ["t"]),
    "a name in a text": ("select * from identifier('d.t')", ["d.t"]),
    "values and functions": ("select * from values (1), (2) v join range(3)", []),
    "nothing": ("select 1", []),
    "set": ("set spark.sql.ansi.enabled=true", []),
    "explain": ("explain select * from d.t", ["d.t"]),
    "describe": ("describe d.t", ["d.t"]),
    "describe query": ("describe query select * from t", ["t"]),
    "cache": ("cache table c as select * from t", ["t"]),
    "a temporary view": ("create temporary view v as select * from d.t", ["d.t"]),
    "show partitions": ("show partitions d.t", ["d.t"]),
    "insert": ("insert into d.t select * from u", ["d.t", "u"]),
    "insert with a common table": ("with c as (select * from u) insert overwrite t select * from c", ["t", "u"]),
    "create table like": ("create table d.n like d.o", ["d.n", "d.o"]),
}  # fmt: skip


@pytest.mark.parametrize(("text", "names"), NAMES.values(), ids=NAMES.keys())
def test_the_tables_a_statement_names(read: Any, text: str, names: list[str]) -> None:
    assert dotted(read(text).tables) == names


QUERIED = {
    "a query": ("select * from a join b", ["a", "b"]),
    "an insert reads its query only": ("insert into a select * from b", ["b"]),
    "an insert into what it reads": ("insert into a select * from a", ["a"]),
    "a view": ("create view v as select * from a", ["a"]),
    "partitions are not rows": ("show partitions a", []),
    "columns are not rows": ("describe a", []),
    "explain": ("explain select * from a", ["a"]),
}


@pytest.mark.parametrize(("text", "names"), QUERIED.values(), ids=QUERIED.keys())
def test_the_tables_whose_rows_a_statement_reads(read: Any, text: str, names: list[str]) -> None:
    assert dotted(read(text).queried) == names


TARGETS = {
    "select changes nothing": ("select * from t", []),
    "explain changes nothing": ("explain insert into t select 1", []),
    "insert into": ("insert into d.t select * from u", ["d.t"]),
    "insert overwrite a partition": ("insert overwrite t partition (y = 1) select 1", ["t"]),
    "insert with a common table": ("with c as (select 1) insert into t select * from c", ["t"]),
    "many inserts": ("from s insert into a select x insert into b select y", ["a", "b"]),
    "create table": ("create table d.t (a int) using parquet", ["d.t"]),
    "create external table": ("create external table t (a int) stored as orc location 's3://b/t'", ["t"]),
    "create table as select": ("create table t using csv as select * from u", ["t"]),
    "create table like": ("create table d.n like d.o", ["d.n"]),
    "create view": ("create or replace view d.v as select * from t", ["d.v"]),
    "a temporary view is no table": ("create temporary view v as select * from t", []),
    "alter view": ("alter view v as select 1", ["v"]),
    "drop table": ("drop table if exists d.t", ["d.t"]),
    "drop view": ("drop view v", ["v"]),
    "add partition": ("alter table t add partition (y = 1)", ["t"]),
    "drop partition": ("alter table t drop partition (y = 1)", ["t"]),
    "rename partition": ("alter table t partition (y = 1) rename to partition (y = 2)", ["t"]),
    "repair": ("msck repair table t", ["t"]),
    "recover partitions": ("alter table t recover partitions", ["t"]),
    "add columns": ("alter table t add columns (b int)", ["t"]),
    "change a column": ("alter table t alter column a comment 'x'", ["t"]),
    "properties": ("alter table t set tblproperties ('a' = 'b')", ["t"]),
    "serde properties": ("alter table t set serdeproperties ('a' = 'b')", ["t"]),
    "location": ("alter table t set location 's3://b/u'", ["t"]),
    "comment": ("comment on table t is 'x'", ["t"]),
    "rename": ("alter table d.t rename to d.u", ["d.t", "d.u"]),
}


@pytest.mark.parametrize(("text", "targets"), TARGETS.values(), ids=TARGETS.keys())
def test_the_tables_a_statement_may_change(read: Any, text: str, targets: list[str]) -> None:
    statement = read(text)
    assert dotted(statement.targets) == targets
    if "rename to d.u" not in text:
        assert set(statement.targets) <= set(statement.tables)


@pytest.mark.skipif(SPARK_MAJOR < 4, reason="scripts came with Spark 4")
def test_the_statements_of_a_script(read: Any) -> None:
    statement = read("begin insert into a select * from b; if 1 = 1 then insert into c select * from d; end if; end")
    assert dotted(statement.tables) == ["a", "b", "c", "d"]
    assert dotted(statement.targets) == ["a", "c"]
    assert dotted(statement.queried) == ["b", "d"]
    assert dotted(read("execute immediate 'select * from d.t'").tables) == ["d.t"]


DATABASES = {
    "use": ("use d", ["d"], False, False, False),
    "use database": ("use database d", ["d"], False, False, False),
    "create database": ("create database if not exists d location 's3://b/d'", ["d"], True, False, False),
    "drop database": ("drop database d cascade", ["d"], True, False, False),
    "properties of a database": ("alter database d set dbproperties ('a' = 'b')", ["d"], True, False, False),
    "show databases": ("show databases", [], False, False, True),
    "show tables": ("show tables", [], False, True, False),
    "show tables in": ("show tables in d like 'a*'", ["d"], False, True, False),
    "show views": ("show views in d", ["d"], False, True, False),
}


@pytest.mark.parametrize(("text", "names", "changes", "tables", "databases"), DATABASES.values(), ids=DATABASES.keys())
def test_the_databases_a_statement_names(
    read: Any, text: str, names: list[str], changes: bool, tables: bool, databases: bool
) -> None:
    statement = read(text)
    assert dotted(statement.databases) == names
    assert statement.tables == ()
    flags = (statement.changes_database, statement.lists_tables, statement.lists_databases)
    assert flags == (changes, tables, databases)


PART = st.text(st.characters(categories=("Ll", "Lu", "Nd"), include_characters="_- .,`$"), min_size=1, max_size=6)
NAME = st.lists(PART, min_size=1, max_size=3).map(tuple)


def quoted(name: tuple[str, ...]) -> str:
    return ".".join("`" + part.replace("`", "``") + "`" for part in name)


@st.composite
def queries(draw: st.DrawFn, depth: int = 2) -> tuple[str, set[tuple[str, ...]]]:
    """A query and the tables it names; its own common table is named `own`."""
    shape = draw(st.sampled_from(["table", "join", "from", "where", "union", "with"])) if depth else "table"
    if shape == "table":
        name = draw(NAME)
        return f"select * from {quoted(name)}", {name}
    left, some = draw(queries(depth=depth - 1))
    right, others = draw(queries(depth=depth - 1))
    text = {
        "join": f"select * from ({left}) a join ({right}) b on a.x = b.x",
        "from": f"select * from ({left}) where y > (select max(z) from ({right}))",
        "where": f"select x from ({left}) where x in ({right})",
        "union": f"({left}) union all ({right})",
        "with": f"with own as ({left}) select * from own where x in ({right})",
    }[shape]
    return text, some | others


@settings(max_examples=40, deadline=None)
@given(query=queries())
def test_every_name_of_a_query_is_found_and_no_other(read: Any, query: tuple[str, set[tuple[str, ...]]]) -> None:
    text, names = query
    assert set(read(text).tables) == names


@settings(max_examples=30, deadline=None)
@given(name=NAME)
def test_the_parts_of_a_name_are_what_was_quoted(spark: SparkSession, name: tuple[str, ...]) -> None:
    java: Any = spark._jsparkSession
    assert name_parts(quoted(name), java.sessionState().sqlParser(), Scala(spark._jvm)) == name
