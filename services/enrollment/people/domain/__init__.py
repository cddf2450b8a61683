"""The rules of people: pure functions over frozen dataclasses."""
