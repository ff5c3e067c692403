"""Jobs over PostgreSQL: bookmark keys over increments, connections and secrets, and no credential in what is left."""

from __future__ import annotations

import io
import json
import logging
import os
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from awsglue.context import GlueContext
from awsglue.dynamicframe import DynamicFrame
from awsglue.job import Job
from pyspark.sql import SparkSession

from glue_etl.engine.catalog.clients import Clients
from glue_etl.engine.runner import RunResult, run_script
from glue_etl.errors import OptionError
from glue_etl.settings import Settings, load
from glue_etl.testing.postgresql import PostgreSql, missing, running_server

pytestmark = pytest.mark.skipif(missing() is not None, reason=missing() or "")

PASSWORD = "Tr0ub4dor&3 x'y\\z"
Increment = Callable[..., list[str]]


@pytest.fixture(scope="module")
def server() -> Iterator[PostgreSql]:
    with running_server() as found:
        found.create_user("etl", PASSWORD)
        yield found


@pytest.fixture
def database(server: PostgreSql, request: pytest.FixtureRequest) -> str:
    """A database of the test's own, by its name."""
    name = f"db_{abs(hash(request.node.name))}"
    server.create_database(name)
    return name


# --- bookmarks


@pytest.fixture
def run(glue_context: GlueContext, server: PostgreSql, database: str) -> Increment:
    """`run(job, table, **options)`: one run of a job with bookmarks on; the new rows' first columns."""

    def once(
        job_name: str,
        table: str,
        *,
        commit: bool = True,
        during: str = "",
        option: str = "job-bookmark-enable",
        **options: Any,
    ) -> list[str]:
        job = Job(glue_context)
        job.init(job_name, {"JOB_NAME": job_name, "job_bookmark_option": option})
        given = server.options(database, dbtable=table, **options)
        frame = glue_context.create_dynamic_frame.from_options("postgresql", given, transformation_ctx="rows")
        if during:
            server.run(during, database)
        rows = sorted(str(row[0]) for row in frame.toDF().collect())
        if commit:
            job.commit()
        return rows

    return once


def test_three_increments_and_back(glue_context: GlueContext, server: PostgreSql, database: str) -> None:
    """Each order once, by its primary key, and written to another table of the database."""
    server.run(
        "CREATE TABLE orders (id BIGINT PRIMARY KEY, what TEXT); CREATE TABLE seen (id BIGINT, what TEXT)", database
    )
    insert = "INSERT INTO orders SELECT n, 'order ' || n FROM generate_series({}, {}) n"
    for first, last in ((1, 100), (101, 250), (251, 260)):
        server.run(insert.format(first, last), database)
        job = Job(glue_context)
        job.init("increments", {"JOB_NAME": "increments", "job_bookmark_option": "job-bookmark-enable"})
        options = server.options(database, dbtable="orders", hashfield="what", hashpartitions="3")
        frame = glue_context.create_dynamic_frame.from_options("postgresql", options, transformation_ctx="orders")
        assert frame.count() == last - first + 1
        # What arrives while the job runs is the next run's.
        server.run("INSERT INTO orders VALUES (1000000, 'late')", database)
        glue_context.write_dynamic_frame.from_options(frame, "postgresql", server.options(database, dbtable="seen"))
        server.run("DELETE FROM orders WHERE id = 1000000", database)
        job.commit()
    assert server.run("SELECT count(*), count(DISTINCT id), max(id) FROM seen", database) == [["260", "260", "260"]]


def test_only_a_commit_counts(server: PostgreSql, database: str, run: Increment) -> None:
    server.run("CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1), (2)", database)
    assert run("commits", "t", commit=False) == ["1", "2"]
    assert run("commits", "t") == ["1", "2"]
    assert run("commits", "t") == []
    server.run("INSERT INTO t VALUES (3)", database)
    assert run("commits", "t", commit=False) == ["3"]
    assert run("commits", "t") == ["3"]


def test_a_paused_bookmark_is_read_and_not_moved(server: PostgreSql, database: str, run: Increment) -> None:
    server.run("CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1), (2)", database)
    assert run("paused", "t") == ["1", "2"]
    server.run("INSERT INTO t VALUES (3)", database)
    assert run("paused", "t", option="job-bookmark-pause") == ["3"]
    assert run("paused", "t", option="job-bookmark-disable") == ["1", "2", "3"]
    assert run("paused", "t") == ["3"]


def test_a_row_that_arrives_during_the_read_is_the_next_runs(server: PostgreSql, database: str, run: Increment) -> None:
    server.run("CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1)", database)
    assert run("during", "t", during="INSERT INTO t VALUES (2)") == ["1"]
    assert run("during", "t", during="INSERT INTO t VALUES (3)") == ["2"]
    assert run("during", "t") == ["3"]


