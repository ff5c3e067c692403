"""The Data Catalog: behind boto3's calls, on AWS, at an endpoint, or in one SQLite file of the state directory."""
