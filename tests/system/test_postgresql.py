"""Reading and writing a real PostgreSQL, which the tests start and end themselves."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from awsglue.context import GlueContext
from awsglue.dynamicframe import DynamicFrame
from pyspark.sql import SparkSession

from glue_etl.errors import DatabaseError, FieldError, GlueEtlError, MissingExtraError, OptionError, PathNotFoundError
from glue_etl.testing.buckets import Bucket
from glue_etl.testing.postgresql import PostgreSql, missing, running_server

pytestmark = pytest.mark.skipif(missing() is not None, reason=missing() or "")

SEED = """
CREATE TABLE people (id INT PRIMARY KEY, name VARCHAR(40) NOT NULL, born DATE, score NUMERIC(10,2), at TIMESTAMP(6),
                     ok BOOLEAN, weight DOUBLE PRECISION, tag UUID, extra JSONB, raw BYTEA, words TEXT[]);
INSERT INTO people VALUES
  (1, 'Åse', '1990-01-31', 1.50, '2024-01-02 03:04:05.000006', TRUE, 0.1,
   '6f3c1f7e-0000-4000-8000-000000000001', '{"a": 1}', '\\x00ff', '{a,b}'),
  (2, 'O''Hara', NULL, -2, NULL, FALSE, 'NaN', NULL, NULL, NULL, '{}'),
  (-3, 'Birch', '2000-12-31', NULL, '1969-12-31 23:59:59', NULL, NULL, NULL, NULL, NULL, NULL);
CREATE SCHEMA hr;
CREATE TABLE hr."Pay Roll" ("Id" BIGINT, "per cent" REAL);
INSERT INTO hr."Pay Roll" VALUES (1, 0.5), (NULL, 1.5);
CREATE TABLE mixed AS SELECT
  n AS whole, n::smallint AS small, (n / 3.0)::numeric AS part, n / 7.0::float8 AS real_, n::text AS text_,
  DATE '2024-01-01' + n AS day, TIMESTAMP '2024-01-01' + n * INTERVAL '1 hour' AS at, n % 2 = 0 AS flag
  FROM (SELECT CASE WHEN g % 11 = 0 THEN NULL ELSE g END AS n FROM generate_series(-60, 60) g) s;
"""

_numbers = itertools.count(1)
Reader = Callable[..., DynamicFrame]


@pytest.fixture(scope="module")
def server() -> Iterator[PostgreSql]:
    with running_server() as found:
        yield found


@pytest.fixture(scope="module")
def seeded(server: PostgreSql) -> str:
    """A database that no test writes to."""
    server.create_database("seeded", SEED)
    return "seeded"


@pytest.fixture
def database(server: PostgreSql) -> str:
    """A database of the test's own."""
    name = f"test_{next(_numbers)}"
    server.create_database(name)
    return name


@pytest.fixture
def read(glue_context: GlueContext, server: PostgreSql, seeded: str) -> Reader:
    """`read(option=...)` of the seeded database."""

    def opened(**options: Any) -> DynamicFrame:
        given = server.options(seeded, **options)
        return glue_context.create_dynamic_frame.from_options("postgresql", given, transformation_ctx="source")

    return opened


def _rows(frame: DynamicFrame) -> list[dict[str, Any]]:
    return [row.asDict() for row in frame.toDF().collect()]


# --- reading


def test_a_table_has_its_types_and_values(read: Reader) -> None:
    frame = read(dbtable="people")
    df = frame.toDF()
    assert [f"{name} {kind}" for name, kind in df.dtypes] == [
        "id int",
        "name string",
        "born date",
        "score decimal(10,2)",
        "at timestamp",
        "ok boolean",
        "weight double",
        "tag string",
        "extra string",
        "raw binary",
        "words array<string>",
    ]
    first = df.where("id = 1").first()
    assert first is not None
    assert (first.name, str(first.born), str(first.score)) == ("Åse", "1990-01-31", "1.50")
    assert (str(first["at"]), first.raw, first.words) == ("2024-01-02 03:04:05.000006", b"\x00\xff", ["a", "b"])
    assert frame.count() == 3


