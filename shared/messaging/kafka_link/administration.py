"""What is asked of the broker itself: to make topics, whether it answers. When to ask is the callers'."""

from __future__ import annotations

from collections.abc import Mapping

from kafka import KafkaAdminClient
from kafka.errors import KafkaError, TopicAlreadyExistsError

from shared.messaging.kafka_link.link import Link, opened
from shared.process.clock import monotonic


def create_topics(
    link: Link, topics: Mapping[str, Mapping[str, str]], *, partitions: int, replication: int
) -> list[str]:
    """Create the topics that are missing, with these settings each, and wait until they can be used; their names."""
    admin = opened(KafkaAdminClient, link.common("topics"))
    try:
        created = []
        for name, settings in topics.items():
            options = {"num_partitions": partitions, "replication_factor": replication, "configs": dict(settings)}
            try:
                admin.create_topics({link.topic_prefix + name: options})
            except TopicAlreadyExistsError:
                continue
            created.append(name)
        admin.wait_for_topics([link.topic_prefix + name for name in topics], timeout_ms=30_000)
        return created
    finally:
        admin.close()


def reachable(link: Link) -> str | None:
    """For a check by a person: None, or what is wrong and what to do."""
    began = monotonic()
    try:
        admin = opened(KafkaAdminClient, link.common("doctor"))
    except KafkaError as error:
        seconds = monotonic() - began
        return (
            f"Kafka at {link.bootstrap_servers} did not answer in {seconds:.0f} seconds ({type(error).__name__}); "
            "is it up, and are KAFKA_BOOTSTRAP_SERVERS and its security settings right?"
        )
    admin.close()
    return None