KEYS: dict[str, tuple[str, dict[str, Any], list[tuple[str, list[str]]]]] = {
    "two keys are one": (
        "v INT, a INT, b TEXT",
        {"jobBookmarkKeys": ["a", "b"]},
        [("(1, 1, 'x')", ["1"]), ("(2, 1, 'y'), (3, 2, 'a')", ["2", "3"]), ("(4, 1, 'z'), (5, 2, 'a''b')", ["5"])],
    ),
    "falling keys": (
        "v INT, a INT",
        {"jobBookmarkKeys": ["a"], "jobBookmarkKeysSortOrder": "desc"},
        [("(1, 10), (2, 9)", ["1", "2"]), ("(3, 8), (4, 11)", ["3"]), ("(5, 8)", [])],
    ),
    "times with microseconds": (
        "v INT, a TIMESTAMP",
        {"jobBookmarkKeys": "a"},
        [
            ("(1, '2024-01-01 00:00:00.000001')", ["1"]),
            ("(2, '2024-01-01 00:00:00.000002'), (3, '2024-01-01')", ["2"]),
            ("(4, '2024-01-01 00:00:00.000002')", []),
        ],
    ),
    "times with a zone": (
        "v INT, a TIMESTAMPTZ",
        {"jobBookmarkKeys": "a"},
        [("(1, '2024-01-01 01:00+01')", ["1"]), ("(2, '2024-01-01 00:00+00'), (3, '2024-01-01 00:01+00')", ["3"])],
    ),
    "dates": (
        "v INT, a DATE",
        {"jobBookmarkKeys": "a"},
        [("(1, '2024-01-01')", ["1"]), ("(2, '2024-01-01'), (3, '2024-01-02')", ["3"])],
    ),
    "decimals": (
        "v INT, a NUMERIC",
        {"jobBookmarkKeys": "a"},
        [("(1, 1.10)", ["1"]), ("(2, 1.1), (3, 1.1000000000000000000001)", ["3"])],
    ),
    "texts": (
        "v INT, a TEXT",
        {"jobBookmarkKeys": "a"},
        [("(1, 'it''s')", ["1"]), ("(2, 'it''s'), (3, 'it''t\\')", ["3"]), ("(4, 'iu')", ["4"])],
    ),
    "a name with capitals": (
        'v INT, "Key" INT',
        {"jobBookmarkKeys": "Key"},
        [("(1, 1)", ["1"]), ("(2, 2)", ["2"])],
    ),
    "of a query": (
        "v INT, a INT",
        {"jobBookmarkKeys": "a", "sampleQuery": "SELECT v, a FROM t WHERE v > 1"},
        [("(1, 1), (2, 2)", ["2"]), ("(3, 3)", ["3"])],
    ),
    "of a query in partitions": (
        "v INT, a INT",
        {
            "jobBookmarkKeys": "a",
            "sampleQuery": "SELECT v, a FROM t WHERE",
            "enablePartitioningForSampleQuery": True,
            "hashfield": "v",
            "hashpartitions": 3,
        },
        [("(1, 1), (2, 2), (3, 3)", ["1", "2", "3"]), ("(4, 4), (5, 5), (7, 3)", ["4", "5"])],
    ),
    "without keys all is read": (
        "v INT, a INT",
        {},
        [("(1, 1)", ["1"]), ("(2, 2)", ["1", "2"])],
    ),
    "nulls are never new": (
        "v INT, a INT",
        {"jobBookmarkKeys": "a"},
        [("(1, 1), (2, NULL)", ["1"]), ("(3, NULL), (4, 2)", ["4"])],
    ),
}


@pytest.mark.parametrize(("columns", "options", "steps"), KEYS.values(), ids=KEYS.keys())
def test_keys_of_many_kinds(
    server: PostgreSql,
    database: str,
    run: Increment,
    request: pytest.FixtureRequest,
    columns: str,
    options: dict[str, Any],
    steps: list[tuple[str, list[str]]],
) -> None:
    server.run(f"CREATE TABLE t ({columns})", database)
    for values, expected in steps:
        server.run(f"INSERT INTO t VALUES {values}", database)
        assert run(request.node.name, "t", **options) == expected


def test_a_compound_primary_key(server: PostgreSql, database: str, run: Increment) -> None:
    server.run('CREATE TABLE "T" (v INT, b INT, a INT, PRIMARY KEY (a, b)); INSERT INTO "T" VALUES (1, 5, 1)', database)
    assert run("compound", '"T"') == ["1"]
    server.run('INSERT INTO "T" VALUES (2, 4, 1), (3, 6, 1), (4, 0, 2)', database)
    assert run("compound", '"T"') == ["3", "4"]


