"""The Glue runtime in Python, behind the official awsglue package."""
