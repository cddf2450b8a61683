"""The rules of webhooks: pure functions over frozen dataclasses."""
