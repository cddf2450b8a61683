"""Kafka edge: one module per topic."""
