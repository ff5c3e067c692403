"""The values of Glue's own job parameters that have a grammar: Spark settings, environment variables, lists."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from glue_etl.errors import OptionError

__all__ = ["EnvironmentVariables", "parse_conf", "parse_environment", "parse_list", "split_conf"]

_PREFIX = "CUSTOMER_"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def split_conf(text: str) -> list[str]:
    """The settings in one value of Glue's `--conf`, which may hold `K=V --conf K2=V2`."""
    return [part for part in re.split(r"(?:^|\s+)--conf(?:\s+|=)", text.strip()) if part] if text.strip() else []


def parse_conf(settings: Iterable[str]) -> dict[str, str]:
    """Read Spark settings of the form `K=V`.

    Args:
        settings: One `K=V` each; the value may hold `=` itself.

    Returns:
        The settings by name; a later one wins.

    Raises:
        OptionError: No `=`, or the name is not one of Spark's (Spark would drop it without a word).
    """
    result: dict[str, str] = {}
    for setting in settings:
        name, equals, value = setting.strip().partition("=")
        if not equals or not name.strip():
            raise OptionError(
                f"--conf {setting!r} is not of the form K=V.", hint="write it like spark.sql.shuffle.partitions=8"
            )
        if not name.startswith("spark."):
            raise OptionError(
                f"--conf {setting!r} names no Spark setting.", hint="the name of a Spark setting begins with 'spark.'"
            )
        result[name.strip()] = value.strip()
    return result


def parse_list(text: str) -> tuple[str, ...]:
    """The entries of a comma-separated list, without spaces around them; empty ones are left out."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


@dataclass(frozen=True, slots=True)
class EnvironmentVariables:
    """What a list of environment variables says.

    Attributes:
        values: The variables that are set.
        ignored: Names without the prefix `CUSTOMER_`, which AWS Glue does not set.
    """

    values: Mapping[str, str]
    ignored: tuple[str, ...] = ()


def parse_environment(parameter: str, text: str) -> EnvironmentVariables:
    """Read `--customer-driver-env-vars` or `--customer-executor-env-vars`.

    Args:
        parameter: The parameter's name, for messages.
        text: `CUSTOMER_A=x,CUSTOMER_B="with, comma"`; a value with spaces or commas stands in double quotes, before
            which a backslash may stand, as in the documentation's own example.

    Returns:
        The variables; names without the prefix are told apart, as AWS Glue ignores them.

    Raises:
        OptionError: A pair without `=`, a name that is none, or quotes that are missing or not closed.

    Source: https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-glue-arguments.html
    """
    values: dict[str, str] = {}
    ignored: list[str] = []
    for pair in _pairs(parameter, text.replace('\\"', '"')):
        name, equals, value = pair.partition("=")
        name, value = name.strip(), value.strip()
        if not equals or not _NAME.fullmatch(name):
            raise OptionError(
                f"--{parameter} has {pair.strip()!r}, which is not of the form CUSTOMER_KEY=VALUE.",
                hint='pairs are separated by commas; a value with a comma or a space stands in quotes: A="x, y"',
            )
        if len(value) >= 2 and value[0] == value[-1] == '"':
            value = value[1:-1]
        elif '"' in value or any(character.isspace() for character in value):
            raise OptionError(
                f"--{parameter} has the value {value!r}, which must stand in quotes.", hint=f'write it as {name}="..."'
            )
        if "\0" in value or '"' in value:
            raise OptionError(f"--{parameter} has the value {value!r}, which no variable can have.")
        if name.startswith(_PREFIX):
            values[name] = value
        else:
            ignored.append(name)
    return EnvironmentVariables(values, tuple(ignored))


def _pairs(parameter: str, text: str) -> list[str]:
    pairs = [""]
    quoted = False
    for character in text:
        quoted ^= character == '"'
        if character == "," and not quoted:
            pairs.append("")
        else:
            pairs[-1] += character
    if quoted:
        raise OptionError(f"--{parameter} {text!r} has a quote that is not closed.", hint='write it as KEY="value"')
    return [pair for pair in pairs if pair.strip()]
