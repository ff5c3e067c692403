"""DataFrames with a Glue type tree beside them: the transforms, one family a file."""
