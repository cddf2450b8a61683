"""Which files there are and where, and which were forgotten."""
