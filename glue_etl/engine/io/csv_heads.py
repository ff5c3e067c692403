"""What the first lines of CSV files say: names and number of fields, file by file.

Records of a DynamicFrame describe themselves, so each file's own header counts. Only the first kilobytes of a file are
parsed here; the data is read by Spark.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from glue_etl.engine.io.compression import open_bytes
from glue_etl.engine.io.listing import SourceFile
from glue_etl.errors import SourceError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["WELL_KNOWN", "Dialect", "Shape", "each", "fields_of", "names_of", "shape_of"]

_LOG = logging.getLogger(__name__)
_HEAD = 64 * 1024
_LINE_END = re.compile(r"\r\n|\n|\r")
_THREADS = 8
WELL_KNOWN = {"n": "\n", "r": "\r", "t": "\t", "0": "\0"}
"""What an escape character makes of some letters; it takes others as they are."""

T = TypeVar("T")


@dataclass(frozen=True)
class Dialect:
    """How the lines are made.

    Attributes:
        separator: One or more characters between fields.
        quote: The quote character; empty where quoting is off.
        escaper: The escape character; empty where there is none.
        multiline: Whether a quoted field may hold line ends.
        header: Whether the first line of a file names the fields.
        skip_first: Whether the first line of a file's data is left out.
    """

    separator: str = ","
    quote: str = '"'
    escaper: str = ""
    multiline: bool = False
    header: bool = False
    skip_first: bool = False

    @property
    def whole_records(self) -> bool:
        """Whether Python has to cut the files into records, because Spark cannot."""
        return bool(self.escaper and self.multiline) or (self.header and self.skip_first)


@dataclass(frozen=True)
class Shape:
    """What one file looks like.

    Attributes:
        names: Field names in order.
        extra: Fields that the first records have beyond the names, all empty.
    """

    names: tuple[str, ...]
    extra: int = 0


def each(work: Callable[[SourceFile], T], files: Iterable[SourceFile]) -> list[T]:
    """Do some work for each file, several at a time; results in the files' order."""
    files = list(files)
    if len(files) < 2:
        return [work(file) for file in files]
    with ThreadPoolExecutor(min(_THREADS, len(files))) as pool:
        return list(pool.map(work, files))


def shape_of(
    file: SourceFile,
    dialect: Dialect,
    session: SparkSession,
    *,
    case_sensitive: bool,
    given: Sequence[str] | None = None,
) -> Shape | None:
    """Names and width of one file; None if it has no line that is not blank.

    Args:
        file: The file.
        dialect: How its lines are made.
        session: For a file of another file system.
        case_sensitive: Whether names that differ in case are two.
        given: The names of the fields where a table of the Data Catalog has them; a header is passed over then.

    Raises:
        SourceError: The file cannot be opened or decompressed, or none of its first records fits the given names.
    """
    lines = _first_records(file, dialect, session)
    header = lines[:1] if dialect.header else []
    records = [fields_of(line, dialect) for line in lines[int(dialect.header) + int(dialect.skip_first) :]]
    if given is not None:
        if header:
            _compare_header(fields_of(header[0], dialect), given, file)
        return _given_shape(given, records, file) if lines else None
    if not dialect.header:
        return Shape(tuple(f"col{i}" for i in range(max(map(len, records))))) if records else None
    if not header:
        return None
    names = names_of(fields_of(header[0], dialect), case_sensitive=case_sensitive)
    empty = [len(record) for record in records if not any(field.strip() for field in record[len(names) :])]
    return Shape(names, max(0, max(empty, default=0) - len(names)))


def _compare_header(header: Sequence[str], names: Sequence[str], file: SourceFile) -> None:
    """Say so where a header has the names of a table in another order: cells go by their position."""
    found, wanted = [[name.strip().lower() for name in each] for each in (header, names)]
    if found != wanted and sorted(found) == sorted(wanted):
        _LOG.warning(
            "The header of %r has the table's columns in another order, and cells go by their position: %s.",
            file.uri,
            ", ".join(header),
        )


def _given_shape(names: Sequence[str], records: Sequence[list[str]], file: SourceFile) -> Shape:
    width = len(names)
    fitting = [record for record in records if not any(field.strip() for field in record[width:])]
    if records and not fitting:
        raise SourceError(
            f"The records of the file {file.uri!r} have {max(map(len, records))} fields, and the table has {width} "
            "columns.",
            available=names,
            hint="add the missing columns to the table's definition, or correct its delimiter and quote character",
        )
    return Shape(tuple(names), max(0, max(map(len, fitting), default=0) - width))


