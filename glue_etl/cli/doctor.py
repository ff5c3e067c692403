"""`glue-etl doctor`: what this machine brings for running Glue jobs, and how to mend what is wrong."""

from __future__ import annotations

import argparse
import dataclasses
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from glue_etl.engine.diagnosis import Finding

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Add the command `doctor` with its options."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "doctor",
        help="say what Python, Java and Spark are here and how to mend what is wrong",
        description="Look at everything a job needs. The exit code is 0 if nothing is wrong, 1 otherwise.",
    )
    parser.add_argument("--state", metavar="DIR", help="folder of the lake and the logs (default: .glue)")
    parser.add_argument("--spark", action="store_true", help="also start Spark and send a few rows through s3://")
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    return parser


def run(args: argparse.Namespace) -> int:
    """Examine, print, and return 0 if everything is fine, 1 otherwise."""
    from glue_etl.engine.diagnosis import examine, try_spark
    from glue_etl.settings import load

    settings = load(state_dir=args.state)
    findings = examine(settings)
    if args.spark:
        findings.append(try_spark(settings))
    wrong = sum(not finding.ok for finding in findings)
    if args.json:
        print(json.dumps({"ok": not wrong, "findings": [dataclasses.asdict(each) for each in findings]}, indent=2))
    else:
        print("\n".join(_lines(findings)))
        print(
            f"\n{wrong} of {len(findings)} need mending." if wrong else "\nAll fine: `glue-etl run SCRIPT` will work."
        )
    return 1 if wrong else 0


def _lines(findings: list[Finding]) -> list[str]:
    width = max(len(each.name) for each in findings)
    lines = []
    for each in findings:
        lines.append(f"{'ok  ' if each.ok else 'BAD '} {each.name:<{width}}  {each.value}")
        if each.hint:
            lines.append(f"{'':5}{'':{width}}  {'Hint' if not each.ok else 'Note'}: {each.hint}")
    return lines
