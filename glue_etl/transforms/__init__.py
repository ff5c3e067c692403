"""Transformations as pure functions DataFrame -> DataFrame: pyspark alone, so they run on AWS as they run here."""