WAYS: dict[str, tuple[dict[str, Any], list[Any]]] = {
    "a schema and capitals": ({"dbtable": 'hr."Pay Roll"'}, [(1, 0.5), (None, 1.5)]),
    "a query": ({"dbtable": "people", "sampleQuery": "SELECT id, name FROM people WHERE ok"}, [(1, "Åse")]),
    "a query with an end": ({"query": "SELECT id FROM people ORDER BY id LIMIT 1;"}, [(-3,)]),
    "a query in brackets": ({"dbtable": "(SELECT max(id) AS top FROM people) t"}, [(2,)]),
    "a query with WITH": ({"sampleQuery": "WITH a AS (SELECT 7 AS n) SELECT n FROM a"}, [(7,)]),
    "a filter of a query": (
        {"query": "SELECT name FROM people WHERE id > 0", "filterPredicate": "ok IS FALSE"},
        [("O'Hara",)],
    ),
    "a filter of a table": ({"dbtable": 'hr."Pay Roll"', "filterPredicate": '"Id" IS NULL'}, [(None, 1.5)]),
    "types by the script": (
        {
            "sampleQuery": "SELECT id, score FROM people WHERE id > 0",
            "dataTypeMapping": {"NUMERIC": "STRING", "INTEGER": "LONG"},
        },
        [(1, "1.50"), (2, "-2.00")],
    ),
    "ranges": (
        {
            "sampleQuery": "SELECT id FROM people",
            "partitionColumn": "ID",
            "lowerBound": 0,
            "upperBound": 2,
            "numPartitions": 2,
        },
        [(-3,), (1,), (2,)],
    ),
}


@pytest.mark.parametrize(("options", "expected"), WAYS.values(), ids=WAYS.keys())
def test_ways_to_read(read: Reader, options: dict[str, Any], expected: list[Any]) -> None:
    rows = [tuple(row) for row in read(**options).toDF().collect()]
    assert sorted(rows, key=repr) == sorted(expected, key=repr)


@pytest.mark.parametrize("column", ["whole", "small", "part", "real_", "text_", "day", "at", "flag"])
def test_every_row_is_in_one_hash_partition(read: Reader, column: str) -> None:
    """Of a column of any type, with negative numbers and nulls."""
    df = read(dbtable="mixed", hashfield=column, hashpartitions="4").toDF()
    assert df.rdd.getNumPartitions() == 4
    sizes = df.rdd.mapPartitions(lambda rows: [sum(1 for _ in rows)]).collect()
    assert sum(sizes) == 121
    assert df.distinct().count() == 111
    if column != "flag":
        assert min(sizes) > 5, "the rows are spread"


def test_partitions_by_an_expression(read: Reader) -> None:
    df = read(dbtable="mixed", hashexpression="whole * 3 + 1", hashpartitions=3).toDF()
    assert (df.rdd.getNumPartitions(), df.count()) == (3, 121)
    assert read(dbtable="mixed", hashexpression="part").toDF().count() == 121, "fractions too"


def test_a_query_is_divided_by_a_column_it_does_not_give(read: Reader) -> None:
    """As in "Optimizing reads with pushdown"; the sample size is of all partitions together."""
    query = {
        "sampleQuery": "select text_ from mixed where whole >= 10 and",
        "enablePartitioningForSampleQuery": True,
        "hashfield": "whole",
        "hashpartitions": 5,
    }
    df = read(**query).toDF()
    assert df.rdd.getNumPartitions() == 5
    assert sorted(int(row[0]) for row in df.collect()) == [n for n in range(10, 61) if n % 11]
    assert read(**query, sampleSize="7").count() == 7
    assert read(**query, filterPredicate="flag").count() == len([n for n in range(10, 61) if n % 11 and n % 2 == 0])


def test_plain_spark_finds_the_driver_too(spark: SparkSession, server: PostgreSql, seeded: str) -> None:
    """As on AWS, where the drivers are on Spark's class path."""
    options = server.options(seeded, dbtable="people")
    assert spark.read.format("jdbc").options(**options).load().count() == 3


