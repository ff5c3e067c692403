"""Unix-style globs, for exclusions and for paths.

Source: "Include and exclude patterns" in the AWS Glue guide: `*` and `?` stop at a slash, `**` does not, `[a-z]` and
`[!a-z]` are one character, `{a,b}` is one of several texts, a backslash takes the next character as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from glue_etl.errors import OptionError

__all__ = ["escape", "has_glob", "matcher", "regex_of"]

_SPECIAL = frozenset("*?[]{}\\")


def has_glob(path: str) -> bool:
    """Whether Hadoop would take a path for a pattern."""
    return any(character in _SPECIAL for character in path)


def escape(path: str) -> str:
    """The path as a pattern that matches it alone."""
    return "".join("\\" + character if character in _SPECIAL else character for character in path)


def matcher(patterns: Iterable[str]) -> Callable[[str], bool]:
    """Whether a whole text matches one of the patterns.

    Raises:
        OptionError: A pattern has a bracket or brace that is not closed, or a range that runs backwards.
    """
    compiled = [_compiled(pattern) for pattern in patterns]
    return lambda text: any(pattern.fullmatch(text) for pattern in compiled)


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(regex_of(pattern), re.DOTALL)
    except re.error as error:
        raise OptionError(
            f"The pattern {pattern!r} has a range of characters that runs backwards.", hint="write it as [a-z]"
        ) from error


def regex_of(pattern: str) -> str:
    """A glob as a regular expression for the whole text.

    Raises:
        OptionError: A bracket or brace is not closed.
    """
    parts: list[str] = []
    at = 0
    depth = 0
    while at < len(pattern):
        character = pattern[at]
        at += 1
        if character == "*":
            many = pattern.startswith("*", at)
            at += many
            parts.append(".*" if many else "[^/]*")
        elif character == "?":
            parts.append("[^/]")
        elif character == "[":
            text, at = _bracket(pattern, at)
            parts.append(text)
        elif character == "{":
            depth += 1
            parts.append("(?:")
        elif character == "}" and depth:
            depth -= 1
            parts.append(")")
        elif character == "," and depth:
            parts.append("|")
        elif character == "\\" and at < len(pattern):
            parts.append(re.escape(pattern[at]))
            at += 1
        else:
            parts.append(re.escape(character))
    if depth:
        raise _not_closed(pattern, "{")
    return "".join(parts)


def _bracket(pattern: str, start: int) -> tuple[str, int]:
    at = start
    negated = pattern.startswith(("!", "^"), at)
    at += negated
    # A closing bracket that comes first stands for itself.
    end = pattern.find("]", at + 1)
    if end < 0:
        raise _not_closed(pattern, "[")
    members = "".join(c if c == "-" else re.escape(c) for c in pattern[at:end])
    # A dash at either end stands for itself; `--` would be a set operation to Python.
    members = re.sub(r"^-|-$", r"\\-", members).replace("--", r"\-")
    return f"(?!/)[{'^' if negated else ''}{members}]", end + 1


def _not_closed(pattern: str, what: str) -> OptionError:
    hint = f"close it, or write \\{what} for the character itself"
    return OptionError(f"The pattern {pattern!r} has a {what!r} that is not closed.", hint=hint)
