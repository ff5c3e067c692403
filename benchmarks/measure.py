"""What every benchmark shares: interleaved rounds in one run, medians, ratios, a table and a JSON file.

A figure is only comparable with the others of the same run: the two sides of a ratio take turns, so that a busy
machine slows both.
"""

from __future__ import annotations

import json
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

OUT = Path(__file__).resolve().parent / "out"


@dataclass
class Ratio:
    """One line of a benchmark: ours against something else.

    Attributes:
        name: What was done.
        seconds: Wall times by side, one per round; the first side is ours.
        bound: The ratio that is asked for, None if none is.
        more: Further figures, such as peak memory.
    """

    name: str
    seconds: dict[str, list[float]]
    bound: float | None = None
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def medians(self) -> dict[str, float]:
        return {side: statistics.median(times) for side, times in self.seconds.items()}

    @property
    def ratio(self) -> float:
        """Ours over the second side."""
        ours, other = list(self.medians.values())[:2]
        return ours / other

    @property
    def met(self) -> bool:
        return self.bound is None or self.ratio <= self.bound


def interleave(sides: Mapping[str, Callable[[], Any]], rounds: int, warm_up: int = 1) -> dict[str, list[float]]:
    """Time each side `rounds` times in turns, after `warm_up` rounds that do not count; the order alternates."""
    times: dict[str, list[float]] = {side: [] for side in sides}
    for number in range(warm_up + rounds):
        order: Sequence[str] = list(sides) if number % 2 == 0 else list(reversed(list(sides)))
        for side in order:
            start = time.perf_counter()
            sides[side]()
            if number >= warm_up:
                times[side].append(time.perf_counter() - start)
    return times


def table(ratios: Sequence[Ratio]) -> str:
    """The lines as a Markdown table."""
    sides = list(dict.fromkeys(side for ratio in ratios for side in ratio.seconds))
    more = list(dict.fromkeys(name for ratio in ratios for name in ratio.more))
    head = ["what", *[f"{side} s" for side in sides], "ratio", "bound", *more]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for ratio in ratios:
        cells = [ratio.name]
        cells += [f"{ratio.medians[side]:.2f}" if side in ratio.seconds else "" for side in sides]
        cells += [
            f"{ratio.ratio:.2f}",
            "" if ratio.bound is None else f"{ratio.bound:.2f}{'' if ratio.met else ' MISSED'}",
        ]
        cells += [str(ratio.more.get(name, "")) for name in more]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def report(name: str, ratios: Sequence[Ratio], **facts: Any) -> None:
    """Print the table and write `out/<name>.json`."""
    OUT.mkdir(exist_ok=True)
    document = {
        "benchmark": name,
        "machine": {"cpu": platform.processor() or platform.machine(), "python": platform.python_version()},
        "facts": facts,
        "results": [
            {**asdict(ratio), "medians": ratio.medians, "ratio": ratio.ratio, "met": ratio.met} for ratio in ratios
        ],
    }
    (OUT / f"{name}.json").write_text(json.dumps(document, indent=2) + "\n")
    print(f"## {name}: " + ", ".join(f"{key} {value}" for key, value in facts.items()))
    print(table(ratios))