def test_bad_keys_are_told(server: PostgreSql, database: str, run: Increment) -> None:
    server.run("CREATE TABLE t (id INT, doc JSONB)", database)
    with pytest.raises(OptionError, match="jobBookmarkKeys names the column 'nope'"):
        run("bad", "t", jobBookmarkKeys=["nope"])
    with pytest.raises(OptionError, match=r"'doc' is of the type 'jsonb'.*Available: id\."):
        run("bad", "t", jobBookmarkKeys=["doc"])


def test_what_bookmarks_leave_out_is_said(
    server: PostgreSql, database: str, run: Increment, caplog: pytest.LogCaptureFixture
) -> None:
    server.run("CREATE TABLE t (a INT); INSERT INTO t VALUES (1), (NULL)", database)
    with caplog.at_level(logging.WARNING):
        run("said", "t", jobBookmarkKeys=["a"])
        run("said-2", "t")
    assert "without a value in the bookmark key a are not read" in caplog.text
    assert "a primary key, and public.t has none" in caplog.text


# --- connections


@pytest.fixture
def clients(glue_settings: Settings, server: PostgreSql, database: str) -> Clients:
    """The Data Catalog with a connection `shop` and one whose login is a secret."""
    found = Clients(glue_settings)
    connection = server.connection("shop", database)
    connection["ConnectionProperties"] |= {"USERNAME": "etl", "PASSWORD": PASSWORD}
    found.glue().create_connection(ConnectionInput=connection)
    properties = {"JDBC_CONNECTION_URL": server.url(database), "SECRET_ID": f"{database}/login"}
    secret = {"Name": "hidden", "ConnectionType": "JDBC", "ConnectionProperties": properties}
    found.glue().create_connection(ConnectionInput=secret)
    login = json.dumps({"username": "etl", "password": PASSWORD})
    found.secretsmanager().create_secret(Name=f"{database}/login", SecretString=login)
    try:
        yield found  # type: ignore[misc]
    finally:
        for name in ("shop", "hidden"):
            found.glue().delete_connection(ConnectionName=name)


@pytest.mark.parametrize("name", ["shop", "hidden"])
def test_by_a_connection_both_ways(
    glue_context: GlueContext, server: PostgreSql, database: str, clients: Clients, name: str
) -> None:
    server.run("CREATE TABLE t (id INT); INSERT INTO t VALUES (1), (2)", database)
    conf = glue_context.extract_jdbc_conf(name)
    assert (conf["vendor"], conf["user"], conf["password"]) == ("postgresql", "etl", PASSWORD)
    assert conf["fullUrl"] == server.url(database) == f"{conf['url']}/{database}"
    options = {"useConnectionProperties": "true", "connectionName": name, "dbtable": "t"}
    frame = glue_context.create_dynamic_frame.from_options("postgresql", options)
    glue_context.write_dynamic_frame.from_jdbc_conf(
        frame, name, {"dbtable": "public.copies", "database": database}, redshift_tmp_dir="s3://none/x"
    )
    assert server.run("SELECT id FROM copies ORDER BY 1", database) == [["1"], ["2"]]


@pytest.fixture
def catalog_table(server: PostgreSql, database: str, clients: Clients) -> Iterator[str]:
    """The Data Catalog's table `d.numbers`, as a crawler over the connection makes it."""
    server.run("CREATE TABLE numbers AS SELECT n AS id, 'n' || n AS word FROM generate_series(1, 40) n", database)
    parameters = {"classification": "postgresql", "connectionName": "shop", "hashfield": "id", "hashpartitions": "3"}
    columns = [{"Name": "id", "Type": "int"}, {"Name": "word", "Type": "string"}]
    table = {
        "Name": "numbers",
        "Parameters": parameters,
        "StorageDescriptor": {"Columns": columns, "Location": f"{database}.public.numbers"},
    }
    clients.glue().create_database(DatabaseInput={"Name": "d"})
    clients.glue().create_table(DatabaseName="d", TableInput=table)
    yield "numbers"
    clients.glue().delete_database(Name="d")


BY_TABLE: dict[str, tuple[dict[str, Any], int, int]] = {
    "by the table's parameters": ({}, 40, 3),
    "divided by the script": ({"hashexpression": "id + 1", "hashpartitions": "2"}, 40, 2),
    "a query of the script's": ({"sampleQuery": "SELECT word FROM numbers WHERE id < 4"}, 3, 1),
}


@pytest.mark.parametrize(("options", "count", "partitions"), BY_TABLE.values(), ids=BY_TABLE.keys())
def test_a_table_of_the_catalog(
    glue_context: GlueContext, catalog_table: str, options: dict[str, Any], count: int, partitions: int
) -> None:
    frame = glue_context.create_dynamic_frame.from_catalog("d", catalog_table, additional_options=options)
    assert (frame.count(), frame.getNumPartitions()) == (count, partitions)


