"""Assertions about frames and collections: schema, rows, columns, counts, error records."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping, Sequence
from typing import Any

from . import comparing, reading
from .comparing import agree, shown
from .steps import Run

Json = Any
Then = Mapping[str, Json]


def _same_names(what: str, expected: Sequence[str], actual: Sequence[str], any_order: bool) -> None:
    holds = sorted(expected) == sorted(actual) if any_order else list(expected) == list(actual)
    agree(what, holds, expected, actual)


def schema(run: Run, value: Any, expected: Json, then: Then) -> None:
    actual = reading.fields(value)
    agree("schema", comparing.same_fields(expected, actual, then.get("schema_ordered", False)), expected, actual)


def printed_schema(run: Run, value: Any, expected: str, then: Then) -> None:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        value.printSchema()
    actual = printed.getvalue()
    agree(
        "printed schema", comparing.same_printed(expected, actual, then.get("schema_ordered", False)), expected, actual
    )


def spark_schema(run: Run, value: Any, expected: Json, then: Then) -> None:
    schema = reading.data_frame(value).schema
    actual = [[field.name, reading.spark_type(field.dataType), field.nullable] for field in schema.fields]
    ordered = then.get("schema_ordered", False)
    nullable = {name: flag for name, _, flag in actual}
    holds = comparing.same_fields([entry[:2] for entry in expected], [entry[:2] for entry in actual], ordered)
    holds = holds and all(nullable[name] == flag for name, _, *flags in expected for flag in flags)
    agree("Spark schema", holds, expected, actual)


def rows(run: Run, value: Any, expected: Json, then: Then) -> None:
    same_rows(expected, run.rows(value), then.get("rows_columns"))


def same_rows(expected: Json, actual: Sequence[Mapping[str, Any]], columns: Sequence[str] | None = None) -> None:
    """Compare rows as multisets, of these columns only if any are named."""
    wanted, found = comparing.only_columns(expected, columns), comparing.only_columns(actual, columns)
    missing, extra = comparing.multiset_difference(wanted, found)
    assert not missing and not extra, f"rows\n  missing: {shown(missing)}\n  extra:   {shown(extra)}"


def rows_where(run: Run, value: Any, expected: Json, then: Then) -> None:
    rows = run.rows(value)
    for condition in expected:
        when = condition["when"]
        matching = [row for row in rows if all(comparing.same_value(v, row.get(k)) for k, v in when.items())]
        assert matching, f"no row matches {shown(when)}; rows: {shown(rows)}"
        for row in matching:
            _check_row(row, condition)


def _check_row(row: Mapping[str, Any], condition: Mapping[str, Json]) -> None:
    for name, wanted in condition.get("expect", {}).items():
        agree(f"column {name!r}", comparing.same_value(wanted, row.get(name)), wanted, row)
    for name, text in condition.get("expect_contains", {}).items():
        agree(f"column {name!r} contains", text in str(row.get(name)), text, row)
    for name in condition.get("expect_not_null", []):
        agree(f"column {name!r} is not null", not comparing.is_null(row.get(name)), "not null", row)
    for name, unwanted in condition.get("expect_not_in", {}).items():
        holds = not any(comparing.same_value(each, row.get(name)) for each in unwanted)
        agree(f"column {name!r} is none of", holds, unwanted, row)


def columns(run: Run, value: Any, expected: Json, then: Then) -> None:
    _same_names("columns", expected, reading.columns(value), then.get("columns_any_order", False))


def columns_include(run: Run, value: Any, expected: Json, then: Then) -> None:
    actual = reading.columns(value)
    agree("columns include", set(expected) <= set(actual), expected, actual)


def count(run: Run, value: Any, expected: int, then: Then) -> None:
    actual = run.count(value)
    agree("count", actual == expected, expected, actual)


def length(run: Run, value: Any, expected: int, then: Then) -> None:
    agree("len", len(value) == expected, expected, len(value))


def frame_name(run: Run, value: Any, expected: str, then: Then) -> None:
    agree("frame name", value.name == expected, expected, value.name)


def struct_fields(run: Run, value: Any, expected: Json, then: Then) -> None:
    for path, names in expected.items():
        type_ = reading.type_at(reading.fields(value), path)
        while isinstance(type_, dict) and "array" in type_:
            type_ = type_["array"]
        assert isinstance(type_, dict) and "struct" in type_, f"{path!r} is no struct but {shown(type_)}"
        actual = [name for name, _ in type_["struct"]]
        _same_names(f"fields of {path!r}", names, actual, then.get("struct_fields_any_order", False))


def nested_values(run: Run, value: Any, expected: Json, then: Then) -> None:
    rows = run.rows(value)
    for path, wanted in expected.items():
        found = [reading.at_path(row, path) for row in rows]
        agree(f"value at {path!r}", any(comparing.same_value(wanted, each) for each in found), wanted, found)


def keys(run: Run, value: Any, expected: Json, then: Then) -> None:
    _same_names("keys", expected, list(value.keys()), any_order=True)


def keys_include(run: Run, value: Any, expected: Json, then: Then) -> None:
    agree("keys include", set(expected) <= set(value.keys()), expected, sorted(value.keys()))


def joined(run: Run, value: Any, expected: Json, then: Then) -> None:
    renames = expected.get("rename_right", {})
    right_key = renames.get(expected["right_key"], expected["right_key"])
    right_rows = [{renames.get(k, k): v for k, v in row.items()} for row in run.rows(value[expected["right"]])]
    unwanted = {*expected.get("drop", []), *expected.get("ignore", [])}
    actual = [
        {name: cell for name, cell in {**left, **right}.items() if name not in unwanted}
        for left in run.rows(value[expected["left"]])
        for right in right_rows
        if left[expected["left_key"]] is not None and left[expected["left_key"]] == right[right_key]
    ]
    if "count" in expected:
        agree("joined count", len(actual) == expected["count"], expected["count"], len(actual))
    if "rows" in expected:
        same_rows(expected["rows"], actual, expected.get("rows_columns"))


def errors_count(run: Run, value: Any, expected: int, then: Then) -> None:
    actual = value.errorsCount()
    agree("errors count", actual == expected, expected, actual)


def stage_errors_count(run: Run, value: Any, expected: int, then: Then) -> None:
    actual = value.stageErrorsCount()
    agree("stage errors count", actual == expected, expected, actual)


def error_messages_contain(run: Run, value: Any, expected: Json, then: Then) -> None:
    records = [row.get("error") or row for row in reading.rows(value.errorsAsDynamicFrame())]
    messages = [str(record.get("msg", record)) for record in records]
    for text in expected:
        agree("some error message contains", any(text in message for message in messages), text, messages)
