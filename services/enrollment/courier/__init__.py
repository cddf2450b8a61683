"""Carries messages to partners' servers: which addresses may be called, and one POST. What is sent is not its."""
