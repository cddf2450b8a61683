"""Which topics a service needs: making them, and having them keep enough copies. Services may make the same ones."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Final

from shared.events.catalog import TOPICS
from shared.messaging.housekeeping import KEPT_DAYS
from shared.messaging.kafka_link import Administrator, Link, create_topics
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
    topics = {name: _settings(days, replication) for name, days in _days(service, subscriptions).items()}
    return create_topics(link, topics, partitions=partitions, replication=replication)


@dataclass(frozen=True, slots=True)
class Raised:
    """A topic that took an event with ``before`` copies of it, and takes it with ``now`` of them from now on."""

    topic: str
    before: int
    now: int


def raise_in_sync(service: str, subscriptions: Sequence[Subscription], link: Link) -> list[Raised]:
    """Have each of these topics that takes an event with too few copies of it take it as a new one would; by name.

    It goes by the copies that the topic has: one that asked for more than those would take nothing any more.
    """
    with closing(Administrator(link, "topics")) as administrator:
        found = administrator.copies(list(_days(service, subscriptions)))
        raised = [
            Raised(topic, copies.in_sync, _in_sync(copies.all))
            for topic, copies in sorted(found.items())
            if copies.in_sync < _in_sync(copies.all)
        ]
        administrator.require_in_sync({each.topic: each.now for each in raised})
    return raised


def _days(service: str, subscriptions: Sequence[Subscription]) -> dict[str, int]:
    """Each topic, and for how many days it keeps what it takes."""
    letters = [topic for subscription in subscriptions for topic in subscription.dead_letter_topics(service)]
    return dict.fromkeys(TOPICS, TOPIC_DAYS) | dict.fromkeys(letters, DEAD_LETTER_DAYS)


def _settings(days: int, replication: int) -> dict[str, str]:
    return {
        "retention.ms": str(days * _MILLISECONDS_A_DAY),
        "cleanup.policy": "delete",
        # On each topic, as a broker's own setting is frozen at its first start.
        "min.insync.replicas": str(_in_sync(replication)),
    }


def _in_sync(copies: int) -> int:
    """How many copies there are at least of what is acknowledged, after which the relay lets go of it: one broker may
    be away, and a second one be lost.
    """
    return max(1, copies - 1)
