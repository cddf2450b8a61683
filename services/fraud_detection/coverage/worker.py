"""What the worker hears of products; what it hears of policies stands in erasure, which forgets their persons too."""

from __future__ import annotations

from services.fraud_detection.coverage.consumers.products import PRODUCTS
from services.fraud_detection.settings import Settings
from shared.db.pool import Database
from shared.messaging.jobs import Job
from shared.messaging.subscription import Subscription
from shared.process.clock import Clock


def subscriptions(_settings: Settings, _clock: Clock) -> tuple[Subscription, ...]:
    return (PRODUCTS,)


def jobs(_settings: Settings, _database: Database, _clock: Clock) -> tuple[Job, ...]:
    return ()
