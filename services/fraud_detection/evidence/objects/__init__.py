"""Where files lie: objects of a store, each sealed under a key of its own."""
