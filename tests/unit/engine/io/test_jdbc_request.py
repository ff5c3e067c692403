"""Options of JDBC sources and sinks: what is understood, what is refused and how."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glue_etl.engine.io.jdbc_options import JDBC_READ, JDBC_WRITE
from glue_etl.engine.io.jdbc_request import Ranges, jdbc_read, jdbc_write
from glue_etl.errors import GlueEtlError, OptionError

WHERE = {"sampleQuery": "select a from t where b = 1 and", "enablePartitioningForSampleQuery": True}

READS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a table": ({"dbtable": "s.t"}, {"table": "s.t", "query": "", "partitions": 1}),
    "dbTable, as connectors write it": ({"dbTable": "t"}, {"table": "t"}),
    "seven partitions by default": (
        {"dbtable": "t", "hashfield": "id"},
        {"partitions": 7, "hash_field": "id", "hash_expression": ""},
    ),
    "texts as numbers": ({"dbtable": "t", "hashexpression": "a+b", "hashpartitions": "3"}, {"partitions": 3}),
    "partitions of nothing": ({"dbtable": "t", "hashpartitions": "3"}, {"partitions": 1}),
    "a query wins over the table": (
        {"dbtable": "t", "sampleQuery": "select 1 as a ;"},
        {"table": "", "query": "select 1 as a"},
    ),
    "a query is one partition": (
        {"sampleQuery": "select a from t", "hashfield": "a"},
        {"partitions": 1, "hash_field": ""},
    ),
    "a query that waits": (
        {**WHERE, "hashfield": "a", "hashpartitions": 4, "sampleSize": "10"},
        {"open_query": True, "partitions": 4, "sample_size": 10},
    ),
    "a sample size without partitioning": (
        {"sampleQuery": "select a from t", "sampleSize": 10},
        {"sample_size": None},
    ),
    "a query as Spark takes it": ({"dbtable": "(select 1 as a) t"}, {"table": "(select 1 as a) t"}),
    "ranges": (
        {"dbtable": "t", "partitionColumn": "id", "lowerBound": "0", "upperBound": 9, "numPartitions": "3"},
        {"ranges": Ranges("id", "0", "9", 3)},
    ),
    "keys": (
        {"dbtable": "t", "jobBookmarkKeys": ["a", "b"], "jobBookmarkKeysSortOrder": "DESC"},
        {"bookmark_keys": ("a", "b"), "descending": True},
    ),
    "keys as text": ({"dbtable": "t", "jobBookmarkKeys": '["a"]'}, {"bookmark_keys": ("a",), "descending": False}),
    "one key": ({"dbtable": "t", "jobBookmarkKeys": "a"}, {"bookmark_keys": ("a",)}),
    "keys of a whole query": ({**WHERE, "hashfield": "a", "jobBookmarkKeys": "a"}, {"bookmark_keys": ("a",)}),
    "types": ({"dbtable": "t", "dataTypeMapping": {"float": "string"}}, {"mapping": {"FLOAT": "STRING"}}),
    "Spark's own": ({"dbtable": "t", "fetchsize": "500"}, {"spark_options": {"fetchsize": "500"}}),
}


@pytest.mark.parametrize(("options", "expected"), READS.values(), ids=READS.keys())
def test_a_source_is_understood(options: dict[str, Any], expected: dict[str, Any]) -> None:
    request = jdbc_read("postgresql", {"url": "jdbc:postgresql://h/d", **options})
    assert {name: getattr(request, name) for name in expected} == expected


BAD_READS: dict[str, tuple[dict[str, Any], str]] = {
    "nothing to read": ({}, "no 'dbtable'"),
    "a misspelt option": ({"dbtable": "t", "hashField": "a"}, "'hashField' is not an option.*hashfield"),
    "two ways to divide": ({"dbtable": "t", "hashfield": "a", "hashexpression": "b"}, "one of the two"),
    "no partitions": ({"dbtable": "t", "hashfield": "a", "hashpartitions": 0}, "hashpartitions is 0"),
    "partitions that are no number": ({"dbtable": "t", "hashpartitions": "many"}, "'many', not a whole number"),
    "two queries": ({"query": "select 1", "sampleQuery": "select 1"}, "both 'query' and 'sampleQuery'"),
    "a query that does not wait": (
        {"sampleQuery": "select a from t", "enablePartitioningForSampleQuery": "true", "hashfield": "a"},
        "does not end with WHERE or AND",
    ),
    "a query that waits in vain": ({"sampleQuery": "select a from t where"}, "ends with WHERE or AND"),
    "nothing to divide by": (WHERE, "give hashfield or hashexpression"),
    "partitioning without a query": (
        {"dbtable": "t", "enablePartitioningForSampleQuery": True},
        "nothing says|without",
    ),
    "half of the ranges": ({"dbtable": "t", "partitionColumn": "id"}, "without lowerBound, upperBound, numPartitions"),
    "ranges and hashes": (
        {
            "dbtable": "t",
            "partitionColumn": "id",
            "lowerBound": 0,
            "upperBound": 9,
            "numPartitions": 3,
            "hashfield": "id",
        },
        "one of the two ways",
    ),
    "an order": ({"dbtable": "t", "jobBookmarkKeysSortOrder": "up"}, "'up'.*asc, desc"),
    "a nameless key": ({"dbtable": "t", "jobBookmarkKeys": ["a", " "]}, "empty name"),
    "keys of a sample": (
        {**WHERE, "hashfield": "a", "jobBookmarkKeys": "a", "sampleSize": 5},
        "sampleSize is 5 and jobBookmarkKeys",
    ),
    "a JDBC type": ({"dbtable": "t", "dataTypeMapping": {"TEXT": "STRING"}}, "JDBC type 'TEXT'"),
    "a Glue type": ({"dbtable": "t", "dataTypeMapping": '{"CHAR": "TEXT"}'}, "maps CHAR to 'TEXT'"),
    "a mapping that is none": ({"dbtable": "t", "dataTypeMapping": "CHAR"}, "no object"),
}


@pytest.mark.parametrize(("options", "said"), BAD_READS.values(), ids=BAD_READS.keys())
def test_a_bad_source_is_told(options: dict[str, Any], said: str) -> None:
    with pytest.raises(OptionError, match=said):
        jdbc_read("postgresql", {"password": "hunter2", **options})


def test_credentials_are_in_no_repr() -> None:
    options = {"url": "jdbc:postgresql://h/d", "dbtable": "t", "user": "ann", "password": "hunter2"}
    assert "hunter2" not in repr(jdbc_read("postgresql", options))
    assert "hunter2" not in repr(jdbc_write("postgresql", options))


def test_a_sink_is_understood() -> None:
    request = jdbc_write(
        "redshift",
        {
            "dbtable": "t",
            "bulkSize": "3",
            "preactions": "create table t (a int); insert into t values (';')",
            "postactions": "select 1;",
            "batchsize": 10,
        },
    )
    assert (request.table, request.parallel, request.use_frame_name) == ("t", 3, False)
    assert request.preactions == ("create table t (a int)", "insert into t values (';')")
    assert (request.postactions, request.spark_options) == (("select 1",), {"batchsize": "10"})


BAD_WRITES: dict[str, tuple[dict[str, Any], str]] = {
    "nowhere to": ({}, "no table"),
    "a query": ({"dbtable": "(select 1) t"}, "no table"),
    "a misspelt option": ({"dbtable": "t", "preAction": "x"}, "'preAction' is not an option"),
    "no connections": ({"dbtable": "t", "bulkSize": 0}, "bulkSize is 0"),
}


@pytest.mark.parametrize(("options", "said"), BAD_WRITES.values(), ids=BAD_WRITES.keys())
def test_a_bad_sink_is_told(options: dict[str, Any], said: str) -> None:
    with pytest.raises(OptionError, match=said):
        jdbc_write("postgresql", options)


LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(max_size=6),
    st.sampled_from(["t", "select a from t where", "true", "7", '["a"]', '{"CHAR": "INT"}', "desc", "\0"]),
)
VALUES = st.one_of(LEAVES, st.lists(LEAVES, max_size=2), st.dictionaries(st.text(max_size=4), LEAVES, max_size=2))
OPTIONS = st.dictionaries(st.sampled_from([*JDBC_READ, *JDBC_WRITE]) | st.text(max_size=4), VALUES, max_size=4)


@given(OPTIONS)
def test_any_options_are_understood_or_refused_by_name(options: dict[str, Any]) -> None:
    for ask in (jdbc_read, jdbc_write):
        try:
            request = ask("postgresql", {"dbtable": "t", **options})
        except GlueEtlError as error:
            assert str(error)
        else:
            assert request.table or getattr(request, "query", "") or getattr(request, "use_frame_name", False)
