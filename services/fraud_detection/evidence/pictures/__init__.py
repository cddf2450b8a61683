"""Pictures of a file, got from a child process. No library that reads pictures is loaded here."""