def test_a_sample_of_a_table(glue_context: GlueContext, server: PostgreSql, seeded: str) -> None:
    options = server.options(seeded, dbtable="mixed")
    frame = glue_context.create_sample_dynamic_frame_from_options("postgresql", options, num=5)
    assert frame.count() == 5


# --- writing


@pytest.fixture
def write(glue_context: GlueContext, server: PostgreSql, database: str) -> Callable[..., None]:
    """`write(rows, schema, table, **options)` to the test's own database."""

    def written(rows: list[Any], schema: str, table: str, **options: Any) -> None:
        df = glue_context.spark_session.createDataFrame(rows, schema)
        frame = DynamicFrame.fromDF(df, glue_context, "frame")
        given = server.options(database, dbtable=table, **options)
        glue_context.write_dynamic_frame.from_options(frame, "postgresql", given)

    return written


def test_a_write_adds_rows_by_name(write: Callable[..., None], server: PostgreSql, database: str) -> None:
    server.run("CREATE TABLE t (a INT, b TEXT DEFAULT 'none', \"C\" DATE)", database)
    write([("x", 1)], "b string, A int", "t")
    write([(2, None)], "a int, c void", "public.t", bulkSize="1", batchsize="10")
    assert server.run('SELECT a, b, "C" FROM t ORDER BY a', database) == [["1", "x", ""], ["2", "none", ""]]


def test_a_table_is_made_where_there_is_none(write: Callable[..., None], server: PostgreSql, database: str) -> None:
    schema = "i int, l long, s string, d decimal(10,2), day date, b boolean, words array<string>, nothing void"
    write([(1, 2**40, "ø", None, None, True, ["a"], None)], schema, "made")
    types = "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'made' ORDER BY 1"
    assert dict(server.run(types, database)) == {  # type: ignore[arg-type]
        "b": "boolean",
        "d": "numeric",
        "day": "date",
        "i": "integer",
        "l": "bigint",
        "nothing": "text",
        "s": "text",
        "words": "ARRAY",
    }
    assert server.run("SELECT i, l, s, words FROM made", database) == [["1", str(2**40), "ø", "{a}"]]


BAD_FRAMES = {
    "a column that is missing": ([(1,)], "z int", "no column for the field 'z'.*Available: a, b"),
    "a struct": ([((1,),)], "a struct<x: int>", "field 'a' is of the type struct"),
    "a map": ([({"x": 1},)], "a map<string, int>", "field 'a' is of the type map"),
    "names that differ in case": ([(1, 2)], "a int, A int", "'a' and 'A'"),
}


@pytest.mark.parametrize(("rows", "schema", "said"), BAD_FRAMES.values(), ids=BAD_FRAMES.keys())
def test_what_a_table_cannot_hold_is_told_by_field(
    write: Callable[..., None], server: PostgreSql, database: str, rows: list[Any], schema: str, said: str
) -> None:
    server.run("CREATE TABLE t (a INT, b TEXT)", database)
    with pytest.raises(FieldError, match=said):
        write(rows, schema, "t")
    assert server.run("SELECT count(*) FROM t", database) == [["0"]]


def test_a_choice_is_told_by_field(glue_context: GlueContext, server: PostgreSql, lake: Bucket, database: str) -> None:
    lake.write("in/a.json", '{"a": 1}\n{"a": "x"}\n')
    frame = glue_context.create_dynamic_frame.from_options("s3", {"paths": [lake.uri("in/")]}, "json")
    with pytest.raises(FieldError, match=r"field 'a' is (int or string|string or int).*resolveChoice"):
        glue_context.write_dynamic_frame.from_options(frame, "postgresql", server.options(database, dbtable="t"))


