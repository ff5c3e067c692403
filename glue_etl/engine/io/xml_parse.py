"""Rows of XML text to records, by expat.

Names are taken as they are written, prefixes included. Expat opens nothing outside the text, and knows no entities
but XML's own and those that it is given.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from xml.parsers import expat

from glue_etl.engine.io.xml_shapes import put
from glue_etl.engine.io.xml_values import XML_SPACE, Texts

__all__ = ["Parsed", "RowParser"]

_OPEN, _CLOSE = b"<r>", b"</r>"


@dataclass(frozen=True, slots=True)
class Parsed:
    """What came of some rows.

    Attributes:
        records: Those of the rows up to the first broken one.
        fault: What is wrong with that one; empty if none is broken.
        offset: Where in it, in bytes.
        partial: What was read of it, as JSON text.
    """

    records: list[dict[str, Any]]
    fault: str = ""
    offset: int = 0
    partial: str | None = None


@dataclass(frozen=True)
class RowParser:
    """How rows become records.

    Attributes:
        texts: How texts become values.
        attribute_prefix: What stands before the names of attributes; None to leave attributes out.
        value_tag: The field for the text of an element that has attributes or children, and for that of a bare row.
        entities: A document type declaration of the entities that may be used.
    """

    texts: Texts
    attribute_prefix: str | None = "_"
    value_tag: str = "_VALUE"
    entities: bytes = b""

    def parse(self, rows: Sequence[bytes]) -> Parsed:
        """Parse rows, each from its start tag to its end tag, as UTF-8."""
        building = _Building(self.attribute_prefix, self.value_tag, self.texts.value_function())
        parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.ordered_attributes = True
        building.attach(parser)
        try:
            parser.Parse(b"".join((self.entities, _OPEN, *rows, _CLOSE)), True)
        except expat.ExpatError as error:
            good = len(building.records)
            before = len(self.entities) + len(_OPEN) + sum(map(len, rows[:good]))
            row = rows[good] if good < len(rows) else b""
            offset = min(max(0, parser.ErrorByteIndex - before), len(row))
            return Parsed(building.records, _fault(error, row, offset), offset, building.partial())
        return Parsed(building.records)


def _fault(error: expat.ExpatError, row: bytes, offset: int) -> str:
    try:
        row.decode("utf-8")
    except UnicodeDecodeError as wrong:
        return f"not UTF-8: byte 0x{row[wrong.start]:02x} at byte {wrong.start} of the row"
    return f"not well-formed XML: {expat.ErrorString(error.code)} at byte {offset} of the row"


class _Building:
    """The records so far, and the row that is being read: the handlers of one parser."""

    def __init__(self, prefix: str | None, value_tag: str, value_of: Callable[[str], Any]) -> None:
        self.records: list[dict[str, Any]] = []
        self._prefix = prefix
        self._value_tag = value_tag
        self._value_of = value_of
        self._stack: list[tuple[dict[str, Any] | None, str]] = []
        self._now: Callable[[], dict[str, Any] | None] = lambda: None

    def attach(self, parser: Any) -> None:
        """Be the handlers of a parser.

        They are closures over the element that is open: half of the time goes into them.
        """
        prefix, value_tag, value_of, stack = self._prefix, self._value_tag, self._value_of, self._stack
        push, pop, add = stack.append, stack.pop, self.records.append
        fields: dict[str, Any] | None = None
        text = ""

        def start(_name: str, attributes: list[str]) -> None:
            nonlocal fields, text
            push((fields, text))
            text = ""
            fields = None
            if attributes and prefix is not None:
                pairs = iter(attributes)
                fields = {prefix + name: value_of(value) for name, value in zip(pairs, pairs, strict=True)}

        def data(piece: str) -> None:
            nonlocal text
            text = text + piece if text else piece

        def end(name: str) -> None:
            nonlocal fields, text
            value: Any = fields
            if value is None:
                value = value_of(text)
            elif text and text.strip(XML_SPACE):
                put(value, value_tag, value_of(text))
            fields, text = pop()
            if len(stack) > 1:
                if fields is None:
                    fields = {name: value}
                elif name in fields:
                    put(fields, name, value)
                else:
                    fields[name] = value
            elif stack:
                add(value if type(value) is dict else {} if value is None else {value_tag: value})

        self._now = lambda: fields
        parser.StartElementHandler = start
        parser.CharacterDataHandler = data
        parser.EndElementHandler = end

    def partial(self) -> str | None:
        """What is known of the row that is open, as JSON text; None if nothing is."""
        # The stack holds, for each open element, its parent: first what is above the wrapper, then the wrapper.
        outer = [fields for fields, _ in self._stack[2:]]
        known = (outer or [self._now()])[0] if len(self._stack) > 1 else None
        return json.dumps(known, ensure_ascii=False) if known else None
