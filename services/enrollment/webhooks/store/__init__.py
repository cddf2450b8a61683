"""The SQL of webhooks: the only place that writes its tables."""
