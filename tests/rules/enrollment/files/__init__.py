"""Rules of partners' files: their formats, keys and rows, and what they may take in memory."""
