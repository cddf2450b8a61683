"""A worker process: consumes events and runs jobs until told to stop. Which ones, the service's worker.py says."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, TypeVar

from shared.db.pool import Database
from shared.entry import wiring
from shared.entry.surroundings import surroundings
from shared.messaging import worker
from shared.messaging.jobs import Job
from shared.messaging.kafka_link import Link
from shared.messaging.subscription import Subscription
from shared.process.clock import Clock
from shared.process.settings import Settings

S = TypeVar("S", bound=Settings)
Subscriptions: TypeAlias = Callable[[S, Database, Clock], tuple[Subscription, ...]]
Jobs: TypeAlias = Callable[[S, Database, Clock], tuple[Job, ...]]


def run(settings: S, subscriptions: Subscriptions[S], jobs: Jobs[S]) -> None:
    """Until told to stop; what is under way then is finished."""
    settings.needs("kafka_bootstrap_servers")
    with surroundings("worker", settings) as (health, stopping):
        pool = wiring.database(settings, "worker")
        health.register("database", pool.ping)
        clock = wiring.business_clock(settings, pool)
        try:
            worker.run(
                settings.SERVICE,
                link=Link.from_settings(settings),
                database=pool,
                subscriptions=subscriptions(settings, pool, clock),
                jobs=jobs(settings, pool, clock),
                health=health,
                stopping=stopping,
            )
        finally:
            pool.close()
