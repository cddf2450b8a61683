"""What a backend's server may be told."""
