"""What the worker does about webhooks by itself."""

from __future__ import annotations

from services.fraud_detection.settings import Settings
from services.fraud_detection.webhooks.wiring import CHANNELS
from shared.db.pool import Database
from shared.entry import wiring
from shared.messaging.jobs import Job
from shared.messaging.subscription import Subscription
from shared.process.clock import Clock
from shared.webhooks import jobs as webhook_jobs
from shared.webhooks.settings import courier_of


def subscriptions(_settings: Settings, _clock: Clock) -> tuple[Subscription, ...]:
    return ()


def jobs(settings: Settings, database: Database, clock: Clock) -> tuple[Job, ...]:
    """Send what backends' servers are to be told, count what waits, and drop what is old."""
    return webhook_jobs.jobs(database, courier_of(settings), wiring.sealer(settings), clock, CHANNELS)
