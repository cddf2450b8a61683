"""The rules of files: pure functions over frozen dataclasses."""
