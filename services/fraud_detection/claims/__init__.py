"""A claim as it is kept: its facts, its states and steps, and what became of the money."""
