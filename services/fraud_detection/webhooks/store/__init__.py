"""The SQL of who has endpoints."""
