"""NYC taxi: TLC files of any year in, clean trips by year and month and every rejected row with its reasons out.

Arguments: --JOB_NAME --destination_path --rejects_path [--zones_path FILE], and --source_path [--source_format
csv|parquet] or, from the Data Catalog, --source_database [--source_table yellow_tripdata]. It keeps bookmarks.
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

OPTIONAL = {"source_format": "csv", "source_database": "", "source_table": "yellow_tripdata", "zones_path": ""}
given = [name for name in OPTIONAL if any(a.split("=")[0] == f"--{name}" for a in sys.argv)]
required = ["JOB_NAME", "destination_path", "rejects_path", *([] if "source_database" in given else ["source_path"])]
args = {**OPTIONAL, **getResolvedOptions(sys.argv, required + given)}

glue = GlueContext(SparkContext.getOrCreate())
job = Job(glue)
job.init(args["JOB_NAME"], args)


def read(path: str, file_format: str, ctx: str = "") -> DynamicFrame:
    place = {"paths": [path], "recurse": True}
    options = {"withHeader": True} if file_format == "csv" else {}
    return glue.create_dynamic_frame.from_options("s3", place, file_format, options, transformation_ctx=ctx)


def write(frame: DynamicFrame, path: str, file_format: str, *partition_keys: str) -> None:
    place = {"path": path, "partitionKeys": list(partition_keys)}
    glue.write_dynamic_frame.from_options(frame, "s3", place, format=file_format)


if args["source_database"]:
    table = glue.create_dynamic_frame.from_catalog(args["source_database"], args["source_table"], "", "source")
    source = table.resolveChoice(choice="cast:string")  # text where a number should be: to be judged with its row
else:
    source = read(args["source_path"], args["source_format"], "source")
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
