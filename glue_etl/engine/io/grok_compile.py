r"""Compiles a grok pattern to one regular expression of Python and the fields that it captures.

References are `%{NAME}`, `%{NAME:field}`, `%{NAME:field:type}`; `;` may stand for a colon, a date may be followed by
its format, and `=definition` at the end defines the pattern on the spot. Named groups `(?<field>...)` capture too.
Source: "Using the grokLog format" and "Writing custom classifiers" in the AWS Glue guide.
"""

from __future__ import annotations

import difflib
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field

from glue_etl.engine.io.grok_patterns import BUILT_IN
from glue_etl.engine.io.grok_syntax import GrokSyntaxError, Hooks, translate
from glue_etl.engine.io.grok_types import Conversion, conversion_of
from glue_etl.errors import OptionError

__all__ = ["Grok", "GrokField", "compile_grok", "parse_custom_patterns"]

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")
_CUSTOM_LINE = re.compile(r"\s*([A-Za-z0-9_][A-Za-z0-9_-]*)[ \t]+(.*)")
_LONGEST = 200_000
"""Characters of an expression; custom patterns that double at every level would grow without end."""
_UNWANTED = "UNWANTED"


@dataclass(frozen=True)
class GrokField:
    """A field of the records.

    Attributes:
        name: Its name.
        groups: Numbers (from 0) of the groups that capture it; the first that took part in a match counts.
        conversion: From text to its type.
    """

    name: str
    groups: tuple[int, ...]
    conversion: Conversion


@dataclass(frozen=True)
class Grok:
    """A compiled pattern.

    Attributes:
        regex: To be searched in a line.
        fields: In the order in which they stand in the pattern.
    """

    regex: re.Pattern[str]
    fields: tuple[GrokField, ...]


def compile_grok(log_format: str, custom_patterns: str = "") -> Grok:
    """Compile the options `logFormat` and `customPatterns`.

    Raises:
        OptionError: A pattern does not exist, refers to itself, is malformed, cannot be said in Python's regular
            expressions, or the whole captures no field; the message names the pattern.
    """
    return _Compiler({**BUILT_IN, **parse_custom_patterns(custom_patterns)}).compiled(log_format)


def parse_custom_patterns(text: str) -> dict[str, str]:
    """The option `customPatterns`: a name and its definition on each line; `#` begins a comment line.

    Raises:
        OptionError: A line is neither.
    """
    patterns: dict[str, str] = {}
    for line in text.replace("\r\n", "\n").split("\n"):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _CUSTOM_LINE.fullmatch(line)
        if match is None or not match[2]:
            raise OptionError(
                f"The line {line!r} of 'customPatterns' is no pattern.",
                hint="write the name, a space and the regular expression, one pattern a line",
            )
        patterns[match[1]] = match[2]
    return patterns


@dataclass
class _Captured:
    groups: list[str] = field(default_factory=list)
    type_name: str = ""
    date_format: str = ""


@dataclass
class _Compiler:
    patterns: Mapping[str, str]
    stack: list[str] = field(default_factory=list)
    captured: dict[str, _Captured] = field(default_factory=dict)
    count: int = 0
    size: int = 0

    def compiled(self, log_format: str) -> Grok:
        text = self._translated(log_format, "logFormat")
        if not self.captured:
            raise OptionError(f"The logFormat {log_format!r} captures no field.", hint="name one, such as %{WORD:verb}")
        try:
            with warnings.catch_warnings():
                # What Python may change one day in its own syntax is none of the script's business.
                warnings.simplefilter("ignore")
                regex = re.compile(text, re.ASCII)
        except (re.error, OverflowError, RecursionError) as error:
            raise OptionError(
                f"The logFormat {log_format!r} is no regular expression that can be used: {_reason(error)}.",
                hint=_hint(error),
            ) from error
        fields = [
            GrokField(
                name,
                tuple(regex.groupindex[group] - 1 for group in each.groups),
                conversion_of(name, each.type_name, each.date_format),
            )
            for name, each in self.captured.items()
        ]
        return Grok(regex, tuple(fields))

    def _translated(self, definition: str, owner: str) -> str:
        names: dict[str, str] = {}

        def named(name: str) -> str | None:
            group = self._capture(name, "", "")
            if group is not None:
                names[name] = group
            return group

        def known(name: str) -> str | None:
            groups = self.captured[name].groups if name in self.captured else []
            return names.get(name) or (groups[-1] if groups else None)

        try:
            text = translate(definition, Hooks(lambda inner: self._reference(inner, owner), named, self._group, known))
        except GrokSyntaxError as error:
            raise OptionError(f"The grok pattern {owner!r} ({definition!r:.200}) cannot be used: {error}.") from error
        except RecursionError as error:
            raise OptionError(f"The grok pattern {owner!r} is nested too deeply.") from error
        self.size += len(text)
        if self.size > _LONGEST:
            raise OptionError(
                f"The grok pattern {owner!r} makes the expression longer than {_LONGEST} characters.",
                hint="refer to fewer patterns",
            )
        return text

    def _reference(self, inner: str, owner: str) -> str:
        rest, equals, inline = inner.partition("=")
        parts = re.split("[:;]", rest, maxsplit=3)
        name = parts[0].strip()
        if not _NAME.fullmatch(name):
            raise GrokSyntaxError(f"'%{{{inner}}}' does not begin with the name of a pattern")
        definition = inline if equals else self.patterns.get(name)
        if definition is None:
            near = difflib.get_close_matches(name, self.patterns, 5)
            raise OptionError(
                f"There is no grok pattern {name!r}, which {owner!r} refers to.",
                available=near or sorted(self.patterns),
                hint="define it in 'customPatterns', one pattern a line",
            )
        if name in self.stack:
            circle = " -> ".join([*self.stack[self.stack.index(name) :], name])
            raise OptionError(f"The grok pattern {name!r} refers to itself: {circle}.")
        parts = [part.strip() for part in [*parts[1:], "", "", ""][:3]]
        group = self._capture(*parts) if parts[0] else None
        self.stack.append(name)
        text = self._translated(definition, name)
        self.stack.pop()
        return text if group is None else f"(?P<{group}>{text})"

    def _capture(self, name: str, type_name: str, date_format: str) -> str | None:
        if name == _UNWANTED:
            return None
        captured = self.captured.setdefault(name, _Captured())
        if type_name:
            conversion_of(name, type_name, date_format)
            if captured.type_name and (captured.type_name, captured.date_format) != (type_name, date_format):
                raise OptionError(
                    f"The field {name!r} is {captured.type_name!r} in one place of the pattern and {type_name!r} in"
                    " another.",
                    hint="give it one type, or two names",
                )
            captured.type_name, captured.date_format = type_name, date_format
        group = self._group()
        captured.groups.append(group)
        return group

    def _group(self) -> str:
        self.count += 1
        return f"g{self.count}"


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return str(error)


def _hint(error: Exception) -> str:
    if "look-behind" in str(error):
        return "what stands in (?<=...) or (?<!...) must have a fixed length here"
    return "try the pattern part by part"
