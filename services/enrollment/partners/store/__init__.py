"""The SQL of partners: the only place that writes its tables."""
