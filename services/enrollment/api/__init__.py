"""Enrollment over HTTP: one module per resource. Views parse, call one use case and render."""
