"""What is done with files: received, made ready, shown by a link, forgotten."""
