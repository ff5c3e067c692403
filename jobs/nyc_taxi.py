"""NYC taxi: TLC files of any year in, clean trips by year and month and every rejected row with its reasons out.

Arguments: --JOB_NAME --source_path --destination_path --rejects_path [--source_format csv|parquet] [--zones_path FILE]
"""

import json
import sys

from awsglue.context import GlueContext
from awsglue.dynamicframe import DynamicFrame
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from pyspark import StorageLevel
from pyspark.context import SparkContext

from glue_etl.transforms import taxi

REQUIRED = ["JOB_NAME", "source_path", "destination_path", "rejects_path"]
OPTIONAL = {"source_format": "csv", "zones_path": ""}
given = [name for name in OPTIONAL if any(a == f"--{name}" or a.startswith(f"--{name}=") for a in sys.argv)]
args = {**OPTIONAL, **getResolvedOptions(sys.argv, REQUIRED + given)}

glue = GlueContext(SparkContext.getOrCreate())
job = Job(glue)
job.init(args["JOB_NAME"], args)


def read(path: str, file_format: str) -> DynamicFrame:
    options = {"withHeader": True} if file_format == "csv" else {}
    return glue.create_dynamic_frame.from_options(
        connection_type="s3",
        connection_options={"paths": [path], "recurse": True},
        format=file_format,
        format_options=options,
    )


def write(frame: DynamicFrame, path: str, file_format: str, *partition_keys: str) -> None:
    options = {"path": path, "partitionKeys": list(partition_keys)}
    glue.write_dynamic_frame.from_options(
        frame=frame, connection_type="s3", connection_options=options, format=file_format
    )


source = read(args["source_path"], args["source_format"])
labelled = taxi.label(source.toDF()).persist(StorageLevel.MEMORY_AND_DISK)
checked = taxi.mark_duplicates(labelled)
trips = taxi.accepted(checked)
if args["zones_path"]:
    trips = taxi.with_zones(read(args["zones_path"], "csv").toDF())(trips)

write(DynamicFrame.fromDF(trips, glue, "trips"), args["destination_path"], "parquet", "pickup_year", "pickup_month")
write(DynamicFrame.fromDF(taxi.rejected(checked), glue, "rejects"), args["rejects_path"], "json")
unreadable = source.errorsCount()
if unreadable:
    write(source.errorsAsDynamicFrame(), args["rejects_path"].rstrip("/") + "/unreadable/", "json")
print(json.dumps({"job": args["JOB_NAME"], **taxi.summarise(taxi.outcome(checked).collect(), unreadable)}))
labelled.unpersist()
job.commit()
