"""Filing: what residents do and read."""
