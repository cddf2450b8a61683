"""Rules: pure functions over frozen values."""
