"""The SQL of policies: the only place that writes its tables."""
