"""The three services. They import nothing of each other and meet only on Kafka topics."""
