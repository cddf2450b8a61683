"""Queues what is told; works in the transaction that it is given."""
