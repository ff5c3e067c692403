"""What a script can import beside awsglue, when, and what stays behind."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame

from glue_etl.engine.frame import studio
from glue_etl.engine.install import installed
from glue_etl.engine.shims.finder import ShimFinder
from glue_etl.errors import UnsupportedError
from glue_etl.settings import Settings


@pytest.mark.parametrize("name", sorted(studio.TRANSFORMS))
def test_an_import_adds_the_method_and_the_end_of_the_run_takes_it_back(name: str, tmp_path: Path) -> None:
    from awsglue.dynamicframe import DynamicFrame

    with installed(Settings(tmp_path)):
        assert importlib.import_module(name) is sys.modules[name]
        assert callable(getattr(DataFrame, name))
        assert callable(getattr(DynamicFrame, name))
    assert name not in sys.modules
    assert not hasattr(DataFrame, name)
    assert not hasattr(DynamicFrame, name)


def test_outside_of_a_run_there_is_no_such_module() -> None:
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("gs_explode")


def test_nothing_is_found_where_the_real_library_is() -> None:
    assert ShimFinder(lambda: True).find_spec("gs_explode") is None
    assert ShimFinder(lambda: False).find_spec("gs_explode") is not None
    assert ShimFinder(lambda: False).find_spec("gs_other") is None


def test_a_module_of_the_jobs_own_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gs_now.py").write_text("mine = True\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with installed(Settings(tmp_path)):
        assert importlib.import_module("gs_now").mine
        assert not hasattr(DataFrame, "gs_now")
    del sys.modules["gs_now"]


def test_an_inner_run_leaves_the_outer_ones_methods(tmp_path: Path) -> None:
    with installed(Settings(tmp_path)):
        importlib.import_module("gs_uuid")
        with installed(Settings(tmp_path)):
            importlib.import_module("gs_uuid")
        assert "gs_uuid" in sys.modules
        assert hasattr(DataFrame, "gs_uuid")


@pytest.mark.parametrize(
    ("module", "words"),
    [
        ("awsgluedq.transforms", "EvaluateDataQuality"),
        ("awsglueml.transforms", "FillMissingValues"),
        ("gs_lookup", "gs_lookup"),
        ("gs_unpivot", "gs_unpivot"),
    ],
)
def test_what_is_not_there_is_named_at_the_import(module: str, words: str, tmp_path: Path) -> None:
    with installed(Settings(tmp_path)), pytest.raises(UnsupportedError, match=words):
        importlib.import_module(module)
    assert module.split(".")[0] not in sys.modules


def test_a_dynamic_frame_keeps_its_name_and_a_choice_must_be_resolved(glue_context: Any, lake: Any) -> None:
    importlib.import_module("gs_derived")
    lake.write("mixed/a.json", '{"a": 1}\n{"a": "x"}\n{"a": 2}\n')
    frame = glue_context.create_dynamic_frame.from_options(
        "s3", {"paths": [lake.uri("mixed/")]}, format="json", transformation_ctx="mixed"
    )
    with pytest.raises(ValueError, match=r"gs_derived .* not resolved: a\. Hint"):
        frame.gs_derived(colName="b", expr="1")
    with pytest.raises(TypeError):
        frame.gs_derived("b", "1")
    resolved = frame.resolveChoice(specs=[("a", "cast:long")])
    resolved.name = "named"
    after = resolved.gs_derived(colName="b", expr="a * 2")
    assert after.name == "named"
    assert sorted(row.b or 0 for row in after.toDF().collect()) == [0, 2, 4]


def test_a_frame_without_fields_stays_as_it_is(glue_context: Any) -> None:
    importlib.import_module("gs_explode")
    from awsglue.dynamicframe import DynamicFrame

    empty = DynamicFrame(glue_context._jvm.DynamicFrame.emptyDynamicFrame(glue_context._ssql_ctx), glue_context, "e")
    assert empty.gs_explode(colName="a", newCol="b").toDF().columns == []
