"""A proof, at memory speed, that a CSV file has no record with too many fields.

Counting error records would otherwise cost a second parse of every byte, and most files have none. The proof only ever
errs on the safe side: a file with a quote, a backslash escape or a lone carriage return is not proved, and is parsed.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["no_line_is_too_wide"]

_CHUNK = 8 * 1024 * 1024
_NEWLINE = 10


def no_line_is_too_wide(path: Path, separator: str, width: int, special: str) -> bool:
    """Whether no line can have more than `width` fields.

    Args:
        path: A plain file of this machine.
        separator: What separates fields.
        width: The number of fields a line may have.
        special: Characters (quote, escape) whose presence ends the proof.

    Returns:
        False where it is not proved, which does not mean that there is such a line.
    """
    if len(separator) != 1 or not separator.isascii() or not special.isascii():
        return False
    ends = [character.encode() for character in special]
    rest = b""
    with open(path, "rb") as stream:
        while chunk := stream.read(_CHUNK):
            if any(end in chunk for end in ends):
                return False
            data = rest + chunk
            cut = data.rfind(b"\n") + 1
            if not _narrow(data[:cut], separator, width):
                return False
            rest = data[cut:]
    return rest.count(separator.encode()) < width


def _narrow(lines: bytes, separator: str, width: int) -> bool:
    if not lines:
        return True
    import numpy as np

    data = np.frombuffer(lines, dtype=np.uint8)
    starts = np.flatnonzero(data == _NEWLINE)
    starts = np.concatenate(([0], starts[:-1] + 1))
    counts = np.add.reduceat((data == ord(separator)).view(np.uint8), starts, dtype=np.int32)
    return bool(counts.max() < width)
