"""The only package that imports kafka: a producer, a consumer and questions to the broker in our own types.

Topic prefix and the prefix of groups are added and taken off here, so that nobody else knows of them. What is sent and
what failures mean is the callers'.
"""

from shared.messaging.kafka_link.administration import Administrator, Copies, Group, create_topics
from shared.messaging.kafka_link.clients import Consumer, Member, Producer
from shared.messaging.kafka_link.link import KafkaFault, Link, require_fast_checksums

__all__ = [
    "Administrator",
    "Consumer",
    "Copies",
    "Group",
    "KafkaFault",
    "Link",
    "Member",
    "Producer",
    "create_topics",
    "require_fast_checksums",
]
