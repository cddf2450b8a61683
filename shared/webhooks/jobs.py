"""What a worker does about webhooks by itself: sends, counts and drops messages."""

from __future__ import annotations

from functools import partial
from typing import Final

from shared.courier.post import Courier
from shared.db.pool import Database
from shared.messaging.jobs import Job
from shared.privacy.sealed import Sealer
from shared.process.clock import Clock
from shared.webhooks.domain.partners import Partners
from shared.webhooks.usecases.send import Sender, count_due, drop_old

SEND_SECONDS: Final = 0.25
"""A partner's server hears of a fact within that, or as fast as it answers."""
COUNT_SECONDS: Final = 5.0
"""Half of the 10 to 15 seconds at which Prometheus usually scrapes."""
DROP_SECONDS: Final = 600.0


def jobs(database: Database, courier: Courier, sealer: Sealer, clock: Clock, partners: Partners) -> tuple[Job, ...]:
    """Send what callers' servers are to be told, count what waits, and drop what is old."""
    sender = Sender(database, courier, sealer, clock, partners)
    return (
        Job("send-webhooks", SEND_SECONDS, sender.send_due),
        Job("count-webhooks", COUNT_SECONDS, partial(count_due, database)),
        Job("drop-webhooks", DROP_SECONDS, partial(drop_old, database)),
    )
