"""Enrollment's worker: what its wings consume and do by themselves."""

from __future__ import annotations

from typing import Final

from services.enrollment.files import worker as files
from services.enrollment.partners import worker as partners
from services.enrollment.policies import worker as policies
from services.enrollment.settings import Settings
from services.enrollment.statements import worker as statements
from services.enrollment.webhooks import worker as webhooks
from shared.db.pool import Database
from shared.entry import worker
from shared.messaging.jobs import Job
from shared.messaging.subscription import Subscription
from shared.process.clock import Clock

WINGS: Final = (partners, policies, files, statements, webhooks)


def subscriptions(_settings: Settings, _database: Database, _clock: Clock) -> tuple[Subscription, ...]:
    return tuple(each for wing in WINGS for each in wing.SUBSCRIPTIONS)


def jobs(settings: Settings, database: Database, clock: Clock) -> tuple[Job, ...]:
    return tuple(each for wing in WINGS for each in wing.jobs(settings, database, clock))


def run() -> None:
    """Until told to stop."""
    worker.run(Settings.load(), subscriptions, jobs)
