"""`glue-etl table`: what it enters, prints and refuses."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from glue_etl.cli.main import main
from glue_etl.engine.catalog.clients import Clients
from glue_etl.engine.catalog.inferred import infer, looks_like_header
from glue_etl.engine.context import EngineContext
from glue_etl.engine.io.lake import Lake
from glue_etl.errors import SourceError
from glue_etl.settings import Settings, load
from glue_etl.testing.buckets import Bucket


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("AWS_ENDPOINT_URL", "GLUE_ETL_CATALOG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GLUE_ETL_STATE", str(tmp_path / "glue"))
    return tmp_path / "glue"


def _glue(state: Path) -> Any:
    return Clients(load(state_dir=state)).glue()


def _write(state: Path, *keys: str, text: str = "id,name\n1,a\n") -> None:
    for key in keys:
        path = state / "s3" / "shop" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


CREATE = ["table", "create", "shop.orders", "--location", "s3://shop/orders/", "--format", "csv"]


def test_a_table_by_its_columns_with_the_partitions_that_are_there(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _write(state, "orders/year=2024/month=01/a.csv", "orders/year=2024/month=02/a.csv")
    columns = ["--columns", "id bigint, name string", "--partition-keys", "year string, month int"]
    assert main([*CREATE, *columns, "--option", "withHeader=true", "--parameter", "owner=me"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "Made the database shop",
        "Made the table shop.orders: id bigint, name string",
        "Partitions: 2 added, 0 known before",
    ]
    table = _glue(state).get_table(DatabaseName="shop", Name="orders")["Table"]
    assert table["PartitionKeys"] == [{"Name": "year", "Type": "string"}, {"Name": "month", "Type": "int"}]
    assert table["Parameters"]["classification"] == "csv" and table["Parameters"]["owner"] == "me"
    assert table["Parameters"]["skip.header.line.count"] == "1"
    assert table["StorageDescriptor"]["SerdeInfo"]["SerializationLibrary"].endswith("LazySimpleSerDe")
    _write(state, "orders/year=2025/month=01/a.csv", "orders/year=2025/week=01/a.csv")
    assert main(["table", "create", "shop.orders", "--add-partitions"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "Partitions: 1 added, 2 known before",
        "Note: 1 folders named key=value are not by this table's keys and were left out",
    ]
    assert main(["table", "list"]) == 0
    assert capsys.readouterr().out == "shop.orders  csv  s3://shop/orders/  by year, month\n"
    assert main(["table", "show", "shop.orders", "--partitions"]) == 0
    shown = capsys.readouterr().out
    assert "Partition keys (3 partitions):" in shown and "  2024/02  s3://shop/orders/year=2024/month=02/" in shown
    assert main(["table", "show", "SHOP.Orders", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["Name"] == "orders"


def test_a_table_for_files_that_will_be(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*CREATE, "--columns", "id bigint"]) == 0
    assert main(["table", "list", "shop", "--json"]) == 0
    (listed,) = json.loads(capsys.readouterr().out.split("\n", 2)[2])
    assert listed["StorageDescriptor"]["Columns"] == [{"Name": "id", "Type": "bigint"}]
    assert main(["table", "drop", "shop"]) == 1
    assert "has 1 tables. Available: shop.orders" in capsys.readouterr().err
    assert main(["table", "drop", "shop.orders"]) == 0
    assert main(["table", "drop", "shop"]) == 0
    assert _glue(state).get_databases()["DatabaseList"] == []


REFUSED = {
    "no database": (["table", "show", "orders"], "'orders' is no name of a table"),
    "no such table": (["table", "show", "shop.nosuch"], "no table 'shop.nosuch'.*Available: there"),
    "no such table to drop": (["table", "drop", "shop.nosuch"], "no table 'shop.nosuch'"),
    "no such database": (["table", "list", "nosuch"], "no database 'nosuch'. Available: shop"),
    "no location": (["table", "create", "shop.t", "--format", "csv"], "--location and --format are needed"),
    "no such format": ([*CREATE[:-1], "exel", "--columns", "a int"], "'exel'"),
    "no such option": ([*CREATE, "--columns", "a int", "--option", "withHeadr=true"], "'withHeadr'"),
    "no such type": ([*CREATE, "--columns", "a inte"], "'inte'"),
    "no files to look at": (CREATE, "s3://shop/orders/"),
    "a key that is a column": ([*CREATE, "--columns", "a int", "--partition-keys", "a int"], "both a column and"),
    "there already": (
        ["table", "create", "shop.there", "--location", "s3://shop/x/", "--format", "csv", "--columns", "a int"],
        "exists already.*--add-partitions",
    ),
    "a name that is too long": (["table", "show", "shop." + "x" * 300], "could not do it: .*less than or equal to 255"),
    "no partition keys": (["table", "create", "shop.there", "--add-partitions"], "has no partition keys"),
}


@pytest.mark.parametrize(("words", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_refused_leaves_the_catalog_alone(
    state: Path, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    _write(state, "x/a.csv")
    glue = _glue(state)
    glue.create_database(DatabaseInput={"Name": "shop"})
    glue.create_table(
        DatabaseName="shop", TableInput={"Name": "there", "StorageDescriptor": {"Location": "s3://shop/x/"}}
    )
    assert main(words) == 1
    assert re.search(message, capsys.readouterr().err)
    assert [each["Name"] for each in glue.get_tables(DatabaseName="shop")["TableList"]] == ["there"]


def test_listing_needs_no_spark_and_no_time(state: Path) -> None:
    code = (
        "import sys\n"
        "from glue_etl.cli.main import main\n"
        "assert main(['table', 'list']) == 0\n"
        "heavy = {'pyspark', 'boto3', 'pandas', 'pyarrow'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    started = time.monotonic()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert time.monotonic() - started < 5


HEADERS: dict[str, tuple[list[list[str | None]], bool]] = {
    "names above numbers": ([["id", "name"], ["1", "a"]], True),
    "all text": ([["id", "name"], ["x", "a"]], False),
    "numbers": ([["1", "2"], ["3", "4"]], False),
    "one line": ([["id", "name"]], False),
    "an empty name": ([["id", ""], ["1", "a"]], False),
    "a long name": ([["id", "x" * 150], ["1", "a"]], False),
    "a name twice": ([["id", "id"], ["1", "2"]], False),
    "nothing": ([], False),
}


@pytest.mark.parametrize(("rows", "expected"), HEADERS.values(), ids=HEADERS.keys())
def test_what_is_a_header(rows: list[list[str | None]], expected: bool) -> None:
    assert looks_like_header(rows) is expected


def test_columns_are_found_from_the_files(spark: SparkSession, glue_settings: Settings, lake: Bucket) -> None:
    ctx = EngineContext(spark, glue_settings, Lake(glue_settings.lake_dir))
    csv = "Id,price,word,code,gap\n1,2.5,x,007,\n22,3,y,1,\n"
    (lake.path / "csv" / "y=1").mkdir(parents=True)
    (lake.path / "csv" / "y=1" / "a.csv").write_text(csv)
    found = infer(ctx, f"s3://{lake.name}/csv/", "csv", {}, ["y"])
    assert [(each["Name"], each["Type"]) for each in found.columns] == [
        ("id", "bigint"),
        ("price", "double"),
        ("word", "string"),
        ("code", "bigint"),
        ("gap", "string"),
    ]
    assert found.format_options == {"withHeader": True}
    (lake.path / "json").mkdir()
    (lake.path / "json" / "a.json").write_text('{"a": 1, "b": {"c": ["x"]}}\n{"a": 2.5}\n')
    columns = infer(ctx, f"s3://{lake.name}/json/", "json", {}).columns
    assert [each["Name"] for each in columns] == ["a", "b"] and columns[1]["Type"] == "struct<c:array<string>>"
    made = spark.sql("SELECT 1 AS id, CAST(1.5 AS DECIMAL(10,2)) AS price, DATE '2024-01-01' AS day, map('a', 1L) AS m")
    made.coalesce(1).write.parquet(f"s3://{lake.name}/parquet/y=1")
    columns = infer(ctx, f"s3://{lake.name}/parquet/", "glueparquet", {}).columns
    assert [each["Type"] for each in columns] == ["int", "decimal(10,2)", "date", "map<string,bigint>"]
    (lake.path / "empty").mkdir()
    with pytest.raises(SourceError, match=r"no records to tell the columns by.*--columns"):
        infer(ctx, f"s3://{lake.name}/empty/", "json", {})
