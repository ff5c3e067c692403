"""`kill -9` of a process that writes to a table all the time: no partition is entered whose files are not there."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from glue_etl.engine.catalog.client import LocalGlueClient
from glue_etl.engine.io.staging import recover

KILLS = 5
PARTITIONS = 4

# What a sink does once Spark has written the files, again and again, until it is killed.
WRITER = f"""
import sys
from pathlib import Path

from glue_etl.engine.catalog.client import LocalGlueClient
from glue_etl.engine.io.catalog_entries import Target
from glue_etl.engine.io.catalog_update import TableUpdate
from glue_etl.engine.io.request import write_request
from glue_etl.engine.io.sinks import Written
from glue_etl.engine.io.staging import staging
from glue_etl.engine.types import tree as g

state, run = Path(sys.argv[1]), sys.argv[2]
destination = state / "s3" / "b" / "t"
options = {{"path": "s3://b/t/", "partitionKeys": ["k"], "enableUpdateCatalog": True}}
number = 0
while True:
    number += 1
    # Each write has a column of its own, so that the schema is changed, too.
    record = g.StructType.of([("id", g.INT), (f"c{{run}}_{{number}}", g.INT), ("k", g.STRING)])
    target = Target(LocalGlueClient(state / "state"), "db", "t")
    update = TableUpdate(target, write_request("s3", options, "json", {{}}), "s3://b/t/")
    update.open()
    update.plan(record)
    with staging(destination, state) as stage:
        for part in range({PARTITIONS}):
            file = stage.data / f"k={{run}}-{{number}}-{{part}}" / "part.json"
            file.parent.mkdir(parents=True)
            file.write_text("{{}}", encoding="utf-8")
        written = Written.of(stage.publish(), destination)
    update.enter(written)
    print(number, flush=True)
"""


@pytest.mark.timeout(180)
def test_a_killed_write_leaves_no_partition_without_files(tmp_path: Path) -> None:
    client: Any = LocalGlueClient(tmp_path / "state")
    client.create_database(DatabaseInput={"Name": "db"})
    (tmp_path / "s3" / "b").mkdir(parents=True)
    chance = random.Random(4)
    finished: set[str] = set()
    for run in range(KILLS):
        command = [sys.executable, "-c", WRITER, str(tmp_path), str(run)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            lines = [process.stdout.readline()]
            time.sleep(chance.uniform(0, 0.1))
            process.send_signal(signal.SIGKILL)
            lines += process.stdout.readlines()
        done = [line.strip() for line in lines if line.endswith("\n")]
        assert done
        finished |= {f"{run}-{number}-{part}" for number in done for part in range(PARTITIONS)}
        recover(tmp_path)
        entered = set()
        pages = client.get_paginator("get_partitions").paginate(DatabaseName="db", TableName="t")
        for partition in (each for page in pages for each in page["Partitions"]):
            location = partition["StorageDescriptor"]["Location"]
            folder = tmp_path / "s3" / location.removeprefix("s3://")
            assert [file.name for file in folder.iterdir()] == ["part.json"]
            entered.add(partition["Values"][0])
        assert finished <= entered
