"""Modules that exist on AWS Glue beside awsglue, found by `import` during a run."""
