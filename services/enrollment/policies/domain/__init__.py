"""The rules of policies: pure functions over frozen dataclasses."""
