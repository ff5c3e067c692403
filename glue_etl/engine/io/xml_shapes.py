"""Rows that are laid out alike, read by a regular expression.

Most XML of programs repeats the same tags in the same order. A row that expat has read once tells its shape; a row that
matches a shape is well-formed and has nothing but plain texts between those tags, so its values are the groups of the
match. Whatever does not match (entities, comments, other tags, characters that XML forbids) is left to expat. Texts
become values field by field, for many rows at once: that takes less than half the time of expat's own work.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import repeat
from typing import Any

from glue_etl.engine.io.xml_values import XML_SPACE, Texts

__all__ = ["Shapes", "put"]

_NAME = r"[^\s<>/=\"'&]+"
_TAG = re.compile(rf"<(/?)({_NAME})((?:\s+{_NAME}\s*=\s*(?:\"[^\"<]*\"|'[^'<]*'))*)\s*(/?)>")
_ATTRIBUTE = re.compile(rf"({_NAME})\s*=\s*([\"'])")
_ENTITIES = {b"&lt;": b"<", b"&gt;": b">", b"&quot;": b'"', b"&apos;": b"'", b"&amp;": b"&"}
_ENTITY = "&(?:amp|lt|gt|quot|apos);"
_OTHER_ENTITY = re.compile(rf"&(?!{_ENTITY[1:]})")


def _group_of(letters: str) -> str:
    # Nothing is given back (`*+`): a row of another shape fails at once, in time linear in its length.
    return f"({letters}*+(?:{_ENTITY}{letters}*+)*+)"


# No control characters, nor what ends a text, or is changed by XML's rules for ends of lines.
_IN_DOUBLE, _IN_SINGLE = r'[^<>&"\x00-\x1f]', r"[^<>&'\x00-\x1f]"
_TEXT = _group_of(r"[^<>&\x00-\x08\x0b-\x1f]")
_QUOTED = {'"': f'"{_group_of(_IN_DOUBLE)}"', "'": f"'{_group_of(_IN_SINGLE)}'"}
_SPACE = r"[ \t\r\n]*+"
_MOST_SHAPES = 16
_MOST_TAGS = 500
_TRIALS = 500
_LONGEST_RUN = 5000

_Columns = Sequence[Sequence[Any]]
_Make = Callable[[_Columns, int], Sequence[Any]]
"""From the values of all groups and the number of rows to an element's value in each row."""


def put(fields: dict[str, Any], name: str, value: Any) -> None:
    """Add a value: of several of one name comes a list."""
    if name not in fields:
        fields[name] = value
        return
    there = fields[name]
    if type(there) is list:
        there.append(value)
    else:
        fields[name] = [there, value]


@dataclass
class _Element:
    """An element of a row from which a shape is learned.

    Attributes:
        name: Its name, as written.
        attributes: Fields of its attributes, with the groups of their values.
        children: In the order of the row.
        text: The group of its text; None if it has children, or is a self-closing element.
    """

    name: str
    attributes: list[tuple[str, int]] = field(default_factory=list)
    children: list[_Element] = field(default_factory=list)
    text: int | None = None


@dataclass
class _Shape:
    """One shape.

    Attributes:
        match: Matches a row and the space behind it.
        make: Makes the records of rows.
        beside: The groups of texts beside attributes: they are no field where they are blank.
        rows: The groups of the rows that were found in the run at hand.
    """

    match: Callable[[bytes, int], re.Match[bytes] | None]
    make: _Make
    beside: frozenset[int]
    rows: list[tuple[bytes, ...]] = field(default_factory=list)

    def records(self, texts: Texts) -> Sequence[dict[str, Any]]:
        """The records of the rows that were found."""
        columns = [
            texts.blanks_as_null(column) if at in self.beside else texts.values(column)
            for at, column in enumerate(map(_unescaped, zip(*self.rows, strict=True)))
        ]
        count, self.rows = len(self.rows), []
        return self.make(columns, count)


