"""The HTTP edge of webhooks: of what a backend may be told."""
