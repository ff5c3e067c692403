"""The Glue type tree: its forms, its names, its way to Spark and back."""