class Shapes:
    """The shapes of one text's rows, as far as they are known.

    Args:
        attribute_prefix: What stands before the names of attributes; None to leave attributes out.
        value_tag: The field for the text of an element that has attributes.
        texts: How texts become values.
    """

    def __init__(self, attribute_prefix: str | None, value_tag: str, texts: Texts) -> None:
        self._prefix = attribute_prefix
        self._value_tag = value_tag
        self._texts = texts
        self._known: list[_Shape] = []
        self._learned = 0
        self._asked = 0
        self._answered = 0

    def run(self, text: bytes, at: int) -> tuple[Sequence[dict[str, Any]], int]:
        """The records of rows that follow each other, and where the first begins that is of no known shape.

        Args:
            text: UTF-8, without characters that XML forbids.
            at: Where a row begins.
        """
        if not self._known:
            return [], at
        order: list[_Shape] = []
        shape = self._known[0]
        while len(order) < _LONGEST_RUN:
            found = shape.match(text, at)
            if found is None:
                found = self._other(text, at)
                if found is None:
                    break
                shape = self._known[0]
            shape.rows.append(found.groups())
            order.append(shape)
            at = found.end()
        made = {id(each): iter(each.records(self._texts)) for each in self._known if each.rows}
        self._note(len(order))
        if len(made) == 1:
            return list(made.popitem()[1]), at
        return [next(made[id(each)]) for each in order], at

    def _other(self, text: bytes, at: int) -> re.Match[bytes] | None:
        """By another shape than the first, which then becomes the first."""
        for number in range(1, len(self._known)):
            found = self._known[number].match(text, at)
            if found is not None:
                self._known.insert(0, self._known.pop(number))
                return found
        return None

    def _note(self, answered: int) -> None:
        """Give up if too few rows are of the known shapes."""
        self._answered += answered
        self._asked += answered + 1
        if self._asked >= _TRIALS:
            # Each row that is left over costs a parser of its own.
            if self._answered * 4 < self._asked * 3:
                self._known, self._learned = [], _MOST_SHAPES
            self._asked = self._answered = 0

    def learn(self, row: bytes) -> None:
        """Learn the shape of a well-formed row that was of none."""
        if self._learned >= _MOST_SHAPES:
            return
        if any(each.match(row, 0) for each in self._known):
            return  # it was one of several new rows
        self._learned += 1
        text = row.decode("utf-8")
        if _OTHER_ENTITY.search(text) or "<!" in text or "<?" in text or text.count("<") > _MOST_TAGS:
            return
        found = _Learning(self._prefix).learn(text)
        if found is not None:
            pattern, root = found
            matched = re.compile(f"{pattern}{_SPACE}".encode()).match
            beside: set[int] = set()
            make = self._of_element(root, beside)
            self._known.append(_Shape(matched, make, frozenset(beside)))

    def _of_element(self, element: _Element, beside: set[int]) -> _Make:
        text = element.text
        if not element.attributes and not element.children:
            if text is None:
                return lambda columns, count: [None] * count
            return lambda columns, count: columns[text]
        members: dict[str, list[_Make]] = {}
        for name, group in element.attributes:
            members.setdefault(name, []).append(partial(_column, group))
        for child in element.children:
            members.setdefault(child.name, []).append(self._of_element(child, beside))
        if text is not None:
            beside.add(text)
        return partial(_dicts, members, self._value_tag, text)


def _column(group: int, columns: _Columns, _count: int) -> Sequence[Any]:
    return columns[group]


def _dicts(
    members: dict[str, list[_Make]], value_tag: str, text: int | None, columns: _Columns, count: int
) -> Sequence[dict[str, Any]]:
    """The dicts of an element with attributes or children: its members, and its text if that is not null."""
    fields: dict[str, Sequence[Any]] = {}
    for name, makers in members.items():
        parts = [make(columns, count) for make in makers]
        fields[name] = parts[0] if len(parts) == 1 else list(map(list, zip(*parts, strict=True)))
    beside = None if text is None else columns[text]
    if beside is not None and value_tag not in members and None not in beside:
        fields[value_tag] = beside
        beside = None
    made = list(map(dict, map(zip, repeat(list(fields)), zip(*fields.values(), strict=True))))
    for record, value in zip(made, beside or (), strict=False):
        if value is not None:
            put(record, value_tag, value)
    return made


def _unescaped(texts: tuple[bytes, ...]) -> Sequence[bytes]:
    if b"&" not in b"".join(texts):
        return texts
    plain = list(texts)
    for at, text in enumerate(texts):
        if b"&" in text:
            for entity, letter in _ENTITIES.items():
                text = text.replace(entity, letter)
            plain[at] = text
    return plain


class _Learning:
    """Makes a regular expression of one row, and a tree that says what its groups are."""

    def __init__(self, attribute_prefix: str | None) -> None:
        self._prefix = attribute_prefix
        self._pattern: list[str] = []
        self._groups = 0

    def learn(self, text: str) -> tuple[str, _Element] | None:
        """None if the row has texts beside children, or is a text alone."""
        top = _Element("")
        open_elements = [top]
        at = 0
        opened = False
        for tag in _TAG.finditer(text):
            between = text[at : tag.start()]
            is_leaf = opened and bool(tag[1])
            if is_leaf:
                open_elements[-1].text = self._group(_TEXT)
            elif between.strip(XML_SPACE):
                return None
            else:
                self._pattern.append(_SPACE)
            if tag[1]:
                self._pattern.append(f"</{re.escape(tag[2])}{_SPACE}>")
                open_elements.pop()
            else:
                element = self._start(tag)
                open_elements[-1].children.append(element)
                if not tag[4]:
                    open_elements.append(element)
            opened = not tag[1] and not tag[4]
            at = tag.end()
        if at != len(text) or len(open_elements) != 1 or len(top.children) != 1 or not top.children[0].children:
            return None
        return "".join(self._pattern), top.children[0]

    def _group(self, pattern: str) -> int:
        self._pattern.append(pattern)
        self._groups += 1
        return self._groups - 1

    def _start(self, tag: re.Match[str]) -> _Element:
        element = _Element(tag[2])
        self._pattern.append(f"<{re.escape(tag[2])}")
        for name, quote in _ATTRIBUTE.findall(tag[3]):
            self._pattern.append(rf"\s+{re.escape(name)}\s*=\s*")
            if self._prefix is None:
                self._pattern.append(_QUOTED[quote].replace("(", "(?:", 1))
            else:
                element.attributes.append((self._prefix + name, self._group(_QUOTED[quote])))
        self._pattern.append(f"{_SPACE}/>" if tag[4] else f"{_SPACE}>")
        return element
