"""Partners' servers: their endpoints and secrets, what they are told, sending it, and its log.

Whoever changes something says so here, in the same transaction; the courier of shared/ brings it.
"""
