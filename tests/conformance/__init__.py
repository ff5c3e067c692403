"""The conformance runner: self-contained cases of what awsglue answers, run over whichever Glue library is there."""
