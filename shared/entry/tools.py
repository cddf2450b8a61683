"""What the commands that end by themselves do: migrate, create topics, verify, rotate keys, print the document."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Generic, TypeVar

from flask import Flask
from typer import Typer

from shared.db import audit, text_columns
from shared.db import migrate as runner
from shared.db.errors import UnfitRole
from shared.db.pool import Database
from shared.entry import wiring
from shared.entry.verify import Check, Finding
from shared.entry.verify import verify as run_checks
from shared.messaging import topics
from shared.messaging import verify as events
from shared.messaging.kafka_link import Link
from shared.messaging.subscription import Subscription
from shared.process import logs
from shared.process.clock import Clock
from shared.process.settings import Settings, refuse
from shared.web.app import api_document

S = TypeVar("S", bound=Settings)


@dataclass(frozen=True)
class Tools(Generic[S]):
    """What the commands need of one service, e.g. ``TOOLS`` in services/payout/tools.py."""

    package: str
    """The service's, e.g. ``services.payout``."""
    settings: type[S]
    migrations: Path
    checks: Callable[[S, Database], tuple[Check, ...]]
    """The service's invariants; those that all services share are added."""
    after_migrate: Callable[[S, Database], None] | None = None
    """What a fresh database needs beside its schema, e.g. the first product; done after each ``migrate``, so harmless
    when done twice."""
    add_commands: Callable[[Typer], None] | None = None
    """Adds the commands that this service alone has to its command line."""

    def web(self, settings: S) -> Flask:
        """The HTTP application; what it loads is loaded now, for the command that needs it."""
        application: Flask = import_module(f"{self.package}.web").application(settings)
        return application

    def subscriptions(self, settings: S, database: Database, clock: Clock) -> tuple[Subscription, ...]:
        """What the worker consumes, loaded now as well."""
        found: tuple[Subscription, ...] = import_module(f"{self.package}.worker").subscriptions(
            settings, database, clock
        )
        return found


def migrate(tools: Tools[S], settings: S) -> list[str]:
    """As the database's owner, apply what is missing and say what the processes' role may do; the names applied."""
    logs.configure(settings.SERVICE, "migrate", settings.log_level)
    owner = wiring.migration_url(settings)
    try:
        applied = runner.migrate(owner, [tools.migrations], processes=wiring.role(settings))
    except UnfitRole as error:
        refuse(
            settings.variable("database_url"),
            f"names a role that will not do: {error.detail}",
            "a URL of the role of the processes alone",
        )
    if tools.after_migrate is not None:
        pool = wiring.database(settings, "migrate")
        try:
            tools.after_migrate(settings, pool)
        finally:
            pool.close()
    return applied


def create_topics(tools: Tools[S], settings: S) -> list[str]:
    """Create the topics that are missing, and mend those that take an event with too few copies; what was done."""
    settings.needs("kafka_bootstrap_servers")
    logs.configure(settings.SERVICE, "topics", settings.log_level)
    # Names alone are asked for, and they are the same under any settings: so no key is needed, and no database.
    example = tools.settings.example()
    nowhere = wiring.database(example, "topics")
    subscriptions = tools.subscriptions(example, nowhere, wiring.business_clock(example, nowhere))
    link = Link.from_settings(settings)
    created = topics.ensure(
        settings.SERVICE,
        subscriptions,
        link,
        partitions=settings.kafka_topic_partitions,
        replication=settings.kafka_topic_replication,
    )
    raised = topics.raise_in_sync(settings.SERVICE, subscriptions, link)
    return [
        *(f"created {name}" for name in created),
        *(f"raised min.insync.replicas of {each.topic} from {each.before} to {each.now}" for each in raised),
    ]


def verify(tools: Tools[S], settings: S) -> list[Finding]:
    """Run the service's checks and those that all services share."""
    logs.configure(settings.SERVICE, "verify", settings.log_level)
    pool = wiring.database(settings, "verify")
    try:
        return run_checks([*shared_checks(tools, settings, pool), *tools.checks(settings, pool)])
    finally:
        pool.close()


def shared_checks(tools: Tools[S], settings: S, pool: Database) -> tuple[Check, ...]:
    """What holds in every service: no event lost on its way out or in, an audit trail that nobody changed, and no
    phone or identity number in clear.
    """
    link = Link.from_settings(settings)
    subscriptions = tools.subscriptions(settings, pool, wiring.business_clock(settings, pool))

    def audit_chain() -> list[str]:
        with pool.transaction() as tx:
            return audit.broken_links(tx)

    def clear_texts() -> list[str]:
        with pool.transaction() as tx:
            return [*text_columns.without_kind(tx), *text_columns.personal_numbers(tx)]

    def read_outside() -> list[str]:
        return events.read_outside(link, pool, settings.SERVICE, subscriptions)

    def read_once() -> list[str]:
        return [fault for each in subscriptions for fault in events.without_effect(link, pool, settings.SERVICE, each)]

    return (
        Check(5, "every outbox row is on its topic", lambda: events.unpublished(link, pool)),
        Check(5, "what was read is in the inbox or the dead letters", read_once),
        Check(11, "the audit chain is whole", audit_chain),
        Check(12, "no phone or identity number stands in clear in any text column", clear_texts),
        Check(15, "who reads is in its group", read_outside),
    )


def rotate_keys(settings: Settings) -> int:
    """Wrap all data keys by the current key; how many were wrapped."""
    sealer = wiring.sealer(settings)
    pool = wiring.database(settings, "rotate-keys")
    try:
        return sealer.rotate(pool)
    finally:
        pool.close()


def openapi(tools: Tools[S]) -> str:
    """The service's API document as committed under docs/api."""
    app = tools.web(tools.settings.example())
    return json.dumps(api_document(app), ensure_ascii=False, indent=2, sort_keys=False)
