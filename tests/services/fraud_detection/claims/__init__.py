"""Claims: their life."""
