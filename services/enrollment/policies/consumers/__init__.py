"""The Kafka edge of policies: one module per topic."""
