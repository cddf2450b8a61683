"""What residents do through a mobile backend: file, add documents, appeal, and read what became of it."""
