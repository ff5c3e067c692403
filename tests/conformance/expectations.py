"""Check the assertions of a case (its `then`) against a run: the table of assertions, and those that nest others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from . import frame_checks, output_checks
from .cases import MODIFIERS, CaseError
from .comparing import shown
from .steps import Run

Json = Any
Then = Mapping[str, Json]
Check = Callable[[Run, Any, Json, Then], None]


def verify(run: Run, then: Then) -> int:
    """Check every assertion of `then`.

    Returns:
        How many assertions were evaluated.

    Raises:
        AssertionError: One does not hold.
        CaseError: One is unknown, or there is none.
        Exception: What a step raised, if the case does not expect it.
    """
    if run.error is not None and not expects_error(then):
        raise run.error
    evaluated = check_all(run, run.result, then)
    if not evaluated:
        raise CaseError("no assertion was evaluated")
    return evaluated


def expects_error(then: Then) -> bool:
    """Whether some reading of the assertions allows a step to raise."""
    return "raises" in then or any(expects_error(alternative) for alternative in then.get("any_of", []))


def check_all(run: Run, value: Any, then: Then) -> int:
    """Check assertions about one value; gives how many there were."""
    evaluated = 0
    for key, expected in then.items():
        if key in MODIFIERS:
            continue
        if key not in CHECKS:
            raise CaseError(f"unknown assertion {key!r}")
        CHECKS[key](run, value, expected, then)
        evaluated += 1
    return evaluated


def _frames(run: Run, value: Any, expected: Json, then: Then) -> None:
    for key, assertions in expected.items():
        available = sorted(value.keys())
        assert key in available, f"no frame {key!r} in the collection; available: {available}"
        check_all(run, value[key], assertions)


def _raises(run: Run, value: Any, expected: Json, then: Then) -> None:
    error = run.error
    assert error is not None, f"no exception; expected {shown(expected)}, the result is {value!r}"
    names = [cls.__name__ for cls in type(error).__mro__]
    # "Not supported here" says nothing about what Glue does: it must not pass for Glue's own refusal.
    if "UnsupportedError" in names:
        raise error
    text = f"{error} {error.__cause__ or ''}"
    holds = expected["type"] in names and expected.get("message_contains", "") in text
    if not holds:
        raise AssertionError(f"raises\n  expected: {shown(expected)}\n  actual:   {names[0]}: {text}") from error


def _any_of(run: Run, value: Any, expected: Json, then: Then) -> None:
    failures = []
    for alternative in expected:
        # Modifiers beside `any_of` hold inside it too.
        inherited = {key: then[key] for key in MODIFIERS if key in then}
        try:
            if run.error is not None and not expects_error(alternative):
                raise run.error
            check_all(run, value, {**inherited, **alternative})
        except Exception as failure:
            failures.append(f"{type(failure).__name__}: {failure}")
        else:
            return
    raise AssertionError("no alternative holds:\n" + "\n".join(failures))


def _on(run: Run, value: Any, expected: Json, then: Then) -> None:
    for name, assertions in expected.items():
        value_, output = run.named(name), run.output
        run.output = run.outputs.get(name, output)
        try:
            check_all(run, value_, assertions)
        except AssertionError as failure:
            raise AssertionError(f"on {name!r}: {failure}") from failure
        finally:
            run.output = output


CHECKS: dict[str, Check] = {
    "any_of": _any_of,
    "catalog": output_checks.catalog,
    "columns": frame_checks.columns,
    "columns_include": frame_checks.columns_include,
    "count": frame_checks.count,
    "error_messages_contain": frame_checks.error_messages_contain,
    "errors_count": frame_checks.errors_count,
    "files": output_checks.files,
    "files_rows": output_checks.files_rows,
    "files_text": output_checks.files_text,
    "frame_name": frame_checks.frame_name,
    "frames": _frames,
    "joined": frame_checks.joined,
    "keys": frame_checks.keys,
    "keys_include": frame_checks.keys_include,
    "len": frame_checks.length,
    "nested_values": frame_checks.nested_values,
    "on": _on,
    "printed_schema": frame_checks.printed_schema,
    "python_true": output_checks.python_true,
    "raises": _raises,
    "rows": frame_checks.rows,
    "rows_where": frame_checks.rows_where,
    "schema": frame_checks.schema,
    "spark_schema": frame_checks.spark_schema,
    "stage_errors_count": frame_checks.stage_errors_count,
    "stdout_contains": output_checks.stdout_contains,
    "stdout_equals": output_checks.stdout_equals,
    "stdout_json_lines": output_checks.stdout_json_lines,
    "struct_fields": frame_checks.struct_fields,
    "value": output_checks.value,
    "value_contains": output_checks.value_contains,
    "value_lacks": output_checks.value_lacks,
    "value_max": output_checks.value_max,
    "value_unordered": output_checks.value_unordered,
}
