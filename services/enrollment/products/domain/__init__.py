"""The rules of products: pure functions over frozen dataclasses."""
