"""Small frames from JSON records, and what is in a frame."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from pyspark.sql import SparkSession

from glue_etl.engine.frame.core import Frame, Plan
from glue_etl.engine.frame.json_text import json_lines
from glue_etl.engine.types.inference import infer_lines, parse_lines
from glue_etl.engine.types.spark import to_spark

Planned = Callable[..., Plan]


@pytest.fixture(scope="session")
def planned(spark: SparkSession) -> Planned:
    """A plan of records, typed as the JSON reader types them."""

    def make(*records: Any) -> Plan:
        lines = spark.createDataFrame([(json.dumps(record),) for record in records], "value string").coalesce(1)
        return parse_lines(lines, "value", infer_lines(lines, "value"))

    return make


@pytest.fixture(scope="session")
def framed(planned: Planned) -> Callable[..., Frame]:
    """The same as a frame."""

    def make(*records: Any) -> Frame:
        plan = planned(*records)
        return Frame(lambda: plan, "f", _plan=plan)

    return make


@pytest.fixture(scope="session")
def rows() -> Callable[[Plan], list[Any]]:
    """The records of a plan, once its tree is seen to describe the DataFrame exactly; null members are left out."""

    def read(plan: Plan) -> list[Any]:
        assert plan.df.schema.simpleString() == to_spark(plan.type).simpleString()
        return [json.loads(row[0]) for row in json_lines(plan).collect()]

    return read
