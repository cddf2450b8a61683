"""What the commands that end by themselves do: migrate, create topics, verify, rotate keys, print the document."""

from __future__ import annotations

import json
from typing import TypeVar

from shared.db.pool import Database
from shared.entry import wiring
from shared.entry.service_parts import ServiceParts
from shared.entry.verify import Check, Finding
from shared.entry.verify import verify as run_checks
from shared.process import logs
from shared.process.settings import Settings

S = TypeVar("S", bound=Settings)


def migrate(parts: ServiceParts[S], settings: S) -> list[str]:
    """Apply what is missing; the names of the migrations applied."""
    from shared.db import migrate as runner  # noqa: PLC0415  # each tool loads its own part only

    logs.configure(parts.name, "migrate", settings.log_level)
    applied = runner.migrate(settings.database_url.get_secret_value(), [parts.migrations])
    if parts.after_migrate is not None:
        pool = wiring.database(settings, "migrate")
        try:
            parts.after_migrate(settings, pool)
        finally:
            pool.close()
    return applied


def create_topics(parts: ServiceParts[S], settings: S) -> list[str]:
    """Create the topics that are missing; their names."""
    from shared.messaging import topics  # noqa: PLC0415
    from shared.messaging.kafka_link import Link  # noqa: PLC0415

    settings.needs("kafka_bootstrap_servers")
    logs.configure(parts.name, "topics", settings.log_level)
    pool = wiring.database(settings, "topics")
    subscriptions = parts.subscriptions(settings, pool, wiring.business_clock(settings, pool))
    return topics.ensure(
        parts.name,
        subscriptions,
        Link.from_settings(settings),
        partitions=settings.kafka_topic_partitions,
        replication=settings.kafka_topic_replication,
    )


def verify(parts: ServiceParts[S], settings: S) -> list[Finding]:
    """Run the service's checks and those that all services share."""
    logs.configure(parts.name, "verify", settings.log_level)
    pool = wiring.database(settings, "verify")
    try:
        return run_checks([*shared_checks(parts, settings, pool), *parts.checks(settings, pool)])
    finally:
        pool.close()


def shared_checks(parts: ServiceParts[S], settings: S, pool: Database) -> tuple[Check, ...]:
    """What holds in every service: no event lost on its way out or in, and an audit trail that nobody changed."""
    from shared.db import audit  # noqa: PLC0415
    from shared.messaging import verify as events  # noqa: PLC0415
    from shared.messaging.kafka_link import Link  # noqa: PLC0415

    link = Link.from_settings(settings)
    subscriptions = parts.subscriptions(settings, pool, wiring.business_clock(settings, pool))

    def audit_chain() -> list[str]:
        with pool.transaction() as tx:
            return audit.broken_links(tx)

    def read_once() -> list[str]:
        return [fault for each in subscriptions for fault in events.without_effect(link, pool, parts.name, each)]

    return (
        Check(5, "every outbox row is on its topic", lambda: events.unpublished(link, pool)),
        Check(5, "what was read is in the inbox or the dead letters", read_once),
        Check(11, "the audit chain is whole", audit_chain),
    )


def rotate_keys(settings: Settings) -> int:
    """Wrap all data keys by the current key; how many were wrapped."""
    sealer = wiring.sealer(settings)
    pool = wiring.database(settings, "rotate-keys")
    try:
        return sealer.rotate(pool)
    finally:
        pool.close()


def openapi(parts: ServiceParts[S]) -> str:
    """The service's API document as committed under docs/api."""
    from shared.web.app import api_document  # noqa: PLC0415

    app = parts.web(parts.settings.example())
    return json.dumps(api_document(app), ensure_ascii=False, indent=2, sort_keys=False)
