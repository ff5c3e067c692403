"""A Glue job: who sat in which chamber when, as one table; and the same relationalized for a relational database.

After AWS's sample "Joining and relationalizing data": persons, memberships and organizations are joined, the history
is written whole, by chamber, and as the tables of Relationalize.
"""

import json
import sys

from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.transforms import Join
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext

args = getResolvedOptions(sys.argv, ["JOB_NAME", "TempDir", "source", "target"])
glue_context = GlueContext(SparkContext.getOrCreate())
job = Job(glue_context)
job.init(args["JOB_NAME"], args)


def read(name):
    return glue_context.create_dynamic_frame.from_options(
        connection_type="s3", connection_options={"paths": [f"{args['source']}/{name}.json"]}, format="json"
    )


def write(frame, name, **options):
    target = {"path": f"{args['target']}/{name}", **options}
    glue_context.write_dynamic_frame.from_options(
        frame=frame, connection_type="s3", connection_options=target, format="parquet"
    )


def tell(name, frame):
    fields = {field.name: field.dataType.typeName() for field in frame.schema()}
    print(json.dumps({"table": name, "rows": frame.count(), "schema": fields}))


persons = read("persons")
memberships = read("memberships")
organizations = read("organizations").drop_fields(["other_names", "identifiers"])
organizations = organizations.rename_field("id", "org_id").rename_field("name", "org_name")
for table, frame in (("persons", persons), ("memberships", memberships), ("organizations", organizations)):
    tell(table, frame)

members = Join.apply(persons, memberships, "id", "person_id")
history = Join.apply(organizations, members, "org_id", "organization_id").drop_fields(["person_id", "org_id"])
tell("history", history)
write(history, "history")
write(history, "history_by_chamber", partitionKeys=["org_name"])

tables = history.relationalize("hist_root", args["TempDir"])
for table in sorted(tables.keys()):
    tell(table, tables.select(table))
    write(tables.select(table), f"relational/{table}")
job.commit()
