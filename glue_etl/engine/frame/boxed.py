"""What a format makes of a field of texts: the common form in which `unbox_*` hand it to `unbox`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as f

from glue_etl.engine.types import json_form
from glue_etl.engine.types import tree as g
from glue_etl.errors import OptionError

__all__ = ["OPENED", "Opened", "Opener", "check_options", "flag", "given_schema", "is_blank", "pinned"]

OPENED = "\0opened"
"""The name of the column that a format puts beside the record's own, if it needs one."""


@dataclass(frozen=True)
class Opened:
    """Texts read as a format.

    Attributes:
        df: The records, with such further columns as `value` and `fault` need.
        value: The value of each text; null where there is no text.
        type: Its type.
        fault: Why a text cannot be read, null if it can; None if all texts are known to be readable.
        faults: How many cannot, where one pass told it.
    """

    df: DataFrame
    value: Column
    type: g.GlueType
    fault: Column | None = None
    faults: int | None = None


class Opener(Protocol):
    """A format, with the options a script gave."""

    def open(self, df: DataFrame, text: Column, where: str) -> Opened:
        """Read the texts of a column of `df`; `where` is the field's path, for messages."""


def pinned(column: Column) -> Column:
    """The column, evaluated once.

    Spark would evaluate it in a filter on it, and again for its value; it does not where a function in it may give
    another result each time.
    """
    return f.when(f.monotonically_increasing_id() >= 0, column)


def is_blank(text: Column) -> Column:
    """Whether there is nothing to read: null for null."""
    return f.length(f.trim(text)) == 0


def check_options(options: Mapping[str, Any], known: set[str], fmt: str) -> None:
    """See that a format has all the options a script gives.

    Raises:
        OptionError: It has not.
    """
    for name in options:
        if name not in known:
            raise OptionError(f"{name!r} is not an option of Unbox for the format {fmt!r}.", available=sorted(known))


def flag(options: Mapping[str, Any], name: str) -> bool:
    """A yes-or-no option; no if it is not given.

    Raises:
        OptionError: It is something else.
    """
    word = str(options.get(name) or False).strip().lower()
    if word not in ("true", "false"):
        raise OptionError(f"The option {name!r} of Unbox is {options[name]!r}, neither true nor false.")
    return word == "true"


def given_schema(options: Mapping[str, Any]) -> g.GlueType | None:
    """The type that `withSchema` gives, None if it is not there.

    Raises:
        OptionError: It is no schema.
    """
    given = options.get("withSchema")
    if not given:
        return None
    try:
        return json_form.loads(given) if isinstance(given, str) else json_form.from_json(given)
    except OptionError as error:
        raise OptionError(
            f"The option 'withSchema' of Unbox is {given!r}, which is no schema: {error.fact}",
            hint="pass json.dumps(schema.jsonValue()) of an awsglue.gluetypes.StructType",
        ) from error
