"""A whole service about notes, started as real ones are: ``python -m tests.shared.entry.notes web``."""
