"""What the worker does about webhooks by itself."""

from __future__ import annotations

from typing import Final

from services.enrollment.settings import Settings
from services.enrollment.webhooks.wiring import PARTNERS
from shared.db.pool import Database
from shared.entry import wiring
from shared.messaging.jobs import Job
from shared.messaging.subscription import Subscription
from shared.process.clock import Clock
from shared.webhooks import jobs as webhook_jobs
from shared.webhooks.settings import courier_of

SUBSCRIPTIONS: Final[tuple[Subscription, ...]] = ()


def jobs(settings: Settings, database: Database, clock: Clock) -> tuple[Job, ...]:
    """Send what partners' servers are to be told, count what waits, and drop what is old."""
    return webhook_jobs.jobs(database, courier_of(settings), wiring.sealer(settings), clock, PARTNERS)
