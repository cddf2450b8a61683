"""Enrollment's SQL: one module per family of tables, functions on an open transaction."""
