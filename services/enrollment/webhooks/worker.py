"""What the worker does about webhooks by itself: sends, counts and drops messages."""

from __future__ import annotations

from functools import partial
from typing import Final

from services.enrollment.settings import Settings
from services.enrollment.webhooks.usecases.send import Sender, count_due, drop_old
from services.enrollment.webhooks.wiring import courier_of
from shared.db.pool import Database
from shared.entry import wiring
from shared.messaging.jobs import Job
from shared.messaging.subscription import Subscription
from shared.process.clock import Clock

SEND_SECONDS: Final = 0.25
"""A partner's server hears of a fact within that, or as fast as it answers."""
COUNT_SECONDS: Final = 5.0
"""Half of the 10 to 15 seconds at which Prometheus usually scrapes."""
DROP_SECONDS: Final = 600.0

SUBSCRIPTIONS: Final[tuple[Subscription, ...]] = ()


def jobs(settings: Settings, database: Database, clock: Clock) -> tuple[Job, ...]:
    """Send what partners' servers are to be told, count what waits, and drop what is old."""
    sender = Sender(database, courier_of(settings), wiring.sealer(settings), clock)
    return (
        Job("send-webhooks", SEND_SECONDS, sender.send_due),
        Job("count-webhooks", COUNT_SECONDS, partial(count_due, database)),
        Job("drop-webhooks", DROP_SECONDS, partial(drop_old, database)),
    )
