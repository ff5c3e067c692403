"""Count what became of the cases, by topic, for the terminal and for a report file."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

OUTCOMES = ("passed", "xfailed", "skipped", "failed")
TOPIC = "conformance_topic"
CASE = "conformance_case"


@dataclass(frozen=True)
class Outcome:
    """What became of one case: `outcome` is one of `OUTCOMES`, `reason` why it is not a pass."""

    case: str
    topic: str
    outcome: str
    reason: str
    seconds: float


def outcome_of(report: pytest.TestReport) -> Outcome | None:
    """The outcome that a report tells, or None if it tells nothing of a case."""
    properties = dict(report.user_properties)
    decisive = report.when == "call" or report.outcome != "passed"
    if CASE not in properties or not decisive:
        return None
    expected = getattr(report, "wasxfail", None)
    outcome: str = report.outcome
    if report.skipped and expected is not None:
        outcome = "xfailed"
    reason = "" if outcome == "passed" else (expected if expected is not None else _last_line(report))
    return Outcome(str(properties[CASE]), str(properties[TOPIC]), outcome, reason, round(report.duration, 3))


def _last_line(report: pytest.TestReport) -> str:
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2]).removeprefix("Skipped: ")
    crash = getattr(report.longrepr, "reprcrash", None)
    return str(crash.message if crash is not None else report.longrepr)


def table(outcomes: Iterable[Outcome]) -> list[str]:
    """Lines with the counts of each topic and of all."""
    topics: dict[str, Counter[str]] = {}
    total: Counter[str] = Counter()
    for outcome in outcomes:
        topics.setdefault(outcome.topic, Counter())[outcome.outcome] += 1
        total[outcome.outcome] += 1
    width = max([len(topic) for topic in topics] + [len("total")])
    lines = [f"{'topic':<{width}}  " + "  ".join(f"{name:>7}" for name in OUTCOMES)]
    for topic, counts in [*sorted(topics.items()), ("total", total)]:
        lines.append(f"{topic:<{width}}  " + "  ".join(f"{counts[name] or '':>7}" for name in OUTCOMES))
    return lines


def write_report(path: Path, outcomes: Iterable[Outcome], library: str) -> None:
    """Write every outcome and the counts as JSON."""
    listed = sorted(outcomes, key=lambda outcome: outcome.case)
    counts = Counter(outcome.outcome for outcome in listed)
    content = {
        "library": library,
        "counts": {name: counts[name] for name in OUTCOMES},
        "cases": [asdict(outcome) for outcome in listed],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
