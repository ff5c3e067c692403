"""The JVM surface that awsglue calls, by its own names."""
