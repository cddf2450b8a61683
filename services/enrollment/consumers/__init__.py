"""What enrollment learns from the other services: one module per topic."""
