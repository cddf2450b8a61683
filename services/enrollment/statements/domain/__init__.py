"""The rules of statements: pure functions over frozen dataclasses."""
