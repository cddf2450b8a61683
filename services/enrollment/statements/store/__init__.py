"""The SQL of statements: the only place that writes its tables."""
