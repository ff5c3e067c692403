"""Where a piece of a text file begins, so that tasks that share a file read each line once."""

from __future__ import annotations

from typing import BinaryIO

__all__ = ["line_start"]


def line_start(file: BinaryIO, offset: int) -> int:
    r"""Where the first line begins that follows a `\n` at `offset - 1` or later; the file's end if there is none."""
    if offset == 0:
        return 0
    at = offset - 1
    file.seek(at)
    while data := file.read(1 << 16):
        found = data.find(b"\n")
        if found >= 0:
            return at + found + 1
        at += len(data)
    return at
