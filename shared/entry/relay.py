"""A relay process: publishes what the outbox holds until told to stop."""

from __future__ import annotations

from shared.entry.surroundings import surroundings
from shared.messaging import relay
from shared.messaging.kafka_link import Link
from shared.process.settings import Settings


def run(settings: Settings, *, gather_seconds: float = 0.0) -> None:
    """``gather_seconds``: how long events gather after those that were just sent. Few messages to Kafka cost less than
    many, where nobody waits for one; the first after a silence is sent at once.
    """
    settings.needs("kafka_bootstrap_servers")
    with surroundings("relay", settings) as (health, stopping):
        url = settings.database_url.get_secret_value()
        link = Link.from_settings(settings)
        relay.run(settings.SERVICE, link, url, health, stopping, gather_seconds=gather_seconds)
