"""The Kafka edge of statements: one module per topic."""
