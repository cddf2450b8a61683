"""Service levels: clocks and series."""
