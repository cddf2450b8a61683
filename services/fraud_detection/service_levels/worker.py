"""What the worker watches by itself: the clocks of open claims."""

from __future__ import annotations

from functools import partial

from services.fraud_detection.service_levels.usecases.measure import watch_clocks
from services.fraud_detection.settings import Settings
from shared.db.pool import Database
from shared.messaging.jobs import Job
from shared.messaging.subscription import Subscription
from shared.process.clock import Clock


def subscriptions(_settings: Settings, _clock: Clock) -> tuple[Subscription, ...]:
    return ()


def jobs(_settings: Settings, database: Database, clock: Clock) -> tuple[Job, ...]:
    # Clocks are of days: ten minutes are soon enough to be told, and the question passes over all claims.
    return (Job("watch_clocks", 600.0, partial(watch_clocks, database, clock)),)
