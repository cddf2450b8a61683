"""The SQL of files: the only place that writes its tables."""
