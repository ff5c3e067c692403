"""Every job parameter that AWS Glue itself understands, as one table: what the local engine does with each.

Source: "Using job parameters in AWS Glue jobs",
https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-glue-arguments.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = [
    "ACCEPTED",
    "JOB_TYPES",
    "PARAMETERS",
    "PYTHON_SHELL",
    "REFUSED",
    "RESERVED",
    "STREAMING",
    "USED",
    "Parameter",
    "is_on",
]

PYTHON_SHELL = "pythonshell"
STREAMING = "gluestreaming"

JOB_TYPES = ("glueetl", STREAMING, PYTHON_SHELL)
"""The commands of a job: Spark, Spark streaming, and Python alone."""

USED = "used"
"""The engine does what AWS documents."""

ACCEPTED = "accepted"
"""The run goes on and the result is the same, but the parameter has no effect on this machine; the run says so."""

REFUSED = "refused"
"""The run cannot be what was asked for, so it is not started."""

RESERVED = "reserved"
"""AWS Glue uses the name itself and says never to set it; it reaches the script, and the run says so."""

_LOGS = "a local run's logs are files, in .glue/logs"
_METRICS = "the rows and bytes of every run are in its run.json"
_STORAGE = "it tunes how AWS reaches S3, and the local lake is a folder"
_SCALA = "it names the entry point of a Scala job"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One row of the table.

    Attributes:
        effect: `USED`, `ACCEPTED`, `REFUSED` or `RESERVED`.
        why: For `ACCEPTED` and `RESERVED` why it has no effect here, for `REFUSED` the next step, else what it is.
        switch: Whether the name alone is enough, and `false` turns it off.
        shell: Whether a Python shell job may have it too.
    """

    effect: str
    why: str
    switch: bool = False
    shell: bool = True


def is_on(value: str) -> bool:
    """Whether a switch is on: its name alone is enough, only `false` turns it off."""
    return value.strip().lower() != "false"


PARAMETERS: Mapping[str, Parameter] = {
    "TempDir": Parameter(USED, "a folder of the lake for what is only needed during the run"),
    "additional-python-modules": Parameter(USED, "packages that pip installs: name==version, or s3:// wheels"),
    "auto-scale-within-microbatch": Parameter(ACCEPTED, "a local run does not scale", switch=True, shell=False),
    "class": Parameter(ACCEPTED, _SCALA, shell=False),
    "conf": Parameter(USED, "Spark settings: K=V --conf K2=V2", shell=False),
    "continuous-log-conversionPattern": Parameter(ACCEPTED, _LOGS),
    "continuous-log-logGroup": Parameter(ACCEPTED, _LOGS),
    "continuous-log-logStreamPrefix": Parameter(ACCEPTED, _LOGS),
    "custom-logGroup-prefix": Parameter(ACCEPTED, _LOGS),
    "custom-logStream-prefix": Parameter(ACCEPTED, _LOGS),
    "customer-driver-env-vars": Parameter(USED, "CUSTOMER_KEY=value,... for the script's environment"),
    "customer-executor-env-vars": Parameter(USED, "CUSTOMER_KEY=value,... for the Python workers", shell=False),
    "datalake-formats": Parameter(
        REFUSED,
        "leave the argument out and pass the table format's own JARs with --extra-jars FILE.jar, and its Spark "
        "settings with --conf",
        shell=False,
    ),
    "debug": Parameter(RESERVED, "AWS Glue uses it internally", switch=True),
    "disable-proxy-v2": Parameter(ACCEPTED, "there is no service proxy here", switch=True),
    "enable-auto-scaling": Parameter(ACCEPTED, "a local run does not scale", switch=True),
    "enable-continuous-cloudwatch-log": Parameter(ACCEPTED, _LOGS, switch=True),
    "enable-continuous-log-filter": Parameter(ACCEPTED, _LOGS, switch=True),
    "enable-glue-datacatalog": Parameter(
        USED, "spark.sql and spark.table find and keep their tables in the Data Catalog", switch=True
    ),
    "enable-job-insights": Parameter(
        ACCEPTED, "the error's line and cause are told at the end of every run", switch=True
    ),
    "enable-lakeformation-fine-grained-access": Parameter(
        ACCEPTED, "there is no access control here: the script sees every row and column", switch=True
    ),
    "enable-metrics": Parameter(USED, _METRICS, switch=True),
    "enable-observability-metrics": Parameter(USED, _METRICS, switch=True),
    "enable-rename-algorithm-v2": Parameter(ACCEPTED, _STORAGE, switch=True),
    "enable-s3-parquet-optimized-committer": Parameter(ACCEPTED, _STORAGE, switch=True),
    "enable-spark-ui": Parameter(USED, "Spark's event log is written", switch=True),
    "encryption-type": Parameter(ACCEPTED, "the local lake is not encrypted"),
    "endpoint": Parameter(RESERVED, "AWS Glue uses it internally"),
    "executor-cores": Parameter(USED, "tasks of one executor at a time", shell=False),
    "extra-files": Parameter(USED, "files and folders for the script's working directory", shell=False),
    "extra-jars": Parameter(USED, "files for Spark's class path", shell=False),
    "extra-py-files": Parameter(USED, "modules, zips, wheels and eggs for import"),
    "job-bookmark-from": Parameter(USED, "with job-bookmark-pause: the first run id"),
    "job-bookmark-option": Parameter(USED, "job-bookmark-enable, job-bookmark-disable or job-bookmark-pause"),
    "job-bookmark-to": Parameter(USED, "with job-bookmark-pause: the last run id"),
    "job-language": Parameter(USED, "python"),
    "library-set": Parameter(ACCEPTED, "a Python shell job sees what is installed beside glue-etl"),
    "mode": Parameter(RESERVED, "AWS Glue uses it internally"),
    "python-modules-installer-option": Parameter(USED, "options for pip, or -r for a requirements file", shell=False),
    "python-virtual-env": Parameter(
        REFUSED, "pass its packages with --additional-python-modules, a wheel or a .gluewheels.zip each", shell=False
    ),
    "scriptLocation": Parameter(ACCEPTED, "the script that was given to `glue-etl run` is what runs"),
    "spark-event-logs-path": Parameter(USED, "with --enable-spark-ui: where the event log is written", shell=False),
    "use-postgres-driver": Parameter(ACCEPTED, "it settles a conflict of drivers in Glue 2.0", switch=True),
    "user-jars-first": Parameter(
        USED, "--extra-jars stand in front of Spark's own class path", switch=True, shell=False
    ),
    "write-shuffle-files-to-s3": Parameter(ACCEPTED, "shuffle files stay on this machine", switch=True),
    "write-shuffle-spills-to-s3": Parameter(ACCEPTED, "shuffle files stay on this machine", switch=True),
}