def names_of(fields: list[str], *, case_sensitive: bool) -> tuple[str, ...]:
    """Field names of a header, exactly as they stand there, spaces too.

    AWS does not document the two odd cases: an empty name becomes `col` and its position, as in a file without a
    header; a repeated one gets `_1`, `_2` ... at its end, so that no field is lost.
    """
    taken: set[str] = set()
    names = []
    for position, field in enumerate(fields):
        wanted = field or f"col{position}"
        name, number = wanted, 0
        while (name if case_sensitive else name.lower()) in taken:
            number += 1
            name = f"{wanted}_{number}"
        taken.add(name if case_sensitive else name.lower())
        names.append(name)
    return tuple(names)


def fields_of(line: str, dialect: Dialect) -> list[str]:
    """The fields of one record."""
    separator, quote = dialect.separator, dialect.quote
    if dialect.escaper and dialect.escaper in line:
        return _escaped_fields(line, dialect)
    if not quote or quote not in line:
        return line.split(separator)
    fields = []
    at = 0
    while True:
        if line.startswith(quote, at):
            text, at = _quoted(line, at + len(quote), quote)
            end = _find(line, separator, at)
            fields.append(text + line[at:end])
        else:
            end = _find(line, separator, at)
            fields.append(line[at:end])
        if end == len(line):
            return fields
        at = end + len(separator)


def _escaped_fields(line: str, dialect: Dialect) -> list[str]:
    """The same where characters are escaped, within quotes or not."""
    fields, text, is_open, at = [], "", False, 0
    while at < len(line):
        character = line[at]
        if character == dialect.escaper and at + 1 < len(line):
            at += 1
            text += WELL_KNOWN.get(line[at], line[at])
        elif dialect.quote and character == dialect.quote:
            if is_open and line.startswith(dialect.quote, at + 1):
                text += character
                at += 1
            else:
                is_open = not is_open
        elif not is_open and line.startswith(dialect.separator, at):
            fields.append(text)
            text = ""
            at += len(dialect.separator) - 1
        else:
            text += character
        at += 1
    return [*fields, text]


def _quoted(line: str, start: int, quote: str) -> tuple[str, int]:
    text = ""
    at = start
    while True:
        end = _find(line, quote, at)
        text += line[at:end]
        if not line.startswith(quote * 2, end):
            return text, min(end + len(quote), len(line))
        text += quote
        at = end + 2 * len(quote)


def _find(line: str, what: str, start: int) -> int:
    found = line.find(what, start)
    return len(line) if found < 0 else found


def _first_records(file: SourceFile, dialect: Dialect, session: SparkSession) -> list[str]:
    """The records of a file's first kilobytes that are there in full, blank lines left out."""
    if file.local is None:
        escaped = file.uri.replace("\\", "\\\\")
        return [row["value"] for row in session.read.text(escaped).limit(50).collect() if row["value"].strip()]
    try:
        with open_bytes(file.local) as stream:
            size = _HEAD
            data = stream.read(size)
            while len(data) == size and not _LINE_END.search(data.decode("utf-8", "replace")):
                more = stream.read(size)
                data, size = data + more, size + len(more)
    except (OSError, EOFError) as error:
        raise SourceError(f"The file {file.uri!r} cannot be read: {error}.") from error
    lines = _LINE_END.split(data.decode("utf-8-sig", "replace"))
    if len(data) == size and len(lines) > 1:
        lines.pop()
    if dialect.multiline and dialect.quote:
        lines = _joined(lines, dialect)
    return [line for line in lines if line.strip()]


def _joined(lines: list[str], dialect: Dialect) -> list[str]:
    records: list[str] = []
    is_open = False
    quote = dialect.quote
    escaped = re.compile(re.escape(dialect.escaper) + ".") if dialect.escaper else None
    for line in lines:
        if is_open:
            records[-1] += "\n" + line
        else:
            records.append(line)
        is_open ^= (escaped.sub("", line) if escaped else line).count(quote) % 2 == 1
    return records[:-1] if is_open and len(records) > 1 else records