def test_a_value_the_table_refuses_is_told_without_a_stack(
    write: Callable[..., None], server: PostgreSql, database: str
) -> None:
    server.run("CREATE TABLE t (a INT NOT NULL, u UUID)", database)
    with pytest.raises(DatabaseError, match=r'null value in column "a"') as raised:
        write([(None,)], "a int", "t")
    assert "\tat " not in str(raised.value)
    with pytest.raises(DatabaseError, match=r"type uuid.*stringtype=unspecified"):
        write([(1, "6f3c1f7e-0000-4000-8000-000000000001")], "a int, u string", "t")
    given = {"url": f"{server.url(database)}?stringtype=unspecified"}
    write([(1, "6f3c1f7e-0000-4000-8000-000000000001")], "a int, u string", "t", **given)
    assert server.run("SELECT a FROM t", database) == [["1"]]


def test_actions_are_redshifts(write: Callable[..., None]) -> None:
    with pytest.raises(OptionError, match="'preactions' is given for postgresql"):
        write([(1,)], "a int", "t", preactions="TRUNCATE t")


# --- what goes wrong


BAD: dict[str, tuple[dict[str, Any], type[GlueEtlError], str]] = {
    "a wrong password": ({"password": "hunter2-wrong"}, DatabaseError, r"connecting.*authentication failed.*password"),
    "no password": ({"password": ""}, DatabaseError, "connecting.*password"),
    "nobody listens": ({"url": "jdbc:postgresql://127.0.0.1:1/x"}, DatabaseError, "refused.*server running"),
    "no such host": ({"url": "jdbc:postgresql://nowhere.invalid/x"}, DatabaseError, "failed at connecting"),
    "no such database": ({"url_of": "nope"}, DatabaseError, '"nope" does not exist.*name in the URL'),
    "no such table": ({"dbtable": "nope"}, DatabaseError, '"public.nope" does not exist.*check table'),
    "a bad query": ({"sampleQuery": "SELEC 1"}, DatabaseError, "syntax error"),
    "a bad column": ({"hashfield": "nope"}, OptionError, "hashfield names the column 'nope'.*Available: id, name"),
    "a bad expression": ({"hashexpression": "nope + 1"}, DatabaseError, '"nope" does not exist'),
    "a column twice": ({"sampleQuery": "SELECT id, id FROM people"}, OptionError, "'id' twice"),
    "a driver that is not there": (
        {"customJdbcDriverS3Path": "s3://none/pg.jar"},
        GlueEtlError,
        "none",
    ),
    "a class that is not there": ({"customJdbcDriverClassName": "a.b.C"}, MissingExtraError, "class a.b.C.*extra-jars"),
    "another type": ({"type": "mysql", "url": "jdbc:mysql://h/d"}, MissingExtraError, "no JDBC driver for mysql"),
    "a push-down predicate": ({"push": "a = 1"}, GlueEtlError, "sampleQuery"),
}


@pytest.mark.parametrize(("options", "error", "said"), BAD.values(), ids=BAD.keys())
def test_bad_input_is_told(
    glue_context: GlueContext,
    server: PostgreSql,
    seeded: str,
    options: dict[str, Any],
    error: type[GlueEtlError],
    said: str,
) -> None:
    given = server.options(seeded, dbtable="people")
    kind, push = options.get("type", "postgresql"), options.get("push", "")
    given |= {key: value for key, value in options.items() if key not in ("type", "push", "url_of")}
    if name := options.get("url_of"):
        given["url"] = server.url(name)
    with pytest.raises(error, match=said) as raised:
        # Some mistakes are the database's to find when it is asked for rows.
        glue_context.create_dynamic_frame.from_options(kind, given, push_down_predicate=push).toDF().collect()
    text = str(raised.value)
    assert "hunter2" not in text
    assert server.password not in text
    assert "\tat " not in text
    assert raised.value.__suppress_context__ or raised.value.__context__ is None


def test_a_jar_without_the_driver(read: Reader, lake: Bucket) -> None:
    with pytest.raises(PathNotFoundError, match=r"pg\.jar' does not exist"):
        read(dbtable="people", customJdbcDriverS3Path=lake.uri("pg.jar"))
    lake.write("pg.jar", "no JAR")
    with pytest.raises(MissingExtraError, match=r"has no class org\.postgresql\.Driver"):
        read(dbtable="people", customJdbcDriverS3Path=lake.uri("pg.jar"))
