"""The local stack for development, the demo and the tests: real PostgreSQL, real Kafka and every process of the system.

Nothing here runs in production; k8s/ and deploy/compose.yaml do that job there.
"""
