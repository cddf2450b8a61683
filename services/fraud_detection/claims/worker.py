"""What the worker hears of payouts."""

from __future__ import annotations

from services.fraud_detection.claims.consumers.payouts import PAYOUTS
from services.fraud_detection.settings import Settings
from shared.db.pool import Database
from shared.messaging.jobs import Job
from shared.messaging.subscription import Subscription
from shared.process.clock import Clock


def subscriptions(_settings: Settings, _clock: Clock) -> tuple[Subscription, ...]:
    return (PAYOUTS,)


def jobs(_settings: Settings, _database: Database, _clock: Clock) -> tuple[Job, ...]:
    return ()
