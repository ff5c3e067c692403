"""Whether JSON lines hold nothing but what a known type says, by Arrow's own JSON reader, some ten times faster.

Arrow refuses a field it was not told of, a string where a number was, a fraction where an integer was. What it lets
pass silently (an integer in a field of doubles, NaN, an int in a field of longs) is looked for in the columns it gives.

A choice between strings and bare tokens is shown to Arrow as strings alone: a regular expression (RE2, linear) puts
quotes around the tokens that its other alternatives allow. What it leaves bare, Arrow refuses.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from glue_etl.engine.types import tree as g
from glue_etl.engine.types.json_shape import Strings
from glue_etl.engine.types.paths import ELEMENTS, Path

__all__ = ["Check", "UnverifiedError", "check_of", "doubtful_rows", "joined"]

_LOW, _HIGH = -(2**31), 2**31 - 1
_ATOMS: dict[g.GlueType, Any] = {
    g.STRING: pa.string(),
    g.INT: pa.int64(),
    g.LONG: pa.int64(),
    g.DOUBLE: pa.float64(),
    g.BOOLEAN: pa.bool_(),
    g.NULL: pa.null(),
    g.UNKNOWN: pa.null(),
}
_NUMBERS = {"int", "long", "double"}
_TOKENS = {
    ("int",): "-?(?:0|[1-9][0-9]{0,8})",
    # Of ten digits some are ints; nothing above may be refused wrongly, only left to the slower way.
    ("long",): "-?[1-9][0-9]{10,17}",
    ("int", "long"): "-?(?:0|[1-9][0-9]{0,17})",
    ("double",): r"-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,17}(?:[eE][+-]?[0-9]{1,2})?|[eE][+-]?[0-9]{1,2})",
    ("boolean",): "true|false",
}
"""Bare tokens that are surely of a type."""
_MARK = "\ue000"
"""Stands before a token that was put into quotes, so that it does not look bare; in real strings it does no harm."""
_LOOKS_BARE = r"^(?:-?[0-9]|true$|false$|[{\[])"
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_]+")
_MOST_QUOTED = 4
"""Fields to put quotes in; each costs a pass over the text."""


class UnverifiedError(Exception):
    """The lines may hold something else than the type says."""


@dataclass(frozen=True)
class Check:
    """How to check lines against a type.

    Attributes:
        arrow: What Arrow reads them with; it accepts what the type says and hardly more.
        quoted: Regular expressions of the bare tokens to put into quotes.
        looked: Fields whose strings are looked at.
    """

    arrow: Any
    quoted: tuple[str, ...]
    looked: frozenset[Path]


def check_of(kind: g.StructType) -> Check | None:
    """How to check lines against a type; None if Arrow cannot."""
    arrow = _arrow_type(kind)
    if arrow is None:
        return None
    fields = list(_fields(kind, ()))
    times = Counter(path[-1] for path, _ in fields)
    mixed = [(path, choice) for path, choice in fields if isinstance(choice, g.ChoiceType) and choice.get("string")]
    # The expressions know a field by its name alone.
    plain = all(times[path[-1]] == 1 and _PLAIN_NAME.fullmatch(str(path[-1])) for path, _ in mixed)
    if len(mixed) > _MOST_QUOTED or not plain:
        return None
    quoted = tuple(_bare_tokens(str(path[-1]), {c.name for c in choice.choices}) for path, choice in mixed)
    return Check(arrow, quoted, frozenset(path for path, _ in mixed))


def _fields(kind: g.GlueType, path: Path) -> Iterator[tuple[Path, g.GlueType]]:
    if isinstance(kind, g.StructType):
        for member in kind:
            yield (*path, member.name), member.type
            yield from _fields(member.type, (*path, member.name))
    elif isinstance(kind, g.ArrayType):
        # The element has no name, so a mixed one has nothing that it can be found by.
        yield (*path, ELEMENTS), kind.element
        yield from _fields(kind.element, (*path, ELEMENTS))


def _bare_tokens(name: str, names: set[str]) -> str:
    tokens = [token for kinds, token in _TOKENS.items() if set(kinds) <= names]
    # In JSON text a key alone stands between such characters: a quote inside a string has a backslash before it.
    return rf'([,{{\s]"{name}"\s*:\s*)({"|".join(tokens)})(\s*[,}}])'


def _arrow_type(kind: g.GlueType) -> Any | None:
    if isinstance(kind, g.StructType):
        members = [(member.name, _arrow_type(member.type)) for member in kind]
        if any(member is None for _, member in members):
            return None
        return pa.struct([pa.field(name, member) for name, member in members])
    if isinstance(kind, g.ArrayType):
        element = _arrow_type(kind.element)
        return None if element is None else pa.list_(element)
    if isinstance(kind, g.ChoiceType):
        names = {choice.name for choice in kind.choices}
        if "string" in names:
            return pa.string() if names <= {*_NUMBERS, "string", "boolean"} else None
        return None if not names <= _NUMBERS else pa.float64() if "double" in names else pa.int64()
    return _ATOMS.get(kind)


def joined(lines: Any) -> Any:
    """Lines as one buffer.

    Args:
        lines: An Arrow array of binary.

    Raises:
        UnverifiedError: Some line may be no record, or more than one.
    """
    # Between these two characters no record can run over the end of its line.
    if not (pc.all(pc.starts_with(lines, b"{")).as_py() and pc.all(pc.ends_with(lines, b"}")).as_py()):
        raise UnverifiedError
    offsets = pa.array([0, len(lines)], pa.int32())
    return pc.binary_join(pa.ListArray.from_arrays(offsets, lines), b"\n")[0].as_buffer()


def doubtful_rows(text: Any, rows: int, kind: g.StructType, check: Check, strings: Strings) -> Any | None:
    """Check lines.

    Args:
        text: An Arrow buffer of lines, each from `{` to `}`.
        rows: Their number.
        kind: The type they should have.
        check: `check_of(kind)`.
        strings: Takes what is seen of the strings of `check.looked`.

    Returns:
        None if all lines agree with the type, else an Arrow array of booleans: the lines that must be looked at.

    Raises:
        UnverifiedError: All of them must be looked at.
    """
    try:
        text = _quoted(text, check.quoted)
        table = pj.read_json(
            pa.BufferReader(text),
            read_options=pj.ReadOptions(use_threads=False, block_size=text.size + 1),
            parse_options=pj.ParseOptions(
                explicit_schema=pa.schema(list(check.arrow)), unexpected_field_behavior="error"
            ),
        )
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, UnicodeDecodeError):
        raise UnverifiedError from None
    if table.num_rows != rows:
        raise UnverifiedError
    doubts = [
        found
        for member in kind
        for found in _doubts(table.column(member.name).combine_chunks(), member.type, (member.name,), strings)
    ]
    if not doubts:
        return None
    mask = doubts[0]
    for other in doubts[1:]:
        mask = pc.or_(mask, other)
    return mask


def _quoted(text: Any, patterns: tuple[str, ...]) -> Any:
    """The text with quotes around the tokens; fails where bytes are not UTF-8."""
    ends = pa.py_buffer(np.array([0, text.size], np.int32))
    whole = pa.Array.from_buffers(pa.binary(), 1, [None, ends, text]).cast(pa.string())
    if not patterns:
        return text
    for pattern in patterns:
        whole = pc.replace_substring_regex(whole, pattern, rf'\1"{_MARK}\2"\3')
    return whole[0].as_buffer()


def _doubts(column: Any, kind: g.GlueType, path: Path, strings: Strings) -> list[Any]:
    if isinstance(kind, g.StructType):
        return [
            found
            for i, member in enumerate(kind)
            for found in _doubts(column.field(i), member.type, (*path, member.name), strings)
        ]
    if isinstance(kind, g.ArrayType):
        if _doubts(column.flatten(), kind.element, (*path, ELEMENTS), strings):
            raise UnverifiedError
        return []
    if isinstance(kind, g.ChoiceType) and kind.get("string"):
        if path not in strings.murky and pc.any(pc.match_substring_regex(column, _LOOKS_BARE)).as_py():
            strings.murky.add(path)
        return []
    doubt = _doubt(column, {choice.name for choice in kind.choices} if isinstance(kind, g.ChoiceType) else {kind.name})
    if doubt is None or not pc.any(doubt).as_py():
        return []
    return [pc.fill_null(doubt, False)]


def _doubt(column: Any, names: set[str]) -> Any | None:
    """Which numbers of a column may be of another type than `names`, or None."""
    if "double" in names:
        whole = pc.or_(pc.equal(pc.floor(column), column), pc.invert(pc.is_finite(column)))
        if "int" not in names:
            return whole
        return pc.and_(whole, pc.invert(_within(column)))
    if names == {"int"}:
        return pc.invert(_within(column))
    return _within(column) if names == {"long"} else None


def _within(column: Any) -> Any:
    return pc.and_(pc.greater_equal(column, _LOW), pc.less_equal(column, _HIGH))
