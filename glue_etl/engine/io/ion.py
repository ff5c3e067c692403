"""Reading Amazon Ion, binary or text: every top-level struct of a file is a record.

Source: "Using the Ion format in AWS Glue" (read only, no options of its own); https://amazon-ion.github.io/ion-docs/.

Integers become int or long, decimals decimal, timestamps of any precision timestamp (an unknown offset counts as UTC),
symbols string, blobs and clobs binary, lists and s-expressions array, structs struct, nulls of any type null.
Annotations are left out. Of a field that a struct repeats, the last value counts. After a syntax error no one can say
where the next value begins, so the rest of that file is one error record.
"""

from __future__ import annotations

import codecs
import faulthandler
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from glue_etl.engine.io.decoded import BadRecord, read_decoded
from glue_etl.errors import MissingExtraError, SourceError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from glue_etl.engine.frame.core import Frame, Stage
    from glue_etl.engine.io.listing import Listing
    from glue_etl.engine.io.request import ReadRequest

__all__ = ["decode_ion", "decode_ion_carefully", "read_ion"]

_BINARY = b"\xe0\x01\x00\xea"
_LONGEST_TEXT = 1 << 28
"""Bytes of the longest text value that is read; the library allocates no more than a text needs."""
_PATIENCE = 20
"""Seconds in which the library must ask for the next few kilobytes of a file that is tried."""
_READY = frozenset({int, float, str, bytes, bool, Decimal, type(None)})
"""Types of values that are what a field holds already."""
_WRAPPED: dict[type, Callable[[Any], Any]] = {Decimal: Decimal, int: int, float: float, str: str, bytes: bytes}


def read_ion(session: SparkSession, request: ReadRequest, listing: Listing, stage: Stage) -> Frame:
    """The frame of Ion files.

    Args:
        session: The Spark session.
        request: Its format is `ion`.
        listing: The files.
        stage: What the script said of this source.

    Returns:
        The frame. Values that are no structs, and what cannot be read, are its error records.

    Raises:
        MissingExtraError: The library is not installed.
    """
    try:
        from amazon.ion import simpleion
    except ImportError as error:
        raise MissingExtraError.of("The format 'ion'", "amazon.ion", "local") from error
    return read_decoded(
        session,
        listing,
        decode_ion,
        stage,
        attach_filename=request.options["attachFilename"],
        attach_timestamp=request.options["attachTimestamp"],
        compression=request.compression,
        # Where the library is Python throughout, nothing can go wrong that Python does not see.
        careful=decode_ion_carefully if simpleion.c_ext else None,
    )


def decode_ion_carefully(stream: BinaryIO, uri: str) -> Iterator[dict[str, Any] | BadRecord]:
    """The records of one file, by the library's half in C only where that is seen to survive it.

    The half in C may crash on damaged binary Ion, or never come back. A process of its own tries it first; where that
    ends badly, the half in Python decodes the file, which is some hundred times slower and knows what is wrong.
    """
    with tempfile.NamedTemporaryFile() as copy:
        shutil.copyfileobj(stream, copy)
        copy.flush()
        with open(copy.name, "rb") as again:
            yield from decode_ion(again, uri) if _survives(copy.name, uri) else _decode_in_python(again)


def _survives(path: str, uri: str) -> bool:
    child = os.fork()
    if child == 0:
        try:
            faulthandler.disable()
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            with open(path, "rb", buffering=0) as file:
                for _ in decode_ion(cast("BinaryIO", _Watched(file)), uri):
                    pass
        finally:
            # Nothing of the parent's is to be flushed or closed twice.
            os._exit(0)
    return os.waitpid(child, 0)[1] == 0


