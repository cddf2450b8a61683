"""Models: training, artifacts, promotion."""
