"""The SQL of webhooks: the only place that writes endpoints, secrets, deliveries and attempts."""