class _Watched:
    """A file whose process ends if the next bytes are not asked for in time."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.tell, self.seek = file.tell, file.seek

    def read(self, size: int = -1) -> bytes:
        signal.alarm(_PATIENCE)
        return self._file.read(size)


def _decode_in_python(stream: BinaryIO) -> Iterator[dict[str, Any] | BadRecord]:
    from amazon.ion import simpleion

    source = _Checked(stream)
    return _records(source, lambda: simpleion.load_python(source, single_value=False, parse_eagerly=False))


def decode_ion(stream: BinaryIO, uri: str) -> Iterator[dict[str, Any] | BadRecord]:
    """The records of one file.

    Args:
        stream: Binary or text Ion, told apart by the first four bytes.
        uri: The file's name; not needed.
    """
    from amazon.ion import simpleion

    model = simpleion.IonPyValueModel
    source = _Checked(stream)
    # Where there is no wheel with the half in C, the library takes the one in Python by itself.
    return _records(
        source,
        lambda: simpleion.load(
            source,
            single_value=False,
            parse_eagerly=False,
            text_buffer_size_limit=_LONGEST_TEXT,
            value_model=model.MAY_BE_BARE | model.SYMBOL_AS_TEXT | model.STRUCT_AS_STD_DICT,
        ),
    )


def _records(source: _Checked, load: Callable[[], Iterator[Any]]) -> Iterator[dict[str, Any] | BadRecord]:
    try:
        for value in load():
            if isinstance(value, Mapping):
                yield _plain(value)
            else:
                what = "a struct, not null" if _plain(value) is None else f"a struct, not {_name(value)}"
                yield BadRecord(f"a top-level value must be {what}", _shown(value), None)
    except SourceError:
        raise
    except Exception as error:
        # The library raises all kinds of things over what a file can have wrong, and may lose those of the stream.
        if source.failure is not None:
            raise source.failure from error
        fault = source.fault or f"not Ion: {str(error).strip() or type(error).__name__}"
        yield BadRecord(f"{fault}; the rest of the file is not read", None, source.taken)
        return
    if source.fault is not None:
        yield BadRecord(f"{source.fault}; the rest of the file is not read", None, source.taken)


class _Checked:
    """What the library reads from; text ends before the first byte that is not UTF-8, which the library cannot bear.

    Attributes:
        fault: What is wrong with the text, if something is.
        failure: What the stream raised, if it did.
        taken: Bytes handed over.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self.fault: str | None = None
        self.failure: SourceError | None = None
        self.taken = 0
        self._stream = stream
        head = stream.read(len(_BINARY))
        self._decoder = None if head == _BINARY else codecs.getincrementaldecoder("utf-8")()
        self._checked = 0
        self._front = self._valid(head).removeprefix(codecs.BOM_UTF8)
        self._last = b""

    def tell(self) -> int:
        """Bytes handed over; with `seek`, how the half in Python looks at the head."""
        return self.taken

    def seek(self, _at: int) -> None:
        """Back before what was read last."""
        self._front = self._last
        self.taken -= len(self._last)

    def read(self, size: int = -1) -> bytes:
        """At most that many bytes, none at the end."""
        self._last, self._front = self._front or self._next(size), b""
        self.taken += len(self._last)
        return self._last

    def _next(self, size: int) -> bytes:
        if self.fault is not None:
            return b""
        try:
            return self._valid(self._stream.read(size))
        except SourceError as error:
            self.failure = error
            raise

    def _valid(self, data: bytes) -> bytes:
        if self._decoder is None:
            return data
        pending = len(self._decoder.getstate()[0])
        try:
            self._decoder.decode(data, final=not data)
        except UnicodeDecodeError as error:
            at = error.start - pending
            byte = error.object[error.start]
            self.fault = f"not UTF-8: byte 0x{byte:02x} at byte {self._checked + at} of the file"
            return data[: max(0, at)]
        self._checked += len(data)
        return data


def _struct(value: dict[str, Any]) -> dict[str, Any]:
    """The struct with plain values; changed in place, for most values of most files are plain already."""
    if not _READY.issuperset(map(type, value.values())):
        for name, inner in value.items():
            if type(inner) not in _READY:
                value[name] = _plain(inner)
    return value if type(value) is dict else dict(value)


def _plain(value: Any) -> Any:
    """A value of a plain type, whatever the library wraps it in to keep its Ion type or its annotations."""
    kind = type(value)
    if kind in _READY:
        return value
    if kind is list and _READY.issuperset(map(type, value)):
        return value
    if isinstance(value, dict):
        return _struct(value)
    if isinstance(value, Mapping):  # the library's own, where it is Python's half that decodes
        return {str(field): _plain(inner) for field, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, datetime):
        return value if value.tzinfo is not None else value.replace(tzinfo=UTC)
    name = kind.__name__
    if name == "IonPyNull":
        return None
    if name == "IonPySymbol":
        return value.text
    if name == "IonPyBool":  # a kind of int to Python
        return bool(value)
    return next((plain(value) for base, plain in _WRAPPED.items() if isinstance(value, base)), value)


def _name(value: Any) -> str:
    ion_type = getattr(value, "ion_type", None)
    known = {bool: "bool", int: "int", float: "float", Decimal: "decimal", str: "text", bytes: "blob", list: "list"}
    if ion_type is not None:
        return str(ion_type.name.lower())
    return known.get(type(value), "timestamp" if isinstance(value, datetime) else type(value).__name__)


def _shown(value: Any) -> str:
    from amazon.ion import simpleion

    try:
        text = str(simpleion.dumps(value, binary=False))
    except Exception:  # it is for show alone
        return repr(value)
    return text.removeprefix("$ion_1_0 ")