def test_a_table_of_the_catalog_is_written(
    glue_context: GlueContext, spark: SparkSession, server: PostgreSql, database: str, catalog_table: str
) -> None:
    frame = DynamicFrame.fromDF(spark.createDataFrame([(41, "new")], "id int, word string"), glue_context, "f")
    glue_context.write_dynamic_frame.from_catalog(frame, "d", catalog_table)
    assert server.run("SELECT count(*), max(id) FROM numbers", database) == [["41", "41"]]


def test_a_collection_is_a_table_each(
    glue_context: GlueContext, spark: SparkSession, server: PostgreSql, database: str, clients: Clients
) -> None:
    df = spark.createDataFrame([(1, [("a",), ("b",)])], "id int, items array<struct<name: string>>")
    frames = DynamicFrame.fromDF(df, glue_context, "orders").relationalize("orders", "s3://none/x")
    glue_context.write_from_jdbc_conf(frames, "shop", {"dbtable": "orders"})
    assert server.run("SELECT id FROM orders", database) == [["1"]]
    assert server.run('SELECT "items.val.name" FROM orders_items ORDER BY 1', database) == [["a"], ["b"]]


# --- no credential is left anywhere

SCRIPT = """
    import logging, os, sys
    logging.basicConfig(level=logging.DEBUG)
    from awsglue.context import GlueContext
    from awsglue.job import Job
    from awsglue.utils import getResolvedOptions
    from pyspark.context import SparkContext

    args = getResolvedOptions(sys.argv, ["JOB_NAME", "table"])
    glue = GlueContext(SparkContext.getOrCreate())
    job = Job(glue)
    job.init(args["JOB_NAME"], args)
    options = {"useConnectionProperties": "true", "connectionName": "shop", "dbtable": args["table"], "hashfield": "id"}
    frame = glue.create_dynamic_frame.from_options("postgresql", options, transformation_ctx="t")
    frame.toDF().explain(True)
    print("rows:", frame.count())
    glue.write_dynamic_frame.from_jdbc_conf(frame, "shop", {"dbtable": "copies"})
    for process in (os.getpid(), os.getppid()):
        print(open(f"/proc/{process}/cmdline").read().replace("\\0", " "))
    job.commit()
"""


@pytest.mark.slow
@pytest.mark.parametrize("failing", [False, True], ids=["a run that succeeds", "a run whose password is wrong"])
def test_a_run_leaves_no_credential(tmp_path: Path, server: PostgreSql, database: str, failing: bool) -> None:
    """Logs, event log, plans, records, the command lines that `ps` shows: all files but the catalog's own store."""
    server.run("CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1), (2)", database)
    settings = load(state_dir=tmp_path / "state", master="local[1]", driver_memory="600m")
    password = f"{PASSWORD}-wrong" if failing else PASSWORD
    connection = server.connection("shop", database)
    connection["ConnectionProperties"] |= {"USERNAME": "etl", "PASSWORD": password}
    Clients(settings).glue().create_connection(ConnectionInput=connection)
    script = tmp_path / "job.py"
    script.write_text(textwrap.dedent(SCRIPT))
    stdout = io.BytesIO()
    arguments = ("--table", "t", "--enable-spark-ui", "true", "--job-bookmark-option", "job-bookmark-enable")
    result: RunResult = run_script(script, arguments, settings=settings, stdout=stdout, progress=False)
    if failing:
        assert result.state == "FAILED"
        assert "password authentication failed" in str(result.error)
        assert "\tat " not in str(result.error)
    else:
        assert result.state == "SUCCEEDED", result.error
        assert b"rows: 2" in stdout.getvalue()
        assert server.run("SELECT count(*) FROM copies", database) == [["2"]]
    left = [path for path in settings.state_dir.rglob("*") if path.is_file() and not path.name.startswith("catalog.")]
    assert any(path.parent.name == "events" or "events" in path.parts for path in left)
    texts = {str(path.name): path.read_bytes() for path in left} | {"stdout": stdout.getvalue()}
    texts["error"] = str(result.error).encode()
    # As it is, as JSON has it, and as py4j sends it.
    forms = {PASSWORD, json.dumps(PASSWORD)[1:-1], PASSWORD.replace("\\", "\\\\"), "Tr0ub4dor"}
    assert [name for name, text in texts.items() for form in forms if form.encode() in text] == []
    assert len(texts) > 4
    assert os.path.getsize(result.log_dir / "error.log") > 1000, "the log at DEBUG was looked at"
