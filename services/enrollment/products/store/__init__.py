"""The SQL of products: the only place that writes its tables."""
