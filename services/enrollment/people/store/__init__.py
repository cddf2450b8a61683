"""The SQL of people: the only place that writes its tables."""
