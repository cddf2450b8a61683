"""Which topics a service needs, and making them. Every service may make the same ones; what exists is left alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from shared.events.catalog import TOPICS
from shared.messaging.housekeeping import KEPT_DAYS
from shared.messaging.kafka_link import Link, create_topics
from shared.messaging.subscription import Subscription

TOPIC_DAYS: Final = 7
"""How long Kafka keeps an event: a consumer may be away for a week. Less than an inbox remembers."""
DEAD_LETTER_DAYS: Final = 14
"""Two weeks to look into a dead letter; still less than the inbox remembers, so sending again stays safe."""
_MILLISECONDS_A_DAY: Final = 86_400_000

if not max(TOPIC_DAYS, DEAD_LETTER_DAYS) < KEPT_DAYS:
    raise AssertionError("an inbox remembers an event longer than any topic can bring it again")


def ensure(
    service: str, subscriptions: Sequence[Subscription], link: Link, *, partitions: int, replication: int
) -> list[str]:
    """Create what is missing of all events' topics and of this service's dead letter topics; the names created."""
    topics = dict.fromkeys(TOPICS, _settings(TOPIC_DAYS, replication))
    for subscription in subscriptions:
        topics |= dict.fromkeys(subscription.dead_letter_topics(service), _settings(DEAD_LETTER_DAYS, replication))
    return create_topics(link, topics, partitions=partitions, replication=replication)


def _settings(days: int, replication: int) -> dict[str, str]:
    return {
        "retention.ms": str(days * _MILLISECONDS_A_DAY),
        "cleanup.policy": "delete",
        # How many copies there are at least of what is acknowledged, after which the relay lets go of it: one broker
        # may be away, and a second one be lost. On each topic, as a broker's own setting is frozen at its first start.
        "min.insync.replicas": str(max(1, replication - 1)),
    }
