"""What the beginning of an XML file says: its encoding and the entities it declares; and its text as UTF-8.

Nothing outside the file is ever opened, and entities are expanded by expat alone, which stops where a small file
would become a large text.
"""

from __future__ import annotations

import codecs
import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol
from xml.parsers import expat

from glue_etl.errors import OptionError

__all__ = ["HEAD", "Prolog", "Readable", "codec_name", "read_prolog", "utf8_blocks"]

_BLOCK = 1 << 20
HEAD = 1 << 20
"""Bytes within which a document type declaration must end."""
_NO_TEXT = "\ufffe"
"""Stands for bytes that are no text; XML forbids it, so that the row that has it becomes an error record."""
_NO_TEXT_HANDLER = "glue_etl.no_text"
_DECLARED = re.compile(rb"""<\?xml\s[^>]*?\bencoding\s*=\s*["']([A-Za-z0-9._:-]+)["']""")
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_SHAPES = ((b"<\x00", "utf-16-le"), (b"\x00<", "utf-16-be"))
_ONE_BYTE = re.compile(r"ascii|utf-8|iso8859-\d+|cp125\d|koi8-[rtu]")
# From 2.4.1 on expat itself stops entities that grow without bounds.
_EXPANDS_SAFELY = expat.version_info >= (2, 4, 1)


class Readable(Protocol):
    """A stream of bytes."""

    def read(self, size: int, /) -> bytes:
        """Up to that many bytes; none at the end."""


@dataclass(frozen=True)
class Prolog:
    """The beginning of a file.

    Attributes:
        codec: Python's name of its encoding.
        mark: Bytes of the byte order mark.
        entities: Document type declaration of the entities it declares, for any part of it; empty if there are none.
        start: Where to look for rows, in bytes of the file's text as UTF-8.
    """

    codec: str = "utf-8"
    mark: int = 0
    entities: bytes = b""
    start: int = 0

    @property
    def has_ascii_markup(self) -> bool:
        """Whether tags are the same bytes as in UTF-8, so that rows can be found without decoding."""
        return _ONE_BYTE.fullmatch(self.codec) is not None


def codec_name(encoding: str) -> str:
    """Python's name of an encoding, by the names that Java and XML use for it.

    Raises:
        OptionError: It is not known.
    """
    try:
        found = codecs.lookup(encoding)
        is_text = isinstance("".encode(encoding), bytes)
    except (LookupError, ValueError, TypeError):
        is_text = False
    if not is_text:
        raise OptionError(
            f"The encoding {encoding!r} is not known.",
            available=["UTF-8", "UTF-16", "ISO-8859-1", "windows-1252", "US-ASCII", "Shift_JIS"],
            hint="give the name of a character encoding",
        )
    return found.name


def read_prolog(head: bytes, encoding: str | None) -> Prolog:
    """What the first bytes of a file say.

    Args:
        head: Up to a megabyte from its beginning.
        encoding: The script's option; it counts for more than what the file says of itself.

    Raises:
        OptionError: The encoding that the file declares is not known.
    """
    marked = next(((name, len(mark)) for mark, name in _MARKS if head.startswith(mark)), None)
    shaped = next((name for shape, name in _SHAPES if head.startswith(shape)), None)
    mark = marked[1] if marked else 0
    if encoding:
        codec = codec_name(encoding)
        if codec == "utf-16":
            # Without a mark Python takes the machine's byte order, where Java takes the other one.
            codec = marked[0] if marked and marked[0] != "utf-8" else shaped or "utf-16-be"
        mark = mark if marked and marked[0] in (codec, "utf-8") else 0
    elif marked or shaped:
        codec = marked[0] if marked else str(shaped)
    else:
        declared = _DECLARED.match(head[:1000].lstrip())
        codec = codec_name(declared[1].decode("ascii")) if declared else "utf-8"
        # The declaration could be read byte by byte, so the text is not what it says.
        codec = "utf-8" if codec.startswith(("utf-16", "utf-32")) else codec
    entities, start = _document_type(next(_decoded(iter([head[mark:]]), codec), b""))
    return Prolog(codec, mark, entities, start)


def utf8_blocks(stream: Readable, codec: str, size: int | None = None) -> Iterator[bytes]:
    """The text of a stream as UTF-8, block by block; what is no text becomes a character that XML forbids.

    Args:
        stream: Behind the byte order mark.
        codec: Its encoding. UTF-8 goes through as it is.
        size: The number of bytes to read at most.
    """
    return _decoded(_blocks(stream, size), codec)


def _blocks(stream: Readable, size: int | None) -> Iterator[bytes]:
    left = size
    while left is None or left > 0:
        block = stream.read(_BLOCK if left is None else min(left, _BLOCK))
        if not block:
            return
        if left is not None:
            left -= len(block)
        yield block


def _decoded(blocks: Iterator[bytes], codec: str) -> Iterator[bytes]:
    if codec in ("utf-8", "ascii"):
        yield from blocks
        return
    codecs.register_error(_NO_TEXT_HANDLER, lambda error: (_NO_TEXT, getattr(error, "end", 0)))
    decoder = codecs.getincrementaldecoder(codec)(_NO_TEXT_HANDLER)
    for block in blocks:
        yield decoder.decode(block).encode("utf-8", "surrogatepass")
    yield decoder.decode(b"", True).encode("utf-8", "surrogatepass")


def _document_type(head: bytes) -> tuple[bytes, int]:
    """The declared entities, and where the declaration ends."""
    if b"<!DOCTYPE" not in head:
        return b"", 0
    found: dict[str, str] = {}
    end = 0

    def declared(name: str, is_parameter: int, value: str | None, *_outside: object) -> None:
        # Without a value it stands outside the file.
        if value is not None and not is_parameter:
            found.setdefault(name, value)

    def ended() -> None:
        nonlocal end
        end = parser.CurrentByteIndex

    parser = expat.ParserCreate("utf-8")
    parser.EntityDeclHandler = declared
    parser.EndDoctypeDeclHandler = ended
    # If something is wrong with a row, the row will say so.
    with contextlib.suppress(expat.ExpatError):
        parser.Parse(head, False)
    if not (found and end and _EXPANDS_SAFELY):
        return b"", end
    lines = "".join(f'<!ENTITY {name} "{_literal(value)}">' for name, value in found.items())
    return f"<!DOCTYPE r [{lines}]>".encode("utf-8", "surrogatepass"), end


def _literal(value: str) -> str:
    return value.replace("&", "&#38;").replace("%", "&#37;").replace('"', "&#34;")
