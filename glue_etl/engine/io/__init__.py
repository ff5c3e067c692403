"""Sources and sinks: one file per format and connection type."""
