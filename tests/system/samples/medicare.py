"""A Glue job: a provider id that is text in two records and a number in the others, resolved in each documented way.

After AWS's sample "Exploring the resolveChoice method". There the Data Catalog's type makes the choice; here the
records that have a number are told from the others and united again.
"""

import json
import sys

from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.transforms import ApplyMapping, Filter, ResolveChoice
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext

args = getResolvedOptions(sys.argv, ["JOB_NAME", "source", "target"])
glue_context = GlueContext(SparkContext.getOrCreate())
job = Job(glue_context)
job.init(args["JOB_NAME"], args)

WAYS = {
    "cast": {"specs": [("provider id", "cast:long")]},
    "project": {"specs": [("provider id", "project:long")]},
    "make_cols": {"choice": "make_cols"},
    "make_struct": {"specs": [("provider id", "make_struct")]},
}


def shape(kind):
    fields = getattr(kind, "fields", None)
    if fields is not None:
        return {field.name: shape(field.dataType) for field in fields}
    choices = getattr(kind, "choices", None)
    return sorted(choices) if choices else kind.typeName()


def tell(name, frame):
    print(json.dumps({"table": name, "rows": frame.count(), "schema": shape(frame.schema())}))


def mapped(frame, id_type):
    names = [(field.name, field.name.strip().lower()) for field in frame.schema()]
    kinds = {"provider id": id_type, "provider zip code": "long", "total discharges": "int"}
    return ApplyMapping.apply(
        frame=frame, mappings=[(old, "string", new, kinds.get(new, "string")) for old, new in names]
    )


source = glue_context.create_dynamic_frame.from_options(
    connection_type="s3",
    connection_options={"paths": [args["source"]]},
    format="csv",
    format_options={"withHeader": True},
)
numbers = Filter.apply(frame=source, f=lambda record: record["Provider Id"].isdigit())
texts = Filter.apply(frame=source, f=lambda record: not record["Provider Id"].isdigit())
medicare = mapped(numbers, "long").union(mapped(texts, "string"))
tell("medicare", medicare)
medicare.printSchema()

for way, options in WAYS.items():
    resolved = ResolveChoice.apply(frame=medicare, **options)
    tell(way, resolved)
    glue_context.write_dynamic_frame.from_options(
        frame=resolved,
        connection_type="s3",
        connection_options={"path": f"{args['target']}/{way}"},
        format="parquet",
    )
job.commit()
