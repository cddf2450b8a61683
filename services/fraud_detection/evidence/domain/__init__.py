"""What a file is, by its first bytes, and what can be wrong."""
