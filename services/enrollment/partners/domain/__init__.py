"""The rules of partners: pure functions over frozen dataclasses."""
