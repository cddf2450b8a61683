"""A loss is its transfers: what is claimed once, and what a person says of it."""
