"""Values of partition keys out of the names of folders."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glue_etl.engine.io.partitions import partition_values
from glue_etl.engine.io.task_files import partition_folder

FOLDERS = [
    pytest.param("year=2024/month=01", ["year", "month"], ("2024", "01"), id="plain"),
    pytest.param("year=2024/", ["year"], ("2024",), id="slash at the end"),
    pytest.param("Year=2024", ["year"], ("2024",), id="letter case"),
    pytest.param("k=a%2Fb %3D c%25", ["k"], ("a/b = c%",), id="escaped"),
    pytest.param("a%2Eb=1", ["a.b"], ("1",), id="escaped name"),
    pytest.param("k=ü=1", ["k"], ("ü=1",), id="first equals sign"),
    pytest.param("k=__HIVE_DEFAULT_PARTITION__", ["k"], ("__HIVE_DEFAULT_PARTITION__",), id="null"),
    pytest.param("month=01/year=2024", ["year", "month"], None, id="other order"),
    pytest.param("year=2024", ["year", "month"], None, id="too few"),
    pytest.param("year", ["year"], None, id="no value"),
    pytest.param("", [], None, id="no folder"),
]


@pytest.mark.parametrize(("folder", "keys", "values"), FOLDERS)
def test_values_of_a_folder(folder: str, keys: list[str], values: tuple[str, ...] | None) -> None:
    assert partition_values(folder, keys) == values


TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=12)


@given(st.lists(st.tuples(TEXT, st.none() | TEXT), min_size=1, max_size=3))
def test_what_a_write_names_is_read_back(pairs: list[tuple[str, str | None]]) -> None:
    keys, values = [key for key, _ in pairs], [value for _, value in pairs]
    expected = tuple("__HIVE_DEFAULT_PARTITION__" if value is None else value for value in values)
    assert partition_values(partition_folder(keys, values), keys) == expected
