"""What `show` prints."""

from __future__ import annotations

from glue_etl.engine.frame.core import Plan
from glue_etl.engine.frame.json_text import json_lines

__all__ = ["show_string"]


def show_string(plan: Plan, count: int) -> str:
    """The first records as JSON, one a line, as AWS Glue shows them."""
    rows = json_lines(Plan(plan.df.limit(int(count)), plan.type)).collect()
    return "\n".join(row[0] for row in rows)
