"""A script as the Glue console makes it, unchanged, through `glue-etl run`; awsglue's files stay as they were."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pyarrow.parquet
import pytest

pytestmark = pytest.mark.slow

# The console's own layout, its comments and its star import included.
SCRIPT = """\
import sys
from awsglue.transforms import *
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext
from awsglue.context import GlueContext
from awsglue.job import Job

## @params: [JOB_NAME]
args = getResolvedOptions(sys.argv, ['JOB_NAME', 'TempDir'])

sc = SparkContext()
glueContext = GlueContext(sc)
spark = glueContext.spark_session
job = Job(glueContext)
job.init(args['JOB_NAME'], args)
## @type: DataSource
## @return: datasource0
datasource0 = glueContext.create_dynamic_frame.from_options(connection_type = "s3", connection_options = {"paths": ["s3://console/in/"], "recurse": True}, format = "json", transformation_ctx = "datasource0")
## @type: ApplyMapping
applymapping1 = ApplyMapping.apply(frame = datasource0, mappings = [("order id", "string", "order_id", "long"), ("price", "choice", "price", "choice"), ("lines", "array", "lines", "array"), ("ship.zip", "string", "address.zip", "string")], transformation_ctx = "applymapping1")
## @type: ResolveChoice
resolvechoice2 = ResolveChoice.apply(frame = applymapping1, choice = "make_struct", transformation_ctx = "resolvechoice2")
resolvechoice3 = ResolveChoice.apply(frame = resolvechoice2, specs = [("lines[].qty", "cast:int")], transformation_ctx = "resolvechoice3")
## @type: Relationalize
relationalized4 = Relationalize.apply(frame = resolvechoice3, staging_path = args["TempDir"], name = "orders", transformation_ctx = "relationalized4")
for name in relationalized4.keys():
    ## @type: DataSink
    datasink5 = glueContext.write_dynamic_frame.from_options(frame = relationalized4.select(name), connection_type = "s3", connection_options = {"path": "s3://console/out/" + name}, format = "parquet", transformation_ctx = "datasink5")
job.commit()
"""  # noqa: E501 - lines as long as the console makes them
ORDERS = [
    {
        "order id": "1",
        "price": 9.5,
        "lines": [{"sku": "a", "qty": "2"}, {"sku": "b", "qty": "x"}],
        "ship": {"zip": "1"},
    },
    {"order id": "2", "price": "free", "lines": [], "ship": None},
    {"order id": "three", "price": None, "lines": [{"sku": "c", "qty": "7"}]},
]


def test_a_script_of_the_console_runs_unchanged(tmp_path: Path) -> None:
    bucket = tmp_path / "state/s3/console"
    (bucket / "in").mkdir(parents=True)
    (bucket / "in/orders.json").write_text("\n".join(map(json.dumps, ORDERS)))
    script = tmp_path / "orders.py"
    script.write_text(SCRIPT)
    before = awsglue_files()
    command = [
        sys.executable,
        "-m",
        "glue_etl",
        "run",
        str(script),
        "--state",
        str(tmp_path / "state"),
        "--no-progress",
    ]
    command += ["--master", "local[1]", "--", "--JOB_NAME", "orders", "--TempDir", "s3://console/tmp/"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert script.read_text() == SCRIPT
    assert awsglue_files() == before
    roots = {row["address.zip"]: row for row in written(bucket / "out/orders") if row["order_id"] == 1}
    assert roots["1"]["price.double"] == 9.5
    assert [(row["order_id"], row["price.string"]) for row in written(bucket / "out/orders")] == [
        (1, None),
        (2, "free"),
        (None, None),
    ]
    lines = [(row["index"], row["lines.val.sku"], row["lines.val.qty"]) for row in written(bucket / "out/orders_lines")]
    assert sorted(lines) == [(0, "a", 2), (0, "c", 7), (1, "b", None)]


def written(folder: Path) -> list[dict[str, object]]:
    return [row for file in sorted(folder.glob("*.parquet")) for row in pyarrow.parquet.read_table(file).to_pylist()]


def awsglue_files() -> dict[str, str]:
    """The digest of every file that the wheel installed."""
    files = metadata.distribution("AWSGlueDataplanePython").files or []
    return {str(file): hashlib.sha256(Path(str(file.locate())).read_bytes()).hexdigest() for file in files if file.hash}
