"""Spark SQL over the Data Catalog, as `--enable-glue-datacatalog` gives it."""
