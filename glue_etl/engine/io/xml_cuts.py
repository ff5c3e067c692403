"""Where a large XML file may be cut, so that its rows are shared out to several tasks.

A cut must lie outside of any row, comment or the like, which no look at its surroundings can tell. So the workers look
through the whole file for the tags of rows alone, which is many times faster than parsing it, each through its own
blocks: how deep a block begins is the sum of what the blocks before it open and close. A file in which that does not
come out is not cut.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from glue_etl.engine.io.xml_prolog import Prolog
from glue_etl.engine.io.xml_scan import CLOSERS, REST_OF_TAG, token_pattern

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["BlockFacts", "Cuts", "cuts_of", "find_cuts", "look_through"]

BLOCK = 2 << 20
_OVERLAP = 1 << 16


@dataclass(frozen=True)
class Cuts:
    """How one file may be cut.

    Attributes:
        prolog: What its beginning says.
        places: Bytes at which the text is outside of any row, ascending.
    """

    prolog: Prolog
    places: tuple[int, ...]

    def between(self, start: int, end: int) -> tuple[int, int | None] | None:
        """The bytes that stand for a range: from the first cut in it to the first behind it (None: to the file's end).

        None for a range without a cut: the one before it reads on.
        """
        first = self.prolog.mark if start == 0 else self._from(start)
        stop = self._from(end)
        return None if first is None or first == stop else (first, stop)

    def _from(self, byte: int) -> int | None:
        at = bisect_left(self.places, byte)
        return self.places[at] if at < len(self.places) else None


@dataclass(frozen=True, slots=True)
class BlockFacts:
    """What one block of a file does to the depth of rows.

    Attributes:
        places: By how many more rows were closed than opened before it in the block: where the next tag begins.
        lowest: The smallest depth in it, taken from its beginning.
        change: The depth at its end, taken from its beginning.
        first: Where its first tag, comment or the like begins, if any does.
        end: Where the last one ends, which may lie in the next block; None if that is too far away, or it is broken.
    """

    places: dict[int, int]
    lowest: int
    change: int
    first: int | None
    end: int | None


def look_through(path: str, tag: str, start: int, end: int) -> BlockFacts:
    """Look through what begins in a block of a file, taken for outside of comments and the like at its beginning."""
    with open(path, "rb") as file:
        file.seek(start)
        data = file.read(end - start + _OVERLAP)
    size = end - start
    places: dict[int, int] = {}
    depth = lowest = at = 0
    first: int | None = None
    search = token_pattern(tag).search
    while (token := search(data, at)) is not None and token.start() < size:
        first = start + token.start() if first is None else first
        if depth <= 0:
            places.setdefault(-depth, start + token.start())
        at = token.end()
        if token[2] is not None:
            closer = CLOSERS[token[2]]
            found = data.find(closer, at)
            if found < 0:
                return BlockFacts(places, lowest, depth, first, None)
            at = found + len(closer)
        elif token[1]:
            depth -= 1
            lowest = min(lowest, depth)
        else:
            rest = REST_OF_TAG.match(data, at)
            last = at if rest is None else rest.end()
            if data[last : last + 1] != b">":
                return BlockFacts(places, lowest, depth, first, None)
            depth += data[last - 1 : last] != b"/"
    return BlockFacts(places, lowest, depth, first, start + at)


def find_cuts(
    blocks: Iterable[tuple[int, int]], facts: Iterable[BlockFacts], again: Callable[[int, int], BlockFacts]
) -> tuple[int, ...]:
    """Cuts of a file, at most one for each block but the first.

    Args:
        blocks: Where each begins and ends.
        facts: What is known of each.
        again: Looks through a block that turns out to begin later, within a comment as it does.
    """
    found: list[int] = []
    depth = end = 0
    for number, ((_, stop), known) in enumerate(zip(blocks, facts, strict=True)):
        if end >= stop:
            continue
        block = known if known.first is None or known.first >= end else again(end, stop)
        if number and depth in block.places:
            found.append(block.places[depth])
        if block.end is None or depth + block.lowest < 0:
            break
        depth += block.change
        end = max(end, block.end)
    return tuple(found)


def cuts_of(session: SparkSession, files: Sequence[tuple[str, int, Prolog]], tag: str) -> list[Cuts]:
    """The cuts of some files, by a Spark job.

    Args:
        session: The session.
        files: Path on this machine, size in bytes and prolog of each.
        tag: The element that is a row.
    """
    blocks = [(path, start, stop) for path, size, prolog in files for start, stop in _blocks(size, prolog)]
    context = session.sparkContext
    slices = max(1, min(len(blocks), 4 * context.defaultParallelism))
    work = context.parallelize(blocks, slices)
    facts = iter(work.map(lambda block: look_through(block[0], tag, *block[1:])).collect())
    found = []
    for path, size, prolog in files:
        mine = _blocks(size, prolog)
        again = partial(look_through, path, tag)
        found.append(Cuts(prolog, find_cuts(mine, list(islice(facts, len(mine))), again)))
    return found


def _blocks(size: int, prolog: Prolog) -> list[tuple[int, int]]:
    return [(at, min(at + BLOCK, size)) for at in range(prolog.mark + prolog.start, size, BLOCK)]
