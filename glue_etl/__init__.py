"""glue-etl: AWS Glue ETL on a laptop."""

__version__ = "0.1.0"
