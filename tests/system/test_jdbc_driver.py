"""A driver that the JVM did not have when it started: asked for by name, then found."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from glue_etl.engine.io.jdbc_jars import find_jars
from glue_etl.engine.io.jdbc_vendors import VENDORS
from glue_etl.settings import child_environment, load
from glue_etl.testing.postgresql import missing, running_server

pytestmark = [pytest.mark.slow, pytest.mark.skipif(missing() is not None, reason=missing() or "")]

SCRIPT = """
    import json, logging, sys
    from pathlib import Path

    from glue_etl.engine.io import jdbc_jars
    from glue_etl.engine.install import installed
    from glue_etl.engine.session import create_session, stop_session
    from glue_etl.errors import MissingExtraError
    from glue_etl.settings import load

    # As on a machine without the package.
    jdbc_jars.DEBIAN = Path("/nowhere")
    options = json.loads(sys.stdin.read())
    settings = load(driver_memory="600m")
    spark = create_session(settings, tuned_for_tests=True)
    with installed(settings):
        from awsglue.context import GlueContext

        glue = GlueContext(spark.sparkContext)
        read = glue.create_dynamic_frame.from_options
        try:
            read("postgresql", options)
        except MissingExtraError as error:
            print(error)
        frame = read("postgresql", {**options, "customJdbcDriverS3Path": "s3://jars/driver.jar"})
        print("partitions:", frame.getNumPartitions(), "rows:", frame.count())
        glue.write_dynamic_frame.from_options(frame, "postgresql", {**options, "dbtable": "copies"})
        # A session has one version of a class, and says so.
        logging.basicConfig(stream=sys.stdout, format="%(message)s")
        read("postgresql", {**options, "customJdbcDriverS3Path": "s3://jars/other.jar"})
    stop_session(spark)
"""


def test_a_driver_is_added_to_a_session_that_runs(tmp_path: Path) -> None:
    (tmp_path / "job.py").write_text(textwrap.dedent(SCRIPT))
    settings = load(state_dir=tmp_path / "state", master="local[1]")
    jar = next(find_jars(VENDORS["postgresql"], settings.jdbc_drivers))
    (settings.lake_dir / "jars").mkdir(parents=True)
    for name in ("driver.jar", "other.jar"):
        (settings.lake_dir / "jars" / name).write_bytes(jar.read_bytes())
    environment = {key: value for key, value in child_environment(settings).items() if key != "GLUE_ETL_JDBC_DRIVERS"}
    with running_server() as server:
        server.run("CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 20)")
        options = server.options(dbtable="t", hashfield="id", hashpartitions="2")
        done = subprocess.run(
            [sys.executable, str(tmp_path / "job.py")],
            input=json.dumps(options),
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        assert server.run("SELECT count(*), count(DISTINCT id) FROM copies") == [["20", "20"]]
    said = done.stdout
    assert "There is no JDBC driver for postgresql: the class org.postgresql.Driver is in no JAR" in said
    assert "apt install libpostgresql-jdbc-java" in said
    assert "customJdbcDriverS3Path" in said
    assert "partitions: 2 rows: 20" in said
    assert "of s3://jars/other.jar is not used: this session has it from" in said
    assert "\tat " not in said
