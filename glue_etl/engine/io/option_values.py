"""What a script gives as an option's value, checked against a table of options and brought to a plain value."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from glue_etl.engine.io.registry import Option
from glue_etl.errors import OptionError, UnsupportedError

__all__ = ["canonical", "checked", "given_of"]


def canonical(table: Mapping[str, Option]) -> list[str]:
    """The options of a table, each by one name."""
    return [key for key, option in table.items() if not option.name]


def given_of(values: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Of checked values, those that the script gave itself."""
    return {key: value for key, value in values.items() if key in given}


def checked(table: Mapping[str, Option], given: Mapping[str, Any], what: str) -> dict[str, Any]:
    """The value of every option of a table, by its canonical name.

    Args:
        table: The options there are.
        given: What the script gave; texts such as `"true"`, `"1048576"` and JSON lists are understood.
        what: What the options are of, for messages.

    Raises:
        OptionError: An option that does not exist, or a value that cannot be used.
        UnsupportedError: AWS Glue has it, this version has not.
    """
    values = {key: table[key].default for key in canonical(table)}
    for key, value in given.items():
        if key == "callSite":
            continue
        option = table.get(key)
        if option is None:
            known = [name for name in canonical(table) if table[name].effect == "used"]
            raise OptionError(
                f"{key!r} is not an option of {what}.", available=sorted(known), hint="check its spelling and case"
            )
        plain = _value(key, value, option)
        if option.effect == "unsupported" and plain not in (None, False, ""):
            raise UnsupportedError.of(f"The option {key!r} of {what}", "leave it out")
        values[option.name or key] = plain
    return values


def _value(key: str, value: Any, option: Option) -> Any:
    if value is None:
        return option.default
    if option.kind == "bool":
        return _boolean(key, value)
    if option.kind == "int":
        try:
            return int(str(value))
        except ValueError:
            raise OptionError(f"The option {key!r} is {value!r}, not a whole number.") from None
    if option.kind == "bytes":
        return _bytes(key, value)
    if option.kind == "list":
        return _listed(key, value)
    return value if isinstance(value, str) else json.dumps(value)


def _bytes(key: str, value: Any) -> int:
    match = re.fullmatch(r"\s*(\d+)\s*([KMG]?)I?B?\s*", str(value), re.IGNORECASE)
    if match is None or int(match[1]) == 0:
        raise OptionError(f"The option {key!r} is {value!r}, not a size.", hint="give bytes, such as 1048576, or '1MB'")
    return int(match[1]) << {"": 0, "K": 10, "M": 20, "G": 30}[match[2].upper()]


def _boolean(key: str, value: Any) -> bool:
    word = str(value).strip().lower()
    if word in ("true", "false"):
        return word == "true"
    raise OptionError(f"The option {key!r} is {value!r}, neither true nor false.")


def _listed(key: str, value: Any) -> list[Any]:
    """A list, or its JSON text as the documentation writes exclusions, or one plain text."""
    if isinstance(value, str):
        if not value.lstrip().startswith("["):
            return [value]
        try:
            value = json.loads(value)
        except json.JSONDecodeError:
            # A path or pattern may begin with a bracket of its own.
            return [value]
    if not isinstance(value, (list, tuple)):
        raise OptionError(f"The option {key!r} is {value!r}, not a list.")
    return list(value)
